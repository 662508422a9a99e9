//! Whatever is cut off, and wherever: one picture, once.

use std::sync::Arc;

use digital_dalla::sandbox::comfyui::Fault;
use reqwest::StatusCode;
use serde_json::json;

use crate::{
    images::until_step,
    support::{TestApp, sandbox},
};

#[tokio::test]
async fn a_comfyui_that_is_restarted_gets_the_picture_again() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    app.comfy.faults().ask(Fault::Stick { at_step: 2, deaf: false });
    let job = app.order(json!({"characterId": id, "prompt": "a lake"})).await;
    until_step(&app, &job, 1).await;
    app.comfy.restart().await.unwrap();
    let ended = app.ended(&job).await;
    assert_eq!(ended["status"], "done", "{ended}");
    assert_eq!((app.contents().await.len(), app.comfy.prompts_received().len()), (1, 2));
    app.is_quiet();
}

#[tokio::test]
async fn a_comfyui_that_does_not_come_back_ends_in_a_clear_failure() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    app.comfy.faults().ask(Fault::Stick { at_step: 2, deaf: false });
    let job = app.order(json!({"characterId": id, "prompt": "a lake"})).await;
    until_step(&app, &job, 1).await;
    app.comfy.stop().await;
    let ended = app.ended(&job).await;
    assert_eq!(ended["status"], "failed");
    assert!(ended["problem"]["message"].as_str().unwrap().contains("does not answer"), "{ended}");
    app.comfy.start_again().await.unwrap();
    app.post(&format!("/api/jobs/{job}/retry"), json!({})).await;
    let ended = app.ended(&job).await;
    assert_eq!(ended["status"], "done", "{ended}");
}

#[tokio::test]
async fn faults_on_the_way_cost_no_picture_and_make_none_twice() {
    for fault in [
        Fault::DropSockets { after_step: 1 },
        Fault::LagHistory { reads: 2 },
        Fault::TruncateView,
        Fault::LosePromptAnswer,
        Fault::LoseOutput,
        Fault::LoseQueue { at_step: 2 },
    ] {
        let app = TestApp::start().await;
        let id = app.luna().await;
        app.comfy.faults().ask(fault.clone());
        let answer = app.post("/api/generate-image", json!({"characterId": id, "prompt": "a lake"})).await;
        assert_eq!(answer.status, StatusCode::OK, "{fault:?}: {}", answer.text);
        assert_eq!(app.contents().await.len(), 1, "{fault:?}");
        app.is_quiet();
    }
}

#[tokio::test]
async fn a_half_valid_workflow_is_refused_and_stopped() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    app.comfy.faults().ask(Fault::DropOutput);
    app.post("/api/generate-image", json!({"characterId": id, "prompt": "a lake"})).await.problem(502);
    assert!(app.contents().await.is_empty());
}

#[tokio::test]
async fn our_own_restart_goes_on_with_the_picture_that_was_sent() {
    for finish_meanwhile in [false, true] {
        let app = TestApp::start().await;
        let id = app.luna().await;
        app.comfy.faults().ask(Fault::Stick { at_step: 2, deaf: false });
        let job = app.order(json!({"characterId": id, "prompt": "a lake", "steps": 4})).await;
        until_step(&app, &job, 1).await;
        let (comfy, dir) = app.stop().await;
        if finish_meanwhile {
            // Stopped by somebody else while we were away: that is not ours to repeat.
            reqwest::Client::new().post(format!("{}/interrupt", comfy.url())).send().await.unwrap();
        }
        let app = TestApp::start_with(comfy, dir).await;
        if finish_meanwhile {
            assert_eq!(app.ended(&job).await["problem"]["message"], "Somebody stopped the picture in ComfyUI. Try again.");
        } else {
            until_step(&app, &job, 0).await;
            assert_eq!(app.get(&format!("/api/jobs/{job}")).await.json()["attempts"], 2);
            app.post(&format!("/api/jobs/{job}/cancel"), json!({})).await;
            assert_eq!(app.ended(&job).await["status"], "cancelled");
        }
        assert_eq!(app.comfy.prompts_received().len(), 1, "nothing was sent twice");
    }
}

#[tokio::test]
async fn a_picture_that_was_finished_while_we_were_away_is_taken_over() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    app.comfy.faults().ask(Fault::Stick { at_step: 2, deaf: false });
    let job = app.order(json!({"characterId": id, "prompt": "a lake"})).await;
    until_step(&app, &job, 1).await;
    let (comfy, dir) = app.stop().await;
    comfy.faults().let_go();
    let history = reqwest::Client::new();
    let prompt = comfy.prompts_received()[0].prompt_id.clone();
    let finished = async {
        loop {
            let answer = history.get(format!("{}/history/{prompt}", comfy.url())).send().await.unwrap().text().await.unwrap();
            if answer != "{}" {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, finished).await.unwrap();
    let app = TestApp::start_with(comfy, dir).await;
    assert_eq!(app.ended(&job).await["status"], "done");
    assert_eq!((app.contents().await.len(), app.comfy.prompts_received().len()), (1, 1));
    app.is_quiet();
}

#[tokio::test]
async fn a_server_that_dies_hands_its_picture_to_the_other() {
    let (first, second) = (sandbox().await, sandbox().await);
    let urls = format!("{},{}", first.url(), second.url());
    let app = TestApp::start_at(&urls, first, Arc::new(tempfile::tempdir().unwrap())).await;
    let id = app.luna().await;
    app.comfy.faults().ask(Fault::Stick { at_step: 2, deaf: false });
    let job = app.order(json!({"characterId": id, "prompt": "a lake"})).await;
    until_step(&app, &job, 1).await;
    app.comfy.stop().await;
    assert_eq!(app.ended(&job).await["status"], "done");
    assert_eq!((app.contents().await.len(), second.prompts_received().len()), (1, 1));
}

#[tokio::test]
async fn a_job_goes_to_the_server_that_is_the_least_busy() {
    let (first, second) = (sandbox().await, sandbox().await);
    let urls = format!("{},{}", first.url(), second.url());
    let app = TestApp::start_at(&urls, first, Arc::new(tempfile::tempdir().unwrap())).await;
    let id = app.luna().await;
    app.comfy.faults().ask(Fault::Stick { at_step: 2, deaf: false });
    let stuck = app.order(json!({"characterId": id, "prompt": "a lake"})).await;
    until_step(&app, &stuck, 1).await;
    for prompt in ["a sea", "a river"] {
        assert_eq!(app.post("/api/generate-image", json!({"characterId": id, "prompt": prompt})).await.status, StatusCode::OK);
    }
    assert_eq!((app.comfy.prompts_received().len(), second.prompts_received().len()), (1, 2));
    app.post(&format!("/api/jobs/{stuck}/cancel"), json!({})).await;
    app.ended(&stuck).await;
}

#[tokio::test]
async fn a_job_goes_to_the_server_that_has_the_model() {
    let (first, second) = (sandbox().await, sandbox().await);
    first.remove_model("checkpoints", "sd_xl_base_1.0.safetensors");
    let urls = format!("{},{}", first.url(), second.url());
    let app = TestApp::start_at(&urls, first, Arc::new(tempfile::tempdir().unwrap())).await;
    let id = app.luna().await;
    let request =
        json!({"characterId": id, "prompt": "a lake", "model": "sd_xl_base_1.0.safetensors", "width": 64, "height": 64, "loras": []});
    assert_eq!(app.post("/api/generate-image", request).await.status, StatusCode::OK);
    assert_eq!((app.comfy.prompts_received().len(), second.prompts_received().len()), (0, 1));
}
