//! When the call that publishes has no clear answer: the account is read, and a person has the last word.

use digital_dalla::sandbox::{
    instagram::{Answer, Fault, Step},
    social::What,
    x,
};
use serde_json::{Value, json};

use crate::support::TestApp;

async fn ready() -> (TestApp, String) {
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    (app, luna)
}

/// Sends a picture, is told that nobody knows, and answers the post's id.
async fn doubtful(app: &TestApp, network: &str, luna: &str, caption: &str) -> String {
    let content = app.approved(luna, caption).await;
    let sent = app.send(network, luna, &content).await;
    assert!(sent.problem(504).0.contains("not known"), "{}", sent.text);
    assert_eq!(sent.json()["post"]["state"], "unconfirmed");
    sent.json()["post"]["id"].as_str().unwrap().to_owned()
}

/// The same, with what is to go wrong once the call that publishes has begun.
async fn doubtful_then(app: &TestApp, luna: &str, faults: Vec<Fault>) -> String {
    app.instagram.faults().ask(Fault::before(Step::Publish, What::Hang));
    let content = app.approved(luna, "Mist first.").await;
    let id = app.order_post("instagram", json!({"characterId": luna, "contentId": content})).await;
    app.instagram.faults().happened().await;
    app.instagram.faults().ask(Fault::after(Step::Publish, What::Reset));
    faults.into_iter().for_each(|fault| app.instagram.faults().ask(fault));
    app.instagram.faults().let_go();
    app.until_state(&id, "unconfirmed").await;
    id
}

async fn left_to_a_person(app: &TestApp, id: &str) -> Value {
    app.until(id, |post| post["state"] == "unconfirmed" && post["looking"] == false).await
}

#[tokio::test]
async fn what_went_out_all_the_same_is_found() {
    let (app, luna) = ready().await;
    for (number, what) in
        [What::Say(Answer::Http(502)), What::Say(Answer::Code(4, 2_207_051)), What::Say(Answer::Code(-1, 2_207_001)), What::Reset]
            .into_iter()
            .enumerate()
    {
        app.instagram.faults().ask(Fault::after(Step::Publish, what));
        let id = doubtful(&app, "instagram", &luna, &format!("Number {number}: {}", "so ".repeat(number + 1))).await;
        let post = app.until(&id, |post| post["url"].is_string()).await;
        assert_eq!((&post["state"], app.instagram.posts().len()), (&json!("published"), number + 1), "{post}");
        assert_eq!(post["networkId"], json!(app.instagram.posts()[number].id), "its own, not another");
    }
    for (number, what) in [What::Say(x::Answer::Http(503)), What::Reset].into_iter().enumerate() {
        app.x.faults().ask(x::Fault::after(x::Step::Post, what));
        let id = doubtful(&app, "twitter", &luna, &format!("Number {number} on X")).await;
        let post = app.until(&id, |post| post["url"].is_string()).await;
        assert_eq!(post["networkId"], json!(app.x.posts()[number].id));
    }
    assert_eq!((app.instagram.faults().calls(Step::Publish), app.x.faults().calls(x::Step::Post)), (4, 2));
    app.rests().await;
}

#[tokio::test]
async fn a_container_that_says_it_is_out_is_believed_where_captions_are_not_told() {
    let (app, luna) = ready().await;
    app.instagram.hide_captions();
    app.instagram.faults().ask(Fault::after(Step::Publish, What::Reset));
    let id = doubtful(&app, "instagram", &luna, "Mist first.").await;
    let post = app.until_state(&id, "published").await;
    assert_eq!((post.get("networkId"), post.get("url")), (None, None), "which one it is cannot be told: {post}");
    assert!(app.get(&format!("/posts/{id}")).await.status == 200 && app.instagram.posts().len() == 1);
}

#[tokio::test]
async fn on_x_a_post_is_known_by_its_words_where_its_pictures_have_other_names() {
    let (app, luna) = ready().await;
    app.x.rename_media();
    for (number, caption) in
        ["Mist & light, <first>.", "See studio.example.com and www.lake.org", "Look https://lake.org/a?b=c now"].into_iter().enumerate()
    {
        app.x.faults().ask(x::Fault::after(x::Step::Post, What::Reset));
        let id = doubtful(&app, "twitter", &luna, caption).await;
        let post = app.until_state(&id, "published").await;
        assert_eq!(post["networkId"], json!(app.x.posts()[number].id), "{caption}");
    }
}

#[tokio::test]
async fn what_is_not_found_is_left_to_a_person_and_never_sent_again_by_itself() {
    let (app, luna) = ready().await;
    app.instagram.faults().ask(Fault::before(Step::Publish, What::Reset));
    let id = doubtful(&app, "instagram", &luna, "Mist first.").await;
    let post = left_to_a_person(&app, &id).await;
    assert!(post["finding"].as_str().unwrap().contains("not among the newest"), "{post}");
    let looks = post["attempts"][0]["steps"].as_array().unwrap().iter().filter(|step| step["deed"] == "look").count();
    assert_eq!((looks, app.instagram.faults().calls(Step::Publish)), (4, 1));
    assert!(app.get("/").await.text.contains(&format!("/posts/{id}")), "Today says so");
    // The same picture is not sent in another way.
    let content = post["pictures"][0]["contentId"].as_str().unwrap();
    assert!(app.send("instagram", &luna, content).await.problem(409).0.contains("may be out"));
    for deed in ["publish", "cancel"] {
        app.post(&format!("/api/posts/{id}/{deed}"), json!({})).await.problem(409);
    }
    // She has looked: it is not out. Only then it goes, once.
    let page = app.submit("/actions/posts/is-not-out", &[("id", &id)]).await;
    assert!(page.contains("Noted: it is not out."), "{page}");
    assert_eq!(app.post_of(&id).await["state"], "failed");
    assert_eq!(app.post(&format!("/api/posts/{id}/publish"), json!({})).await.status, 200);
    assert_eq!((app.instagram.posts().len(), app.instagram.faults().calls(Step::Publish)), (1, 2));
}

#[tokio::test]
async fn a_person_who_is_wrong_does_not_make_it_go_out_twice() {
    let (app, luna) = ready().await;
    // Neither timeline nor list shows it for long.
    for _ in 0..4 {
        app.x.faults().ask(x::Fault::before(x::Step::Timeline, What::Say(x::Answer::Nothing)));
    }
    app.x.faults().ask(x::Fault::after(x::Step::Post, What::Reset));
    let id = doubtful(&app, "twitter", &luna, "Mist first.").await;
    left_to_a_person(&app, &id).await;
    app.post(&format!("/api/posts/{id}/resolve"), json!({"published": false})).await;
    // An account that cannot be read is no reason to send it.
    app.x.faults().ask(x::Fault::before(x::Step::Timeline, What::Say(x::Answer::Http(503))));
    let sent = app.post(&format!("/api/posts/{id}/publish"), json!({})).await;
    assert_eq!((sent.status.as_u16(), &sent.json()["post"]["state"]), (200, &json!("published")), "{}", sent.text);
    assert_eq!((app.x.posts().len(), app.x.faults().calls(x::Step::Post)), (1, 1), "the last look found it");
    app.rests().await;
}

#[tokio::test]
async fn an_account_can_be_read_once_more() {
    let (app, luna) = ready().await;
    for _ in 0..5 {
        app.x.faults().ask(x::Fault::before(x::Step::Timeline, What::Say(x::Answer::Nothing)));
    }
    app.x.faults().ask(x::Fault::after(x::Step::Post, What::Say(x::Answer::Http(500))));
    let id = doubtful(&app, "twitter", &luna, "Mist first.").await;
    left_to_a_person(&app, &id).await;
    let read = app.post(&format!("/api/posts/{id}/reconcile"), json!({})).await.json();
    assert_eq!((&read["state"], &read["looking"]), (&json!("unconfirmed"), &json!(false)), "{read}");
    let read = app.post(&format!("/api/posts/{id}/reconcile"), json!({})).await.json();
    assert_eq!(read["state"], "published", "{read}");
    app.post(&format!("/api/posts/{id}/reconcile"), json!({})).await.problem(409);
    // From the page it is the same.
    app.instagram.faults().ask(Fault::before(Step::Publish, What::Reset));
    let id = doubtful(&app, "instagram", &luna, "Mist first.").await;
    left_to_a_person(&app, &id).await;
    let page = app.submit("/actions/posts/reconcile", &[("id", &id)]).await;
    assert!(page.contains("it was not found"), "{page}");
    app.rests().await;
}

#[tokio::test]
async fn a_person_can_say_that_it_is_out() {
    let (app, luna) = ready().await;
    app.x.faults().ask(x::Fault::before(x::Step::Post, What::Say(x::Answer::Http(500))));
    let id = doubtful(&app, "twitter", &luna, "Mist first.").await;
    left_to_a_person(&app, &id).await;
    for url in ["javascript:alert(1)", "not an address", "https://", "https://me:secret@x.com/a"] {
        let refused = app.post(&format!("/api/posts/{id}/resolve"), json!({"published": true, "url": url})).await;
        assert_eq!(refused.problem(422).1, ["url"], "{url}");
    }
    let page = app.submit("/actions/posts/is-out", &[("id", &id), ("form[url]", "nowhere")]).await;
    assert!(page.contains("Paste the post") && page.contains("nowhere"), "{page}");
    let url = "https://x.com/luna_mystic/status/1";
    let resolved = app.post(&format!("/api/posts/{id}/resolve"), json!({"published": true, "url": url})).await.json();
    assert_eq!((&resolved["state"], &resolved["url"]), (&json!("published"), &json!(url)));
    app.post(&format!("/api/posts/{id}/resolve"), json!({"published": false})).await.problem(409);
    assert_eq!(app.x.faults().calls(x::Step::Post), 1);
}

#[tokio::test]
async fn an_account_that_cannot_be_read_says_nothing() {
    let (app, luna) = ready().await;
    let unreadable =
        [Fault::before(Step::Status, What::Say(Answer::Code(100, 33))), Fault::before(Step::Recent, What::Say(Answer::Http(500)))];
    let id = doubtful_then(&app, &luna, unreadable.iter().cycle().take(8).cloned().collect()).await;
    let post = left_to_a_person(&app, &id).await;
    assert!(post["finding"].as_str().unwrap().contains("could not be read"), "{post}");
    let read = app.post(&format!("/api/posts/{id}/reconcile"), json!({})).await.json();
    assert_eq!((&read["state"], app.instagram.posts().len()), (&json!("published"), 1), "{read}");
    assert!(read["url"].as_str().is_some_and(|url| url.contains("/p/")), "{read}");
}

#[tokio::test]
async fn keys_that_die_while_an_account_is_read_are_said() {
    let (app, luna) = ready().await;
    let died = [Step::Status, Step::Recent].map(|step| Fault::before(step, What::Say(Answer::Code(190, 460))));
    let id = doubtful_then(&app, &luna, died.to_vec()).await;
    app.until(&id, |post| post["attempts"][0]["looks"].as_u64().is_some_and(|looks| looks > 0)).await;
    let account = app.app.store.read().accounts.get(&format!("{luna}/instagram")).unwrap().clone();
    assert_eq!(serde_json::to_value(&*account).unwrap()["state"], "broken");
    app.until_state(&id, "published").await;
}

#[tokio::test]
async fn a_call_that_takes_effect_long_after_it_was_given_up_does_not_make_two() {
    let app = TestApp::start_changed(|config| config.network_patience = std::time::Duration::from_millis(400)).await;
    app.live().await;
    let luna = app.persona(1).await;
    app.instagram.faults().ask(Fault::before(Step::Publish, What::Hang));
    app.x.faults().ask(x::Fault::before(x::Step::Post, What::Hang));
    let on_instagram = doubtful(&app, "instagram", &luna, "Mist first.").await;
    let on_x = doubtful(&app, "twitter", &luna, "Mist first.").await;
    for id in [&on_instagram, &on_x] {
        left_to_a_person(&app, id).await;
        app.post(&format!("/api/posts/{id}/resolve"), json!({"published": false})).await;
    }
    // She was right when she looked; now it is out.
    app.instagram.faults().let_go();
    app.x.faults().let_go();
    while app.instagram.posts().is_empty() || app.x.posts().is_empty() {
        tokio::task::yield_now().await;
    }
    for id in [&on_instagram, &on_x] {
        let sent = app.post(&format!("/api/posts/{id}/publish"), json!({})).await;
        assert_eq!((sent.status.as_u16(), &sent.json()["post"]["state"]), (200, &json!("published")), "{}", sent.text);
    }
    assert_eq!((app.instagram.posts().len(), app.x.posts().len()), (1, 1));
}

#[tokio::test]
async fn a_duplicate_that_is_this_very_post_is_out() {
    let (app, luna) = ready().await;
    app.x.faults().ask(x::Fault::after(x::Step::Post, What::Say(x::Answer::Duplicate)));
    let content = app.approved(&luna, "Mist first.").await;
    let sent = app.send("twitter", &luna, &content).await;
    assert_eq!((sent.status.as_u16(), app.x.posts().len()), (200, 1), "{}", sent.text);
    app.instagram.faults().ask(Fault::after(Step::Publish, What::Say(Answer::Code(506, 0))));
    let sent = app.send("instagram", &luna, &content).await;
    assert_eq!((sent.status.as_u16(), app.instagram.posts().len()), (200, 1), "{}", sent.text);
}
