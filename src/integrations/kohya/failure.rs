//! Why a run made no LoRA, in a sentence with what to do.

use super::clues::{self, Clues, file_name};
use crate::domain::{
    problem::{Kind, Problem},
    training::{Ending, TrainProgress},
};

/// Explains how a run ended that made no LoRA, from the end of its log.
pub fn explain(ending: &Ending, progress: &TrainProgress, end_of_log: &[u8]) -> Problem {
    let clues = clues::find(end_of_log);
    Problem::new(Kind::Refused, words(ending, progress, &clues))
}

fn words(ending: &Ending, progress: &TrainProgress, clues: &Clues) -> String {
    match ending {
        Ending::NotStarted { why } => {
            return format!("The trainer could not be started: {why}. Look at the trainer's settings.");
        }
        Ending::Vanished => {
            return "The trainer is gone and left no word: this machine was switched off, or its processes were killed. Go on from the saved state, or start again.".into();
        }
        Ending::Signal { signal: 9 } => {
            return "The system killed the trainer, most likely because the memory ran out. Close what else needs memory, or train with a smaller batch or resolution.".into();
        }
        Ending::Signal { signal: signal @ (2 | 15) } => {
            return format!("Somebody stopped the trainer from outside (signal {signal}). Go on from the saved state, or start again.");
        }
        Ending::Signal { signal } => return format!("The trainer broke down (signal {signal}). The last lines of its log may tell why."),
        Ending::Exit { .. } => {}
    }
    if let Some(step) = progress.nan_since {
        return format!(
            "The training ran off: from step {step} on the loss is no number, so nothing was learned. Train again with a lower learning rate, or with bf16 instead of fp16."
        );
    }
    if clues.nothing_to_learn {
        return "The trainer found no picture to learn from. Look at the dataset: its pictures must be there, as png, jpg or webp.".into();
    }
    if let Some(said) = &clues.usage {
        return usage_words(said);
    }
    if let Some(exception) = &clues.exception {
        return exception_words(exception, clues);
    }
    match ending {
        Ending::Exit { code: 0 } => "The trainer ended without a word of trouble, and without a LoRA. Look at the end of its log.".into(),
        _ => match &clues.last {
            Some(last) => format!("The trainer failed. Its last words: {}", short(last)),
            None => "The trainer failed without a word. Try its command in a terminal.".into(),
        },
    }
}

fn usage_words(said: &str) -> String {
    match said.strip_prefix("unrecognized arguments: ") {
        Some(arguments) => {
            format!("The trainer does not know {}. Take it out of the extra arguments, or update sd-scripts.", short(arguments))
        }
        None => format!("The trainer did not understand an argument: {}.", short(said).trim_end_matches('.')),
    }
}

/// What is known of exceptions: a part of its line, and what it means. The first that fits counts.
fn exception_words(exception: &str, clues: &Clues) -> String {
    let has = |part: &str| exception.contains(part);
    if has("OutOfMemoryError") || has("CUDA out of memory") || has("HIP out of memory") {
        "The graphics card has not enough memory. Train with a smaller resolution, a batch of 1 or a smaller LoRA; for FLUX, add --blocks_to_swap 18 to the extra arguments.".into()
    } else if has("caption file is empty") {
        let file = exception.rsplit(": ").next().unwrap_or_default();
        format!("The caption {} is empty. Write a caption for its picture, or delete the file.", file_name(file))
    } else if let (Some(picture), true) = (clues.pictures.first(), has("ZeroDivisionError") || has("UnidentifiedImage")) {
        let more = if clues.pictures.len() > 1 { format!(" and {} more", clues.pictures.len() - 1) } else { String::new() };
        format!("The picture {picture}{more} cannot be read. Take it out of the dataset, or put a good copy in its place.")
    } else if has("pretrained_model_name_or_path") || has("neither a valid local path nor a valid repo id") {
        "The base model is not there, or is no model. Look at its path in the trainer's settings.".into()
    } else if has("network for Text Encoder cannot be trained with caching") {
        "The text encoder cannot be trained while its outputs are cached. Leave --network_train_unet_only in, or take --cache_text_encoder_outputs out.".into()
    } else if has("extra keys not allowed") || has("MultipleInvalid") {
        format!(
            "The trainer does not understand the dataset's description: {}. This version of sd-scripts may be too old.",
            short(after_name(exception))
        )
    } else if has("UnicodeEncodeError") || has("UnicodeDecodeError") {
        "The trainer cannot write its own words: its output is not UTF-8. Set PYTHONUTF8=1 for it.".into()
    } else if has("'NoneType' object has no attribute 'startswith'") {
        "The trainer was not told what kind of LoRA to make (--network_module).".into()
    } else if has("ModuleNotFoundError") {
        format!(
            "Python lacks a part that the trainer needs: {}. Install its requirements into the Python it is started with.",
            short(after_name(exception))
        )
    } else if has("Can't load tokenizer") || has("couldn't connect to") || has("ConnectionError") || has("MaxRetryError") {
        "The trainer could not fetch its tokenizers. It needs the internet once; later trainings do without.".into()
    } else if has("No space left on device") {
        "The disk is full. Make room, then go on from the saved state.".into()
    } else if has("Torch not compiled with CUDA") || has("No CUDA GPUs are available") || has("no NVIDIA driver") {
        "The trainer finds no graphics card. Look whether its PyTorch is the one for your card, and whether the driver runs.".into()
    } else if has("SafetensorError") || has("HeaderTooLarge") || has("MetadataIncompleteBuffer") {
        "A model file is damaged or incomplete. Download it again.".into()
    } else if has("bitsandbytes") {
        "AdamW8bit needs bitsandbytes, which is not installed. Choose AdamW, or install it.".into()
    } else if has("KeyboardInterrupt") {
        "Somebody stopped the trainer from outside. Go on from the saved state, or start again.".into()
    } else if has("FileNotFoundError") {
        format!("The trainer did not find a file: {}.", short(after_name(exception)))
    } else {
        format!("The trainer broke off: {}", short(exception))
    }
}

fn after_name(exception: &str) -> &str {
    exception.split_once(": ").map_or(exception, |(_, words)| words)
}

fn short(text: &str) -> String {
    let text = text.trim();
    if text.chars().count() <= 300 { text.to_owned() } else { text.chars().take(300).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::recordings, *};

    fn explained(name: &str) -> String {
        let recording = recordings::get(name);
        explain(&recording.ending(), &TrainProgress::default(), &recording.merged()).message
    }

    #[test]
    fn each_recorded_failure_has_a_sentence_of_its_own() {
        for (name, words) in [
            ("err_no_images", "found no picture"),
            ("err_folder_without_repeats", "found no picture"),
            ("err_no_such_model", "The base model is not there"),
            ("err_empty_caption_file", "The caption 001.txt is empty."),
            ("err_not_an_image", "The picture 001.png cannot be read."),
            ("err_bad_toml", "extra keys not allowed @ data['datasets'][0]['subsets'][0]['repeats']"),
            ("err_no_network_module", "--network_module"),
            ("err_sdxl_cached_te_without_unet_only", "--network_train_unet_only"),
            ("err_stdout_cp1252", "PYTHONUTF8=1"),
            ("err_unknown_argument", "does not know --text_encoder_lr1 1e-5."),
            ("err_unknown_argument_direct_python", "does not know --text_encoder_lr1 1e-5."),
            ("stop_sigint_group", "stopped the trainer from outside (signal 2)"),
            ("stop_sigint_direct_python", "stopped the trainer from outside (signal 2)"),
            ("stop_sigterm_group", "stopped the trainer from outside (signal 15)"),
        ] {
            let said = explained(name);
            assert!(said.contains(words), "{name}: {said}");
            assert!(!said.contains("Command '["), "{name} repeats the launcher: {said}");
        }
    }

    #[test]
    fn what_was_not_recorded_is_known_from_its_words() {
        let said = |line: &str| {
            let log = format!("Traceback (most recent call last):\n  File \"x.py\", line 1\n{line}\n");
            explain(&Ending::Exit { code: 1 }, &TrainProgress::default(), log.as_bytes()).message
        };
        assert!(said("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB").contains("not enough memory"));
        assert!(said("ModuleNotFoundError: No module named 'diffusers'").contains("No module named 'diffusers'"));
        assert!(said("OSError: [Errno 28] No space left on device").contains("disk is full"));
        assert!(said("OSError: Can't load tokenizer for 'openai/clip-vit-large-patch14'.").contains("tokenizers"));
        assert_eq!(said("RuntimeError: mat1 and mat2"), "The trainer broke off: RuntimeError: mat1 and mat2");
    }

    #[test]
    fn a_loss_that_is_no_number_is_told_first() {
        let progress = TrainProgress { nan_since: Some(120), ..TrainProgress::default() };
        let said = explain(&Ending::Exit { code: 0 }, &progress, b"").message;
        assert!(said.contains("from step 120 on") && said.contains("lower learning rate"), "{said}");
    }

    #[test]
    fn endings_without_words_are_explained_too() {
        let said = |ending: Ending| explain(&ending, &TrainProgress::default(), b"").message;
        assert!(said(Ending::Signal { signal: 9 }).contains("memory ran out"));
        assert!(said(Ending::Vanished).contains("switched off"));
        assert!(said(Ending::NotStarted { why: "No such file or directory".into() }).contains("No such file"));
        assert!(said(Ending::Exit { code: 0 }).contains("without a LoRA"));
        assert!(said(Ending::Exit { code: 3 }).contains("without a word"));
    }

    proptest! {
        #[test]
        fn any_log_gets_a_sentence(bytes: Vec<u8>, code in 0..3) {
            let said = explain(&Ending::Exit { code }, &TrainProgress::default(), &bytes).message;
            prop_assert!(said.chars().count() < 700 && !said.chars().any(char::is_control), "{said:?}");
        }
    }
}
