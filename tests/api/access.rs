//! Who may come in: the password, sessions, tokens, and the door they stand before.

use chrono::Utc;
use digital_dalla::{domain::access::Scope, service};
use futures::StreamExt;
use reqwest::{Client, Method, StatusCode, header, redirect::Policy};
use scraper::{Html, Selector};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::support::{Answer, PATIENCE, TestApp};

pub const PASSWORD: &str = "a lighthouse of crystals";

impl TestApp {
    /// Sets the password, as at the command line.
    pub async fn with_password(self) -> Self {
        service::access::replace(&self.app, PASSWORD.into(), &PASSWORD.into(), Utc::now()).await.unwrap();
        self
    }

    /// Makes a token.
    pub async fn token(&self, name: &str, scopes: &[Scope]) -> String {
        let new = digital_dalla::domain::access::NewToken { name: name.into(), scopes: scopes.to_vec() };
        service::access::make(&self.app, new, Utc::now()).await.unwrap().expose_secret().to_owned()
    }

    /// Types the password into the login page of this client.
    pub async fn log_in(&self, client: &Client, password: &str, next: &str) -> Answer {
        let form = [("password", password), ("next", next)];
        Answer::of(client.post(format!("{}/login", self.url)).form(&form)).await
    }
}

/// A browser of its own.
pub fn browser() -> Client {
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    Client::builder().redirect(Policy::none()).cookie_store(true).no_proxy().user_agent(agent).build().unwrap()
}

fn location(answer: &Answer) -> &str {
    answer.headers[header::LOCATION].to_str().unwrap()
}

/// The cookie an answer sets.
fn cookie(answer: &Answer) -> String {
    let set = answer.headers.get_all(header::SET_COOKIE).iter().map(|set| set.to_str().unwrap());
    set.into_iter().find(|set| set.starts_with("dalla=")).unwrap().to_owned()
}

#[tokio::test]
async fn the_first_password_is_set_on_the_page_and_shuts_everybody_else_out() {
    let app = TestApp::start().await;
    let fields = [("form[password]", "too short"), ("form[again]", "different")];
    let page = app.submit("/actions/access/set-password", &fields).await;
    assert!(page.contains("Use at least 10 characters") && page.contains("The two are not the same"), "{page}");
    assert!(!page.contains("too short"), "nothing that was typed is given back");
    assert!(!service::access::is_asked(&app.app.store.read()));

    let page = app.submit("/actions/access/set-password", &[("form[password]", PASSWORD), ("form[again]", PASSWORD)]).await;
    assert!(page.contains("From now on everybody has to log in") && page.contains("This browser"), "{page}");
    let stranger = browser();
    let answer = Answer::of(stranger.get(format!("{}/characters?active=true", app.url))).await;
    assert_eq!((answer.status, location(&answer)), (StatusCode::SEE_OTHER, "/login?next=%2Fcharacters%3Factive%3Dtrue"));
    let (detail, _) = Answer::of(stranger.get(format!("{}/api/characters", app.url))).await.problem(401);
    assert!(detail.contains("Authorization: Bearer"));
    let again =
        app.submit("/actions/access/set-password", &[("form[password]", "another password"), ("form[again]", "another password")]).await;
    assert!(again.contains("A password was set in the meantime"), "{again}");
}

#[tokio::test]
async fn the_login_page_leads_to_the_page_that_was_asked_for_and_nowhere_else() {
    let app = TestApp::start().await.with_password().await;
    let visitor = browser();
    let page = Answer::of(visitor.get(format!("{}/login?next=%2Fstudio%3Fx%3D1", app.url))).await;
    assert_eq!((page.status, &page.headers["cache-control"]), (StatusCode::OK, &"no-store".parse().unwrap()));
    let html = Html::parse_document(&page.text);
    let next = html.select(&Selector::parse("input[name=next]").unwrap()).next().unwrap();
    assert_eq!(next.value().attr("value"), Some("/studio?x=1"));

    let wrong = app.log_in(&visitor, "not the password", "/studio?x=1").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("This is not the password.") && wrong.text.contains("/studio?x=1"), "{}", wrong.text);
    assert!(!wrong.text.contains("not the password\""), "what was typed is not given back");
    assert!(wrong.headers.get(header::SET_COOKIE).is_none(), "strangers leave nothing behind");

    for elsewhere in ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nb"] {
        let answer = app.log_in(&browser(), PASSWORD, elsewhere).await;
        assert_eq!((answer.status, location(&answer)), (StatusCode::SEE_OTHER, "/"), "{elsewhere}");
        let page = Answer::of(visitor.get(format!("{}/login", app.url)).query(&[("next", elsewhere)])).await.text;
        assert!(!page.contains("evil"), "{elsewhere}");
    }
    let right = app.log_in(&visitor, PASSWORD, "/studio?x=1").await;
    assert_eq!(location(&right), "/studio?x=1");
    assert_eq!(Answer::of(visitor.get(format!("{}/studio", app.url))).await.status, StatusCode::OK);
    let again = Answer::of(visitor.get(format!("{}/login?next=%2Freview", app.url))).await;
    assert_eq!(location(&again), "/review", "whoever is in is led on");
}

#[tokio::test]
async fn the_cookie_is_private_and_new_with_each_login() {
    let app = TestApp::start().await.with_password().await;
    let first = cookie(&app.log_in(&browser(), PASSWORD, "/").await);
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"] {
        assert!(first.contains(part), "{part}: {first}");
    }
    assert!(!first.contains("Secure"), "it would not come back over http");
    // A session somebody else could have planted: it is not the one that is logged in afterwards.
    let planted = first.split(';').next().unwrap();
    let login = app.request(Method::POST, "/login").header("cookie", planted).form(&[("password", PASSWORD)]);
    let second = cookie(&Answer::of(login).await);
    assert_ne!(second.split(';').next().unwrap(), planted);
    let ids: Vec<_> = app.app.store.read().logins.iter().map(|login| login.id.to_string()).collect();
    assert_eq!(ids.len(), 2);
    assert!(ids.iter().all(|id| id.len() == 64 && !first.contains(id.as_str())), "what is stored lets nobody in");
    let forged = Answer::of(app.request(Method::GET, "/api/characters").header("cookie", format!("dalla={}", ids[0]))).await;
    forged.problem(401);
}

#[tokio::test]
async fn too_many_attempts_have_to_wait_and_are_one_line() {
    let app = TestApp::start().await.with_password().await;
    let mut last = app.log_in(&browser(), "wrong", "/").await;
    for _ in 0..10 {
        last = app.log_in(&browser(), "wrong", "/").await;
    }
    assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = last.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait) && last.text.contains("There were too many attempts from here."), "{wait} {}", last.text);
    let right = app.log_in(&browser(), PASSWORD, "/").await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS, "also with the right one: nothing is looked at");
    let state = app.app.store.read();
    let lines: Vec<_> = state.activity.newest().filter(|line| line.words.contains("failed")).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0].actor.words(), "127.0.0.1");
}

#[tokio::test]
async fn sessions_are_listed_ended_and_outlive_a_restart() {
    let app = TestApp::start().await.with_password().await;
    let (mine, other) = (browser(), browser());
    app.log_in(&other, PASSWORD, "/").await;
    let login = app.log_in(&mine, PASSWORD, "/").await;
    let jar = cookie(&login).split(';').next().unwrap().to_owned();
    let get = |client: &Client, path: &str| client.get(format!("{}{path}", app.url));
    let page = Answer::of(get(&mine, "/settings/access")).await.text;
    let html = Html::parse_document(&page);
    let rows: Vec<_> = html.select(&Selector::parse("#sessions li").unwrap()).map(|row| row.text().collect::<String>()).collect();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.contains("Firefox on Linux") && row.contains("From 127.0.0.1")), "{rows:?}");
    assert_eq!(rows.iter().filter(|row| row.contains("This browser")).count(), 1);

    let id = html.select(&Selector::parse("#sessions input[name=id]").unwrap()).next().unwrap().value().attr("value").unwrap().to_owned();
    let end = |id: String| mine.post(format!("{}/actions/access/end-session", app.url)).header("accept", "text/html").form(&[("id", id)]);
    assert_eq!(Answer::of(end(id)).await.status, StatusCode::FOUND);
    assert_eq!(Answer::of(get(&other, "/")).await.status, StatusCode::SEE_OTHER, "ended at once");
    assert_eq!(Answer::of(get(&mine, "/")).await.status, StatusCode::OK);

    let (comfy, dir) = app.stop().await;
    let app = TestApp::start_with(comfy, dir).await;
    let after = Answer::of(app.request(Method::GET, "/api/characters").header("cookie", &jar)).await;
    assert_eq!(after.status, StatusCode::OK, "nobody is logged out by a restart");
    let out = app.request(Method::POST, "/actions/access/log-out").header("cookie", &jar).header("accept", "text/html");
    assert_eq!(location(&Answer::of(out).await), "/login");
    Answer::of(app.request(Method::GET, "/api/characters").header("cookie", &jar)).await.problem(401);
}

#[tokio::test]
async fn a_new_password_ends_other_sessions_and_asks_for_the_old_one() {
    let app = TestApp::start().await.with_password().await;
    let (mine, other) = (browser(), browser());
    app.log_in(&mine, PASSWORD, "/").await;
    app.log_in(&other, PASSWORD, "/").await;
    let token = app.token("Script", &[Scope::Read]).await;
    let change = async |current: &str| {
        let fields = [("form[current]", current), ("form[password]", "another lighthouse"), ("form[again]", "another lighthouse")];
        let sent = mine.post(format!("{}/actions/access/change-password", app.url)).header("accept", "text/html").form(&fields);
        Answer::of(sent).await;
        Answer::of(mine.get(format!("{}/settings/access", app.url))).await.text
    };
    assert!(change("not the password").await.contains("This is not the password."));
    assert_eq!(app.app.store.read().logins.len(), 2);
    assert!(change(PASSWORD).await.contains("Other sessions are ended"));
    assert_eq!(app.app.store.read().logins.len(), 1);
    assert_eq!(Answer::of(other.get(&app.url)).await.status, StatusCode::SEE_OTHER);
    assert_eq!(app.log_in(&browser(), PASSWORD, "/").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(app.log_in(&browser(), "another lighthouse", "/").await.status, StatusCode::SEE_OTHER);
    assert_eq!(Answer::of(app.request(Method::GET, "/api/characters").bearer_auth(token)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_token_is_shown_once_and_does_what_it_may_until_it_is_revoked() {
    let app = TestApp::start().await.with_password().await;
    app.log_in(&app.client, PASSWORD, "/").await;
    let refused = app.submit("/actions/access/make-token", &[("form[name]", "  ")]).await;
    assert!(refused.contains("Say what it is for") && refused.contains("Choose at least one"), "{refused}");
    let fields = [("form[name]", " Phone <b>shortcuts</b> "), ("form[read]", "on"), ("form[write]", "on")];
    let page = app.submit("/actions/access/make-token", &fields).await;
    let html = Html::parse_document(&page);
    let token = html.select(&Selector::parse("#made-token").unwrap()).next().unwrap().value().attr("value").unwrap().to_owned();
    assert!(token.starts_with("dalla_") && token.len() == 49, "{token}");
    assert!(page.contains("Phone &lt;b&gt;shortcuts"), "a name is text");
    let again = app.get("/settings/access").await.text;
    assert!(!again.contains(&token) && again.contains(&token[45..]), "once, and then only how it ends");

    let send = |method: Method, path: &str| browser().request(method, format!("{}{path}", app.url)).bearer_auth(&token);
    assert_eq!(Answer::of(send(Method::GET, "/api/characters")).await.status, StatusCode::OK);
    assert_eq!(Answer::of(send(Method::POST, "/api/characters").json(&json!({"name": "Luna"}))).await.status, StatusCode::CREATED);
    let answer = Answer::of(send(Method::POST, "/api/posting/pause")).await;
    let (detail, _) = answer.problem(403);
    assert_eq!(detail, "This needs a token with the scope publish.");
    let challenge = answer.headers["www-authenticate"].to_str().unwrap();
    assert!(challenge.starts_with("Bearer ") && challenge.contains("error=\"insufficient_scope\", scope=\"publish\""), "{challenge}");
    let (detail, _) = Answer::of(send(Method::GET, "/api/characters").header("authorization", "Bearer dalla_wrong")).await.problem(401);
    assert!(!detail.contains("dalla_wrong"));

    let id = html.select(&Selector::parse("#tokens input[name=id]").unwrap()).next().unwrap().value().attr("value").unwrap().to_owned();
    app.submit("/actions/access/revoke-token", &[("id", &id)]).await;
    let answer = Answer::of(send(Method::GET, "/api/characters")).await;
    answer.problem(401);
    assert!(answer.headers["www-authenticate"].to_str().unwrap().contains("error=\"invalid_token\""));
    // Neither the token nor the password is anywhere on the disk.
    app.app.store.close().await.unwrap();
    for file in std::fs::read_dir(app.dir.path().join("data")).unwrap().map(|file| file.unwrap().path()).filter(|path| path.is_file()) {
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        assert!(!text.contains(&token) && !text.contains(PASSWORD) && !text.contains("$argon2id"), "{}", file.display());
    }
}

#[tokio::test]
async fn when_a_token_was_used_is_noted_coarsely() {
    let app = TestApp::start().await.with_password().await;
    let token = app.token("Script", &[Scope::Read]).await;
    let mut changes = app.app.store.changes();
    let used = async || assert_eq!(Answer::of(app.request(Method::GET, "/api/models").bearer_auth(&token)).await.status, StatusCode::OK);
    used().await;
    // Who is answered is answered before those who watch hear of it: the making of the token may still come.
    let noted = async {
        loop {
            let noted = changes.recv().await.unwrap();
            if noted.iter().map(|change| change.collection).eq(["tokens"]) {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, noted).await.expect("it is noted, without a line of activity");
    let version = app.app.store.read().tokens.version();
    for _ in 0..5 {
        used().await;
    }
    // A write that comes after them has every one of theirs behind it.
    app.app.store.write(|_| Ok::<_, digital_dalla::error::Error>(())).await.unwrap();
    assert_eq!(app.app.store.read().tokens.version(), version);
}

#[tokio::test]
async fn a_stream_of_events_ends_with_the_session_it_is_for() {
    let app = TestApp::start().await.with_password().await;
    let visitor = browser();
    app.log_in(&visitor, PASSWORD, "/").await;
    let stream = visitor.get(format!("{}/api/events", app.url)).send().await.unwrap();
    assert_eq!(stream.status(), StatusCode::OK);
    service::access::end_all_but(&app.app, None).await.unwrap();
    let end = async {
        let mut bytes = stream.bytes_stream();
        while bytes.next().await.is_some() {}
    };
    tokio::time::timeout(PATIENCE, end).await.expect("nobody hears on who is not let in any more");
}

#[tokio::test]
async fn behind_a_proxy_that_is_trusted_cookies_are_for_https_only() {
    let app = TestApp::start_changed(|config| {
        config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        config.allowed_hosts = vec!["dalla.example".into()];
    });
    let app = app.await.with_password().await;
    let through = |method: Method, path: &str| {
        let request = app.request(method, path).header("host", "dalla.example");
        request.header("x-forwarded-for", "192.0.2.7").header("x-forwarded-proto", "https")
    };
    let login = Answer::of(through(Method::POST, "/login").form(&[("password", PASSWORD)])).await;
    assert!(cookie(&login).contains("Secure"), "{}", cookie(&login));
    assert_eq!(login.headers["strict-transport-security"], "max-age=31536000");
    assert_eq!(app.app.store.read().logins.newest().next().unwrap().address, "192.0.2.7");
    for _ in 0..12 {
        Answer::of(through(Method::POST, "/login").form(&[("password", "wrong")])).await;
    }
    assert_eq!(Answer::of(through(Method::POST, "/login").form(&[("password", PASSWORD)])).await.status, StatusCode::TOO_MANY_REQUESTS);
    let other = through(Method::POST, "/login").header("x-forwarded-for", "192.0.2.8").form(&[("password", PASSWORD)]);
    assert_eq!(Answer::of(other).await.status, StatusCode::SEE_OTHER, "others need not wait");
    assert!(app.get("/healthz").await.headers.get("strict-transport-security").is_none(), "not without https");
}

#[tokio::test]
async fn without_a_password_nobody_comes_in_through_a_proxy() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/api/characters").await.status, StatusCode::OK);
    for (name, value) in [("x-forwarded-for", "192.0.2.7"), ("forwarded", "for=192.0.2.7"), ("x-real-ip", "192.0.2.7")] {
        let (detail, _) = Answer::of(app.request(Method::GET, "/api/characters").header(name, value)).await.problem(403);
        assert!(detail.contains("digital-dalla set-password"), "{detail}");
        let page = Answer::of(app.request(Method::GET, "/").header(name, value)).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{name}");
    }
    let login = Answer::of(app.request(Method::GET, "/login").header("accept", "text/html")).await;
    assert_eq!((login.status, location(&login)), (StatusCode::FOUND, "/"), "and there is nothing to log in to");
}

#[tokio::test]
async fn a_lost_file_of_secrets_does_not_open_the_door() {
    let app = TestApp::start().await.with_password().await;
    let (comfy, dir) = app.stop().await;
    std::fs::remove_file(dir.path().join("data/secrets.json")).unwrap();
    let app = TestApp::start_with(comfy, dir).await;
    app.get("/api/characters").await.problem(401);
    let page = app.get("/login").await.text;
    assert!(page.contains("The file with the password cannot be read, or is gone."), "{page}");
    let answer = app.log_in(&browser(), PASSWORD, "/").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
}
