//! How times, weeks and pages look.

use chrono::{DateTime, Utc};
use digital_dalla::domain::times::{Hours, Times};
use reqwest::{Method, header};
use scraper::{Html, Selector};
use serde_json::json;

use super::{set, texts};
use crate::support::{Answer, TestApp};

#[tokio::test]
async fn weeks_begin_with_the_day_that_is_set() {
    let app = TestApp::start().await;
    let heads = async |app: &TestApp| texts(&app.get("/calendar?view=month&at=2026-11").await.text, ".calendar th");
    assert_eq!(heads(&app).await, ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]);
    set(&app, json!({"weekStart": "sunday"})).await;
    assert_eq!(heads(&app).await, ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]);
    let month = Html::parse_document(&app.get("/calendar?view=month&at=2026-11").await.text);
    let first = month.select(&Selector::parse(".calendar td").unwrap()).next().unwrap();
    assert_eq!(first.attr("data-day"), Some("2026-11-01"), "the first of November 2026 is a Sunday");
    let week = app.get("/calendar?view=week&at=2026-12-03").await.text;
    assert_eq!(texts(&week, "h1"), ["29 November – 5 December 2026"]);
    set(&app, json!({"weekStart": "saturday"})).await;
    assert_eq!(heads(&app).await[0], "Sat");
}

#[tokio::test]
async fn times_are_said_in_the_zone_and_on_the_clock_that_are_set() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    let task = json!({"characterId": luna, "type": "generate_only", "schedule": "0 18 * * *"});
    let task = app.post("/api/scheduler/tasks", task).await.json();
    let page = format!("/api/scheduler/tasks/{}", task["id"].as_str().unwrap());
    assert_eq!(task["words"], "Every day at 18:00");
    let shown = async |app: &TestApp, times: Times| {
        let page = Html::parse_document(&app.get("/activity").await.text);
        let found: Vec<_> = page.select(&Selector::parse("main time[datetime]").unwrap()).collect();
        assert!(!found.is_empty());
        for time in found {
            let at: DateTime<Utc> = time.attr("datetime").unwrap().parse().unwrap();
            assert_eq!(time.text().collect::<String>(), times.moment(at));
        }
    };
    shown(&app, Times { zone: chrono_tz::Europe::Rome, hours: Hours::TwentyFour }).await;
    set(&app, json!({"timezone": "Asia/Tokyo", "clock": "12"})).await;
    shown(&app, Times { zone: chrono_tz::Asia::Tokyo, hours: Hours::Twelve }).await;
    let task = app.get(&page).await.json();
    assert_eq!(task["words"], "Every day at 6:00 pm");
    let next: DateTime<Utc> = serde_json::from_value(task["nextRun"].clone()).unwrap();
    assert_eq!(next.with_timezone(&chrono_tz::Asia::Tokyo).format("%H:%M").to_string(), "18:00");
    assert_eq!(app.get("/api/scheduler").await.json()["timezone"], "Asia/Tokyo");
    let general = app.get("/settings").await.text;
    assert!(texts(&general, "#general header p")[0].ends_with("m in Asia/Tokyo."), "{general}");
    assert!(general.contains("data-zone=\"Asia/Tokyo\" data-clock=\"12\""), "the script says times the same way");
}

#[tokio::test]
async fn the_theme_of_the_installation_gives_way_to_the_one_a_person_chose() {
    let app = TestApp::start().await;
    let theme = async |cookie: &str| {
        let page = app.request(Method::GET, "/").header(header::COOKIE, cookie);
        let page = Html::parse_document(&Answer::of(page).await.text);
        page.root_element().attr("data-theme").map(str::to_owned)
    };
    assert_eq!(theme("").await, None);
    set(&app, json!({"theme": "dark"})).await;
    assert_eq!(theme("").await.as_deref(), Some("dark"));
    assert_eq!(theme("theme=light").await.as_deref(), Some("light"));
    assert_eq!(theme("theme=system").await, None);
    assert_eq!(theme("theme=nonsense").await.as_deref(), Some("dark"));
}
