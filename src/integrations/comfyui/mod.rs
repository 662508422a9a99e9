//! ComfyUI: what it has, drawing with it, and the servers of the installation.
//!
//! Wire facts are those of ComfyUI 0.3.64, taken from recordings of a real server.

mod catalogue;
mod drawing;
mod error;
mod family;
mod farm;
mod follower;
mod frame;
mod http;
mod png;
mod refusal;
mod socket;
mod wire;
pub mod workflow;

use std::{sync::Arc, time::Duration};

use reqwest::Url;

pub use self::{
    drawing::{DrawnPicture, Drawing},
    error::{ComfyError, DrawError},
    farm::{Farm, Server, Sight, Sighting, Ticket},
    follower::Sign,
    http::SystemStats,
    wire::PromptState,
};

/// One ComfyUI server. A cheap handle.
#[derive(Debug, Clone)]
pub struct Comfy(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    base: Url,
    address: String,
    limits: Limits,
    known: catalogue::Remembered,
}

/// How long things may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// One request, from its start to the end of its answer.
    pub request: Duration,
    /// A picture being drawn without any sign of life. Loading a model is silent, so minutes are normal.
    pub stall: Duration,
    /// A server that went away in the middle of a picture, until it is given up.
    pub gone: Duration,
    /// How often history and queue are read beside the socket's frames.
    pub poll: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request: Duration::from_secs(15),
            stall: Duration::from_secs(600),
            gone: Duration::from_secs(60),
            poll: Duration::from_secs(2),
        }
    }
}

impl Comfy {
    /// The server at that address.
    pub fn new(http: reqwest::Client, base: Url, limits: Limits) -> Self {
        let port = base.port_or_known_default().map(|port| format!(":{port}")).unwrap_or_default();
        let address = format!("{}{port}", base.host_str().unwrap_or_default());
        Self(Arc::new(Inner { http, base, address, limits, known: catalogue::Remembered::default() }))
    }

    /// Host and port: the address without anything secret in it.
    pub fn address(&self) -> &str {
        &self.0.address
    }
}
