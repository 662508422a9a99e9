//! What a task draws.

use leptos::prelude::*;

use super::TaskForm;
use crate::{
    domain::task::ReviewWish,
    web::{
        context,
        form::{Choice, Field, Form, Kind, OptionGroup, sent},
        pages::{
            characters::look::LoraFields,
            models::{lora_options, model_options},
        },
    },
};

/// What is drawn; folded, for it follows the character.
#[component]
pub fn Pictures(form: Form<TaskForm>) -> impl IntoView {
    let catalogue = context::app().comfy.catalogue();
    let values = form.values.clone();
    let wishes = ReviewWish::ALL.map(|wish| (wish.key().to_owned(), wish.label().to_owned())).to_vec();
    let wrong = |field: &str| form.wrong(&format!("config.{field}"));
    let open = form
        .problem
        .as_ref()
        .is_some_and(|problem| problem.errors.iter().any(|error| error.field.starts_with("config.") || error.field.starts_with("loras")));
    let (own, none, these) =
        (values.lora_choice != "none" && values.lora_choice != "these", values.lora_choice == "none", values.lora_choice == "these");
    let choice = |value: &'static str, words: &'static str, on: bool| {
        view! { <label><input type="radio" name=sent("loraChoice") value=value checked=on/><span>{words}</span></label> }
    };
    let options = lora_options(&catalogue, "None");
    let rows = (0..(values.loras.len() + 1).max(2)).map(|place| {
        let row = values.loras.get(place).cloned().unwrap_or_default();
        let (wrong_name, wrong_strength) =
            (form.wrong(&format!("config.loras[{place}].name")), form.wrong(&format!("config.loras[{place}].strength")));
        view! { <LoraFields place row options=options.clone() wrong_name wrong_strength/> }
    });
    view! {
        <section class="stack for-pictures">
            <Field name="prompt" about="config.prompt" label="What happens in the picture" kind=Kind::Text(2) value=values.prompt.clone() wrong=wrong("prompt") optional=true
                help="Empty means the oldest unused prompt of the character's library; when there is none, a new idea for the current story arc."/>
            <label class="check">
                <input type="checkbox" name=sent("generateCaption") checked=values.generate_caption.is_some()/>
                <span>"Write the words that go with it"</span>
            </label>
            <Choice name="review" about="config.review" label="Review" value=values.review.clone() options=vec![OptionGroup::plain(wishes)] wrong=wrong("review")
                help="What waits for a person goes out once it is approved."/>
            <details class="fold" open=open>
                <summary>"Model, size and style "<span class="muted">"empty follows the character"</span></summary>
                <div class="stack">
                    <Choice name="model" about="config.model" label="Model" value=values.model.clone() options=model_options(&catalogue, "As set for the character") wrong=wrong("model")/>
                    <fieldset class="segmented">
                        <legend>"LoRA"</legend>
                        {choice("own", "The character's", own)}
                        {choice("none", "None", none)}
                        {choice("these", "These", these)}
                    </fieldset>
                    <details class="fold" open=these><summary>"Choose LoRAs"</summary>{rows.collect_view()}</details>
                    <div class="field-row">
                        <Field name="style" about="config.style" label="Style" value=values.style.clone() wrong=wrong("style") optional=true/>
                        <Field name="mood" about="config.mood" label="Mood" value=values.mood.clone() wrong=wrong("mood") optional=true/>
                    </div>
                    <div class="field-row">
                        <Field name="count" about="config.count" label="How many" kind=Kind::Number value=values.count.clone() wrong=wrong("count") placeholder="1"/>
                        <Field name="width" about="config.width" label="Width" kind=Kind::Number value=values.width.clone() wrong=wrong("width") placeholder="usual"/>
                        <Field name="height" about="config.height" label="Height" kind=Kind::Number value=values.height.clone() wrong=wrong("height") placeholder="usual"/>
                        <Field name="steps" about="config.steps" label="Steps" kind=Kind::Number value=values.steps.clone() wrong=wrong("steps") placeholder="usual"/>
                        <Field name="cfg" about="config.cfg" label="Cfg" kind=Kind::Number value=values.cfg.clone() wrong=wrong("cfg") placeholder="usual"/>
                    </div>
                    <Field name="negativePrompt" about="config.negativePrompt" label="Negative prompt" kind=Kind::Text(2) value=values.negative_prompt.clone() wrong=wrong("negativePrompt") optional=true/>
                </div>
            </details>
        </section>
    }
}
