//! The clock: each due minute of a task becomes one run, whatever the clock and the power do.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use chrono::{DateTime, Duration, Utc};
use clap::Parser;
use digital_dalla::{
    config::{Config, SecretKey},
    domain::{
        character::Character,
        run::{Run, RunId},
        schedule::Schedule,
        sent::Sent,
        task::{Task, TaskId},
    },
    events::Events,
    expected::Expected,
    service::{
        schedules::{self, Ticked, missed_report},
        settings::{self, SettingsChange},
    },
    state::AppState,
    store::{OpenOptions, Store, StoreError},
};
use serde_json::{Value, json};
use tempfile::TempDir;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// In memory where there is such a place: a year of writes is no test of the disk.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// The app without its workers and without its own clock.
async fn still(dir: &Path) -> AppState {
    let config = Config::parse_from(["digital-dalla", "--timezone", "Europe/Rome"]);
    let key = SecretKey::Default(dir.join("secret.key"));
    let store = Store::open(OpenOptions { dir: dir.join("data"), key }).await.unwrap();
    AppState::new(config, store, Events::new(1))
}

async fn with(app: &AppState, tasks: &[Value]) {
    let luna: Character = serde_json::from_value(json!({"id": "luna", "name": "Luna"})).unwrap();
    let task = |task: &Value| {
        let mut task = task.clone();
        task["characterId"] = json!("luna");
        task["type"] = json!("generate_only");
        serde_json::from_value::<Task>(task).unwrap()
    };
    let tasks: Vec<_> = tasks.iter().map(task).collect();
    let put = move |tx: &mut digital_dalla::store::Transaction<'_>| {
        tx.put(luna)?;
        tasks.into_iter().try_for_each(|task| tx.put(task))
    };
    app.store.write::<_, StoreError>(put).await.unwrap();
}

async fn tick(app: &AppState, now: &str) -> Ticked {
    schedules::tick(app, at(now)).await.unwrap()
}

fn ids(runs: &[RunId]) -> Vec<&str> {
    runs.iter().map(RunId::as_str).collect()
}

fn run(app: &AppState, id: &str) -> Run {
    Run::clone(app.store.read().runs.get(id).unwrap_or_else(|| panic!("there is no run {id}")))
}

#[tokio::test]
async fn a_year_of_minutes_runs_each_due_minute_once_though_the_clock_jumps() {
    let dir = folder();
    let app = still(dir.path()).await;
    let (start, end) = (at("2027-06-01T00:00:00Z"), at("2028-06-01T00:00:00Z"));
    let all = json!({"missedPolicy": "all", "missedWindowHours": 48});
    let tasks: Vec<Value> = [
        ("hourly", "0 * * * *", "UTC"),
        ("rome", "30 2 * * *", "Europe/Rome"),
        ("york", "30 1 * * *", "America/New_York"),
        ("howe", "15 2 * * *", "Australia/Lord_Howe"),
        ("office", "0 9,18 * * MON-FRI", "Europe/Rome"),
        ("month-end", "0 8 L * *", "UTC"),
        ("leap-day", "0 12 29 2 *", "UTC"),
        ("every-6h", "6h", "UTC"),
        ("every-day", "1d", "Europe/Rome"),
        ("sevens", "*/7 3 * * *", "Asia/Kathmandu"),
    ]
    .into_iter()
    .map(|(id, schedule, zone)| {
        let mut task = json!({"id": id, "schedule": schedule, "timezone": zone, "createdAt": "2027-05-31T22:10:00Z"});
        task.as_object_mut().unwrap().extend(all.as_object().unwrap().clone());
        task
    })
    .collect();
    with(&app, &tasks).await;

    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut now = start;
    schedules::tick(&app, now).await.unwrap();
    let (back, forward) = (at("2027-10-31T01:30:00Z"), at("2028-03-26T00:30:00Z"));
    let (mut went_back, mut went_forward) = (false, false);
    while now < end {
        now += Duration::minutes(1);
        if now == back && !went_back {
            went_back = true;
            now -= Duration::hours(2);
        }
        if now == forward && !went_forward {
            went_forward = true;
            now += Duration::hours(26);
        }
        let ticked = schedules::tick(&app, now).await.unwrap();
        for id in ticked.started.iter().chain(&ticked.made_up) {
            assert!(seen.insert(id.to_string()), "{id} was run twice");
        }
        assert!(ticked.missed.is_empty() && ticked.skipped.is_empty(), "{ticked:?}");
    }
    let mut expected = BTreeSet::new();
    for task in app.store.read().tasks.iter() {
        let clock = task.clock(app.timezone());
        let due = Schedule::parse(&task.schedule).unwrap().due_between(start, end, &clock);
        expected.extend(due.into_iter().map(|at| Run::id_at(&task.id, at).to_string()));
    }
    assert!(expected.len() > 14_000, "{}", expected.len());
    let counts = |ids: &BTreeSet<String>| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        ids.iter().for_each(|id| *counts.entry(id.split('@').next().unwrap().to_owned()).or_default() += 1);
        counts
    };
    assert_eq!(counts(&seen), counts(&expected));
    assert_eq!(seen, expected);
    assert!(app.store.read().runs.len() < 6_000, "old runs are forgotten: {}", app.store.read().runs.len());
}

#[tokio::test]
async fn what_was_missed_is_left_out_made_up_for_once_or_made_up_for_each_time() {
    let dir = folder();
    let app = still(dir.path()).await;
    let task = |id: &str, policy: &str| json!({"id": id, "schedule": "0 */6 * * *", "timezone": "UTC", "missedPolicy": policy});
    with(&app, &[task("skip", "skip"), task("once", "once"), task("all", "all")]).await;
    tick(&app, "2026-11-27T05:00:00Z").await;
    schedules::wind_up(&app).await.unwrap();
    app.store.close().await.unwrap();

    let app = still(dir.path()).await;
    assert!(missed_report(&app).is_none());
    // Off for 40 hours: due were 06, 12, 18, 00, 06, 12, 18; the last 24 hours are made up for.
    let ticked = tick(&app, "2026-11-28T21:00:00Z").await;
    let mut made_up = ids(&ticked.made_up);
    made_up.sort_unstable();
    assert_eq!(
        made_up,
        ["all@2026-11-28T00:00Z", "all@2026-11-28T06:00Z", "all@2026-11-28T12:00Z", "all@2026-11-28T18:00Z", "once@2026-11-28T18:00Z"]
    );
    assert_eq!(ticked.missed.len(), 4 + 3);
    assert!(ticked.started.is_empty());
    let missed = run(&app, "skip@2026-11-28T00:00Z");
    assert_eq!(missed.state.key(), "missed");
    assert_eq!(missed.state.words(), "This server did not run at that time. It was due more often before.");

    let report = missed_report(&app).unwrap();
    assert_eq!((report.missed(), report.made_up()), (7, 5));
    let once = report.tasks.iter().find(|task| task.task_id.as_str() == "once").unwrap();
    assert_eq!((once.missed, once.made_up.len(), once.last), (3, 1, at("2026-11-28T18:00:00Z")));
    // The oldest is begun first.
    let state = app.store.read();
    let begins = |id: &str| state.jobs.get(state.runs.get(id).unwrap().job_id.as_ref().unwrap().as_str()).unwrap().run_at;
    assert!(begins("all@2026-11-28T00:00Z") < begins("all@2026-11-28T06:00Z"));
    // And nothing of it comes again.
    assert_eq!(tick(&app, "2026-11-28T21:00:01Z").await, Ticked::default());
    assert_eq!(schedules::summary(&app.store.read()).missed_runs, 7);
}

#[tokio::test]
async fn a_short_stop_is_no_gap_and_one_on_time_makes_up_for_those_before_it() {
    let dir = folder();
    let app = still(dir.path()).await;
    with(&app, &[json!({"id": "a", "schedule": "* * * * *"})]).await;
    tick(&app, "2026-11-27T08:00:10Z").await;
    let ticked = tick(&app, "2026-11-27T08:01:40Z").await;
    assert_eq!(ids(&ticked.started), ["a@2026-11-27T08:01Z"]);
    let ticked = tick(&app, "2026-11-27T08:04:20Z").await;
    assert_eq!(
        (ids(&ticked.started), ids(&ticked.missed)),
        (vec!["a@2026-11-27T08:04Z"], vec!["a@2026-11-27T08:02Z", "a@2026-11-27T08:03Z"])
    );
    assert!(ticked.made_up.is_empty());
}

#[tokio::test]
async fn a_process_that_is_killed_runs_nothing_twice_and_forgets_nothing() {
    let dir = folder();
    let app = still(dir.path()).await;
    with(&app, &[json!({"id": "a", "schedule": "*/10 * * * *", "missedPolicy": "all"})]).await;
    tick(&app, "2026-11-27T08:00:00Z").await;
    for minute in ["10", "20", "30"] {
        assert_eq!(tick(&app, &format!("2026-11-27T08:{minute}:00Z")).await.started.len(), 1);
    }
    // Ticks without anything to do are not stored; the process is killed without winding up.
    tick(&app, "2026-11-27T08:39:00Z").await;
    app.store.close().await.unwrap();
    let app = still(dir.path()).await;
    let ticked = tick(&app, "2026-11-27T08:52:00Z").await;
    assert_eq!((ids(&ticked.made_up), ticked.started.len()), (vec!["a@2026-11-27T08:40Z", "a@2026-11-27T08:50Z"], 0));
}

#[tokio::test]
async fn nothing_is_owed_from_before_a_task_was_made_changed_or_resumed() {
    let dir = folder();
    let app = still(dir.path()).await;
    with(&app, &[]).await;
    tick(&app, "2026-11-27T08:00:00Z").await;
    let change = |body: Value| serde_json::from_value(body).unwrap();
    let new = json!({"characterId": "luna", "type": "generate_only", "schedule": "*/10 * * * *", "missedPolicy": "all"});
    let task = schedules::create(&app, change(new), at("2026-11-27T08:55:00Z")).await.unwrap();
    assert_eq!(tick(&app, "2026-11-27T08:56:00Z").await, Ticked::default(), "what would have been due before it was there");
    schedules::set_active(&app, &task.id, false, at("2026-11-27T08:57:00Z")).await.unwrap();
    assert_eq!(tick(&app, "2026-11-27T09:15:00Z").await, Ticked::default(), "it was paused");
    schedules::set_active(&app, &task.id, true, at("2026-11-27T09:16:00Z")).await.unwrap();
    assert_eq!(tick(&app, "2026-11-27T09:17:00Z").await, Ticked::default());
    schedules::change(&app, &task.id, change(json!({"schedule": "18 * * * *"})), Expected::ANY, at("2026-11-27T09:17:30Z")).await.unwrap();
    assert_eq!(tick(&app, "2026-11-27T09:18:00Z").await.started.len(), 1);
    assert_eq!(app.store.read().tasks.get(task.id.as_str()).unwrap().last_run, Some(at("2026-11-27T09:18:00Z")));
}

#[tokio::test]
async fn what_is_due_while_everything_is_paused_is_left_out() {
    let dir = folder();
    let app = still(dir.path()).await;
    with(&app, &[json!({"id": "a", "schedule": "0 * * * *", "missedPolicy": "all"})]).await;
    tick(&app, "2026-11-27T08:30:00Z").await;
    schedules::pause_all(&app).await.unwrap();
    for hour in ["09", "10"] {
        assert_eq!(tick(&app, &format!("2026-11-27T{hour}:00:00Z")).await, Ticked::default());
    }
    // A restart in between changes nothing.
    app.store.close().await.unwrap();
    let app = still(dir.path()).await;
    tick(&app, "2026-11-27T10:30:00Z").await;
    schedules::resume_all(&app, at("2026-11-27T11:00:20Z")).await.unwrap();
    let ticked = tick(&app, "2026-11-27T11:00:21Z").await;
    assert_eq!(ids(&ticked.skipped), ["a@2026-11-27T09:00Z", "a@2026-11-27T10:00Z", "a@2026-11-27T11:00Z"]);
    assert!(ticked.started.is_empty() && ticked.made_up.is_empty());
    assert_eq!(run(&app, "a@2026-11-27T09:00Z").state.words(), "Everything was paused.");
    assert_eq!(tick(&app, "2026-11-27T12:00:00Z").await.started.len(), 1);
}

#[tokio::test]
async fn tasks_of_a_resting_character_rest_and_those_that_cannot_be_read_stand_still() {
    let dir = folder();
    let app = still(dir.path()).await;
    let odd = |id: &str, schedule: &str| json!({"id": id, "schedule": schedule});
    with(&app, &[odd("a", "0 * * * *"), odd("b", "0 0 9 * * *"), odd("c", "0 0 31 2 *")]).await;
    let luna: Character = serde_json::from_value(json!({"id": "luna", "name": "Luna", "isActive": false})).unwrap();
    app.store.write::<_, StoreError>(move |tx| tx.put(luna)).await.unwrap();
    let other: Task = serde_json::from_value(json!({"id": "d", "characterId": "luna", "type": "dance", "schedule": "* * * * *"})).unwrap();
    let orphan: Task =
        serde_json::from_value(json!({"id": "e", "characterId": "gone", "type": "post_next", "schedule": "* * * * *"})).unwrap();
    app.store.write::<_, StoreError>(move |tx| tx.put(other).and_then(|()| tx.put(orphan))).await.unwrap();
    tick(&app, "2026-11-27T08:30:00Z").await;
    let ticked = tick(&app, "2026-11-27T09:00:00Z").await;
    assert_eq!((ids(&ticked.skipped), ticked.started.len()), (vec!["a@2026-11-27T09:00Z"], 0));
    assert_eq!(run(&app, "a@2026-11-27T09:00Z").state.words(), "Luna is resting.");
}

#[tokio::test]
async fn a_run_that_has_not_begun_when_the_next_is_due_is_left_out_with_a_word() {
    let dir = folder();
    let app = still(dir.path()).await;
    with(&app, &[json!({"id": "a", "schedule": "0 * * * *"})]).await;
    tick(&app, "2026-11-27T08:30:00Z").await;
    tick(&app, "2026-11-27T09:00:00Z").await;
    tick(&app, "2026-11-27T10:00:00Z").await;
    let first = run(&app, "a@2026-11-27T09:00Z");
    assert_eq!((first.state.key(), first.state.words()), ("skipped", "It had not begun when the next one was due."));
    let state = app.store.read();
    assert_eq!(state.jobs.get(first.job_id.unwrap().as_str()).unwrap().status.key(), "cancelled");
    assert_eq!(run(&app, "a@2026-11-27T10:00Z").state.key(), "running");
}

#[tokio::test]
async fn a_clock_far_behind_stands_still_until_a_person_says_where_to_start() {
    let dir = folder();
    let app = still(dir.path()).await;
    with(&app, &[json!({"id": "a", "schedule": "0 * * * *"})]).await;
    tick(&app, "2026-11-27T08:30:00Z").await;
    for now in ["2020-01-01T08:59:00Z", "2020-01-01T09:00:00Z"] {
        assert_eq!(tick(&app, now).await, Ticked::default());
    }
    assert!(schedules::behind(&app, at("2020-01-01T09:00:00Z")).unwrap().contains("days behind the last time"));
    schedules::pause_all(&app).await.unwrap();
    assert_eq!(tick(&app, "2020-01-01T09:20:00Z").await, Ticked::default());
    schedules::resume_all(&app, at("2020-01-01T09:30:00Z")).await.unwrap();
    assert_eq!(tick(&app, "2020-01-01T09:30:00Z").await, Ticked::default());
    assert_eq!(ids(&tick(&app, "2020-01-01T10:00:00Z").await.started), ["a@2020-01-01T10:00Z"]);
    // Set right again, the years between are not made up for.
    let ticked = tick(&app, "2026-11-27T09:00:30Z").await;
    assert_eq!(ids(&ticked.started), ["a@2026-11-27T09:00Z"]);
    assert!(ticked.made_up.is_empty());
}

#[tokio::test]
async fn schedules_of_an_older_app_are_read_and_stay_as_they_were_until_one_is_changed() {
    let dir = folder();
    std::fs::create_dir_all(dir.path().join("data")).unwrap();
    let old = json!([{"id": 3, "characterId": "luna", "type": "post_only", "schedule": "0 9 * * *", "active": true, "config": {"customPrompt": "a lake"},
        "missedRuns": ["2025-03-02T09:00:00.000Z", {"scheduledTime": "2025-03-03T09:00:00"}], "owner": "me"}]);
    std::fs::write(dir.path().join("data/schedule.json"), old.to_string()).unwrap();
    let app = still(dir.path()).await;
    let task = app.store.read().tasks.get("3").unwrap().clone();
    assert_eq!((task.missed_before().len(), task.extra["owner"].as_str()), (2, Some("me")));
    assert!(!dir.path().join("data/scheduler.json").exists());
    with(&app, &[]).await;
    schedules::set_active(&app, &TaskId::from("3"), false, at("2026-11-27T08:00:00Z")).await.unwrap();
    app.store.close().await.unwrap();
    let written: Value = serde_json::from_str(&std::fs::read_to_string(dir.path().join("data/scheduler.json")).unwrap()).unwrap();
    assert_eq!(
        (&written[0]["config"], &written[0]["active"], &written[0]["type"]),
        (&old[0]["config"], &json!(false), &json!("post_only"))
    );
    assert_eq!(std::fs::read_to_string(dir.path().join("data/schedule.json")).unwrap(), old.to_string());
    let app = still(dir.path()).await;
    assert!(!app.store.read().tasks.get("3").unwrap().active, "ours counts from now on");
}

#[tokio::test]
async fn a_damaged_file_of_schedules_is_left_as_it_is_and_named() {
    for name in ["schedule.json", "scheduler.json"] {
        let dir = folder();
        std::fs::create_dir_all(dir.path().join("data")).unwrap();
        std::fs::write(dir.path().join("data").join(name), "[{\"id\": 1},\n oops]").unwrap();
        let app = still(dir.path()).await;
        let damage = app.store.health().damaged;
        assert_eq!((damage[0].file.as_str(), damage[0].line), (name, 2));
        with_only_luna(&app).await;
        assert_eq!(tick(&app, "2026-11-27T08:00:00Z").await, Ticked::default());
        app.store.close().await.unwrap();
        assert!(std::fs::read_to_string(dir.path().join("data").join(name)).unwrap().contains("oops"));
    }
}

async fn with_only_luna(app: &AppState) {
    let luna: Character = serde_json::from_value(json!({"id": "luna", "name": "Luna"})).unwrap();
    app.store.write::<_, StoreError>(move |tx| tx.put(luna)).await.unwrap();
}

#[tokio::test]
async fn another_zone_of_the_installation_moves_the_tasks_that_have_none_of_their_own() {
    let dir = folder();
    let app = still(dir.path()).await;
    let evening = |id: &str, zone: &str| json!({"id": id, "schedule": "0 18 * * *", "timezone": zone, "createdAt": "2026-06-01T00:00:00Z"});
    with(&app, &[evening("here", ""), evening("in-rome", "Europe/Rome")]).await;
    tick(&app, "2026-06-10T08:00:00Z").await;
    let change = SettingsChange { timezone: "Asia/Tokyo".to_owned().into(), ..SettingsChange::default() };
    settings::change(&app, change, Expected::ANY).await.unwrap();
    assert_eq!(ids(&tick(&app, "2026-06-10T09:00:00Z").await.started), ["here@2026-06-10T09:00Z"], "18:00 in Tokyo");
    assert_eq!(ids(&tick(&app, "2026-06-10T16:00:00Z").await.started), ["in-rome@2026-06-10T16:00Z"], "18:00 in Rome, for one alone");
    let change = SettingsChange { timezone: Sent::Null, ..SettingsChange::default() };
    settings::change(&app, change, Expected::ANY).await.unwrap();
    assert!(tick(&app, "2026-06-11T09:00:00Z").await.started.is_empty(), "it is 18:00 in Tokyo, where nobody is any more");
    assert_eq!(tick(&app, "2026-06-11T16:00:00Z").await.started.len(), 2);
}
