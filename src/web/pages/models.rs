//! Models and LoRAs as ComfyUI has them: their family, and who uses which.

use chrono::Utc;
use leptos::prelude::*;

use crate::{
    domain::model::{Catalogue, Family, FamilySource, ModelFile, ModelKind},
    integrations::comfyui::Sight,
    service,
    web::{
        actions::{Done, press},
        components::{
            icon::Icon,
            page::{Empty, Heading, Pill},
        },
        context,
        form::OptionGroup,
        words,
    },
};

/// Says which family a file belongs to.
#[server(prefix = "/actions", endpoint = "models/family")]
pub async fn set_family(name: String, #[server(default)] family: String) -> Result<(), ServerFnError> {
    let app = context::app();
    press("/models", async {
        service::models::set_family(&app, name.clone(), Family::from_key(&family), Utc::now()).await?;
        Ok(Done::to("/models").saying(format!("Family of {} saved.", words::start(&name, 60))))
    })
    .await
}

/// Looks at ComfyUI now.
#[server(prefix = "/actions", endpoint = "models/look")]
pub async fn look() -> Result<(), ServerFnError> {
    let app = context::app();
    press("/models", async {
        service::models::look(&app, Utc::now()).await;
        if app.comfy.is_up() {
            Ok(Done::to("/models").saying("Looked at ComfyUI."))
        } else {
            Err(service::models::unreachable(&app).into())
        }
    })
    .await
}

/// The page.
#[component]
pub fn Models() -> impl IntoView {
    let app = context::app();
    let catalogue = app.comfy.catalogue();
    let seen = app.comfy.servers().iter().map(|server| server.seen()).collect::<Vec<_>>();
    let looked = seen.iter().filter_map(|seen| seen.at).max();
    let down: Vec<_> = seen
        .iter()
        .filter_map(|seen| match &seen.sight {
            Sight::Down { error } => Some(error.to_string()),
            Sight::Up { .. } | Sight::Unknown => None,
        })
        .collect();
    let is_seen = app.comfy.is_up() || !(catalogue.models.is_empty() && catalogue.loras.is_empty());
    let lists = match is_seen {
        false => view! { <NotSeen/> }.into_any(),
        true => view! {
            <Files title="Checkpoints and diffusion models" files=catalogue.models.clone() missing="ComfyUI has no model. Put one into its models/checkpoints folder, then look again."/>
            <Files title="LoRAs" files=catalogue.loras.clone() missing="ComfyUI has no LoRA. Put one into its models/loras folder, then look again."/>
        }
        .into_any(),
    };
    let sub = view! { "As ComfyUI has them, looked at "<words::Time at=looked/> };
    view! {
        <Heading title="Models" sub=sub.into_any()>
            <form method="post" action="/actions/models/look"><button class="button"><Icon of=icondata_lu::LuRefreshCw/>"Look again"</button></form>
        </Heading>
        <div id="models" class="stack" data-live="system settings">
            {down.into_iter().map(|words| view! { <div class="note warn">{words}</div> }).collect_view()}
            {lists}
        </div>
    }
}

/// Where no ComfyUI has answered, nobody knows what it has.
#[component]
fn NotSeen() -> impl IntoView {
    view! {
        <Empty icon=icondata_lu::LuUnplug title="Nothing seen yet" words="Which models and LoRAs there are is known as soon as ComfyUI answers.">
            <a class="button" href="/settings#comfyui">"Where ComfyUI is"</a>
        </Empty>
    }
}

#[component]
fn Files(title: &'static str, files: Vec<ModelFile>, missing: &'static str) -> impl IntoView {
    if files.is_empty() {
        return view! { <section class="card"><header><h2>{title}</h2></header><div class="body"><Empty icon=icondata_lu::LuBox title="None" words=missing/></div></section> }.into_any();
    }
    let state = context::app().store.read();
    let users = service::models::users(&state);
    let rows = files.into_iter().map(|file| {
        let used_by = users.get(file.name.as_str()).map(|names| names.join(", ")).unwrap_or_default();
        view! { <Row file used_by/> }
    });
    view! {
        <section class="card">
            <header><h2>{title}</h2></header>
            <div class="body flush table-wrap">
                <table class="table">
                    <thead><tr><th>"File"</th><th>"Family"</th><th>"Size"</th><th>"Used by"</th><th>"Set family"</th></tr></thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Row(file: ModelFile, used_by: String) -> impl IntoView {
    let kind = match file.kind {
        ModelKind::DiffusionModel => Some(" · diffusion model"),
        ModelKind::Checkpoint | ModelKind::Lora => None,
    };
    let tag = file.trained_tag.as_ref().map(|tag| format!(" · trained on “{}”", words::start(tag, 40)));
    let family = match file.family {
        Some(family) => view! { <Pill tone="ok" words=family.label()/> },
        None => view! { <Pill tone="warn" words="Not known"/> },
    };
    let set_by_person = file.family_source == FamilySource::Person;
    let chosen = if set_by_person { file.family.map(Family::key).unwrap_or_default() } else { "" };
    let options = Family::ALL.map(|family| view! { <option value=family.key() selected=family.key() == chosen>{family.label()}</option> });
    view! {
        <tr>
            <td class="file"><span class="mono">{file.name.clone()}</span></td>
            <td data-label="Family">{family}" "<span class="muted">{file.family_source.words()}{kind}{tag}</span></td>
            <td class="number" data-label="Size">{file.size.map(words::bytes).unwrap_or_else(|| "–".into())}</td>
            <td data-label="Used by">{if used_by.is_empty() { "–".to_owned() } else { used_by }}</td>
            <td data-label="Set family">
                <form class="family row" method="post" action="/actions/models/family">
                    <input type="hidden" name="name" value=file.name.clone()/>
                    <select name="family" data-submit="" aria-label=format!("Family of {}", file.name)>
                        <option value="">"As found"</option>
                        {options.collect_view()}
                    </select>
                    <button class="button small noscript">"Set"</button>
                </form>
            </td>
        </tr>
    }
}

/// The models as options, by family.
pub fn model_options(catalogue: &Catalogue, none: &str) -> Vec<OptionGroup> {
    options(&catalogue.models, none)
}

/// The LoRAs as options, by family.
pub fn lora_options(catalogue: &Catalogue, none: &str) -> Vec<OptionGroup> {
    options(&catalogue.loras, none)
}

fn options(files: &[ModelFile], none: &str) -> Vec<OptionGroup> {
    let named =
        |family: Option<Family>| files.iter().filter(move |file| file.family == family).map(|file| (file.name.clone(), file.name.clone()));
    let mut groups = vec![OptionGroup::plain(vec![(String::new(), none.to_owned())])];
    for family in Family::ALL.map(Some).into_iter().chain([None]) {
        let options: Vec<_> = named(family).collect();
        if !options.is_empty() {
            groups.push(OptionGroup { heading: family.map_or("Family not known", Family::label).to_owned(), options });
        }
    }
    groups
}
