//! All pictures, with filters and paging.

use chrono::Utc;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        content::{ContentId, ReviewState},
        narrative::Narrative,
        problem::Problem,
    },
    service::{
        self,
        content::{Filter, Page},
        review::Decision,
    },
    state::AppState,
    store::State,
    web::{
        actions::{Done, press},
        components::{
            icon::Icon,
            page::{Empty, Heading},
            picture::Pictures,
        },
        context, words,
    },
};

/// Pictures on one page.
const PAGE: usize = 48;

/// Those that are picked, and what is decided about them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PickedForm {
    ids: Vec<ContentId>,
    decision: String,
}

/// Decides about those that are picked, all or none.
#[server(prefix = "/actions", endpoint = "content/decide")]
pub async fn decide_picked(#[server(default)] form: PickedForm, #[server(default)] back: String) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = if back.starts_with("/content") { back } else { "/content".to_owned() };
    press(&page, async {
        let (decision, words) = match form.decision.as_str() {
            "approve" => (Decision::Approve, "approved"),
            "reject" => (Decision::Reject { reason: String::new() }, "rejected"),
            _ => (Decision::Submit, "in review now"),
        };
        let decided = service::review::decide(&app, form.ids, decision, Utc::now()).await?;
        Ok(Done::to(page.clone()).saying(format!("{} {words}.", words::count(decided.contents.len(), "picture is", "pictures are"))))
    })
    .await
}

/// The page.
#[component]
pub fn Grid() -> impl IntoView {
    let app = context::app();
    let filter = filter();
    let cursor = Some(context::query("cursor")).filter(|id| !id.is_empty()).map(ContentId::from);
    let page = service::content::page(&app, &filter, cursor.as_ref(), PAGE).map_err(Problem::from);
    let all = app.store.read().content.len();
    let any = all > 0;
    // Without an index nobody counts; that there is none is known all the same.
    let count = |page: &service::content::Page| page.total.or((page.contents.is_empty() && cursor.is_none()).then_some(0));
    let sub = match page.as_ref().ok().and_then(count) {
        Some(total) if total != all => format!("{} of {}", words::grouped(total), words::count(all, "picture", "pictures")),
        Some(_) | None => words::count(all, "picture", "pictures"),
    };
    view! {
        <Heading title="Content" sub=sub.into_any()>
            <a class="button primary" href="/studio"><Icon of=icondata_lu::LuSparkles/>"New picture"</a>
        </Heading>
        <Filters app=app.clone() filter=filter.clone()/>
        <div id="grid" data-live="content">
            {match page {
                Err(problem) => view! { <div class="note bad" role="alert">{problem.message}</div> }.into_any(),
                Ok(page) => view! { <Results page filter any=any first=cursor.is_none()/> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn Results(page: Page, filter: Filter, any: bool, first: bool) -> impl IntoView {
    if page.contents.is_empty() && !any {
        return view! {
            <Empty icon=icondata_lu::LuImages title="No pictures yet" words="Every picture you make is kept here, with everything about how it was made.">
                <a class="button primary" href="/studio">"Make the first picture"</a>
            </Empty>
        }
        .into_any();
    }
    if page.contents.is_empty() {
        return view! {
            <Empty icon=icondata_lu::LuSearchX title="Nothing fits" words="No picture passes these filters.">
                <a class="button" href="/content">"Show all"</a>
            </Empty>
        }
        .into_any();
    }
    let next = page.next.map(|id| view! { <a class="button" rel="next" href=address(&filter, None, Some(&id))>"Older pictures"<Icon of=icondata_lu::LuArrowRight/></a> });
    let start = (!first)
        .then(|| view! { <a class="button quiet" href=address(&filter, None, None)><Icon of=icondata_lu::LuArrowLeft/>"Newest"</a> });
    view! {
        <form method="post" action="/actions/content/decide">
            <input type="hidden" name="back" value=context::here()/>
            <Pictures contents=page.contents picked="form[ids][]"/>
            <Bulk/>
        </form>
        <nav class="pager" aria-label="Pages">{start}{next}</nav>
    }
    .into_any()
}

/// What can be done with those that are picked.
#[component]
fn Bulk() -> impl IntoView {
    view! {
        <div class="bulk-bar">
            <span data-picked="">"Picked"</span>
            <button class="button small" name="form[decision]" value="approve"><Icon of=icondata_lu::LuCheck/>"Approve"</button>
            <button class="button small" name="form[decision]" value="submit">"To review"</button>
            <button class="button small" name="form[decision]" value="reject">"Reject"</button>
            <button class="button small primary" formaction="/posts/new" formmethod="get"><Icon of=icondata_lu::LuSend/>"Post together"</button>
        </div>
    }
}

#[component]
fn Filters(app: AppState, filter: Filter) -> impl IntoView {
    let state = app.store.read();
    let people = state.characters.iter().map(|one| (one.id.to_string(), one.name.clone())).collect();
    let states = ReviewState::ALL.into_iter().map(|state| (state.key().to_owned(), state.label().to_owned())).collect();
    let models = state.content.values("model").into_iter().map(|model| (model.clone(), model)).collect();
    // Everybody's arcs together could be thousands: they are offered of the one that is chosen.
    let hers = state.characters.iter().filter(|one| one.id.as_str() == filter.character_id).flat_map(|one| one.narratives.iter());
    let chosen = filter.character_id.is_empty().then(|| arc_of(&state, &filter.narrative_id)).flatten();
    let arcs: Vec<_> = hers.chain(chosen).map(|arc| (arc.id.to_string(), arc.title.clone())).collect();
    view! {
        <form class="filters" method="get" action="/content" role="search">
            <div class="field search"><label for="q" class="visually-hidden">"Words"</label><input id="q" type="search" name="q" value=filter.q.clone() placeholder="Words in prompt or caption"/></div>
            {select("character", "Character", "All characters", people, &filter.character_id)}
            {select("state", "State", "Any state", states, &filter.state)}
            {select("model", "Model", "Any model", models, &filter.model)}
            {(!arcs.is_empty()).then(|| select("narrative", "Story arc", "Any arc", arcs, &filter.narrative_id))}
            <details class="fold" open=!filter.from.is_empty() || !filter.to.is_empty()>
                <summary>"Dates"</summary>
                <div class="field-row">
                    <div class="field"><label for="from">"From"</label><input id="from" type="date" name="from" value=filter.from.clone()/></div>
                    <div class="field"><label for="to">"To"</label><input id="to" type="date" name="to" value=filter.to.clone()/></div>
                </div>
            </details>
            <button class="button">"Filter"</button>
        </form>
        <Chips app filter/>
    }
}

fn select(
    name: &'static str,
    label: &'static str,
    any: &'static str,
    options: Vec<(String, String)>,
    chosen: &str,
) -> impl IntoView + use<> {
    let options: Vec<_> = options.into_iter().map(|(value, words)| (value == chosen, value, words)).collect();
    let options = options.into_iter().map(|(selected, value, words)| view! { <option value=value selected=selected>{words}</option> });
    view! {
        <div class="field">
            <label for=name class="visually-hidden">{label}</label>
            <select id=name name=name data-submit=""><option value="">{any}</option>{options.collect_view()}</select>
        </div>
    }
}

/// What the list is filtered by, each to be taken off.
#[component]
fn Chips(app: AppState, filter: Filter) -> impl IntoView {
    let state = app.store.read();
    let name = state.characters.get(&filter.character_id).map_or(filter.character_id.clone(), |one| one.name.clone());
    let arc = arc_of(&state, &filter.narrative_id).map_or(filter.narrative_id.clone(), |arc| arc.title.clone());
    let state_words = ReviewState::from_key(&filter.state).map_or(filter.state.clone(), |state| state.label().to_owned());
    let chips = [
        ("q", filter.q.clone(), format!("“{}”", words::start(&filter.q, 40))),
        ("character", filter.character_id.clone(), name),
        ("state", filter.state.clone(), state_words),
        ("model", filter.model.clone(), filter.model.clone()),
        ("narrative", filter.narrative_id.clone(), arc),
        ("from", filter.from.clone(), format!("from {}", filter.from)),
        ("to", filter.to.clone(), format!("to {}", filter.to)),
    ];
    let chips = chips.into_iter().filter(|(_, value, _)| !value.is_empty()).map(|(key, _, words)| {
        view! { <li><a class="chip" href=address(&filter, Some(key), None) aria-label=format!("Take off the filter {words}")>{words.clone()}" "<span aria-hidden="true">"×"</span></a></li> }
    });
    let chips = chips.collect_view();
    (!chips.is_empty()).then(|| view! { <ul class="chips">{chips}</ul> })
}

/// The arc of that id, whoever's it is.
fn arc_of<'a>(state: &'a State, id: &str) -> Option<&'a Narrative> {
    state.characters.iter().flat_map(|one| one.narratives.iter()).find(|arc| arc.id.as_str() == id)
}

fn filter() -> Filter {
    Filter {
        character_id: context::query("character"),
        state: context::query("state"),
        model: context::query("model"),
        narrative_id: context::query("narrative"),
        from: context::query("from"),
        to: context::query("to"),
        q: context::query("q"),
    }
}

/// The list with these filters but `without` that one, from `cursor` on.
fn address(filter: &Filter, without: Option<&str>, cursor: Option<&ContentId>) -> String {
    let cursor = cursor.map(ContentId::to_string).unwrap_or_default();
    let pairs = [
        ("q", &filter.q),
        ("character", &filter.character_id),
        ("state", &filter.state),
        ("model", &filter.model),
        ("narrative", &filter.narrative_id),
        ("from", &filter.from),
        ("to", &filter.to),
        ("cursor", &cursor),
    ];
    let kept = pairs.into_iter().filter(|(key, value)| !value.is_empty() && Some(*key) != without);
    let query: Vec<_> = kept.map(|(key, value)| format!("{key}={}", context::encode(value))).collect();
    if query.is_empty() { "/content".to_owned() } else { format!("/content?{}", query.join("&")) }
}
