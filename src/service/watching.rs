//! Turns changes of the store into events for those who watch.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use tokio::sync::broadcast::error::RecvError;

use crate::{
    domain::{
        event::{Event, EventKind, Topic},
        job::{JobId, Progress},
        training::TrainingId,
    },
    state::AppState,
    store::{Changed, State},
};

/// Tells everyone who watches about each change, until the store is closed.
pub async fn tell_changes(app: AppState) {
    let mut changes = app.store.changes();
    loop {
        match changes.recv().await {
            Ok(changed) => {
                let state = app.store.read();
                changed.iter().filter_map(|change| event(&state, change)).for_each(|event| app.events.tell(event));
            }
            // So much happened that some of it was missed: pages load themselves again.
            Err(RecvError::Lagged(_)) => app.events.tell(simple(Topic::System, EventKind::Changed, "store")),
            Err(RecvError::Closed) => return,
        }
    }
}

/// Tells everyone who watches how far a job is.
pub fn tell_progress(app: &AppState, id: &JobId, progress: &Progress) {
    let mut event = simple(Topic::Job, EventKind::Progress, id.as_str());
    if let Ok(Value::Object(fields)) = serde_json::to_value(progress) {
        event.data = fields;
    }
    let preview = (progress.preview > 0).then(|| format!("/api/jobs/{id}/preview?n={}", progress.preview));
    event.data.insert("preview".into(), json!(preview));
    app.events.tell(event);
}

/// Tells everyone who watches that there is something new to see of a training.
pub fn tell_training(app: &AppState, id: &TrainingId) {
    app.events.tell(simple(Topic::Training, EventKind::Progress, id.as_str()));
}

fn event(state: &Arc<State>, change: &Changed) -> Option<Event> {
    let kind = if change.deleted { EventKind::Deleted } else { EventKind::Changed };
    let topic = match change.collection {
        "characters" => Topic::Character,
        "content" => Topic::Content,
        "datasets" => Topic::Dataset,
        "jobs" => Topic::Job,
        "notifications" => Topic::Notification,
        "posts" => Topic::Post,
        "runs" | "scheduler" => Topic::Task,
        "prompts" => Topic::Prompt,
        "trainings" => Topic::Training,
        // Accounts are shown on the pages of their characters.
        "accounts" => Topic::Character,
        "settings" => Topic::Settings,
        "activity" => Topic::Activity,
        _ => return None,
    };
    let mut event = simple(topic, kind, &change.id);
    if let Some(job) = state.jobs.get(&change.id).filter(|_| topic == Topic::Job) {
        event.data.insert("status".into(), json!(job.status.key()));
    }
    Some(event)
}

/// Something about the system is different.
pub(super) fn system(what: &str) -> Event {
    simple(Topic::System, EventKind::Changed, what)
}

/// Something was logged.
pub(super) fn logged() -> Event {
    simple(Topic::Log, EventKind::Changed, "log")
}

fn simple(topic: Topic, kind: EventKind, id: &str) -> Event {
    Event { topic, kind, id: id.into(), data: Map::new() }
}
