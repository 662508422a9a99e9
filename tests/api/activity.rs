//! Activity: what was done, by whom, to what; and nothing that only machinery does.

use chrono::Utc;
use digital_dalla::{
    actor,
    domain::{
        access::Scope,
        activity::{Activity, ActivityId, Actor, KEPT},
    },
    error::Error,
};
use reqwest::Method;
use scraper::{Html, Selector};
use serde_json::{Value, json};

use crate::{
    access::{PASSWORD, browser},
    support::{Answer, TestApp},
};

impl TestApp {
    /// The lines of activity, newest first, as `who: what`.
    async fn lines(&self, query: &str) -> Vec<String> {
        let answer = self.get(&format!("/api/activity?{query}")).await;
        let lines = answer.json();
        let line = |line: &Value| {
            let actor = &line["actor"];
            let who = actor["name"].as_str().or(actor["kind"].as_str()).unwrap();
            format!("{who}: {}", line["words"].as_str().unwrap())
        };
        lines.as_array().unwrap().iter().map(line).collect()
    }
}

/// The rows of the list on a page.
fn rows(page: &str) -> Vec<String> {
    let (html, rows) = (Html::parse_document(page), Selector::parse("#activity li").unwrap());
    html.select(&rows).map(|row| row.text().collect()).collect()
}

#[tokio::test]
async fn deeds_are_told_with_who_did_them() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    app.patch(&format!("/api/characters/{id}"), json!({"name": "Luna Nova", "promptSettings": {"mood": "calm"}})).await;
    app.patch(&format!("/api/characters/{id}"), json!({"instagramApiKey": "EAABsbCS1iHgBAkx9Qd"})).await;
    app.post("/api/posting/pause", json!({})).await;
    app.post("/api/posting/resume", json!({})).await;
    app.post("/api/settings", json!({"dryRun": "false", "gapMinutes": "20"})).await;
    let told = app.lines("").await;
    assert_eq!(
        told,
        [
            "local: Dry run was switched off",
            "local: Posting was resumed",
            "local: Posting was paused",
            "local: A key of Luna Nova for Instagram was set",
            "local: Luna Nova was changed: name, prompt settings",
            "local: Luna was created",
        ]
    );
    assert!(!app.get("/api/activity").await.text.contains("EAABsb"), "of a key is told whose it is, and never what");
    assert_eq!(app.lines(&format!("characterId={id}&kind=characters")).await.len(), 2);
    assert_eq!(app.lines("kind=settings").await.len(), 3);
}

#[tokio::test]
async fn sessions_tokens_and_jobs_are_told_apart() {
    let app = TestApp::start().await.with_password().await;
    app.log_in(&app.client, PASSWORD, "/").await;
    let token = app.token("Script", &Scope::ALL).await;
    let client = browser();
    let created = client.post(format!("{}/api/characters", app.url)).bearer_auth(&token).json(&json!({"name": "Cortex"}));
    let id = Answer::of(created).await.json()["id"].as_str().unwrap().to_owned();
    let order = app.order(json!({"characterId": id, "prompt": "a lake", "batch": 2, "steps": 2, "width": 64, "height": 64})).await;
    app.ended(&order).await;
    app.submit("/actions/access/log-out", &[]).await;
    app.log_in(&app.client, PASSWORD, "/").await;
    let told = app.lines("").await;
    assert_eq!(
        told,
        [
            "An unknown browser: Logged in from 127.0.0.1",
            "An unknown browser: Logged out",
            "Drawing pictures: A picture of Cortex was made",
            "Drawing pictures: A picture of Cortex was made",
            "An unknown browser: Drawing pictures for Cortex was asked for",
            "Script: Cortex was created",
            "itself: The token “Script” was made (read, write, publish)",
            "An unknown browser: Logged in from 127.0.0.1",
            "local: The password was set",
        ],
        "and nothing of what the machinery did meanwhile"
    );
}

#[tokio::test]
async fn what_a_job_says_to_itself_costs_the_journal_nothing_more() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    let before = app.app.store.read().activity.version();
    let order = app.order(json!({"characterId": id, "prompt": "a lake", "steps": 2})).await;
    app.ended(&order).await;
    let state = app.app.store.read();
    let version = state.jobs.version();
    assert!(version >= 5, "the job was claimed, sent, done …: {version}");
    assert_eq!(state.activity.version() - before, 2, "it was asked for, and a picture came of it");
}

#[tokio::test]
async fn deleting_a_character_with_all_that_is_hers_is_a_few_lines() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    for n in 0..4 {
        app.post("/api/prompts", json!({"characterId": id, "prompt": format!("prompt {n}")})).await;
    }
    let order = app.order(json!({"characterId": id, "batch": 2, "steps": 2})).await;
    app.ended(&order).await;
    let before = app.lines("").await.len();
    app.delete(&format!("/api/characters/{id}?purge=true&prompts=true")).await;
    let told = app.lines("").await;
    let mut new = told[..told.len() - before].to_vec();
    new.sort_unstable();
    assert_eq!(
        new,
        [
            "local: 2 pictures of a deleted character were deleted",
            "local: 4 prompts for a deleted character were deleted",
            "local: Luna was deleted"
        ]
    );
}

#[tokio::test]
async fn only_the_newest_lines_are_kept() {
    let app = TestApp::start().await;
    let line = |n: usize| Activity {
        id: ActivityId::new(),
        at: Utc::now(),
        actor: Actor::Local,
        kind: "prompts".into(),
        subject: None,
        character_id: None,
        words: format!("line {n}"),
    };
    app.app.store.write(move |tx| Ok::<_, Error>((0..KEPT + 99).try_for_each(|n| tx.put(line(n)))?)).await.unwrap();
    app.luna().await;
    let state = app.app.store.read();
    assert_eq!(state.activity.len(), KEPT);
    assert_eq!(state.activity.iter().next().unwrap().words, "line 100", "the oldest made room");
    assert_eq!(state.activity.newest().next().unwrap().words, "Luna was created");
    let page = app.get("/api/activity?limit=2").await;
    assert_eq!(page.headers["x-total-count"], "5000");
    let next = page.headers["link"].to_str().unwrap().split(['<', '>']).nth(1).unwrap().to_owned();
    assert_eq!(app.get(&next).await.json()[0]["words"], format!("line {}", KEPT + 97));
    app.get("/api/activity?cursor=gone").await.problem(400);
}

#[tokio::test]
async fn a_damaged_file_of_activity_stops_no_deed() {
    let (comfy, dir) = TestApp::start().await.stop().await;
    std::fs::write(dir.path().join("data/activity.json"), "[{").unwrap();
    let app = TestApp::start_with(comfy, dir).await;
    app.luna().await;
    assert_eq!(app.get("/api/characters").await.json().as_array().unwrap().len(), 1);
    assert_eq!(app.lines("").await, Vec::<String>::new());
    assert!(app.get("/activity").await.text.contains("READ-ONLY STORE"));
}

#[tokio::test]
async fn pages_show_it_filtered_with_links_to_what_is_still_there() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    app.post("/api/characters", json!({"name": "<b>Cortex</b>"})).await;
    let prompt = app.post("/api/prompts", json!({"characterId": id, "prompt": "a lake"})).await.json()["id"].as_str().unwrap().to_owned();
    let all = app.get("/activity").await.text;
    assert_eq!(rows(&all).len(), 3);
    assert!(all.contains("&lt;b&gt;Cortex&lt;/b&gt; was created"), "names are text");
    assert!(all.contains(&format!("href=\"/prompts/{prompt}\"")));
    let hers = rows(&app.get(&format!("/activity?character={id}&kind=prompts")).await.text);
    assert!(hers.len() == 1 && hers[0].contains("A prompt for Luna was added") && hers[0].contains("At this machine"), "{hers:?}");
    assert_eq!(rows(&app.get(&format!("/characters/{id}/activity")).await.text).len(), 2);
    app.delete(&format!("/api/prompts/{prompt}")).await;
    assert!(!app.get("/activity").await.text.contains(&format!("href=\"/prompts/{prompt}\"")), "no link to what is gone");
}

#[tokio::test]
async fn schedules_are_named_for_what_they_do() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    let task = Actor::Task { id: "task".into(), name: "every morning".into() };
    let prompt = json!({"characterId": id, "prompt": "a lake"});
    let new = serde_json::from_value(prompt).unwrap();
    let create = async { digital_dalla::service::prompts::create(&app.app, new, Utc::now())?.durable().await };
    actor::by(task, create).await.unwrap();
    assert_eq!(app.lines("kind=prompts").await, ["every morning: A prompt for Luna was added"]);
    assert_eq!(
        app.request(Method::GET, "/activity").send().await.unwrap().text().await.unwrap().matches("Schedule: every morning").count(),
        1
    );
}
