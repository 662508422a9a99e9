//! Everything shared, built once and passed on.

use std::{ops::Deref, sync::Arc};

use axum::extract::FromRef;
use chrono_tz::Tz;
use leptos::config::LeptosOptions;
use reqwest::Url;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    agenda::Agenda,
    attempts::Attempts,
    config::{Config, Login},
    domain::{dataset::Removed, job::Lane, library::Prompt, settings::Settings, times::Times},
    events::Events,
    gpu::Gpu,
    imports::Imports,
    incoming::Incoming,
    integrations::{
        bucket::{Access, Bucket},
        comfyui::{Comfy, Farm, Limits},
        gemini::Gemini,
        http::{self, Http},
        instagram::Instagram,
        kohya::Checked,
        webhook::Webhook,
        x::X,
    },
    limits::Limits as CallerLimits,
    live::{LiveJobs, LiveTrainings},
    logs::Logs,
    meters::Meters,
    prepared::Prepared,
    store::Store,
    trash::Trash,
    underway::Underway,
    vitals::Vitals,
};

/// Everything shared. A cheap handle.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

/// What [`AppState`] gives access to.
pub struct Shared {
    /// The settings of this process.
    pub config: Config,
    /// The time zone where none is set in the settings.
    usual_zone: Tz,
    /// Everything stored.
    pub store: Store,
    /// Tells everyone who watches.
    pub events: Events,
    /// What was logged last.
    pub logs: Logs,
    /// Numbers about this process.
    pub meters: Meters,
    /// What was last seen of the machine, and of the networks.
    pub vitals: Vitals,
    /// The ComfyUI servers.
    pub comfy: Farm,
    /// What running jobs are doing.
    pub live: LiveJobs,
    /// What running trainings are doing.
    pub trainings: LiveTrainings,
    /// Who has the graphics card.
    pub gpu: Gpu,
    /// What was last seen of the trainer.
    pub trainer: Checked,
    /// Gemini.
    pub gemini: Gemini,
    /// A client for what is not at home.
    pub away: reqwest::Client,
    /// Instagram.
    pub instagram: Instagram,
    /// X.
    pub x: X,
    /// Where Instagram fetches pictures when it cannot reach this server.
    pub bucket: Option<Bucket>,
    /// The person's own webhook.
    pub webhook: Webhook,
    /// A client for ComfyUI, and how long it may take.
    home: (Http, Limits),
    /// Wakes the workers that draw.
    draw: Notify,
    /// Wakes the workers that write.
    write: Notify,
    /// Wakes the workers that publish.
    publish: Notify,
    /// Wakes the worker that trains.
    train: Notify,
    /// Wakes the workers that run tasks.
    tasks: Notify,
    /// Wakes the worker that keeps house.
    housekeeping: Notify,
    /// When each task is due next.
    pub agenda: Agenda,
    /// Fires when the process is to end: workers stop where they are and leave the rest for the next start.
    pub stopping: CancellationToken,
    /// Prompts that were deleted just now.
    pub trash: Trash<Vec<Prompt>>,
    /// What was taken out of datasets just now.
    pub removed: Trash<Removed>,
    /// Pictures on their way into datasets.
    pub incoming: Incoming,
    /// What was sent to be imported and waits for a person's word.
    pub imports: Imports,
    /// Attempts to log in.
    pub attempts: Attempts,
    /// Answers that are sent again and again.
    pub prepared: Prepared,
    /// How much each caller of the API may ask for.
    pub limits: CallerLimits,
    /// Requests with a name that are being done.
    pub underway: Underway,
    /// What names of requests are hashed with; kept, for where the secret key is missing each asking makes up another.
    pub naming: [u8; 64],
}

impl AppState {
    /// The state of a process with this store.
    pub fn new(config: Config, store: Store, events: Events) -> Self {
        let limits = Limits { stall: config.comfyui_stall, gone: config.comfyui_gone, ..Limits::default() };
        Self::with_limits(config, store, events, limits)
    }

    /// The same, with the patience of the caller.
    pub fn with_limits(config: Config, store: Store, events: Events, limits: Limits) -> Self {
        // ComfyUI is at home: a proxy of the environment must not get between.
        let http = http::client(reqwest::ClientBuilder::no_proxy);
        // Google is not: what the environment says about the way out counts.
        let away = http::client(|builder| builder);
        let facebook = config.instagram_login.map(|login| login == Login::Facebook);
        let meters = Meters::default();
        store.count_in(meters.clone());
        let counted = |client: &reqwest::Client, service| Http::counted(client.clone(), service, meters.clone());
        let instagram =
            Instagram::new(counted(&away, "instagram"), config.instagram_url.clone(), config.network_patience).with_facebook(facebook);
        let x = X::new(counted(&away, "x"), config.x_url.clone(), config.network_patience);
        let bucket = bucket(&config, &meters);
        let webhook = Webhook::new(counted(&away, "webhook"));
        let gemini = Gemini::new(counted(&away, "gemini"), config.gemini_url.clone(), config.gemini_patience);
        let home = (counted(&http, "comfyui"), limits);
        let servers = comfyui_urls(&config, &store.read().settings);
        let comfy = Farm::new(servers.into_iter().map(|url| Comfy::new(home.0.clone(), url, home.1.clone())).collect());
        let caller_limits = CallerLimits::new(config.rate_limit, config.costly_limit);
        let naming = store.derived_key("named requests");
        Self(Arc::new(Shared {
            usual_zone: config.timezone(),
            config,
            store,
            events,
            logs: Logs::default(),
            meters,
            vitals: Vitals::default(),
            comfy,
            gemini,
            away,
            instagram,
            x,
            bucket,
            webhook,
            home,
            live: LiveJobs::default(),
            trainings: LiveTrainings::default(),
            gpu: Gpu::default(),
            trainer: Checked::default(),
            draw: Notify::new(),
            write: Notify::new(),
            publish: Notify::new(),
            train: Notify::new(),
            tasks: Notify::new(),
            housekeeping: Notify::new(),
            agenda: Agenda::default(),
            stopping: CancellationToken::new(),
            trash: Trash::default(),
            removed: Trash::default(),
            incoming: Incoming::default(),
            imports: Imports::default(),
            attempts: Attempts::default(),
            prepared: Prepared::default(),
            limits: caller_limits,
            underway: Underway::default(),
            naming,
        }))
    }

    /// With the lines that are logged. To be said before anybody else has the state.
    pub fn with_logs(mut self, logs: Logs) -> Self {
        Arc::get_mut(&mut self.0).expect("the state was made just now, and nobody else has it").logs = logs;
        self
    }
}

/// The bucket, where there is one with keys.
fn bucket(config: &Config, meters: &Meters) -> Option<Bucket> {
    let set = &config.bucket;
    let (name, key_id, key) = (set.bucket.as_deref()?, set.access_key_id.as_deref()?, config.bucket_secret.as_ref()?);
    let (endpoint, public) = (set.endpoint.as_ref(), set.public_address.as_ref());
    Some(Bucket::new(Access { name, endpoint, region: &set.region, prefix: &set.prefix, public, key_id, key }, meters.clone()))
}

/// Where the ComfyUI servers are: what is set in the settings, else what the process was started with. Names and
/// passwords are known from the start only, so an address that is in both has them.
fn comfyui_urls(config: &Config, settings: &Settings) -> Vec<Url> {
    let known = |url: &Url| config.comfyui.iter().find(|known| known.origin() == url.origin() && known.path() == url.path());
    let set: Vec<Url> = settings.comfyui_urls.iter().filter_map(|url| url.parse().ok()).collect();
    if set.is_empty() {
        return config.comfyui.clone();
    }
    set.into_iter().map(|url| known(&url).cloned().unwrap_or(url)).collect()
}

impl Shared {
    /// The time zone of the installation.
    pub fn timezone(&self) -> Tz {
        self.store.read().settings.zone().unwrap_or(self.usual_zone)
    }

    /// The time zone where none is set in the settings.
    pub fn usual_zone(&self) -> Tz {
        self.usual_zone
    }

    /// How pages say times.
    pub fn times(&self) -> Times {
        let settings = &self.store.read().settings;
        Times { zone: settings.zone().unwrap_or(self.usual_zone), hours: settings.clock }
    }

    /// The public address from which Instagram fetches pictures, if there is one.
    pub fn public_url(&self) -> Option<Url> {
        self.store.read().settings.public_url.parse().ok().or_else(|| self.config.public_url.clone())
    }

    /// Where the ComfyUI servers are. May hold names and passwords.
    pub fn comfyui_urls(&self) -> Vec<Url> {
        comfyui_urls(&self.config, &self.store.read().settings)
    }

    /// Uses the ComfyUI servers that are set now; they have to be looked at next. Pictures that are being drawn stay where
    /// they are.
    pub fn take_up_comfyui(&self) {
        let (http, limits) = &self.home;
        loop {
            let urls = self.comfyui_urls();
            self.comfy.replace(urls.iter().map(|url| Comfy::new(http.clone(), url.clone(), limits.clone())).collect());
            // Somebody else may have set others meanwhile, and have been faster.
            if self.comfyui_urls() == urls {
                return;
            }
        }
    }

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
            Lane::Train => &self.train,
            Lane::Tasks => &self.tasks,
            Lane::Housekeeping => &self.housekeeping,
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
