//! Accounts: whether a character's keys work, and what is said when they do not.

use digital_dalla::sandbox::{
    instagram::{self, Step},
    social::What,
    x,
};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::TestApp;

async fn persona(app: &TestApp) -> String {
    let [app_key, app_secret, token, token_secret] = x::KEYS;
    let keys = json!({
        "name": "Luna", "instagramApiKey": instagram::TOKEN, "twitterAppKey": app_key, "twitterAppSecret": app_secret,
        "twitterAccessToken": token, "twitterAccessSecret": token_secret,
    });
    app.post("/api/characters", keys).await.json()["id"].as_str().unwrap().to_owned()
}

async fn test(app: &TestApp, id: &str, network: &str) -> Value {
    let answer = app.post(&format!("/api/characters/{id}/accounts/{network}/test"), json!({})).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn good_keys_are_connected_and_the_page_says_whose_they_are() {
    let app = TestApp::start().await;
    let id = persona(&app).await;
    assert!(app.get(&format!("/characters/{id}/accounts")).await.text.contains("not tested since they were set"));
    let on_instagram = test(&app, &id, "instagram").await;
    assert_eq!((&on_instagram["state"], &on_instagram["networkId"]), (&json!("connected"), &json!("17841400000000001")));
    let on_x = test(&app, &id, "x").await;
    assert_eq!((&on_x["state"], &on_x["username"]), (&json!("connected"), &json!("luna_mystic")));
    let page = app.get(&format!("/characters/{id}/accounts")).await.text;
    assert!(page.contains("@luna.mystic") && page.contains("@luna_mystic"));
    for key in x::KEYS.iter().chain([&instagram::TOKEN]) {
        assert!(!page.contains(key), "no key is shown");
    }
    // Another key is not tested yet.
    app.patch(&format!("/api/characters/{id}"), json!({"instagramApiKey": "another-token-000"})).await;
    let page = app.get(&format!("/characters/{id}/accounts")).await.text;
    assert!(page.contains("not tested since they were set") && page.contains("@luna_mystic") && !page.contains("@luna.mystic"));
}

#[tokio::test]
async fn what_is_wrong_with_an_account_is_said_and_kept() {
    let app = TestApp::start().await;
    let id = persona(&app).await;
    for (fault, words) in [(x::Answer::NoCredits, "no credits"), (x::Answer::ReadOnly, "may only read")] {
        app.x.faults().ask(x::Fault::before(x::Step::Me, What::Say(fault)));
        let broken = test(&app, &id, "twitter").await;
        assert_eq!(broken["state"], "broken");
        assert!(broken["problem"]["message"].as_str().unwrap().contains(words), "{broken}");
        assert!(app.get(&format!("/characters/{id}/accounts")).await.text.contains(words));
    }
    for (code, subcode, words) in [(190, 463, "has expired"), (190, 459, "open the Instagram app"), (10, 0, "lacks a permission")] {
        app.instagram.faults().ask(instagram::Fault::before(Step::Me, What::Say(instagram::Answer::Code(code, subcode))));
        let broken = test(&app, &id, "instagram").await;
        assert!(broken["problem"]["message"].as_str().unwrap().contains(words), "{broken}");
    }
    app.patch(&format!("/api/characters/{id}"), json!({"twitterAccessSecret": "wrong-secret-000"})).await;
    let wrong = test(&app, &id, "x").await;
    assert!(wrong["problem"]["message"].as_str().unwrap().contains("one of the four is wrong"), "the signature is checked: {wrong}");
}

#[tokio::test]
async fn a_network_that_has_a_bad_moment_changes_nothing() {
    let app = TestApp::start().await;
    let id = persona(&app).await;
    test(&app, &id, "x").await;
    for (fault, words) in [(x::Answer::Http(503), "overloaded"), (x::Answer::TooMany(60), "wants a pause")] {
        app.x.faults().ask(x::Fault::before(x::Step::Me, What::Say(fault)));
        let refused = app.post(&format!("/api/characters/{id}/accounts/x/test"), json!({})).await;
        assert!(refused.problem(502).0.contains(words), "{}", refused.text);
        assert!(app.get(&format!("/characters/{id}/accounts")).await.text.contains("@luna_mystic"), "still connected");
    }
}

#[tokio::test]
async fn tests_that_cannot_be_made_are_refused() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    let refused = app.post(&format!("/api/characters/{luna}/accounts/x/test"), json!({})).await;
    assert!(refused.problem(503).0.contains("there is no API key"), "{}", refused.text);
    app.post("/api/characters/nobody/accounts/x/test", json!({})).await.problem(404);
    app.post(&format!("/api/characters/{luna}/accounts/myspace/test"), json!({})).await.problem(404);
    let page = app.submit("/actions/characters/test-account", &[("id", &luna), ("network", "instagram")]).await;
    assert!(page.contains("there is no access token yet"), "{page}");
    // With her go what was seen of her accounts.
    let id = persona(&app).await;
    test(&app, &id, "x").await;
    app.delete(&format!("/api/characters/{id}")).await;
    assert!(app.app.store.read().accounts.is_empty());
}
