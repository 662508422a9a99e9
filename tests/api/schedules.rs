//! Schedules over the API and as forms: what is stored, shown, and refused with a word by its field.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use digital_dalla::{
    domain::task::Task,
    store::{StoreError, Transaction},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, TestApp};

fn body(character: &str) -> Value {
    json!({"characterId": character, "type": "generate_only", "schedule": "0 18 * * *", "timezone": "America/New_York"})
}

async fn made(app: &TestApp, body: Value) -> Value {
    let created = app.post("/api/scheduler/tasks", body).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
    created.json()
}

#[tokio::test]
async fn a_task_is_made_shown_changed_paused_and_deleted() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    let created = app.post("/api/scheduler/tasks", body(&luna)).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
    let task = created.json();
    let path = created.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(path, format!("/api/scheduler/tasks/{}", task["id"].as_str().unwrap()));
    assert_eq!((&task["words"], &task["characterName"], &task["active"]), (&json!("Every day at 18:00"), &json!("Luna"), &json!(true)));
    assert_eq!((&task["missedPolicy"], &task["nextRuns"][0], &task["lastResult"]), (&json!("once"), &task["nextRun"], &json!(null)));
    let next: DateTime<Utc> = task["nextRun"].as_str().unwrap().parse().unwrap();
    assert_eq!(next.with_timezone(&chrono_tz::America::New_York).format("%H:%M").to_string(), "18:00");
    assert_eq!(task["nextRuns"].as_array().unwrap().len(), 5);

    let answer = app.get(&path).await;
    let tag = answer.headers["etag"].to_str().unwrap().to_owned();
    let again = Answer::of(app.request(Method::GET, &path).header("if-none-match", &tag)).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);

    let change = json!({"schedule": "6h", "config": {"prompt": "a lake", "steps": 4}, "missedPolicy": "all"});
    let changed = Answer::of(app.request(Method::PATCH, &path).header("if-match", &tag).json(&change)).await;
    assert_eq!((changed.status, changed.json()["words"].as_str()), (StatusCode::OK, Some("Every 6 hours")), "{}", changed.text);
    let stale = Answer::of(app.request(Method::PUT, &path).header("if-match", &tag).json(&json!({"schedule": "1d"}))).await;
    stale.problem(412);
    Answer::of(app.request(Method::DELETE, &path).header("if-match", &tag)).await.problem(412);
    // PUT merges like PATCH, and `null` takes a key out of the config.
    let changed = app.put(&path, json!({"config": {"steps": null, "customPrompt": "a forest"}})).await.json();
    assert_eq!((&changed["config"], &changed["schedule"]), (&json!({"prompt": "a forest"}), &json!("6h")));

    let paused = app.post(&format!("{path}/pause"), json!({})).await.json();
    assert_eq!((&paused["active"], &paused["nextRun"], &paused["nextRuns"]), (&json!(false), &json!(null), &json!([])));
    let resumed = app.post(&format!("{path}/resume"), json!({})).await.json();
    assert_eq!(resumed["active"], true);
    assert!(!resumed["nextRun"].is_null());

    assert_eq!(app.delete(&path).await.status, StatusCode::NO_CONTENT);
    app.get(&path).await.problem(404);
    for (method, end) in [(Method::DELETE, ""), (Method::POST, "/run"), (Method::POST, "/pause"), (Method::POST, "/resume")] {
        Answer::of(app.request(method, &format!("{path}{end}"))).await.problem(404);
    }
}

#[tokio::test]
async fn how_scheduling_stands_is_told_with_all_tasks() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    made(&app, body(&luna)).await;
    made(&app, json!({"characterId": luna, "type": "post_next", "schedule": "@hourly", "active": false})).await;
    let answer = app.get("/api/scheduler").await;
    let status = answer.json();
    assert_eq!(
        (&status["status"], &status["paused"], &status["dryRun"], &status["timezone"]),
        (&json!("Running"), &json!(false), &json!(true), &json!("Europe/Rome"))
    );
    assert_eq!(status["summary"], json!({"total": 2, "active": 1, "inactive": 1, "missedRuns": 0}));
    assert_eq!((&status["tasks"][0]["words"], &status["tasks"][1]["nextRun"]), (&json!("Every day at 18:00"), &json!(null)));
    let tag = answer.headers["etag"].to_str().unwrap();
    assert!(tag.starts_with('"'));

    assert_eq!(app.post("/api/scheduler/pause", json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.get("/api/scheduler").await.json()["status"], "Paused");
    assert_eq!(app.get("/api/settings").await.json()["paused"], "true", "one pause for all");
    assert_eq!(app.get("/api/system/status").await.json()["scheduler"], "Paused");
    assert!(app.get("/schedules").await.text.contains("Nothing is scheduled or posted until you resume."));
    assert_eq!(app.post("/api/scheduler/resume", json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.get("/api/scheduler").await.json()["status"], "Running");
    let ticked = async {
        while app.get("/api/system/status").await.json()["scheduler"] != "Running" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, ticked).await.expect("the clock ticks");
}

#[tokio::test]
async fn what_is_wrong_with_a_task_is_said_by_its_field() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    for (change, field, words) in [
        (json!({"schedule": "0 24 * * *"}), "schedule", "The hour “24”: 24 is not between 0 and 23."),
        (json!({"schedule": "0 0 31 2 *"}), "schedule", "This never happens"),
        (json!({"schedule": "0 0 9 * * *"}), "schedule", "without seconds"),
        (json!({"schedule": "every now and then"}), "schedule", "write five: minute, hour"),
        (json!({"schedule": "0"}), "schedule", "Write five fields"),
        (json!({"schedule": ""}), "schedule", "Say when"),
        (json!({"schedule": null}), "schedule", "Say when"),
        (json!({"schedule": 5}), "schedule", "Write a text."),
        (json!({"schedule": "1".repeat(5_000)}), "schedule", "Keep this to 200"),
        (json!({"timezone": "Mars/Base"}), "timezone", "“Mars/Base” is not a time zone"),
        (json!({"characterId": "nobody"}), "characterId", "There is no such character."),
        (json!({"characterId": ""}), "characterId", "Say for whom"),
        (
            json!({"type": "dance"}),
            "type",
            "“dance” is not a type of task. Choose from generate_and_post, generate_only, post_next, train_lora, backup.",
        ),
        (json!({"type": "train_lora"}), "config.baseModel", "Choose the model to train on."),
        (json!({"type": "backup", "config": {"extent": "some"}}), "config.extent", "Choose from records, pictures, everything."),
        (json!({"missedPolicy": "perhaps"}), "missedPolicy", "Choose from"),
        (json!({"missedWindowHours": 0}), "missedWindowHours", "Choose 1 to 744 hours."),
        (json!({"active": "perhaps"}), "active", "Write true or false."),
        (json!({"config": []}), "config", "Write"),
        (json!({"config": {"steps": "many"}}), "config.steps", "Write a whole number."),
        (json!({"config": {"steps": 2.5}}), "config.steps", "Write a whole number."),
        (json!({"config": {"steps": 151}}), "config.steps", "Use 1 to 150 steps."),
        (json!({"config": {"width": 20}}), "config.width", "A side is 64 to 4096 pixels long."),
        (json!({"config": {"count": 9}}), "config.count", "Ask for 1 to 8 pictures at once."),
        (json!({"config": {"generateCaption": "yes"}}), "config.generateCaption", "Write true or false."),
        (json!({"config": {"review": "sometimes"}}), "config.review", "Choose from always, never, autonomy."),
        (json!({"config": {"loras": [{"name": "a", "strength": 3}]}}), "config.loras[0].strength", "between -2 and 2"),
        (json!({"type": "post_next", "config": {"postToInstagram": false}}), "config.postToInstagram", "Choose at least one network"),
    ] {
        let mut wrong = body(&luna);
        wrong.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let refused = app.post("/api/scheduler/tasks", wrong.clone()).await;
        let (_, fields) = refused.problem(422);
        assert_eq!(fields, [field], "{wrong}: {}", refused.text);
        let said = refused.json()["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(said.contains(words), "{wrong}: {said}");
        // At its other address as well.
        assert_eq!(app.post("/api/scheduler", wrong).await.problem(422).1, [field]);
    }
    let (_, fields) = app.post("/api/scheduler/tasks", json!({})).await.problem(422);
    assert_eq!(fields, ["characterId", "type", "schedule"], "all at once");
    app.post("/api/scheduler/tasks", json!([1])).await.problem(422);
    Answer::of(app.request(Method::POST, "/api/scheduler/tasks").header("content-type", "application/json").body("{")).await.problem(400);
    assert_eq!(app.get("/api/scheduler/tasks").await.json(), json!([]), "nothing of it was stored");
}

#[tokio::test]
async fn a_schedule_is_told_in_words_before_it_is_stored() {
    let app = TestApp::start().await;
    let preview = app.post("/api/scheduler/preview", json!({"schedule": "0 9 * * MON-FRI", "timezone": "Asia/Tokyo"})).await.json();
    assert_eq!((&preview["words"], &preview["timezone"]), (&json!("On weekdays at 09:00"), &json!("Asia/Tokyo")));
    let times: Vec<DateTime<Utc>> = serde_json::from_value(preview["nextRuns"].clone()).unwrap();
    assert_eq!(times.len(), 5);
    assert!(times.iter().all(|at| at.format("%H:%M").to_string() == "00:00"), "{times:?}");
    assert_eq!(app.post("/api/scheduler/preview", json!({"schedule": "@daily"})).await.json()["timezone"], "Europe/Rome");
    let (_, fields) = app.post("/api/scheduler/preview", json!({"schedule": "0 0 30 2 *", "timezone": "Nowhere"})).await.problem(422);
    assert_eq!(fields, ["timezone", "schedule"]);
    app.post("/api/scheduler/preview", json!({})).await.problem(422);
}

#[tokio::test]
async fn bodies_of_older_front_ends_are_understood() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    let old =
        json!({"characterId": luna, "type": "post_only", "schedule": "0 9 * * *", "active": false, "config": {"postToInstagram": true}});
    let added = app.post("/api/scheduler", json!({"action": "add_task", "task": old})).await.json();
    assert_eq!(
        (&added["success"], &added["task"]["type"], &added["task"]["words"]),
        (&json!(true), &json!("post_only"), &json!("Every day at 09:00"))
    );
    let id = added["task"]["id"].as_str().unwrap().to_owned();
    let mut inline = old.clone();
    inline["action"] = json!("add_task");
    assert_eq!(app.post("/api/scheduler", inline).await.json()["success"], true);

    let updated =
        app.post("/api/scheduler", json!({"action": "update_task", "taskId": id, "updates": {"schedule": "0 10 * * *"}})).await.json();
    assert_eq!(updated["task"]["words"], "Every day at 10:00");
    let toggled = app.post("/api/scheduler", json!({"action": "toggle_task", "taskId": id})).await.json();
    assert_eq!(toggled["task"]["active"], true);
    let toggled = app.post("/api/scheduler", json!({"action": "toggle_task", "taskId": id, "active": true})).await.json();
    assert_eq!(toggled["task"]["active"], true);
    let run = app.post("/api/scheduler", json!({"action": "run_now", "taskId": id})).await.json();
    assert_eq!((&run["run"]["taskId"], &run["run"]["cause"]), (&json!(id), &json!("person")));
    let all = app.post("/api/scheduler", json!({"action": "run_now"})).await.json();
    assert_eq!(all["runs"].as_array().unwrap().len(), 1, "the active ones: {all}");
    let missed = app.post("/api/scheduler", json!({"action": "check_missed"})).await.json();
    assert_eq!((&missed["missedRuns"], &missed["message"]), (&json!([]), &json!("0 runs were missed.")));
    assert_eq!(app.post("/api/scheduler", json!({"action": "run_missed_task", "taskId": id})).await.json()["success"], true);
    assert_eq!(app.post("/api/scheduler", json!({"action": "delete_task", "taskId": id})).await.json()["success"], true);
    app.post("/api/scheduler", json!({"action": "delete_task", "taskId": id})).await.problem(404);
    assert_eq!(app.post("/api/scheduler", json!({"action": "delete_task"})).await.problem(422).1, ["taskId"]);
    assert_eq!(app.post("/api/scheduler", json!({"action": "dance"})).await.problem(422).1, ["action"]);
    assert_eq!(app.post("/api/scheduler", json!([])).await.problem(422).1, ["body"]);
    let plain = app.post("/api/scheduler", body(&luna)).await;
    assert_eq!(plain.status, StatusCode::CREATED);
}

#[tokio::test]
async fn runs_are_listed_by_task_and_state_and_paged() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    let task = made(&app, json!({"characterId": luna, "type": "post_next", "schedule": "@yearly"})).await;
    let id = task["id"].as_str().unwrap();
    for _ in 0..5 {
        let run = app.post(&format!("/api/scheduler/tasks/{id}/run"), json!({})).await.json();
        let run = run["id"].as_str().unwrap().to_owned();
        let mut changes = app.app.store.changes();
        while app.app.store.read().runs.get(&run).unwrap().state.goes_on() {
            changes.recv().await.unwrap();
        }
    }
    let page = app.get(&format!("/api/scheduler/runs?taskId={id}&limit=2")).await;
    assert_eq!((page.json().as_array().unwrap().len(), page.headers["x-total-count"].to_str().unwrap()), (2, "5"));
    assert_eq!(
        (&page.json()[0]["state"], &page.json()[0]["why"]),
        (&json!("skipped"), &json!("There is no approved picture that was not posted to Instagram yet."))
    );
    let next = page.headers["link"].to_str().unwrap().split(['<', '>']).nth(1).unwrap().to_owned();
    let rest = app.get(&next).await.json();
    assert!(rest[0]["dueAt"].as_str() < page.json()[1]["dueAt"].as_str(), "newest first");
    assert_eq!(app.get("/api/scheduler/runs?state=skipped").await.json().as_array().unwrap().len(), 5);
    assert_eq!(app.get("/api/scheduler/runs?state=ok").await.json(), json!([]));
    assert_eq!(app.get("/api/scheduler/runs?state=fine").await.problem(422).1, ["state"]);
    app.get("/api/scheduler/runs?cursor=gone").await.problem(400);
    app.get("/api/scheduler/runs/gone").await.problem(404);
    let shown = app.get(&format!("/api/scheduler/tasks/{id}")).await.json();
    assert_eq!((&shown["lastResult"]["state"], shown["lastRun"].is_string()), (&json!("skipped"), true));
}

#[tokio::test]
async fn ten_thousand_tasks_stay_quick() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    let task = |number: usize| -> Task {
        let schedule = format!("{} {} * * {}", number % 60, number % 24, number % 7);
        serde_json::from_value(json!({"id": format!("t{number}"), "characterId": luna, "type": "post_next", "schedule": schedule})).unwrap()
    };
    let tasks: Vec<_> = (0..10_000).map(task).collect();
    app.app
        .store
        .write::<_, StoreError>(move |tx: &mut Transaction<'_>| tasks.into_iter().try_for_each(|task| tx.put(task)))
        .await
        .unwrap();
    let began = Instant::now();
    let all = app.get("/api/scheduler/tasks").await;
    assert_eq!(all.headers["x-total-count"], "10000");
    let part = app.get("/api/scheduler/tasks?limit=100").await;
    assert_eq!(part.json().as_array().unwrap().len(), 100);
    let next = part.headers["link"].to_str().unwrap().split(['<', '>']).nth(1).unwrap().to_owned();
    assert_eq!(app.get(&next).await.json()[0]["id"], "t100");
    let page = app.get("/schedules").await.text;
    assert!(page.contains("More schedules") && page.matches("<li").count() < 200);
    // Unoptimised and beside other tests; a release takes a fraction of this.
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}
