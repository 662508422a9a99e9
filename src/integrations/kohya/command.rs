//! The exact command of a training: for the process, and for a person to read before it is started.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::{
    model::Family,
    training::{Optimizer, Plan},
};

/// What trains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Launcher {
    /// sd-scripts in a folder, with the Python that has its requirements.
    Kohya {
        /// Where `train_network.py` lies.
        dir: PathBuf,
        /// The Python.
        python: PathBuf,
    },
    /// A program of one's own, told everything by its environment.
    Command {
        /// The program.
        program: PathBuf,
    },
}

/// What is to be trained, and where things lie.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// What the trainer is told.
    pub plan: &'a Plan,
    /// The LoRA's name.
    pub name: &'a str,
    /// The folder of the training.
    pub folder: &'a Path,
    /// Where tokenizers are kept, so that they are fetched once.
    pub tokenizers: &'a Path,
    /// The saved state to go on from.
    pub resume: Option<&'a str>,
}

/// A process to be started: no shell is ever between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invocation {
    /// What is started.
    pub program: PathBuf,
    /// With these arguments.
    pub arguments: Vec<String>,
    /// In this folder.
    pub folder: PathBuf,
    /// With these variables beside those we have.
    pub environment: Vec<(String, String)>,
}

/// The process of a training.
pub fn invocation(launcher: &Launcher, order: Order<'_>) -> Invocation {
    match launcher {
        Launcher::Kohya { dir, python } => Invocation {
            program: python.clone(),
            arguments: kohya_arguments(order),
            folder: dir.clone(),
            // Without the first, its words come in blocks; without the second, it dies of its own Japanese on some systems.
            environment: vec![("PYTHONUNBUFFERED".into(), "1".into()), ("PYTHONUTF8".into(), "1".into())],
        },
        Launcher::Command { program } => Invocation {
            program: program.clone(),
            arguments: order.plan.extra_args.clone(),
            folder: order.folder.to_owned(),
            environment: own_environment(order),
        },
    }
}

fn kohya_arguments(order: Order<'_>) -> Vec<String> {
    let Order { plan, name, folder, tokenizers, resume } = order;
    let output = folder.join("output");
    let mut arguments = Arguments(Vec::new());
    let (script, module) = match plan.family {
        Family::Sd15 => ("train_network.py", "networks.lora"),
        Family::Sdxl => ("sdxl_train_network.py", "networks.lora"),
        Family::Flux => ("flux_train_network.py", "networks.lora_flux"),
    };
    arguments.flag(script);
    arguments.pair("--pretrained_model_name_or_path", &plan.base_model);
    if let Some(parts) = &plan.flux {
        arguments.pair("--clip_l", &parts.clip_l).pair("--t5xxl", &parts.t5xxl).pair("--ae", &parts.ae);
    }
    arguments.pair("--dataset_config", folder.join("dataset.toml").to_string_lossy());
    arguments.pair("--output_dir", output.to_string_lossy()).pair("--output_name", name);
    arguments.pair("--save_model_as", "safetensors").pair("--save_precision", "fp16");
    arguments.pair("--network_module", module);
    arguments.pair("--network_dim", plan.network_dim.to_string()).pair("--network_alpha", plan.network_alpha.to_string());
    arguments.pair("--learning_rate", plan.learning_rate.to_string());
    optimizer(plan, &mut arguments);
    for_family(plan, &mut arguments);
    arguments.pair("--mixed_precision", plan.precision.key());
    for flag in ["--sdpa", "--gradient_checkpointing", "--cache_latents"] {
        arguments.flag(flag);
    }
    arguments.pair("--max_data_loader_n_workers", "0").pair("--seed", plan.seed.to_string());
    match plan.steps {
        Some(steps) => arguments.pair("--max_train_steps", steps.to_string()),
        None => arguments.pair("--max_train_epochs", plan.epochs.to_string()),
    };
    arguments.pair("--save_every_n_epochs", plan.save_every.to_string());
    if plan.save_state {
        arguments.flag("--save_state").pair("--save_last_n_epochs_state", "2");
    }
    if !plan.sample_prompts.is_empty() {
        arguments.pair("--sample_prompts", folder.join("samples.json").to_string_lossy());
        arguments.pair("--sample_every_n_epochs", "1").pair("--sample_sampler", "euler_a");
    }
    if let Some(state) = resume {
        arguments.pair("--resume", output.join(state).to_string_lossy()).flag("--skip_until_initial_step");
    }
    arguments.pair("--tokenizer_cache_dir", tokenizers.to_string_lossy()).flag("--console_log_simple");
    arguments.0.extend(plan.extra_args.iter().cloned());
    arguments.0
}

fn optimizer(plan: &Plan, arguments: &mut Arguments) {
    arguments.pair("--optimizer_type", plan.optimizer.name());
    match plan.optimizer {
        Optimizer::AdamW | Optimizer::AdamW8bit => {
            arguments.pair("--lr_scheduler", "cosine");
        }
        // By itself it would choose a rate of its own.
        Optimizer::Adafactor => {
            arguments.flag("--optimizer_args").flag("relative_step=False").flag("scale_parameter=False").flag("warmup_init=False");
            arguments.pair("--lr_scheduler", "constant");
        }
    }
}

fn for_family(plan: &Plan, arguments: &mut Arguments) {
    match plan.family {
        Family::Sd15 => {
            arguments.pair("--text_encoder_lr", (plan.learning_rate / 2.0).to_string());
        }
        // Cached outputs of the text encoder save much memory, and rule out training it.
        Family::Sdxl => {
            arguments.flag("--no_half_vae").flag("--network_train_unet_only").flag("--cache_text_encoder_outputs");
        }
        Family::Flux => {
            arguments.flag("--network_train_unet_only").flag("--cache_text_encoder_outputs").flag("--fp8_base");
            arguments.pair("--guidance_scale", "1.0").pair("--timestep_sampling", "flux_shift").pair("--model_prediction_type", "raw");
        }
    }
}

/// The contract of a trainer of one's own; `docs/training.md` has it in words.
fn own_environment(order: Order<'_>) -> Vec<(String, String)> {
    let Order { plan, name, folder, resume, .. } = order;
    let output = folder.join("output");
    let text = |path: PathBuf| path.to_string_lossy().into_owned();
    let mut variables = vec![
        ("DATASET_DIR", text(folder.join("dataset"))),
        ("DATASET_CONFIG", text(folder.join("dataset.toml"))),
        ("OUTPUT_DIR", text(output.clone())),
        ("OUTPUT_FILE", text(output.join(format!("{name}.safetensors")))),
        ("OUTPUT_NAME", name.to_owned()),
        ("FAMILY", plan.family.key().to_owned()),
        ("BASE_MODEL", plan.base_model.clone()),
        ("TRIGGER_WORD", plan.trigger_word.clone()),
        ("RESOLUTION", plan.resolution.to_string()),
        ("BATCH_SIZE", plan.batch_size.to_string()),
        ("REPEATS", plan.repeats.to_string()),
        ("EPOCHS", plan.epochs.to_string()),
        ("STEPS", plan.steps.map(|steps| steps.to_string()).unwrap_or_default()),
        ("LEARNING_RATE", plan.learning_rate.to_string()),
        ("NETWORK_DIM", plan.network_dim.to_string()),
        ("NETWORK_ALPHA", plan.network_alpha.to_string()),
        ("OPTIMIZER", plan.optimizer.name().to_owned()),
        ("PRECISION", plan.precision.key().to_owned()),
        ("SEED", plan.seed.to_string()),
        ("SAVE_EVERY", plan.save_every.to_string()),
        ("SAVE_STATE", plan.save_state.to_string()),
        ("SAMPLES", if plan.sample_prompts.is_empty() { String::new() } else { text(folder.join("samples.json")) }),
        ("RESUME", resume.map(|state| text(output.join(state))).unwrap_or_default()),
    ];
    if let Some(parts) = &plan.flux {
        variables.extend([("FLUX_CLIP_L", parts.clip_l.clone()), ("FLUX_T5XXL", parts.t5xxl.clone()), ("FLUX_AE", parts.ae.clone())]);
    }
    variables.into_iter().map(|(name, value)| (format!("DALLA_{name}"), value)).collect()
}

struct Arguments(Vec<String>);

impl Arguments {
    fn flag(&mut self, flag: &str) -> &mut Self {
        self.0.push(flag.to_owned());
        self
    }

    fn pair(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.0.extend([name.to_owned(), value.into()]);
        self
    }
}

impl Invocation {
    /// As it can be pasted into a terminal: one argument with its values a line.
    pub fn shown(&self) -> String {
        let variables = self.environment.iter().map(|(name, value)| format!("{name}={}", quoted(value)));
        // Two stand before the program; a long list stands one below the other.
        let apart = if self.environment.len() > 3 { " \\\n  " } else { " " };
        let program = quoted(&self.program.to_string_lossy());
        let mut lines = vec![variables.chain([program]).collect::<Vec<_>>().join(apart)];
        for argument in &self.arguments {
            let word = quoted(argument);
            match lines.last_mut() {
                Some(last) if !argument.starts_with("--") => {
                    last.push(' ');
                    last.push_str(&word);
                }
                _ => lines.push(word),
            }
        }
        format!("cd {} && \\\n  {}", quoted(&self.folder.to_string_lossy()), lines.join(" \\\n  "))
    }
}

fn quoted(word: &str) -> String {
    // Only a text with a NUL cannot be quoted, and none of ours can have one.
    shlex::try_quote(word).map_or_else(|_| word.to_owned(), std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{dataset_toml, recordings, samples_json},
        *,
    };
    use crate::domain::training::{FluxParts, Given, Preset, TrainRequest};

    fn plan(family: Family, request: serde_json::Value) -> Plan {
        let mut request = request;
        request["characterId"] = "a".into();
        request["baseModel"] = family.key().into();
        let request: TrainRequest = serde_json::from_value(request).unwrap();
        let flux = (family == Family::Flux).then(|| FluxParts {
            clip_l: "/models/clip_l.safetensors".into(),
            t5xxl: "/models/t5xxl.safetensors".into(),
            ae: "/models/ae.safetensors".into(),
        });
        let given = Given { family, base_model: "/models/base one.safetensors".into(), flux, trigger_word: "luna".into(), pictures: 20 };
        Plan::of(&request, given)
    }

    fn kohya() -> Launcher {
        Launcher::Kohya { dir: "/sd-scripts".into(), python: "/venv/bin/python".into() }
    }

    fn order(plan: &Plan) -> Order<'_> {
        Order {
            plan,
            name: "luna-v1",
            folder: Path::new("/data/trainings/1"),
            tokenizers: Path::new("/data/trainings/tokenizers"),
            resume: None,
        }
    }

    fn shown(family: Family, request: serde_json::Value) -> String {
        let plan = plan(family, request);
        invocation(&kohya(), order(&plan)).shown()
    }

    #[test]
    fn the_command_of_each_family_is_what_it_was() {
        let asked = [
            (Family::Sd15, serde_json::json!({})),
            (Family::Sdxl, serde_json::json!({"preset": Preset::Quick, "samplePrompts": []})),
            (Family::Flux, serde_json::json!({"steps": 500, "saveState": false, "extraArgs": ["--blocks_to_swap", "18"]})),
        ];
        for (family, request) in asked {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/kohya/command_{}.txt", family.key()));
            assert_eq!(shown(family, request), std::fs::read_to_string(file).unwrap().trim_end());
        }
    }

    #[test]
    fn every_argument_is_one_the_trainer_was_recorded_to_know() {
        let usage = String::from_utf8(recordings::get("err_unknown_argument_direct_python").merged()).unwrap();
        // Those of FLUX are in the recorded command of its own script.
        let flux = recordings::get("flux_simple_log").command.join(" ");
        for family in Family::ALL {
            let plan = plan(family, serde_json::json!({"optimizer": "adafactor"}));
            let mut order = order(&plan);
            order.resume = Some("luna-v1-000001-state");
            for argument in invocation(&kohya(), order).arguments.iter().filter(|argument| argument.starts_with("--")) {
                let known = |text: &str| text.split(|c: char| c.is_whitespace() || c == '[' || c == ']').any(|word| word == argument);
                let documented = ["--cache_text_encoder_outputs"].contains(&argument.as_str());
                assert!(known(&usage) || known(&flux) || documented, "{family:?}: {argument}");
            }
        }
    }

    #[test]
    fn no_text_of_a_person_becomes_an_order() {
        let plan = plan(Family::Sd15, serde_json::json!({"samplePrompts": ["a \"b\" --n $(id)\nx"], "triggerWord": "x"}));
        let mut plan = plan;
        plan.trigger_word = "luna\"]\n[[datasets]]\nimage_dir = \"/etc".into();
        let toml = dataset_toml(&plan, Path::new("/data/pic\"tures"));
        let read: toml::Table = toml.parse().unwrap();
        assert_eq!(read["datasets"].as_array().unwrap().len(), 1);
        assert_eq!(read["datasets"][0]["subsets"][0]["class_tokens"].as_str(), Some(plan.trigger_word.as_str()));
        assert_eq!(read["datasets"][0]["subsets"][0]["image_dir"].as_str(), Some("/data/pic\"tures"));
        let samples: serde_json::Value = serde_json::from_str(&samples_json(&plan)).unwrap();
        assert_eq!(samples[0]["prompt"], "a \"b\" --n $(id)\nx");
        plan.base_model = "/models/$(reboot)'; rm -rf ~.safetensors".into();
        let shown = invocation(&kohya(), order(&plan)).shown();
        let words = shlex::split(&shown.replace("\\\n", " ")).unwrap();
        assert!(words.contains(&plan.base_model), "{shown}");
    }

    #[test]
    fn a_program_of_ones_own_gets_everything_by_its_environment() {
        let plan = plan(Family::Flux, serde_json::json!({"extraArgs": ["--fast"]}));
        let own = invocation(&Launcher::Command { program: "/opt/train.sh".into() }, order(&plan));
        assert_eq!(own.arguments, ["--fast"]);
        let value = |name: &str| own.environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!(value("DALLA_OUTPUT_FILE"), Some("/data/trainings/1/output/luna-v1.safetensors"));
        assert_eq!(value("DALLA_FLUX_AE"), Some("/models/ae.safetensors"));
        assert_eq!(value("DALLA_FAMILY"), Some("flux"));
    }
}
