//! The search over pages, characters and deeds.

use reqwest::Method;
use scraper::{Html, Selector};
use serde_json::json;

use crate::support::{Answer, TestApp};

fn all(page: &Html, selector: &str) -> Vec<String> {
    let text = |found: scraper::ElementRef| found.text().collect::<String>().trim().to_owned();
    page.select(&Selector::parse(selector).unwrap()).map(text).collect()
}

async fn page(app: &TestApp, path: &str) -> Html {
    let answer = app.get(path).await;
    assert_eq!(answer.status, 200, "{path}");
    Html::parse_document(&answer.text)
}

#[tokio::test]
async fn everything_the_sidebar_has_is_found_and_leads_somewhere() {
    let app = TestApp::start().await;
    app.luna().await;
    let found = page(&app, "/find").await;
    let names = all(&found, "#entries .name");
    let links = Selector::parse(".sidebar > a[data-key]").unwrap();
    assert!(found.select(&links).count() > 10);
    for link in found.select(&links) {
        let href = link.value().attr("href").unwrap();
        let entry = Selector::parse(&format!("#entries a[href='{href}']")).unwrap();
        assert!(found.select(&entry).next().is_some(), "{href} is found");
    }
    assert!(["Luna", "Draw a picture of Luna", "Make a backup", "New training"].iter().all(|name| names.iter().any(|known| known == name)));
    for link in found.select(&Selector::parse("#entries a").unwrap()) {
        let href = link.value().attr("href").unwrap();
        let answer = Answer::of(app.request(Method::GET, href.split('#').next().unwrap())).await;
        assert!(answer.status.is_success() || answer.status.is_redirection(), "{href} answers {}", answer.status);
    }
    let ids: Vec<_> = found.select(&Selector::parse("#entries > li").unwrap()).map(|row| row.value().attr("data-entry").unwrap()).collect();
    let different: std::collections::HashSet<_> = ids.iter().collect();
    assert_eq!(different.len(), ids.len(), "each is known by a name of its own: {ids:?}");
}

#[tokio::test]
async fn what_is_stored_is_shown_as_text_and_deeds_ask_as_their_pages_do() {
    let app = TestApp::start().await;
    let name = "<img src=x onerror=alert(1)> “Ænne”";
    let made = app.post("/api/characters", json!({"name": name})).await.json();
    let task = json!({"characterId": made["id"], "type": "post_next", "schedule": "0 9 * * *", "config": {"postToTwitter": true}});
    assert_eq!(app.post("/api/scheduler/tasks", task).await.status, 201);
    app.post("/api/settings", json!({"dryRun": "false"})).await;
    let found = page(&app, "/find?q=%C3%A6nne").await;
    assert_eq!(found.select(&Selector::parse("img[onerror]").unwrap()).count(), 0);
    assert_eq!(all(&found, "#entries .name")[0], name);
    let run = page(&app, "/find?q=run+now").await;
    let button = Selector::parse("#entries form[action='/actions/schedules/run'] button").unwrap();
    let button = run.select(&button).next().expect("the schedule can be run");
    assert_eq!(button.value().attr("data-confirm"), Some("Run it now?"));
    assert!(button.value().attr("data-confirm-text").unwrap().contains("as soon as review lets it"));
    let all_of_them = page(&app, "/find?q=run+all+schedules").await;
    assert!(all_of_them.select(&Selector::parse("button[data-confirm='Run 1 schedule now?']").unwrap()).next().is_some());
    assert_eq!(all(&page(&app, "/find?q=zzzz").await, ".empty h2"), ["Nothing by that name"]);
}

#[tokio::test]
async fn pausing_is_offered_while_nothing_is_paused_and_resuming_while_it_is() {
    let app = TestApp::start().await;
    assert_eq!(all(&page(&app, "/find?q=everything").await, "#entries .name")[0], "Pause everything");
    app.submit("/actions/posting/pause", &[("back", "/find")]).await;
    assert_eq!(all(&page(&app, "/find?q=everything").await, "#entries .name")[0], "Resume everything");
}
