//! Looking at the set-up, at the command line: on a copy of the records, so that a server may run beside it.

use std::{io::ErrorKind, process::ExitCode};

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::Utc;
use serde::Serialize;
use tempfile::TempDir;
use tracing_subscriber::EnvFilter;

use crate::{
    config::{Config, ReportArguments, SecretKey},
    events::Events,
    service::{
        self,
        status::{self, Health},
    },
    state::AppState,
    store::{self, OpenOptions, Peeked, Store},
};

/// One thing that is set.
#[derive(Debug, Serialize)]
struct Line {
    state: Health,
    name: String,
    words: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    advice: String,
}

impl Line {
    fn new(state: Health, name: &str, words: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { state, name: name.to_owned(), words: words.into(), advice: advice.into() }
    }

    fn good(name: &str, words: impl Into<String>) -> Self {
        Self::new(Health::Ok, name, words, "")
    }
}

/// Says how the server is set up. The process fails when it could not start like this, or something does not work.
pub async fn check(config: Config, how: ReportArguments) -> Result<ExitCode, String> {
    let lines = lines(config).await?;
    if how.json {
        println!("{}", serde_json::to_string_pretty(&lines).map_err(|error| error.to_string())?);
    } else {
        lines.iter().for_each(print);
    }
    let good = lines.iter().all(|line| line.state != Health::Bad);
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(line: &Line) {
    let word = match line.state {
        Health::Ok => "ok     ",
        Health::Warning => "LOOK   ",
        Health::Bad => "WRONG  ",
        Health::Off => "not set",
        Health::Unknown => "?      ",
    };
    println!("{word}  {}: {}", line.name, line.words);
    if !line.advice.is_empty() {
        println!("         {}", line.advice);
    }
}

async fn lines(config: Config) -> Result<Vec<Line>, String> {
    let options = OpenOptions { dir: config.data_dir(), key: config.secret_key()? };
    let peeking = options.clone();
    let peeked =
        tokio::task::spawn_blocking(move || store::peek(&peeking)).await.map_err(|_| "reading the data folder broke down".to_owned())?;
    let mut lines = vec![environment(), folder(&options)];
    lines.push(match &peeked {
        Ok(Peeked { damaged, .. }) if damaged.is_empty() => key(&options.key, peeked.as_ref().ok()),
        _ => Line::new(Health::Bad, "Records", "They cannot all be read.", "Run `digital-dalla doctor`: it says which, and what to do."),
    });
    lines.push(log(&config));
    let copy = tempfile::tempdir().map_err(|error| format!("no folder for a copy of the records can be made: {error}"))?;
    let app = copied(config, &copy, peeked.ok(), options.key).await?;
    lines.extend(doors(&app).await);
    lines.push(public(&app));
    lines.push(Line::good("Time zone", app.timezone().to_string()));
    service::models::look(&app, Utc::now()).await;
    service::gemini::look(&app, Utc::now()).await;
    service::trainings::look(&app, Utc::now()).await;
    let outside = status::checks(&app, Utc::now()).into_iter().filter(|check| !matches!(check.name, "database" | "scheduler"));
    lines.extend(outside.map(|check| Line::new(check.state, &check.label, check.detail, check.hint)));
    let networks = format!("asked at {} and {}; not called now", app.config.instagram_url, app.config.x_url);
    lines.push(Line::new(Health::Ok, "Instagram and X", networks, "Each character's page has a button that tests the accounts."));
    app.store.close().await.map_err(|error| error.to_string())?;
    Ok(lines)
}

/// The app over a copy of the records, which is thrown away.
async fn copied(config: Config, copy: &TempDir, peeked: Option<Peeked>, key: SecretKey) -> Result<AppState, String> {
    let dir = copy.path().to_owned();
    let sealed = peeked.as_ref().is_some_and(|peeked| !peeked.state.secrets.is_empty());
    let written = tokio::task::spawn_blocking(move || peeked.map_or(Ok(()), |peeked| peeked.state.write_into(&dir))).await;
    written.map_err(|_| "copying the records broke down".to_owned())?.map_err(|error| format!("the records cannot be copied: {error}"))?;
    // Opening a store makes a key where there is none, and looking must not.
    let key = if sealed { key } else { SecretKey::Given(BASE64_STANDARD.encode(rand::random::<[u8; 32]>()).into()) };
    let store = Store::open(OpenOptions { dir: copy.path().to_owned(), key }).await.map_err(|error| error.to_string())?;
    Ok(AppState::new(config, store, Events::new(0)))
}

fn environment() -> Line {
    match std::env::current_dir().map(|here| here.join(".env")) {
        Ok(file) if file.exists() => Line::good("Settings", format!("flags, the environment, and {}; each was understood", file.display())),
        Ok(_) | Err(_) => Line::good("Settings", "flags and the environment; each was understood"),
    }
}

fn folder(options: &OpenOptions) -> Line {
    let dir = &options.dir;
    let shown = std::path::absolute(dir).unwrap_or_else(|_| dir.clone());
    let shown = shown.display();
    if let Some(words) = service::backups::unfinished(dir) {
        return Line::new(Health::Bad, "Data", words, "");
    }
    match (std::fs::metadata(dir), store::in_use(dir)) {
        (Ok(_), Some(pid)) => {
            Line::good("Data", format!("{shown}; a server works in it{}", pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()))
        }
        (Ok(about), None) if about.is_dir() && !about.permissions().readonly() => Line::good("Data", shown.to_string()),
        (Ok(_), None) => {
            Line::new(Health::Bad, "Data", format!("{shown} is no folder that can be written in"), "Choose another with DALLA_DATA_DIR.")
        }
        (Err(error), _) if error.kind() == ErrorKind::NotFound => Line::good("Data", format!("{shown}; the first start makes it")),
        (Err(error), _) => {
            Line::new(Health::Bad, "Data", format!("{shown} cannot be used: {error}"), "Choose another with DALLA_DATA_DIR.")
        }
    }
}

fn key(key: &SecretKey, peeked: Option<&Peeked>) -> Line {
    let place = match key {
        SecretKey::Given(_) => "from DALLA_SECRET_KEY".to_owned(),
        SecretKey::InFile(path) => format!("in {}, as DALLA_SECRET_KEY_FILE says", path.display()),
        SecretKey::Default(path) if path.exists() => format!("in {}", path.display()),
        SecretKey::Default(path) => format!("the first start makes it, in {}", path.display()),
    };
    match peeked.and_then(|peeked| peeked.secrets_locked.clone()) {
        None => Line::good("Secret key", place),
        Some(why) => Line::new(Health::Bad, "Secret key", why, "Put the key back, or enter the secrets again."),
    }
}

fn log(config: &Config) -> Line {
    match EnvFilter::try_new(&config.log) {
        Ok(_) => Line::good("Log", config.log.clone()),
        Err(error) => Line::new(Health::Bad, "Log", format!("DALLA_LOG is not understood: {error}"), "Write a level, as in info."),
    }
}

/// Where it listens, and whether others may come in.
async fn doors(app: &AppState) -> Vec<Line> {
    let config = &app.config;
    let running = store::in_use(&config.data_dir()).is_some();
    let mut lines = vec![match service::access::may_be_reached(&app.store, config.listen) {
        Err(words) => Line::new(Health::Bad, "Listens on", words, ""),
        Ok(()) => listens("Listens on", config.listen, running).await,
    }];
    if let Some(public) = config.public_listen {
        lines.push(listens("Listens for pictures on", public, running).await);
    }
    let password = service::access::is_asked(&app.store.read());
    lines.push(match (password, config.listen.ip().is_loopback()) {
        (true, _) => Line::good("Password", "set"),
        (false, true) => Line::new(Health::Off, "Password", "only this machine is let in", ""),
        (false, false) => Line::new(Health::Bad, "Password", "none, though other machines could come in", "digital-dalla set-password"),
    });
    lines
}

async fn listens(name: &str, address: std::net::SocketAddr, running: bool) -> Line {
    match tokio::net::TcpListener::bind(address).await {
        Ok(_) => Line::good(name, address.to_string()),
        Err(error) if error.kind() == ErrorKind::AddrInUse && running => {
            Line::good(name, format!("{address}; the server that runs has it, or another program"))
        }
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            Line::new(Health::Bad, name, format!("{address} is in use by another program"), "Choose another, as in 127.0.0.1:3001.")
        }
        Err(error) => Line::new(Health::Bad, name, format!("{address} cannot be used: {error}"), "Choose an address of this machine."),
    }
}

/// From where Instagram fetches pictures.
fn public(app: &AppState) -> Line {
    const NAME: &str = "Public pictures";
    match (&app.config.bucket.bucket, app.public_url()) {
        (Some(bucket), _) => Line::good(NAME, format!("in the bucket {bucket}; not tried now")),
        (None, Some(url)) => Line::good(NAME, format!("under {url}; whether it leads here can be told from outside only")),
        (None, None) => {
            Line::new(Health::Off, NAME, "posts to Instagram are held", "Set DALLA_PUBLIC_URL, or a bucket with DALLA_S3_BUCKET.")
        }
    }
}
