//! The way out: a client that counts its calls, each with the service it goes to and what came of it.

use std::{ops::Deref, time::Instant};

use reqwest::{Certificate, Client, ClientBuilder, RequestBuilder, Response, redirect};

use crate::meters::Meters;

/// Who we say we are.
const AGENT: &str = concat!("digital-dalla/", env!("CARGO_PKG_VERSION"));

/// What browsers trust, for where the system says nothing: as DER.
pub use webpki_root_certs::TLS_SERVER_ROOT_CERTS as ROOTS;

/// A client that says who we are and follows no redirects. It trusts whom the system trusts; where the system has no
/// certificates, as in many a container, those that browsers come with.
pub fn client(with: impl Fn(ClientBuilder) -> ClientBuilder) -> Client {
    let builder = || with(Client::builder().user_agent(AGENT).redirect(redirect::Policy::none()));
    builder().build().unwrap_or_else(|error| {
        tracing::warn!(%error, "the system's certificates cannot be used; those of Mozilla are taken");
        let roots = ROOTS.iter().filter_map(|root| Certificate::from_der(root).ok());
        builder().tls_certs_only(roots).build().expect("with roots that are compiled in, a client can always be built")
    })
}

/// A client for one outside service. A cheap handle.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    counted: Option<(&'static str, Meters)>,
}

impl Http {
    /// The client, with its calls counted under the service's name.
    pub fn counted(client: Client, service: &'static str, meters: Meters) -> Self {
        Self { client, counted: Some((service, meters)) }
    }

    /// Sends a request.
    pub async fn send(&self, request: RequestBuilder) -> reqwest::Result<Response> {
        let begun = Instant::now();
        let answer = request.send().await;
        if let Some((service, meters)) = &self.counted {
            meters.call(service, outcome(&answer), begun.elapsed());
        }
        answer
    }
}

/// In few words, for each of them is counted for itself.
fn outcome(answer: &reqwest::Result<Response>) -> &'static str {
    match answer {
        Ok(answer) => match answer.status().as_u16() {
            429 => "limited",
            400..=499 => "refused",
            500.. => "broken",
            _ => "ok",
        },
        Err(error) if error.is_timeout() => "too_slow",
        Err(_) => "unreachable",
    }
}

impl From<Client> for Http {
    /// Nobody counts.
    fn from(client: Client) -> Self {
        Self { client, counted: None }
    }
}

impl Deref for Http {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}
