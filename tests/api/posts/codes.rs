//! Every answer a network is known to give, and what becomes of a post then: a state, and a sentence.

use digital_dalla::sandbox::{
    instagram::{self, Answer, Step},
    social::What,
    x,
};
use serde_json::{Value, json};

use crate::support::TestApp;

/// What becomes of a post.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Becomes {
    /// Out, once, by itself.
    Out,
    /// Waits for long, and says so.
    Waits,
    /// Held because of the account, which is marked as broken.
    Account,
    /// Failed.
    Failed,
    /// Not known, and never sent again by itself.
    Doubt,
}

use Becomes::{Account, Doubt, Failed, Out, Waits};

/// Code and subcode; what follows where nothing is published yet, and on the call that publishes; some of the words.
const INSTAGRAM: [(i64, i64, Becomes, Becomes, &str); 32] = [
    (-2, 2_207_003, Out, Out, ""),
    (-2, 2_207_020, Out, Out, ""),
    (-1, 2_207_001, Out, Doubt, "overloaded"),
    (-1, 2_207_032, Out, Doubt, "could not take the picture"),
    (-1, 2_207_053, Out, Doubt, "could not take the picture"),
    (1, 0, Out, Doubt, "overloaded"),
    (1, 2_207_057, Out, Doubt, "overloaded"),
    (2, 0, Out, Doubt, "overloaded"),
    (4, 0, Waits, Waits, "too many calls"),
    (4, 2_207_051, Failed, Doubt, "spam"),
    (9, 2_207_042, Waits, Waits, "used up"),
    (10, 0, Account, Account, "lacks a permission"),
    (17, 0, Waits, Waits, "too many calls"),
    (24, 2_207_006, Out, Out, ""),
    (24, 2_207_008, Out, Out, ""),
    (25, 2_207_050, Account, Account, "open the Instagram app"),
    (32, 0, Waits, Waits, "too many calls"),
    (100, 33, Out, Doubt, "no such thing"),
    (100, 2_207_023, Failed, Failed, "(Simulator)"),
    (100, 2_207_028, Failed, Failed, "(Simulator)"),
    (100, 2_207_040, Failed, Failed, "mentions"),
    (190, 460, Account, Account, "refuses the token"),
    (190, 463, Account, Account, "has expired"),
    (200, 0, Account, Account, "lacks a permission"),
    (368, 0, Failed, Failed, "blocked this action"),
    (506, 0, Failed, Failed, "posted already"),
    (613, 0, Waits, Waits, "too many calls"),
    (9004, 2_207_052, Out, Out, ""),
    (9007, 2_207_027, Out, Out, ""),
    (36_000, 2_207_004, Failed, Failed, "8 MB"),
    (36_001, 2_207_005, Failed, Failed, "JPEG"),
    (36_003, 2_207_009, Failed, Failed, "4:5"),
];

const X: [(x::Answer, Becomes, Becomes, &str); 9] = [
    (x::Answer::Unauthorized, Account, Account, "refuses the keys"),
    (x::Answer::NoCredits, Waits, Waits, "no credits"),
    (x::Answer::ReadOnly, Account, Account, "may only read"),
    (x::Answer::Duplicate, Failed, Failed, "posted already"),
    (x::Answer::NotPermitted, Failed, Failed, "not permitted"),
    (x::Answer::TooLarge, Failed, Failed, "larger"),
    (x::Answer::TooMany(60), Waits, Waits, "pause of 1 min"),
    (x::Answer::Http(503), Out, Doubt, "overloaded"),
    (x::Answer::Http(500), Out, Doubt, "overloaded"),
];

/// One post, one answer.
struct Case {
    name: String,
    network: &'static str,
    account: String,
    post: String,
    becomes: Becomes,
    words: &'static str,
}

impl Case {
    /// As a post's state, once it stays there.
    fn is_settled(&self, post: &Value) -> bool {
        match self.becomes {
            Out => post["state"] == "published" && post["url"].is_string(),
            Waits => post["state"] == "scheduled" && post["waiting"].is_string(),
            Account => post["state"] == "held" && post["check"] == "account",
            Failed => post["state"] == "failed",
            Doubt => post["state"] == "unconfirmed" && post["looking"] == false,
        }
    }

    fn words<'a>(&self, post: &'a Value) -> &'a str {
        let place = match self.becomes {
            Out => return "",
            Waits => &post["waiting"],
            Account => &post["why"],
            Failed => &post["problem"]["message"],
            // What the call said is among the steps; what counts is what was found out since.
            Doubt => {
                return post["attempts"][0]["steps"].as_array().unwrap().iter().find(|step| step["deed"] == "publish").unwrap()["outcome"]
                    .as_str()
                    .unwrap();
            }
        };
        place.as_str().unwrap_or_default()
    }
}

async fn check(app: &TestApp, cases: Vec<Case>) {
    for case in cases {
        let post = app.until(&case.post, |post| case.is_settled(post) || is_over(post)).await;
        assert!(case.is_settled(&post), "{}: {post}", case.name);
        assert!(case.becomes == Out || case.words(&post).contains(case.words), "{}: {:?} in {post}", case.name, case.words(&post));
        let (out, calls) = match case.network {
            "instagram" => (
                app.instagram.posts().iter().filter(|post| post.account == case.account).count(),
                app.instagram.faults().calls_of(&case.account).iter().filter(|step| **step == Step::Publish).count(),
            ),
            _ => (
                app.x.posts().iter().filter(|post| post.account == case.account).count(),
                app.x.faults().calls_of(&case.account).iter().filter(|step| **step == x::Step::Post).count(),
            ),
        };
        assert_eq!(out, usize::from(case.becomes == Out), "{}", case.name);
        assert!(case.becomes != Doubt || calls == 1, "{}: never again by itself", case.name);
        let broken = post["characterId"].as_str().and_then(|id| {
            let account = app.app.store.read().accounts.get(&format!("{id}/{}", post["network"].as_str()?))?.clone();
            Some(serde_json::to_value(&*account).unwrap()["state"] == "broken")
        });
        // While keys of others are being stored, nothing is learned of an account; that does not break it.
        assert_eq!(broken.unwrap_or(false), case.becomes == Account, "{}", case.name);
        // Pages can show all of it.
        assert_eq!(app.get(&format!("/posts/{}", case.post)).await.status, 200);
    }
}

/// A state that does not change by itself any more.
fn is_over(post: &Value) -> bool {
    matches!(post["state"].as_str(), Some("failed" | "held" | "cancelled" | "dry_run")) || post["looking"] == false
}

#[tokio::test]
async fn every_code_of_instagram_has_its_state_and_its_sentence() {
    let app = TestApp::start().await;
    app.live().await;
    let mut cases = Vec::new();
    for (place, (code, subcode, before, publishing, words)) in INSTAGRAM.into_iter().enumerate() {
        for (step, becomes) in [(Step::Create, before), (Step::Publish, publishing)] {
            let number = 10 + 2 * place as u64 + u64::from(step == Step::Publish);
            let (character, account) = (app.persona(number).await, instagram::username(number));
            let content = app.approved(&character, &format!("Code {code} and {subcode} at {step:?}.")).await;
            // Without a URL nothing else asks first whose account it is.
            app.post(&format!("/api/characters/{character}/accounts/instagram/test"), json!({})).await;
            let fault = instagram::Fault::before(step, What::Say(Answer::Code(code, subcode))).of(account.clone());
            app.instagram.faults().ask(fault);
            let post = app.order_post("instagram", json!({"characterId": character, "contentId": content})).await;
            cases.push(Case { name: format!("{code}/{subcode} at {step:?}"), network: "instagram", account, post, becomes, words });
        }
    }
    check(&app, cases).await;
    assert!(app.instagram.faults().pending().is_empty(), "{:?}", app.instagram.faults().pending());
}

#[tokio::test]
async fn every_answer_of_x_has_its_state_and_its_sentence() {
    let app = TestApp::start().await;
    app.live().await;
    let mut cases = Vec::new();
    for (place, (answer, before, publishing, words)) in X.into_iter().enumerate() {
        for (step, becomes) in [(x::Step::Upload, before), (x::Step::Post, publishing)] {
            let number = 10 + 2 * place as u64 + u64::from(step == x::Step::Post);
            let (character, account) = (app.persona(number).await, x::username(number));
            let content = app.approved(&character, &format!("Answer {answer:?} at {step:?}.")).await;
            app.x.faults().ask(x::Fault::before(step, What::Say(answer.clone())).of(account.clone()));
            // What one way refuses, the other may take: here both say the same.
            if step == x::Step::Upload {
                app.x.faults().ask(x::Fault::before(x::Step::Initialize, What::Say(answer.clone())).of(account.clone()));
            }
            let post = app.order_post("twitter", json!({"characterId": character, "contentId": content})).await;
            cases.push(Case { name: format!("{answer:?} at {step:?}"), network: "x", account, post, becomes, words });
        }
    }
    check(&app, cases).await;
}

#[tokio::test]
async fn an_account_that_is_broken_holds_its_posts_until_it_is_mended() {
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    let (first, second) = (app.approved(&luna, "The first.").await, app.approved(&luna, "And another one.").await);
    app.instagram.faults().ask(instagram::Fault::before(Step::Publish, What::Say(Answer::Code(190, 463))));
    let held = app.send("instagram", &luna, &first).await;
    assert!(held.problem(409).0.contains("has expired"), "{}", held.text);
    assert_eq!(app.send("instagram", &luna, &second).await.problem(422).1, ["characterId"]);
    assert!(app.get("/").await.text.contains("has expired"), "Today says so");
    let path = format!("/api/posts/{}/publish", held.json()["post"]["id"].as_str().unwrap());
    app.post(&path, json!({})).await.problem(409);
    app.patch(&format!("/api/characters/{luna}"), json!({"instagramApiKey": format!("{}r1", instagram::TOKEN)})).await;
    assert_eq!(app.post(&path, json!({})).await.status, 200);
    assert_eq!(app.instagram.posts().len(), 1);
}

#[tokio::test]
async fn a_picture_that_is_never_read_ends_in_a_clear_failure() {
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    let content = app.approved(&luna, "Mist first.").await;
    for _ in 0..6 {
        app.instagram.faults().ask(instagram::Fault::before(Step::Status, What::Say(Answer::Container("ERROR".into()))));
    }
    let failed = app.send("instagram", &luna, &content).await;
    assert!(failed.problem(502).0.contains("could not read the picture"), "{}", failed.text);
    assert_eq!((app.instagram.faults().calls(Step::Create), app.instagram.posts().len()), (6, 0));
    // And a person may try once more.
    let id = failed.json()["post"]["id"].as_str().unwrap().to_owned();
    assert_eq!(app.post(&format!("/api/posts/{id}/publish"), json!({})).await.status, 200);
    app.rests().await;
}

#[tokio::test]
async fn alt_texts_that_are_not_taken_stop_nothing() {
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    let content = app.approved(&luna, "Mist first.").await;
    app.x.faults().ask(x::Fault::before(x::Step::Describe, What::Say(x::Answer::Http(500))));
    let sent = app.post("/api/post-to-twitter", json!({"characterId": luna, "contentId": content, "altText": "A lake"})).await;
    assert_eq!(sent.status, 200, "{}", sent.text);
    let steps = sent.json()["post"]["attempts"][0]["steps"].clone();
    assert!(steps.as_array().unwrap().iter().any(|step| step["deed"] == "alt_text" && step["failed"] == true), "{steps}");
}
