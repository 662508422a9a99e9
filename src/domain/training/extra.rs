//! Arguments a person passes on to the trainer, which must not lead out of what we have set.

use crate::domain::problem::Checks;

/// Arguments we set ourselves, and those that lead to other files, modules or machines.
const NOT_EXTRA: [&str; 53] = [
    "ae",
    "async_upload",
    "base_weights",
    "base_weights_multiplier",
    "clip_l",
    "conditioning_data_dir",
    "config_file",
    "console_log_file",
    "console_log_level",
    "console_log_simple",
    "dataset_class",
    "dataset_config",
    "deepspeed",
    "huggingface_path_in_repo",
    "huggingface_repo_id",
    "huggingface_repo_type",
    "huggingface_repo_visibility",
    "huggingface_token",
    "in_json",
    "learning_rate",
    "log_config",
    "log_prefix",
    "log_tracker_config",
    "log_tracker_name",
    "log_with",
    "logging_dir",
    "lr_scheduler_type",
    "max_train_epochs",
    "max_train_steps",
    "metadata_thumbnail",
    "network_alpha",
    "network_dim",
    "network_module",
    "network_weights",
    "offload_optimizer_nvme_path",
    "offload_param_nvme_path",
    "optimizer_type",
    "output_config",
    "output_dir",
    "output_name",
    "pretrained_model_name_or_path",
    "reg_data_dir",
    "resume",
    "resume_from_huggingface",
    "sample_prompts",
    "save_model_as",
    "save_state_to_huggingface",
    "t5xxl",
    "tokenizer_cache_dir",
    "train_data_dir",
    "vae",
    "wandb_api_key",
    "wandb_run_name",
];

/// Arguments that may be given although the trainer has longer ones that may not.
const HARMLESS: [&str; 2] = ["lr_scheduler", "save_state"];

/// Checks arguments that are passed on.
pub(super) fn check(arguments: &[String], checks: &mut Checks) {
    checks.require(arguments.len() <= 100, "extraArgs", "At most 100 extra arguments.");
    if let Some(first) = arguments.first() {
        checks.require(first.starts_with("--"), "extraArgs", "Begin with an argument, as in --min_snr_gamma 5.");
    }
    for argument in arguments.iter().take(100) {
        if argument.chars().any(char::is_control) || argument.len() > 500 {
            checks.wrong("extraArgs", "An argument stands in one line and has at most 500 characters.");
            return;
        }
        let Some(name) = argument.strip_prefix("--") else { continue };
        let name = name.split('=').next().unwrap_or_default().replace('-', "_").to_lowercase();
        // The trainer understands the beginnings of names too.
        let leads_out = !HARMLESS.contains(&name.as_str()) && NOT_EXTRA.iter().any(|taken| taken.starts_with(&name));
        if leads_out {
            checks.wrong(
                "extraArgs",
                format!("--{name} cannot be given here: it is set by Digital Dalla, or leads to other files or machines."),
            );
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_that_lead_elsewhere_are_refused_also_by_their_beginnings() {
        let refused = |arguments: &[&str]| {
            let mut checks = Checks::default();
            check(&arguments.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>(), &mut checks);
            checks.finish().is_err()
        };
        for bad in [
            "--output_dir",
            "--output_d",
            "--OUTPUT_DIR=/etc",
            "--config_file",
            "--network_mod",
            "--resume",
            "--wandb_api_key",
            "--out",
            "--",
            "--optimizer-type",
        ] {
            assert!(refused(&[bad, "x"]), "{bad}");
        }
        assert!(refused(&["; rm -rf /"]) && refused(&["--min_snr_gamma", "5\n--output_dir"]));
        assert!(!refused(&[
            "--min_snr_gamma",
            "5",
            "--lr_scheduler",
            "cosine_with_restarts",
            "--optimizer_args",
            "weight_decay=0.1",
            "--save_state"
        ]));
    }

    #[test]
    fn the_list_of_refused_arguments_is_in_order() {
        assert!(NOT_EXTRA.is_sorted(), "so that one finds what one looks for");
    }
}
