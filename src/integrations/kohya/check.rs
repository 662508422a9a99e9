//! Whether the trainer can be started: its folder, its Python, what that has installed.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use chrono::{DateTime, Utc};
use tokio::process::Command;

use super::command::Launcher;

/// How long Python may take to say its version.
const PATIENCE: Duration = Duration::from_secs(15);

/// What the trainer imports. Looked for and not imported, which would take many seconds.
const NEEDED: &str = "import importlib.util as u, sys\nprint(sys.version.split()[0])\nprint(' '.join(m for m in ('torch','accelerate','diffusers','transformers','safetensors','toml','voluptuous') if u.find_spec(m) is None))";

/// What was seen at the last look.
#[derive(Debug, Default)]
pub struct Checked(ArcSwapOption<Sighting>);

/// What was seen of a trainer, and when.
#[derive(Debug, Clone)]
pub struct Sighting {
    /// Which trainer.
    pub launcher: Launcher,
    /// When.
    pub at: DateTime<Utc>,
    /// How long the look took.
    pub took: Duration,
    /// What it is, or what is wrong and what to do.
    pub seen: Result<String, String>,
}

impl Checked {
    /// What was last seen of this trainer; `None` before the first look.
    pub fn last(&self, launcher: &Launcher) -> Option<Sighting> {
        self.0.load_full().filter(|seen| seen.launcher == *launcher).map(|seen| Sighting::clone(&seen))
    }

    /// Remembers what was seen.
    pub fn remember(&self, sighting: Sighting) {
        self.0.store(Some(sighting.into()));
    }
}

/// Looks whether a trainer can be started. Starts Python for it, so it takes a moment.
pub async fn look(launcher: &Launcher, now: DateTime<Utc>) -> Sighting {
    let begun = Instant::now();
    let seen = match launcher {
        Launcher::Kohya { dir, python } => kohya(dir, python).await,
        Launcher::Command { program } => own(program).await,
    };
    Sighting { launcher: launcher.clone(), at: now, took: begun.elapsed(), seen }
}

async fn kohya(dir: &Path, python: &Path) -> Result<String, String> {
    let there = |path: PathBuf| async { tokio::fs::try_exists(path).await.unwrap_or(false) };
    if !there(dir.to_owned()).await {
        return Err(format!("The folder {} is not there. Set KOHYA_DIR to the folder of sd-scripts.", dir.display()));
    }
    if !there(dir.join("train_network.py")).await {
        return Err(format!("There is no train_network.py in {}. It must be the folder of sd-scripts itself.", dir.display()));
    }
    let asked = Command::new(python)
        .args(["-c", NEEDED])
        .current_dir(dir)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .output();
    let answer = match tokio::time::timeout(PATIENCE, asked).await {
        Err(_) => return Err(format!("{} does not answer. Look whether it is a Python.", python.display())),
        Ok(Err(error)) => {
            return Err(format!("{} cannot be started: {error}. Set KOHYA_PYTHON to the Python of sd-scripts.", python.display()));
        }
        Ok(Ok(answer)) => answer,
    };
    let text = String::from_utf8_lossy(&answer.stdout);
    let mut lines = text.lines();
    match (answer.status.success(), lines.next().map(str::trim)) {
        (true, Some(version)) if version.starts_with(|letter: char| letter.is_ascii_digit()) => {
            let missing = lines.next().unwrap_or_default().trim().replace(' ', ", ");
            if missing.is_empty() {
                Ok(format!("sd-scripts with Python {}", start(version)))
            } else {
                Err(format!("The Python of the trainer lacks {}. Install the requirements of sd-scripts into it.", start(&missing)))
            }
        }
        _ => Err(format!("{} is not a Python that works. Set KOHYA_PYTHON to the Python of sd-scripts.", python.display())),
    }
}

async fn own(program: &Path) -> Result<String, String> {
    use std::os::unix::fs::PermissionsExt;
    match tokio::fs::metadata(program).await {
        Err(_) => Err(format!("The program {} is not there. Set DALLA_TRAINER_COMMAND to the path of your trainer.", program.display())),
        Ok(about) if !about.is_file() || about.permissions().mode() & 0o111 == 0 => {
            Err(format!("{} cannot be started: it is not a program, or lacks the right to be run (chmod +x).", program.display()))
        }
        Ok(_) => Ok(format!("your own trainer, {}", program.display())),
    }
}

fn start(text: &str) -> String {
    text.chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    async fn seen(dir: &Path, python: &Path) -> Result<String, String> {
        look(&Launcher::Kohya { dir: dir.to_owned(), python: python.to_owned() }, DateTime::UNIX_EPOCH).await.seen
    }

    fn script(dir: &Path, text: &str) -> PathBuf {
        let path = dir.join("python");
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[tokio::test]
    async fn what_is_wrong_is_said_with_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let python = script(dir.path(), "echo 3.11.9; echo");
        assert!(seen(Path::new("/nowhere"), &python).await.unwrap_err().contains("is not there"));
        assert!(seen(dir.path(), &python).await.unwrap_err().contains("no train_network.py"));
        std::fs::write(dir.path().join("train_network.py"), "").unwrap();
        assert_eq!(seen(dir.path(), &python).await.unwrap(), "sd-scripts with Python 3.11.9");
        assert!(seen(dir.path(), Path::new("/nowhere/python")).await.unwrap_err().contains("cannot be started"));
        let lacking = script(dir.path(), "echo 3.11.9; echo torch diffusers");
        assert!(seen(dir.path(), &lacking).await.unwrap_err().contains("lacks torch, diffusers"));
        let other = script(dir.path(), "exit 1");
        assert!(seen(dir.path(), &other).await.unwrap_err().contains("not a Python that works"));
    }
}
