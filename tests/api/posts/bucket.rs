//! Instagram fetches pictures from a bucket, where there is one.

use chrono::Utc;
use digital_dalla::{
    sandbox::{
        instagram::{Answer, Fault, Step},
        social::What,
    },
    service::handoff,
};
use serde_json::json;

use crate::support::{
    TestApp,
    bucket::{KEY, KEY_ID, NAME, TestBucket},
};

/// An app that can be reached from nowhere, with a bucket and Luna.
async fn stage(bucket: &TestBucket, key_id: &str) -> (TestApp, String) {
    let app = TestApp::start_changed(|config| {
        config.public_url = None;
        config.bucket.bucket = Some(NAME.into());
        config.bucket.endpoint = Some(bucket.url.parse().unwrap());
        config.bucket.access_key_id = Some(key_id.into());
        config.bucket_secret = Some(KEY.into());
    })
    .await;
    app.live().await;
    let luna = app.persona(1).await;
    (app, luna)
}

#[tokio::test]
async fn a_picture_goes_out_from_a_bucket_and_nothing_stays_there() {
    let bucket = TestBucket::start().await;
    let (app, luna) = stage(&bucket, KEY_ID).await;
    let content = app.approved(&luna, "From the bucket.").await;
    let sent = app.send("instagram", &luna, &content).await;
    assert_eq!(sent.status, 200, "{}", sent.text);
    let posts = app.instagram.posts();
    let [post] = posts.as_slice() else { panic!("{posts:?}") };
    assert_eq!(post.caption, "From the bucket.");

    let ever = bucket.ever();
    let [name] = ever.as_slice() else { panic!("{ever:?}") };
    let secret = name.strip_prefix("digital-dalla/").and_then(|name| name.strip_suffix(".jpg")).expect(name);
    assert!(secret.len() == 64 && secret.chars().all(|c| c.is_ascii_hexdigit()), "{name} could be guessed");
    assert_eq!(bucket.names(), Vec::<String>::new(), "Instagram has read it");
    // The signed address is nobody's to see.
    let post = app.get(&format!("/api/posts/{}", sent.json()["post"]["id"].as_str().unwrap())).await.text;
    assert!(!post.contains("X-Amz-") && !post.contains(secret), "{post}");
}

#[tokio::test]
async fn several_pictures_lie_there_together_and_go_together() {
    let bucket = TestBucket::start().await;
    let (app, luna) = stage(&bucket, KEY_ID).await;
    let contents = [app.approved(&luna, "One.").await, app.approved(&luna, "Two.").await];
    let id = app.order_post("instagram", json!({"characterId": luna, "contentIds": contents})).await;
    app.until_state(&id, "published").await;
    assert_eq!((bucket.ever().len(), bucket.names().len()), (2, 0));
}

#[tokio::test]
async fn a_bucket_that_refuses_fails_the_post_with_its_words_and_nothing_goes_out() {
    let bucket = TestBucket::start().await;
    let (app, luna) = stage(&bucket, "AKIASOMEBODYELSE").await;
    let content = app.approved(&luna, "Not from there.").await;
    let id = app.order_post("instagram", json!({"characterId": luna, "contentId": content})).await;
    let post = app.until_state(&id, "failed").await;
    let words = post["problem"]["message"].as_str().unwrap().to_owned();
    assert!(words.contains("bucket"), "{post:#}");
    assert!(!post.to_string().contains(KEY), "{post:#}");
    assert_eq!((app.instagram.posts().len(), app.instagram.faults().calls(Step::Create)), (0, 0));
}

#[tokio::test]
async fn what_stays_there_after_a_failure_is_swept_up_a_day_later() {
    let bucket = TestBucket::start().await;
    let (app, luna) = stage(&bucket, KEY_ID).await;
    // Instagram refuses the container: the picture is left.
    app.instagram.faults().ask(Fault::before(Step::Create, What::Say(Answer::Code(36003, 2207009))));
    let content = app.approved(&luna, "Refused.").await;
    let id = app.order_post("instagram", json!({"characterId": luna, "contentId": content})).await;
    app.until_state(&id, "failed").await;
    let left = bucket.names();
    bucket.lay("digital-dalla/old.jpg", "2026-01-01T00:00:00Z");
    bucket.lay("somebody-elses.jpg", "2026-01-01T00:00:00Z");
    handoff::sweep(&app.app, Utc::now()).await;
    assert_eq!(bucket.names(), [left.clone(), vec!["somebody-elses.jpg".to_owned()]].concat());
    handoff::sweep(&app.app, Utc::now() + chrono::Duration::hours(25)).await;
    assert_eq!(bucket.names(), ["somebody-elses.jpg"]);
}
