//! The page, without script.

use super::*;

#[tokio::test]
async fn the_page_tells_first_and_one_button_does_exactly_that() {
    let app = TestApp::start_without_key().await;
    let upload = |bytes: Vec<u8>| {
        let form = Form::new().part("file", Part::bytes(bytes).file_name("my <b>old</b> app.zip"));
        app.request(Method::POST, "/actions/imports/upload").multipart(form).send()
    };
    let sent = upload(packed(&node())).await.unwrap();
    let page = sent.headers()["location"].to_str().unwrap().to_owned();
    let id = page.strip_prefix("/characters/import/").unwrap().to_owned();
    let told = app.get(&page).await.text;
    assert!(told.contains("To come: 3 characters, 4 keys, 5 pictures, 3 prompts, 2 schedules, 1 published post."), "{told}");
    assert!(told.contains("my &lt;b&gt;old&lt;/b&gt; app.zip") && told.contains("What cannot come"));
    SECRETS.iter().for_each(|secret| assert!(!told.contains(secret)));
    assert_eq!(app.stored()["characters"], json!([]));

    // What is here changes, and something else would come: nothing is stored, and the page shows what would come now.
    app.post("/api/characters/import", json!({"id": "1", "name": "Somebody Else"})).await;
    let refused = app.submit("/actions/imports/import", &[("id", &id)]).await;
    assert!(refused.contains("something else would come of it now") && refused.contains("belongs to something else here"), "{refused}");
    assert_eq!(app.stored()["characters"].as_array().unwrap().len(), 1);

    let done = app.submit("/actions/imports/import", &[("id", &id)]).await;
    assert!(done.contains("Now here: 3 characters") && done.contains("Schedules are paused"), "{done}");
    assert_eq!(app.stored()["characters"].as_array().unwrap().len(), 4);
    let again = app.submit("/actions/imports/import", &[("id", &id)]).await;
    assert!(again.contains("This import is over"), "{again}");
    assert_eq!(app.stored()["characters"].as_array().unwrap().len(), 4);

    let page = upload(packed(&node())).await.unwrap().headers()["location"].to_str().unwrap().to_owned();
    assert!(app.get(&page).await.text.contains("Nothing of it is new"));
    let id = page.strip_prefix("/characters/import/").unwrap();
    assert!(app.submit("/actions/imports/discard", &[("id", id)]).await.contains("Nothing was imported"));
    assert_eq!(app.get(&page).await.status.as_u16(), 404);
    app.nothing_waits();

    let refused = upload(b"hello".to_vec()).await.unwrap();
    assert_eq!(refused.headers()["location"], "/characters/import");
    assert!(app.get("/characters/import").await.text.contains("neither a zip nor JSON"));
}
