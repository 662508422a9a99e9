//! What every page is made of: its heading, empty states, pills, pagers.

use leptos::prelude::*;
use leptos_meta::Title;

use super::icon::Icon;
use crate::domain::content::ReviewState;

/// A page's heading with its buttons.
#[component]
pub fn Heading(
    #[prop(into)] title: String,
    #[prop(optional, into)] sub: Option<AnyView>,
    /// What the browser's tab says, where several pages have the same title.
    #[prop(optional, into)]
    in_tab: Option<String>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <Title text=in_tab.unwrap_or_else(|| title.clone())/>
        <header class="page">
            <div>
                <h1>{title}</h1>
                {sub.map(|sub| view! { <p class="sub">{sub}</p> })}
            </div>
            {children.map(|children| view! { <div class="actions">{children()}</div> })}
        </header>
    }
    .into_any()
}

/// A list with nothing in it: a sentence, and the button for the next step.
#[component]
pub fn Empty(
    icon: icondata_core::Icon,
    #[prop(into)] title: String,
    #[prop(into)] words: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <Icon of=icon/>
            <h2>{title}</h2>
            <p>{words}</p>
            {children.map(|children| children())}
        </div>
    }
    .into_any()
}

/// A state: a dot and a word.
#[component]
pub fn Pill(tone: &'static str, #[prop(into)] words: String) -> impl IntoView {
    view! { <span class=format!("pill {tone}")>{words}</span> }
}

/// Where a content stands in review.
#[component]
pub fn StatePill(state: ReviewState) -> impl IntoView {
    let tone = match state {
        ReviewState::Draft => "",
        ReviewState::InReview => "warn",
        ReviewState::Approved => "ok",
        ReviewState::Rejected => "bad",
    };
    view! { <Pill tone words=state.label()/> }
}

/// A page that is not there.
#[component]
pub fn Missing(#[prop(into)] what: String) -> impl IntoView {
    super::super::context::set_status(axum::http::StatusCode::NOT_FOUND);
    view! {
        <Heading title="Not found"/>
        <Empty icon=icondata_lu::LuCompass title=format!("There is no such {what}") words="It may have been deleted, or the address has a slip in it.">
            <a class="button primary" href="/">"Go to Today"</a>
        </Empty>
    }
    .into_any()
}
