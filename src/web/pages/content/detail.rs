//! One picture: the words that go with it, how it was made, and what can be done with it.

use std::sync::Arc;

use chrono::Utc;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        caption::Network,
        content::{Content, ContentChange, ContentId, Edit, Provenance, ReviewState},
        words::Author,
    },
    expected::Expected,
    service,
    web::{
        actions::{Done, Sending, press, submit},
        components::{
            captions::{About, CaptionField, Captions},
            icon::Icon,
            page::{Heading, Missing, StatePill},
            parts::PromptParts,
            picture::{Thumbnail, Whole},
            preview::Previews,
            proposal::ProposalNote,
            publish::Publish,
        },
        context,
        form::{Field, Form, Kind, ProblemSummary},
        pages::{jobs::page_of as job_page, schedules},
        words,
    },
};

/// What is typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WordsForm {
    caption: String,
    alt_text: String,
    twitter_caption: String,
}

/// Saves caption and alt text.
#[server(prefix = "/actions", endpoint = "content/save")]
pub async fn save_content(id: ContentId, #[server(default)] form: WordsForm, #[server(default)] back: String) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = if back.starts_with("/review") { back } else { page_of(&id) };
    submit(Sending { name: "words", page: page.clone(), values: &form }, async {
        let change = ContentChange {
            caption: form.caption.clone().into(),
            alt_text: form.alt_text.clone().into(),
            twitter_caption: form.twitter_caption.clone().into(),
            ..ContentChange::default()
        };
        service::content::change(&app, &id, change, Expected::ANY, Utc::now()).await?;
        Ok(Done::to(page.clone()).saying("Saved."))
    })
    .await
}

/// Makes the picture again, with the same seed.
#[server(prefix = "/actions", endpoint = "content/again")]
pub async fn make_again(id: ContentId) -> Result<(), ServerFnError> {
    let app = context::app();
    press(&page_of(&id), async {
        let content = service::content::get(&app, &id)?;
        let request = service::content::again(&content)?;
        let job = service::images::order_like(&app, &content, request, ReviewState::Draft, Utc::now()).await?;
        Ok(Done::to(job_page(&job)))
    })
    .await
}

/// Deletes the picture.
#[server(prefix = "/actions", endpoint = "content/delete")]
pub async fn delete_content(id: ContentId) -> Result<(), ServerFnError> {
    let app = context::app();
    press(&page_of(&id), async {
        service::content::delete(&app, &id, Expected::ANY).await?;
        Ok(Done::to("/content").saying("Picture deleted."))
    })
    .await
}

fn page_of(id: &ContentId) -> String {
    format!("/content/{}", context::encode(id.as_str()))
}

fn this_content() -> Option<Arc<Content>> {
    let id = use_params_map().with_untracked(|params| params.get("id")).map(ContentId::from)?;
    service::content::get(&context::app(), &id).ok()
}

/// The page.
#[component]
pub fn Detail() -> impl IntoView {
    let Some(content) = this_content() else { return view! { <Missing what="picture"/> }.into_any() };
    let app = context::app();
    let state = app.store.read();
    let person = state.characters.get(content.character_id.as_str());
    let name = person.map_or_else(|| "A deleted character".to_owned(), |one| one.name.clone());
    let (newer, older) = service::content::neighbours(&state, &content.id);
    let newer =
        newer.map(|id| view! { <a class="button quiet" rel="prev" href=page_of(&id)><Icon of=icondata_lu::LuArrowLeft/>"Newer"</a> });
    let older =
        older.map(|id| view! { <a class="button quiet" rel="next" href=page_of(&id)>"Older"<Icon of=icondata_lu::LuArrowRight/></a> });
    let sub = view! { <StatePill state=content.state/>" "<words::Time at=content.created_at/> };
    let made = content.provenance.clone().map(|made| view! { <HowMade made id=content.id.clone()/> });
    let history = (!content.history.is_empty()).then(|| view! { <History edits=content.history.clone()/> });
    let previews = content.picture.is_some().then(|| view! { <Previews content=Arc::clone(&content)/> });
    view! {
        <Heading title=name.clone() in_tab=format!("Picture · {name}") sub=sub.into_any()>{newer}{older}</Heading>
        <div class="content-detail">
            <figure class="stage"><Whole content=Arc::clone(&content)/></figure>
            <div class="stack beside">
                <ProposalNote content=Arc::clone(&content)/>
                <Deeds content=Arc::clone(&content)/>
                <Words content=Arc::clone(&content)/>
                <Publish content=Arc::clone(&content)/>
                <Captions about=About::Content(content)/>
                {made}
            </div>
            <div class="stack">
                {previews}
                {history}
            </div>
        </div>
    }
    .into_any()
}

/// What was changed, newest first: when, by whom, and what it was before.
#[component]
fn History(edits: Vec<Edit>) -> impl IntoView {
    let rows = edits.into_iter().rev().map(|edit| {
        let what = match edit.field.as_str() {
            "caption" => "Caption",
            "twitterCaption" => "Caption for X",
            "altText" => "Alt text",
            _ => "State",
        };
        let by = match edit.by {
            Author::Gemini => "by Gemini",
            Author::Template => "by a template",
            Author::Task => "by a task",
            Author::Hand => "by hand",
        };
        let before = match (ReviewState::from_key(&edit.before), edit.before.is_empty()) {
            (Some(state), _) if what == "State" => state.label().to_owned(),
            (_, true) => "(nothing)".to_owned(),
            (_, false) => words::start(&edit.before, 240),
        };
        let reason = (!edit.reason.is_empty()).then(|| view! { <p>{format!("reason: {}", edit.reason)}</p> });
        view! {
            <li>
                <div><b>{what}</b>" "<span class="muted small">{by}</span><p>{format!("before: {before}")}</p>{reason}</div>
                <span class="end muted"><words::Time at=Some(edit.at)/></span>
            </li>
        }
    });
    view! { <section class="card" id="history"><header><h2>"Changes"</h2></header><div class="body"><ul class="list">{rows.collect_view()}</ul></div></section> }
}

#[component]
fn Deeds(content: Arc<Content>) -> impl IntoView {
    let id = context::encode(content.id.as_str());
    let again = content.provenance.is_some().then(|| {
        view! {
            <form method="post" action="/actions/content/again">
                <input type="hidden" name="id" value=content.id.to_string()/>
                <button class="button"><Icon of=icondata_lu::LuRotateCcw/>"Make again"</button>
            </form>
            <a class="button" href=format!("/studio?remix={id}")><Icon of=icondata_lu::LuShuffle/>"Remix"</a>
        }
    });
    // What has no file cannot go out, so nobody is asked whether it may.
    let is_blank = content.picture.is_none();
    let decisions: &[(&str, &str)] = match content.state {
        ReviewState::Draft if is_blank => &[],
        ReviewState::InReview | ReviewState::Rejected if is_blank => &[("withdraw", "Back to draft")],
        ReviewState::Draft => &[("submit", "Send to review"), ("approve", "Approve")],
        ReviewState::InReview => &[("approve", "Approve"), ("withdraw", "Back to draft")],
        ReviewState::Approved => &[("reject", "Reject"), ("withdraw", "Back to draft")],
        ReviewState::Rejected => &[("submit", "Send to review"), ("withdraw", "Back to draft")],
    };
    let decisions = decisions.iter().map(|(decision, words)| {
        view! {
            <form method="post" action="/actions/review/decide">
                <input type="hidden" name="id" value=content.id.to_string()/><input type="hidden" name="decision" value=*decision/>
                <input type="hidden" name="back" value=page_of(&content.id)/>
                <button class="button">{*words}</button>
            </form>
        }
    });
    let decisions = decisions.collect_view();
    let reason =
        (!content.reject_reason.is_empty()).then(|| view! { <p class="note warn">"Rejected: "{content.reject_reason.clone()}</p> });
    view! {
        {reason}
        <div class="cluster">
            {decisions}
            {again}
            {(!is_blank).then(|| view! { <a class="button" href=format!("/media/{id}.png?download=1")><Icon of=icondata_lu::LuDownload/>"Download"</a> })}
            <a class="button quiet danger" href=format!("{}/delete", page_of(&content.id))><Icon of=icondata_lu::LuTrash2/>"Delete…"</a>
        </div>
    }
}

/// The words that go with a picture, to be changed; `beside` another deed that matters more.
#[component]
pub fn Words(content: Arc<Content>, #[prop(optional)] beside: bool) -> impl IntoView {
    let form = Form::new("words", || WordsForm {
        caption: content.caption.clone(),
        alt_text: content.alt_text.clone(),
        twitter_caption: content.twitter_caption.clone(),
    });
    let values = form.values.clone();
    view! {
        <section class="card"><header><h2>"Words"</h2></header><div class="body">
            <form class="stack" method="post" action="/actions/content/save" data-guard="" data-submit-key="">
                <input type="hidden" name="id" value=content.id.to_string()/>
                <input type="hidden" name="back" value=context::here()/>
                <ProblemSummary problem=form.problem.clone()/>
                <CaptionField name="caption" label="Caption" network=Network::Instagram value=values.caption wrong=form.wrong("caption")/>
                <CaptionField name="twitterCaption" label="Caption for X" network=Network::X value=values.twitter_caption wrong=form.wrong("twitterCaption")
                    help="Only where it is to differ from the caption."/>
                <Field name="altText" label="Alt text" kind=Kind::Text(2) value=form.values.alt_text.clone() wrong=form.wrong("altText") limit=1_000
                    help="What is to be seen, for those who cannot see it."/>
                <div class="form-actions">
                    <button class=if beside { "button" } else { "button primary" }>"Save words"</button>
                    {beside.then(|| view! { <a class="button quiet" href=format!("{}#captions", page_of(&content.id))><Icon of=icondata_lu::LuPenLine/>"Write captions"</a> })}
                </div>
            </form>
        </div></section>
    }
}

/// Everything about how the picture was made.
#[component]
fn HowMade(made: Provenance, id: ContentId) -> impl IntoView {
    let recipe = made.recipe.clone();
    let loras: Vec<_> = recipe.loras.iter().map(|lora| format!("{} at {}", lora.name, lora.strength)).collect();
    let fact = |term: &'static str, value: String| (!value.is_empty()).then(|| view! { <dt>{term}</dt><dd>{value}</dd> });
    let arc = made.narrative_title.clone().unwrap_or_default();
    view! {
        <section class="card"><header><h2>"How it was made"</h2></header><div class="body stack">
            <PromptParts parts=recipe.parts.clone()/>
            <dl class="facts">
                {fact("Asked for", made.request.clone())}
                {fact("Negative prompt", recipe.negative_prompt.clone())}
                <dt>"Seed"</dt>
                <dd class="seed"><span class="mono">{made.seed.to_string()}</span>" "<button type="button" class="button quiet small js-only" data-copy=made.seed.to_string()>"Copy"</button></dd>
                {fact("Model", format!("{} · {}", recipe.model, recipe.family.label()))}
                {fact("LoRAs", loras.join(", "))}
                {fact("Size", format!("{} × {}", recipe.width, recipe.height))}
                {fact("Steps", recipe.steps.to_string())}
                {fact("Cfg", recipe.cfg.to_string())}
                {fact("Guidance", recipe.guidance.map(|guidance| guidance.to_string()).unwrap_or_default())}
                {fact("Sampler", format!("{} · {}", recipe.sampler, recipe.scheduler))}
                {fact("Story arc", arc)}
                <Schedule id/>
                {fact("Drawn by", format!("ComfyUI at {} in {} s", made.server, made.seconds))}
                {fact("Its name there", made.prompt_id.clone())}
                <dt>"Job"</dt>
                <dd><a href=format!("/studio?job={}", context::encode(made.job_id.as_str()))>{made.job_id.to_string()}</a></dd>
            </dl>
            <p class="muted">"The workflow itself is inside the PNG: drop the file into ComfyUI to open it."</p>
        </div></section>
    }
}

/// The schedule it was made by, if one was.
#[component]
fn Schedule(id: ContentId) -> impl IntoView {
    let state = context::app().store.read();
    service::schedules::of_content(&state, &id).map(|run| {
        let there = state.tasks.get(run.task_id.as_str()).is_some();
        let page = if there { schedules::page_of(&run.task_id) } else { "/schedules/runs".to_owned() };
        view! { <dt>"Schedule"</dt><dd><a href=page>{run.kind.label().to_owned()}</a>", "{run.cause.label()}</dd> }
    })
}

/// Asks before the picture is deleted.
#[component]
pub fn Delete() -> impl IntoView {
    let Some(content) = this_content() else { return view! { <Missing what="picture"/> }.into_any() };
    view! {
        <Heading title="Delete this picture?"/>
        <form class="form" method="post" action="/actions/content/delete">
            <input type="hidden" name="id" value=content.id.to_string()/>
            <p><Thumbnail content=Arc::clone(&content) class="thumb large"/></p>
            <p>"The picture, its words and everything about how it was made go. This cannot be undone."</p>
            <div class="form-actions">
                <button class="button danger">"Delete picture"</button>
                <a class="button quiet" href=page_of(&content.id)>"Keep it"</a>
            </div>
        </form>
    }
    .into_any()
}
