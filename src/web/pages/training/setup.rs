//! The trainer: what is set, whether it works, and what to do when nothing is set.

use chrono::Utc;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    domain::training::WhileTraining,
    expected::Expected,
    service::{
        self,
        settings::SettingsChange,
        trainings::{self, TrainerChange},
    },
    web::{
        actions::{Done, Sending, press, submit},
        components::{
            icon::Icon,
            page::{Empty, Pill},
        },
        context,
        form::{Choice, Field, Form, Kind, OptionGroup, ProblemSummary},
        words,
    },
};

/// What is typed about the trainer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TrainerForm {
    kohya_dir: String,
    kohya_python: String,
    trainer_command: String,
    sd15_models: String,
    sdxl_models: String,
    flux_models: String,
    flux_clip_l: String,
    flux_t5xxl: String,
    flux_ae: String,
    comfyui_lora_dir: String,
    image_folders: String,
    generation_while_training: String,
}

/// Saves where the trainer and its models are; what does not lead there is refused.
#[server(prefix = "/actions", endpoint = "settings/training")]
pub async fn save_trainer(#[server(default)] form: TrainerForm) -> Result<(), ServerFnError> {
    let app = context::app();
    submit(Sending { name: "trainer", page: "/settings#training".into(), values: &form }, async {
        let stored = app.store.read().settings.trainer.clone();
        // A field that shows what flags or the environment say is not to be stored only because the form was sent.
        let before = service::settings::view(&app);
        let changed = |name: &str, typed: &str, set: bool| {
            let typed = typed.trim().replace('\r', "");
            let same = before.get(name).is_some_and(|shown| *shown == typed);
            if same && !set { crate::domain::sent::Sent::Absent } else { typed.into() }
        };
        let change = TrainerChange {
            kohya_dir: changed("kohyaDir", &form.kohya_dir, !stored.kohya_dir.is_empty()),
            kohya_python: changed("kohyaPython", &form.kohya_python, !stored.kohya_python.is_empty()),
            trainer_command: changed("trainerCommand", &form.trainer_command, !stored.trainer_command.is_empty()),
            sd15_models: changed("sd15Models", &form.sd15_models, !stored.sd15_models.is_empty()),
            sdxl_models: changed("sdxlModels", &form.sdxl_models, !stored.sdxl_models.is_empty()),
            flux_models: changed("fluxModels", &form.flux_models, !stored.flux_models.is_empty()),
            flux_clip_l: changed("fluxClipL", &form.flux_clip_l, !stored.flux_clip_l.is_empty()),
            flux_t5xxl: changed("fluxT5xxl", &form.flux_t5xxl, !stored.flux_t5xxl.is_empty()),
            flux_ae: changed("fluxAe", &form.flux_ae, !stored.flux_ae.is_empty()),
            comfyui_lora_dir: changed("comfyuiLoraDir", &form.comfyui_lora_dir, !stored.comfyui_lora_dir.is_empty()),
            image_folders: changed("imageFolders", &form.image_folders, !stored.image_folders.is_empty()),
            generation_while_training: form.generation_while_training.clone().into(),
        };
        service::settings::change(&app, SettingsChange { trainer: change, ..SettingsChange::default() }, Expected::ANY).await?;
        let words = match trainings::look(&app, Utc::now()).await.map(|seen| seen.seen) {
            Some(Ok(what)) => format!("Saved. The trainer works: {what}."),
            Some(Err(words)) => format!("Saved. {words}"),
            None => "Saved. No trainer is set up.".to_owned(),
        };
        Ok(Done::to("/settings#training").saying(words))
    })
    .await
}

/// Looks whether the trainer works.
#[server(prefix = "/actions", endpoint = "settings/test-trainer")]
pub async fn test_trainer() -> Result<(), ServerFnError> {
    let app = context::app();
    press("/settings#training", async {
        let words = match trainings::look(&app, Utc::now()).await.map(|seen| seen.seen) {
            Some(Ok(what)) => format!("The trainer works: {what}."),
            Some(Err(words)) => return Err(crate::domain::problem::Problem::conflict(words).into()),
            None => return Err(crate::domain::problem::Problem::conflict("No trainer is set up.").into()),
        };
        Ok(Done::to("/settings#training").saying(words))
    })
    .await
}

/// What stands where trainings would, when there is no trainer.
#[component]
pub fn TrainerMissing() -> impl IntoView {
    let app = context::app();
    let set = trainings::trainer(&app, &app.store.read()).launcher.is_some();
    let (title, words) = if set {
        (
            "No base model is set",
            "The trainer is there, but not what it is to build on. Set the path of a base model: SD 1.5, SDXL or FLUX.",
        )
    } else {
        (
            "No trainer is set up",
            "LoRAs are trained on this machine with kohya's sd-scripts. Install it with its requirements, then tell where its folder and your base models are.",
        )
    };
    view! {
        <Empty icon=icondata_lu::LuDumbbell title=title words=words>
            <a class="button primary" href="/settings#training">"Set up the trainer"</a>
        </Empty>
    }
}

/// The trainer's part of the settings.
#[component]
pub fn TrainingCard() -> impl IntoView {
    let app = context::app();
    let state = app.store.read();
    let shown = service::settings::view(&app);
    let text = |name: &str| shown.get(name).cloned().unwrap_or_default();
    let form = Form::new("trainer", || TrainerForm {
        kohya_dir: text("kohyaDir"),
        kohya_python: state.settings.trainer.kohya_python.clone(),
        trainer_command: text("trainerCommand"),
        sd15_models: text("sd15Models"),
        sdxl_models: text("sdxlModels"),
        flux_models: text("fluxModels"),
        flux_clip_l: text("fluxClipL"),
        flux_t5xxl: text("fluxT5xxl"),
        flux_ae: text("fluxAe"),
        comfyui_lora_dir: text("comfyuiLoraDir"),
        image_folders: text("imageFolders"),
        generation_while_training: text("generationWhileTraining"),
    });
    let values = form.values.clone();
    let meanwhile = WhileTraining::ALL.map(|choice| (choice.key().to_owned(), choice.label().to_owned())).to_vec();
    let python = format!("Left empty: {}", text("kohyaPython"));
    let expert = form.problem.is_some() || !values.trainer_command.is_empty();
    view! {
        <section class="card" id="training"><header><h2>"Training"</h2><p>"LoRAs are trained on this machine, by kohya's sd-scripts."</p></header><div class="body stack">
            <Standing/>
            <form class="form" method="post" action="/actions/settings/training" data-guard="">
                <ProblemSummary problem=form.problem.clone()/>
                <Field name="kohyaDir" label="Folder of sd-scripts" value=values.kohya_dir wrong=form.wrong("kohyaDir") optional=true placeholder="/home/you/sd-scripts"
                    help="The folder that holds train_network.py."/>
                <Field name="kohyaPython" label="Its Python" value=values.kohya_python wrong=form.wrong("kohyaPython") optional=true help=python/>
                <Field name="sd15Models" label="Base models, SD 1.5" kind=Kind::Text(1) value=values.sd15_models wrong=form.wrong("sd15Models") optional=true
                    help="Whole paths, one a line; the first is the usual one."/>
                <Field name="sdxlModels" label="Base models, SDXL" kind=Kind::Text(1) value=values.sdxl_models wrong=form.wrong("sdxlModels") optional=true/>
                <Field name="fluxModels" label="Base models, FLUX" kind=Kind::Text(1) value=values.flux_models wrong=form.wrong("fluxModels") optional=true/>
                <details class="fold" open=form.problem.is_some()>
                    <summary>"What FLUX needs beside "<span class="muted">"text encoders and autoencoder"</span></summary>
                    <div class="stack">
                        <Field name="fluxClipL" label="CLIP-L" value=values.flux_clip_l wrong=form.wrong("fluxClipL") optional=true/>
                        <Field name="fluxT5xxl" label="T5-XXL" value=values.flux_t5xxl wrong=form.wrong("fluxT5xxl") optional=true/>
                        <Field name="fluxAe" label="Autoencoder (ae)" value=values.flux_ae wrong=form.wrong("fluxAe") optional=true/>
                    </div>
                </details>
                <Field name="comfyuiLoraDir" label="ComfyUI's folder of LoRAs" value=values.comfyui_lora_dir wrong=form.wrong("comfyuiLoraDir") optional=true
                    placeholder="/home/you/ComfyUI/models/loras" help="Finished LoRAs are copied there. Left empty, they can be downloaded."/>
                <Choice name="generationWhileTraining" label="Pictures while a training runs" value=values.generation_while_training options=vec![OptionGroup::plain(meanwhile)]
                    wrong=form.wrong("generationWhileTraining") help="Let them go on only when ComfyUI has a card of its own, or there is memory for both."/>
                <details class="fold" open=expert>
                    <summary>"More"</summary>
                    <div class="stack">
                        <Field name="imageFolders" label="Folders whose pictures the API may train on" kind=Kind::Text(1) value=values.image_folders wrong=form.wrong("imageFolders") optional=true
                            help="Whole paths, one a line. Anything else is refused."/>
                        <Field name="trainerCommand" label="A trainer of your own" value=values.trainer_command wrong=form.wrong("trainerCommand") optional=true
                            help="A program that is told everything by its environment, instead of sd-scripts."/>
                    </div>
                </details>
                <div class="form-actions"><button class="button primary">"Save and test"</button></div>
            </form>
        </div></section>
    }
}

/// Whether the trainer works, as it was last seen.
#[component]
fn Standing() -> impl IntoView {
    let app = context::app();
    let launcher = trainings::trainer(&app, &app.store.read()).launcher;
    let seen = launcher.as_ref().and_then(|launcher| app.trainer.last(launcher));
    let (at, set) = (seen.as_ref().map(|seen| seen.at), launcher.is_some());
    let state = match (set, seen.map(|seen| seen.seen)) {
        (false, _) => view! { <Pill tone="" words="Not set up"/> }.into_any(),
        (true, None) => view! { <Pill tone="" words="Not looked at yet"/> }.into_any(),
        (true, Some(Ok(what))) => {
            view! { <Pill tone="ok" words="Works"/><span class="small muted">{what}", looked at "<words::Time at/></span> }.into_any()
        }
        (true, Some(Err(words))) => view! { <Pill tone="bad" words="Does not work"/><span class="small">{words}</span> }.into_any(),
    };
    let again = set.then(|| {
        view! { <form method="post" action="/actions/settings/test-trainer"><button class="button small"><Icon of=icondata_lu::LuRefreshCw/>"Test"</button></form> }
    });
    view! { <div class="cluster">{state}{again}</div> }
}
