//! Settings of this process: flags, environment, `.env`. Read once, at the start.

mod training;

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono_tz::Tz;
use clap::{ArgAction, Args, Parser, Subcommand, builder::BoolishValueParser};
use ipnet::IpNet;
use reqwest::Url;
use secrecy::SecretString;

pub use self::training::TrainingConfig;

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

    /// What to log, as in `info` or `digital_dalla=debug`.
    #[arg(long, env = "DALLA_LOG", value_name = "DALLA_LOG", default_value = "info")]
    pub log: String,
}

/// A bucket that speaks S3: where Instagram fetches pictures when this server cannot be reached from outside.
#[derive(Debug, Clone, Default, Args)]
pub struct BucketConfig {
    /// The bucket's name; with it, pictures are laid there while Instagram fetches them.
    #[arg(long = "s3-bucket", env = "DALLA_S3_BUCKET", value_name = "DALLA_S3_BUCKET", value_parser = word)]
    pub bucket: Option<String>,

    /// Where the bucket is, for others than Amazon's.
    #[arg(long = "s3-endpoint", env = "DALLA_S3_ENDPOINT", value_name = "DALLA_S3_ENDPOINT", value_parser = http_url)]
    pub endpoint: Option<Url>,

    /// The bucket's region.
    #[arg(long = "s3-region", env = "DALLA_S3_REGION", value_name = "DALLA_S3_REGION", default_value = "us-east-1", value_parser = word)]
    pub region: String,

    /// The id of the key that may write there.
    #[arg(long = "s3-access-key-id", env = "DALLA_S3_ACCESS_KEY_ID", value_name = "DALLA_S3_ACCESS_KEY_ID", value_parser = word)]
    pub access_key_id: Option<String>,

    /// Folder in the bucket.
    #[arg(long = "s3-prefix", env = "DALLA_S3_PREFIX", value_name = "DALLA_S3_PREFIX", default_value = "digital-dalla", value_parser = word)]
    pub prefix: String,

    /// Public https address of the bucket; without it, addresses are signed and end after some hours.
    #[arg(long = "s3-public-url", env = "DALLA_S3_PUBLIC_URL", value_name = "DALLA_S3_PUBLIC_URL", value_parser = public_url)]
    pub public_address: Option<Url>,
}

/// The two setups of Meta's apps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Login {
    /// Instagram Login: a token is the account's.
    Instagram,
    /// Facebook Login: a token is a page's, and the account's id has to be entered too.
    Facebook,
}

/// What there is to do beside running the server.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Sets the password, or puts another in its place: asks for it, or reads a line from standard input.
    SetPassword,
    /// Makes a backup, also while a server runs.
    Backup(BackupArguments),
    /// Puts a backup back: looks it through, unpacks it, and moves what was there aside. Only while no server runs.
    Restore(RestoreArguments),
    /// Imports a bundle, a backup, or the data folder of an older app. Only while no server runs, but for a dry run.
    Import(ImportArguments),
    /// Says everything that is wrong with the data folder, and what to do. Changes nothing.
    Doctor(ReportArguments),
    /// Says how this server is set up, and whether what it needs can be reached. Changes nothing.
    Check(ReportArguments),
}

/// How a backup is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct BackupArguments {
    /// Leave out pictures, datasets and trainings.
    #[arg(long, conflicts_with = "everything")]
    pub records_only: bool,

    /// Take along what trainings have made: LoRAs, saved states, the pictures they learned from.
    #[arg(long)]
    pub everything: bool,

    /// The file to write [default: one in the folder of backups].
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

/// What is put back, and where.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct RestoreArguments {
    /// The backup.
    #[arg(value_name = "ZIP")]
    pub zip: PathBuf,

    /// The folder it becomes [default: the data folder].
    #[arg(long, value_name = "DIR")]
    pub into: Option<PathBuf>,

    /// Do not ask before what is there is moved aside.
    #[arg(long)]
    pub yes: bool,
}

/// What is imported.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ImportArguments {
    /// A folder, a zip, or JSON.
    #[arg(value_name = "FOLDER-OR-ZIP")]
    pub from: PathBuf,

    /// Only say what would come, and change nothing.
    #[arg(long)]
    pub dry_run: bool,

    /// Say it as JSON, for programs.
    #[arg(long)]
    pub json: bool,
}

/// How it is said.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ReportArguments {
    /// As JSON, for programs.
    #[arg(long)]
    pub json: bool,
}

/// Where the key comes from that seals the secrets.
#[derive(Debug, Clone)]
pub enum SecretKey {
    /// Given in `DALLA_SECRET_KEY`.
    Given(SecretString),
    /// In the file that `DALLA_SECRET_KEY_FILE` names.
    InFile(PathBuf),
    /// In the file of the user's config folder, made at the first start.
    Default(PathBuf),
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

    /// The time zone of the installation.
    pub fn timezone(&self) -> Tz {
        let machine = || iana_time_zone::get_timezone().ok()?.parse().ok();
        self.timezone.or_else(machine).unwrap_or(Tz::UTC)
    }

    /// Where the key comes from that seals the secrets. Never a flag: those show in process lists.
    pub fn secret_key(&self) -> Result<SecretKey, String> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        if let Some(text) = variable("DALLA_SECRET_KEY") {
            let fits = BASE64_STANDARD.decode(text.trim()).is_ok_and(|key| key.len() == 32);
            let word = "DALLA_SECRET_KEY must be 32 bytes in base64; make one with: openssl rand -base64 32";
            return if fits { Ok(SecretKey::Given(text.trim().into())) } else { Err(word.into()) };
        }
        if let Some(path) = variable("DALLA_SECRET_KEY_FILE") {
            return Ok(SecretKey::InFile(path.into()));
        }
        if self.sandbox {
            return Ok(SecretKey::Default(self.data_dir().with_extension("key")));
        }
        let home = || variable("HOME").map(|home| PathBuf::from(home).join(".config"));
        let folder = variable("XDG_CONFIG_HOME").map(PathBuf::from).or_else(home);
        let word = "No place for the secret key: set DALLA_SECRET_KEY_FILE, XDG_CONFIG_HOME or HOME.";
        folder.map(|folder| SecretKey::Default(folder.join("digital-dalla/secret.key"))).ok_or_else(|| word.into())
    }
}

/// A secret of the environment, if there is one.
fn secret(name: &str) -> Result<Option<SecretString>, String> {
    let value = std::env::var(name).unwrap_or_default();
    let value = value.trim();
    if !value.chars().all(|c| c.is_ascii_graphic()) {
        return Err(format!("error: the value of {name} is not a key: it holds spaces, line breaks or other letters than a key has\n"));
    }
    Ok(Some(value).filter(|value| !value.is_empty()).map(SecretString::from))
}

/// Variables with keys of networks: for all characters, or with a character's name before them.
fn network_keys() -> BTreeMap<String, SecretString> {
    const ENDINGS: [&str; 5] =
        ["INSTAGRAM_ACCESS_TOKEN", "TWITTER_API_KEY", "TWITTER_API_KEY_SECRET", "TWITTER_ACCESS_TOKEN", "TWITTER_ACCESS_TOKEN_SECRET"];
    let ours = |name: &str| ENDINGS.iter().any(|ending| name == *ending || name.ends_with(&format!("_{ending}")));
    std::env::vars()
        .filter(|(name, value)| ours(name) && !value.trim().is_empty())
        .map(|(name, value)| (name, value.trim().into()))
        .collect()
}

fn http_url(text: &str) -> Result<Url, String> {
    let url: Url = text.trim().parse().map_err(|_| "write an address as in http://127.0.0.1:8188".to_owned())?;
    let fits = matches!(url.scheme(), "http" | "https") && url.has_host();
    if fits { Ok(url) } else { Err("the address must start with http:// or https://".into()) }
}

/// Instagram fetches from https only; this machine is for trying things out.
fn public_url(text: &str) -> Result<Url, String> {
    let url = http_url(text)?;
    let loopback =
        url.host_str().is_some_and(|host| host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback()));
    if url.scheme() == "https" || loopback {
        Ok(url)
    } else {
        Err("the address must start with https://, or Instagram will not fetch from it".into())
    }
}

/// In bytes.
fn megabytes(text: &str) -> Result<u64, String> {
    let megabytes: Option<u64> = text.parse().ok().filter(|megabytes| (1..=1_000_000).contains(megabytes));
    megabytes.map(|megabytes| megabytes * 1_000_000).ok_or_else(|| "write a whole number of MB, from 1 on".into())
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "write an address and a port, as in 127.0.0.1:3000".into())
}

fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let address = text.parse::<IpAddr>().map(IpNet::from);
    address.or_else(|_| text.parse()).map_err(|_| "write an address or a network, as in 127.0.0.1 or 172.16.0.0/12".to_owned())
}

fn word(text: &str) -> Result<String, String> {
    let text = text.trim().trim_matches('/');
    let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
    plain.then(|| text.to_owned()).ok_or_else(|| "write one word without spaces".into())
}

fn pace(text: &str) -> Result<Duration, String> {
    let seconds: Option<f64> = text.parse().ok().filter(|seconds| (0.001..=600.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "write a number of seconds from 0.001 to 600".into())
}

fn host(text: &str) -> Result<String, String> {
    let plain = text.trim().chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
    if plain { Ok(text.trim().to_owned()) } else { Err("write names alone, without http:// and without a port, as in box.home".into()) }
}

fn origin(text: &str) -> Result<String, String> {
    // An empty variable names none.
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    let url = http_url(text)?;
    Ok(url.origin().ascii_serialization())
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds @ 1..=86_400) => Ok(Duration::from_secs(seconds)),
        _ => Err("write a number of seconds from 1 to 86400".into()),
    }
}

fn zone(text: &str) -> Result<Tz, String> {
    text.parse().map_err(|_| "write an IANA time zone, as in Europe/Rome".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(arguments: &[&str]) -> String {
        Config::try_parse_from(["digital-dalla"].iter().chain(arguments)).unwrap_err().to_string()
    }

    #[test]
    fn the_word_about_a_wrong_value_names_its_variable() {
        assert!(wrong(&["--listen", "3000"]).contains("DALLA_LISTEN"));
        assert!(wrong(&["--comfyui-url", "ftp://box"]).contains("COMFYUI_URL"));
        assert!(wrong(&["--timezone", "Mars/Base"]).contains("DALLA_TIMEZONE"));
        assert!(wrong(&["--allowed-hosts", "box.home,http://box.home"]).contains("DALLA_ALLOWED_HOSTS"));
        assert!(wrong(&["--allowed-hosts", "box.home:3000"]).contains("without a port"));
    }

    #[test]
    fn the_sandbox_is_asked_for_by_a_flag_alone() {
        let sandbox = |arguments: &[&str]| Config::try_parse_from(["digital-dalla"].iter().chain(arguments)).unwrap().sandbox;
        assert!(sandbox(&["--sandbox"]) && sandbox(&["--sandbox", "--listen", "127.0.0.1:1"]) && sandbox(&["--sandbox=yes"]));
        assert!(!sandbox(&[]) && !sandbox(&["--sandbox=0"]));
        assert!(wrong(&["--sandbox=perhaps"]).contains("DALLA_SANDBOX"));
    }

    #[test]
    fn proxies_are_addresses_or_networks() {
        let config = Config::try_parse_from(["digital-dalla", "--trusted-proxies", "127.0.0.1,172.16.0.0/12,fd00::/8"]).unwrap();
        assert_eq!(config.trusted_proxies.len(), 3);
        assert!(wrong(&["--trusted-proxies", "the-proxy"]).contains("DALLA_TRUSTED_PROXIES"));
    }

    #[test]
    fn a_command_knows_where_the_data_is() {
        let config = Config::try_parse_from(["digital-dalla", "set-password", "--data-dir", "elsewhere"]).unwrap();
        assert_eq!((config.command.clone(), config.data_dir()), (Some(Command::SetPassword), PathBuf::from("elsewhere")));
    }

    #[test]
    fn a_bucket_needs_its_keys() {
        let bucket = |arguments: &[&str]| Config::try_parse_from(["digital-dalla"].iter().chain(arguments)).unwrap();
        assert!(bucket(&[]).goes_together().is_ok());
        let mut config = bucket(&["--s3-bucket", "pictures", "--s3-access-key-id", "key"]);
        assert!(config.goes_together().unwrap_err().contains("DALLA_S3_SECRET_ACCESS_KEY"));
        config.bucket_secret = Some("secret".into());
        assert!(config.goes_together().is_ok());
    }

    #[test]
    fn several_comfyui_servers_are_separated_by_commas() {
        let config = Config::try_parse_from(["digital-dalla", "--comfyui-url", "http://a:1,http://b:2"]).unwrap();
        assert_eq!(config.comfyui.len(), 2);
    }
}
