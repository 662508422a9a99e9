//! The Studio's form: what is typed, and the request it makes.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        character::CharacterId,
        generation::{GenerateRequest, LARGEST_BATCH, SizePreset, defaults, size_presets},
        library::PromptId,
        model::{Catalogue, Family},
        problem::{Checks, Problem},
    },
    service,
    state::AppState,
    web::{
        context,
        form::{Choice, Field, Form, Kind, OptionGroup, ProblemSummary, sent},
        pages::{
            characters::look::{LoraFields, LoraRow, loras, number},
            models::{lora_options, model_options},
        },
    },
};

/// What is typed. Everything is text until it is checked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StudioForm {
    /// Whose picture.
    pub character_id: String,
    prompt: String,
    model: String,
    /// `own` (the character's), `none`, or `these`.
    lora_choice: String,
    loras: Vec<LoraRow>,
    /// A preset's ratio, or empty for width and height.
    size: String,
    width: String,
    height: String,
    batch: String,
    steps: String,
    cfg: String,
    guidance: String,
    sampler: String,
    scheduler: String,
    seed: String,
    negative_prompt: String,
    full_prompt: String,
    /// The entry of the library it is made from.
    prompt_id: String,
}

/// The form as it stands in a URL, for the preview.
#[derive(Serialize, Deserialize)]
struct InQuery {
    form: StudioForm,
}

impl StudioForm {
    /// What was typed so far, when the page is asked for with it.
    pub fn from_query() -> Option<Self> {
        let parts = use_context::<axum::http::request::Parts>()?;
        let query = parts.uri.query().filter(|query| query.contains("form%5B") || query.contains("form["))?;
        serde_qs::Config::new(5, false).deserialize_str::<InQuery>(query).ok().map(|typed| typed.form)
    }

    /// The Studio's address with this form and that prompt written by hand; an empty one is composed again.
    pub fn by_hand(&self, prompt: &str) -> Option<String> {
        let form = Self { full_prompt: prompt.to_owned(), ..self.clone() };
        let query = serde_qs::to_string(&InQuery { form }).ok()?;
        Some(format!("/studio?{query}#field-fullPrompt"))
    }

    /// Whether the whole prompt is written by hand.
    pub fn is_by_hand(&self) -> bool {
        !self.full_prompt.trim().is_empty()
    }

    /// A request as it would have been typed.
    pub fn of(request: &GenerateRequest) -> Self {
        let rows =
            request.loras.iter().flatten().map(|lora| LoraRow { name: lora.name.clone(), strength: lora.strength.to_string() }).collect();
        let choice = match &request.loras {
            None => "own",
            Some(loras) if loras.is_empty() => "none",
            Some(_) => "these",
        };
        Self {
            character_id: request.character_id.to_string(),
            prompt: request.prompt.clone(),
            model: request.model.clone().unwrap_or_default(),
            lora_choice: choice.into(),
            loras: rows,
            size: String::new(),
            width: text(request.width),
            height: text(request.height),
            batch: text(request.batch),
            steps: text(request.steps),
            cfg: text(request.cfg),
            guidance: text(request.guidance),
            sampler: request.sampler.clone().unwrap_or_default(),
            scheduler: request.scheduler.clone().unwrap_or_default(),
            seed: text(request.seed),
            negative_prompt: request.negative_prompt.clone().unwrap_or_default(),
            full_prompt: request.full_prompt.clone().unwrap_or_default(),
            prompt_id: request.prompt_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        }
    }

    /// A picture's request to start from: composed anew where it can be, with a seed of its own.
    pub fn remix(request: &GenerateRequest, app: &AppState) -> Self {
        let mut form = Self::of(request);
        form.name_size(app);
        form.seed.clear();
        form.prompt_id.clear();
        if !form.prompt.is_empty() {
            form.full_prompt.clear();
        }
        form
    }

    /// Says a size by its name instead of its numbers, where it has one.
    fn name_size(&mut self, app: &AppState) {
        let Some(family) = self.family(&app.comfy.catalogue(), app) else { return };
        let own = service::characters::get(app, &CharacterId::from(self.character_id.as_str())).ok().map(|one| one.defaults.clone());
        let (own, usual) = (own.unwrap_or_default(), defaults(family));
        let is = |width: u32, height: u32| self.width == width.to_string() && self.height == height.to_string();
        let name = if is(own.width.unwrap_or(usual.width), own.height.unwrap_or(usual.height)) {
            Some("")
        } else {
            size_presets(family).into_iter().find(|preset| is(preset.width, preset.height)).map(|preset| preset.ratio)
        };
        if let Some(name) = name {
            (self.size, self.width, self.height) = (name.to_owned(), String::new(), String::new());
        }
    }

    /// The request this makes.
    pub fn request(&self, catalogue: &Catalogue, app: &AppState) -> Result<GenerateRequest, Problem> {
        let (request, checks) = self.read(catalogue, app);
        checks.finish().map(|()| request)
    }

    /// The request this makes so far, and everything in it that is wrong in itself.
    pub fn read(&self, catalogue: &Catalogue, app: &AppState) -> (GenerateRequest, Checks) {
        let mut checks = Checks::default();
        let preset = self.preset(catalogue, app);
        let loras = match self.lora_choice.as_str() {
            "none" => Some(Vec::new()),
            "these" => Some(loras(&self.loras, &mut checks)),
            _ => None,
        };
        let request = GenerateRequest {
            character_id: CharacterId::from(self.character_id.as_str()),
            prompt: self.prompt.trim().to_owned(),
            full_prompt: some(&self.full_prompt),
            negative_prompt: some(&self.negative_prompt),
            model: some(&self.model),
            width: preset.map(|preset| preset.width).or_else(|| number("width", &self.width, &mut checks)),
            height: preset.map(|preset| preset.height).or_else(|| number("height", &self.height, &mut checks)),
            steps: number("steps", &self.steps, &mut checks),
            cfg: number("cfg", &self.cfg, &mut checks),
            guidance: number("guidance", &self.guidance, &mut checks),
            sampler: some(&self.sampler),
            scheduler: some(&self.scheduler),
            seed: number("seed", &self.seed, &mut checks),
            batch: number("batch", &self.batch, &mut checks),
            loras,
            prompt_id: some(&self.prompt_id).map(PromptId::from),
        };
        request.check_each(&mut checks);
        (request, checks)
    }

    /// The family of the model that would be used.
    fn family(&self, catalogue: &Catalogue, app: &AppState) -> Option<Family> {
        let own =
            || service::characters::get(app, &CharacterId::from(self.character_id.as_str())).ok().map(|one| one.preferred_model.clone());
        let name = some(&self.model).or_else(own).filter(|name| !name.is_empty());
        match name {
            Some(name) => catalogue.model(&name)?.family,
            None => catalogue.models.iter().find_map(|file| file.family),
        }
    }

    fn preset(&self, catalogue: &Catalogue, app: &AppState) -> Option<SizePreset> {
        let presets = size_presets(self.family(catalogue, app).unwrap_or(Family::Sdxl));
        presets.into_iter().find(|preset| preset.ratio == self.size)
    }
}

/// The form on the page. Without script, its second button shows the prompt.
#[component]
pub fn StudioFields(form: Form<StudioForm>, people: Vec<(String, String)>) -> impl IntoView {
    let app = context::app();
    let catalogue = app.comfy.catalogue();
    let values = form.values.clone();
    let batch = values.batch.parse::<u32>().unwrap_or(1).clamp(1, LARGEST_BATCH);
    view! {
        <form class="card" method="post" action="/actions/studio/generate" data-live-preview="#prompt-preview" data-submit-key="">
            <div class="body stack">
                <ProblemSummary problem=form.problem.clone()/>
                {(!values.prompt_id.is_empty()).then(|| view! { <input type="hidden" name=sent("promptId") value=values.prompt_id.clone()/> })}
                <Choice name="characterId" label="Character" value=values.character_id.clone() options=vec![OptionGroup::plain(people)] wrong=form.wrong("characterId")/>
                <Field name="prompt" label="What happens in the picture" kind=Kind::Text(3) value=values.prompt.clone() wrong=form.wrong("prompt")
                    placeholder="walking barefoot along a lake at dawn, mist over the water"/>
                <Choice name="model" label="Model" value=values.model.clone() options=model_options(&catalogue, "As set for the character") wrong=form.wrong("model")/>
                <Loras form=form.clone() options=lora_options(&catalogue, "None")/>
                <Sizes chosen=values.size.clone() custom=!values.width.is_empty() || !values.height.is_empty() family=values.family(&catalogue, &app)/>
                <fieldset class="segmented">
                    <legend>"How many"</legend>
                    {[1, 2, 3, 4, 5, 6, 7, 8].map(|number| view! {
                        <label><input type="radio" name=sent("batch") value=number.to_string() checked=batch == number/><span>{number}</span></label>
                    }).collect_view()}
                </fieldset>
                <Advanced form=form.clone() catalogue=(*catalogue).clone()/>
                <div class="form-actions">
                    <button class="button primary wide">"Generate "<kbd class="js-only">"Ctrl ↵"</kbd></button>
                    <button class="button noscript" formmethod="get" formaction="/studio">"Show the prompt"</button>
                </div>
            </div>
        </form>
    }
}

/// The shapes of the networks, sized for the model's family.
#[component]
fn Sizes(chosen: String, custom: bool, family: Option<Family>) -> impl IntoView {
    let presets = size_presets(family.unwrap_or(Family::Sdxl)).map(|preset| {
        let title = format!("{}: {} × {}", preset.purpose, preset.width, preset.height);
        view! { <label title=title><input type="radio" name=sent("size") value=preset.ratio checked=chosen == preset.ratio/><span>{preset.ratio}</span></label> }
    });
    let usual = if custom { "Custom" } else { "Usual" };
    view! {
        <fieldset class="segmented">
            <legend>"Size"</legend>
            <label title="The character's size, or the one under Advanced"><input type="radio" name=sent("size") value="" checked=chosen.is_empty()/><span>{usual}</span></label>
            {presets.collect_view()}
        </fieldset>
    }
}

#[component]
fn Loras(form: Form<StudioForm>, options: Vec<OptionGroup>) -> impl IntoView {
    let chosen = if form.values.lora_choice.is_empty() { "own".to_owned() } else { form.values.lora_choice.clone() };
    let choice = |value: &'static str, words: &'static str| {
        view! { <label><input type="radio" name=sent("loraChoice") value=value checked=chosen == value/><span>{words}</span></label> }
    };
    let rows = (0..(form.values.loras.len() + 1).max(2)).map(|place| {
        let row = form.values.loras.get(place).cloned().unwrap_or_default();
        let (wrong_name, wrong_strength) = (form.wrong(&format!("loras[{place}].name")), form.wrong(&format!("loras[{place}].strength")));
        view! { <LoraFields place row options=options.clone() wrong_name wrong_strength/> }
    });
    let open = chosen == "these";
    view! {
        <fieldset class="segmented">
            <legend>"LoRA"</legend>
            {choice("own", "The character's")}
            {choice("none", "None")}
            {choice("these", "These")}
        </fieldset>
        <details class="fold" open=open>
            <summary>"Choose LoRAs"</summary>
            {rows.collect_view()}
        </details>
    }
}

#[component]
fn Advanced(form: Form<StudioForm>, catalogue: Catalogue) -> impl IntoView {
    let values = form.values.clone();
    let plain = |names: &[String]| {
        let named = names.iter().map(|name| (name.clone(), name.clone()));
        vec![OptionGroup::plain([(String::new(), "Usual".to_owned())].into_iter().chain(named).collect())]
    };
    const ADVANCED: [&str; 10] =
        ["width", "height", "steps", "cfg", "guidance", "sampler", "scheduler", "seed", "negativePrompt", "fullPrompt"];
    let open = values.is_by_hand() || ADVANCED.iter().any(|field| form.wrong(field).is_some());
    let seed = if values.seed.is_empty() { "random".to_owned() } else { values.seed.clone() };
    view! {
        <details class="fold" open=open>
            <summary>"Advanced "<span class="muted">{format!("seed {seed}")}</span></summary>
            <div class="stack">
                <div class="field-row halves">
                    <Field name="width" label="Width" kind=Kind::Number value=values.width wrong=form.wrong("width") placeholder="usual"/>
                    <Field name="height" label="Height" kind=Kind::Number value=values.height wrong=form.wrong("height") placeholder="usual"/>
                    <Field name="steps" label="Steps" kind=Kind::Number value=values.steps wrong=form.wrong("steps") placeholder="usual"/>
                    <Field name="cfg" label="Cfg" kind=Kind::Number value=values.cfg wrong=form.wrong("cfg") placeholder="usual"/>
                    <Field name="guidance" label="Guidance" kind=Kind::Number value=values.guidance wrong=form.wrong("guidance") placeholder="FLUX only"/>
                    <Field name="seed" label="Seed" kind=Kind::Number value=values.seed wrong=form.wrong("seed") placeholder="random"/>
                    <Choice name="sampler" label="Sampler" value=values.sampler options=plain(&catalogue.samplers) wrong=form.wrong("sampler")/>
                    <Choice name="scheduler" label="Scheduler" value=values.scheduler options=plain(&catalogue.schedulers) wrong=form.wrong("scheduler")/>
                </div>
                <Field name="negativePrompt" label="Negative prompt" kind=Kind::Text(2) value=values.negative_prompt wrong=form.wrong("negativePrompt")
                    help="Empty means the character's own."/>
                <Field name="fullPrompt" label="The whole prompt, by hand" kind=Kind::Text(3) value=values.full_prompt wrong=form.wrong("fullPrompt")
                    help="Sent word for word instead of the composed one."/>
            </div>
        </details>
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn text<N: ToString>(number: Option<N>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}
