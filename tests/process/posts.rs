//! The process is killed while it brings a post out: at every step, before the call has reached the network, while it
//! is on its way, and when it took effect and nobody was there any more to hear it. After the next start the post is
//! out once.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use digital_dalla::sandbox::{
    instagram::{self, InstagramSandbox},
    social::{Fault, What, When},
    x::{self, XSandbox},
};
use futures::{StreamExt, stream};
use image::{ImageFormat, Rgb, RgbImage};
use reqwest::Method;
use serde_json::{Value, json};

use crate::binary::Server;

const PATIENCE: Duration = Duration::from_secs(60);
/// How many cases at a time: each waits more than it works.
const AT_ONCE: usize = 4;

/// Where the kill meets the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kill {
    /// It has not reached the network, and never will.
    Before,
    /// It has reached the network, which acts on it when the process is dead.
    During,
    /// The same, which acts on it only when the next process has looked already.
    LongAfter,
    /// The network has acted on it, and the answer is on its way.
    After,
    /// The same when the process is not killed but told to stop.
    Stopped,
}

impl Kill {
    fn hinders<A>(self) -> What<A> {
        if self == Kill::Before { What::Swallow } else { What::Hang }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Instagram(instagram::Step),
    X(x::Step),
}

impl Step {
    fn publishes(self) -> bool {
        matches!(self, Step::Instagram(instagram::Step::Publish) | Step::X(x::Step::Post))
    }
}

fn cases() -> Vec<(Step, Kill)> {
    use instagram::Step::{Create, Gather, Me, Permalink, Publish, Quota, Status};
    let on_instagram = [Me, Quota, Create, Gather, Status, Publish, Permalink].map(Step::Instagram);
    let on_x = [x::Step::Me, x::Step::Upload, x::Step::Describe, x::Step::Post].map(Step::X);
    let steps = on_instagram.into_iter().chain(on_x);
    let kills = |step: Step| {
        let more = [Kill::LongAfter, Kill::Stopped].into_iter().filter(move |_| step.publishes());
        [Kill::Before, Kill::During, Kill::After].into_iter().chain(more).map(move |kill| (step, kill))
    };
    steps.flat_map(kills).collect()
}

/// A data folder with one character and two approved pictures, as files people may write.
fn prepare(dir: &Path) {
    let data = dir.join("data");
    fs::create_dir_all(data.join("media")).unwrap();
    let [app_key, app_secret, token, token_secret] = x::KEYS;
    let luna = json!([{
        "id": "luna", "name": "Luna", "instagramApiKey": instagram::TOKEN, "twitterAppKey": app_key, "twitterAppSecret": app_secret,
        "twitterAccessToken": token, "twitterAccessSecret": token_secret,
    }]);
    let content = |id: &str| {
        json!({"id": id, "characterId": "luna", "state": "approved", "caption": "Mist first.", "altText": "A lake",
            "picture": {"width": 320, "height": 400, "bytes": 1, "looks": ""}})
    };
    fs::write(data.join("characters.json"), luna.to_string()).unwrap();
    fs::write(data.join("content.json"), json!([content("one"), content("two")]).to_string()).unwrap();
    fs::write(data.join("settings.json"), json!({"dryRun": false, "gapMinutes": 0}).to_string()).unwrap();
    for (name, tone) in [("one", 40), ("two", 200)] {
        let picture = RgbImage::from_fn(320, 400, |x, y| Rgb([tone, (x / 2) as u8, (y / 2) as u8]));
        picture.save_with_format(data.join(format!("media/{name}.png")), ImageFormat::Png).unwrap();
    }
}

/// A port that is free, and stays so while nobody listens: it is not one of those the system hands out.
fn port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let first = std::process::id().wrapping_mul(131);
    loop {
        let port = 20_000 + (first.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A server that is started again and again under the same address.
struct Life<'a> {
    dir: &'a Path,
    environment: Vec<(&'static str, String)>,
}

impl<'a> Life<'a> {
    fn new(dir: &'a Path, instagram: &InstagramSandbox, x: &XSandbox) -> Self {
        let port = port();
        let environment = vec![
            ("DALLA_LISTEN", format!("127.0.0.1:{port}")),
            ("DALLA_PUBLIC_URL", format!("http://127.0.0.1:{port}")),
            ("DALLA_NETWORK_PACE", "0.002".to_owned()),
            ("INSTAGRAM_BASE_URL", instagram.url()),
            ("X_BASE_URL", x.url()),
        ];
        Self { dir, environment }
    }

    async fn start(&self) -> Server {
        tokio::task::block_in_place(|| Server::start_with(self.dir, &self.environment))
    }
}

async fn send(server: &Server, path: &str, body: Value) -> Value {
    let sent = server.request(Method::POST, path).header("prefer", "respond-async").json(&body).send().await.unwrap();
    assert!(sent.status().is_success(), "{path}: {}", sent.text().await.unwrap());
    sent.json().await.unwrap()
}

async fn until(server: &Server, id: &str, fits: impl Fn(&Value) -> bool) -> Value {
    let waited = async {
        loop {
            let post: Value = serde_json::from_str(&server.get(&format!("/api/posts/{id}")).await).unwrap();
            if fits(&post) {
                return post;
            }
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    };
    match tokio::time::timeout(PATIENCE, waited).await {
        Ok(post) => post,
        Err(_) => panic!("the post is not as it should be: {}", server.get(&format!("/api/posts/{id}")).await),
    }
}

fn is_out(post: &Value) -> bool {
    post["state"] == "published" && post["url"].is_string()
}

fn is_over(post: &Value) -> bool {
    is_out(post) || matches!(post["state"].as_str(), Some("failed" | "held" | "cancelled")) || post["looking"] == false
}

async fn killed(step: Step, kill: Kill) {
    let name = format!("killed {kill:?} at {step:?}");
    let instagram = InstagramSandbox::start(instagram::Options::default()).await.unwrap();
    let x = XSandbox::start(x::Options::default()).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    prepare(dir.path());
    let life = Life::new(dir.path(), &instagram, &x);
    let when = if matches!(kill, Kill::After | Kill::Stopped) { When::After } else { When::Before };
    match step {
        Step::Instagram(step) => instagram.faults().ask(Fault { step, when, what: kill.hinders(), account: None }),
        Step::X(step) => x.faults().ask(Fault { step, when, what: kill.hinders(), account: None }),
    }
    let out = || instagram.posts().len() + x.posts().len();
    let let_go = || {
        instagram.faults().let_go();
        x.faults().let_go();
    };

    let mut server = life.start().await;
    let several = step == Step::Instagram(instagram::Step::Gather);
    let contents = if several { json!(["one", "two"]) } else { json!(["one"]) };
    let path = if matches!(step, Step::X(_)) { "/api/post-to-twitter" } else { "/api/post-to-instagram" };
    let sent = send(&server, path, json!({"characterId": "luna", "contentIds": contents})).await;
    let id = sent["post"]["id"].as_str().unwrap().to_owned();
    let begun = async {
        instagram.faults().happened().await;
        x.faults().happened().await;
    };
    tokio::time::timeout(PATIENCE, begun).await.unwrap_or_else(|_| panic!("{name}: the call came"));
    match kill {
        Kill::Stopped => assert!(tokio::task::block_in_place(|| server.terminate()), "{name}"),
        Kill::Before | Kill::During | Kill::LongAfter | Kill::After => server.kill(),
    }
    if kill == Kill::During {
        let_go();
    }

    let mut server = life.start().await;
    let post = until(&server, &id, is_over).await;
    let in_doubt = step.publishes() && matches!(kill, Kill::Before | Kill::LongAfter);
    if in_doubt {
        assert_eq!((&post["state"], out()), (&json!("unconfirmed"), 0), "{name}: {post}");
        if kill == Kill::LongAfter {
            let_go();
            let took_effect = async {
                while out() == 0 {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(PATIENCE, took_effect).await.unwrap();
        }
        // A person has looked, too early perhaps, and has it sent again.
        send(&server, &format!("/api/posts/{id}/resolve"), json!({"published": false})).await;
        send(&server, &format!("/api/posts/{id}/publish"), json!({})).await;
        until(&server, &id, is_out).await;
    } else {
        assert!(is_out(&post), "{name}: {post}");
    }
    assert_eq!(out(), 1, "{name}");
    // Neither another start nor what was still on its way changes anything.
    server.kill();
    let_go();
    let server = life.start().await;
    assert!(is_out(&until(&server, &id, is_over).await), "{name}");
    let others: Value = serde_json::from_str(&server.get("/api/posts").await).unwrap();
    assert_eq!((out(), others.as_array().unwrap().len()), (1, 1), "{name}");
    let calls = instagram.faults().calls(instagram::Step::Publish) + x.faults().calls(x::Step::Post);
    assert_eq!(calls, if kill == Kill::Before && in_doubt { 2 } else { 1 }, "{name}: the call that publishes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_post_is_out_once_wherever_the_process_is_killed() {
    let cases = cases();
    assert_eq!(cases.len(), 37);
    stream::iter(cases).for_each_concurrent(AT_ONCE, |(step, kill)| killed(step, kill)).await;
}
