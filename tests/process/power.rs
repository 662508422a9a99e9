//! Power cuts and full disks: nothing that was acknowledged is ever lost.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use reqwest::Method;
use serde_json::{Value, json};

use crate::binary::Server;

const ROUNDS: u64 = 50;
const WRITERS: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let acknowledged = Arc::new(Mutex::new(HashSet::new()));
    for round in 0..ROUNDS {
        let mut server = Server::start(dir.path());
        check(&server, &acknowledged).await;
        let writers: Vec<_> = (0..WRITERS).map(|writer| tokio::spawn(write(&server, round, writer, Arc::clone(&acknowledged)))).collect();
        // The moment is what is tested, so it is a different one each round.
        tokio::time::sleep(Duration::from_millis(5 + round * 37 % 150)).await;
        server.kill();
        for writer in writers {
            writer.await.unwrap();
        }
    }
    let server = Server::start(dir.path());
    check(&server, &acknowledged).await;
    let count = acknowledged.lock().unwrap().len();
    assert!(count > ROUNDS as usize, "only {count} writes were acknowledged");
    assert!(server.terminate());
    let left = std::fs::read_dir(dir.path().join("data")).unwrap().map(|file| file.unwrap().path());
    assert_eq!(left.filter(|path| path.extension().is_some_and(|end| end == "tmp")).count(), 0, "nothing half written stays behind");
    for name in ["characters", "secrets"] {
        let text = std::fs::read_to_string(dir.path().join(format!("data/{name}.json"))).unwrap();
        serde_json::from_str::<Vec<Value>>(&text).unwrap();
    }
}

/// Creates characters until the server is gone, and notes those it acknowledged.
fn write(
    server: &Server,
    round: u64,
    writer: usize,
    acknowledged: Arc<Mutex<HashSet<String>>>,
) -> impl Future<Output = ()> + Send + 'static {
    let request = server.request(Method::POST, "/api/characters");
    async move {
        for number in 0.. {
            let name = format!("{round}-{writer}-{number}");
            let sent = request.try_clone().unwrap().json(&serde_json::json!({"name": name})).send().await;
            match sent {
                Ok(answer) if answer.status() == 201 => drop(acknowledged.lock().unwrap().insert(name)),
                Ok(answer) => panic!("{}", answer.status()),
                Err(_) => return,
            }
        }
    }
}

async fn check(server: &Server, acknowledged: &Mutex<HashSet<String>>) {
    let all: Vec<Value> = serde_json::from_str(&server.get("/api/characters").await).unwrap();
    let names: HashSet<&str> = all.iter().map(|one| one["name"].as_str().unwrap()).collect();
    let acknowledged = acknowledged.lock().unwrap();
    let lost: Vec<_> = acknowledged.iter().filter(|name| !names.contains(name.as_str())).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    assert_eq!(names.len(), all.len(), "nothing is there twice");
}

#[tokio::test]
async fn a_full_disk_refuses_writes_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start_with_file_limit(dir.path(), 64);
    let luna = server.create("Luna", "").await.1["id"].clone();
    let prompt = server.post("/api/prompts", json!({"characterId": luna, "prompt": "a lake ".repeat(1_000)})).await.1;
    let (_, deleted) = server.post("/api/prompts/delete", json!({"ids": [prompt["id"]]})).await;
    let long = "x".repeat(8_000);
    let mut stored = 1;
    let problem = loop {
        let (status, answer) = server.create(&format!("Luna {stored}"), &long).await;
        match status {
            201 => stored += 1,
            507 => break answer,
            other => panic!("{other}: {answer}"),
        }
    };
    assert!(problem["detail"].as_str().unwrap().contains("The disk is full."), "{problem}");
    let count = |text: String| serde_json::from_str::<Vec<Value>>(&text).unwrap().len();
    assert_eq!(count(server.get("/api/characters").await), stored, "reads go on");
    // Small changes may still fit.
    while server.create("Luna", "").await.0 == 201 {
        stored += 1;
    }
    let store = async || {
        let checks: Vec<Value> = serde_json::from_str(&server.get("/api/system/status?detail=true").await).unwrap();
        checks.into_iter().find(|check| check["name"] == "database").unwrap()
    };
    let told = store().await;
    assert!(told["word"] == "Error" && told["detail"].as_str().unwrap().contains("the disk is full"), "the owner is told: {told}");
    let undo = json!({"undo": deleted["undo"]});
    assert_eq!(server.post("/api/prompts/undo", undo.clone()).await.0, 507);

    server.give_room();
    assert_eq!(server.create("Cortex", &long).await.0, 201, "writes go on when there is room");
    assert_eq!(server.post("/api/prompts/undo", undo).await.1["restored"], 1, "what could not be undone then can be now");
    assert_eq!(store().await["state"], "ok");
    drop(server);

    let server = Server::start(dir.path());
    assert_eq!(count(server.get("/api/characters").await), stored + 1, "nothing is lost");
    assert_eq!(count(server.get("/api/prompts").await), 1);
    assert!(server.terminate());
}
