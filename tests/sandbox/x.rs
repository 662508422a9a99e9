//! The simulated X checks signatures, refuses what the real one refuses, and keeps what it took.

use std::{io::Cursor, num::NonZeroU64};

use chrono::Utc;
use digital_dalla::sandbox::x::{Options, XSandbox, keys, username};
use image::{DynamicImage, ImageFormat};
use oauth1_request::{Builder, HMAC_SHA1, ParameterList, Token};
use reqwest::{
    Client, Method, RequestBuilder, Response,
    multipart::{Form, Part},
};
use serde_json::{Value, json};

fn jpeg() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(80, 100).write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}

fn part() -> Part {
    Part::bytes(jpeg()).file_name("picture.jpg").mime_str("image/jpeg").unwrap()
}

/// A header for a request, signed with these keys; nonce and time are fresh unless they are given.
fn signed(method: &str, url: &str, keys: &[String; 4], fixed: Option<(&str, i64)>) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let pairs: Vec<(String, String)> = pairs.map(|(name, value)| (decoded(name), decoded(value))).collect();
    let [app_key, app_secret, token, token_secret] = keys.each_ref().map(String::as_str);
    let mut builder = Builder::with_token(Token::from_parts(app_key, app_secret, token, token_secret), HMAC_SHA1);
    builder.version(true);
    if let Some((nonce, at)) = fixed {
        builder.nonce(nonce).timestamp(NonZeroU64::new(at.unsigned_abs()));
    }
    builder.authorize(method, address, &ParameterList::new(pairs))
}

struct Api {
    sandbox: XSandbox,
    client: Client,
}

impl Api {
    async fn start() -> Self {
        Self { sandbox: XSandbox::start(Options::default()).await.unwrap(), client: Client::new() }
    }

    fn request(&self, number: u64, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.sandbox.url());
        let header = signed(method.as_str(), &url, &keys(number), None);
        self.client.request(method, url).header("authorization", header)
    }

    async fn post(&self, number: u64, path: &str, body: Value) -> (u16, Value) {
        read(self.request(number, Method::POST, path).json(&body).send().await.unwrap()).await
    }

    async fn form(&self, number: u64, path: &str, form: Form) -> (u16, Value) {
        read(self.request(number, Method::POST, path).multipart(form).send().await.unwrap()).await
    }

    async fn upload(&self, number: u64) -> String {
        let form = Form::new().part("media", part()).text("media_category", "tweet_image");
        let (status, answer) = self.form(number, "/2/media/upload", form).await;
        assert_eq!(status, 200, "{answer}");
        answer["data"]["id"].as_str().unwrap().to_owned()
    }
}

async fn read(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    assert!(answer.headers().contains_key("api-version"));
    (status, answer.json().await.unwrap())
}

#[tokio::test]
async fn only_what_is_signed_afresh_and_right_is_heard() {
    let api = Api::start().await;
    let url = format!("{}/2/users/me", api.sandbox.url());
    let get = async |url: &str, header: Option<String>| {
        let request = header.iter().fold(api.client.get(url), |request, header| request.header("authorization", header));
        read(request.send().await.unwrap()).await.0
    };
    let (now, good) = (Utc::now().timestamp(), keys(1));
    assert_eq!(get(&url, None).await, 401);
    assert_eq!(get(&url, Some("Bearer abc".into())).await, 401);
    assert_eq!(get(&url, Some(signed("GET", &url, &good, Some(("once", now))))).await, 200);
    assert_eq!(get(&url, Some(signed("GET", &url, &good, Some(("once", now))))).await, 401, "a nonce is taken once");
    assert_eq!(get(&url, Some(signed("GET", &url, &good, Some(("late", now - 900))))).await, 401, "clocks have to be right");
    assert_eq!(get(&url, Some(signed("POST", &url, &good, None))).await, 401, "the method is signed");
    let asked = format!("{url}?user.fields=id,username");
    assert_eq!(get(&asked, Some(signed("GET", &url, &good, None))).await, 401, "the query is signed");
    assert_eq!(get(&asked, Some(signed("GET", &asked, &good, None))).await, 200);
    for place in 0..4 {
        let mut wrong = keys(1);
        wrong[place].push('x');
        assert_eq!(get(&url, Some(signed("GET", &url, &wrong, None))).await, 401, "key {place}");
    }
    let mut mixed = keys(1);
    mixed[3] = keys(2)[3].clone();
    assert_eq!(get(&url, Some(signed("GET", &url, &mixed, None))).await, 401);
}

#[tokio::test]
async fn bodies_are_closed_and_media_belong_to_whom_they_belong() {
    let api = Api::start().await;
    let form = || Form::new().part("media", part()).text("media_category", "tweet_image");
    assert_eq!(api.form(1, "/2/media/upload", form().text("media_type", "image/jpeg")).await.0, 400, "no longer a field");
    assert_eq!(api.form(1, "/2/media/upload", Form::new().part("media", part())).await.0, 400);
    let nameless = Form::new().part("media", Part::bytes(jpeg())).text("media_category", "tweet_image");
    assert_eq!(api.form(1, "/2/media/upload", nameless).await.1["code"], 38);
    let text = Part::bytes(b"no picture".to_vec()).file_name("a.jpg").mime_str("image/jpeg").unwrap();
    assert_eq!(api.form(1, "/2/media/upload", Form::new().part("media", text).text("media_category", "tweet_image")).await.0, 400);
    let large = Part::bytes([jpeg(), vec![0; 5_000_001]].concat()).file_name("a.jpg").mime_str("image/jpeg").unwrap();
    assert_eq!(api.form(1, "/2/media/upload", Form::new().part("media", large).text("media_category", "tweet_image")).await.0, 413);

    let media = api.upload(1).await;
    let post = |body: Value| api.post(1, "/2/tweets", body);
    for (body, status) in [
        (json!({}), 400),
        (json!({"text": "Words", "status": "x"}), 400),
        (json!({"text": "Words", "media": {"media_ids": []}}), 400),
        (json!({"text": "Words", "media": {"media_ids": [media], "alt": "x"}}), 400),
        (json!({"text": "Words", "media": {"media_ids": ["1", "2", "3", "4", "5"]}}), 400),
        (json!({"text": "Words", "media": {"media_ids": ["1"]}}), 400),
        (json!({"text": "x".repeat(281)}), 403),
        (json!({"text": "あ".repeat(141)}), 403),
    ] {
        assert_eq!(post(body.clone()).await.0, status, "{body}");
    }
    assert_eq!(api.post(2, "/2/tweets", json!({"text": "Words", "media": {"media_ids": [media]}})).await.0, 400, "another's media");
    let describe = |alt: Value| api.post(1, "/2/media/metadata", json!({"id": media, "metadata": {"alt_text": alt}}));
    assert_eq!(describe(json!({"text": "x".repeat(1_001)})).await.0, 400);
    assert_eq!(describe(json!({"text": "A lake"})).await.0, 200);
    let (status, made) = post(json!({"text": "Words & more", "media": {"media_ids": [media]}, "made_with_ai": true})).await;
    assert_eq!((status, &made["data"]["text"]), (201, &json!("Words & more")));
    assert_eq!(post(json!({"text": "Other", "media": {"media_ids": [media]}})).await.0, 400, "attached already");
    let again = post(json!({"text": "Words & more"})).await;
    assert!(again.0 == 403 && again.1["detail"].as_str().unwrap().contains("duplicate content"), "{again:?}");
    assert_eq!(api.post(2, "/2/tweets", json!({"text": "Words & more"})).await.0, 201, "on another account it is new");
    let posted = &api.sandbox.posts()[0];
    assert_eq!((posted.account.clone(), posted.alt_texts.clone(), posted.made_with_ai), (username(1), vec!["A lake".to_owned()], true));
}

#[tokio::test]
async fn a_timeline_shows_what_it_is_asked_for_as_x_does() {
    let api = Api::start().await;
    let id = "1900000000000000001";
    let timeline =
        async |query: &str| read(api.request(1, Method::GET, &format!("/2/users/{id}/tweets?{query}")).send().await.unwrap()).await;
    assert_eq!(timeline("max_results=5").await.1, json!({"meta": {"result_count": 0}}), "without data");
    assert_eq!(timeline("max_results=1").await.0, 400);
    let media = api.upload(1).await;
    api.post(1, "/2/tweets", json!({"text": "See lake.org & <more>", "media": {"media_ids": [media]}})).await;
    let plain = timeline("max_results=5").await.1;
    assert_eq!(plain["data"][0]["text"], "See https://t.co/sandbox0001 &amp; &lt;more&gt; https://t.co/sandbox0002");
    assert_eq!(plain["data"][0].get("attachments"), None);
    let full = timeline("max_results=5&tweet.fields=created_at%2Cattachments&expansions=attachments.media_keys").await.1;
    assert_eq!(full["data"][0]["attachments"]["media_keys"], json!([format!("3_{media}")]));
    assert_eq!(timeline("max_results=5&start_time=2030-01-01T00%3A00%3A00Z").await.1["meta"]["result_count"], 0);
    let page = reqwest::get(api.sandbox.page()).await.unwrap().text().await.unwrap();
    assert!(page.contains("See lake.org &amp; &lt;more&gt;") && page.contains("@luna_mystic"), "{page}");
}

#[tokio::test]
async fn pieces_have_to_add_up() {
    let api = Api::start().await;
    let bytes = jpeg();
    let begin = async |total: usize| {
        let about = json!({"media_type": "image/jpeg", "total_bytes": total, "media_category": "tweet_image"});
        api.post(1, "/2/media/upload/initialize", about).await.1["data"]["id"].as_str().unwrap().to_owned()
    };
    let append = async |id: &str, place: &str, bytes: &[u8]| {
        let piece = Part::bytes(bytes.to_vec()).file_name("a.jpg").mime_str("image/jpeg").unwrap();
        let form = Form::new().text("segment_index", place.to_owned()).part("media", piece);
        api.form(1, &format!("/2/media/upload/{id}/append"), form).await.0
    };
    let finalize =
        async |id: &str| read(api.request(1, Method::POST, &format!("/2/media/upload/{id}/finalize")).send().await.unwrap()).await;
    let id = begin(bytes.len()).await;
    // They may come in any order.
    assert_eq!((append(&id, "1", &bytes[100..]).await, append(&id, "0", &bytes[..100]).await), (200, 200));
    let open = api.post(1, "/2/tweets", json!({"text": "Early", "media": {"media_ids": [id]}})).await;
    assert_eq!(open.0, 400, "not before the end");
    assert_eq!(finalize(&id).await.1["data"]["media_key"], json!(format!("3_{id}")));
    let short = begin(bytes.len() + 1).await;
    append(&short, "0", &bytes).await;
    assert_eq!(finalize(&short).await.0, 400);
    let holey = begin(bytes.len()).await;
    append(&holey, "1", &bytes).await;
    assert_eq!(finalize(&holey).await.0, 400);
    assert_eq!(append(&holey, "1000", &bytes).await, 400);
}

#[tokio::test]
async fn calls_are_counted_and_the_headers_say_what_is_left() {
    let api = Api::start().await;
    let me = async || api.request(1, Method::GET, "/2/users/me").send().await.unwrap();
    let first = me().await;
    let header = |name: &str| first.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((header("x-rate-limit-limit").as_str(), header("x-rate-limit-remaining").as_str()), ("75", "74"));
    for _ in 0..74 {
        assert_eq!(me().await.status(), 200);
    }
    let refused = me().await;
    let reset: i64 = refused.headers()["x-rate-limit-reset"].to_str().unwrap().parse().unwrap();
    assert_eq!(refused.status(), 429);
    assert!((1..=900).contains(&(reset - Utc::now().timestamp())));
    assert_eq!(api.request(2, Method::GET, "/2/users/me").send().await.unwrap().status(), 200, "another's window");
}
