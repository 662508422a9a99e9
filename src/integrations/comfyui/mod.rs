//! ComfyUI: what it has, drawing with it, and the servers of the installation.
//!
//! Wire facts are those of ComfyUI 0.3.64, taken from recordings of a real server.

mod catalogue;
mod drawing;
mod error;
mod failure;
mod family;
mod farm;
#[cfg(test)]
mod fixtures;
mod follower;
mod following;
mod frame;
mod http;
mod pictures;
mod png;
mod rejection;
#[cfg(test)]
mod replay;
mod socket;
mod stopping;
mod wire;
pub mod workflow;

use std::{fmt, sync::Arc, time::Duration};

use reqwest::Url;

pub use self::{
    drawing::Drawing,
    error::{ComfyError, DrawError},
    farm::{Farm, Server, Sight, Sighting, Ticket},
    follower::Sign,
    http::SystemStats,
    pictures::DrawnPicture,
};
use super::http::Http;

/// One ComfyUI server. A cheap handle.
#[derive(Debug, Clone)]
pub struct Comfy(Arc<Inner>);

struct Inner {
    http: Http,
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
    /// Opening the WebSocket. Without one, only history and queue are read.
    pub connect: Duration,
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
            connect: Duration::from_secs(5),
            stall: Duration::from_secs(600),
            gone: Duration::from_secs(60),
            poll: Duration::from_secs(2),
        }
    }
}

impl Comfy {
    /// The server at that address. A name and password in it are sent as basic authorization, and never shown.
    pub fn new(http: impl Into<Http>, base: Url, limits: Limits) -> Self {
        let port = base.port_or_known_default().map(|port| format!(":{port}")).unwrap_or_default();
        let address = format!("{}{port}", base.host_str().unwrap_or_default());
        Self(Arc::new(Inner { http: http.into(), base, address, limits, known: catalogue::Remembered::default() }))
    }

    /// Whether that is the same server, asked with the same name and password.
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.base == other.0.base
    }

    /// Host and port: the address without anything secret in it.
    pub fn address(&self) -> &str {
        &self.0.address
    }
}

impl fmt::Debug for Inner {
    /// The address may hold a password, so it is left out.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Inner").field("address", &self.address).field("limits", &self.limits).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_the_address_is_never_shown() {
        let comfy = Comfy::new(reqwest::Client::new(), "https://me:secret@box.example/comfy/".parse().unwrap(), Limits::default());
        assert_eq!(comfy.address(), "box.example:443");
        assert!(!format!("{comfy:?}").contains("secret"));
    }

    #[test]
    fn an_address_of_version_six_keeps_its_brackets() {
        let comfy = Comfy::new(reqwest::Client::new(), "http://[::1]:8188".parse().unwrap(), Limits::default());
        assert_eq!(comfy.address(), "[::1]:8188");
    }
}
