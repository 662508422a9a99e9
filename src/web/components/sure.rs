//! The question before a deed that cannot be taken back, where there is no script to ask it.

use leptos::prelude::*;

/// A box to tick that a browser without script insists on. With script, a dialog asks instead.
#[component]
pub fn Sure(words: &'static str) -> impl IntoView {
    view! { <noscript><label class="check"><input type="checkbox" required=true/><span>{words}</span></label></noscript> }
}
