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
async fn what_is_set_is_not_overwritten_unseen() {
    let app = TestApp::start().await;
    for (path, change) in [
        ("/api/settings", json!({"gapMinutes": 45})),
        ("/api/settings", json!({"clock": "12"})),
        ("/api/templates", json!({"captions": ["{request}."], "prompts": ["a {mood} moment"]})),
    ] {
        let seen = app.get(path).await;
        let tag = seen.headers[header::ETAG].clone();
        let send = |tag: &header::HeaderValue| Answer::of(app.request(Method::PUT, path).header(header::IF_MATCH, tag).json(&change));
        send(&"\"old\"".parse().unwrap()).await.problem(412);
        assert_eq!(set(app.get(path).await.json()), set(seen.json()), "{path}");
        assert_eq!(send(&tag).await.status, StatusCode::NO_CONTENT, "{path}");
        assert_ne!(set(app.get(path).await.json()), set(seen.json()), "{path}");
        send(&tag).await.problem(412);
        let told = send(&"*".parse().unwrap()).await.headers[header::ETAG].clone();
        assert_eq!(send(&told).await.status, StatusCode::NO_CONTENT, "{path}: the tag for the next change");
    }
    let reset = |tag: &str| Answer::of(app.request(Method::DELETE, "/api/templates").header(header::IF_MATCH, tag));
    reset("\"old\"").await.problem(412);
    assert_eq!(reset("*").await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn what_was_seen_may_come_back_as_it_was() {
    let app = TestApp::start().await;
    let seen = app.get("/api/settings").await;
    let back = app.put("/api/settings", seen.json()).await;
    assert_eq!(back.status, StatusCode::NO_CONTENT, "{}", back.text);
    assert_eq!(set(app.get("/api/settings").await.json()), set(seen.json()));
}

/// Without how large everything was when it was last measured, which may be at any moment.
fn set(mut settings: Value) -> Value {
    settings.as_object_mut().unwrap().retain(|name, _| !name.ends_with("Bytes"));
    settings
}

#[tokio::test]
async fn what_a_caller_has_already_is_not_sent_again() {
    let app = TestApp::start().await;
    app.luna().await;
    let document = app.get("/api/openapi.json").await.json();
    let mut walked = 0;
    for (method, path, operation) in operations(&document) {
        let tagged = operation["responses"]["200"]["headers"]["ETag"].is_object();
        if method != "GET" || path.contains('{') || !tagged {
            continue;
        }
        let seen = app.get(&path).await;
        if seen.status != StatusCode::OK {
            // It wants to know more, or needs what is not set up here.
            assert!(seen.status.is_client_error() || seen.status == StatusCode::SERVICE_UNAVAILABLE, "{path}: {}", seen.status);
            continue;
        }
        // What tells of this moment may be another by the next request, but not each time.
        let mut tag = seen.headers.get(header::ETAG).unwrap_or_else(|| panic!("{path} has no tag")).clone();
        let mut status = StatusCode::OK;
        for _ in 0..10 {
            let again = Answer::of(app.request(Method::GET, &path).header(header::IF_NONE_MATCH, &tag)).await;
            status = again.status;
            if status == StatusCode::NOT_MODIFIED {
                break;
            }
            tag = again.headers[header::ETAG].clone();
        }
        assert_eq!(status, StatusCode::NOT_MODIFIED, "{path}");
        walked += 1;
    }
    assert!(walked > 15, "only {walked} routes have tags");
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

/// Each route of the document, as its method, its path and what is said of it.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter().filter(|(method, _)| !method.starts_with("parameters"));
            methods.map(|(method, operation)| (method.to_uppercase(), path.clone(), operation.clone())).collect::<Vec<_>>()
        })
        .collect()
}

#[tokio::test]
async fn the_document_says_everything_of_every_route() {
    let app = TestApp::start().await;
    let document = app.get("/api/openapi.json").await.json();
    let mut missing = Vec::new();
    for (method, path, operation) in operations(&document) {
        let mut want = |holds: bool, what: &str| {
            if !holds {
                missing.push(format!("{method} {path}: {what}"));
            }
        };
        want(operation["summary"].as_str().is_some_and(|words| words.ends_with('.')), "a summary");
        let answers = operation["responses"].as_object().unwrap();
        let headers: Vec<_> = operation["parameters"].as_array().into_iter().flatten().filter(|one| one["in"] == "header").collect();
        let takes = |name: &str| headers.iter().any(|one| one["name"] == name);
        if path.starts_with("/api") {
            for status in ["400", "401", "403", "429"] {
                want(answers.contains_key(status), status);
            }
            want(answers.get("429").is_some_and(|answer| answer["headers"]["Retry-After"].is_object()), "Retry-After");
            if path.contains('{') {
                want(answers.contains_key("404"), "404");
            }
            match method.as_str() {
                "POST" => {
                    want(takes("Idempotency-Key"), "Idempotency-Key");
                    ["409", "413", "422"].iter().for_each(|status| want(answers.contains_key(*status), status));
                    want(!answers.contains_key("202") || takes("Prefer"), "Prefer");
                }
                "PUT" | "PATCH" | "DELETE" if document["paths"][&path]["get"].is_object() => {
                    want(takes("If-Match") && answers.contains_key("412"), "If-Match");
                }
                _ => {}
            }
        }
        if operation["requestBody"].is_object() {
            ["408", "413", "415", "422"].iter().for_each(|status| want(answers.contains_key(*status), status));
        }
        let asked = operation["requestBody"]["content"].as_object().into_iter().flatten().map(|(kind, content)| ("asked", kind, content));
        let answered = answers.iter().flat_map(|(status, answer)| {
            let contents = answer["content"].as_object().into_iter().flatten();
            contents.map(move |(kind, content)| (status.as_str(), kind, content))
        });
        for (what, kind, content) in asked.chain(answered) {
            if !kind.ends_with("json") {
                continue;
            }
            want(content.get("example").is_some(), &format!("an example of what is {what}"));
            if let (Some(example), Some(schema)) = (content.get("example"), content.get("schema")) {
                want(fits(example, schema, &document), &format!("an example that fits, of what is {what}"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// Whether a value has the fields its schema asks for and no others, as far as names go.
fn fits(value: &Value, schema: &Value, document: &Value) -> bool {
    if let Some(place) = schema["$ref"].as_str() {
        return fits(value, document.pointer(place.trim_start_matches('#')).unwrap(), document);
    }
    if let Some(several) = schema["oneOf"].as_array() {
        return several.iter().any(|one| fits(value, one, document));
    }
    match (value, schema["type"].as_str()) {
        (Value::Array(_), Some("array")) if schema["prefixItems"].is_array() => true,
        (Value::Array(values), Some("array")) => values.iter().all(|value| fits(value, &schema["items"], document)),
        (Value::Object(fields), Some("object")) => {
            let Some(known) = schema["properties"].as_object() else { return true };
            let required = schema["required"].as_array().into_iter().flatten().all(|name| fields.contains_key(name.as_str().unwrap()));
            required && fields.iter().all(|(name, value)| known.get(name).is_some_and(|schema| fits(value, schema, document)))
        }
        (Value::String(_), Some("array" | "object" | "integer" | "number" | "boolean")) => false,
        (Value::Array(_) | Value::Object(_), Some("string" | "integer" | "number" | "boolean")) => false,
        _ => true,
    }
}
