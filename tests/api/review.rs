//! Review: what waits, what is decided, and what was changed.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::TestApp;

async fn picture(app: &TestApp, id: &str) -> String {
    let made = app.post("/api/generate-image", json!({"characterId": id, "prompt": "by the sea"})).await.json();
    made["content"]["id"].as_str().unwrap().to_owned()
}

async fn state(app: &TestApp, content: &str) -> Value {
    app.get(&format!("/api/content/{content}")).await.json()["state"].clone()
}

#[tokio::test]
async fn a_picture_goes_through_review() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    let content = picture(&app, &luna).await;
    assert_eq!(state(&app, &content).await, "draft");
    app.post(&format!("/api/content/{content}/submit"), json!({})).await;
    assert_eq!(app.get("/api/content?state=in_review").await.json().as_array().unwrap().len(), 1);
    assert!(app.get("/").await.text.contains("1 picture waits for your decision"));
    let rejected = app.post(&format!("/api/content/{content}/reject"), json!({"reason": "the hands"})).await.json();
    assert_eq!((&rejected["state"], &rejected["rejectReason"]), (&json!("rejected"), &json!("the hands")));
    let approved = app.post(&format!("/api/content/{content}/approve"), json!({})).await.json();
    assert_eq!((&approved["state"], approved.get("rejectReason")), (&json!("approved"), None));
    assert!(approved["reviewedAt"].is_string());
    let withdrawn = app.post(&format!("/api/content/{content}/withdraw"), json!({})).await.json();
    assert_eq!((&withdrawn["state"], withdrawn.get("reviewedAt")), (&json!("draft"), None));
    app.post(&format!("/api/content/{content}/approve"), json!({})).await;
    let changed = app.patch(&format!("/api/content/{content}"), json!({"caption": "Dawn."})).await.json();
    assert_eq!(changed["state"], "approved", "new words keep it approved");
    let told =
        |edit: &Value| format!("{} {} {}", edit["by"].as_str().unwrap(), edit["field"].as_str().unwrap(), edit["before"].as_str().unwrap());
    let history: Vec<_> = changed["history"].as_array().unwrap().iter().map(told).collect();
    assert_eq!(
        history,
        ["hand state draft", "hand state in_review", "hand state rejected", "hand state approved", "hand state draft", "hand caption "]
    );
    assert_eq!(changed["history"][1]["reason"], "the hands", "why it was rejected outlives the approval");
    let page = app.get(&format!("/content/{content}")).await.text;
    for words in ["before: In review", "reason: the hands", "by hand"] {
        assert!(page.contains(words), "{words}");
    }
}

#[tokio::test]
async fn bad_decisions_are_refused() {
    let app = TestApp::start().await;
    assert_eq!(app.post("/api/content/nothing/approve", json!({})).await.status, StatusCode::NOT_FOUND);
    let luna = app.luna().await;
    let content = picture(&app, &luna).await;
    let long = app.post(&format!("/api/content/{content}/reject"), json!({"reason": "x".repeat(1_001)})).await;
    assert_eq!(long.problem(422).1, ["reason"]);
    assert_eq!(state(&app, &content).await, "draft");
}

#[tokio::test]
async fn what_has_no_picture_file_is_neither_reviewed_nor_approved() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    let content = |id: &str, status: &str| json!({"id": id, "characterId": luna, "caption": format!("Words of {id}."), "status": status});
    let sent = json!({"content": [content("draft", ""), content("waits", "pending"), content("refused", "rejected")]});
    assert_eq!(app.post("/api/characters/import", sent).await.status, StatusCode::OK);
    assert_eq!(state(&app, "waits").await, "in_review");
    assert!(app.get("/review").await.text.contains("Nothing waits"));
    assert!(!app.get("/").await.text.contains("for your decision"));

    for (id, deed) in [("draft", "submit"), ("draft", "approve"), ("waits", "approve"), ("refused", "submit")] {
        let before = state(&app, id).await;
        let (problem, _) = app.post(&format!("/api/content/{id}/{deed}"), json!({})).await.problem(409);
        assert!(problem.contains(&format!("“Words of {id}.” has no picture file")), "{problem}");
        assert_eq!(state(&app, id).await, before);
    }
    // One of several refuses all of them.
    let whole = picture(&app, &luna).await;
    let refused =
        app.submit("/actions/content/decide", &[("form[ids][0]", &whole), ("form[ids][1]", "draft"), ("form[decision]", "approve")]).await;
    assert!(refused.contains("“Words of draft.” has no picture file: it cannot go out, so it cannot be approved."), "{refused}");
    assert_eq!(state(&app, &whole).await, "draft");

    for id in ["draft", "waits", "refused"] {
        let page = app.get(&format!("/content/{id}")).await.text;
        for offered in ["Download", "Approve", "Send to review", "Post to", "/actions/posts/create"] {
            assert!(!page.contains(offered), "{offered} of {id}");
        }
    }
    assert!(app.get(&format!("/content/{whole}")).await.text.contains("Download"));
    assert_eq!(app.post("/api/content/waits/withdraw", json!({})).await.json()["state"], "draft");
    let grid = app.get("/content").await.text;
    assert!(grid.contains(&format!("value=\"{whole}\"")) && !grid.contains("value=\"draft\" aria-label"), "{grid}");
    assert!(grid.contains("No picture file"));
    let missing = app.get("/media/draft.png?download=1").await;
    assert_eq!((missing.status, missing.text.as_str()), (StatusCode::NOT_FOUND, "There is no such picture."));
}

#[tokio::test]
async fn what_is_approved_already_stays_so_without_a_file() {
    let app = TestApp::start().await;
    let sent = json!({"characters": [{"id": "old", "name": "Old"}], "content": [{"id": "out", "characterId": "old", "caption": "x", "status": "posted"}]});
    app.post("/api/characters/import", sent).await;
    assert_eq!(state(&app, "out").await, "approved");
    assert_eq!(app.post("/api/content/out/approve", json!({})).await.status, StatusCode::OK);
    assert!(!app.get("/characters/old").await.text.contains("Created "), "an older app noted no times");
}

#[tokio::test]
async fn the_page_decides_and_goes_on_to_the_next() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let content = picture(&app, &luna).await;
        app.post(&format!("/api/content/{content}/submit"), json!({})).await;
        waiting.push(content);
    }
    let page = app.get("/review").await.text;
    assert!(page.contains("1 of 3") && page.contains(&waiting[0]), "the oldest comes first");
    let back = format!("/review?picture={}", waiting[0]);
    let page = app.submit("/actions/review/decide", &[("id", &waiting[0]), ("decision", "approve"), ("back", &back)]).await;
    assert!(page.contains("1 of 2") && page.contains("Approved."));
    let reject = [("id", waiting[1].as_str()), ("decision", "reject"), ("reason", "too <b>dark</b>"), ("back", "/review")];
    app.submit("/actions/review/decide", &reject).await;
    assert_eq!((state(&app, &waiting[0]).await, state(&app, &waiting[1]).await), (json!("approved"), json!("rejected")));
    let detail = app.get(&format!("/content/{}", waiting[1])).await.text;
    assert!(detail.contains("too &lt;b&gt;dark&lt;/b&gt;"), "a reason is text");
}

#[tokio::test]
async fn another_one_comes_to_review_by_itself() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    let content = picture(&app, &luna).await;
    app.post(&format!("/api/content/{content}/submit"), json!({})).await;
    let back = format!("/review?picture={content}&character={luna}");
    let page = app.submit("/actions/review/again", &[("id", &content), ("back", &back)]).await;
    assert!(page.contains("Another one is being made"));
    assert_eq!(state(&app, &content).await, "rejected");
    let job = app.get("/api/jobs").await.json()[0]["id"].as_str().unwrap().to_owned();
    let job = app.ended(&job).await;
    assert_eq!(job["status"], "done", "{job}");
    let waiting = app.get(&format!("/api/content?state=in_review&characterId={luna}")).await.json();
    assert_eq!(waiting[0]["id"], job["shots"][0]["contentId"]);
    let (first, second) = (app.get(&format!("/api/content/{content}")).await.json(), &waiting[0]);
    assert_ne!(first["provenance"]["seed"], second["provenance"]["seed"]);
    assert_eq!(first["provenance"]["recipe"], second["provenance"]["recipe"], "its parts are the same too");
    app.is_quiet();
}

#[tokio::test]
async fn how_it_would_look_is_shown_for_each_network() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    app.patch(&format!("/api/characters/{luna}"), json!({"instagramHandle": "luna.mystic", "twitterHandle": "luna_x"})).await;
    let content = picture(&app, &luna).await;
    let words = json!({"caption": "Mist <b>first</b>. #lake", "twitterCaption": "Mist.", "altText": "A lake"});
    app.patch(&format!("/api/content/{content}"), words).await;
    app.post(&format!("/api/content/{content}/submit"), json!({})).await;
    for path in ["/review".to_owned(), format!("/content/{content}")] {
        let page = scraper::Html::parse_document(&app.get(&path).await.text);
        let shown = |selector: &str| -> Vec<String> {
            let selector = scraper::Selector::parse(selector).unwrap();
            page.select(&selector).map(|found| found.text().collect::<String>().trim().to_owned()).collect()
        };
        assert_eq!(shown("#previews .caption"), ["Mist <b>first</b>. #lake", "Mist."], "{path}");
        assert_eq!(shown("#previews .hashtag"), ["#lake"], "{path}");
        assert_eq!(shown("#previews .caption-count"), ["Instagram: 24 of 2,200, 1 hashtag", "X: 5 of 280, 0 hashtags"], "{path}");
        assert!(
            shown(".post-preview header").iter().zip(["@luna.mystic", "@luna_x"]).all(|(head, handle)| head.contains(handle)),
            "{path}"
        );
        // 64 × 96 is taller than Instagram takes: its edges go.
        let frames = scraper::Selector::parse("#previews svg").unwrap();
        let frames: Vec<_> = page.select(&frames).map(|frame| frame.value().attr("viewBox").unwrap()).collect();
        assert_eq!(frames, ["0 0 320 400", "0 0 64 96"], "{path}");
    }
}
