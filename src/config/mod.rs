//! Settings of this process: flags, environment, `.env`. Read once, at the start.

mod bucket;
mod command;
mod parse;
mod secrets;
#[cfg(test)]
mod tests;
mod training;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use chrono_tz::Tz;
use clap::{ArgAction, Parser, builder::BoolishValueParser};
use ipnet::IpNet;
use reqwest::Url;
use secrecy::SecretString;

pub use self::{
    bucket::BucketConfig,
    command::{BackupArguments, Command, ImportArguments, ReportArguments, RestoreArguments},
    parse::{http_url, public_url},
    secrets::SecretKey,
    training::TrainingConfig,
};
use self::{
    parse::{address, host, megabytes, network, origin, pace, seconds, zone},
    secrets::{network_keys, secret},
};

/// A dashboard for people who run AI personas from a GPU box at home.
// Each value's name is its variable's, so that the word about a wrong one names it.
#[derive(Debug, Clone, Parser)]
#[command(name = "digital-dalla", version)]
pub struct Config {
    /// What to do; without one, the server runs.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Simulate every outside service on this machine, in a data folder of its own.
    #[arg(
        long,
        env = "DALLA_SANDBOX",
        value_name = "DALLA_SANDBOX",
        action = ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_value = "false",
        default_missing_value = "true",
        hide_default_value = true,
        value_parser = BoolishValueParser::new()
    )]
    pub sandbox: bool,

    /// Address and port to listen on; one that other machines reach needs a password.
    #[arg(long, env = "DALLA_LISTEN", value_name = "DALLA_LISTEN", default_value = "127.0.0.1:3000", value_parser = address)]
    pub listen: SocketAddr,

    /// Where everything is stored [default: data, or data-sandbox with --sandbox].
    #[arg(long = "data-dir", env = "DALLA_DATA_DIR", value_name = "DALLA_DATA_DIR", global = true)]
    data_dir: Option<PathBuf>,

    /// Addresses of the ComfyUI servers, separated by commas.
    #[arg(
        long = "comfyui-url",
        env = "COMFYUI_URL",
        value_name = "COMFYUI_URL",
        value_delimiter = ',',
        default_value = "http://127.0.0.1:8188",
        value_parser = http_url
    )]
    pub comfyui: Vec<Url>,

    /// Seconds a running picture may show no sign of life before it is given up.
    #[arg(long = "comfyui-stall-limit", env = "COMFYUI_STALL_LIMIT", value_name = "COMFYUI_STALL_LIMIT", default_value = "600", value_parser = seconds)]
    pub comfyui_stall: Duration,

    /// Seconds a ComfyUI that went away in the middle of a picture may take to come back.
    #[arg(long = "comfyui-gone-limit", env = "COMFYUI_GONE_LIMIT", value_name = "COMFYUI_GONE_LIMIT", default_value = "60", value_parser = seconds)]
    pub comfyui_gone: Duration,

    /// Where Gemini is asked; Google's own address unless it is somewhere else.
    #[arg(
        long = "gemini-url",
        env = "GEMINI_BASE_URL",
        value_name = "GEMINI_BASE_URL",
        default_value = "https://generativelanguage.googleapis.com",
        value_parser = http_url
    )]
    pub gemini_url: Url,

    /// Seconds Gemini may take for one answer.
    #[arg(long = "gemini-limit", env = "GEMINI_LIMIT", value_name = "GEMINI_LIMIT", default_value = "90", value_parser = seconds)]
    pub gemini_patience: Duration,

    /// Where Instagram is asked, with the version of its API.
    #[arg(
        long = "instagram-url",
        env = "INSTAGRAM_BASE_URL",
        value_name = "INSTAGRAM_BASE_URL",
        default_value = "https://graph.instagram.com/v26.0",
        value_parser = http_url
    )]
    pub instagram_url: Url,

    /// Which login the tokens for Instagram come from [default: facebook where the address is Facebook's].
    #[arg(long = "instagram-login", env = "INSTAGRAM_LOGIN", value_name = "INSTAGRAM_LOGIN")]
    pub instagram_login: Option<Login>,

    /// Where X is asked.
    #[arg(long = "x-url", env = "X_BASE_URL", value_name = "X_BASE_URL", default_value = "https://api.x.com", value_parser = http_url)]
    pub x_url: Url,

    /// Public https address that leads here, from which Instagram fetches pictures.
    #[arg(long = "public-url", env = "DALLA_PUBLIC_URL", value_name = "DALLA_PUBLIC_URL", value_parser = public_url)]
    pub public_url: Option<Url>,

    /// Address and port of a listener that answers nothing but those pictures; any address.
    #[arg(long = "public-listen", env = "DALLA_PUBLIC_LISTEN", value_name = "DALLA_PUBLIC_LISTEN", value_parser = address)]
    pub public_listen: Option<SocketAddr>,

    /// A bucket to lay pictures in while Instagram fetches them.
    #[command(flatten)]
    pub bucket: BucketConfig,

    /// The bucket's secret key from `DALLA_S3_SECRET_ACCESS_KEY`. Never a flag.
    #[arg(skip)]
    pub bucket_secret: Option<SecretString>,

    /// Seconds of the first pause between questions to a network; later ones are longer.
    #[arg(long = "network-pace", env = "DALLA_NETWORK_PACE", value_name = "DALLA_NETWORK_PACE", default_value = "2", value_parser = pace)]
    pub network_pace: Duration,

    /// Seconds a network may take for one answer.
    #[arg(long = "network-limit", env = "DALLA_NETWORK_LIMIT", value_name = "DALLA_NETWORK_LIMIT", default_value = "30", value_parser = pace)]
    pub network_patience: Duration,

    /// Largest picture that may be sent to a dataset, in MB.
    #[arg(long = "picture-limit", env = "DALLA_PICTURE_LIMIT", value_name = "DALLA_PICTURE_LIMIT", default_value = "50", value_parser = megabytes)]
    pub picture_limit: u64,

    /// Most that may be sent to a dataset at once, in MB, and most that may come out of an archive.
    #[arg(long = "upload-limit", env = "DALLA_UPLOAD_LIMIT", value_name = "DALLA_UPLOAD_LIMIT", default_value = "4000", value_parser = megabytes)]
    pub upload_limit: u64,

    /// The key for Gemini from `GEMINI_API_KEY`; one that is stored comes first. Never a flag: those show in process lists.
    #[arg(skip)]
    pub gemini_api_key: Option<SecretString>,

    /// Keys for accounts on networks, by the names of their variables; stored ones come first. Never flags.
    #[arg(skip)]
    pub network_keys: BTreeMap<String, SecretString>,

    /// Where LoRAs are trained.
    #[command(flatten)]
    pub training: TrainingConfig,

    /// Time zone of the installation, as in Europe/Rome [default: the machine's].
    #[arg(long, env = "DALLA_TIMEZONE", value_name = "DALLA_TIMEZONE", value_parser = zone)]
    timezone: Option<Tz>,

    /// Seconds a body may stand still while it is being sent.
    #[arg(long = "send-limit", env = "DALLA_SEND_LIMIT", value_name = "DALLA_SEND_LIMIT", default_value = "30", value_parser = pace)]
    pub send_limit: Duration,

    /// Seconds an API call waits for a picture before it answers 504; the job goes on.
    #[arg(long = "wait-limit", env = "DALLA_WAIT_LIMIT", value_name = "DALLA_WAIT_LIMIT", default_value = "600", value_parser = seconds)]
    pub wait_limit: Duration,

    /// Names under which this server may be called, beside localhost and loopback addresses; separated by commas.
    #[arg(long = "allowed-hosts", env = "DALLA_ALLOWED_HOSTS", value_name = "DALLA_ALLOWED_HOSTS", value_delimiter = ',', value_parser = host)]
    pub allowed_hosts: Vec<String>,

    /// Origins of front ends that may call /api from a browser, separated by commas.
    #[arg(long = "cors-origins", env = "DALLA_CORS_ORIGINS", value_name = "DALLA_CORS_ORIGINS", value_delimiter = ',', value_parser = origin)]
    pub cors_origins: Vec<String>,

    /// Proxies whose word about clients is taken, as addresses or networks, separated by commas.
    #[arg(long = "trusted-proxies", env = "DALLA_TRUSTED_PROXIES", value_name = "DALLA_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,

    /// Requests a second that each caller of the API may send, ten times as many at once; 0 is no limit [default: 50,
    /// and no limit on this machine where there is no password].
    #[arg(long = "rate-limit", env = "DALLA_RATE_LIMIT", value_name = "DALLA_RATE_LIMIT")]
    pub rate_limit: Option<u32>,

    /// Pictures, captions, posts and trainings a minute that each caller of the API may ask for; 0 is no limit
    /// [default: 60, and no limit on this machine where there is no password].
    #[arg(long = "costly-limit", env = "DALLA_COSTLY_LIMIT", value_name = "DALLA_COSTLY_LIMIT")]
    pub costly_limit: Option<u32>,

    /// What to log, as in `info` or `digital_dalla=debug`.
    #[arg(long, env = "DALLA_LOG", value_name = "DALLA_LOG", default_value = "info")]
    pub log: String,
}

/// The two setups of Meta's apps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Login {
    /// Instagram Login: a token is the account's.
    Instagram,
    /// Facebook Login: a token is a page's, and the account's id has to be entered too.
    Facebook,
}

impl Config {
    /// Reads flags, environment and `.env`. Ends the process with a word about whatever is wrong.
    pub fn from_process() -> Self {
        match dotenvy::dotenv() {
            Err(error) if !error.not_found() => {
                clap::Error::raw(clap::error::ErrorKind::Io, format!(".env cannot be read: {error}\n")).exit();
            }
            Ok(_) | Err(_) => {
                Self::parse().with_secrets().unwrap_or_else(|words| clap::Error::raw(clap::error::ErrorKind::ValueValidation, words).exit())
            }
        }
    }

    /// With the secrets of the environment. The word about a wrong one names its variable and holds nothing of it.
    fn with_secrets(self) -> Result<Self, String> {
        let (gemini_api_key, bucket_secret) = (secret("GEMINI_API_KEY")?, secret("DALLA_S3_SECRET_ACCESS_KEY")?);
        let config = Self { gemini_api_key, bucket_secret, network_keys: network_keys(), ..self };
        config.goes_together().map(|()| config)
    }

    /// Settings that need each other.
    fn goes_together(&self) -> Result<(), String> {
        let has_keys = self.bucket.access_key_id.is_some() && self.bucket_secret.is_some();
        if self.bucket.bucket.is_some() && !has_keys {
            return Err("error: DALLA_S3_BUCKET is set, so DALLA_S3_ACCESS_KEY_ID and DALLA_S3_SECRET_ACCESS_KEY have to be, too\n".into());
        }
        Ok(())
    }

    /// Where everything is stored.
    pub fn data_dir(&self) -> PathBuf {
        let usual = if self.sandbox { "data-sandbox" } else { "data" };
        self.data_dir.clone().unwrap_or_else(|| usual.into())
    }

    /// The time zone of the installation, where none is set in the settings.
    pub fn timezone(&self) -> Tz {
        let machine = || iana_time_zone::get_timezone().ok()?.parse().ok();
        self.timezone.or_else(machine).unwrap_or(Tz::UTC)
    }

    /// Whether the time zone is set, and not the machine's.
    pub fn has_timezone(&self) -> bool {
        self.timezone.is_some()
    }
}
