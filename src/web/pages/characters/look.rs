//! A character's look: model, LoRAs, prompt settings, sizes.

use chrono::Utc;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{about, page_of};
use crate::{
    domain::{
        character::{Character, CharacterChange, CharacterId, GenerationDefaults, PromptSettingsChange},
        model::LoraUse,
        problem::{Checks, Problem},
        prompt,
    },
    expected::Expected,
    service,
    web::{
        actions::{Done, Sending, submit},
        components::parts::PromptParts,
        context,
        form::{Choice, Field, Form, Kind, OptionGroup, ProblemSummary},
        pages::{
            models::{lora_options, model_options},
            training::versions::Versions,
        },
    },
};

/// How many LoRAs the form has room for beyond those that are set.
const SPARE: usize = 1;

/// What is typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LookForm {
    preferred_model: String,
    trigger_word: String,
    base_prompt: String,
    negative_prompt: String,
    style: String,
    mood: String,
    loras: Vec<LoraRow>,
    width: String,
    height: String,
    steps: String,
    cfg: String,
}

/// A LoRA as it is typed; without a name it is none.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LoraRow {
    /// As ComfyUI lists it.
    pub name: String,
    /// A number.
    pub strength: String,
}

impl LookForm {
    fn of(character: &Character) -> Self {
        let settings = &character.prompt_settings;
        let defaults = &character.defaults;
        let row = |lora: &LoraUse| LoraRow { name: lora.name.clone(), strength: lora.strength.to_string() };
        Self {
            preferred_model: character.preferred_model.clone(),
            trigger_word: character.trigger_word.clone(),
            base_prompt: settings.base_prompt.clone(),
            negative_prompt: settings.negative_prompt.clone(),
            style: settings.style.clone(),
            mood: settings.mood.clone(),
            loras: character.loras.iter().map(row).collect(),
            width: text(defaults.width),
            height: text(defaults.height),
            steps: text(defaults.steps),
            cfg: text(defaults.cfg),
        }
    }

    fn change(self) -> Result<CharacterChange, Problem> {
        let mut checks = Checks::default();
        let defaults = GenerationDefaults {
            width: number("defaults.width", &self.width, &mut checks),
            height: number("defaults.height", &self.height, &mut checks),
            steps: number("defaults.steps", &self.steps, &mut checks),
            cfg: number("defaults.cfg", &self.cfg, &mut checks),
        };
        let loras = loras(&self.loras, &mut checks);
        checks.finish()?;
        Ok(CharacterChange {
            preferred_model: self.preferred_model.into(),
            trigger_word: self.trigger_word.into(),
            prompt_settings: PromptSettingsChange {
                base_prompt: self.base_prompt.into(),
                negative_prompt: self.negative_prompt.into(),
                style: self.style.into(),
                mood: self.mood.into(),
            }
            .into(),
            loras: loras.into(),
            defaults: defaults.into(),
            ..CharacterChange::default()
        })
    }
}

/// Saves the look.
#[server(prefix = "/actions", endpoint = "characters/look")]
pub async fn save_look(id: CharacterId, #[server(default)] form: LookForm) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = page_of(&id, "look");
    submit(Sending { name: "look", page: page.clone(), values: &form }, async {
        service::characters::change(&app, &id, form.clone().change()?, Expected::ANY, Utc::now()).await?;
        Ok(Done::to(page.clone()).saying("Look saved."))
    })
    .await
}

/// The page.
#[component]
pub fn Look() -> impl IntoView {
    about("look", |character| {
        let form = Form::new("look", || LookForm::of(&character));
        let app = context::app();
        let catalogue = app.comfy.catalogue();
        let chapter = character.chapter(Utc::now(), app.timezone());
        let parts = prompt::parts(&character, chapter, "what is asked for");
        let values = form.values.clone();
        let rows = (0..values.loras.len() + SPARE).map(|place| lora_row(&form, place, lora_options(&catalogue, "None")));
        let rows: Vec<_> = rows.collect();
        view! {
            <form class="form" method="post" action="/actions/characters/look" data-guard="">
                <input type="hidden" name="id" value=character.id.to_string()/>
                <ProblemSummary problem=form.problem.clone()/>
                <Choice name="preferredModel" label="Model" value=values.preferred_model options=model_options(&catalogue, "The first that fits")
                    wrong=form.wrong("preferredModel") help="As ComfyUI has them. The LoRAs must be of the same family."/>
                <fieldset class="stack"><legend>"LoRAs"</legend>{rows}</fieldset>
                <Field name="triggerWord" label="Trigger word" value=values.trigger_word wrong=form.wrong("triggerWord") optional=true
                    help="The word the LoRA was trained on."/>
                <Field name="basePrompt" about="promptSettings.basePrompt" label="Base prompt" kind=Kind::Text(3) value=values.base_prompt
                    wrong=form.wrong("promptSettings.basePrompt") help="Comes first in each prompt."/>
                <Field name="negativePrompt" about="promptSettings.negativePrompt" label="Negative prompt" kind=Kind::Text(2) value=values.negative_prompt
                    wrong=form.wrong("promptSettings.negativePrompt") optional=true help="What must not be in a picture. FLUX has no use for it."/>
                <div class="field-row">
                    <Field name="style" about="promptSettings.style" label="Style" value=values.style wrong=form.wrong("promptSettings.style") optional=true placeholder="film photo, soft light"/>
                    <Field name="mood" about="promptSettings.mood" label="Mood" value=values.mood wrong=form.wrong("promptSettings.mood") optional=true placeholder="serene"/>
                </div>
                <details class="fold" open=form.problem.is_some()>
                    <summary>"Size and steps "<span class="muted">"empty follows the model's family"</span></summary>
                    <div class="field-row">
                        <Field name="width" about="defaults.width" label="Width" kind=Kind::Number value=values.width wrong=form.wrong("defaults.width") optional=true/>
                        <Field name="height" about="defaults.height" label="Height" kind=Kind::Number value=values.height wrong=form.wrong("defaults.height") optional=true/>
                        <Field name="steps" about="defaults.steps" label="Steps" kind=Kind::Number value=values.steps wrong=form.wrong("defaults.steps") optional=true/>
                        <Field name="cfg" about="defaults.cfg" label="Cfg" kind=Kind::Number value=values.cfg wrong=form.wrong("defaults.cfg") optional=true/>
                    </div>
                </details>
                <div class="form-actions"><button class="button primary">"Save look"</button></div>
            </form>
            <section class="card form"><header><h2>"The prompt, by its parts"</h2></header><div class="body"><PromptParts parts/></div></section>
            <Versions character=std::sync::Arc::clone(&character)/>
        }
    })
}

fn lora_row(form: &Form<LookForm>, place: usize, options: Vec<OptionGroup>) -> AnyView {
    let row = form.values.loras.get(place).cloned().unwrap_or_default();
    view! { <LoraFields place row options wrong_name=form.wrong(&format!("loras[{place}].name")) wrong_strength=form.wrong(&format!("loras[{place}].strength"))/> }.into_any()
}

/// One LoRA of a form: which, and how strongly.
#[component]
pub fn LoraFields(
    place: usize,
    row: LoraRow,
    options: Vec<OptionGroup>,
    wrong_name: Option<String>,
    wrong_strength: Option<String>,
) -> impl IntoView {
    // Names of fields live as long as the program; a form has room for at most ten LoRAs.
    const NAMES: [[&str; 2]; 11] = [
        ["loras[0][name]", "loras[0][strength]"],
        ["loras[1][name]", "loras[1][strength]"],
        ["loras[2][name]", "loras[2][strength]"],
        ["loras[3][name]", "loras[3][strength]"],
        ["loras[4][name]", "loras[4][strength]"],
        ["loras[5][name]", "loras[5][strength]"],
        ["loras[6][name]", "loras[6][strength]"],
        ["loras[7][name]", "loras[7][strength]"],
        ["loras[8][name]", "loras[8][strength]"],
        ["loras[9][name]", "loras[9][strength]"],
        ["loras[10][name]", "loras[10][strength]"],
    ];
    let [name, strength] = NAMES[place.min(NAMES.len() - 1)];
    view! {
        <div class="field-row lora">
            <Choice name label="LoRA" value=row.name options wrong=wrong_name/>
            <Field name=strength label="Strength" kind=Kind::Number value=row.strength wrong=wrong_strength placeholder="1"/>
        </div>
    }
}

/// The LoRAs that were typed.
pub fn loras(rows: &[LoraRow], checks: &mut Checks) -> Vec<LoraUse> {
    let named = rows.iter().enumerate().filter(|(_, row)| !row.name.trim().is_empty());
    let mut loras = Vec::new();
    for (place, row) in named {
        let strength = number(&format!("loras[{place}].strength"), &row.strength, checks).unwrap_or(1.0);
        loras.push(LoraUse { name: row.name.trim().to_owned(), strength });
    }
    loras
}

/// A number that was typed; an empty text is none. People also write decimal commas.
pub fn number<N: std::str::FromStr>(field: &str, typed: &str, checks: &mut Checks) -> Option<N> {
    let typed = typed.trim().replace(',', ".");
    if typed.is_empty() {
        return None;
    }
    let number = typed.parse().ok();
    checks.require(number.is_some(), field, format!("{typed} is not a number that fits here."));
    number
}

fn text<N: ToString>(number: Option<N>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}
