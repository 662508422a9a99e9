//! Schedules as pages and forms, with script off.

use digital_dalla::{
    domain::task::Task,
    store::{StoreError, Transaction},
};
use reqwest::StatusCode;
use serde_json::json;

use crate::support::TestApp;

/// What the form of a task sends.
fn form<'a>(luna: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("form[kind]", "generate_and_post"),
        ("form[characterId]", luna),
        ("form[schedule]", "0 18 * * *"),
        ("form[timezone]", "Asia/Tokyo"),
        ("form[active]", "on"),
        ("form[postToTwitter]", "on"),
        ("form[generateCaption]", "on"),
        ("form[review]", "always"),
        ("form[missedPolicy]", "all"),
        ("form[missedWindowHours]", "12"),
        ("form[prompt]", "a lake"),
        ("form[steps]", "4"),
        ("form[cfg]", "6,5"),
        ("form[loraChoice]", "none"),
    ];
    for (name, value) in more {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    fields
}

#[tokio::test]
async fn a_form_without_script_makes_a_task_and_shows_it_in_words() {
    let app = TestApp::start().await;
    assert!(app.get("/schedules").await.text.contains("Nothing happens by itself yet"));
    assert!(app.get("/schedules/new").await.text.contains("Create a character"));
    let luna = app.luna().await;
    let page = app.submit("/actions/schedules/create", &form(&luna, &[])).await;
    assert!(
        page.contains("Schedule saved.") && page.contains("Every day at 18:00") && page.contains("In the time of Asia/Tokyo."),
        "{page}"
    );
    let task = &app.get("/api/scheduler/tasks").await.json()[0];
    assert_eq!(
        task["config"],
        json!({"prompt": "a lake", "steps": 4, "cfg": 6.5, "loras": [], "review": "always", "postToInstagram": false, "postToTwitter": true})
    );
    assert_eq!((&task["missedPolicy"], &task["missedWindowHours"], &task["timezone"]), (&json!("all"), &json!(12), &json!("Asia/Tokyo")));
    let id = task["id"].as_str().unwrap();

    let list = app.get("/schedules").await.text;
    assert!(
        list.contains("Every day at 18:00")
            && list.contains("Make a picture and post it")
            && list.contains("Luna")
            && list.contains("Asia/Tokyo")
    );
    let hers = app.get(&format!("/characters/{luna}/schedule")).await.text;
    assert!(hers.contains("Every day at 18:00") && hers.contains("New schedule"));

    let mut fields =
        form(&luna, &[("form[schedule]", "6h"), ("form[steps]", ""), ("form[review]", "autonomy"), ("form[loraChoice]", "own")]);
    fields.push(("id", id));
    let page = app.submit("/actions/schedules/save", &fields).await;
    assert!(page.contains("Every 6 hours"));
    let config = app.get(&format!("/api/scheduler/tasks/{id}")).await.json()["config"].clone();
    assert_eq!(config, json!({"prompt": "a lake", "cfg": 6.5, "postToInstagram": false, "postToTwitter": true}));

    let back = format!("/schedules/{id}");
    let page = app.submit("/actions/schedules/pause", &[("id", id), ("back", &back)]).await;
    assert!(page.contains("Paused. It does not run by itself") && !page.contains(" · next "));
    let page = app.submit("/actions/schedules/resume", &[("id", id), ("back", "/schedules")]).await;
    assert!(page.contains("It goes on."));
    let page = app.get(&format!("/schedules/{id}/delete")).await.text;
    assert!(page.contains("Delete this schedule?") && page.contains("Every 6 hours"));
    let page = app.submit("/actions/schedules/delete", &[("id", id)]).await;
    assert!(page.contains("The schedule is deleted.") && page.contains("Nothing happens by itself yet"));
    assert_eq!(app.get(&format!("/schedules/{id}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_form_that_is_refused_comes_back_as_it_was_typed_with_the_words_by_the_fields() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    let wrong = form(
        &luna,
        &[
            ("form[schedule]", "0 25 * * *"),
            ("form[timezone]", "Mars/Base"),
            ("form[steps]", "many"),
            ("form[prompt]", "<b>&amp; \"quoted\""),
        ],
    );
    let page = app.submit("/actions/schedules/create", &wrong).await;
    for words in [
        "The hour “25”: 25 is not between 0 and 23.",
        "“Mars/Base” is not a time zone.",
        "Write a whole number.",
        "value=\"0 25 * * *\"",
        "value=\"Mars/Base\"",
        "value=\"many\"",
        "&lt;b&gt;&amp;amp; \"quoted\"",
        "3 fields need another look.",
    ] {
        assert!(page.contains(words), "{words} is missing in {page}");
    }
    assert_eq!(app.get("/api/scheduler/tasks").await.json(), json!([]));
}

#[tokio::test]
async fn the_page_says_what_a_schedule_means_before_it_is_saved() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    let query = format!(
        "form%5BcharacterId%5D={luna}&form%5Bschedule%5D=0+9+*+*+MON%232&form%5Btimezone%5D=Europe%2FRome&form%5Bprompt%5D=by+the+lake"
    );
    let page = app.get(&format!("/schedules/new?{query}")).await.text;
    assert!(
        page.contains("On the second Monday of the month at 09:00")
            && page.contains("by the lake")
            && page.contains("In the time of Europe/Rome."),
        "{page}"
    );
    assert_eq!(page.matches(", 09:00").count(), 5, "the next five times");
    let page = app.get("/schedules/new?form%5Bschedule%5D=0+0+31+2+*").await.text;
    assert!(page.contains("This never happens: no such month has that many days."));
}

#[tokio::test]
async fn pages_stand_whatever_is_stored() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    let hostile = "<script>alert(1)</script>🦊".repeat(20);
    let odd: Vec<Task> = [
        json!({"id": "a/b?c", "characterId": luna, "type": hostile, "schedule": hostile, "timezone": hostile, "config": {"prompt": hostile}}),
        json!({"id": "2", "characterId": "gone", "type": "post_only", "schedule": "0 9 * * *"}),
        json!({"id": "3", "characterId": luna, "type": "generate_and_post_to_twitter", "schedule": "0 0 9 * * *", "config": {"steps": "many"}, "lastRun": "yesterday"}),
        json!({"id": "4"}),
    ]
    .into_iter()
    .map(|task| serde_json::from_value(task).unwrap())
    .collect();
    app.app.store.write::<_, StoreError>(move |tx: &mut Transaction<'_>| odd.into_iter().try_for_each(|task| tx.put(task))).await.unwrap();
    for path in [
        "/schedules",
        "/schedules/a%2Fb%3Fc",
        "/schedules/2",
        "/schedules/3",
        "/schedules/4",
        "/schedules/a%2Fb%3Fc/delete",
        "/schedules/runs",
        "/schedules/runs?state=missed",
    ] {
        let page = app.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(!page.text.contains("<script>alert"), "{path}");
    }
    let list = app.get("/schedules").await.text;
    assert!(list.contains("Its character is gone.") && list.contains("without seconds and years"), "{list}");
    assert_eq!(app.get("/api/scheduler").await.status, StatusCode::OK);
    app.post("/api/scheduler/tasks/2/run", json!({})).await.problem(409);
    app.post("/api/scheduler/tasks/4/run", json!({})).await.problem(422);
    app.post("/api/scheduler/tasks/3/run", json!({})).await.problem(422);
    assert_eq!(app.post("/api/scheduler/run", json!({})).await.json(), json!([]), "those that cannot be run are left out");
    let page = app.submit("/actions/schedules/run", &[("id", "2"), ("back", "/schedules")]).await;
    assert!(page.contains("The character of this task was deleted."));
    // Even so they can be mended and deleted.
    assert_eq!(app.delete("/api/scheduler/tasks/a%2Fb%3Fc").await.status, StatusCode::NO_CONTENT);
    let mended = app.patch("/api/scheduler/tasks/3", json!({"schedule": "0 9 * * *", "config": {"steps": null}})).await;
    assert_eq!(mended.status, StatusCode::OK, "{}", mended.text);
}
