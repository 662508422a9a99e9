//! Requests with a name (`Idempotency-Key`): done once, and answered as they were answered then.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use digital_dalla::{
    domain::{
        access::Scope,
        answered::{Answer as Kept, Answered, COUNTS_FOR, LARGEST, ROOM},
        problem::Problem,
    },
    service::repeats::{Named, Turn, begin, end, forget, sweep},
    state::AppState,
};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::support::{Answer, TestApp};

async fn send(app: &TestApp, path: &str, key: &str, body: &Value) -> Answer {
    Answer::of(app.request(Method::POST, path).header("idempotency-key", key).json(body)).await
}

async fn characters(app: &TestApp) -> usize {
    app.get("/api/characters").await.json().as_array().unwrap().len()
}

#[tokio::test]
async fn a_request_sent_again_is_answered_again_and_done_once() {
    let app = TestApp::start().await;
    let luna = json!({"name": "Luna"});
    let first = send(&app, "/api/characters", "luna", &luna).await;
    let again = send(&app, "/api/characters", "luna", &luna).await;
    assert_eq!((first.status, again.status), (StatusCode::CREATED, StatusCode::CREATED));
    assert_eq!(first.text, again.text);
    for name in [header::LOCATION, header::ETAG, header::CONTENT_TYPE] {
        assert_eq!(first.headers[&name], again.headers[&name], "{name}");
    }
    assert!(!first.headers.contains_key("idempotent-replayed") && again.headers["idempotent-replayed"] == "true");
    assert_eq!(characters(&app).await, 1);

    let (_, fields) = send(&app, "/api/characters", "luna", &json!({"name": "Cortex"})).await.problem(422);
    assert_eq!(fields, ["Idempotency-Key"]);
    let (_, fields) = send(&app, "/api/prompts", "luna", &luna).await.problem(422);
    assert_eq!(fields, ["Idempotency-Key"], "the same words at another address are another request");
    let (_, fields) = send(&app, "/api/characters", "", &luna).await.problem(422);
    assert_eq!(fields, ["Idempotency-Key"]);
    assert_eq!(characters(&app).await, 1);
}

#[tokio::test]
async fn of_many_at_once_one_is_done() {
    let app = TestApp::start().await;
    let luna = json!({"name": "Luna"});
    let twins = futures::future::join_all((0..12).map(|_| send(&app, "/api/characters", "luna", &luna))).await;
    for twin in &twins {
        assert!(matches!(twin.status, StatusCode::CREATED | StatusCode::CONFLICT), "{}", twin.text);
        if twin.status == StatusCode::CONFLICT {
            assert!(twin.problem(409).0.contains("at this moment") && twin.headers["retry-after"] == "1");
        }
    }
    let made = twins.iter().filter(|twin| twin.status == StatusCode::CREATED && !twin.headers.contains_key("idempotent-replayed"));
    assert_eq!((made.count(), characters(&app).await), (1, 1));
}

#[tokio::test]
async fn what_was_refused_may_be_sent_again_under_its_name() {
    let app = TestApp::start().await;
    send(&app, "/api/prompts", "idea", &json!({"characterId": "nobody", "prompt": "a lake"})).await.problem(422);
    let id = app.luna().await;
    let mended = json!({"characterId": id, "prompt": "a lake"});
    assert_eq!(send(&app, "/api/prompts", "idea", &mended).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn names_outlive_a_restart_and_end_after_a_day() {
    let app = TestApp::start().await;
    let luna = json!({"name": "Luna"});
    let first = send(&app, "/api/characters", "luna", &luna).await;
    let (comfy, dir) = app.stop().await;
    let app = TestApp::start_with(comfy, dir).await;
    let again = send(&app, "/api/characters", "luna", &luna).await;
    assert_eq!((again.status, &again.text), (first.status, &first.text));

    // As it is when the process ended before it could answer.
    let stored = app.app.store.read().answers.iter().next().unwrap().clone();
    let cut_off = Answered { answer: None, ..Answered::clone(&stored) };
    app.app.store.write(move |tx| tx.put(cut_off)).await.map_err(|error: digital_dalla::store::StoreError| error).unwrap();
    assert!(send(&app, "/api/characters", "luna", &luna).await.problem(409).0.contains("was stopped before it was answered"));

    let old = Answered { created_at: Utc::now() - TimeDelta::hours(24), ..Answered::clone(&stored) };
    app.app.store.write(move |tx| tx.put(old)).await.map_err(|error: digital_dalla::store::StoreError| error).unwrap();
    let new = send(&app, "/api/characters", "luna", &luna).await;
    assert!(new.status == StatusCode::CREATED && new.text != first.text);
    assert_eq!(characters(&app).await, 2);
}

#[tokio::test]
async fn callers_do_not_know_each_others_names() {
    let app = TestApp::start().await.with_password().await;
    let (one, other) = (app.token("one", &[Scope::Read, Scope::Write]).await, app.token("other", &[Scope::Read, Scope::Write]).await);
    let send = |token: &str| {
        let request = app.request(Method::POST, "/api/characters").bearer_auth(token).header("idempotency-key", "luna");
        Answer::of(request.json(&json!({"name": "Luna"})))
    };
    let (first, second, again) = (send(&one).await, send(&other).await, send(&one).await);
    assert!(first.text != second.text && first.text == again.text);
}

#[tokio::test]
async fn nothing_that_was_sent_is_stored_with_its_name() {
    let app = TestApp::start().await;
    let secret = "AIzaSyTheSecretThatIsNobodysBusiness";
    let answer = send(&app, "/api/settings", "key", &json!({"geminiApiKey": secret})).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text);
    assert_eq!(send(&app, "/api/settings", "key", &json!({"geminiApiKey": secret})).await.status, StatusCode::NO_CONTENT);
    let (_, dir) = app.stop().await;
    let kept = std::fs::read_to_string(dir.path().join("data/answers.json")).unwrap();
    assert!(kept.contains("\"status\": 204") && !kept.contains(secret) && !kept.contains("key\""), "{kept}");
}

#[tokio::test]
async fn whoever_goes_away_finds_the_answer_later() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    let wanted = json!({"characterId": id, "prompt": "a lake"});
    let mut changes = app.app.store.changes();
    let request = app.request(Method::POST, "/api/generate-image").header("idempotency-key", "lake").json(&wanted);
    tokio::select! {
        answer = request.send() => panic!("it was quicker than its own job: {answer:?}"),
        () = async { while app.app.store.read().jobs.is_empty() { changes.recv().await.unwrap(); } } => {}
    }
    let answer = loop {
        let answer = send(&app, "/api/generate-image", "lake", &wanted).await;
        if answer.status != StatusCode::CONFLICT {
            break answer;
        }
        changes.recv().await.unwrap();
    };
    assert_eq!((answer.status, answer.headers["idempotent-replayed"].to_str().unwrap()), (StatusCode::OK, "true"), "{}", answer.text);
    assert_eq!(app.contents().await.len(), 1);
    app.is_quiet();
}

fn named<'a>(caller: &'a str, key: &'a str, said: &'a [&'a [u8]]) -> Named<'a> {
    Named { caller, key, said }
}

fn answer(body: &str) -> Kept {
    Kept { status: 201, headers: BTreeMap::from([("location".into(), "/api/x/1".into())]), body: Some(body.into()) }
}

async fn done(app: &AppState, key: &str, body: &str, now: DateTime<Utc>) {
    let Turn::Do(doing) = begin(app, named("me", key, &[b"body"]), now).await.unwrap() else { panic!("it is new") };
    end(app, doing, answer(body), now).await.unwrap();
}

#[tokio::test]
async fn a_name_counts_for_a_day_and_for_its_caller_alone() {
    let TestApp { app, .. } = &TestApp::start().await;
    let now = Utc::now();
    done(app, "once", "made", now).await;
    let late = now + COUNTS_FOR - TimeDelta::seconds(1);
    assert!(matches!(begin(app, named("me", "once", &[b"body"]), late).await.unwrap(), Turn::Done(kept) if kept == answer("made")));
    assert!(begin(app, named("me", "once", &[b"other"]), late).await.is_err(), "it said something else");
    assert!(begin(app, named("me", "once", &[b"bo", b"dy"]), late).await.is_err(), "pieces are not run together");
    assert!(matches!(begin(app, named("you", "once", &[b"body"]), late).await.unwrap(), Turn::Do(_)));
    assert!(matches!(begin(app, named("me", "once", &[b"body"]), now + COUNTS_FOR).await.unwrap(), Turn::Do(_)));
}

#[tokio::test]
async fn what_comes_to_nothing_may_be_sent_again_and_what_was_cut_off_may_not() {
    let TestApp { app, .. } = &TestApp::start().await;
    let now = Utc::now();
    let Turn::Do(doing) = begin(app, named("me", "once", &[b"body"]), now).await.unwrap() else { panic!("it is new") };
    assert!(matches!(begin(app, named("me", "once", &[b"body"]), now).await.unwrap(), Turn::Running));
    assert!(begin(app, named("me", "once", &[b"other"]), now).await.is_err());
    forget(app, doing).await.unwrap();
    let Turn::Do(doing) = begin(app, named("me", "once", &[b"body"]), now).await.unwrap() else { panic!("it was forgotten") };
    // As when the process ends.
    drop(doing);
    let cut_off = Problem::from(begin(app, named("me", "once", &[b"body"]), now).await.unwrap_err());
    assert!(cut_off.message.contains("stopped before it was answered"), "{cut_off}");
}

#[tokio::test]
async fn what_is_remembered_has_bounds() {
    let TestApp { app, .. } = &TestApp::start().await;
    let now = Utc::now();
    let large = "x".repeat(LARGEST);
    for number in 0..ROOM / LARGEST + 5 {
        done(app, &number.to_string(), &large, now).await;
    }
    let kept = || app.store.read().answers.iter().map(|answered| answered.bytes()).sum::<usize>();
    assert!(kept() <= ROOM + LARGEST, "{}", kept());
    let too_large = "x".repeat(LARGEST + 1);
    done(app, "large", &too_large, now).await;
    let refused = Problem::from(begin(app, named("me", "large", &[b"body"]), now).await.unwrap_err());
    assert!(refused.message.contains("too large to be kept"), "{refused}");
    sweep(app, now + COUNTS_FOR).await.unwrap();
    assert_eq!(app.store.read().answers.len(), 0);
}
