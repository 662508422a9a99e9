//! What a task that trains is told.

use leptos::prelude::*;

use super::TaskForm;
use crate::{
    domain::training::Preset,
    web::{
        context,
        form::{Choice, Form, OptionGroup},
        pages::training::new::{base_model_options, dataset_options},
    },
};

/// On what it trains, from what, and for how long.
#[component]
pub fn Training(form: Form<TaskForm>) -> impl IntoView {
    let app = context::app();
    let state = app.store.read();
    let values = form.values.clone();
    let wrong = |field: &str| form.wrong(&format!("config.{field}"));
    let models = with_first("Choose a model", &values.base_model, base_model_options(&app, &state));
    let datasets = with_first("The newest dataset", &values.dataset_id, dataset_options(&state));
    let presets = Preset::ALL.map(|preset| (preset.key().to_owned(), format!("{}: {}", preset.label(), preset.words().to_lowercase())));
    view! {
        <section class="stack for-trainings">
            <div class="field-row halves">
                <Choice name="baseModel" about="config.baseModel" label="Base model" value=values.base_model options=models wrong=wrong("baseModel")
                    help="The LoRA goes with models of the same family."/>
                <Choice name="datasetId" about="config.datasetId" label="Dataset" value=values.dataset_id options=datasets wrong=wrong("datasetId")
                    help="What is in it when the time comes is learned from."/>
            </div>
            <Choice name="preset" about="config.preset" label="How long" value=values.preset options=vec![OptionGroup::plain(presets.to_vec())] wrong=wrong("preset")/>
        </section>
    }
}

/// The options with one for nothing before them, and with the one that is stored even if it is not offered any more: a form
/// that does not show it would change it.
fn with_first(words: &str, stored: &str, rest: Vec<OptionGroup>) -> Vec<OptionGroup> {
    let mut first = vec![(String::new(), words.to_owned())];
    let offered = rest.iter().flat_map(|group| &group.options).any(|(key, _)| key == stored);
    if !stored.is_empty() && !offered {
        first.push((stored.to_owned(), stored.to_owned()));
    }
    std::iter::once(OptionGroup::plain(first)).chain(rest).collect()
}
