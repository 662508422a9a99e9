//! What the owner sees of the system: status, the log, numbers, diagnostics.

use chrono::{Duration, Utc};
use digital_dalla::{
    domain::access::Scope,
    sandbox::{comfyui::Fault, gemini, instagram, social::What, x},
    service::status,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::{layer::SubscriberExt, registry};

use crate::{access::PASSWORD, support::TestApp};

/// Whatever is said on this thread from now on is in the app's log.
fn listening(app: &TestApp) -> DefaultGuard {
    tracing::subscriber::set_default(registry().with(app.app.logs.layer()))
}

async fn checks(app: &TestApp) -> Vec<Value> {
    app.get("/api/system/status?detail=true").await.json().as_array().unwrap().clone()
}

fn check<'a>(checks: &'a [Value], name: &str) -> &'a Value {
    checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("there is no check {name}"))
}

/// The value of a line of the metrics.
fn number(metrics: &str, line: &str) -> Option<f64> {
    metrics.lines().find_map(|said| said.strip_prefix(line)?.trim().parse().ok())
}

#[tokio::test]
async fn every_part_of_the_system_is_looked_at_when_asked() {
    let app = TestApp::start().await;
    app.persona(1).await;
    let looked = app.post("/api/system/look", json!({})).await.json();
    let looked = looked.as_array().unwrap();
    for name in ["database", "comfyui", "scheduler", "gemini_api", "instagram", "twitter", "gpu", "disk", "memory"] {
        let check = check(looked, name);
        assert!(["ok", "warning"].contains(&check["state"].as_str().unwrap()), "{check}");
        assert!(check["checkedAt"].is_string() && !check["detail"].as_str().unwrap().is_empty(), "{check}");
    }
    assert_eq!(check(looked, "lora_trainer")["state"], "off");
    for name in ["database", "comfyui", "gemini_api", "instagram", "twitter", "disk"] {
        assert!(check(looked, name)["latencyMs"].is_u64(), "{name} says how long it took");
    }
    let words = app.get("/api/system/status").await.json();
    assert_eq!((&words["instagram"], &words["twitter"], &words["database"]), (&json!("Connected"), &json!("Connected"), &json!("OK")));
    assert!(words.get("disk").is_none(), "the flat map keeps to its contract: {words}");
}

#[tokio::test]
async fn a_look_writes_to_the_disk_and_says_how_long_it_took() {
    let app = TestApp::start().await;
    let written = || async { number(&app.get("/metrics").await.text, "dalla_store_writes_total{outcome=\"ok\"}").unwrap_or_default() };
    status::look(&app.app, Utc::now()).await;
    let before = written().await;
    let journal = app.app.store.journal_bytes();
    app.get("/system").await;
    app.get("/").await;
    assert_eq!((written().await, app.app.store.journal_bytes()), (before, journal), "pages write nothing");
    app.app.store.probe().await.unwrap();
    assert_eq!(written().await, before + 1.0);
    assert!(app.app.store.last_write().unwrap().failed.is_none());
}

#[tokio::test]
async fn an_account_that_does_not_work_is_said_with_what_to_do() {
    let app = TestApp::start().await;
    assert_eq!(check(&checks(&app).await, "instagram")["word"], "Not Configured");
    app.persona(1).await;
    app.persona(2).await;
    assert_eq!(check(&checks(&app).await, "twitter")["state"], "unknown", "with keys, and never tested");
    app.x.faults().ask(x::Fault::before(x::Step::Me, What::Say(x::Answer::Unauthorized)));
    app.post("/api/system/look", json!({})).await;
    let told = checks(&app).await;
    let twitter = check(&told, "twitter");
    assert_eq!((&twitter["state"], &twitter["word"]), (&json!("bad"), &json!("Error")));
    let detail = twitter["detail"].as_str().unwrap();
    assert!(detail.contains("1 of 2 accounts work") && detail.contains("X refuses the keys"), "{detail}");
    assert!(twitter["hint"].as_str().unwrap().contains("Accounts"));
    assert_eq!(check(&told, "instagram")["detail"], "2 accounts connected.");
    assert!(app.get("/system").await.text.contains("X refuses the keys"));
    app.is_quiet();
}

#[tokio::test]
async fn instagram_is_asked_again_after_an_hour_and_x_never_by_itself() {
    let app = TestApp::start().await;
    app.persona(1).await;
    let calls = |service: &str| {
        let line = format!("dalla_service_calls_total{{service=\"{service}\",outcome=\"ok\"}}");
        let app = &app;
        async move { number(&app.get("/metrics").await.text, &line).unwrap_or_default() }
    };
    let now = Utc::now();
    status::look_around(&app.app, now).await;
    assert_eq!((calls("instagram").await, calls("x").await), (0.0, 0.0), "nobody has ever tested them");
    status::look(&app.app, now).await;
    let (instagram, on_x) = (calls("instagram").await, calls("x").await);
    assert!(instagram > 0.0 && on_x > 0.0);
    status::look_around(&app.app, now + Duration::minutes(59)).await;
    assert_eq!(calls("instagram").await, instagram);
    status::look_around(&app.app, now + Duration::minutes(61)).await;
    let later = calls("instagram").await;
    assert!(later > instagram);
    status::look_around(&app.app, now + Duration::minutes(62)).await;
    assert_eq!((calls("instagram").await, calls("x").await), (later, on_x));
}

#[tokio::test]
async fn the_numbers_are_those_of_what_happened() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    for id in ["no-such", "another", &luna] {
        app.get(&format!("/api/characters/{id}")).await;
    }
    app.get("/no/such/page/4711").await;
    app.request(Method::from_bytes(b"BREW").unwrap(), "/api/characters").send().await.unwrap();
    let order = app.order(json!({"characterId": luna, "prompt": "a lake"})).await;
    app.ended(&order).await;
    let answer = app.get("/metrics").await;
    assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
    let metrics = answer.text;
    let exactly = |line: &str, value: f64| assert_eq!(number(&metrics, line), Some(value), "{line} in {metrics}");
    exactly("dalla_http_requests_total{method=\"GET\",route=\"/api/characters/{id}\",status=\"404\"}", 2.0);
    exactly("dalla_http_requests_total{method=\"GET\",route=\"/api/characters/{id}\",status=\"200\"}", 1.0);
    exactly("dalla_http_request_duration_seconds_count{method=\"GET\",route=\"/api/characters/{id}\"}", 3.0);
    exactly("dalla_store_records{collection=\"characters\"}", 1.0);
    exactly("dalla_jobs{lane=\"draw\",state=\"done\"}", 1.0);
    exactly("dalla_jobs{lane=\"train\",state=\"failed\"}", 0.0);
    exactly("dalla_posts{state=\"held\"}", 0.0);
    exactly("dalla_service_up{service=\"comfyui\"}", 1.0);
    for line in
        ["dalla_store_commit_duration_seconds_count", "process_resident_memory_bytes", "dalla_disk_free_bytes", "dalla_store_journal_bytes"]
    {
        assert!(number(&metrics, line).is_some_and(|value| value > 0.0), "{line} in {metrics}");
    }
    assert!(metrics.contains("service=\"comfyui\",outcome=\"ok\"") && metrics.contains("method=\"other\""), "{metrics}");
    for never in ["4711", "no-such", "BREW", luna.as_str()] {
        assert!(!metrics.contains(never), "{never} would be a name of its own");
    }
}

#[tokio::test]
async fn numbers_are_for_this_machine_and_for_those_who_may_read() {
    let app = TestApp::start().await.with_password().await;
    let reader = app.token("Prometheus", &[Scope::Read]).await;
    let stranger = reqwest::Client::builder().no_proxy().build().unwrap();
    let from = |address: &str| stranger.get(format!("{}/metrics", app.url)).header("x-forwarded-for", address);
    assert_eq!(stranger.get(format!("{}/metrics", app.url)).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(from("192.0.2.7").send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(from("192.0.2.7").bearer_auth(reader).send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn the_log_can_be_read_filtered_and_searched() {
    let app = TestApp::start().await;
    assert!(app.get("/logs").await.text.contains("Nothing yet"));
    let listening = listening(&app);
    tracing::info!(job.id = "j-1", "a quiet line");
    tracing::warn!("<script>alert(1)</script> \u{202e}evil \u{1b}[31m Grüße 🦀");
    tracing::error!("{}", "long ".repeat(5_000));
    drop(listening);
    let lines = |query: &str| {
        let path = format!("/api/system/logs{query}");
        let app = &app;
        async move { app.get(&path).await.json() }
    };
    let all = lines("").await;
    let said: Vec<_> = all["lines"].as_array().unwrap().iter().filter(|line| line["target"] == "api::system").cloned().collect();
    assert_eq!(said.iter().map(|line| line["level"].as_str().unwrap()).collect::<Vec<_>>(), ["info", "warn", "error"]);
    assert!(said[2]["words"].as_str().unwrap().len() < 4_100);
    assert_eq!(lines("?level=error").await["total"], 1);
    assert_eq!(lines("?q=QUIET").await["lines"][0]["words"], "a quiet line job.id=\"j-1\"");
    let newest = lines("?limit=1").await;
    assert_eq!(newest["lines"][0]["level"], "error");
    let older = lines(&format!("?limit=1&before={}", newest["older"])).await;
    assert_eq!(older["lines"][0]["level"], "warn");
    app.get("/api/system/logs?level=loud").await.problem(422);
    app.get("/api/system/logs?limit=x").await.problem(400);
    let page = app.get("/logs?level=warn").await.text;
    assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script>alert"), "{page}");
    assert!(!page.contains("a quiet line") && page.contains("Grüße 🦀"));
    assert!(app.get("/logs?q=no-such-words").await.text.contains("No such lines"));
    assert!(app.get("/logs?level=%00&q=%3Cb%3E&before=x").await.status.is_success());
}

#[tokio::test]
async fn thousands_of_lines_are_shown_in_parts() {
    let app = TestApp::start().await;
    let listening = listening(&app);
    (0..2_500).for_each(|number| tracing::info!("line {number}"));
    drop(listening);
    let page = app.get("/logs?q=line").await.text;
    assert!(page.contains("300 of 2,000 lines") && page.contains("line 2499") && page.contains("Older lines"), "{page}");
    let older = page.split("href=\"").find(|href| href.contains("before=")).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let page = app.get(&older).await.text;
    assert!(page.contains("line 2199") && !page.contains("line 2200") && page.contains("Newest lines"));
    assert!(!page.contains("data-live=\"log\""), "older lines do not change");
}

#[tokio::test]
async fn watchers_hear_that_something_was_logged() {
    let app = TestApp::start().await;
    let (_, mut heard) = app.app.events.watch(None);
    let telling = tokio::spawn(digital_dalla::service::logs::tell(app.app.clone()));
    let _listening = listening(&app);
    tracing::warn!("something");
    let told = tokio::time::timeout(crate::support::PATIENCE, async {
        loop {
            let told = heard.recv().await.unwrap();
            if told.event.topic.key() == "log" {
                return told;
            }
        }
    });
    assert_eq!(told.await.expect("the line is told").event.id, "log");
    telling.abort();
}

/// Sets everything secret there is, and answers all of it.
async fn with_every_secret() -> (TestApp, Vec<String>) {
    let config = |config: &mut digital_dalla::config::Config| {
        config.gemini_api_key = Some(gemini::KEY.into());
        config.bucket_secret = Some("bucketSecretOfTheEnvironment".into());
        config.network_keys.insert("TWITTER_API_KEY".into(), "networkKeyOfTheEnvironment".into());
        let with_password =
            format!("http://comfy:passwordInTheAddress@{}:{}", config.comfyui[0].host_str().unwrap(), config.comfyui[0].port().unwrap());
        config.comfyui = vec![with_password.parse().unwrap()];
    };
    let app = TestApp::start_changed(config).await;
    app.persona(1).await;
    let hook = "https://hooks.example/services/T000/B000/pathThatIsSecret";
    let settings = json!({"geminiApiKey": "AIzaStoredGeminiKey000", "webhookUrl": hook, "webhookSecret": "webhookSecretOfTheOwner"});
    assert!(app.put("/api/settings", settings).await.status.is_success());
    let app = app.with_password().await;
    app.log_in(&app.client, PASSWORD, "/").await;
    let token = app.token("A program", &Scope::ALL).await;
    let mut secrets: Vec<String> = x::keys(1).into_iter().chain([instagram::token(1), gemini::KEY.to_owned(), token]).collect();
    secrets.extend(
        [
            "bucketSecretOfTheEnvironment",
            "networkKeyOfTheEnvironment",
            "passwordInTheAddress",
            "AIzaStoredGeminiKey000",
            "pathThatIsSecret",
            "webhookSecretOfTheOwner",
            PASSWORD,
        ]
        .map(str::to_owned),
    );
    secrets.push(std::fs::read_to_string(app.dir.path().join("secret.key")).unwrap().trim().to_owned());
    (app, secrets)
}

#[tokio::test]
async fn diagnostics_hold_what_helps_and_no_secret() {
    let (app, secrets) = with_every_secret().await;
    let listening = listening(&app);
    // Somebody's mistake: a part of the program logs what it must not.
    let key = secrets.last().unwrap();
    for secret in secrets.iter().filter(|secret| ![PASSWORD, "pathThatIsSecret", "passwordInTheAddress", key].contains(&secret.as_str())) {
        tracing::error!(%secret, "a mistake: {secret} and https://graph.example/refresh?access_token={secret}");
    }
    tracing::error!("http://comfy:passwordInTheAddress@127.0.0.1/ cannot be reached");
    drop(listening);
    for path in ["/api/system/diagnostics", "/system/diagnostics", "/api/system/logs?limit=2000", "/logs", "/system", "/metrics"] {
        let answer = app.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        for secret in &secrets {
            assert!(!answer.text.contains(secret.as_str()), "{secret} is in {path}: {}", answer.text);
        }
    }
    // Nobody finds out letter by letter what is under a cover.
    assert_eq!(app.get("/api/system/logs?q=webhookSecretOf").await.json()["total"], 0);
    let text = app.get("/api/system/diagnostics").await;
    assert!(text.headers["content-disposition"].to_str().unwrap().contains("digital-dalla-diagnostics.txt"));
    for known in
        [env!("CARGO_PKG_VERSION"), "== Platform", "geminiApiKey: set", "webhookUrl: set", "characters: 1", "Store [ok", "a mistake: "]
    {
        assert!(text.text.contains(known), "{known} is not in {}", text.text);
    }
}

#[tokio::test]
async fn what_failed_last_is_in_the_diagnostics() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    app.comfy.faults().ask(Fault::RefusePrompt);
    app.post("/api/generate-image", json!({"characterId": luna, "prompt": "a lake"})).await.problem(502);
    let text = app.get("/api/system/diagnostics").await.text;
    let failed = text.split("== Last failed jobs").nth(1).unwrap().split("==").next().unwrap();
    assert!(failed.contains("Drawing pictures") && failed.contains("did not take the workflow"), "{text}");
}

#[tokio::test]
async fn a_comfyui_that_is_gone_takes_its_graphics_card_along() {
    let app = TestApp::start_changed(|config| config.comfyui = vec!["http://127.0.0.1:9".parse().unwrap()]).await;
    let checks = checks(&app).await;
    assert_eq!((&check(&checks, "comfyui")["state"], &check(&checks, "gpu")["state"]), (&json!("bad"), &json!("unknown")));
    let metrics = app.get("/metrics").await.text;
    assert_eq!(number(&metrics, "dalla_service_up{service=\"comfyui\"}"), Some(0.0), "{metrics}");
    assert!(metrics.contains("service=\"comfyui\",outcome=\"unreachable\""), "{metrics}");
}
