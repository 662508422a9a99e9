//! The pages of datasets, as a browser without script uses them.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{add, captions, dataset, form, names, png};
use crate::support::TestApp;

/// Sends the form with files, and answers the page it leads to.
async fn upload(app: &TestApp, id: &str, files: &[(&str, Vec<u8>)]) -> String {
    let sent = app.request(Method::POST, &format!("/actions/datasets/upload/{id}")).multipart(form(files)).send().await.unwrap();
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    app.get(sent.headers()["location"].to_str().unwrap()).await.text
}

#[tokio::test]
async fn files_come_by_a_plain_form_and_the_page_says_what_became_of_them() {
    let app = TestApp::start_set(std::sync::Arc::new(tempfile::tempdir().unwrap()), |config| {
        (config.picture_limit, config.upload_limit) = (1_000_000, 3_000_000);
    })
    .await;
    let id = dataset(&app).await;
    let large = [png(5), vec![0; 1_200_000]].concat();
    let page = upload(&app, &id, &[("01.png", png(1)), ("<b>evil</b>.png", b"words".to_vec()), ("large.png", large)]).await;
    assert!(page.contains("1 picture added."), "larger than other forms may be, and still read");
    assert!(page.contains("2 files were not taken.") && page.contains("larger than 1 MB"));
    assert!(page.contains("&lt;b&gt;evil&lt;/b&gt;.png") && !page.contains("<b>evil</b>"), "names are shown as text");
    let again = app.get(&format!("/datasets/{id}")).await.text;
    assert!(!again.contains("were not taken"), "it is said once");
    let page = upload(&app, &id, &[("", Vec::new())]).await;
    assert!(page.contains("Choose at least one picture."));
    let page = upload(&app, &id, &[("a.png", vec![0; 3_100_000])]).await;
    assert!(page.contains("more than 3 MB at once"));
    let missing = app.request(Method::POST, "/actions/datasets/upload/nothing").multipart(form(&[("a.png", png(1))])).send().await.unwrap();
    assert_eq!(missing.status(), StatusCode::SEE_OTHER);
    assert_eq!(names(&app, &id).await, ["01.png"]);
    let elsewhere = app
        .request(Method::POST, &format!("/actions/datasets/upload/{id}"))
        .header("origin", "https://evil.example")
        .header("sec-fetch-site", "cross-site")
        .multipart(form(&[("02.png", png(2))]));
    assert_eq!(elsewhere.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    assert_eq!(names(&app, &id).await, ["01.png"]);
}

#[tokio::test]
async fn words_of_anybody_are_shown_as_words() {
    let app = TestApp::start().await;
    let id = dataset(&app).await;
    let evil = "</textarea><script>alert(1)</script>\"'&";
    app.patch(&format!("/api/lora/datasets/{id}"), json!({"name": evil, "triggerWord": "<i>luna</i>"})).await;
    add(&app, &id, &[("a\"onerror=alert(1) x=\".png", png(1))]).await;
    let name = names(&app, &id).await.remove(0);
    let address = percent_encoding::utf8_percent_encode(&name, percent_encoding::NON_ALPHANUMERIC).to_string();
    app.patch(&format!("/api/lora/datasets/{id}/images/{address}"), json!({"caption": evil})).await;
    for page in [format!("/datasets/{id}"), "/datasets".into(), format!("/datasets/{id}/library")] {
        let page = app.get(&page).await.text;
        assert!(!page.contains("<script>alert") && !page.contains("<i>luna"), "{page}");
        assert!(!page.contains("\"onerror"), "{page}");
    }
    let shown = app.get(&format!("/datasets/{id}")).await.text;
    let shown = scraper::Html::parse_document(&shown);
    let field = shown.select(&scraper::Selector::parse("textarea[name=caption]").unwrap()).next().unwrap();
    assert_eq!(field.text().collect::<String>().trim_start_matches('\n').trim_end(), evil);
}

#[tokio::test]
async fn forms_do_what_the_api_does() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    let refused = app.submit("/actions/datasets/create", &[("form[name]", ""), ("form[characterId]", &luna)]).await;
    assert!(refused.contains("Give the dataset a name."));
    let page =
        app.submit("/actions/datasets/create", &[("form[name]", "Luna"), ("form[characterId]", &luna), ("form[triggerWord]", "")]).await;
    assert!(page.contains("No pictures yet") && page.contains("luna_character"));
    let id = app.get("/api/lora/datasets").await.json()[0]["id"].as_str().unwrap().to_owned();
    add(&app, &id, &[("1.png", png(1)), ("2.png", png(2)), ("2.txt", "red hat, smile".into()), ("3.png", png(3))]).await;
    let here = format!("/datasets/{id}?show=captions&page=1");
    let saved = app
        .submit(
            "/actions/datasets/caption",
            &[("id", &id), ("name", "1.png"), ("caption", "by the lake"), ("back", &format!("{here}#image-1"))],
        )
        .await;
    assert!(saved.contains("Saved."));
    let away = app
        .request(Method::POST, "/actions/datasets/caption")
        .form(&[("id", id.as_str()), ("name", "1.png"), ("caption", "by the lake"), ("back", "//evil.example")])
        .send()
        .await
        .unwrap();
    assert_eq!(away.headers()["location"], format!("/datasets/{id}"));
    let page =
        app.submit("/actions/datasets/tool", &[("id", &id), ("form[tool]", "remove_tag"), ("form[tag]", "smile"), ("back", &here)]).await;
    assert!(page.contains("1 caption changed.") && page.contains("Undo"));
    let page = app.submit("/actions/datasets/tool", &[("id", &id), ("form[tool]", "remove_tag"), ("form[tag]", "a, b")]).await;
    assert!(page.contains("one tag at a time") && page.contains("a, b"), "what was typed is kept");
    let page = app
        .submit("/actions/datasets/tool", &[("id", &id), ("form[tool]", "prefix"), ("form[names][]", "1.png"), ("form[names][]", "3.png")])
        .await;
    assert!(page.contains("1 caption changed."));
    let page = app.submit("/actions/datasets/fix", &[("id", &id), ("fix", "prefix_trigger"), ("family", "sdxl")]).await;
    assert!(page.contains("1 caption changed."));
    let page = app.submit("/actions/datasets/fix", &[("id", &id), ("fix", "prefix_trigger")]).await;
    assert!(page.contains("nothing to do"));
    let all: Vec<_> = captions(&app, &id).await.into_iter().map(|(_, caption)| caption).collect();
    assert_eq!(all, ["luna_character, by the lake", "luna_character, red hat", ""]);
    let page = app
        .submit("/actions/datasets/remove", &[("id", &id), ("form[names][]", "2.png"), ("form[names][]", "3.png"), ("back", &here)])
        .await;
    assert!(page.contains("2 pictures removed."));
    let page = app.submit("/actions/datasets/remove", &[("id", &id), ("back", &here)]).await;
    assert!(page.contains("Choose at least one picture"));
    let page = app.submit("/actions/datasets/look-again", &[("id", &id)]).await;
    assert!(page.contains("Every file can be read."));
    let page = app.submit("/actions/datasets/save", &[("id", &id), ("form[name]", "x"), ("form[triggerWord]", "a, b")]).await;
    assert!(page.contains("A trigger word has no commas"));
    let page = app.submit("/actions/datasets/delete", &[("id", &id)]).await;
    assert!(page.contains("Luna is deleted.") && page.contains("No datasets yet"));
    assert_eq!(app.get(&format!("/datasets/{id}")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.get(&format!("/datasets/{id}/library")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn without_a_key_the_page_says_how_to_get_captions() {
    let app = TestApp::start_without_key().await;
    let id = dataset(&app).await;
    add(&app, &id, &[("1.png", png(1))]).await;
    let page = app.get(&format!("/datasets/{id}")).await.text;
    assert!(page.contains("It needs a key") && page.contains("/settings#gemini"));
    let page = app.submit("/actions/datasets/describe", &[("id", &id)]).await;
    assert!(page.contains("no key for Gemini"));
}

#[tokio::test]
async fn five_hundred_pictures_come_in_pages() {
    let app = TestApp::start().await;
    let id = dataset(&app).await;
    let full = id.clone();
    app.app
        .store
        .write(move |tx| {
            let mut dataset = digital_dalla::domain::dataset::Dataset::clone(&tx.get(&full).unwrap());
            let image = |n: usize| {
                serde_json::from_value(
                    json!({"name": format!("{n:03}.png"), "width": 1024, "height": 1024, "caption": if n < 100 { "" } else { "luna" }}),
                )
                .unwrap()
            };
            dataset.images = (0..500).map(image).collect();
            tx.put(dataset)
        })
        .await
        .unwrap();
    let shown = async |query: &str| {
        let page = app.get(&format!("/datasets/{id}{query}")).await.text;
        let page = scraper::Html::parse_document(&page);
        let (name, next) = (".dataset-image .head > :first-child", ".pager a[rel=next]");
        let [name, next] = [name, next].map(|selector| scraper::Selector::parse(selector).unwrap());
        let names: Vec<_> = page.select(&name).map(|name| name.text().collect::<String>()).collect();
        (names, page.select(&next).next().is_some())
    };
    let (names, more) = shown("").await;
    assert_eq!((names.len(), names[0].as_str(), more), (48, "000.png", true));
    let (names, more) = shown("?page=11").await;
    assert_eq!((names.len(), names[19].as_str(), more), (20, "499.png", false));
    let (names, _) = shown("?page=9999").await;
    assert_eq!(names.len(), 20, "beyond the end is the end");
    let (names, more) = shown("?show=captions&page=3").await;
    assert_eq!((names.len(), names[3].as_str(), more), (4, "099.png", false));
    assert_eq!(shown("?show=nonsense&page=-1").await.0.len(), 48);
}
