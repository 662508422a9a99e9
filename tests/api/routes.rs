//! What holds for every route: tags, pages of lists, wishes, and what the document says.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::support::{Answer, TestApp};

/// Every list there is.
const LISTS: [&str; 15] = [
    "/api/characters",
    "/api/characters?active=true",
    "/api/prompts",
    "/api/content",
    "/api/posts",
    "/api/jobs",
    "/api/scheduler/tasks",
    "/api/scheduler/runs",
    "/api/lora/datasets",
    "/api/lora/train",
    "/api/notifications",
    "/api/activity",
    "/api/backups",
    "/api/models",
    "/api/loras?detail=true",
];

#[tokio::test]
async fn every_list_tells_how_many_there_are_and_knows_what_a_caller_has() {
    let app = TestApp::start().await;
    app.luna().await;
    for path in LISTS {
        let list = app.get(path).await;
        assert_eq!(list.status, StatusCode::OK, "{path}: {}", list.text);
        let total: usize = list.headers["x-total-count"].to_str().unwrap().parse().unwrap();
        assert_eq!(total, list.json().as_array().unwrap().len(), "{path}");
        let again = Answer::of(app.request(Method::GET, path).header(header::IF_NONE_MATCH, &list.headers[header::ETAG])).await;
        assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""), "{path}");
        let cursor = if path.contains('?') { "&cursor=nowhere" } else { "?cursor=nowhere" };
        assert!(app.get(&format!("{path}{cursor}")).await.problem(400).0.contains("leads nowhere"), "{path}");
    }
}

#[tokio::test]
async fn lists_are_walked_through_by_their_links() {
    let app = TestApp::start().await;
    for name in ["Luna", "Cortex", "Nova", "Mira", "Ines"] {
        let created = app.post("/api/characters", json!({"name": name})).await.json();
        let dataset = json!({"characterId": created["id"], "name": format!("{name} at the lake")});
        assert_eq!(app.post("/api/lora/datasets", dataset).await.status, StatusCode::CREATED);
    }
    for list in ["/api/characters?active=true&limit=2", "/api/lora/datasets?limit=2", "/api/models?limit=2&detail=true"] {
        let all = app.get(&list.replace("limit=2", "limit=500")).await.json();
        let (mut walked, mut next) = (Vec::new(), Some(list.to_owned()));
        while let Some(path) = next {
            let page = app.get(&path).await;
            walked.extend(page.json().as_array().unwrap().clone());
            next = page.headers.get("link").map(|link| {
                let link = link.to_str().unwrap();
                link.trim_start_matches('<').split_once(">; rel=\"next\"").unwrap().0.to_owned()
            });
        }
        assert_eq!(Value::from(walked), all, "{list}");
    }
}

#[tokio::test]
async fn whoever_has_not_seen_the_newest_changes_nothing() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    let dataset = app.post("/api/lora/datasets", json!({"characterId": luna, "name": "Lake"})).await.json();
    let task = json!({"characterId": luna, "type": "generate_only", "schedule": "0 9 * * *"});
    let task = app.post("/api/scheduler/tasks", task).await.json();
    let prompt = app.post("/api/prompts", json!({"characterId": luna, "prompt": "a lake"})).await.json();
    app.post("/api/generate-image", json!({"characterId": luna, "prompt": "a lake"})).await;
    let content = app.contents().await[0]["id"].as_str().unwrap().to_owned();
    app.post(&format!("/api/content/{content}/approve"), json!({})).await;
    let job = app.post("/api/backups", json!({"extent": "records"})).await.json();
    app.ended(job["id"].as_str().unwrap()).await;
    let backup = app.get("/api/backups").await.json()[0]["id"].as_str().unwrap().to_owned();
    let id = |record: &Value| record["id"].as_str().unwrap().to_owned();
    let records = [
        (format!("/api/prompts/{}", id(&prompt)), json!({"caption": "new"})),
        (format!("/api/scheduler/tasks/{}", id(&task)), json!({"active": false})),
        (format!("/api/lora/datasets/{}", id(&dataset)), json!({"name": "River"})),
        (format!("/api/content/{content}"), json!({"caption": "new"})),
        (format!("/api/backups/{backup}"), json!({"keep": true})),
        (format!("/api/characters/{luna}"), json!({"name": "Luna II"})),
    ];
    for (path, change) in &records {
        let seen = app.get(path).await;
        let tag = seen.headers[header::ETAG].clone();
        let send =
            |method: Method, tag: &header::HeaderValue| Answer::of(app.request(method, path).header(header::IF_MATCH, tag).json(change));
        assert!(send(Method::PATCH, &"\"old\"".parse().unwrap()).await.problem(412).0.contains("Load it again"), "{path}");
        assert_eq!(app.get(path).await.text, seen.text, "{path}");
        assert_eq!(send(Method::PATCH, &tag).await.status, StatusCode::OK, "{path}");
        send(Method::DELETE, &tag).await.problem(412);
        let tag = app.get(path).await.headers[header::ETAG].clone();
        assert_eq!(send(Method::DELETE, &tag).await.status, StatusCode::NO_CONTENT, "{path}");
    }
}

#[tokio::test]
async fn a_wish_that_was_heeded_is_said() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    let wishing = |path: &str, body: Value| {
        Answer::of(app.request(Method::POST, path).header("prefer", "handling=lenient, respond-async").json(&body))
    };
    for (path, body) in [
        ("/api/generate-image", json!({"characterId": luna, "prompt": "a lake"})),
        ("/api/generate-caption", json!({"characterId": luna, "prompt": "a lake"})),
        ("/api/prompts/generate", json!({"characterId": luna, "count": 1})),
        ("/api/backups", json!({"extent": "records"})),
    ] {
        let answer = wishing(path, body).await;
        assert_eq!(
            (answer.status, &answer.headers["preference-applied"]),
            (StatusCode::ACCEPTED, &"respond-async".parse().unwrap()),
            "{path}"
        );
        let job = answer.headers["location"].to_str().unwrap().strip_prefix("/api/jobs/").unwrap().to_owned();
        assert_eq!(app.ended(&job).await["status"], "done", "{path}");
    }
    let answer = wishing("/api/characters", json!({"name": "Cortex"})).await;
    assert!(answer.status == StatusCode::CREATED && !answer.headers.contains_key("preference-applied"));
}
