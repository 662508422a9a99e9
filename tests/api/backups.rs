//! Backups through the doors people and programs use.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::Read,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use chrono::{DateTime, Utc};
use digital_dalla::{
    domain::{character::Character, content::ReviewState, library::Prompt},
    error::Error,
    sandbox::instagram,
    service::{self, backups},
    store::OpenOptions,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use zip::ZipArchive;

use crate::{
    runs::{ended, run},
    support::{Answer, TestApp},
};

impl TestApp {
    /// Makes a backup, and answers what is said of it.
    async fn back_up(&self, request: Value) -> Value {
        let job = self.ask_for_backup(request).await;
        let ended = self.ended(&job).await;
        assert_eq!(ended["status"], "done", "{ended:#}");
        self.get(&format!("/api/backups/{}", ended["backupId"].as_str().unwrap())).await.json()
    }

    /// Asks for one, and answers the job's id.
    async fn ask_for_backup(&self, request: Value) -> String {
        let asked = self.post("/api/backups", request).await;
        assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.text);
        asked.json()["id"].as_str().unwrap().to_owned()
    }

    fn backup_file(&self, backup: &Value) -> PathBuf {
        self.app.store.dir().join("backups").join(format!("{}.zip", backup["id"].as_str().unwrap()))
    }

    async fn backups(&self) -> Vec<Value> {
        self.get("/api/backups").await.json().as_array().unwrap().clone()
    }
}

/// Everything in a zip.
fn unpacked(path: impl Into<PathBuf>) -> BTreeMap<String, Vec<u8>> {
    let mut zip = ZipArchive::new(File::open(path.into()).unwrap()).unwrap();
    let mut files = BTreeMap::new();
    for place in 0..zip.len() {
        let mut file = zip.by_index(place).unwrap();
        let mut body = Vec::new();
        file.read_to_end(&mut body).unwrap();
        files.insert(file.name().unwrap().into_owned(), body);
    }
    files
}

fn ids(files: &BTreeMap<String, Vec<u8>>, name: &str) -> BTreeSet<String> {
    let records: Vec<Value> = serde_json::from_slice(&files[name]).unwrap();
    records.iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_backup_holds_everything_that_is_stored_and_nothing_that_must_not_leave() {
    let app = TestApp::start().await;
    let luna = app.persona(1).await;
    let picture = app.picture(&luna, "By the lake", ReviewState::Approved, (64, 80)).await;
    let backup = app.back_up(json!({})).await;
    assert_eq!((&backup["contents"]["extent"], &backup["trouble"]), (&json!("pictures"), &Value::Null));
    assert!(backup["verifiedAt"].is_string() && backup["keep"] == false && backup["scheduled"] == false, "{backup:#}");
    assert_eq!((&backup["contents"]["counts"]["characters"], &backup["contents"]["counts"]["content"]), (&json!(1), &json!(1)));
    assert_eq!(app.backups().await, std::slice::from_ref(&backup));

    let sent = app.request(Method::GET, &format!("/api/backups/{}/file", backup["id"].as_str().unwrap())).send().await.unwrap();
    assert_eq!(
        (sent.headers()["content-type"].to_str().unwrap(), sent.headers()["cache-control"].to_str().unwrap()),
        ("application/zip", "no-store")
    );
    let name = format!("attachment; filename=\"{}.zip\"", backup["id"].as_str().unwrap());
    assert_eq!(sent.headers()["content-disposition"], name);
    let bytes = sent.bytes().await.unwrap();
    assert_eq!(bytes, std::fs::read(app.backup_file(&backup)).unwrap());
    assert!(!String::from_utf8_lossy(&bytes).contains(&instagram::token(1)), "secrets are sealed");

    let files = unpacked(app.backup_file(&backup));
    let manifest: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
    let listed: BTreeSet<_> = manifest["entries"].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    let there: BTreeSet<_> = files.keys().map(String::as_str).filter(|name| *name != "manifest.json").collect();
    assert_eq!(listed, there);
    let media = [format!("media/{picture}.png"), format!("media/{picture}.thumb.webp")];
    for name in &media {
        assert_eq!(files[name], std::fs::read(app.app.store.dir().join(name)).unwrap());
    }
    assert_eq!(there.iter().filter(|name| name.contains('/')).count(), 2, "{there:?}");
    for never in ["logins.json", "journal.ndjson", ".lock", "secret.key"] {
        assert!(!there.contains(never), "{never}");
    }
    // Exactly as the store writes them.
    let dir = app.app.store.dir().to_owned();
    let (_, _kept) = app.stop().await;
    for name in ["characters", "content", "secrets", "settings", "prompts", "posts"] {
        let file = dir.join(format!("{name}.json"));
        let stored =
            std::fs::read(file).unwrap_or_else(|_| if name == "settings" { files["settings.json"].clone() } else { b"[]\n".to_vec() });
        assert_eq!(String::from_utf8_lossy(&files[&format!("{name}.json")]), String::from_utf8_lossy(&stored), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_made_while_much_is_written_shows_one_moment() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    let (stop, store) = (Arc::new(AtomicBool::new(false)), app.app.store.clone());
    let writer = tokio::spawn({
        let stop = Arc::clone(&stop);
        async move {
            for number in 0.. {
                if stop.load(Ordering::Relaxed) {
                    return number;
                }
                // Two collections in one step, and in order: a backup that mixes moments shows it.
                let character: Character = serde_json::from_value(json!({"id": format!("c{number:06}"), "name": "C"})).unwrap();
                let prompt: Prompt =
                    serde_json::from_value(json!({"id": format!("p{number:06}"), "characterId": luna, "prompt": "x"})).unwrap();
                let write = move |tx: &mut digital_dalla::store::Transaction<'_>| {
                    tx.put(character)?;
                    Ok::<_, Error>(tx.put(prompt)?)
                };
                store.write(write).await.unwrap();
            }
            0
        }
    });
    let mut seen = 0;
    for _ in 0..4 {
        let backup = app.back_up(json!({"extent": "records"})).await;
        let files = unpacked(app.backup_file(&backup));
        let characters: Vec<_> = ids(&files, "characters.json").into_iter().filter(|id| id.starts_with('c') && id.len() == 7).collect();
        let prompts: Vec<_> = ids(&files, "prompts.json").into_iter().map(|id| id.replace('p', "c")).collect();
        assert_eq!(characters, prompts);
        let whole: Vec<_> = (0..characters.len()).map(|number| format!("c{number:06}")).collect();
        assert_eq!(characters, whole, "nothing is left out in between");
        seen = seen.max(characters.len());
    }
    stop.store(true, Ordering::Relaxed);
    let written = writer.await.unwrap();
    assert!(seen > 0 && written >= seen, "{seen} of {written}");
}

#[tokio::test]
async fn what_is_missing_is_named_and_no_reason_to_have_no_backup() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    let gone = app.picture(&luna, "Gone", ReviewState::Draft, (64, 80)).await;
    let there = app.picture(&luna, "There", ReviewState::Draft, (64, 80)).await;
    std::fs::remove_file(app.app.store.dir().join(format!("media/{gone}.png"))).unwrap();
    let backup = app.back_up(json!({})).await;
    assert_eq!(backup["contents"]["missing"], json!([format!("media/{gone}.png")]));
    assert!(unpacked(app.backup_file(&backup)).contains_key(&format!("media/{there}.png")));
    assert!(app.get("/settings/backups").await.text.contains("1 file was not there when it was made."));

    let records = app.back_up(json!({"extent": "records"})).await;
    assert_eq!((&records["contents"]["files"], &records["contents"]["extent"]), (&json!(0), &json!("records")));
    let wrong = app.post("/api/backups", json!({"extent": "some"})).await;
    assert_eq!(wrong.status.as_u16() / 100, 4, "{}", wrong.text);
}

#[tokio::test]
async fn the_newest_stay_and_those_that_are_to_be_kept() {
    let app = TestApp::start().await;
    app.luna().await;
    for (value, words) in [("0", "Choose 1 to 365 backups."), ("many", "Choose 1 to 365 backups."), ("366", "Choose 1 to 365 backups.")] {
        let (detail, fields) = app.put("/api/settings", json!({"backupsKept": value})).await.problem(422);
        assert_eq!((detail.as_str(), fields), (words, vec!["backupsKept".to_owned()]));
    }
    assert!(app.put("/api/settings", json!({"backupsKept": "2"})).await.status.is_success());
    let kept = app.back_up(json!({"extent": "records", "keep": true})).await;
    let marked = app.back_up(json!({"extent": "records"})).await;
    let path = format!("/api/backups/{}", marked["id"].as_str().unwrap());
    assert_eq!(app.patch(&path, json!({"keep": true})).await.json()["keep"], true);
    let damaged = app.back_up(json!({"extent": "records"})).await;
    damage(&app.backup_file(&damaged));
    let verified = app.post(&format!("/api/backups/{}/verify", damaged["id"].as_str().unwrap()), json!({})).await.json();
    assert!(verified["trouble"].as_str().unwrap().contains("characters.json"), "{verified}");
    let mut newest = Vec::new();
    for _ in 0..4 {
        newest.push(app.back_up(json!({"extent": "records"})).await["id"].clone());
    }
    let there: BTreeSet<String> = app.backups().await.iter().map(|backup| backup["id"].as_str().unwrap().to_owned()).collect();
    let wanted = [&kept["id"], &marked["id"], &damaged["id"], &newest[2], &newest[3]].map(|id| id.as_str().unwrap().to_owned());
    assert_eq!(there, BTreeSet::from(wanted));
    let page = app.get("/settings/backups").await.text;
    assert!(page.contains("Damaged") && page.contains("5 backups"), "{page}");
    let activity = app.get("/activity?kind=backups").await.text;
    assert!(activity.contains("removed: the newest 2 stay") && activity.contains("marked to be kept"), "{activity}");

    assert_eq!(app.delete(&path).await.status, StatusCode::NO_CONTENT);
    app.delete(&path).await.problem(404);
    for id in ["..%2F..%2Fsecret", "nothing", "%2e%2e", ".lock"] {
        app.get(&format!("/api/backups/{id}")).await.problem(404);
        app.get(&format!("/api/backups/{id}/file")).await.problem(404);
    }
}

/// Changes a byte in the middle of what the first file holds.
fn damage(path: &PathBuf) {
    let mut bytes = std::fs::read(path).unwrap();
    let at = {
        let mut zip = ZipArchive::new(File::open(path).unwrap()).unwrap();
        let file = zip.by_name("characters.json").unwrap();
        file.data_start().unwrap() + file.compressed_size() / 2
    };
    bytes[usize::try_from(at).unwrap()] ^= 0x55;
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn a_backup_that_waits_can_be_called_off_and_a_damaged_store_is_not_backed_up() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    std::fs::create_dir_all(dir.path().join("data")).unwrap();
    std::fs::write(dir.path().join("data/prompts.json"), "[{\"id\"").unwrap();
    let app = TestApp::start_set(dir, |_| {}).await;
    let job = app.ask_for_backup(json!({})).await;
    let ended = app.ended(&job).await;
    assert_eq!(ended["status"], "failed", "{ended:#}");
    assert!(ended["problem"]["message"].as_str().unwrap().contains("prompts.json"), "{ended:#}");
    assert!(app.get("/settings/backups").await.text.contains("prompts.json cannot be read"));
    assert!(app.backups().await.is_empty());

    // While the disk is full of other work, nobody waits: the job is simply there.
    let jobs: Vec<_> = [app.ask_for_backup(json!({})).await, app.ask_for_backup(json!({})).await].into();
    for job in jobs {
        // Whichever comes first, it ends, and leaves nothing.
        let _ = app.post(&format!("/api/jobs/{job}/cancel"), json!({})).await;
        assert!(["failed", "cancelled"].contains(&app.ended(&job).await["status"].as_str().unwrap()));
    }
    assert!(app.backups().await.is_empty());
}

#[tokio::test]
async fn a_schedule_makes_backups_and_needs_no_character() {
    let app = TestApp::start().await;
    let task = json!({"type": "backup", "schedule": "30 4 * * *", "config": {"extent": "records"}});
    let created = app.post("/api/scheduler/tasks", task).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
    let task = created.json();
    assert_eq!((&task["characterId"], &task["problem"], task["nextRun"].is_string()), (&json!(""), &Value::Null, true), "{task:#}");
    let run = ended(&app, &run(&app, task["id"].as_str().unwrap()).await).await;
    assert_eq!(run["state"], "ok", "{run:#}");
    let outcome = run["steps"][0]["outcome"].as_str().unwrap();
    let backups = app.backups().await;
    assert_eq!((backups.len(), &backups[0]["scheduled"], &backups[0]["contents"]["extent"]), (1, &json!(true), &json!("records")));
    assert_eq!(outcome, format!("{}.zip is there, and was read again.", backups[0]["id"].as_str().unwrap()));
    let page = app.get("/schedules").await.text;
    assert!(page.contains("Make a backup") && !page.contains("deleted character"), "{page}");
    assert!(!app.get("/schedules/runs").await.text.contains("deleted character"));
    app.is_quiet();
}

#[tokio::test]
async fn a_token_needs_the_widest_scope_to_take_a_backup_along() {
    let app = TestApp::start().await;
    app.luna().await;
    let backup = app.back_up(json!({"extent": "records"})).await;
    let file = format!("/api/backups/{}/file", backup["id"].as_str().unwrap());
    let set = [("form[password]", "a lighthouse of crystals"), ("form[again]", "a lighthouse of crystals")];
    app.submit("/actions/access/set-password", &set).await;
    let token = |scopes: Vec<digital_dalla::domain::access::Scope>| {
        let new = digital_dalla::domain::access::NewToken { name: "t".into(), scopes: scopes.into_iter().collect() };
        service::access::make(&app.app, new, Utc::now())
    };
    use digital_dalla::domain::access::Scope;
    use secrecy::ExposeSecret;
    let outside = reqwest::Client::builder().no_proxy().build().unwrap();
    let call = |method: Method, path: String, token: String| {
        let request = outside.request(method, format!("{}{path}", app.url)).bearer_auth(token).json(&json!({}));
        async move { Answer::of(request).await.status.as_u16() }
    };
    let write = token(vec![Scope::Read, Scope::Write]).await.unwrap().expose_secret().to_owned();
    let publish = token(vec![Scope::Read, Scope::Write, Scope::Publish]).await.unwrap().expose_secret().to_owned();
    assert_eq!(call(Method::GET, "/api/backups".into(), write.clone()).await, 200);
    assert_eq!(call(Method::GET, file.clone(), write.clone()).await, 403);
    assert_eq!(call(Method::DELETE, file.trim_end_matches("/file").into(), write.clone()).await, 403);
    assert_eq!(call(Method::POST, "/api/backups".into(), write).await, 202);
    assert_eq!(outside.get(format!("{}{file}", app.url)).bearer_auth(publish).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_pages_do_all_of_it_without_script() {
    let app = TestApp::start().await;
    app.luna().await;
    let page = app.get("/settings/backups").await.text;
    assert!(page.contains("No backup yet") && page.contains("Back up now"), "{page}");
    assert!(app.get("/settings").await.text.contains("None was made yet."));
    let page = app.submit("/actions/backups/create", &[("form[extent]", "records"), ("form[keep]", "on")]).await;
    assert!(page.contains("The backup is being made."), "{page}");
    let job = app.get("/api/jobs").await.json()[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(app.ended(&job).await["status"], "done");
    let id = app.backups().await[0]["id"].as_str().unwrap().to_owned();
    let page = app.get("/settings/backups").await.text;
    assert!(page.contains("Verified") && page.contains("Kept") && page.contains("1 character, 0 pictures"), "{page}");
    assert!(page.contains(&format!("/api/backups/{id}/file")));
    let page = app.submit("/actions/backups/verify", &[("id", &id)]).await;
    assert!(page.contains("Everything in it is as it was written."), "{page}");
    app.submit("/actions/backups/keep", &[("id", &id), ("keep", "false")]).await;
    assert_eq!(app.backups().await[0]["keep"], false);
    let page = app.submit("/actions/backups/kept", &[("form[backupsKept]", "none")]).await;
    assert!(page.contains("Choose 1 to 365 backups.") && page.contains("value=\"none\""), "{page}");
    assert!(app.get(&format!("/settings/backups/{id}/delete")).await.text.contains("This cannot be undone."));
    let page = app.submit("/actions/backups/delete", &[("id", &id)]).await;
    assert!(page.contains("The backup is deleted.") && page.contains("No backup yet"), "{page}");
}

/// Plans a post on X, and answers its id.
async fn plan(app: &TestApp, character: &str, content: &str, at: DateTime<Utc>) -> String {
    let body = json!({"characterId": character, "contentId": content, "scheduledAt": at});
    let planned = app.post("/api/post-to-twitter", body).await;
    assert_eq!(planned.status, StatusCode::OK, "{}", planned.text);
    planned.json()["post"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_restored_folder_is_the_same_and_stands_still_until_somebody_has_looked() {
    let app = TestApp::start().await;
    let in_days = |days| Utc::now() + chrono::Duration::days(days);
    app.live().await;
    let luna = app.persona(1).await;
    let first = app.approved(&luna, "By the lake").await;
    let post = plan(&app, &luna, &first, in_days(200)).await;
    // This one goes out after the backup, which does not know of that.
    let second = app.approved(&luna, "By the sea").await;
    let out = plan(&app, &luna, &second, in_days(30)).await;
    let backup = app.back_up(json!({})).await;
    let path = app.backup_file(&backup);
    let files = unpacked(&path);
    let sent = app.post(&format!("/api/posts/{out}/publish"), json!({})).await;
    assert!(sent.status.is_success(), "{}", sent.text);
    app.until(&out, |post| post["state"] == "published").await;
    assert_eq!(app.x.posts().len(), 1);
    let token = instagram::token(1);
    let (comfy, dir) = app.stop().await;

    let data = dir.path().join("data");
    let key = digital_dalla::config::SecretKey::Default(dir.path().join("secret.key"));
    let restoring = backups::Restoring { zip: path, into: OpenOptions { dir: data.clone(), key }, now: Utc::now() };
    let restored = tokio::task::spawn_blocking(move || restoring.restore(&mut |_| {})).await.unwrap().unwrap();
    assert_eq!(restored.secrets_locked, None);
    let before = restored.before.expect("what was there is moved aside");
    assert!(before.join("characters.json").exists() && data.join("backups").read_dir().unwrap().count() >= 2, "backups stay");
    for (name, body) in files.iter().filter(|(name, _)| *name != "manifest.json") {
        assert_eq!(&std::fs::read(data.join(name)).unwrap(), body, "{name}");
    }

    // As the process does before workers run, at a time when one of the two is due.
    let app = TestApp::start_with(comfy, dir).await;
    let now = in_days(100);
    assert!(backups::settle(&app.app, now).await.unwrap());
    assert!(!backups::settle(&app.app, now).await.unwrap(), "once");
    assert!(app.app.store.read().settings.paused);
    assert_eq!(app.post_of(&post).await["state"], "scheduled", "it is not due");
    let held = app.post_of(&out).await;
    assert_eq!((held["state"].as_str(), held["check"].as_str()), (Some("held"), Some("duplicate")), "{held:#}");
    assert!(held["why"].as_str().unwrap().contains("it may have gone out since then"));
    assert!(app.post("/api/posting/resume", json!({})).await.status.is_success());
    assert_eq!(app.post_of(&out).await["state"], "held", "it does not go out by itself");
    assert!(app.app.store.secret(&luna, "instagramApiKey").is_some_and(|secret| secrecy::ExposeSecret::expose_secret(&secret) == token));
    assert!(app.get("/activity?kind=backups").await.text.contains("restored. Everything is paused"));
}
