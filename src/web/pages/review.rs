//! Review: one picture at a time, its words beside it, decided by key or thumb.

use std::sync::Arc;

use chrono::Utc;
use leptos::prelude::*;

use crate::{
    domain::{
        content::{Content, ContentId, ReviewState},
        generation::GenerateRequest,
    },
    service::{
        self,
        review::{Decided, Decision, queue},
    },
    state::AppState,
    web::{
        actions::{Done, press},
        components::{
            icon::Icon,
            page::{Empty, Heading},
            parts::PromptParts,
            picture::{Thumbnail, Whole},
            preview::Previews,
            proposal::ProposalNote,
        },
        context,
        pages::{content::detail::Words, jobs::page_of as job_page},
        words,
    },
};

/// Decides about a picture, and goes on to the next that waits.
#[server(prefix = "/actions", endpoint = "review/decide")]
pub async fn decide(
    id: ContentId,
    decision: String,
    #[server(default)] reason: String,
    #[server(default)] back: String,
) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = if back.starts_with("/review") || back.starts_with("/content/") { back } else { "/review".to_owned() };
    press(&page, async {
        let next = if page.starts_with("/review") { after(&app, &id, &page) } else { page.clone() };
        let (decision, words) = match decision.as_str() {
            "approve" => (Decision::Approve, "Approved."),
            "reject" => (Decision::Reject { reason }, "Rejected."),
            "withdraw" => (Decision::Withdraw, "It is a draft again."),
            _ => (Decision::Submit, "It waits for review."),
        };
        let decided = service::review::decide(&app, vec![id.clone()], decision, Utc::now()).await?;
        let words = [words.to_owned()].into_iter().chain(goes_out(&app, &decided)).collect::<Vec<_>>().join(" ");
        Ok(Done::to(next).saying(words).seen_at(format!("/content/{}", context::encode(id.as_str()))))
    })
    .await
}

/// What a decision has done besides.
fn goes_out(app: &AppState, decided: &Decided) -> Vec<String> {
    let scheduled = decided.scheduled.iter().map(|post| {
        let at = app.times().soon(post.scheduled_at);
        format!("It goes out on {} on {at}.", post.network.label())
    });
    scheduled.chain(decided.unscheduled.iter().cloned()).collect()
}

/// Rejects a picture and asks for another like it, with a new seed: that one comes to review by itself.
#[server(prefix = "/actions", endpoint = "review/again")]
pub async fn again(id: ContentId, #[server(default)] back: String) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = if back.starts_with("/review") { back } else { "/review".to_owned() };
    press(&page, async {
        let next = after(&app, &id, &page);
        let content = service::content::get(&app, &id)?;
        let request = GenerateRequest { seed: None, ..service::content::again(&content)? };
        let job = service::images::order_like(&app, &content, request, ReviewState::InReview, Utc::now()).await?;
        let decision = Decision::Reject { reason: "Made again with another seed.".into() };
        service::review::decide(&app, vec![id.clone()], decision, Utc::now()).await?;
        Ok(Done::to(next).saying("Another one is being made; it comes here when it is done.").seen_at(job_page(&job)))
    })
    .await
}

/// The page of the picture after this one, with the filter that was chosen.
fn after(app: &AppState, id: &ContentId, page: &str) -> String {
    let chosen = page.split(['?', '&']).find_map(|pair| pair.strip_prefix("character=")).map(str::to_owned);
    let character = chosen.as_deref().map(|id| percent_encoding::percent_decode_str(id).decode_utf8_lossy().into_owned().into());
    let queue = queue(&app.store.read(), character.as_ref());
    let at = queue.iter().position(|content| content.id == *id);
    let next = at.and_then(|at| queue.get(at + 1).or(at.checked_sub(1).and_then(|before| queue.get(before))));
    address(next.map(|content| &content.id), chosen.as_deref())
}

/// `character` is encoded already.
fn address(id: Option<&ContentId>, character: Option<&str>) -> String {
    let pairs = [("picture", id.map(|id| context::encode(id.as_str()))), ("character", character.map(str::to_owned))];
    let query: Vec<_> = pairs.into_iter().filter_map(|(key, value)| value.map(|value| format!("{key}={value}"))).collect();
    if query.is_empty() { "/review".to_owned() } else { format!("/review?{}", query.join("&")) }
}

/// The page.
#[component]
pub fn Review() -> impl IntoView {
    let app = context::app();
    let state = app.store.read();
    let chosen = context::chosen_character();
    let queue = queue(&state, chosen.as_ref());
    let asked = context::query("picture");
    let at = queue.iter().position(|content| content.id.as_str() == asked).unwrap_or_default();
    let Some(content) = queue.get(at).cloned() else {
        return view! {
            <div id="review" data-live="content">
                <Heading title="Review"/>
                <Empty icon=icondata_lu::LuCheckCheck title="Nothing waits" words="Pictures that need your decision appear here. Send one from the Studio or from Content.">
                    <a class="button primary" href="/content?state=draft">"Look at drafts"</a>
                </Empty>
            </div>
        }
        .into_any();
    };
    let name = state.characters.get(content.character_id.as_str()).map_or_else(|| "A deleted character".to_owned(), |one| one.name.clone());
    let character = chosen.as_ref().map(|id| context::encode(id.as_str()));
    let link =
        |place: Option<usize>| place.and_then(|place| queue.get(place)).map(|content| address(Some(&content.id), character.as_deref()));
    let newer = link(at.checked_sub(1))
        .map(|href| view! { <a class="button quiet" rel="prev" href=href><Icon of=icondata_lu::LuArrowLeft/>"Before"</a> });
    let older = link(Some(at + 1))
        .map(|href| view! { <a class="button quiet" rel="next" href=href>"After"<Icon of=icondata_lu::LuArrowRight/></a> });
    let sub = format!("{} of {} · {name}", at + 1, queue.len());
    let back = address(Some(&content.id), character.as_deref());
    let made = content.provenance.clone().map(|made| {
        let line = format!("{}, seed {}, {} steps, {} s", made.recipe.model, made.seed, made.recipe.steps, made.seconds);
        view! {
            <section class="card"><header><h2>"Why this picture"</h2><a href=format!("/content/{}", context::encode(content.id.as_str()))>"Everything about it"</a></header>
                <div class="body"><PromptParts parts=made.recipe.parts.clone()/><p class="muted small">{line}</p></div></section>
        }
    });
    let tiles = queue.iter().enumerate().skip(at.saturating_sub(5)).take(12).map(|(place, one)| {
        let current = (place == at).then_some("true");
        view! {
            <li class="picture" aria-current=current><a href=address(Some(&one.id), character.as_deref()) title=words::start(one.title(), 60)>
                <Thumbnail content=Arc::clone(one)/></a></li>
        }
    });
    let tiles = tiles.collect_view();
    // Not live: the picture that is decided about must not change under somebody's thumb.
    view! {
        <div id="review">
        <Heading title="Review" sub=sub.into_any()>{newer}{older}</Heading>
        <div class="review">
            <figure class="stage"><Whole content=Arc::clone(&content)/></figure>
            <div class="stack">
                <ProposalNote content=Arc::clone(&content)/>
                <Decide content=Arc::clone(&content) back/>
                <Words content=Arc::clone(&content) beside=true/>
                {made}
            </div>
            <Previews content/>
            <ul class="strip queue" aria-label="What waits">{tiles}</ul>
        </div>
        </div>
    }
    .into_any()
}

/// The deeds; a reason goes with a rejection, if there is one.
#[component]
fn Decide(content: Arc<Content>, back: String) -> impl IntoView {
    let id = content.id.to_string();
    let hidden = |decision: &'static str| {
        view! {
            <input type="hidden" name="id" value=id.clone()/><input type="hidden" name="decision" value=decision/>
            <input type="hidden" name="back" value=back.clone()/>
        }
    };
    let again = content.provenance.is_some().then(|| {
        view! {
            <form method="post" action="/actions/review/again">
                <input type="hidden" name="id" value=id.clone()/><input type="hidden" name="back" value=back.clone()/>
                <button class="button" data-key="g">"Again "<kbd class="js-only">"G"</kbd></button>
            </form>
        }
    });
    view! {
        <div class="review-actions cluster">
            <form method="post" action="/actions/review/decide">{hidden("approve")}
                <button class="button primary" data-key="a"><Icon of=icondata_lu::LuCheck/>"Approve "<kbd class="js-only">"A"</kbd></button></form>
            <button class="button danger thumb-only" form="reject">"Reject"</button>
            {again}
            <a class="button" href="#field-caption" data-key="e">"Edit "<kbd class="js-only">"E"</kbd></a>
        </div>
        <form id="reject" method="post" action="/actions/review/decide" class="field reject">{hidden("reject")}
            <label for="reason">"Why not"<span class="optional">" optional"</span></label>
            <div class="cluster"><input id="reason" data-key="r" name="reason" maxlength="1000" placeholder="the hands"/>
                <button class="button danger">"Reject "<kbd class="js-only">"R"</kbd></button></div>
        </form>
    }
}
