//! All prompts: search, what was used, many new ones at once, many gone at once.

use std::sync::Arc;

use chrono::Utc;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        character::{Character, CharacterId},
        job::{Job, JobId, JobStatus},
        library::{Prompt, PromptId},
        words::{Author, PromptsRequest},
    },
    service::{
        self,
        prompts::{Filter, Order},
    },
    web::{
        actions::{Done, Sending, press, submit},
        components::{
            captions::WhoWrites,
            icon::Icon,
            job::{JobActions, JobProgress},
            page::{Empty, Heading, Pill},
        },
        context,
        form::{Choice, Field, Form, Kind, OptionGroup, ProblemSummary},
        pages::jobs::page_of,
        words,
    },
};

/// How many are on one page.
const PAGE: usize = 50;

/// What is asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WriteForm {
    character_id: String,
    count: String,
    theme: String,
}

/// Those that are chosen.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Chosen {
    ids: Vec<PromptId>,
}

/// Asks for many prompts.
#[server(prefix = "/actions", endpoint = "prompts/write")]
pub async fn write_prompts(#[server(default)] form: WriteForm) -> Result<(), ServerFnError> {
    let app = context::app();
    submit(Sending { name: "write", page: "/prompts#write".into(), values: &form }, async {
        let request = PromptsRequest {
            character_id: CharacterId::from(form.character_id.as_str()),
            count: form.count.trim().parse().unwrap_or_default(),
            theme: form.theme.trim().to_owned(),
        };
        let job = service::ideas::order(&app, request, Utc::now()).await?;
        Ok(Done::to(page_of(&job)))
    })
    .await
}

/// Deletes those that are chosen.
#[server(prefix = "/actions", endpoint = "prompts/delete")]
pub async fn delete_prompts(#[server(default)] form: Chosen, #[server(default)] back: String) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = if back.starts_with("/prompts") { back } else { "/prompts".to_owned() };
    press(&page, async {
        let (count, token) = service::prompts::delete_many(&app, form.ids).await?;
        let words = format!("{} deleted.", words::count(count, "prompt", "prompts"));
        Ok(Done::to(page.clone()).saying(words).undone_by("/actions/prompts/undo", token))
    })
    .await
}

/// Brings back what was deleted together.
#[server(prefix = "/actions", endpoint = "prompts/undo")]
pub async fn undo_delete(token: String) -> Result<(), ServerFnError> {
    let app = context::app();
    press("/prompts", async {
        let count = service::prompts::undo_delete(&app, &token).await?;
        Ok(Done::to("/prompts").saying(format!("{} back.", words::count(count, "prompt is", "prompts are"))))
    })
    .await
}

/// The page.
#[component]
pub fn Prompts() -> impl IntoView {
    let app = context::app();
    let people: Vec<Arc<Character>> = app.store.read().characters.iter().cloned().collect();
    if people.is_empty() {
        return view! {
            <Heading title="Prompts"/>
            <Empty icon=icondata_lu::LuUserPlus title="Whose ideas?" words="Prompts belong to a character. Create one first; two minutes are enough.">
                <a class="button primary" href="/characters/new">"Create a character"</a>
            </Empty>
        }
        .into_any();
    }
    let filter = filter();
    let cursor = Some(context::query("cursor")).filter(|cursor| !cursor.is_empty()).map(PromptId::from);
    let page = service::prompts::page(&app, &filter, Order::NewestFirst, cursor.as_ref(), PAGE)
        .or_else(|_| service::prompts::page(&app, &filter, Order::NewestFirst, None, PAGE));
    let list = page.map(|page| view! { <List page filter=filter.clone() people=people.clone()/> });
    let job = Some(context::query("job")).filter(|id| !id.is_empty()).and_then(|id| service::jobs::get(&app, &JobId::from(id)).ok());
    let job = job.filter(|job| job.prompts().is_some());
    view! {
        <Heading title="Prompts">
            <a class="button quiet" href="/prompts/templates">"Templates"</a>
            <a class="button" href=format!("/prompts/new{}", carried())><Icon of=icondata_lu::LuPlus/>"New prompt"</a>
        </Heading>
        {job.map(|job| view! { <Writing job/> })}
        <Tabs filter=filter.clone()/>
        <div class="stack" id="prompts" data-live="prompt">{list.ok()}</div>
        <Write people/>
    }
    .into_any()
}

fn filter() -> Filter {
    let used = match context::query("show").as_str() {
        "used" => "true",
        "all" => "",
        _ => "false",
    };
    Filter { character_id: context::query("character"), used: used.into(), q: context::query("q") }
}

fn carried() -> String {
    context::chosen_character().map(|id| format!("?character={}", context::encode(id.as_str()))).unwrap_or_default()
}

/// The list's address with these filters; `show` is the tab.
fn address(filter: &Filter, show: &str, cursor: Option<&PromptId>) -> String {
    let cursor = cursor.map(PromptId::to_string).unwrap_or_default();
    let pairs = [("show", show), ("character", &filter.character_id), ("q", &filter.q), ("cursor", &cursor)];
    let query: Vec<_> =
        pairs.into_iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| format!("{key}={}", context::encode(value))).collect();
    format!("/prompts?{}", query.join("&"))
}

fn show() -> &'static str {
    match context::query("show").as_str() {
        "used" => "used",
        "all" => "all",
        _ => "unused",
    }
}

#[component]
fn Tabs(filter: Filter) -> impl IntoView {
    let app = context::app();
    let whose = Some(filter.character_id.as_str()).filter(|id| !id.is_empty());
    let counts = service::prompts::counts(&app, whose);
    let now = show();
    let tabs = [("unused", "Unused", counts.unused), ("used", "Used", counts.used), ("all", "All", counts.unused + counts.used)];
    let tabs = tabs.map(|(key, label, count)| {
        view! { <a href=address(&filter, key, None) aria-current=(key == now).then_some("page")>{label}<span class="count">{words::grouped(count)}</span></a> }
    });
    let character = filter.character_id.clone();
    view! {
        <div id="prompt-counts" data-live="prompt"><nav class="tabs" aria-label="Which prompts">{tabs.collect_view()}</nav></div>
        <form class="filters" method="get" action="/prompts" role="search">
            <input type="hidden" name="show" value=now/>
            {(!character.is_empty()).then(|| view! { <input type="hidden" name="character" value=character/> })}
            <div class="field search"><label for="q" class="visually-hidden">"Words"</label>
                <input id="q" type="search" name="q" value=filter.q.clone() placeholder="Words in prompt or caption" maxlength="200"/></div>
            <button class="button">"Search"</button>
        </form>
    }
}

#[component]
fn List(page: service::prompts::Page, filter: Filter, people: Vec<Arc<Character>>) -> impl IntoView {
    if page.prompts.is_empty() {
        let words = if filter.q.is_empty() { "Write one by hand, or let many be written below." } else { "No prompt holds these words." };
        return view! { <Empty icon=icondata_lu::LuLightbulb title="Nothing here" words><a class="button" href="#write">"Write prompts"</a></Empty> }.into_any();
    }
    let name = |id: &CharacterId, known: &str| people.iter().find(|one| one.id == *id).map_or(known.to_owned(), |one| one.name.clone());
    let rows = page
        .prompts
        .iter()
        .map(|prompt| view! { <Row prompt=Arc::clone(prompt) name=name(&prompt.character_id, &prompt.character_name)/> });
    let rows = rows.collect_view();
    let next = page.next.as_ref().map(|id| view! { <a class="button" rel="next" href=address(&filter, show(), Some(id))>"Older prompts"<Icon of=icondata_lu::LuArrowRight/></a> });
    view! {
        <form method="post" action="/actions/prompts/delete" class="card"><div class="body">
            <input type="hidden" name="back" value=address(&filter, show(), None)/>
            <ul class="list roomy">{rows}</ul>
            <div class="form-actions">
                <button class="button danger"><Icon of=icondata_lu::LuTrash2/>"Delete chosen"</button>
                <span class="muted">{words::count(page.total, "prompt", "prompts")}</span>
            </div>
        </div></form>
        <nav class="pager" aria-label="Pages">{next}</nav>
    }
    .into_any()
}

#[component]
fn Row(prompt: Arc<Prompt>, name: String) -> impl IntoView {
    let id = context::encode(prompt.id.as_str());
    let title = words::start(&prompt.prompt, 240);
    let caption = (!prompt.caption.is_empty()).then(|| view! { <p>"“"{words::start(&prompt.caption, 160)}"”"</p> });
    let state = context::app().store.read();
    let picture = prompt.content_id.as_ref().filter(|id| state.content.get(id.as_str()).is_some());
    let picture = picture.map(|id| view! { " · "<a href=format!("/content/{}", context::encode(id.as_str()))>"picture"</a> });
    let by = match prompt.source {
        Author::Gemini => " · by Gemini",
        Author::Template => " · by a template",
        Author::Task | Author::Hand => "",
    };
    let label = format!("Choose: {}", words::start(&prompt.prompt, 60));
    view! {
        <li>
            <label class="check"><input type="checkbox" name="form[ids][]" value=prompt.id.to_string() aria-label=label/></label>
            <div>
                <a href=format!("/prompts/{id}")>{title.clone()}</a>
                {caption}
                <p class="muted">{name}{by}" · "<words::Time at=prompt.created_at/>{picture}</p>
            </div>
            <span class="end">
                {prompt.used.then(|| view! { <Pill tone="" words="Used"/> })}
                <a class="button small" href=format!("/studio?prompt={id}") aria-label=format!("Use in Studio: {}", words::start(&prompt.prompt, 60))><Icon of=icondata_lu::LuSparkles/>"Studio"</a>
                <a class="button small quiet" href=format!("/prompts/{id}#captions") aria-label=format!("Caption for: {}", words::start(&prompt.prompt, 60))>"Caption"</a>
            </span>
        </li>
    }
    .into_any()
}

/// A job that writes prompts, or what it has written.
#[component]
fn Writing(job: Arc<Job>) -> impl IntoView {
    let app = context::app();
    let (id, state) = (job.id.to_string(), job.status.key());
    let done = service::ideas::written(&app, &job);
    let asked = job.prompts().map_or(0, |order| order.request.count as usize);
    let progress = app.live.progress(&job.id);
    let notes = job.notes.iter().map(|note| view! { <p class="note info">{note.clone()}</p> }).collect_view();
    let inner = match job.status {
        JobStatus::Done => view! { <p><Pill tone="ok" words="Done"/>" "{format!("{} of {asked} written; they are the newest below.", done.len())}</p> }.into_any(),
        _ => view! { <div class="job" data-job=id data-state=state><JobProgress job=Arc::clone(&job) progress/><JobActions job=Arc::clone(&job)/></div> }.into_any(),
    };
    view! {
        <section class="card" id="writing" data-live=format!("job:{}", job.id) role="status">
            <header><h2>{format!("Writing {}", words::count(asked, "prompt", "prompts"))}</h2></header>
            <div class="body stack">{inner}{notes}</div>
        </section>
    }
}

#[component]
fn Write(people: Vec<Arc<Character>>) -> impl IntoView {
    let form = Form::new("write", || WriteForm { character_id: context::query("character"), count: "10".into(), theme: String::new() });
    let people = people.iter().map(|one| (one.id.to_string(), one.name.clone())).collect();
    let values = form.values.clone();
    view! {
        <section class="card" id="write"><header><h2>"Write many"</h2><p>"Varied ideas in the character's world, none like those that are there. They follow the current story arc."</p></header>
            <div class="body stack"><WhoWrites/><form class="form" method="post" action="/actions/prompts/write">
                <ProblemSummary problem=form.problem.clone()/>
                <div class="field-row">
                    <Choice name="characterId" label="Character" value=values.character_id options=vec![OptionGroup::plain(people)] wrong=form.wrong("characterId")/>
                    <Field name="count" label="How many" kind=Kind::Number value=values.count wrong=form.wrong("count") help="1 to 50"/>
                </div>
                <Field name="theme" label="About" value=values.theme wrong=form.wrong("theme") optional=true limit=1_000 placeholder="a rainy week in the city"/>
                <div class="form-actions"><button class="button primary">"Write prompts"</button></div>
            </form></div>
        </section>
    }
}
