//! Tokens of Instagram, which end after sixty days unless they are renewed.

use chrono::{Duration, Utc};
use digital_dalla::{
    sandbox::{
        instagram::{Answer, Fault, Step, TOKEN, token},
        social::What,
    },
    service::accounts,
};
use serde_json::{Value, json};

use crate::support::TestApp;

async fn connected() -> (TestApp, String) {
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    app.post(&format!("/api/characters/{luna}/accounts/instagram/test"), json!({})).await;
    (app, luna)
}

fn account(app: &TestApp, luna: &str) -> Value {
    serde_json::to_value(&**app.app.store.read().accounts.get(&format!("{luna}/instagram")).unwrap()).unwrap()
}

fn stored_token(app: &TestApp, luna: &str) -> String {
    use secrecy::ExposeSecret;
    app.app.store.secret(luna, "instagramApiKey").unwrap().expose_secret().to_owned()
}

#[tokio::test]
async fn a_token_is_renewed_in_time_and_what_came_back_is_used() {
    let (app, luna) = connected().await;
    let now = Utc::now();
    accounts::keep(&app.app, now).await;
    assert_eq!(app.instagram.faults().calls(Step::Renew), 0, "not yet");
    accounts::keep(&app.app, now + Duration::days(8)).await;
    assert_eq!(stored_token(&app, &luna), format!("{TOKEN}r1"));
    let ends = account(&app, &luna)["expiresAt"].as_str().unwrap().parse::<chrono::DateTime<Utc>>().unwrap();
    assert_eq!((ends - now).num_days(), 68);
    accounts::keep(&app.app, now + Duration::days(9)).await;
    accounts::keep(&app.app, now + Duration::days(16)).await;
    assert_eq!((stored_token(&app, &luna), app.instagram.faults().calls(Step::Renew)), (format!("{TOKEN}r2"), 2));
    let content = app.approved(&luna, "With the new one.").await;
    assert_eq!(app.send("instagram", &luna, &content).await.status, 200);
}

#[tokio::test]
async fn a_renewal_that_fails_is_tried_again_and_a_dead_token_is_said() {
    let (app, luna) = connected().await;
    let (now, ask) = (Utc::now(), |answer| app.instagram.faults().ask(Fault::before(Step::Renew, What::Say(answer))));
    ask(Answer::Http(500));
    accounts::keep(&app.app, now + Duration::days(8)).await;
    accounts::keep(&app.app, now + Duration::days(8) + Duration::minutes(1)).await;
    assert_eq!(app.instagram.faults().calls(Step::Renew), 1, "not at once");
    assert_eq!((stored_token(&app, &luna), account(&app, &luna)["state"].clone()), (TOKEN.to_owned(), json!("connected")));
    accounts::keep(&app.app, now + Duration::days(8) + Duration::hours(7)).await;
    assert_eq!(stored_token(&app, &luna), format!("{TOKEN}r1"));
    ask(Answer::Code(190, 463));
    accounts::keep(&app.app, now + Duration::days(16)).await;
    assert_eq!(account(&app, &luna)["state"], "broken");
    let content = app.approved(&luna, "In vain.").await;
    assert_eq!(app.send("instagram", &luna, &content).await.problem(422).1, ["characterId"]);
    app.rests().await;
}

#[tokio::test]
async fn a_token_that_was_entered_during_a_renewal_stays() {
    let (app, luna) = connected().await;
    app.instagram.faults().ask(Fault::after(Step::Renew, What::Hang));
    let renewing = tokio::spawn({
        let app = app.app.clone();
        async move { accounts::keep(&app, Utc::now() + Duration::days(8)).await }
    });
    app.instagram.faults().happened().await;
    app.patch(&format!("/api/characters/{luna}"), json!({"instagramApiKey": token(7)})).await;
    app.instagram.faults().let_go();
    renewing.await.unwrap();
    assert_eq!(stored_token(&app, &luna), token(7));
}

#[tokio::test]
async fn a_token_that_several_characters_share_is_renewed_once_for_all_of_them() {
    let app = TestApp::start().await;
    app.live().await;
    assert!(app.put("/api/settings", json!({"instagramApiKey": TOKEN})).await.status.is_success());
    let luna = app.luna().await;
    let cortex = app.post("/api/characters", json!({"name": "Cortex"})).await.json()["id"].as_str().unwrap().to_owned();
    for id in [&luna, &cortex] {
        let tested = app.post(&format!("/api/characters/{id}/accounts/instagram/test"), json!({})).await;
        assert_eq!(tested.json()["state"], "connected", "{}", tested.text);
    }
    let now = Utc::now();
    accounts::keep(&app.app, now + Duration::days(8)).await;
    assert_eq!(app.instagram.faults().calls(Step::Renew), 1);
    assert_eq!(stored_token(&app, "settings"), format!("{TOKEN}r1"));
    assert_eq!(account(&app, &luna)["expiresAt"], account(&app, &cortex)["expiresAt"]);
    assert!(account(&app, &luna)["expiresAt"].is_string());
    accounts::keep(&app.app, now + Duration::days(16)).await;
    assert_eq!((stored_token(&app, "settings"), app.instagram.faults().calls(Step::Renew)), (format!("{TOKEN}r2"), 2));
}
