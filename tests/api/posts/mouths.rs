//! Two mouths, one ledger: forms and the API say and store the same.

use digital_dalla::sandbox::{instagram::Step, x};
use serde_json::{Value, json};

use crate::support::TestApp;

/// A post without what is its own by nature.
fn plain(mut post: Value) -> Value {
    let moments = ["id", "characterId", "jobId", "scheduledAt", "publishedAt", "createdAt", "updatedAt", "networkId", "url", "caption"];
    for field in moments {
        post.as_object_mut().unwrap().remove(field);
    }
    post["pictures"] = json!(post["pictures"].as_array().map(Vec::len));
    for attempt in post["attempts"].as_array_mut().unwrap() {
        let deeds: Vec<_> = attempt["steps"].as_array().unwrap().iter().map(|step| json!([step["deed"], step["failed"]])).collect();
        *attempt = json!(deeds);
    }
    post
}

#[tokio::test]
async fn a_form_and_the_api_post_alike() {
    let app = TestApp::start().await;
    app.live().await;
    for network in ["instagram", "x"] {
        let mut posts = Vec::new();
        for (number, form) in [(11, true), (12, false)] {
            let character = app.persona(number).await;
            let content = app.approved(&character, &format!("Words of {number} on {network}.")).await;
            if form {
                let fields = [("id", content.as_str()), ("character", &character), ("form[network]", network)];
                let page = app.submit("/actions/posts/create", &fields).await;
                assert!(page.contains("On its way."), "{page}");
            } else {
                let name = if network == "x" { "twitter" } else { network };
                assert_eq!(app.send(name, &character, &content).await.status, 200);
            }
            let listed = app.get(&format!("/api/posts?characterId={character}")).await.json();
            let id = listed[0]["id"].as_str().unwrap().to_owned();
            posts.push(plain(app.until(&id, |post| post["state"] == "published" && post["url"].is_string()).await));
            app.delete(&format!("/api/characters/{character}")).await;
        }
        assert_eq!(posts[0], posts[1], "{network}");
    }
    assert_eq!((app.instagram.posts().len(), app.x.posts().len()), (2, 2));
}

#[tokio::test]
async fn a_form_that_is_refused_keeps_what_was_typed_beside_what_is_wrong() {
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    let content = app.approved(&luna, "Mist first.").await;
    let fields =
        [("id", content.as_str()), ("character", &luna), ("form[network]", "instagram"), ("form[scheduledAt]", "2020-01-01T10:00")];
    let page = app.submit("/actions/posts/create", &fields).await;
    assert!(page.contains("This time has passed.") && page.contains("2020-01-01T10:00"), "{page}");
    assert_eq!(app.get("/api/posts").await.json(), json!([]));
    let at = chrono::Utc::now() + chrono::Duration::days(2);
    let typed = at.with_timezone(&chrono_tz::Europe::Rome).format("%Y-%m-%dT%H:%M").to_string();
    let fields = [("id", content.as_str()), ("character", &luna), ("form[network]", "instagram"), ("form[scheduledAt]", &typed)];
    assert!(app.submit("/actions/posts/create", &fields).await.contains("It goes out at its time."));
    let post = app.get("/api/posts?state=scheduled").await.json()[0].clone();
    let stored: chrono::DateTime<chrono::Utc> = serde_json::from_value(post["scheduledAt"].clone()).unwrap();
    assert!((stored - at).num_seconds().abs() <= 60, "read in the installation's zone: {stored}");
    // Changed, sent and taken back by forms.
    let id = post["id"].as_str().unwrap();
    let long = "x".repeat(2_201);
    let page = app.submit("/actions/posts/change", &[("id", id), ("form[caption]", &long), ("form[scheduledAt]", &typed)]).await;
    assert!(page.contains("Instagram takes 2200 characters at most") && page.contains(&long), "{page}");
    app.submit("/actions/posts/change", &[("id", id), ("form[caption]", "Other <words>."), ("form[scheduledAt]", &typed)]).await;
    assert_eq!(app.post_of(id).await["caption"], "Other <words>.");
    let page = app.submit("/actions/posts/cancel", &[("id", id)]).await;
    assert!(page.contains("It will not go out.") && page.contains("Other &lt;words&gt;."), "{page}");
    assert_eq!(app.instagram.faults().calls(Step::Create) + app.x.faults().calls(x::Step::Upload), 0);
    app.submit("/actions/posts/send", &[("id", id)]).await;
    app.until_state(id, "published").await;
    let page = app.submit("/actions/posts/cancel", &[("id", id)]).await;
    assert!(page.contains("It is out already."), "{page}");
}

#[tokio::test]
async fn pages_say_how_posts_stand() {
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    let content = app.approved(&luna, "<script>alert(1)</script> first.").await;
    let sent = app.send("instagram", &luna, &content).await.json();
    let id = sent["post"]["id"].as_str().unwrap();
    for path in ["/posts", "/posts?state=published", "/", &format!("/posts/{id}"), &format!("/content/{content}")] {
        let page = app.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(!page.text.contains("<script>alert(1)"), "{path}: words are words");
    }
    let page = app.submit("/actions/posting/pause", &[("back", "/posts")]).await;
    assert!(page.contains("Posting is paused.") && page.contains("PAUSED"));
    let page = app.submit("/actions/posting/resume", &[("back", "/posts")]).await;
    assert!(page.contains("Posting goes on.") && !page.contains("PAUSED"));
    assert_eq!(app.get("/posts/nothing").await.status, 404);
}
