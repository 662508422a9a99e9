//! Captions, wherever a picture or a prompt is shown: a field with the network's own count, and asking for new ones.

use std::sync::Arc;

use chrono::Utc;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    icon::Icon,
    job::{JobActions, JobProgress},
};
use crate::{
    domain::{
        caption::{self, Count, Network},
        content::{Content, ContentId},
        job::{Job, JobId, JobStatus},
        library::{Prompt, PromptId},
        words::{Author, CaptionRequest},
    },
    integrations::gemini::GeminiError,
    service::{self, gemini::KeyInForce},
    web::{
        actions::{Done, Sending, press, submit},
        context,
        form::{Choice, Form, OptionGroup, ProblemSummary, id, sent},
        pages::jobs::page_of,
        words,
    },
};

/// What captions are asked for.
#[derive(Debug, Clone)]
pub enum About {
    /// A picture.
    Content(Arc<Content>),
    /// An entry of the library.
    Prompt(Arc<Prompt>),
}

/// What is chosen.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CaptionForm {
    content_id: String,
    prompt_id: String,
    network: String,
    variants: String,
    use_image: Option<String>,
}

/// Asks for captions.
#[server(prefix = "/actions", endpoint = "captions/write")]
pub async fn write_captions(#[server(default)] form: CaptionForm) -> Result<(), ServerFnError> {
    let app = context::app();
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let request = CaptionRequest {
        content_id: some(&form.content_id).map(ContentId::from),
        prompt_id: some(&form.prompt_id).map(PromptId::from),
        network: Network::from_key(&form.network).unwrap_or_default(),
        variants: form.variants.parse().ok(),
        use_image: form.use_image.is_some(),
        ..CaptionRequest::default()
    };
    let page = match (&request.content_id, &request.prompt_id) {
        (Some(id), _) => format!("/content/{}#captions", context::encode(id.as_str())),
        (None, Some(id)) => format!("/prompts/{}#captions", context::encode(id.as_str())),
        (None, None) => "/".to_owned(),
    };
    submit(Sending { name: "captions", page, values: &form }, async {
        // A person chooses, so nothing she wrote is lost.
        let job = service::captions::order(&app, request.clone(), false, Utc::now()).await?;
        Ok(Done::to(page_of(&job)))
    })
    .await
}

/// Takes one of the captions that were written.
#[server(prefix = "/actions", endpoint = "captions/use")]
pub async fn use_caption(job: JobId, place: usize) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = service::jobs::get(&app, &job).map_or_else(|_| "/".to_owned(), |job| page_of(&job));
    press(&page, async {
        service::captions::choose(&app, &job, place, Utc::now()).await?;
        let page = page.split('?').next().unwrap_or_default().to_owned();
        Ok(Done::to(page).saying("The caption is taken."))
    })
    .await
}

/// A field for a caption, counted as its network counts.
#[component]
pub fn CaptionField(
    name: &'static str,
    label: &'static str,
    network: Network,
    value: String,
    #[prop(optional_no_strip)] wrong: Option<String>,
    #[prop(optional)] help: Option<&'static str>,
) -> impl IntoView {
    let id = id(name);
    let (count_id, error_id) = (format!("{id}-count"), format!("{id}-error"));
    let described = if wrong.is_some() { format!("{error_id} {count_id}") } else { count_id.clone() };
    let is_wrong = wrong.is_some();
    let counted = caption::count(network, &value);
    let rows = if network == Network::X { 3 } else { 5 };
    view! {
        <div class="field" class:wrong=is_wrong>
            <label for=id.clone()>{label}</label>
            // A line break right after the tag would be swallowed by the browser, and Leptos escapes nothing in here.
            <textarea id=id.clone() name=sent(name) rows=rows data-measure=network.key() aria-invalid=is_wrong.then_some("true")
                aria-describedby=described>{format!("\n{}", html_escape::encode_text(&value))}</textarea>
            <p class="help caption-count" class:too-long=!counted.fits id=count_id>{count_words(&counted)}</p>
            {help.map(|help| view! { <p class="help">{help}</p> })}
            {wrong.map(|wrong| view! { <p class="error" id=error_id><Icon of=icondata_lu::LuCircleAlert/>{wrong}</p> })}
        </div>
    }
    .into_any()
}

/// As in "Instagram: 134 of 2,200, 3 hashtags".
pub fn count_words(counted: &Count) -> String {
    let tags = words::count(counted.hashtags as usize, "hashtag", "hashtags");
    let length = words::grouped(counted.length as usize);
    format!("{}: {length} of {}, {tags}", counted.network.label(), words::grouped(counted.longest as usize))
}

/// Asking for captions, and those that came.
#[component]
pub fn Captions(about: About) -> impl IntoView {
    let app = context::app();
    let (content_id, prompt_id) = match &about {
        About::Content(content) => (content.id.to_string(), String::new()),
        About::Prompt(prompt) => (String::new(), prompt.id.to_string()),
    };
    let form = Form::new("captions", || CaptionForm { network: "instagram".into(), variants: "3".into(), ..CaptionForm::default() });
    let asked = Some(context::query("words")).filter(|id| !id.is_empty()).map(JobId::from);
    let job = asked.and_then(|id| service::jobs::get(&app, &id).ok()).filter(|job| {
        job.captions().is_some_and(|order| match &about {
            About::Content(content) => order.request.content_id.as_ref() == Some(&content.id),
            About::Prompt(prompt) => order.request.prompt_id.as_ref() == Some(&prompt.id),
        })
    });
    let looks = matches!(&about, About::Content(content) if content.picture.is_some());
    let networks = Network::ALL.map(|network| (network.key().to_owned(), network.label().to_owned())).to_vec();
    let many = (1..=5).map(|many: u32| (many.to_string(), words::count(many as usize, "caption", "captions"))).collect();
    view! {
        <section class="card" id="captions"><header><h2>"Write captions"</h2></header><div class="body stack">
            <form class="stack" method="post" action="/actions/captions/write">
                <input type="hidden" name=sent("contentId") value=content_id/>
                <input type="hidden" name=sent("promptId") value=prompt_id/>
                <ProblemSummary problem=form.problem.clone()/>
                <div class="field-row">
                    <Choice name="network" label="For" value=form.values.network.clone() options=vec![OptionGroup::plain(networks)] wrong=form.wrong("network")/>
                    <Choice name="variants" label="How many" value=form.values.variants.clone() options=vec![OptionGroup::plain(many)] wrong=form.wrong("variants")/>
                </div>
                {looks.then(|| view! {
                    <label class="check"><input type="checkbox" name=sent("useImage") checked=form.values.use_image.is_some()/>
                        <span>"Let Gemini look at the picture. It is sent to Google."</span></label>
                })}
                <div class="form-actions"><button class="button"><Icon of=icondata_lu::LuPenLine/>"Write captions"</button></div>
            </form>
            <WhoWrites/>
            {job.map(|job| view! { <Written job/> })}
        </div></section>
    }
    .into_any()
}

/// Says so where templates write in Gemini's place.
#[component]
pub fn WhoWrites() -> impl IntoView {
    let app = context::app();
    let problem = app.gemini.standing().problem.clone().filter(GeminiError::is_passing);
    let why = match (service::gemini::key_in_force(&app), problem) {
        (KeyInForce::None, _) => "There is no key for Gemini, so templates write.".to_owned(),
        (KeyInForce::Locked, _) => "The key for Gemini cannot be unsealed, so templates write.".to_owned(),
        (KeyInForce::Stored(_) | KeyInForce::Environment(_), Some(problem)) => format!("{problem} Until it passes, templates write."),
        (KeyInForce::Stored(_) | KeyInForce::Environment(_), None) => return ().into_any(),
    };
    view! { <p class="note info">{why}" "<a href="/settings#gemini">"Settings"</a></p> }.into_any()
}

#[component]
fn Written(job: Arc<Job>) -> impl IntoView {
    let topics = format!("job:{}", job.id);
    let (id, state) = (job.id.to_string(), job.status.key());
    let progress = context::app().live.progress(&job.id);
    let notes = job.notes.iter().map(|note| view! { <p class="note info">{note.clone()}</p> }).collect_view();
    let inner = match job.status {
        JobStatus::Done => choices(&job).into_any(),
        _ => view! {
            <div class="job" data-job=id data-state=state><JobProgress job=Arc::clone(&job) progress/><JobActions job=Arc::clone(&job)/></div>
        }
        .into_any(),
    };
    view! { <div class="stack" id="written" data-live=topics role="status">{notes}{inner}</div> }
}

fn choices(job: &Job) -> impl IntoView + use<> {
    let order = job.captions().cloned();
    let id = job.id.to_string();
    order.map(|order| {
        let network = order.request.network;
        let by = if order.source == Some(Author::Template) { "by a template" } else { "by Gemini" };
        let rows = order.captions.into_iter().enumerate().map(|(place, text)| {
            let counted = count_words(&caption::count(network, &text));
            view! {
                <li>
                    <div><div class="pre">{text}</div><p>{format!("{counted} · {by}")}</p></div>
                    <span class="end">
                        <form method="post" action="/actions/captions/use">
                            <input type="hidden" name="job" value=id.clone()/>
                            <input type="hidden" name="place" value=place.to_string()/>
                            <button class="button small" aria-label=format!("Use caption {}", place + 1)>"Use this"</button>
                        </form>
                    </span>
                </li>
            }
        });
        view! { <ul class="list">{rows.collect_view()}</ul> }
    })
}
