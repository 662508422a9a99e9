//! One post: how it stands, what can be done about it, and everything that was tried.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{
    deeds::{PostForm, SeenForm, typed},
    list::standing,
};
use crate::{
    domain::{
        check::CheckName,
        post::{Attempt, Post, PostId, PostState},
    },
    service::publishing,
    store::State,
    web::{
        components::{
            captions::CaptionField,
            icon::Icon,
            page::{Heading, Missing, Pill},
            post::{FirstPicture, PostPill},
        },
        context,
        form::{Field, Form, Kind, ProblemSummary},
        words,
    },
};

/// The page.
#[component]
pub fn Detail() -> impl IntoView {
    let id = use_params_map().with_untracked(|params| params.get("id")).map(PostId::from);
    let app = context::app();
    let Some(post) = id.and_then(|id| publishing::get(&app, &id).ok()) else { return view! { <Missing what="post"/> }.into_any() };
    let state = app.store.read();
    let name = state.characters.get(post.character_id.as_str()).map_or_else(|| "A deleted character".to_owned(), |one| one.name.clone());
    let title = format!("{name} on {}", post.network.label());
    let sub = view! { <PostPill state=post.state.clone()/>" "{post.dry_run.then_some("asked for as a dry run")} };
    let attempts = (!post.attempts.is_empty()).then(|| view! { <Attempts attempts=post.attempts.clone()/> });
    let edit = (post.state.may_be_sent()).then(|| view! { <Edit post=Arc::clone(&post)/> });
    view! {
        <Heading title=title sub=sub.into_any()><a class="button quiet" href="/posts">"All posts"</a></Heading>
        <div class="stack" id="post" data-live="post">
            <Standing post=Arc::clone(&post) state=Arc::clone(&state)/>
            {attempts}
        </div>
        {edit}
    }
    .into_any()
}

#[component]
fn Standing(post: Arc<Post>, state: Arc<State>) -> impl IntoView {
    let url = post.url().filter(|url| url.starts_with("http")).map(|url| {
        view! { <a class="button primary" href=url.to_owned() rel="noreferrer noopener" target="_blank"><Icon of=icondata_lu::LuExternalLink/>{format!("See it on {}", post.network.label())}</a> }
    });
    let cost = post.price(&context::app().store.read().settings.prices()).filter(|_| matches!(post.state, PostState::Published { .. }));
    let cost = cost.map(|cost| view! { <span class="muted">{format!(" X charged about ${cost:.3} for it.")}</span> });
    let first = post.pictures.first().map(|picture| format!("/content/{}", context::encode(picture.content_id.as_str())));
    view! {
        <section class="card"><div class="body stack">
            <div class="cluster top">
                <FirstPicture post=Arc::clone(&post) state/>
                <div class="grow"><p class="prewrap">{post.caption.clone()}</p></div>
            </div>
            <p>{standing(&post)}{cost}</p>
            <Deeds post=Arc::clone(&post)/>
            <div class="cluster">{url}{first.map(|href| view! { <a class="button" href=href>"The picture"</a> })}</div>
        </div></section>
    }
}

/// What can be done about it, by where it stands.
#[component]
fn Deeds(post: Arc<Post>) -> impl IntoView {
    let button = |action: &'static str, label: &'static str, class: &'static str| {
        let id = post.id.to_string();
        view! { <form method="post" action=format!("/actions/posts/{action}")><input type="hidden" name="id" value=id/><button class=class>{label}</button></form> }
    };
    match &post.state {
        PostState::Scheduled { .. } => {
            view! { <div class="cluster">{button("send", "Send now", "button")}{button("cancel", "Take back", "button danger")}</div> }.into_any()
        }
        PostState::Publishing => view! { <div class="cluster">{button("cancel", "Take back", "button danger")}</div> }.into_any(),
        PostState::Failed { .. } => {
            view! { <div class="cluster">{button("send", "Send again", "button primary")}{button("cancel", "Take back", "button danger")}</div> }.into_any()
        }
        PostState::Held { check: CheckName::Duplicate, .. } => {
            let id = post.id.to_string();
            view! {
                <div class="cluster">
                    <form method="post" action="/actions/posts/send"><input type="hidden" name="id" value=id/><input type="hidden" name="anyway" value="on"/>
                        <button class="button">"Send anyway"</button></form>
                    {button("cancel", "Take back", "button danger")}
                </div>
            }
            .into_any()
        }
        PostState::Held { .. } => {
            view! { <div class="cluster">{button("send", "Try again", "button primary")}{button("cancel", "Take back", "button danger")}</div> }.into_any()
        }
        PostState::DryRun => view! { <div class="cluster">{button("send", "Publish for real", "button primary")}</div> }.into_any(),
        PostState::Cancelled => view! { <div class="cluster">{button("send", "Send after all", "button")}</div> }.into_any(),
        PostState::Unconfirmed { .. } => view! { <Doubt post=Arc::clone(&post)/> }.into_any(),
        PostState::Published { .. } => ().into_any(),
    }
}

/// The network did not say whether it is out: what a person can do.
#[component]
fn Doubt(post: Arc<Post>) -> impl IntoView {
    let form = Form::new("seen", SeenForm::default);
    let (id, again, not) = (post.id.to_string(), post.id.to_string(), post.id.to_string());
    view! {
        <div class="note warn">
            <p><b>"It may be out, so it is not sent again by itself."</b>" Open "{post.network.label()}" and look at the account; then say what you saw."</p>
        </div>
        <form class="form" method="post" action="/actions/posts/is-out">
            <ProblemSummary problem=form.problem.clone()/>
            <input type="hidden" name="id" value=id/>
            <Field name="url" label="Its address" value=form.values.url.clone() wrong=form.wrong("url") optional=true placeholder="https://…"/>
            <div class="form-actions"><button class="button primary">"It is out"</button></div>
        </form>
        <div class="cluster">
            <form method="post" action="/actions/posts/is-not-out"><input type="hidden" name="id" value=not/><button class="button">"It is not out"</button></form>
            <form method="post" action="/actions/posts/reconcile"><input type="hidden" name="id" value=again/><button class="button">"Read the account again"</button></form>
        </div>
    }
}

/// Time and words, as long as it has not gone out.
#[component]
fn Edit(post: Arc<Post>) -> impl IntoView {
    let form = Form::new("post", || PostForm { caption: post.caption.clone(), scheduled_at: typed(post.scheduled_at) });
    view! {
        <section class="card form"><header><h2>"Time and words"</h2></header><div class="body">
            <form class="stack" method="post" action="/actions/posts/change" data-guard="">
                <input type="hidden" name="id" value=post.id.to_string()/>
                <ProblemSummary problem=form.problem.clone()/>
                <Field name="scheduledAt" label="Goes out" kind=Kind::Moment value=form.values.scheduled_at.clone() wrong=form.wrong("scheduledAt")
                    help=format!("In the time of {}.", context::app().timezone())/>
                <CaptionField name="caption" label="Caption" network=post.network value=form.values.caption.clone() wrong=form.wrong("caption")/>
                <div class="form-actions"><button class="button">"Save"</button></div>
            </form>
        </div></section>
    }
}

/// Everything that was tried, the newest first.
#[component]
fn Attempts(attempts: Vec<Attempt>) -> impl IntoView {
    let count = attempts.len();
    let cards = attempts.into_iter().enumerate().rev().map(|(place, attempt)| {
        let steps = attempt.steps.into_iter().map(|step| {
            let (tone, word) = match (step.outcome.is_empty(), step.failed) {
                (true, _) => ("run", "…"),
                (false, true) => ("bad", "Failed"),
                (false, false) => ("ok", "Done"),
            };
            view! {
                <li><Pill tone words=word/><div><b>{step.deed.label()}</b><p>{step.outcome}</p></div><span class="end muted"><words::Time at=Some(step.at)/></span></li>
            }
        });
        let rehearsal = attempt.dry_run.then_some(" · dry run");
        view! {
            <details open=place + 1 == count>
                <summary>{format!("Attempt {}", place + 1)}{rehearsal}" · "<words::Time at=Some(attempt.started_at)/></summary>
                <ul class="list">{steps.collect_view()}</ul>
            </details>
        }
    });
    view! { <section class="card"><header><h2>"What was tried"</h2></header><div class="body stack">{cards.collect_view()}</div></section> }
}
