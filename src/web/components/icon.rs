//! Icons, all from Lucide.

use leptos::prelude::*;

/// An icon. It stands beside a word, so a screen reader need not hear of it.
#[component]
pub fn Icon(of: icondata_core::Icon) -> impl IntoView {
    view! {
        <svg class="icon" viewBox=of.view_box.unwrap_or("0 0 24 24") fill="none" stroke="currentColor" stroke-width="1.8"
            stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" inner_html=of.data></svg>
    }
}
