//! The way out: a client that counts its calls, each with the service it goes to and what came of it.

use std::{ops::Deref, time::Instant};

use reqwest::{Client, RequestBuilder, Response};

use crate::meters::Meters;

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
