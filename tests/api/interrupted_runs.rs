//! Runs that are cut off, by a restart or at any moment at all: they go on, and nothing is made or posted twice.

use std::{path::Path, sync::Arc, time::SystemTime};

use digital_dalla::sandbox::comfyui::Fault;
use serde_json::json;
use tempfile::TempDir;

use crate::{
    runs::{ended, luna, posts, run, task, until},
    support::{PATIENCE, TestApp},
};

#[tokio::test]
async fn a_restart_goes_on_where_the_run_was() {
    let app = TestApp::start().await;
    let id = luna(&app, json!({})).await;
    app.comfy.faults().ask(Fault::Stick { at_step: 2, deaf: false });
    let task_id = task(&app, &id, "generate_and_post", json!({"prompt": "a lake", "postToInstagram": false, "postToTwitter": true})).await;
    let run_id = run(&app, &task_id).await;
    let drawing = until(&app, &run_id, |run| run.steps.len() == 2 && run.steps[1].job_id.is_some()).await;
    crate::images::until_step(&app, drawing["steps"][1]["jobId"].as_str().unwrap(), 1).await;
    let (comfy, dir) = app.stop().await;
    comfy.faults().let_go();
    let app = TestApp::start_with(comfy, dir).await;
    let run = ended(&app, &run_id).await;
    assert_eq!(run["state"], "ok", "{run:#}");
    assert_eq!((app.contents().await.len(), posts(&app).await.len(), app.comfy.prompts_received().len()), (1, 1, 1));
}

/// A copy of the folder as it is at one moment: copied again when something was written meanwhile.
fn copy_of(dir: &Path) -> TempDir {
    fn files(dir: &Path) -> Vec<(std::path::PathBuf, u64, SystemTime)> {
        let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = entries
            .flat_map(|path| {
                if path.is_dir() {
                    files(&path)
                } else {
                    vec![path]
                        .into_iter()
                        .filter_map(|path| {
                            let about = std::fs::metadata(&path).ok()?;
                            Some((path, about.len(), about.modified().ok()?))
                        })
                        .collect()
                }
            })
            .collect();
        files.sort();
        files
    }
    loop {
        let copy = tempfile::tempdir().unwrap();
        let before = files(dir);
        for (file, _, _) in &before {
            let to = copy.path().join(file.strip_prefix(dir).unwrap());
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            let _ = std::fs::copy(file, to);
        }
        if files(dir) == before {
            return copy;
        }
    }
}

/// Each change of the store is taken as the last before the power goes off: the folder as it was then is started anew,
/// and the run ends with one picture and one post all the same.
#[tokio::test]
async fn every_moment_of_a_run_may_be_its_last() {
    let app = TestApp::start().await;
    let id = luna(&app, json!({})).await;
    let task_id = task(&app, &id, "generate_and_post", json!({"postToInstagram": false, "postToTwitter": true})).await;
    let mut changes = app.app.store.changes();
    let run_id = run(&app, &task_id).await;
    let mut moments = vec![copy_of(app.dir.path())];
    while app.app.store.read().runs.get(&run_id).is_some_and(|run| run.state.goes_on()) {
        tokio::time::timeout(PATIENCE, changes.recv()).await.expect("the run goes on").unwrap();
        moments.push(copy_of(app.dir.path()));
    }
    assert!(moments.len() >= 12, "a run has many moments: {}", moments.len());
    let (mut comfy, _) = app.stop().await;
    let drawn = comfy.prompts_received().len();
    assert_eq!(drawn, 1);
    let mut seen = std::collections::BTreeSet::new();
    for (place, moment) in moments.into_iter().enumerate() {
        let app = TestApp::start_with(comfy, Arc::new(moment)).await;
        let before = app.app.store.read().runs.get(&run_id).map(|run| run.steps.len());
        seen.insert(before);
        let run = ended(&app, &run_id).await;
        assert_eq!(run["state"], "ok", "moment {place}: {run:#}");
        assert_eq!((app.contents().await.len(), posts(&app).await.len()), (1, 1), "moment {place}, {before:?} steps: {run:#}");
        assert_eq!(app.get("/api/prompts").await.json().as_array().unwrap().len(), 1, "moment {place}");
        comfy = app.stop().await.0;
    }
    assert!(seen.len() >= 4, "the moments lie in different steps: {seen:?}");
}
