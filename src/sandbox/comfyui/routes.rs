//! The routes, each also under `/api`.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, Request, State, WebSocketUpgrade},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    ReceivedPrompt,
    faults::Fault,
    lock,
    server::{Item, Server},
    validation,
};

type App = State<Arc<Server>>;

pub(super) fn router(server: Arc<Server>) -> Router {
    let routes = Router::new()
        .route("/system_stats", get(system_stats))
        .route("/features", get(async || Json(json!({"supports_preview_metadata": true, "max_upload_size": 104_857_600}))))
        .route("/embeddings", get(async || Json(json!([]))))
        .route("/models", get(folders))
        .route("/models/{folder}", get(folder))
        .route("/experiment/models/{folder}", get(folder_facts))
        .route("/view_metadata/{folder}", get(metadata))
        .route("/object_info", get(async |State(server): App| Json(server.lasting.shelf.nodes())))
        .route("/object_info/{node}", get(object_info))
        .route("/prompt", get(prompt_info).post(prompt))
        .route("/queue", get(queue).post(change_queue))
        .route("/history", get(history).post(change_history))
        .route("/history/{id}", get(history_of))
        .route("/interrupt", axum::routing::post(interrupt))
        .route("/free", axum::routing::post(free))
        .route("/view", get(view))
        .route("/ws", get(socket));
    let faults = get(async |State(server): App| Json(server.lasting.faults.pending())).post(ask_fault).delete(clear_faults);
    Router::new()
        .merge(routes.clone())
        .nest("/api", routes)
        .layer(middleware::from_fn_with_state(Arc::clone(&server), guard))
        .route("/sandbox/faults", faults)
        .with_state(server)
}

/// Foreign origins are refused; requests that were asked to hang or to fail do.
async fn guard(State(server): App, request: Request, next: Next) -> Response {
    if is_foreign(request.headers()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let path = request.uri().path().to_owned();
    let hangs = |fault: &Fault| if let Fault::Hang { path: asked } = fault { path.starts_with(asked.as_str()).then_some(()) } else { None };
    if server.lasting.faults.take(hangs).is_some() {
        return std::future::pending().await;
    }
    let answers = |fault: &Fault| match fault {
        Fault::Answer { path: asked, status } if path.starts_with(asked.as_str()) => StatusCode::from_u16(*status).ok(),
        _ => None,
    };
    if let Some(status) = server.lasting.faults.take(answers) {
        return status.into_response();
    }
    next.run(request).await
}

fn is_foreign(headers: &HeaderMap) -> bool {
    let header = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok()).unwrap_or_default();
    let origin = header(header::ORIGIN);
    !origin.is_empty() && origin.split("://").nth(1) != Some(header(header::HOST))
}

async fn ask_fault(State(server): App, Json(fault): Json<Fault>) -> StatusCode {
    server.lasting.faults.ask(fault);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(server): App) -> StatusCode {
    server.lasting.faults.clear();
    StatusCode::NO_CONTENT
}

async fn system_stats() -> Json<Value> {
    const GIGABYTE: u64 = 1 << 30;
    let device = json!({
        "name": "cuda:0 Sandbox GPU (simulated) : native", "type": "cuda", "index": 0,
        "vram_total": 24 * GIGABYTE, "vram_free": 22 * GIGABYTE, "torch_vram_total": 0, "torch_vram_free": 0
    });
    let system = json!({"os": "posix", "ram_total": 64 * GIGABYTE, "ram_free": 48 * GIGABYTE, "comfyui_version": "0.3.64", "python_version": "3.11", "pytorch_version": "2.8.0", "embedded_python": false, "argv": ["main.py"]});
    Json(json!({"system": system, "devices": [device]}))
}

async fn folders(State(server): App) -> Json<Vec<String>> {
    Json(server.lasting.shelf.folders())
}

async fn folder(State(server): App, Path(folder): Path<String>) -> Response {
    match server.lasting.shelf.files(&folder) {
        Some(files) => Json(files.into_iter().map(|file| file.name).collect::<Vec<_>>()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn folder_facts(State(server): App, Path(folder): Path<String>) -> Response {
    let facts = |files: Vec<super::ModelEntry>| {
        files.into_iter().map(|file| json!({"name": file.name, "pathIndex": 0, "modified": 1_795_338_990.55, "created": 1_795_338_990.55, "size": file.size})).collect::<Vec<_>>()
    };
    server.lasting.shelf.files(&folder).map_or_else(|| StatusCode::NOT_FOUND.into_response(), |files| Json(facts(files)).into_response())
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    filename: String,
}

/// 404 for no such folder, no such file, and no metadata: they cannot be told apart.
async fn metadata(State(server): App, Path(folder): Path<String>, Query(Named { filename }): Query<Named>) -> Response {
    let file = server.lasting.shelf.files(&folder).into_iter().flatten().find(|file| file.name == filename);
    match file.and_then(|file| file.metadata) {
        Some(metadata) => Json(metadata).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// An unknown node is an empty object.
async fn object_info(State(server): App, Path(node): Path<String>) -> Json<Map<String, Value>> {
    let found = server.lasting.shelf.nodes().remove(&node);
    Json(found.into_iter().map(|info| (node.clone(), info)).collect())
}

async fn prompt_info(State(server): App) -> Json<Value> {
    Json(server.status()["data"]["status"].clone())
}

/// The content type is not looked at.
async fn prompt(State(server): App, body: Bytes) -> Response {
    let faults = &server.lasting.faults;
    if faults.takes(&Fault::RefusePrompt) {
        return trouble();
    }
    let Ok(body) = serde_json::from_slice::<Value>(&body) else { return trouble() };
    let Some(graph) = body.get("prompt") else {
        return (StatusCode::BAD_REQUEST, Json(validation::refusal("no_prompt", "No prompt provided", "No prompt provided")))
            .into_response();
    };
    // What the editor saves is no workflow for the API, and breaks the real server too.
    let graph = graph.as_object().filter(|graph| graph.values().all(Value::is_object)).cloned();
    let Some(graph) = graph else { return trouble() };
    let checked = match validation::check(&graph, &server.lasting.shelf.nodes()) {
        Ok(checked) => checked,
        Err(refusal) => return (StatusCode::BAD_REQUEST, Json(refusal)).into_response(),
    };
    let mut node_errors = checked.node_errors;
    if faults.takes(&Fault::DropOutput) {
        let error = json!({"type": "value_not_in_list", "message": "Value not in list", "details": "", "extra_info": {"input_name": "sampler_name", "received_value": "euler"}});
        node_errors.insert("99".into(), json!({"errors": [error], "dependent_outputs": ["98"], "class_type": "KSampler"}));
    }
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let prompt_id = text("prompt_id").unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    let client_id = text("client_id");
    let mut extra = body.get("extra_data").cloned().unwrap_or_else(|| json!({}));
    if let Some(client_id) = &client_id {
        extra["client_id"] = client_id.clone().into();
    }
    lock(&server.lasting.received).push(ReceivedPrompt { prompt_id: prompt_id.clone(), graph: Value::Object(graph.clone()) });
    let item = Item { number: 0, prompt_id: prompt_id.clone(), client_id, graph, extra, outputs: checked.outputs };
    let number = server.enqueue(item, body.get("front").and_then(Value::as_bool).unwrap_or(false));
    if faults.takes(&Fault::LosePromptAnswer) {
        // The connection breaks when the handler does.
        panic!("asked to lose the answer");
    }
    Json(json!({"prompt_id": prompt_id, "number": number, "node_errors": node_errors})).into_response()
}

fn trouble() -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, "500 Internal Server Error\n\nServer got itself in trouble").into_response()
}

async fn queue(State(server): App) -> Json<Value> {
    let queue = lock(&server.queue);
    let running: Vec<_> = queue.running.iter().map(Item::shown).collect();
    let pending: Vec<_> = queue.pending.iter().map(Item::shown).collect();
    Json(json!({"queue_running": running, "queue_pending": pending}))
}

/// Always 200; the running prompt is left alone, and nobody is told but by `status`.
async fn change_queue(State(server): App, body: Bytes) -> StatusCode {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut queue = lock(&server.queue);
    if body["clear"] == true {
        queue.pending.clear();
    }
    let gone: Vec<&str> = body["delete"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    queue.pending.retain(|item| !gone.contains(&item.prompt_id.as_str()));
    drop(queue);
    server.sockets.tell_all(&server.status());
    StatusCode::OK
}

async fn history(State(server): App) -> Json<Value> {
    Json(Value::Object(lock(&server.history).iter().cloned().collect()))
}

async fn change_history(State(server): App, body: Bytes) -> StatusCode {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let gone: Vec<&str> = body["delete"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let all = body["clear"] == true;
    lock(&server.history).retain(|(id, _)| !all && !gone.contains(&id.as_str()));
    StatusCode::OK
}

async fn history_of(State(server): App, Path(id): Path<String>) -> Json<Value> {
    let found = lock(&server.history).iter().find(|(known, _)| *known == id).cloned();
    let mut lag = lock(&server.lag);
    match found {
        Some(_) if *lag > 0 => {
            *lag -= 1;
            Json(json!({}))
        }
        Some((id, entry)) => Json(json!({ id: entry })),
        None => Json(json!({})),
    }
}

/// Always 200. With an id it acts only while that prompt runs.
async fn interrupt(State(server): App, body: Bytes) -> StatusCode {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let running = lock(&server.queue).running.as_ref().map(|item| item.prompt_id.clone());
    let meant = body.get("prompt_id").and_then(Value::as_str);
    if running.is_some() && meant.is_none_or(|meant| running.as_deref() == Some(meant)) {
        *lock(&server.interrupted) = true;
    }
    StatusCode::OK
}

/// Always 200; models are let go of when nothing runs.
async fn free(State(server): App, body: Bytes) -> StatusCode {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    if body["unload_models"] == true {
        lock(&server.cache).nodes.clear();
        *lock(&server.lasting.freed) += 1;
    }
    StatusCode::OK
}

#[derive(Deserialize)]
struct Viewed {
    #[serde(default)]
    filename: String,
    #[serde(default)]
    subfolder: String,
    #[serde(default, rename = "type")]
    folder: Option<String>,
}

async fn view(State(server): App, Query(viewed): Query<Viewed>) -> Response {
    let folder = viewed.folder.unwrap_or_else(|| "output".into());
    if !matches!(folder.as_str(), "output" | "temp" | "input") || viewed.filename.contains("..") || viewed.filename.starts_with('/') {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let file = lock(&server.files).get(&(folder, viewed.subfolder, viewed.filename.clone()));
    let Some(bytes) = file else { return StatusCode::NOT_FOUND.into_response() };
    let half = server.lasting.faults.takes(&Fault::TruncateView);
    let bytes = if half { bytes.slice(..bytes.len() / 2) } else { bytes };
    let disposition = format!("filename=\"{}\"", viewed.filename);
    ([(header::CONTENT_TYPE, "image/png".to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes).into_response()
}

#[derive(Deserialize)]
struct Connecting {
    #[serde(rename = "clientId")]
    client_id: Option<String>,
}

async fn socket(
    State(server): App,
    Query(Connecting { client_id }): Query<Connecting>,
    _: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let client_id = client_id.filter(|id| !id.is_empty()).unwrap_or_else(|| uuid::Uuid::new_v4().simple().to_string());
    upgrade.on_upgrade(async move |socket| {
        let mut status = server.status();
        status["data"]["sid"] = client_id.clone().into();
        let mut greeting = vec![status];
        // Whoever comes back while a prompt of theirs runs hears that something runs, and not what.
        let running = lock(&server.queue).running.as_ref().is_some_and(|item| item.client_id.as_deref() == Some(&client_id));
        if running {
            greeting.push(json!({"type": "executing", "data": {"node": null}}));
        }
        server.sockets.serve(socket, client_id, greeting).await;
    })
}
