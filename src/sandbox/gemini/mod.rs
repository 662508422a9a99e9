//! A Gemini that writes made-up words: `generateContent` and the list of models, strict where Google's is.

mod answers;
mod checks;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{Notify, watch},
    task::JoinHandle,
};

/// The key it takes.
pub const KEY: &str = "AQ.sandbox-gemini-key-0001";

/// The models it has.
const MODELS: [(&str, &str); 3] = [
    ("gemini-3.5-flash-lite", "Gemini 3.5 Flash-Lite"),
    ("gemini-3.8-flash", "Gemini 3.8 Flash"),
    ("gemini-2.5-flash-lite", "Gemini 2.5 Flash-Lite"),
];

/// How many answers were written: each differs from those before, whichever simulator gave them.
static ANSWERS: AtomicUsize = AtomicUsize::new(1);

/// One thing that is to go wrong, once, with `generateContent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// 429 by the minute, to be asked again after so many seconds.
    MinuteQuota(u32),
    /// 429 by the day.
    DayQuota,
    /// 429 with a limit of nothing.
    NoQuota,
    /// 401.
    KeyRevoked,
    /// 400, `FAILED_PRECONDITION`.
    NotOffered,
    /// This status, with a page instead of JSON.
    Broken(u16),
    /// The prompt is blocked for that reason.
    BlockPrompt(&'static str),
    /// The answer ends for that reason.
    Finish(&'static str),
    /// An answer that is no JSON.
    NotJson,
    /// An answer without text.
    Empty,
    /// 400, because it does not know `store`.
    UnknownStore,
    /// No answer until it is let go.
    Hang,
    /// This text instead of an answer of its own.
    Say(Value),
}

/// A running simulator. It ends when this is dropped.
pub struct GeminiSandbox {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    faults: Mutex<Vec<Fault>>,
    asked: watch::Sender<Vec<Value>>,
    let_go: Notify,
    pace: Duration,
}

impl GeminiSandbox {
    /// Starts one on a free port of this machine, that takes `pace` to answer.
    pub async fn start(pace: Duration) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { pace, ..Shared::default() });
        let routes = Router::new()
            .route("/v1beta/models", get(models))
            .route("/v1beta/models/{call}", post(generate))
            .with_state(Arc::clone(&shared));
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

    /// Asks for a fault; it happens once, after those asked for before.
    pub fn ask(&self, fault: Fault) {
        lock(&self.shared.faults).push(fault);
    }

    /// Those that have not happened yet.
    pub fn pending(&self) -> Vec<Fault> {
        lock(&self.shared.faults).clone()
    }

    /// Answers what hangs.
    pub fn let_go(&self) {
        self.shared.let_go.notify_waiters();
    }

    /// The bodies of all calls so far.
    pub fn asked(&self) -> Vec<Value> {
        self.shared.asked.borrow().clone()
    }

    /// Waits until it was called so many times.
    pub async fn called(&self, times: usize) {
        let mut asked = self.shared.asked.subscribe();
        // The sender lives as long as this simulator.
        let _ = asked.wait_for(|asked| asked.len() >= times).await;
    }
}

impl Drop for GeminiSandbox {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn models(headers: HeaderMap, uri: Uri) -> Response {
    if let Some(refusal) = stranger(&headers, &uri) {
        return refusal;
    }
    let listed = MODELS.map(|(name, label)| {
        json!({"name": format!("models/{name}"), "displayName": label, "inputTokenLimit": 1_048_576, "outputTokenLimit": 65_536,
            "supportedGenerationMethods": ["generateContent", "countTokens"], "thinking": true})
    });
    let embedder =
        json!({"name": "models/gemini-embedding-001", "displayName": "Embedding", "supportedGenerationMethods": ["embedContent"]});
    Json(json!({"models": listed.into_iter().chain([embedder]).collect::<Vec<_>>()})).into_response()
}

async fn generate(
    State(shared): State<Arc<Shared>>,
    Path(call): Path<String>,
    headers: HeaderMap,
    uri: Uri,
    Json(body): Json<Value>,
) -> Response {
    if let Some(refusal) = stranger(&headers, &uri) {
        return refusal;
    }
    let model = call.strip_suffix(":generateContent").unwrap_or_default().to_owned();
    if !MODELS.iter().any(|(name, _)| *name == model) {
        let words = format!("models/{model} is not found for API version v1beta, or is not supported for generateContent.");
        return refusal(StatusCode::NOT_FOUND, "NOT_FOUND", &words, json!([]));
    }
    shared.asked.send_modify(|asked| asked.push(body.clone()));
    if let Err(words) = checks::request(&model, &body) {
        return refusal(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", &words, json!([]));
    }
    tokio::time::sleep(shared.pace).await;
    let fault = {
        let mut faults = lock(&shared.faults);
        if faults.is_empty() { None } else { Some(faults.remove(0)) }
    };
    match fault {
        Some(Fault::Hang) => shared.let_go.notified().await,
        Some(fault) => return broken(&model, &fault),
        None => {}
    }
    let count = ANSWERS.fetch_add(1, Ordering::Relaxed);
    answer(&model, "STOP", &answers::write(&body, count).to_string())
}

fn answer(model: &str, finish: &str, text: &str) -> Response {
    Json(json!({
        "candidates": [{"index": 0, "finishReason": finish, "content": {"role": "model", "parts": [
            {"text": "thinking of it", "thought": true}, {"text": text}]}}],
        "usageMetadata": {"promptTokenCount": 120, "candidatesTokenCount": text.len() / 4, "thoughtsTokenCount": 12, "totalTokenCount": 132 + text.len() / 4},
        "modelVersion": model, "responseId": "sandbox",
    }))
    .into_response()
}

fn broken(model: &str, fault: &Fault) -> Response {
    let quota = |id: &str, value: &str, wait: u32| {
        json!([{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": id, "quotaValue": value,
                "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests", "quotaDimensions": {"model": model}}]},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": format!("{wait}s")}])
    };
    let spent = |details| refusal(StatusCode::TOO_MANY_REQUESTS, "RESOURCE_EXHAUSTED", "You exceeded your current quota.", details);
    match fault {
        Fault::MinuteQuota(wait) => spent(quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "5", *wait)),
        Fault::DayQuota => spent(quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "20", 3)),
        Fault::NoQuota => spent(quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "0", 3)),
        Fault::KeyRevoked => refusal(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", "API key was revoked.", json!([])),
        Fault::NotOffered => {
            refusal(StatusCode::BAD_REQUEST, "FAILED_PRECONDITION", "User location is not supported for the API use.", json!([]))
        }
        Fault::Broken(status) => {
            (StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), "<html>Error</html>").into_response()
        }
        Fault::BlockPrompt(reason) => {
            Json(json!({"promptFeedback": {"blockReason": reason}, "usageMetadata": {"promptTokenCount": 120}})).into_response()
        }
        Fault::Finish(reason) => answer(model, reason, "{\"captions\": [{\"capt"),
        Fault::NotJson => answer(model, "STOP", "Here is your caption: mist."),
        Fault::Empty => Json(json!({"candidates": [{"finishReason": "STOP", "content": {"role": "model"}}]})).into_response(),
        Fault::UnknownStore => {
            refusal(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", "Invalid JSON payload received. Unknown name \"store\".", json!([]))
        }
        Fault::Say(text) => answer(model, "STOP", &text.to_string()),
        Fault::Hang => unreachable!("what hangs is answered later"),
    }
}

/// What somebody without the key is told.
fn stranger(headers: &HeaderMap, uri: &Uri) -> Option<Response> {
    let query = uri.query().unwrap_or_default();
    let in_url = query.split('&').any(|pair| pair.starts_with("key="));
    match headers.get("x-goog-api-key").and_then(|key| key.to_str().ok()) {
        _ if in_url => Some(refusal(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", "This simulator takes no keys in addresses.", json!([]))),
        Some(KEY) => None,
        Some(_) => {
            let reason = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]);
            Some(refusal(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", reason))
        }
        None => {
            let words = "Method doesn't allow unregistered callers.";
            Some(refusal(StatusCode::FORBIDDEN, "PERMISSION_DENIED", words, json!([])))
        }
    }
}

fn refusal(status: StatusCode, name: &str, words: &str, details: Value) -> Response {
    let error = json!({"error": {"code": status.as_u16(), "message": words, "status": name, "details": details}});
    (status, Json(error)).into_response()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing in here can be left half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
