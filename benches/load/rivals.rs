//! The rivals: the least that could do the same.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    routing::{get, post},
};
use bytes::Bytes;
use rusqlite::Connection;
use serde_json::Value;

/// A route that sends bytes.
pub fn bare(body: Bytes) -> Router {
    Router::new().route("/api/characters", get(move || async move { ([(header::CONTENT_TYPE, "application/json")], body.clone()) }))
}

/// A small server over SQLite that keeps the same promise: WAL, `synchronous=FULL`, a transaction for each insert.
pub fn sqlite(path: &Path) -> Router {
    let database = Connection::open(path).expect("a database");
    database
        .execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE characters (id TEXT PRIMARY KEY, json TEXT NOT NULL);",
        )
        .expect("a table");
    Router::new().route("/api/characters", post(insert)).with_state(Arc::new(Mutex::new(database)))
}

async fn insert(State(database): State<Arc<Mutex<Connection>>>, Json(mut body): Json<Value>) -> (StatusCode, Json<Value>) {
    let id = uuid::Uuid::now_v7().to_string();
    body["id"] = id.clone().into();
    let json = body.to_string();
    let inserted = tokio::task::spawn_blocking(move || {
        let database = database.lock().expect("nobody broke down while inserting");
        database.prepare_cached("INSERT INTO characters VALUES (?1, ?2)").and_then(|mut insert| insert.execute([&id, &json]))
    });
    inserted.await.expect("the insert ends").expect("the insert works");
    (StatusCode::CREATED, Json(body))
}
