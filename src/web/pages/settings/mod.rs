//! Settings of the installation: a card for each subject, and the way to it.

mod comfyui;
mod data;
mod gemini;
mod general;
mod keys;
mod posting;
mod public;
mod webhook;

use leptos::prelude::*;

use self::{
    comfyui::ComfyuiCard, data::DataCard, gemini::GeminiCard, general::GeneralCard, keys::KeysCard, posting::PostingCard,
    public::PublicCard, webhook::WebhookCard,
};
pub use self::{
    comfyui::{SaveComfyui, TestComfyui},
    gemini::{SaveGemini, TestGemini},
    general::SaveGeneral,
    keys::{SaveKeys, TestKeys},
    posting::SavePosting,
    public::SavePublic,
    webhook::{SaveWebhook, TestWebhook},
};
use crate::{
    domain::{caption::Network, problem::Problem},
    error::Error,
    web::components::page::Heading,
};

/// The subjects, in the order of the page: where each is, and what it is called.
const SECTIONS: [(&str, &str); 12] = [
    ("general", "General"),
    ("posting", "Posting safety"),
    ("gemini", "Gemini"),
    ("instagram", "Instagram"),
    ("x", "X"),
    ("public", "Public media"),
    ("comfyui", "ComfyUI"),
    ("training", "Training"),
    ("notifications", "Notifications"),
    ("access", "Access"),
    ("backup", "Backup"),
    ("data", "Data"),
];

/// What is wrong with something that was stored all the same.
fn saved_but(wrong: impl Into<Problem>) -> Error {
    let problem = wrong.into();
    Problem { message: format!("Saved, but: {}", problem.message), ..problem }.into()
}

/// Tries what is in force: a form of its own, because what is typed beside it is not meant.
#[component]
fn Try(
    action: &'static str,
    /// What the button says.
    #[prop(default = "Test")]
    words: &'static str,
    /// Whose keys, where there are several.
    #[prop(optional)]
    network: Option<Network>,
) -> impl IntoView {
    let network = network.map(|network| view! { <input type="hidden" name="form[network]" value=network.key()/> });
    view! { <form class="try" method="post" action=action>{network}<button class="button small">{words}</button></form> }
}

/// The page.
#[component]
pub fn Settings() -> impl IntoView {
    let links = SECTIONS.map(|(id, words)| view! { <a href=format!("#{id}")>{words}</a> }).collect_view();
    view! {
        <Heading title="Settings" sub=view! { "What is set here takes effect at once." }.into_any()/>
        <div class="sectioned">
            <nav class="sections" aria-label="Sections">{links}</nav>
            <div class="stack">
                <GeneralCard/>
                <PostingCard/>
                <GeminiCard/>
                <KeysCard network=Network::Instagram/>
                <KeysCard network=Network::X/>
                <PublicCard/>
                <ComfyuiCard/>
                <super::training::setup::TrainingCard/>
                <WebhookCard/>
                <super::access::AccessCard/>
                <super::backups::BackupCard/>
                <DataCard/>
            </div>
        </div>
    }
}
