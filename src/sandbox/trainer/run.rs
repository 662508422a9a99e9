//! One run: the words of the real trainer, in its order and in proportion to its pace.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::Duration,
};

use rustix::process::{Signal, getpid, kill_process};

use super::{
    arguments::Arguments,
    behaviour::{Behaviour, Fault},
    dataset::{self, Dataset},
    output,
};

/// What is said before the first step, with its share of the time, in thousandths: as recorded.
const LOADING: [(u64, &str); 12] = [
    (180, "Using v1 tokenizer\nload tokenizer from cache: tokenizers/openai_clip-vit-large-patch14"),
    (20, "Loading dataset config from dataset.toml\nprepare images."),
    (30, "[Prepare dataset 0]\nloading image sizes.\nmake buckets\nprepare dataset"),
    (60, "preparing accelerator\naccelerator device: cuda\nloading model for process 0/1"),
    (250, "load StableDiffusion checkpoint\nloading u-net: <All keys matched successfully>"),
    (80, "loading vae: <All keys matched successfully>"),
    (90, "loading text encoder: <All keys matched successfully>\nEnable SDPA for U-Net"),
    (90, "[Dataset 0]\ncaching latents with caching strategy.\ncaching latents..."),
    (40, "import network module: networks.lora\ncreate LoRA network. base dim (rank): 16, alpha: 8.0"),
    (40, "create LoRA for Text Encoder: 72 modules.\ncreate LoRA for U-Net: 192 modules.\nenable LoRA for U-Net: 192 modules"),
    (40, "prepare optimizer, data loader etc.\nuse AdamW optimizer | {}"),
    (80, ""),
];

/// A run in the making.
struct Run<'a> {
    arguments: &'a Arguments,
    behaviour: &'a Behaviour,
    output: PathBuf,
    name: &'a str,
    per_epoch: u32,
    epochs: u32,
    total: u32,
    /// What a resumed run leaves out.
    skipped: (u32, u32),
    trigger: String,
}

/// Trains nothing, as told.
pub(super) fn train(arguments: &Arguments, behaviour: &Behaviour) -> ExitCode {
    if behaviour.fault == Some(Fault::Deaf) {
        go_deaf();
    }
    let ended = checked(arguments).and_then(|dataset| match dataset {
        None => Ok(ExitCode::SUCCESS),
        Some(dataset) => Run::new(arguments, behaviour, &dataset).and_then(|run| run.go()),
    });
    ended.unwrap_or_else(|exception| {
        eprintln!(
            "Traceback (most recent call last):\n  File \"train_network.py\", line 1913, in <module>\n    trainer.train(args)\n{exception}"
        );
        ExitCode::FAILURE
    })
}

/// What the real one would end with before it has begun. `None`: there is nothing to learn from, which ends well.
fn checked(arguments: &Arguments) -> Result<Option<Dataset>, String> {
    let dataset = dataset::read(arguments.text("dataset_config"))?;
    if dataset.pictures.is_empty() {
        say("No data found. Please verify arguments (train_data_dir must be the parent of folders with images) / 画像がありません。");
        return Ok(None);
    }
    for picture in &dataset.pictures {
        if !dataset::is_really_one(picture) {
            say(&format!("failed to get image size: {0}, error: cannot identify image file '{0}'", picture.display()));
            return Err("ZeroDivisionError: division by zero".into());
        }
    }
    let model = arguments.text("pretrained_model_name_or_path");
    if !Path::new(model).is_file() {
        return Err(format!(
            "ValueError: The provided pretrained_model_name_or_path \"{model}\" is neither a valid local path nor a valid repo id. Please check the parameter."
        ));
    }
    if !arguments.has("network_module") {
        return Err("AttributeError: 'NoneType' object has no attribute 'startswith'".into());
    }
    Ok(Some(dataset))
}

impl<'a> Run<'a> {
    fn new(arguments: &'a Arguments, behaviour: &'a Behaviour, dataset: &Dataset) -> Result<Self, String> {
        let per_epoch = dataset.steps();
        let epochs = arguments.number("max_train_epochs");
        let total = epochs.map_or_else(|| arguments.number("max_train_steps").unwrap_or(1_600), |epochs: u32| epochs * per_epoch);
        let output = PathBuf::from(arguments.text("output_dir"));
        std::fs::create_dir_all(&output).map_err(|error| format!("OSError: {error}"))?;
        let skipped = match arguments.text("resume") {
            "" => (0, 0),
            state => output::read_state(Path::new(state))
                .ok_or_else(|| format!("FileNotFoundError: [Errno 2] No such file or directory: '{state}'"))?,
        };
        let trigger = dataset.folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let run = Self {
            arguments,
            behaviour,
            output,
            name: arguments.text("output_name"),
            per_epoch,
            epochs: total.div_ceil(per_epoch),
            total,
            skipped,
            trigger,
        };
        run.load(dataset);
        Ok(run)
    }

    fn load(&self, dataset: &Dataset) {
        for (share, words) in LOADING {
            std::thread::sleep(Duration::from_millis(self.behaviour.loading_ms * share / 1_000));
            if !words.is_empty() {
                say(words);
            }
        }
        if self.skipped.1 > 0 {
            say(&format!(
                "resume training from local state: {}\nAll model weights loaded successfully\nCould not load random states",
                self.arguments.text("resume")
            ));
        }
        say(&format!(
            "running training / 学習開始\n  num train images * repeats / 学習画像の数×繰り返し回数: {}\n  num batches per epoch / 1epochのバッチ数: {}\n  num epochs / epoch数: {}\n  batch size per device / バッチサイズ: {}\n  total optimization steps / 学習ステップ数: {}",
            dataset.shown(),
            self.per_epoch,
            self.epochs,
            dataset.batch_size,
            self.total
        ));
        if self.skipped.1 > 0 {
            say(&format!("skipping {0} steps / {0}ステップをスキップします", self.skipped.1));
        }
    }

    fn go(&self) -> Result<ExitCode, String> {
        if self.behaviour.fault == Some(Fault::Fork) {
            start_idle()?;
        }
        bar(0, self.total, 0.0, None);
        let mut done = 0;
        for epoch in self.skipped.0 + 1..=self.epochs {
            say(&format!("\nepoch {epoch}/{}\n", self.epochs));
            let mut losses = 0.0;
            for step in 1..=self.per_epoch {
                if done >= self.total {
                    break;
                }
                std::thread::sleep(Duration::from_millis(self.behaviour.step_ms));
                done += 1;
                losses += loss(done + self.skipped.1, self.total);
                if let Some(ended) = self.trouble(done) {
                    return Ok(ended);
                }
                self.draw(done, losses / f64::from(step));
            }
            self.save_epoch(epoch, done + self.skipped.1).map_err(|error| format!("OSError: {error}"))?;
        }
        self.save_last().map_err(|error| format!("OSError: {error}"))?;
        Ok(ExitCode::SUCCESS)
    }

    /// Each step is shown twice: with the old loss, then with its own.
    fn draw(&self, done: u32, mean: f64) {
        let pace = self.behaviour.step_ms.max(1) as f64 / 1_000.0;
        bar(done, self.total, pace, Some(mean * 1.01).filter(|_| done > 1));
        let nan = matches!(self.behaviour.fault, Some(Fault::Nan { at_step }) if done >= at_step);
        bar(done, self.total, pace, Some(if nan { f64::NAN } else { mean }));
    }

    fn trouble(&self, done: u32) -> Option<ExitCode> {
        match self.behaviour.fault {
            Some(Fault::Hang { at_step }) if done >= at_step => {
                stand_still();
                Some(ExitCode::FAILURE)
            }
            Some(Fault::Killed { at_step }) if done >= at_step => Some(end_by(9)),
            _ => None,
        }
    }

    fn save_epoch(&self, epoch: u32, step: u32) -> std::io::Result<()> {
        let every = self.arguments.number("save_every_n_epochs").unwrap_or(u32::MAX);
        if epoch.is_multiple_of(every) && epoch < self.epochs {
            let file = self.output.join(format!("{}-{epoch:06}.safetensors", self.name));
            say(&format!("\nsaving checkpoint: {}", file.display()));
            output::write_lora(&file, self.arguments, &self.trigger, epoch)?;
            if self.arguments.has("save_state") {
                self.save_state(epoch, step)?;
            }
        }
        if self.arguments.has("sample_prompts") {
            say("\ngenerating sample images at step / サンプル画像生成 ステップ");
            output::write_samples(&self.output, self.arguments, epoch, self.epochs)?;
        }
        Ok(())
    }

    fn save_state(&self, epoch: u32, step: u32) -> std::io::Result<()> {
        let folder = |epoch: u32| self.output.join(format!("{}-{epoch:06}-state", self.name));
        say(&format!("\nsaving state at epoch {epoch}\nSaving current state to {}", folder(epoch).display()));
        output::write_state(&folder(epoch), epoch, step)?;
        let kept: u32 = self.arguments.number("save_last_n_epochs_state").unwrap_or(u32::MAX);
        if let Some(old) = epoch.checked_sub(kept).filter(|old| folder(*old).exists()) {
            say(&format!("removing old state: {}", folder(old).display()));
            std::fs::remove_dir_all(folder(old))?;
        }
        Ok(())
    }

    fn save_last(&self) -> std::io::Result<()> {
        let file = self.output.join(format!("{}.safetensors", self.name));
        if self.behaviour.fault == Some(Fault::NoFile) {
            return Ok(());
        }
        say(&format!("\nsaving checkpoint: {}\nFailed to get git commit hash, using fallback", file.display()));
        output::write_lora(&file, self.arguments, &self.trigger, self.epochs)?;
        if self.behaviour.fault == Some(Fault::HalfFile) {
            output::cut(&file)?;
        }
        say("model saved.");
        eprintln!();
        Ok(())
    }
}

/// A curve that falls and shivers.
fn loss(step: u32, total: u32) -> f64 {
    let way = f64::from(step) / f64::from(total.max(1));
    let shiver = f64::from(step.wrapping_mul(2_654_435_761) >> 20) / 4_096.0 - 0.5;
    0.085 + 0.09 * (-4.0 * way).exp() + 0.03 * shiver
}

fn bar(done: u32, total: u32, pace: f64, loss: Option<f64>) {
    let share = u64::from(done) * 100 / u64::from(total.max(1));
    let filled = usize::try_from(share / 10).unwrap_or(10);
    let blocks = format!("{}{}", "█".repeat(filled.min(10)), " ".repeat(10 - filled.min(10)));
    let (rate, left) = if done == 0 {
        ("?it/s".to_owned(), "?".to_owned())
    } else {
        (format!("{pace:.2}s/it"), clock(pace * f64::from(total.saturating_sub(done))))
    };
    let loss = match loss {
        Some(loss) if loss.is_nan() => ", avr_loss=nan".to_owned(),
        Some(loss) => format!(", avr_loss={loss:.4}"),
        None => String::new(),
    };
    eprint!("\rsteps: {share:3}%|{blocks}| {done}/{total} [{}<{left}, {rate}{loss}]", clock(pace * f64::from(done)));
}

fn clock(seconds: f64) -> String {
    let seconds = seconds as u64;
    match seconds / 3_600 {
        0 => format!("{:02}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}

fn say(words: &str) {
    let mut out = std::io::stdout().lock();
    // Whoever listens may have gone; the real one does not mind either.
    let _ = writeln!(out, "{words}").and_then(|()| out.flush());
}

/// Ends as a process does that a signal ends.
pub(super) fn end_by(signal: i32) -> ExitCode {
    if let Some(signal) = Signal::from_named_raw(signal) {
        let _ = kill_process(getpid(), signal);
        std::thread::sleep(Duration::from_secs(5));
    }
    ExitCode::FAILURE
}

/// Takes no notice of being asked to stop.
fn go_deaf() {
    std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let deaf = async {
            let listen = |kind| tokio::signal::unix::signal(kind).ok();
            let mut ears = [listen(tokio::signal::unix::SignalKind::terminate()), listen(tokio::signal::unix::SignalKind::interrupt())];
            loop {
                for ear in ears.iter_mut().flatten() {
                    ear.recv().await;
                }
            }
        };
        if let Ok(runtime) = runtime {
            runtime.block_on(deaf)
        }
    });
    // The ears must be there before anybody calls.
    std::thread::sleep(Duration::from_millis(50));
}

/// Starts a child that goes its own way.
fn start_idle() -> Result<(), String> {
    let program = std::env::current_exe().map_err(|error| format!("OSError: {error}"))?;
    let child = Command::new(program).args([super::TRAINER, "--idle"]).spawn().map_err(|error| format!("OSError: {error}"))?;
    let note = format!("{}\n", child.id());
    std::fs::write("idle.pid", note).map_err(|error| format!("OSError: {error}"))
}

/// Does nothing, in a session of its own, and does not hear that it is to stop.
pub(super) fn idle() -> ExitCode {
    let _ = rustix::process::setsid();
    go_deaf();
    stand_still();
    ExitCode::SUCCESS
}

/// Stands still for as long as its folder is there: when a test is over, so is this.
fn stand_still() {
    while Path::new("train_network.py").exists() {
        std::thread::sleep(Duration::from_millis(200));
    }
}
