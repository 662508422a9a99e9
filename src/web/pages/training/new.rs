//! A new training: whose, from which pictures, on which model, for how long; and the exact command before it is started.

use std::sync::Arc;

use leptos::prelude::*;

use super::{form::TrainForm, page_of, setup::TrainerMissing};
use crate::{
    domain::{
        check::Verdict,
        dataset::{Dataset, DatasetId},
        model::Family,
        training::{Optimizer, Precision, Preset, TrainingId},
    },
    service::{
        datasets,
        trainings::{self, Offer, base_models},
    },
    state::AppState,
    store::State,
    web::{
        components::{
            icon::Icon,
            page::{Empty, Heading, Pill},
        },
        context,
        form::{Choice, Field, Form, Kind, OptionGroup, ProblemSummary, sent},
        words,
    },
};

/// The page.
#[component]
pub fn New() -> impl IntoView {
    let app = context::app();
    let state = app.store.read();
    let trainer = trainings::trainer(&app, &state);
    if trainer.launcher.is_none() || trainer.models.is_empty() {
        return view! { <Heading title="New training"/><TrainerMissing/> }.into_any();
    }
    if state.characters.is_empty() {
        return view! {
            <Heading title="New training"/>
            <Empty icon=icondata_lu::LuUserPlus title="Whose LoRA?" words="There is no character yet. Create one first, then gather pictures.">
                <a class="button primary" href="/characters/new">"Create a character"</a>
            </Empty>
        }
        .into_any();
    }
    if !state.datasets.iter().any(|dataset| dataset.usable().next().is_some()) {
        return view! {
            <Heading title="New training"/>
            <Empty icon=icondata_lu::LuImages title="No pictures to learn from" words="A LoRA learns from a dataset: 15 to 40 pictures of one character with captions.">
                <a class="button primary" href="/datasets">"Make a dataset"</a>
            </Empty>
        }
        .into_any();
    }
    let mut form = Form::new("training", || first_values(&app, &state));
    if form.values.id.is_empty() {
        form.values.id = TrainingId::new().to_string();
    }
    view! {
        <Heading title="New training"/>
        <div class="with-side training-new">
            <Fields form=form.clone() state=Arc::clone(&state)/>
            <Offered form=form.values/>
        </div>
    }
    .into_any()
}

/// What the form shows first: what was just typed, a training to repeat, or the newest dataset there is.
fn first_values(app: &AppState, state: &State) -> TrainForm {
    if let Some(typed) = TrainForm::from_query() {
        return typed;
    }
    let again = Some(context::query("again")).filter(|id| !id.is_empty()).map(TrainingId::from);
    if let Some(training) = again.and_then(|id| trainings::get(app, &id).ok()) {
        return TrainForm::again(&training);
    }
    let asked = Some(context::query("dataset")).filter(|id| !id.is_empty()).map(DatasetId::from);
    let dataset = asked.and_then(|id| datasets::get(app, &id).ok());
    let character = context::chosen_character();
    let hers =
        |dataset: &&Arc<Dataset>| dataset.usable().next().is_some() && character.as_ref().is_none_or(|id| dataset.character_id == *id);
    let dataset = dataset.or_else(|| state.datasets.newest().find(hers).cloned());
    let whose = dataset.as_ref().map(|dataset| dataset.character_id.clone()).or(character);
    let first = || state.characters.iter().next().map(|one| one.id.clone());
    TrainForm {
        id: TrainingId::new().to_string(),
        character_id: whose.or_else(first).map(|id| id.to_string()).unwrap_or_default(),
        dataset_id: dataset.as_ref().map(|dataset| dataset.id.to_string()).unwrap_or_default(),
        base_model: usual_model(app, state, dataset.as_deref()),
        preset: Preset::default().key().into(),
        ..TrainForm::default()
    }
}

/// The base model of the family her pictures are made with, else the first.
fn usual_model(app: &AppState, state: &State, dataset: Option<&Dataset>) -> String {
    let models = base_models(&trainings::trainer(app, state));
    let family = dataset.map(|dataset| datasets::family(app, dataset));
    let fitting = models.iter().find(|model| Some(model.family) == family).or(models.first());
    fitting.map(|model| model.path.to_string_lossy().into_owned()).unwrap_or_default()
}

#[component]
fn Fields(form: Form<TrainForm>, state: Arc<State>) -> impl IntoView {
    let app = context::app();
    let values = form.values.clone();
    let people: Vec<_> = state.characters.iter().map(|one| (one.id.to_string(), one.name.clone())).collect();
    let models = base_model_options(&app, &state);
    let chosen = Preset::from_key(&values.preset).unwrap_or_default();
    let presets = Preset::ALL.map(|preset| {
        view! {
            <label><input type="radio" name=sent("preset") value=preset.key() checked=preset == chosen/>
                <span><b>{preset.label()}</b><small>{preset.words()}</small></span></label>
        }
    });
    view! {
        <form class="card form" method="post" action="/actions/training/start" data-live-preview="#offer" data-submit-key="">
            <div class="body stack">
                <ProblemSummary problem=form.problem.clone()/>
                <input type="hidden" name=sent("id") value=values.id.clone()/>
                <div class="field-row halves">
                    <Choice name="characterId" label="Character" value=values.character_id.clone() options=vec![OptionGroup::plain(people)] wrong=form.wrong("characterId")/>
                    <Choice name="datasetId" label="Dataset" value=values.dataset_id.clone() options=dataset_options(&state) wrong=form.wrong("datasetId")/>
                </div>
                <Choice name="baseModel" label="Base model" value=values.base_model.clone() options=models wrong=form.wrong("baseModel")
                    help="The LoRA goes with models of the same family."/>
                <fieldset class="choices presets"><legend>"How long"</legend>{presets.collect_view()}</fieldset>
                <div class="field-row halves">
                    <Field name="triggerWord" label="Trigger word" value=values.trigger_word.clone() wrong=form.wrong("triggerWord") optional=true
                        help="The word the LoRA answers to. Left empty, the dataset's or the character's own."/>
                    <Field name="name" label="Name of the LoRA" value=values.name.clone() wrong=form.wrong("name") optional=true limit=80
                        help="Left empty, the character's name with a number."/>
                </div>
                <Expert form=form.clone()/>
                <div class="form-actions">
                    <button class="button primary"><Icon of=icondata_lu::LuPlay/>"Start training"</button>
                    <button class="button noscript" formmethod="get" formaction="/training/new" formnovalidate=true>"Show the command"</button>
                </div>
            </div>
        </form>
    }
}

/// The datasets, by character.
/// The base models that are set, by family.
pub fn base_model_options(app: &AppState, state: &State) -> Vec<OptionGroup> {
    let models = base_models(&trainings::trainer(app, state));
    let family = |family: Family| {
        let hers = models.iter().filter(|model| model.family == family);
        let options: Vec<_> = hers.map(|model| (model.path.to_string_lossy().into_owned(), model.name())).collect();
        (!options.is_empty()).then(|| OptionGroup { heading: family.label().to_owned(), options })
    };
    Family::ALL.into_iter().filter_map(family).collect()
}

/// All datasets, by whom they show.
pub fn dataset_options(state: &State) -> Vec<OptionGroup> {
    let mut groups: Vec<OptionGroup> = Vec::new();
    for dataset in state.datasets.newest() {
        let owner = state.characters.get(dataset.character_id.as_str()).map_or("A deleted character", |one| one.name.as_str());
        let option =
            (dataset.id.to_string(), format!("{} ({})", dataset.name, words::count(dataset.usable().count(), "picture", "pictures")));
        match groups.iter_mut().find(|group| group.heading == owner) {
            Some(group) => group.options.push(option),
            None => groups.push(OptionGroup { heading: owner.to_owned(), options: vec![option] }),
        }
    }
    groups
}

#[component]
fn Expert(form: Form<TrainForm>) -> impl IntoView {
    let values = form.values.clone();
    let open = values.is_expert() || form.problem.is_some();
    let plain = |options: Vec<(&str, &str)>| {
        vec![OptionGroup::plain(options.into_iter().map(|(key, label)| (key.to_owned(), label.to_owned())).collect())]
    };
    let precisions = std::iter::once(("", "bf16, for cards since 2020")).chain(Precision::ALL.into_iter().skip(1).map(|one| match one {
        Precision::Fp16 => ("fp16", "fp16, for older cards"),
        Precision::No => ("no", "Full precision"),
        Precision::Bf16 => ("bf16", "bf16"),
    }));
    let optimizers = std::iter::once(("", "AdamW")).chain(Optimizer::ALL.into_iter().skip(1).map(|one| match one {
        Optimizer::AdamW8bit => ("adamw8bit", "AdamW8bit, less memory; needs bitsandbytes"),
        Optimizer::Adafactor => ("adafactor", "Adafactor, least memory"),
        Optimizer::AdamW => ("adamw", "AdamW"),
    }));
    let (precisions, optimizers) = (plain(precisions.collect()), plain(optimizers.collect()));
    let sample_prompts = values.sample_prompts.clone().unwrap_or_default();
    view! {
        <details class="fold" open=open>
            <summary>"For experts "<span class="muted">"empty follows the choice above"</span></summary>
            <div class="stack">
                <div class="field-row">
                    <Field name="epochs" label="Epochs" kind=Kind::Number value=values.epochs wrong=form.wrong("epochs") optional=true/>
                    <Field name="steps" label="or steps" kind=Kind::Number value=values.steps wrong=form.wrong("steps") optional=true/>
                    <Field name="repeats" label="Repeats" kind=Kind::Number value=values.repeats wrong=form.wrong("repeats") optional=true/>
                    <Field name="batchSize" label="Batch" kind=Kind::Number value=values.batch_size wrong=form.wrong("batchSize") optional=true/>
                </div>
                <div class="field-row">
                    <Field name="learningRate" label="Learning rate" kind=Kind::Number value=values.learning_rate wrong=form.wrong("learningRate") optional=true placeholder="0.0001"/>
                    <Field name="networkDim" label="Dim" kind=Kind::Number value=values.network_dim wrong=form.wrong("networkDim") optional=true/>
                    <Field name="networkAlpha" label="Alpha" kind=Kind::Number value=values.network_alpha wrong=form.wrong("networkAlpha") optional=true/>
                    <Field name="resolution" label="Resolution" kind=Kind::Number value=values.resolution wrong=form.wrong("resolution") optional=true/>
                </div>
                <div class="field-row">
                    <Field name="seed" label="Seed" kind=Kind::Number value=values.seed wrong=form.wrong("seed") optional=true placeholder="42"/>
                    <Field name="saveEvery" label="Save every … epochs" kind=Kind::Number value=values.save_every wrong=form.wrong("saveEvery") optional=true placeholder="1"/>
                    <Choice name="saveState" label="Save the state" value=values.save_state options=plain(vec![("", "Yes, to go on from"), ("no", "No")])/>
                </div>
                <div class="field-row halves">
                    <Choice name="precision" label="Precision" value=values.precision options=precisions/>
                    <Choice name="optimizer" label="Optimizer" value=values.optimizer options=optimizers/>
                </div>
                <Field name="samplePrompts" label="Prompts drawn after each epoch" kind=Kind::Text(2) value=sample_prompts wrong=form.wrong("samplePrompts") optional=true
                    help="One a line, at most 8."/>
                <Field name="extraArgs" label="Extra arguments" value=values.extra_args wrong=form.wrong("extraArgs") optional=true placeholder="--min_snr_gamma 5"
                    help="Passed on as they are, one by one; there is no shell between. What leads to other files or machines is refused."/>
            </div>
        </details>
    }
}

/// What would happen: numbers, what is to be said about the dataset, the exact command.
#[component]
fn Offered(form: TrainForm) -> impl IntoView {
    let app = context::app();
    let body = match form.request().and_then(|request| trainings::offer(&app, &request, &form.id())) {
        Err(problem) => view! { <p class="note warn">{problem.message}</p> }.into_any(),
        Ok(offer) => view! { <Numbers offer=offer.clone()/><Concerns dataset=form.dataset_id/><Command offer/> }.into_any(),
    };
    view! {
        <section class="card sticky" id="offer">
            <header><h2>"What will happen"</h2></header>
            <div class="body stack">{body}</div>
        </section>
    }
}

#[component]
fn Numbers(offer: Offer) -> impl IntoView {
    let plan = &offer.plan;
    let steps = plan.total_steps(offer.pictures);
    let epoch = format!(
        "{} × {} ÷ {} = {}",
        words::count(offer.pictures as usize, "picture", "pictures"),
        plan.repeats,
        plan.batch_size,
        words::grouped(plan.steps_per_epoch(offer.pictures) as usize)
    );
    let trigger = if plan.trigger_word.is_empty() { "none".to_owned() } else { plan.trigger_word.clone() };
    view! {
        <dl class="facts">
            <dt>"LoRA"</dt><dd class="strong">{format!("{} · {}", offer.name, plan.family.label())}</dd>
            <dt>"Trigger word"</dt><dd>{trigger}</dd>
            <dt>"Steps"</dt><dd class="strong">{format!("{} in {}", words::grouped(steps as usize), words::count(plan.epochs as usize, "epoch", "epochs"))}</dd>
            <dt>"One epoch"</dt><dd>{format!("{epoch} steps")}</dd>
            <dt>"Size"</dt><dd>{format!("dim {}, alpha {}, {} pixels", plan.network_dim, plan.network_alpha, plan.resolution)}</dd>
            <dt>"Disk"</dt><dd>{format!("up to {}", words::bytes(plan.bytes()))}</dd>
        </dl>
    }
}

/// What the checks of the dataset have to say.
#[component]
fn Concerns(dataset: String) -> impl IntoView {
    let app = context::app();
    let dataset = datasets::get(&app, &DatasetId::from(dataset.as_str())).ok();
    let concerns = dataset.map(|dataset| {
        let href = format!("/datasets/{}", context::encode(dataset.id.as_str()));
        let family = datasets::family(&app, &dataset);
        let checks = datasets::checks(&app, &dataset, family).into_iter().filter(|check| check.verdict > Verdict::Good);
        let rows: Vec<_> = checks
            .map(|check| {
                let tone = if check.verdict == Verdict::Stops { "bad" } else { "warn" };
                view! { <li><Pill tone words=check.name.label()/><div><p>{check.words}</p></div></li> }
            })
            .collect();
        (!rows.is_empty())
            .then(|| view! { <ul class="list">{rows}</ul><p class="small"><a class="link" href=href>"Look at the dataset"</a></p> })
    });
    concerns.flatten()
}

#[component]
fn Command(offer: Offer) -> impl IntoView {
    view! {
        <details class="fold command" open=true>
            <summary>"The exact command"</summary>
            <pre class="log" tabindex="0" id="command">{offer.command}</pre>
            <p class="js-only"><button type="button" class="button small" data-copy="#command"><Icon of=icondata_lu::LuCopy/>"Copy"</button></p>
        </details>
    }
}

/// Where a new training like that one is asked for.
pub(super) fn again_at(id: &TrainingId) -> String {
    format!("/training/new?again={}", page_of(id).trim_start_matches("/training/"))
}
