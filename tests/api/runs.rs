//! Runs: from a due task to a post in the ledger, whatever is cut off on the way.

use digital_dalla::{
    domain::run::Run,
    sandbox::{comfyui::Fault, gemini, instagram, x},
};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{PATIENCE, TestApp};

/// Luna with keys for both networks, whose pictures are small and quick.
pub(crate) async fn luna(app: &TestApp, more: Value) -> String {
    let [app_key, app_secret, token, token_secret] = x::KEYS;
    let mut luna = json!({
        "name": "Luna", "preferredModel": "dreamshaper_8.safetensors", "defaults": {"width": 64, "height": 96, "steps": 3},
        "promptSettings": {"style": "film", "mood": "calm"},
        "narratives": [{"title": "The Crystal Quest", "description": "She follows a map.", "startDate": "2000-01-01", "endDate": "2999-12-31"}],
        "instagramApiKey": instagram::TOKEN, "twitterAppKey": app_key, "twitterAppSecret": app_secret, "twitterAccessToken": token,
        "twitterAccessSecret": token_secret,
    });
    luna.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let created = app.post("/api/characters", luna).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
    created.json()["id"].as_str().unwrap().to_owned()
}

/// A task that is never due while a test runs.
pub(crate) async fn task(app: &TestApp, character: &str, kind: &str, config: Value) -> String {
    let task = json!({"characterId": character, "type": kind, "schedule": "0 0 29 2 *", "config": config});
    let created = app.post("/api/scheduler/tasks", task).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
    created.json()["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn run(app: &TestApp, task: &str) -> String {
    let answer = app.post(&format!("/api/scheduler/tasks/{task}/run"), json!({})).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.json()["job"]["kind"], "run_task", "{}", answer.text);
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// Waits until the run is as wanted, and answers it.
pub(crate) async fn until(app: &TestApp, id: &str, wanted: impl Fn(&Run) -> bool) -> Value {
    let mut changes = app.app.store.changes();
    let there = async {
        while !app.app.store.read().runs.get(id).is_some_and(|run| wanted(run)) {
            let _ = changes.recv().await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, there).await;
    let run = app.get(&format!("/api/scheduler/runs/{}", id.replace(':', "%3A"))).await.json();
    assert!(in_time.is_ok(), "the run stands still: {run:#}");
    run
}

pub(crate) async fn ended(app: &TestApp, id: &str) -> Value {
    until(app, id, |run| !run.state.goes_on()).await
}

async fn ran(app: &TestApp, task: &str) -> Value {
    ended(app, &run(app, task).await).await
}

fn steps(run: &Value) -> Vec<(&str, &str)> {
    let steps = run["steps"].as_array().unwrap().iter();
    steps.map(|step| (step["deed"].as_str().unwrap(), step["outcome"].as_str().unwrap_or_default())).collect()
}

pub(crate) async fn posts(app: &TestApp) -> Vec<Value> {
    app.get("/api/posts?limit=500").await.json().as_array().unwrap().clone()
}

#[tokio::test]
async fn a_picture_is_made_from_the_library_and_waits_for_review_with_its_post() {
    let app = TestApp::start().await;
    let id = luna(&app, json!({})).await;
    let first = app.post("/api/prompts", json!({"characterId": id, "prompt": "by the lake"})).await.json();
    app.post("/api/prompts", json!({"characterId": id, "prompt": "in the forest"})).await;
    let task = task(&app, &id, "generate_and_post", json!({"postToInstagram": false, "postToTwitter": true})).await;
    let run = ran(&app, &task).await;
    assert_eq!(run["state"], "ok", "{run:#}");
    let expected = [
        ("prompt", "The oldest unused prompt of the library."),
        ("picture", "1 picture."),
        ("caption", "Gemini wrote them."),
        ("review", "A person has to approve it."),
        ("post", "It goes out once a person approves the picture."),
    ];
    assert_eq!(steps(&run), expected);
    let contents = app.contents().await;
    assert_eq!((contents.len(), &contents[0]["state"]), (1, &json!("in_review")));
    assert!(!contents[0]["twitterCaption"].as_str().unwrap().is_empty());
    assert_eq!(contents[0]["provenance"]["request"], "by the lake");
    let used = app.get(&format!("/api/prompts/{}", first["id"].as_str().unwrap())).await.json();
    assert_eq!((&used["used"], &used["contentId"]), (&json!(true), &contents[0]["id"]));
    let posts_there = posts(&app).await;
    assert_eq!((posts_there.len(), &posts_there[0]["state"], &posts_there[0]["check"]), (1, &json!("held"), &json!("review")));
    assert_eq!(posts_there[0]["caption"], contents[0]["twitterCaption"]);

    // Approved while everything is paused, it waits for that next.
    app.post("/api/scheduler/pause", json!({})).await;
    let content = contents[0]["id"].as_str().unwrap();
    app.post(&format!("/api/content/{content}/approve"), json!({})).await;
    let mut changes = app.app.store.changes();
    let paused = async {
        while posts(&app).await[0]["check"] != "pause" {
            let _ = changes.recv().await;
        }
    };
    tokio::time::timeout(PATIENCE, paused).await.expect("the post goes on once it is approved");
}

#[tokio::test]
async fn a_character_that_goes_out_by_herself_is_out_on_both_networks_each_time_at_her_pace() {
    let app = TestApp::start().await;
    let id = luna(&app, json!({"autonomy": "auto"})).await;
    let task_id = task(&app, &id, "generate_and_post", json!({"postToTwitter": true, "count": 2})).await;
    let rehearsed = ran(&app, &task_id).await;
    assert_eq!(rehearsed["state"], "dry_run", "{rehearsed:#}");
    assert_eq!((app.instagram.posts().len(), app.x.posts().len()), (0, 0));

    app.live().await;
    let out = ran(&app, &task_id).await;
    assert_eq!(out["state"], "ok", "{out:#}");
    let last: Vec<_> = steps(&out).into_iter().filter(|(deed, _)| *deed == "post").collect();
    assert_eq!(last, [("post", "It is out on Instagram."), ("post", "It is out on X.")]);
    assert_eq!((app.instagram.posts()[0].pictures.len(), app.x.posts()[0].media.len()), (2, 2));
    app.put("/api/settings", json!({"gapMinutes": "30"})).await;
    let again = ran(&app, &task_id).await;
    assert_eq!(again["state"], "ok", "{again:#}");
    assert!(steps(&again).last().unwrap().1.starts_with("It goes out later. 30 min between two posts"), "{again:#}");
    assert_eq!((app.instagram.posts().len(), app.x.posts().len()), (1, 1));
    let page = app.get(&format!("/schedules/{task_id}")).await.text;
    assert!(page.contains("It is out on Instagram.") && page.contains("/thumb.webp") && page.contains("Published"), "{page}");
    let content = out["steps"][1]["contents"][0].as_str().unwrap();
    assert!(
        app.get(&format!("/content/{content}")).await.text.contains(&format!("/schedules/{task_id}")),
        "a picture says which schedule made it"
    );
}

#[tokio::test]
async fn a_rejected_picture_takes_its_post_back() {
    let app = TestApp::start().await;
    let id = luna(&app, json!({})).await;
    let task = task(&app, &id, "generate_and_post", json!({"prompt": "a lake", "postToTwitter": true})).await;
    let run = ran(&app, &task).await;
    assert_eq!(run["state"], "ok", "{run:#}");
    assert_eq!(posts(&app).await.len(), 2, "one on each network");
    let contents = app.contents().await;
    assert!(!contents[0]["caption"].as_str().unwrap().is_empty() && !contents[0]["twitterCaption"].as_str().unwrap().is_empty());
    app.post(&format!("/api/content/{}/reject", contents[0]["id"].as_str().unwrap()), json!({"reason": "no"})).await;
    assert!(posts(&app).await.iter().all(|post| post["state"] == "cancelled"));
}

#[tokio::test]
async fn the_config_says_how_it_is_drawn_and_old_names_are_understood() {
    let app = TestApp::start().await;
    let id = luna(&app, json!({})).await;
    let config = json!({"customPrompt": "a night train", "negative_prompt": "people", "style": "ink", "steps": "2", "cfg": 5, "width": 128, "height": 64, "count": 2, "loras": []});
    let task = task(&app, &id, "generate_only", config).await;
    let run = ran(&app, &task).await;
    assert_eq!(run["state"], "ok", "{run:#}");
    let contents = app.contents().await;
    assert_eq!(contents.len(), 2);
    let recipe = &contents[0]["provenance"]["recipe"];
    assert_eq!((&recipe["width"], &recipe["height"], &recipe["steps"], &recipe["cfg"]), (&json!(128), &json!(64), &json!(2), &json!(5.0)));
    let prompt = recipe["prompt"].as_str().unwrap();
    assert!(prompt.contains("a night train") && prompt.contains("ink") && prompt.contains("calm") && !prompt.contains("film"), "{prompt}");
    assert_eq!(recipe["negative_prompt"].as_str().or(recipe["negativePrompt"].as_str()), Some("people"));
    assert!(
        contents.iter().all(|content| content["state"] == "in_review" && !content["caption"].as_str().unwrap().is_empty()),
        "each has words"
    );
    assert!(posts(&app).await.is_empty());
    assert_eq!(steps(&run)[0], ("prompt", "What the task says."));
}

#[tokio::test]
async fn without_a_prompt_gemini_writes_one_for_the_arc_and_without_gemini_a_template_does() {
    let app = TestApp::start().await;
    let id = luna(&app, json!({})).await;
    let task_id = task(&app, &id, "generate_only", json!({"generateCaption": false})).await;
    let made = ran(&app, &task_id).await;
    assert_eq!(steps(&made)[0], ("prompt", "Gemini wrote it."), "{made:#}");
    assert!(app.gemini.asked()[0].to_string().contains("The Crystal Quest"));
    assert_eq!(app.contents().await[0]["caption"], "");
    let prompts = app.get("/api/prompts").await.json();
    assert_eq!((prompts.as_array().unwrap().len(), &prompts[0]["used"]), (1, &json!(true)));

    let app = TestApp::start_without_key().await;
    let id = luna(&app, json!({})).await;
    let task_id = task(&app, &id, "generate_only", json!({})).await;
    let made = ran(&app, &task_id).await;
    assert_eq!(steps(&made)[0], ("prompt", "A template wrote it."), "{made:#}");
    assert_eq!(steps(&made)[2], ("caption", "There is no key for Gemini. A template wrote this."));
}

#[tokio::test]
async fn words_of_the_prompt_go_with_its_picture_where_they_fit() {
    let app = TestApp::start().await;
    let id = luna(&app, json!({})).await;
    let long = "mist ".repeat(80);
    app.post("/api/prompts", json!({"characterId": id, "prompt": "a lake", "caption": long})).await;
    let task_id = task(&app, &id, "generate_and_post", json!({"postToTwitter": true, "generateCaption": true})).await;
    let made = ran(&app, &task_id).await;
    let words: Vec<_> = steps(&made).into_iter().filter(|(deed, _)| *deed == "caption").collect();
    assert_eq!(words, [("caption", "Those of the prompt."), ("caption", "Gemini wrote them.")], "too long for X: {made:#}");
    assert_eq!(app.contents().await[0]["caption"], long.trim());
}

#[tokio::test]
async fn autonomy_and_the_tasks_own_wish_decide_about_review() {
    for (autonomy, wish, state, last) in [
        ("draft_only", "autonomy", "draft", "The character makes drafts only: nothing is posted."),
        ("draft_only", "never", "draft", "The character makes drafts only: nothing is posted."),
        ("review", "never", "approved", "It goes out once posting is resumed."),
        ("auto", "autonomy", "approved", "It goes out once posting is resumed."),
        ("auto", "always", "in_review", "It goes out once a person approves the picture."),
        ("veto", "always", "in_review", "It goes out once a person approves the picture."),
    ] {
        let app = TestApp::start().await;
        app.post("/api/scheduler/pause", json!({})).await;
        let id = luna(&app, json!({"autonomy": autonomy})).await;
        let config = json!({"prompt": "a lake", "postToInstagram": false, "postToTwitter": true, "review": wish});
        let task_id = task(&app, &id, "generate_and_post", config).await;
        let made = ran(&app, &task_id).await;
        assert_eq!((made["state"].as_str(), steps(&made).last().unwrap().1), (Some("ok"), last), "{autonomy} {wish}: {made:#}");
        assert_eq!(app.contents().await[0]["state"], state, "{autonomy} {wish}");
    }
}

#[tokio::test]
async fn a_veto_gives_a_person_time_and_the_run_does_not_wait_for_it() {
    let app = TestApp::start().await;
    let id = luna(&app, json!({"autonomy": "veto", "vetoHours": 5})).await;
    let task_id = task(&app, &id, "generate_and_post", json!({"prompt": "a lake", "postToInstagram": false, "postToTwitter": true})).await;
    let made = ran(&app, &task_id).await;
    assert_eq!(made["state"], "ok", "{made:#}");
    assert!(steps(&made).last().unwrap().1.starts_with("It goes out later. Somebody may still say no"), "{made:#}");
    assert_eq!(posts(&app).await[0]["state"], "scheduled");
    // Approved, it does not wait any longer; rejected, it never goes out.
    app.live().await;
    let first = app.contents().await[0]["id"].as_str().unwrap().to_owned();
    app.post(&format!("/api/content/{first}/approve"), json!({})).await;
    let mut changes = app.app.store.changes();
    let out = async {
        while posts(&app).await[0]["state"] != "published" {
            let _ = changes.recv().await;
        }
    };
    tokio::time::timeout(PATIENCE, out).await.expect("an approved picture goes out at once");
    let made = ran(&app, &task_id).await;
    let second = made["steps"][1]["contents"][0].as_str().unwrap();
    app.post(&format!("/api/content/{second}/reject"), json!({})).await;
    assert_eq!((posts(&app).await[0]["state"].as_str(), app.x.posts().len()), (Some("cancelled"), 1));
}

#[tokio::test]
async fn the_next_approved_picture_is_posted_and_each_once() {
    let app = TestApp::start().await;
    app.post("/api/scheduler/pause", json!({})).await;
    let id = luna(&app, json!({})).await;
    let mut made = Vec::new();
    for place in ["a lake", "a forest", "a tower"] {
        let answer = app.post("/api/generate-image", json!({"characterId": id, "prompt": place})).await.json();
        made.push(answer["content"]["id"].as_str().unwrap().to_owned());
    }
    // Approved out of order: what counts is when it was made.
    for content in [&made[2], &made[1]] {
        app.post(&format!("/api/content/{content}/approve"), json!({})).await;
    }
    let task_id = task(&app, &id, "post_next", json!({"postToInstagram": false, "postToTwitter": true})).await;
    for content in [&made[1], &made[2]] {
        let run = ran(&app, &task_id).await;
        assert_eq!((&run["state"], &run["steps"][0]["contents"][0]), (&json!("ok"), &json!(content)), "{run:#}");
    }
    let run = ran(&app, &task_id).await;
    assert_eq!(
        (run["state"].as_str(), run["why"].as_str()),
        (Some("skipped"), Some("There is no approved picture that was not posted to X yet."))
    );
    assert_eq!(posts(&app).await.len(), 2);
}

#[tokio::test]
async fn what_cannot_be_done_fails_with_a_sentence_and_keeps_what_was_made() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    let gone = task(&app, &id, "generate_only", json!({"prompt": "a lake", "model": "gone.safetensors"})).await;
    let failed = ran(&app, &gone).await;
    assert_eq!(failed["state"], "failed");
    assert!(failed["problem"]["message"].as_str().unwrap().contains("does not have the model gone.safetensors"), "{failed:#}");

    let keyless = task(&app, &id, "generate_and_post", json!({"prompt": "a lake", "postToTwitter": true})).await;
    let failed = ran(&app, &keyless).await;
    assert_eq!(failed["state"], "failed");
    assert!(failed["problem"]["message"].as_str().unwrap().starts_with("For Instagram there is no"), "{failed:#}");
    assert!(steps(&failed).last().unwrap().1.starts_with("For X there is no"), "the other network is tried all the same: {failed:#}");
    assert_eq!((app.contents().await.len(), posts(&app).await.len()), (1, 0));

    app.gemini.ask(gemini::Fault::KeyRevoked);
    let refused = task(&app, &id, "generate_only", json!({"prompt": "a forest"})).await;
    let failed = ran(&app, &refused).await;
    assert!(failed["problem"]["message"].as_str().unwrap().contains("refuses the key"), "{failed:#}");
    assert_eq!(failed["steps"].as_array().unwrap().last().unwrap()["failed"], true);
    app.is_quiet();
}

#[tokio::test]
async fn runs_of_one_character_do_not_overlap_and_those_of_others_do_not_wait() {
    let app = TestApp::start().await;
    let (id, other) = (luna(&app, json!({})).await, luna(&app, json!({"name": "Nova"})).await);
    app.comfy.faults().ask(Fault::Stick { at_step: 1, deaf: false });
    let slow = task(&app, &id, "generate_only", json!({"prompt": "a lake", "generateCaption": false})).await;
    let next = task(&app, &id, "generate_only", json!({"prompt": "a forest", "generateCaption": false})).await;
    let hers = task(&app, &other, "post_next", json!({})).await;
    let first = run(&app, &slow).await;
    until(&app, &first, |run| run.steps.len() == 2 && run.steps[1].job_id.is_some()).await;
    let second = run(&app, &next).await;
    let waiting = until(&app, &second, |run| !run.state.words().is_empty()).await;
    assert_eq!((&waiting["waiting"], waiting.get("startedAt")), (&json!("Another task of the same character is under way."), None));
    assert_eq!(ended(&app, &run(&app, &hers).await).await["state"], "skipped");
    app.comfy.faults().let_go();
    let (first, second) = (ended(&app, &first).await, ended(&app, &second).await);
    assert_eq!((&first["state"], &second["state"]), (&json!("ok"), &json!("ok")), "{first:#} {second:#}");
    assert!(first["finishedAt"].as_str() <= second["startedAt"].as_str());
}

#[tokio::test]
async fn a_run_is_stopped_with_its_picture_and_the_next_one_begins() {
    let app = TestApp::start().await;
    let id = luna(&app, json!({})).await;
    app.comfy.faults().ask(Fault::Stick { at_step: 2, deaf: false });
    let slow = task(&app, &id, "generate_only", json!({"prompt": "a lake", "generateCaption": false})).await;
    let first = run(&app, &slow).await;
    let drawing = until(&app, &first, |run| run.steps.len() == 2 && run.steps[1].job_id.is_some()).await;
    let second = run(&app, &task(&app, &id, "post_next", json!({})).await).await;
    until(&app, &second, |run| !run.state.words().is_empty()).await;
    let job = drawing["steps"][1]["jobId"].as_str().unwrap().to_owned();
    crate::images::until_step(&app, &job, 1).await;
    let stopped = app.post(&format!("/api/scheduler/runs/{}/stop", first.replace(':', "%3A")), json!({})).await;
    assert_eq!(
        (stopped.json()["state"].as_str(), stopped.json()["why"].as_str()),
        (Some("skipped"), Some("A person stopped it.")),
        "{}",
        stopped.text
    );
    assert_eq!(app.ended(&job).await["status"], "cancelled");
    assert_eq!(ended(&app, &second).await["state"], "skipped");
    app.post(&format!("/api/scheduler/runs/{}/stop", first.replace(':', "%3A")), json!({})).await.problem(409);
    assert!(app.contents().await.is_empty());
}

#[tokio::test]
async fn a_run_waits_for_a_comfyui_that_is_away_and_says_so() {
    let app = TestApp::start().await;
    let id = luna(&app, json!({})).await;
    app.comfy.stop().await;
    digital_dalla::service::models::look(&app.app, chrono::Utc::now()).await;
    let run_id = run(&app, &task(&app, &id, "generate_only", json!({"prompt": "a lake"})).await).await;
    let waiting = until(&app, &run_id, |run| !run.state.words().is_empty()).await;
    assert!(waiting["waiting"].as_str().unwrap().ends_with("It is asked again each minute."), "{waiting:#}");
    app.delete(&format!("/api/scheduler/tasks/{}", waiting["taskId"].as_str().unwrap())).await;
    assert_eq!(ended(&app, &run_id).await["why"], "The task was deleted.");
}

#[tokio::test]
async fn a_deleted_character_takes_her_tasks_along_and_calls_off_what_they_do() {
    let app = TestApp::start().await;
    let id = luna(&app, json!({})).await;
    app.comfy.faults().ask(Fault::Stick { at_step: 1, deaf: false });
    let run_id = run(&app, &task(&app, &id, "generate_only", json!({"prompt": "a lake"})).await).await;
    until(&app, &run_id, |run| run.steps.len() == 2 && run.steps[1].job_id.is_some()).await;
    assert_eq!(app.delete(&format!("/api/characters/{id}")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.get("/api/scheduler/tasks").await.json(), json!([]));
    let run = ended(&app, &run_id).await;
    assert_eq!(run["state"], "skipped", "{run:#}");
}
