//! Keys for all characters.

use digital_dalla::sandbox::{instagram, x};
use serde_json::json;

use super::{set, settings, texts};
use crate::support::TestApp;

#[tokio::test]
async fn keys_for_all_characters_serve_those_who_have_none_of_their_own() {
    let app = TestApp::start_changed(|config| {
        config.network_keys.insert("TWITTER_API_KEY".into(), "of-the-environment".into());
    })
    .await;
    app.live().await;
    let luna = app.luna().await;
    let content = app.approved(&luna, "Mist first.").await;
    assert_eq!(app.send("instagram", &luna, &content).await.problem(422).1, ["characterId"], "there are no keys yet");
    let page = app.get("/settings").await.text;
    let help = texts(&page, "#x .help");
    assert!(help[0].starts_with("TWITTER_API_KEY of the environment is in force."), "{help:?}");
    assert!(help[1].starts_with("There is none, neither here nor in TWITTER_API_KEY_SECRET."), "{help:?}");
    let [app_key, app_secret, token, token_secret] = x::keys(1);
    let saved = app
        .submit(
            "/actions/settings/keys",
            &[
                ("form[network]", "x"),
                ("form[keys][twitterAppKey]", &app_key),
                ("form[keys][twitterAppSecret]", &app_secret),
                ("form[keys][twitterAccessToken]", &token),
                ("form[keys][twitterAccessSecret]", &token_secret),
            ],
        )
        .await;
    assert!(texts(&saved, ".toast p")[0].starts_with("Saved. X answers: this is @"), "{:?}", texts(&saved, ".toast p"));
    assert!(texts(&saved, "#x .help")[0].starts_with("Stored here, sealed, and in force."), "the stored one comes first");
    assert!([&app_key, &app_secret, &token, &token_secret].iter().all(|key| !saved.contains(key.as_str())));
    set(&app, json!({"instagramApiKey": instagram::token(1)})).await;
    for network in ["instagram", "twitter"] {
        let sent = app.send(network, &luna, &content).await;
        assert_eq!(sent.status, 200, "{}", sent.text);
    }
    // Her own come first: wrong ones of hers do not work, whatever there is for all.
    let tested = app.post(&format!("/api/characters/{luna}/accounts/instagram/test"), json!({})).await;
    assert_eq!(tested.status, 200, "{}", tested.text);
    app.patch(&format!("/api/characters/{luna}"), json!({"instagramApiKey": "IGAA-wrong-0123456789"})).await;
    let tested = app.post(&format!("/api/characters/{luna}/accounts/instagram/test"), json!({})).await;
    assert!(tested.text.contains("broken"), "{}", tested.text);
    // A key that is removed is gone, and what was seen with it is forgotten.
    let forgotten = app.submit("/actions/settings/keys", &[("form[network]", "x"), ("form[forget][twitterAppSecret]", "on")]).await;
    assert!(texts(&forgotten, "#x .cluster")[0].contains("1 of 4 keys are missing"));
    assert_eq!(settings(&app).await["twitterAppSecret"], "");
    assert!(app.app.store.read().accounts.get(&format!("{luna}/x")).is_none());
}
