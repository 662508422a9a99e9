//! An X that knows one account: who it is, for those who sign as OAuth 1.0a asks.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroU64,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use oauth1_request::{Builder, HMAC_SHA1, Token};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

/// API key, API key secret, access token and access token secret it takes.
pub const KEYS: [&str; 4] = ["sandboxAppKey0001", "sandboxAppSecret0001", "1000-sandboxToken0001", "sandboxTokenSecret0001"];

/// One thing that is to go wrong, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 402.
    NoCredits,
    /// 403, `oauth1-permissions`.
    ReadOnly,
    /// 429.
    TooMany,
    /// 503.
    Broken,
}

/// A running simulator. It ends when this is dropped.
pub struct XSandbox {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    address: String,
    faults: Mutex<Vec<Fault>>,
    nonces: Mutex<Vec<String>>,
}

impl XSandbox {
    /// Starts one on a free port of this machine.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { address: format!("http://{address}"), ..Shared::default() });
        let routes = Router::new().route("/2/users/me", get(me)).with_state(Arc::clone(&shared));
        let serving = tokio::spawn(async move {
            // It ends with the task.
            let _ = axum::serve(listener, routes).await;
        });
        Ok(Self { address, shared, serving })
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Asks for a fault; it happens once.
    pub fn ask(&self, fault: Fault) {
        self.shared.faults.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }
}

impl Drop for XSandbox {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn me(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    if !shared.is_signed("GET", "/2/users/me", &headers) {
        return problem(StatusCode::UNAUTHORIZED, "about:blank", "Unauthorized");
    }
    let fault = shared.faults.lock().unwrap_or_else(PoisonError::into_inner).pop();
    match fault {
        None => Json(json!({"data": {"id": "1900000000000000001", "name": "Sandbox", "username": "sandbox_persona"}})).into_response(),
        Some(Fault::NoCredits) => problem(StatusCode::PAYMENT_REQUIRED, "https://api.x.com/2/problems/credits", "CreditsDepleted"),
        Some(Fault::ReadOnly) => {
            let about = "https://api.twitter.com/2/problems/oauth1-permissions";
            problem(
                StatusCode::FORBIDDEN,
                about,
                "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint.",
            )
        }
        Some(Fault::TooMany) => problem(StatusCode::TOO_MANY_REQUESTS, "about:blank", "Too Many Requests"),
        Some(Fault::Broken) => (StatusCode::SERVICE_UNAVAILABLE, "<html>over capacity</html>").into_response(),
    }
}

fn problem(status: StatusCode, about: &str, title: &str) -> Response {
    let body: Value = json!({"type": about, "title": title, "status": status.as_u16(), "detail": title});
    (status, Json(body)).into_response()
}

impl Shared {
    /// Whether the header holds our keys, a nonce that is new, and the signature that follows from them.
    fn is_signed(&self, method: &str, path: &str, headers: &HeaderMap) -> bool {
        let Some(header) = headers.get("authorization").and_then(|header| header.to_str().ok()?.strip_prefix("OAuth ")) else {
            return false;
        };
        let fields: BTreeMap<&str, String> = header
            .split(',')
            .filter_map(|pair| pair.trim().split_once('='))
            .map(|(key, value)| (key, percent_encoding::percent_decode_str(value.trim_matches('"')).decode_utf8_lossy().into_owned()))
            .collect();
        let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        let [app_key, app_secret, token, token_secret] = KEYS;
        let timestamp = field("oauth_timestamp").parse().ok().and_then(NonZeroU64::new);
        if field("oauth_consumer_key") != app_key || field("oauth_token") != token || timestamp.is_none() {
            return false;
        }
        {
            let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
            let nonce = field("oauth_nonce").to_owned();
            if nonces.contains(&nonce) {
                return false;
            }
            nonces.push(nonce);
        }
        let mut expected = Builder::<_, _>::with_token(Token::from_parts(app_key, app_secret, token, token_secret), HMAC_SHA1);
        expected.nonce(field("oauth_nonce")).timestamp(timestamp).version(true);
        let expected = expected.authorize(method, format!("{}{path}", self.address), &());
        let signature = |header: &str| header.split("oauth_signature=\"").nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned);
        signature(header).is_some() && signature(header) == signature(&expected)
    }
}
