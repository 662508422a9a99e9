//! Every route there is, tried by those who may not: without a login, with a wrong token, with one that may do too
//! little, from other sites, under a foreign name, through a proxy. The routes are read off the documents of the app
//! itself, so that a new one is tried without anyone remembering.

use digital_dalla::domain::access::Scope;
use reqwest::{Client, Method, RequestBuilder, StatusCode, header, redirect::Policy};
use serde_json::Value;

use crate::{access::PASSWORD, support::TestApp};

/// What strangers may see. Whoever adds to this opens a door.
const OPEN: [&str; 8] =
    ["/login", "/style.css", "/app.js", "/favicon.svg", "/healthz", "/readyz", "/public/media/token/picture.jpg", "/public/media/x/y"];

#[derive(Debug, Clone, PartialEq)]
struct Route {
    method: Method,
    path: String,
    sort: Sort,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Sort {
    Api,
    Media,
    Page,
    Action,
    /// Numbers, which programs on this machine may read.
    Metrics,
}

impl Route {
    fn new(method: Method, path: &str, sort: Sort) -> Self {
        let filled = path.split('/').map(|part| if part.starts_with(['{', ':', '*']) { "x" } else { part });
        Self { method, path: filled.collect::<Vec<_>>().join("/"), sort }
    }

    fn changes(&self) -> bool {
        self.method != Method::GET
    }

    fn request(&self, stranger: &Client, app: &TestApp) -> RequestBuilder {
        let request = stranger.request(self.method.clone(), format!("{}{}", app.url, self.path));
        // Whoever is at this machine may read numbers; these requests are from elsewhere.
        let request = if self.sort == Sort::Metrics { request.header("x-forwarded-for", "192.0.2.7") } else { request };
        if self.changes() && self.sort == Sort::Api { request.json(&serde_json::json!({})) } else { request }
    }
}

/// All of them.
async fn routes(app: &TestApp) -> Vec<Route> {
    let document = app.get("/api/openapi.json").await.json();
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().filter(|method| *method != "parameters") {
            let sort = if path == "/metrics" { Sort::Metrics } else { Sort::Api };
            routes.push(Route::new(method.to_uppercase().parse().unwrap(), path, sort));
        }
    }
    for path in ["/api", "/api/", "/api/openapi.json", "/api/no/such/route"] {
        routes.push(Route::new(Method::GET, path, Sort::Api));
    }
    routes.push(Route::new(Method::POST, "/api/no/such/route", Sort::Api));
    // What is neither in the document nor a page is found where it is written.
    let written = include_str!("../../src/router/mod.rs").split(".route(\"").skip(1).filter_map(|rest| rest.split_once("\", "));
    for (path, rest) in written.filter(|(path, _)| !OPEN.contains(path) && !path.starts_with("/public/")) {
        let method = if rest.starts_with("post(") { Method::POST } else { Method::GET };
        let sort = if path.starts_with("/media/") { Sort::Media } else { Sort::Action };
        routes.push(Route::new(method, path, sort));
    }
    for (path, method) in leptos::server_fn::axum::server_fn_paths() {
        routes.push(Route::new(method.as_str().parse().unwrap(), path, Sort::Action));
    }
    let pages = leptos_axum::generate_route_list(digital_dalla::web::app::App);
    let pages = pages.iter().map(|page| page.path()).filter(|path| *path != "/login");
    routes.extend(pages.map(|path| Route::new(Method::GET, path, Sort::Page)));
    for path in ["/no/such/page", "/public/app.js", "/api/docs/", "/api/docs/swagger-ui.css", "/login/", "/metrics/x"] {
        routes.push(Route::new(Method::GET, path, Sort::Page));
    }
    routes.push(Route::new(Method::POST, "/actions/no/such", Sort::Action));
    routes
}

/// What there is in the store, as far as anybody could have changed it. When sessions and tokens were last used is not.
fn stored(app: &TestApp) -> Vec<u64> {
    let state = app.app.store.read();
    vec![
        state.accounts.version(),
        state.activity.version(),
        state.characters.version(),
        state.content.version(),
        state.jobs.version(),
        state.posts.version(),
        state.prompts.version(),
        state.secrets.version(),
        state.logins.len() as u64,
        state.tokens.len() as u64,
    ]
}

/// Somebody without cookies.
fn stranger() -> Client {
    Client::builder().redirect(Policy::none()).no_proxy().build().unwrap()
}

async fn sent(request: RequestBuilder) -> reqwest::Response {
    request.send().await.unwrap()
}

fn challenge(answer: &reqwest::Response) -> &str {
    answer.headers().get(header::WWW_AUTHENTICATE).map_or("", |challenge| challenge.to_str().unwrap())
}

async fn problem(answer: reqwest::Response) -> String {
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
    answer.json::<Value>().await.unwrap()["detail"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_document_says_what_each_route_needs() {
    let app = TestApp::start().await;
    let document = app.get("/api/openapi.json").await.json();
    assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
    let needs = |path: &str, method: &str| document["paths"][path][method]["security"].clone();
    assert_eq!(needs("/api/characters", "get"), serde_json::json!([{"token": ["read"]}]));
    assert_eq!(needs("/api/characters/{id}", "delete"), serde_json::json!([{"token": ["write"]}]));
    assert_eq!(needs("/api/posts/{id}/publish", "post"), serde_json::json!([{"token": ["publish"]}]));
}

#[tokio::test]
async fn the_lists_of_routes_are_whole() {
    let app = TestApp::start().await;
    let routes = routes(&app).await;
    let count = |sort| routes.iter().filter(|route| route.sort == sort).count();
    assert!(count(Sort::Api) > 40 && count(Sort::Page) > 20 && count(Sort::Action) > 40, "{routes:?}");
    assert!(count(Sort::Media) >= 4 && count(Sort::Metrics) == 1, "{routes:?}");
    // What forms post to is found where forms are written, too.
    let mut named = Vec::new();
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else {
                let text = std::fs::read_to_string(entry).unwrap();
                named.extend(text.split("endpoint = \"").skip(1).map(|rest| format!("/actions/{}", rest.split('"').next().unwrap())));
            }
        }
    }
    for action in named {
        assert!(routes.iter().any(|route| route.path == action), "{action} is tried by nobody");
    }
}

#[tokio::test]
async fn without_a_login_nothing_is_let_through() {
    let stranger = stranger();
    let app = TestApp::start().await;
    let routes = routes(&app).await;
    let app = app.with_password().await;
    let before = stored(&app);
    for route in &routes {
        let answer = sent(route.request(&stranger, &app)).await;
        let (status, at) = (answer.status(), format!("{route:?}"));
        match route.sort {
            Sort::Api | Sort::Media | Sort::Metrics => {
                assert_eq!(status, StatusCode::UNAUTHORIZED, "{at}");
                assert_eq!(challenge(&answer), "Bearer realm=\"Digital Dalla\"", "{at}");
                if route.sort == Sort::Api {
                    problem(answer).await;
                }
            }
            Sort::Page | Sort::Action => {
                assert_eq!(status, StatusCode::SEE_OTHER, "{at}");
                assert!(answer.headers()[header::LOCATION].to_str().unwrap().starts_with("/login"), "{at}");
                assert_eq!(answer.text().await.unwrap(), "", "{at}");
            }
        }
        // A page that only wants its live parts hears it plainly.
        let live = sent(route.request(&stranger, &app).header("x-live", "1")).await;
        assert_eq!(live.status(), StatusCode::UNAUTHORIZED, "{at}");
    }
    assert_eq!(stored(&app), before, "nothing was done");
    for path in OPEN {
        let status = sent(stranger.get(format!("{}{path}", app.url))).await.status();
        assert!(!matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::SEE_OTHER), "{path}: {status}");
        if path != "/login" {
            let posted = sent(stranger.post(format!("{}{path}", app.url))).await.status();
            assert_eq!(posted, StatusCode::SEE_OTHER, "{path}");
        }
    }
}

#[tokio::test]
async fn a_wrong_token_is_let_through_nowhere() {
    let stranger = stranger();
    for with_password in [true, false] {
        let app = TestApp::start().await;
        let routes = routes(&app).await;
        let app = if with_password { app.with_password().await } else { app };
        let gone = app.token("Gone", &Scope::ALL).await;
        let id = app.app.store.read().tokens.newest().next().unwrap().id.clone();
        digital_dalla::service::access::revoke(&app.app, &id).await.unwrap();
        let before = stored(&app);
        for (number, route) in routes.iter().enumerate() {
            let token = ["dalla_wrong", "", &gone][number % 3];
            let answer = sent(route.request(&stranger, &app).header("authorization", format!("Bearer {token}"))).await;
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{route:?}");
            assert!(challenge(&answer).contains("error=\"invalid_token\""), "{route:?}");
        }
        assert_eq!(stored(&app), before, "nothing was done");
    }
}

#[tokio::test]
async fn a_token_does_only_what_its_scopes_say() {
    let stranger = stranger();
    let app = TestApp::start().await;
    let routes = routes(&app).await;
    let app = app.with_password().await;
    let looks = app.token("looks", &[Scope::Read]).await;
    let writes = app.token("writes", &[Scope::Read, Scope::Write]).await;
    let blind = app.token("blind", &[Scope::Write, Scope::Publish]).await;
    let may_all = app.token("may all", &Scope::ALL).await;
    let lets_out = |path: &str| {
        let under =
            ["/api/post-to-", "/api/posts/", "/api/posting/", "/api/scheduler", "/api/settings", "/api/backups/", "/api/characters/import"];
        under.iter().any(|place| path.starts_with(place))
            || ["approve", "publish", "reconcile", "resolve", "run"].iter().any(|deed| path.ends_with(&format!("/{deed}")))
    };
    let before = stored(&app);
    let mut publishing = Vec::new();
    for route in &routes {
        let too_little = match (route.sort, route.changes()) {
            (Sort::Page | Sort::Action, _) => {
                let answer = sent(route.request(&stranger, &app).bearer_auth(&may_all)).await;
                assert_eq!(answer.status(), StatusCode::FORBIDDEN, "tokens are not for people's pages: {route:?}");
                continue;
            }
            // Everything that is stored, in one file.
            (_, false) if route.path == "/api/backups/x/file" => vec![(&looks, "publish"), (&writes, "publish")],
            (_, false) => vec![(&blind, "read")],
            (_, true) if lets_out(&route.path) => {
                publishing.push(format!("{} {}", route.method, route.path));
                vec![(&looks, "publish"), (&writes, "publish")]
            }
            (_, true) => vec![(&looks, "write")],
        };
        for (token, scope) in too_little {
            let answer = sent(route.request(&stranger, &app).bearer_auth(token)).await;
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{route:?}");
            assert!(challenge(&answer).contains(&format!("error=\"insufficient_scope\", scope=\"{scope}\"")), "{route:?}");
        }
    }
    assert_eq!(stored(&app), before, "nothing was done");
    let known = [
        "POST /api/post-to-instagram",
        "POST /api/posts/x/publish",
        "POST /api/posts/x/resolve",
        "POST /api/content/x/approve",
        "POST /api/characters/import",
    ];
    for known in known {
        assert!(publishing.iter().any(|route| route == known), "{known}: {publishing:#?}");
    }
    // The same with enough is let through, so that it was the scope that was missing.
    for route in routes.iter().filter(|route| matches!(route.sort, Sort::Api | Sort::Media | Sort::Metrics)) {
        let answer = sent(route.request(&stranger, &app).bearer_auth(&may_all)).await;
        assert!(!matches!(answer.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN), "{route:?} {}", answer.status());
    }
}

#[tokio::test]
async fn other_sites_change_nothing_even_for_those_who_are_logged_in() {
    let app = TestApp::start().await;
    let routes = routes(&app).await;
    let app = app.with_password().await;
    app.log_in(&app.client, PASSWORD, "/").await;
    let before = stored(&app);
    let login = Route::new(Method::POST, "/login", Sort::Page);
    for route in routes.iter().filter(|route| route.changes()).chain([&login]) {
        let ours = |headers: &[(&str, &str)]| {
            let request = app.request(route.method.clone(), &route.path).form(&[("password", PASSWORD)]);
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
        };
        for headers in [
            &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")][..],
            &[("origin", "https://evil.example")],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "null")],
        ] {
            let answer = sent(ours(headers)).await;
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{route:?} {headers:?}");
            if route.sort == Sort::Api {
                assert!(problem(answer).await.contains("another site"), "{route:?}");
            }
        }
        // A front end that is allowed may use the API, and nothing else.
        if route.sort != Sort::Api {
            let answer = sent(ours(&[("origin", "https://front.example"), ("sec-fetch-site", "cross-site")])).await;
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{route:?}");
        }
    }
    assert_eq!(stored(&app), before, "nothing was done");
}

#[tokio::test]
async fn nothing_is_answered_under_a_foreign_name() {
    let stranger = stranger();
    let app = TestApp::start().await;
    let routes = routes(&app).await;
    for route in &routes {
        for host in ["evil.example", "evil.example:3000", "127.0.0.1.evil.example", "192.168.1.7", "localhost.evil.example", "???"] {
            let answer = sent(route.request(&stranger, &app).header("host", host)).await;
            assert_eq!(answer.status(), StatusCode::MISDIRECTED_REQUEST, "{route:?} {host}");
            if route.sort == Sort::Api {
                problem(answer).await;
            }
        }
    }
    for path in OPEN {
        let answer = sent(stranger.get(format!("{}{path}", app.url)).header("host", "evil.example")).await;
        assert_eq!(answer.status(), StatusCode::MISDIRECTED_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn without_a_password_other_machines_get_nothing_through_a_proxy() {
    let stranger = stranger();
    let app = TestApp::start().await;
    for route in routes(&app).await {
        let answer = sent(route.request(&stranger, &app).header("x-forwarded-for", "192.0.2.7")).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{route:?}");
    }
}

#[tokio::test]
async fn front_ends_come_with_tokens_and_can_read_why_not() {
    let stranger = stranger();
    let app = TestApp::start().await.with_password().await;
    let token = app.token("Front end", &[Scope::Read]).await;
    let from = |origin: &str, method: Method, path: &str| stranger.request(method, format!("{}{path}", app.url)).header("origin", origin);
    let asked = from("https://front.example", Method::OPTIONS, "/api/characters").header("access-control-request-method", "GET");
    let asked = sent(asked.header("access-control-request-headers", "authorization")).await;
    assert_eq!(asked.status(), StatusCode::OK, "the question before the request needs no login");
    assert_eq!(asked.headers()["access-control-allow-origin"], "https://front.example");
    assert!(asked.headers()["access-control-allow-headers"].to_str().unwrap().contains("authorization"));
    assert!(asked.headers().get("access-control-allow-credentials").is_none(), "cookies are for our own pages");
    let refused = sent(from("https://front.example", Method::GET, "/api/characters")).await;
    assert_eq!(
        (refused.status(), &refused.headers()["access-control-allow-origin"]),
        (StatusCode::UNAUTHORIZED, &"https://front.example".parse().unwrap())
    );
    let read = sent(from("https://front.example", Method::GET, "/api/characters").bearer_auth(&token)).await;
    assert_eq!(read.status(), StatusCode::OK);
    for (origin, path) in [("https://evil.example", "/api/characters"), ("https://front.example", "/login"), ("https://front.example", "/")]
    {
        let answer = sent(from(origin, Method::GET, path)).await;
        assert!(answer.headers().get("access-control-allow-origin").is_none(), "{origin} {path}");
    }
}

#[tokio::test]
async fn every_answer_tells_browsers_to_be_strict() {
    let app = TestApp::start().await;
    for path in ["/", "/login", "/api/characters", "/api/none", "/media/none.png", "/style.css", "/healthz", "/no/such/page"] {
        let answer = app.get(path).await;
        let header = |name: &str| answer.headers.get(name).map_or("", |value| value.to_str().unwrap());
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
        assert_eq!(header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert!(header("permissions-policy").contains("camera=()"), "{path}");
        let policy = header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(header("strict-transport-security"), "", "{path}: this is not https");
    }
}
