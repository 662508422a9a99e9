//! The simulated Instagram refuses what the real one refuses, in its codes, and keeps what it took.

use std::io::Cursor;

use axum::{Router, http::StatusCode, routing::get};
use digital_dalla::sandbox::{
    instagram::{Answer, CORTEX, Fault, InstagramSandbox, Options, Step, TOKEN, username},
    social::What,
};
use image::{DynamicImage, ImageFormat};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

const LUNA: &str = "17841400000000001";

fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(width, height).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Pictures for it to fetch.
async fn pictures() -> String {
    let jpeg = |width, height| picture(width, height, ImageFormat::Jpeg);
    let mut large = jpeg(800, 1_000);
    large.resize((8 << 20) + 1, 0);
    let serve = |kind: &'static str, bytes: Vec<u8>| get(move || async move { ([("content-type", kind)], bytes) });
    let routes = Router::new()
        .route("/good.jpg", serve("image/jpeg", jpeg(800, 1_000)))
        .route("/wide.jpg", serve("image/jpeg", jpeg(955, 500)))
        .route("/tall.jpg", serve("image/jpeg", jpeg(540, 960)))
        .route("/wider.jpg", serve("image/jpeg", jpeg(1_000, 500)))
        .route("/large.jpg", serve("image/jpeg", large))
        .route("/picture.png", serve("image/png", picture(800, 1_000, ImageFormat::Png)))
        .route("/false.jpg", serve("image/jpeg", picture(800, 1_000, ImageFormat::Png)))
        .route("/page.jpg", serve("text/html", b"<html>".to_vec()))
        .route("/moved.jpg", get(|| async { (StatusCode::FOUND, [("location", "/good.jpg")]) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    url
}

async fn answer(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn code(answer: &(u16, Value)) -> (i64, i64) {
    assert_eq!(answer.0, 400, "nearly every refusal is a 400: {answer:?}");
    let error = &answer.1["error"];
    assert!(error["fbtrace_id"].is_string() && error["type"] == "OAuthException", "{error}");
    (error["code"].as_i64().unwrap(), error["error_subcode"].as_i64().unwrap_or(0))
}

struct Graph<'a> {
    sandbox: &'a InstagramSandbox,
    client: Client,
    token: &'static str,
}

impl<'a> Graph<'a> {
    fn of(sandbox: &'a InstagramSandbox, token: &'static str) -> Self {
        Self { sandbox, client: Client::new(), token }
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.client.get(format!("{}/{path}", self.sandbox.url())).bearer_auth(self.token)).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> (u16, Value) {
        answer(self.client.post(format!("{}/{path}", self.sandbox.url())).bearer_auth(self.token).form(fields)).await
    }

    async fn create(&self, fields: &[(&str, &str)]) -> String {
        let made = self.post(&format!("{LUNA}/media"), fields).await;
        assert_eq!(made.0, 200, "{made:?}");
        made.1["id"].as_str().unwrap().to_owned()
    }

    async fn publish(&self, container: &str) -> (u16, Value) {
        self.post(&format!("{LUNA}/media_publish"), &[("creation_id", container)]).await
    }
}

#[tokio::test]
async fn tokens_stand_in_the_header_and_paths_have_a_version() {
    let sandbox = InstagramSandbox::start(Options::default()).await.unwrap();
    let (client, host) = (Client::new(), sandbox.url().replace("/v26.0", ""));
    let me = |url: String| client.get(url);
    assert_eq!(code(&answer(me(format!("{host}/v26.0/me"))).await), (190, 467));
    assert_eq!(code(&answer(me(format!("{host}/v26.0/me")).bearer_auth("somebody")).await), (190, 467));
    assert_eq!(code(&answer(me(format!("{host}/v26.0/me?access_token={TOKEN}"))).await), (100, 0));
    assert_eq!(code(&answer(me(format!("{host}/v18.0/me")).bearer_auth(TOKEN)).await), (2635, 0));
    assert_eq!(code(&answer(me(format!("{host}/v26.0/a/b/c/d")).bearer_auth(TOKEN)).await), (2500, 0));
    // Both shapes that are known, and somebody else's account.
    let luna = Graph::of(&sandbox, TOKEN).get("me?fields=user_id,username").await.1;
    assert_eq!((&luna["data"][0]["user_id"], &luna["data"][0]["username"]), (&json!(LUNA), &json!(username(1))));
    let cortex = Graph::of(&sandbox, CORTEX).get("me?fields=user_id,username").await.1;
    assert_eq!(cortex["username"], json!(username(2)));
    assert_eq!(code(&Graph::of(&sandbox, CORTEX).get(&format!("{LUNA}/media?fields=id")).await), (100, 33));
    let renewed = answer(me(format!("{host}/refresh_access_token?grant_type=ig_refresh_token&access_token={TOKEN}"))).await.1;
    assert_eq!((&renewed["access_token"], &renewed["expires_in"]), (&json!(format!("{TOKEN}r1")), &json!(5_184_000)));
}

#[tokio::test]
async fn containers_are_refused_by_the_codes_that_are_known() {
    let (sandbox, host) = (InstagramSandbox::start(Options::default()).await.unwrap(), pictures().await);
    let graph = Graph::of(&sandbox, TOKEN);
    let url = |name: &str| format!("{host}/{name}.jpg");
    let (good, long, tags) = (url("good"), "x".repeat(2_201), "#tag ".repeat(31));
    let (names, seen) = ("@name ".repeat(21), "x".repeat(1_001));
    let cases = [
        (vec![("image_url", url("tall"))], (36_003, 2_207_009)),
        (vec![("image_url", url("wider"))], (36_003, 2_207_009)),
        (vec![("image_url", url("large"))], (36_000, 2_207_004)),
        (vec![("image_url", format!("{host}/picture.png"))], (36_001, 2_207_005)),
        (vec![("image_url", url("false"))], (36_001, 2_207_005)),
        (vec![("image_url", url("page"))], (9004, 2_207_052)),
        (vec![("image_url", url("moved"))], (9004, 2_207_052)),
        (vec![("image_url", url("missing"))], (9004, 2_207_052)),
        (vec![("image_url", "http://127.0.0.1:9/x.jpg".to_owned())], (9004, 2_207_052)),
        (vec![("image_url", format!("{host}/gütig.jpg"))], (100, 0)),
        (vec![("image_url", good.clone()), ("caption", long)], (36_004, 2_207_010)),
        (vec![("image_url", good.clone()), ("caption", tags)], (36_004, 2_207_010)),
        (vec![("image_url", good.clone()), ("caption", names)], (100, 2_207_040)),
        (vec![("image_url", good.clone()), ("alt_text", seen)], (100, 0)),
        (vec![("image_url", good.clone()), ("media_type", "REELS".into())], (100, 2_207_023)),
        (vec![("image_url", good.clone()), ("is_carousel_item", "true".into()), ("caption", "Words".into())], (100, 0)),
        (vec![("image_url", good.clone()), ("is_carousel_item", "true".into()), ("is_ai_generated", "true".into())], (100, 0)),
        (vec![("image_url", good.clone()), ("is_ai_generated", "perhaps".into())], (100, 0)),
        (vec![("image_url", good.clone()), ("captoin", "Words".into())], (100, 0)),
        (vec![("media_type", "CAROUSEL".into()), ("children", "1".into())], (100, 2_207_028)),
        (vec![("media_type", "CAROUSEL".into()), ("children", "1,2".into())], (24, 2_207_008)),
    ];
    for (fields, expected) in cases {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(code(&graph.post(&format!("{LUNA}/media"), &fields).await), expected, "{:?}", &fields[..1]);
    }
    let json =
        answer(graph.client.post(format!("{}/{LUNA}/media", sandbox.url())).bearer_auth(TOKEN).json(&json!({"image_url": good}))).await;
    assert_eq!(code(&json), (100, 0), "forms, as the safest of what Meta reads");
    graph.create(&[("image_url", &url("wide"))]).await;
}

#[tokio::test]
async fn a_container_becomes_ready_and_then_a_post() {
    let (sandbox, host) = (InstagramSandbox::start(Options { reads: 2, ..Options::default() }).await.unwrap(), pictures().await);
    let graph = Graph::of(&sandbox, TOKEN);
    let good = format!("{host}/good.jpg");
    let container = graph
        .create(&[("image_url", &good), ("caption", "Mist & light <first>"), ("alt_text", "A lake"), ("is_ai_generated", "true")])
        .await;
    assert_eq!(code(&graph.publish(&container).await), (9007, 2_207_027));
    let mut states = Vec::new();
    for _ in 0..3 {
        states.push(graph.get(&format!("{container}?fields=status_code,status")).await.1["status_code"].as_str().unwrap().to_owned());
    }
    assert_eq!(states, ["IN_PROGRESS", "IN_PROGRESS", "FINISHED"]);
    assert_eq!(code(&Graph::of(&sandbox, CORTEX).get(&format!("{container}?fields=status_code")).await), (100, 33));
    let published = graph.publish(&container).await;
    let id = published.1["id"].as_str().unwrap();
    assert_eq!(graph.get(&format!("{container}?fields=status_code")).await.1["status_code"], "PUBLISHED");
    let media = graph.get(&format!("{id}?fields=permalink,timestamp")).await.1;
    assert!(media["timestamp"].as_str().unwrap().ends_with("+0000"), "{media}");
    let page = reqwest::get(media["permalink"].as_str().unwrap()).await.unwrap().text().await.unwrap();
    assert!(page.contains("Mist &amp; light &lt;first&gt;") && page.contains("alt=\"A lake\""), "{page}");
    let listed = graph.get(&format!("{LUNA}/media?fields=id,caption&since=0")).await.1;
    assert_eq!(listed, json!({"data": [{"id": id, "caption": "Mist & light <first>"}]}));
    let limit = graph.get(&format!("{LUNA}/content_publishing_limit?fields=config,quota_usage")).await.1;
    assert_eq!((&limit["data"][0]["quota_usage"], &limit["data"][0]["config"]["quota_total"]), (&json!(1), &json!(50)));
    // What a second call does is not known, so it is the worst.
    assert_eq!(graph.publish(&container).await.0, 200);
    assert_eq!(sandbox.posts().len(), 2);
    assert_eq!(code(&graph.publish("17900000000000777").await), (24, 2_207_006));
    sandbox.use_up(&username(1), 48);
    assert_eq!(code(&graph.publish(&container).await), (9, 2_207_042));
}

#[tokio::test]
async fn faults_can_be_asked_for_over_http_and_a_reset_is_one() {
    let sandbox = InstagramSandbox::start(Options::default()).await.unwrap();
    let (client, host) = (Client::new(), sandbox.url().replace("/v26.0", ""));
    let faults = format!("{host}/sandbox/faults");
    let asked = json!({"step": "me", "when": "after", "what": {"say": {"code": [4, 2_207_051]}}, "account": "luna.mystic"});
    assert_eq!(client.post(&faults).json(&asked).send().await.unwrap().status(), 204);
    assert_eq!(client.get(&faults).send().await.unwrap().json::<Value>().await.unwrap(), json!([asked]));
    assert_eq!(sandbox.faults().pending(), [Fault::after(Step::Me, What::Say(Answer::Code(4, 2_207_051))).of("luna.mystic")]);
    assert_eq!(Graph::of(&sandbox, CORTEX).get("me").await.0, 200, "another's call");
    assert_eq!(code(&Graph::of(&sandbox, TOKEN).get("me").await), (4, 2_207_051));
    assert_eq!(Graph::of(&sandbox, TOKEN).get("me").await.0, 200, "once");
    client.post(&faults).json(&json!({"step": "me", "what": "reset"})).send().await.unwrap();
    let broken = client.get(format!("{host}/v26.0/me")).bearer_auth(TOKEN).send().await.unwrap_err();
    assert!(!broken.is_connect() && !broken.is_timeout(), "the connection stood, and broke: {broken:?}");
    client.post(&faults).json(&json!({"step": "me", "what": {"delay": 5}})).send().await.unwrap();
    assert_eq!(client.delete(&faults).send().await.unwrap().status(), 204);
    assert!(sandbox.faults().pending().is_empty());
    assert_eq!(sandbox.faults().calls_of("luna.mystic"), vec![Step::Me; 3]);
}

#[tokio::test]
async fn it_remembers_over_its_restart_where_it_is_given_a_folder() {
    let (folder, host) = (tempfile::tempdir().unwrap(), pictures().await);
    let options = Options { reads: 0, memory: Some(folder.path().join("instagram")) };
    let sandbox = InstagramSandbox::start(options.clone()).await.unwrap();
    let graph = Graph::of(&sandbox, TOKEN);
    let container = graph.create(&[("image_url", &format!("{host}/good.jpg")), ("caption", "Kept.")]).await;
    graph.publish(&container).await;
    let (posts, url) = (sandbox.posts(), sandbox.url());
    let address = url.trim_start_matches("http://").trim_end_matches("/v26.0").to_owned();
    drop(graph);
    drop(sandbox);
    while std::net::TcpListener::bind(&address).is_err() {
        tokio::task::yield_now().await;
    }
    let again = InstagramSandbox::start(options.clone()).await.unwrap();
    assert_eq!((again.posts(), again.url()), (posts.clone(), url), "under the same address");
    assert!(again.picture(&posts[0].pictures[0]).is_some_and(|jpeg| jpeg.starts_with(&[0xFF, 0xD8])));
    // While the port is taken, another serves.
    let beside = InstagramSandbox::start(options).await.unwrap();
    assert_ne!(beside.url(), again.url());
}
