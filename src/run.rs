//! The life of the process: from settings to a running server, and to a clean stop.

mod backups;
mod checking;
mod commands;
mod examining;
mod importing;

use std::{
    net::{Ipv4Addr, SocketAddr},
    process::ExitCode,
    time::Duration,
};

use chrono::Utc;
use tokio::net::TcpListener;
use tracing_subscriber::{EnvFilter, Layer, filter::FilterExt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    config::{Command, Config},
    events::Events,
    jobs,
    logs::Logs,
    router,
    sandbox::{
        comfyui::{ComfySandbox, Options},
        gemini::{self, GeminiSandbox},
        instagram::{self, InstagramSandbox},
        trainer::TrainerSandbox,
        x::{self, XSandbox},
    },
    service,
    state::AppState,
    store::{OpenOptions, Store},
};

/// How long requests that are under way may take to end.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

/// What has to be kept for as long as it is to be there.
type Simulated = (ComfySandbox, GeminiSandbox, InstagramSandbox, XSandbox);

/// How long the simulated Gemini takes: slow enough to be seen.
const WRITING: Duration = Duration::from_millis(900);

/// Does what the command line asks for. Answers how the process ends; the error is what a person reads.
pub async fn run(config: Config) -> Result<ExitCode, String> {
    let done = |()| ExitCode::SUCCESS;
    match config.command.clone() {
        None => serve_until_stopped(config).await.map(done),
        Some(Command::SetPassword) => commands::set_password(config).await.map(done),
        Some(Command::Backup(how)) => backups::back_up(config, how).await.map(done),
        Some(Command::Restore(what)) => backups::restore(config, what).await.map(done),
        Some(Command::Import(what)) => importing::import(config, what).await.map(done),
        Some(Command::Doctor(how)) => examining::doctor(config, how).await,
        Some(Command::Check(how)) => checking::check(config, how).await,
    }
}

/// Runs until the process is told to stop.
async fn serve_until_stopped(mut config: Config) -> Result<(), String> {
    let logs = log(&config)?;
    ignore_file_size_signal()?;
    let key = config.secret_key()?;
    if let Some(words) = service::backups::unfinished(&config.data_dir()) {
        return Err(words);
    }
    let store = Store::open(OpenOptions { dir: config.data_dir(), key }).await.map_err(|error| error.to_string())?;
    service::access::may_be_reached(&store, config.listen)?;
    let listener = TcpListener::bind(config.listen).await.map_err(|error| cannot_listen(config.listen, &error))?;
    let address = listener.local_addr().map_err(|error| cannot_listen(config.listen, &error))?;
    // Kept until the end: the simulators stop with it.
    let sandbox = if config.sandbox { Some(simulate(&mut config).await?) } else { None };
    if config.sandbox && config.public_url.is_none() {
        // The simulated Instagram is on this machine, so it fetches pictures from here.
        let here = if address.ip().is_unspecified() { SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())) } else { address };
        config.public_url = format!("http://{here}").parse().ok();
    }
    let public = match config.public_listen {
        None => None,
        Some(listen) => {
            Some(TcpListener::bind(listen).await.map_err(|error| format!("cannot listen on {listen} (DALLA_PUBLIC_LISTEN): {error}"))?)
        }
    };
    let app = AppState::new(config, store, Events::new(Utc::now().timestamp_micros().unsigned_abs())).with_logs(logs);
    service::media::tidy(&app).await;
    service::backups::tidy(&app).await;
    service::importing::tidy(&app).await;
    let restored = service::backups::settle(&app, Utc::now()).await.map_err(|error| error.to_string())?;
    if app.config.sandbox {
        let keys = |number| service::seed::Keys { instagram: instagram::token(number), x: x::keys(number) };
        service::seed::cast(&app, [keys(1), keys(2)], Utc::now()).await.map_err(|error| error.to_string())?;
    }
    service::datasets::tidy(&app).await.map_err(|error| error.to_string())?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), %address, "ready");
    println!("Digital Dalla is ready: http://{address}");
    if let Some((_, _, instagram, x)) = &sandbox {
        println!("Nothing leaves this machine. What is posted appears at {} and {}.", instagram.page(), x.page());
    }
    if restored {
        println!("It was restored from a backup, so everything is paused. Look at the posts, then resume.");
    }
    println!("Everything is stored in {}. Stop with Ctrl+C.", app.store.dir().display());
    serve(app, listener, public).await
}

/// Serves pages and runs workers until a signal comes; then finishes requests, stops workers, writes the arrays.
async fn serve(app: AppState, listener: TcpListener, public: Option<TcpListener>) -> Result<(), String> {
    let stopping = app.stopping.clone();
    let watching = tokio::spawn(service::watching::tell_changes(app.clone()));
    let noticing = tokio::spawn(service::notifications::watch(app.clone()));
    let delivering = tokio::spawn(service::webhooks::deliver(app.clone()));
    let logging = tokio::spawn(service::logs::tell(app.clone()));
    let workers = tokio::spawn(jobs::run(app.clone()));
    tokio::spawn({
        let stopping = stopping.clone();
        async move {
            wait_for_signal().await;
            tracing::info!("stopping");
            stopping.cancel();
        }
    });
    let public = public.map(|listener| {
        let (routes, stop) = (router::public(app.clone()), stopping.clone());
        tokio::spawn(axum::serve(listener, routes).with_graceful_shutdown(stop.cancelled_owned()).into_future())
    });
    let server = axum::serve(listener, router::router(app.clone())).with_graceful_shutdown(stopping.clone().cancelled_owned());
    let hurry = async {
        stopping.cancelled().await;
        tokio::time::sleep(LAST_REQUESTS).await;
    };
    tokio::select! {
        ended = server.into_future() => ended.map_err(|error| format!("the server broke down: {error}"))?,
        () = hurry => tracing::warn!("some requests did not end in time"),
    }
    stopping.cancel();
    if workers.await.is_err() {
        tracing::error!("the workers broke down");
    }
    watching.abort();
    noticing.abort();
    delivering.abort();
    logging.abort();
    if let Some(public) = public {
        public.abort();
    }
    app.store.close().await.map_err(|error| format!("the last changes are in the journal, but the arrays could not be written: {error}"))
}

/// To standard error goes what was asked for; in memory for the page of logs are `info` and more important lines, too.
fn log(config: &Config) -> Result<Logs, String> {
    let filter = || EnvFilter::try_new(&config.log).map_err(|error| format!("DALLA_LOG: {error}"));
    let logs = Logs::default();
    let said = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_filter(filter()?);
    let kept = logs.layer().with_filter(filter()?.or(tracing::level_filters::LevelFilter::INFO));
    tracing_subscriber::registry().with(said).with(kept).init();
    Ok(logs)
}

/// The simulators, and the settings that lead to them.
async fn simulate(config: &mut Config) -> Result<Simulated, String> {
    let broken = |error: std::io::Error| format!("the sandbox cannot be started: {error}");
    let writer = GeminiSandbox::start(WRITING).await.map_err(broken)?;
    config.gemini_url = writer.url().parse().map_err(|_| "the sandbox has no address".to_owned())?;
    config.gemini_api_key = Some(gemini::KEY.into());
    let trainer = TrainerSandbox::prepare(&config.data_dir().join("trainer"), &config.training.guard_program()).map_err(broken)?;
    let options = Options { lora_dir: Some(trainer.loras()), ..Options::default() };
    let sandbox = ComfySandbox::start(options).await.map_err(broken)?;
    let url = sandbox.url().parse().map_err(|_| "the sandbox has no address".to_owned())?;
    config.comfyui = vec![url];
    // What went out is remembered, and stays under its address, as on the real networks.
    let memory = |network| Some(config.data_dir().join("sandbox").join(network));
    let instagram = instagram::Options { reads: 1, memory: memory("instagram") };
    let instagram = InstagramSandbox::start(instagram).await.map_err(broken)?;
    let x = XSandbox::start(x::Options { memory: memory("x") }).await.map_err(broken)?;
    config.instagram_url = instagram.url().parse().map_err(|_| "the sandbox has no address".to_owned())?;
    config.x_url = x.url().parse().map_err(|_| "the sandbox has no address".to_owned())?;
    train_in(&trainer, config);
    Ok((sandbox, writer, instagram, x))
}

/// Settings that lead to the simulated trainer.
fn train_in(trainer: &TrainerSandbox, config: &mut Config) {
    let training = &mut config.training;
    (training.kohya_dir, training.kohya_python) = (Some(trainer.scripts()), Some(trainer.python()));
    training.trainer_command = None;
    training.sd15_models = vec![trainer.model("dreamshaper_8.safetensors")];
    training.sdxl_models = vec![trainer.model("sd_xl_base_1.0.safetensors")];
    training.flux_models = vec![trainer.model("flux1-dev.safetensors")];
    training.flux_clip_l = Some(trainer.model("clip_l.safetensors"));
    training.flux_t5xxl = Some(trainer.model("t5xxl_fp8_e4m3fn.safetensors"));
    training.flux_ae = Some(trainer.model("ae.safetensors"));
    training.lora_dir = Some(trainer.loras());
}

fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            format!("{address} is in use by another program. Choose another with DALLA_LISTEN, as in DALLA_LISTEN=127.0.0.1:3001.")
        }
        _ => format!("cannot listen on {address} (DALLA_LISTEN): {error}"),
    }
}

/// A file that grows past the process's limit is to fail as a write, not to end the process.
fn ignore_file_size_signal() -> Result<(), String> {
    const SIGXFSZ: i32 = 25;
    let kind = tokio::signal::unix::SignalKind::from_raw(SIGXFSZ);
    // Installing the handler is enough, and it stays when this is dropped.
    tokio::signal::unix::signal(kind).map(drop).map_err(|error| format!("a signal cannot be handled: {error}"))
}

async fn wait_for_signal() {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(signal) => signal,
        Err(error) => {
            tracing::error!(%error, "SIGTERM cannot be handled");
            return std::future::pending().await;
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
