//! Sending a picture: what is looked at first, on each network, and the button.

use std::sync::Arc;

use chrono::Utc;
use leptos::prelude::*;

use super::{page::Pill, post::PostPill, sure::Sure};
use crate::{
    domain::{
        caption::Network,
        check::{Check, Verdict},
        content::Content,
        post::Post,
    },
    service::{
        self,
        publishing::{self, checks},
    },
    web::{
        context,
        form::{Field, Form, Kind, ProblemSummary},
        pages::posts::{
            deeds::{BOTH, SendForm},
            list::standing,
            page_of,
        },
        words,
    },
};

/// What is ticked where no dialog asks.
const SURE: &str = "Yes: the picture and its words may go out";

/// Where a picture went, and where it may go. What has no file goes nowhere: only where it went is said.
#[component]
pub fn Publish(content: Arc<Content>) -> impl IntoView {
    let app = context::app();
    let state = app.store.read();
    let posts = publishing::of_content(&state, &content.id);
    let is_blank = content.picture.is_none();
    let networks = Network::ALL.map(|network| {
        let there: Vec<_> = posts.iter().filter(|post| post.network == network).cloned().collect();
        if is_blank && there.is_empty() {
            return ().into_any();
        }
        let open = !is_blank && !there.iter().any(|post| post.state.may_be_out() || post.state.goes_on());
        view! { <OnNetwork content=Arc::clone(&content) network there open/> }.into_any()
    });
    let both = !is_blank
        && Network::ALL
            .iter()
            .all(|network| !posts.iter().any(|post| post.network == *network && (post.state.may_be_out() || post.state.goes_on())));
    // What was refused on both is said also where it cannot be tried again.
    let refused = Form::new("publish", SendForm::default);
    let problem = refused.problem.filter(|_| refused.values.network == BOTH && !both);
    let both = both.then(|| view! { <Both content=Arc::clone(&content)/> });
    if is_blank && posts.is_empty() {
        return ().into_any();
    }
    view! {
        <section class="card" id="publish" data-live="post content settings character"><header><h2>"Publish"</h2></header><div class="body stack"><ProblemSummary problem/>{networks.collect_view()}{both}</div></section>
    }
    .into_any()
}

/// The same picture on both networks at one time: both posts or none.
#[component]
fn Both(content: Arc<Content>) -> impl IntoView {
    let form = Form::new("publish", SendForm::default);
    let ours = form.values.network == BOTH;
    let (problem, value) = if ours { (form.problem.clone(), form.values.scheduled_at.clone()) } else { (None, String::new()) };
    let wrong = if ours { form.wrong("scheduledAt") } else { None };
    let ask = question(&content);
    view! {
        <section class="stack network">
            <h3>"Instagram and X"</h3>
            <form class="stack" method="post" action="/actions/posts/create">
                <ProblemSummary problem/>
                <input type="hidden" name="id" value=content.id.to_string()/>
                <input type="hidden" name="character" value=content.character_id.to_string()/>
                <input type="hidden" name="form[network]" value=BOTH/>
                <Sure words=SURE/>
                <div class="send-row">
                    <Field name="scheduledAt" about=BOTH label="When, on both" kind=Kind::Moment value wrong optional=true help="Empty means now. Each with the words above."/>
                    <button class="button" data-confirm="Post to Instagram and X?" data-confirm-text=ask data-confirm-tone="primary">"Post to both"</button>
                </div>
            </form>
        </section>
    }
}

#[component]
fn OnNetwork(content: Arc<Content>, network: Network, there: Vec<Arc<Post>>, open: bool) -> impl IntoView {
    let posts = there.into_iter().map(|post| {
        view! {
            <li><PostPill state=post.state.clone()/><div><a href=page_of(&post.id)>{standing(&post)}</a></div></li>
        }
    });
    let posts = posts.collect_view();
    let list = (!posts.is_empty()).then(|| view! { <ul class="list">{posts}</ul> });
    let send = open.then(|| view! { <Send content network/> });
    view! { <section class="stack network"><h3>{network.label()}</h3>{list}{send}</section> }
}

#[component]
fn Send(content: Arc<Content>, network: Network) -> impl IntoView {
    let form = Form::new("publish", SendForm::default);
    // What was refused on one network says nothing of the other.
    let ours = form.values.network == network.key();
    let (problem, value) = if ours { (form.problem.clone(), form.values.scheduled_at.clone()) } else { (None, String::new()) };
    let wrong = if ours { form.wrong("scheduledAt") } else { None };
    let list = checks::of_content(&context::app(), &content, network, None, Utc::now());
    let stops = list.iter().filter(|check| check.verdict == Verdict::Stops).count();
    let waits = list.iter().any(|check| check.verdict == Verdict::Waits);
    let summary = match stops {
        0 if waits => "Ready; it goes out a little later".to_owned(),
        0 => "Ready to go out".to_owned(),
        1 => "One thing stands in the way".to_owned(),
        more => format!("{more} things stand in the way"),
    };
    let rows = list.into_iter().map(row).collect_view();
    let label = format!("Post to {}", network.label());
    let open = stops > 0 || ours;
    let ask = question(&content);
    view! {
        <details class="checks fold" open=open><summary>{summary}</summary><ul class="list small">{rows}</ul></details>
        <form class="stack" method="post" action="/actions/posts/create">
            <ProblemSummary problem/>
            <input type="hidden" name="id" value=content.id.to_string()/>
            <input type="hidden" name="character" value=content.character_id.to_string()/>
            <input type="hidden" name="form[network]" value=network.key()/>
            <Sure words=SURE/>
            <div class="send-row">
                <Field name="scheduledAt" about=network.key() label="When" kind=Kind::Moment value wrong optional=true help="Empty means now."/>
                <button class="button" data-confirm=format!("{label}?") data-confirm-text=ask data-confirm-tone="primary">{label.clone()}</button>
            </div>
        </form>
    }
}

/// What is asked before something goes out.
fn question(content: &Content) -> String {
    let app = context::app();
    let state = app.store.read();
    let whose = state.characters.get(content.character_id.as_str()).map_or("a deleted character", |one| &one.name);
    let what = format!("This picture of {} and its words", words::start(whose, 40));
    if service::settings::is_dry_run(&app, &state) {
        return format!("{what} go through everything but the call that makes them public: this is a dry run.");
    }
    format!("{what} go out now, or at the time you chose. What is out can only be taken back on the network itself.")
}

fn row(check: Check) -> impl IntoView {
    let (tone, word) = match check.verdict {
        Verdict::Good => ("ok", "Good"),
        Verdict::Mind => ("info", "Mind"),
        Verdict::Waits => ("warn", "Waits"),
        Verdict::Stops => ("bad", "Stops"),
    };
    let link = check.link.map(|href| view! { " "<a href=href>"Look"</a> });
    view! { <li><Pill tone words=word/><div><b>{check.name.label()}</b>" "{check.words}{link}</div></li> }
}
