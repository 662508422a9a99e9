//! Other servers that draw.

use digital_dalla::sandbox::comfyui::Fault;
use reqwest::StatusCode;
use serde_json::json;

use super::{set, settings, texts};
use crate::{
    images::until_step,
    support::{TestApp, sandbox},
};

#[tokio::test]
async fn other_comfyui_servers_draw_at_once_and_what_is_being_drawn_is_neither_lost_nor_doubled() {
    let app = TestApp::start().await;
    let other = sandbox().await;
    let luna = app.luna().await;
    app.comfy.faults().ask(Fault::Stick { at_step: 2, deaf: false });
    let first = app.order(json!({"characterId": luna, "prompt": "a lake"})).await;
    until_step(&app, &first, 1).await;
    set(&app, json!({"comfyuiUrl": other.url()})).await;
    let page = app.get("/settings").await.text;
    let address = other.url().trim_start_matches("http://").to_owned();
    assert_eq!(texts(&page, "#comfyui-servers .mono"), [address]);
    assert!(texts(&page, "#comfyui .help")[0].contains("Set here, and in force."));
    // The new one draws although the old one still does.
    let drawn = app.post("/api/generate-image", json!({"characterId": luna, "prompt": "a sea"})).await;
    assert_eq!(drawn.status, StatusCode::OK, "{}", drawn.text);
    assert_eq!((app.comfy.prompts_received().len(), other.prompts_received().len()), (1, 1));
    assert_eq!(app.get(&format!("/api/jobs/{first}")).await.json()["status"], "running");
    app.comfy.faults().let_go();
    assert_eq!(app.ended(&first).await["status"], "done");
    assert_eq!((app.comfy.prompts_received().len(), other.prompts_received().len(), app.contents().await.len()), (1, 1, 2));
    // The next start knows them, too.
    let (comfy, dir) = app.stop().await;
    let app = TestApp::start_with(comfy, dir).await;
    assert_eq!(settings(&app).await["comfyuiUrl"], other.url());
    let drawn = app.post("/api/generate-image", json!({"characterId": luna, "prompt": "a river"})).await;
    assert_eq!(drawn.status, StatusCode::OK, "{}", drawn.text);
    assert_eq!((app.comfy.prompts_received().len(), other.prompts_received().len()), (1, 2));
    app.is_quiet();
}

#[tokio::test]
async fn a_second_comfyui_makes_room_for_a_second_picture_while_the_first_is_busy() {
    let app = TestApp::start().await;
    let second = sandbox().await;
    let luna = app.luna().await;
    app.comfy.faults().ask(Fault::Stick { at_step: 2, deaf: false });
    let stuck = app.order(json!({"characterId": luna, "prompt": "a lake"})).await;
    until_step(&app, &stuck, 1).await;
    let waiting = app.order(json!({"characterId": luna, "prompt": "a sea"})).await;
    set(&app, json!({"comfyuiUrl": format!("{}\n{}\n", app.comfy.url(), second.url())})).await;
    assert_eq!(app.ended(&waiting).await["status"], "done");
    assert_eq!((app.comfy.prompts_received().len(), second.prompts_received().len()), (1, 1));
    // Taken away and brought back, the first is the same server as before.
    set(&app, json!({"comfyuiUrl": second.url()})).await;
    set(&app, json!({"comfyuiUrl": null})).await;
    app.comfy.faults().let_go();
    assert_eq!(app.ended(&stuck).await["status"], "done");
    assert_eq!((app.comfy.prompts_received().len(), app.contents().await.len()), (1, 2));
    app.is_quiet();
}
