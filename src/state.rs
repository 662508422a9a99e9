//! Everything shared, built once and passed on.

use std::{ops::Deref, sync::Arc};

use axum::extract::FromRef;
use chrono_tz::Tz;
use leptos::config::LeptosOptions;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    attempts::Attempts,
    config::Config,
    domain::job::Lane,
    events::Events,
    integrations::{
        comfyui::{Comfy, Farm, Limits},
        gemini::Gemini,
        instagram::Instagram,
        x::X,
    },
    live::LiveJobs,
    prepared::Prepared,
    store::Store,
    trash::Trash,
};

/// Everything shared. A cheap handle.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

/// What [`AppState`] gives access to.
pub struct Shared {
    /// The settings of this process.
    pub config: Config,
    /// The time zone of the installation.
    pub timezone: Tz,
    /// Everything stored.
    pub store: Store,
    /// Tells everyone who watches.
    pub events: Events,
    /// The ComfyUI servers.
    pub comfy: Farm,
    /// What running jobs are doing.
    pub live: LiveJobs,
    /// Gemini.
    pub gemini: Gemini,
    /// A client for what is not at home.
    pub away: reqwest::Client,
    /// Instagram.
    pub instagram: Instagram,
    /// X.
    pub x: X,
    /// Wakes the workers that draw.
    draw: Notify,
    /// Wakes the workers that write.
    write: Notify,
    /// Wakes the workers that publish.
    publish: Notify,
    /// Fires when the process is to end: workers stop where they are and leave the rest for the next start.
    pub stopping: CancellationToken,
    /// What was deleted just now.
    pub trash: Trash,
    /// Attempts to log in.
    pub attempts: Attempts,
    /// Answers that are sent again and again.
    pub prepared: Prepared,
}

/// Who we say we are.
const AGENT: &str = concat!("digital-dalla/", env!("CARGO_PKG_VERSION"));

impl AppState {
    /// The state of a process with this store.
    pub fn new(config: Config, store: Store, events: Events) -> Self {
        let limits = Limits { stall: config.comfyui_stall, gone: config.comfyui_gone, ..Limits::default() };
        Self::with_limits(config, store, events, limits)
    }

    /// The same, with the patience of the caller.
    pub fn with_limits(config: Config, store: Store, events: Events, limits: Limits) -> Self {
        let http = reqwest::Client::builder().user_agent(AGENT);
        // ComfyUI is at home: a proxy of the environment must not get between.
        // Google is not: what the environment says about the way out counts.
        let away = reqwest::Client::builder().user_agent(AGENT).redirect(reqwest::redirect::Policy::none());
        let away = away.build().expect("the TLS roots are compiled in, so that a client can always be built");
        let http = http.no_proxy().redirect(reqwest::redirect::Policy::none());
        let http = http.build().expect("the TLS roots are compiled in, so that a client can always be built");
        let instagram = Instagram::new(away.clone(), config.instagram_url.clone(), config.network_patience);
        let x = X::new(away.clone(), config.x_url.clone(), config.network_patience);
        let gemini = Gemini::new(away.clone(), config.gemini_url.clone(), config.gemini_patience);
        let comfy = Farm::new(config.comfyui.iter().map(|url| Comfy::new(http.clone(), url.clone(), limits.clone())).collect());
        Self(Arc::new(Shared {
            timezone: config.timezone(),
            config,
            store,
            events,
            comfy,
            gemini,
            away,
            instagram,
            x,
            live: LiveJobs::default(),
            draw: Notify::new(),
            write: Notify::new(),
            publish: Notify::new(),
            stopping: CancellationToken::new(),
            trash: Trash::default(),
            attempts: Attempts::default(),
            prepared: Prepared::default(),
        }))
    }
}

impl Shared {
    /// Wakes the workers of a lane: there is a new job for them.
    pub fn wake(&self, lane: Lane) {
        self.bell(lane).notify_one();
    }

    /// What rings when there is a new job for a lane. One permit is kept while nobody listens.
    pub fn bell(&self, lane: Lane) -> &Notify {
        match lane {
            Lane::Draw => &self.draw,
            Lane::Write => &self.write,
            Lane::Publish => &self.publish,
        }
    }
}

impl FromRef<AppState> for LeptosOptions {
    /// Pages are rendered here and nowhere else, so Leptos needs to know nothing about a browser build.
    fn from_ref(_: &AppState) -> Self {
        Self::builder().output_name("digital-dalla").build()
    }
}

impl Deref for AppState {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}
