//! An Instagram that knows one account: who it is, for those who have its token.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;
use tokio::{net::TcpListener, task::JoinHandle};

/// The token it takes.
pub const TOKEN: &str = "IGsandboxToken0001";

/// A running simulator. It ends when this is dropped.
pub struct InstagramSandbox {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

/// Codes and subcodes of errors that are to be answered, each once.
#[derive(Default)]
struct Shared(Mutex<Vec<(i64, i64)>>);

impl InstagramSandbox {
    /// Starts one on a free port of this machine.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let routes = Router::new().route("/v26.0/me", get(me)).with_state(Arc::clone(&shared));
        let serving = tokio::spawn(async move {
            // It ends with the task.
            let _ = axum::serve(listener, routes).await;
        });
        Ok(Self { address, shared, serving })
    }

    /// Where it listens, the version included.
    pub fn url(&self) -> String {
        format!("http://{}/v26.0", self.address)
    }

    /// Asks for an error of that code and subcode; it is answered once.
    pub fn ask(&self, code: i64, subcode: i64) {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner).push((code, subcode));
    }
}

impl Drop for InstagramSandbox {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn me(State(shared): State<Arc<Shared>>, headers: HeaderMap, uri: Uri) -> Response {
    let in_url = uri.query().is_some_and(|query| query.contains("access_token"));
    let token = headers.get("authorization").and_then(|header| header.to_str().ok()?.strip_prefix("Bearer "));
    if in_url || token != Some(TOKEN) {
        return refusal(190, 467);
    }
    match shared.0.lock().unwrap_or_else(PoisonError::into_inner).pop() {
        Some((code, subcode)) => refusal(code, subcode),
        None => Json(json!({"data": [{"user_id": "17841400000000001", "username": "sandbox.persona"}]})).into_response(),
    }
}

/// Nearly every refusal of the Graph API comes with status 400.
fn refusal(code: i64, subcode: i64) -> Response {
    let error = json!({"error": {"message": "Refused by the simulator.", "type": "OAuthException", "code": code, "error_subcode": subcode,
        "is_transient": false, "fbtrace_id": "sandbox"}});
    (StatusCode::BAD_REQUEST, Json(error)).into_response()
}
