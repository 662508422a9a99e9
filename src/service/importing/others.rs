//! Tasks, prompts and posts as they were written.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{
    keys,
    names::{POST, PROMPT, TASK},
    reading::Raw,
    shapes,
};
use crate::{
    domain::{
        import::shown,
        library::Prompt,
        post::{Post, PostState},
        task::Task,
    },
    imports::Found,
    store::Record,
};

/// Takes out what looks like a credential.
pub(super) fn without_secrets(raw: &mut Raw) {
    let mut fields = Value::Object(std::mem::take(&mut raw.fields));
    let names = keys::without_secrets(&mut fields);
    raw.words.extend(names.iter().map(|name| format!("“{}” looks like a key and is left out.", shown(name))));
    if let Value::Object(fields) = fields {
        raw.fields = fields;
    }
}

/// A task: whatever it was, it comes paused.
pub(super) fn task(fields: Map<String, Value>, file: &Arc<str>) -> Result<Found<Task>, String> {
    let mut raw = Raw::new(fields, TASK, &["createdAt", "schedule"]);
    without_secrets(&mut raw);
    shapes::each(&mut raw.fields, &["schedule"], |value| {
        let nested = |name: &str| value.get(name).cloned();
        nested("cron").or_else(|| nested("cronExpression")).or_else(|| nested("expression"))
    });
    raw.fields.entry("characterId").or_insert_with(|| "".into());
    let kind = raw.fields.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    raw.mark = format!("{} {kind}", raw.mark);
    let (mut task, mut unread): (Task, _) = raw.read(Task::COLLECTION)?;
    if task.active {
        unread.words.push("It was active, and comes paused.".to_owned());
    }
    task.active = false;
    if let Err(problem) = task.check() {
        let others = problem.errors.iter().filter(|error| error.field != "characterId");
        unread.words.extend(others.map(|error| format!("{}: {} It cannot run before that is mended.", error.field, error.message)));
    }
    Ok(unread.found(task, file, ()))
}

/// An entry of the prompt library.
pub(super) fn prompt(fields: Map<String, Value>, file: &Arc<str>) -> Result<Found<Prompt>, String> {
    let mut raw = Raw::new(fields, PROMPT, &["createdAt", "prompt"]);
    without_secrets(&mut raw);
    shapes::each(&mut raw.fields, &["used"], |value| shapes::flag(value).map(Value::Bool));
    if raw.fields.get("contentId").and_then(Value::as_str) == Some("") {
        raw.fields.shift_remove("contentId");
    }
    let (prompt, mut unread): (Prompt, _) = raw.read(Prompt::COLLECTION)?;
    if prompt.prompt.trim().is_empty() {
        return Err("It has no words.".to_owned());
    }
    if let Err(problem) = prompt.check() {
        unread.words.extend(problem.errors.iter().map(|error| format!("{}: {} It comes as it is.", error.field, error.message)));
    }
    Ok(unread.found(prompt, file, ()))
}

/// A post that is out, or may be. Any other would go out again by itself.
pub(super) fn post(fields: Map<String, Value>, file: &Arc<str>, now: DateTime<Utc>) -> Result<Found<Post>, String> {
    let mut raw = Raw::new(fields, POST, &["createdAt"]);
    without_secrets(&mut raw);
    let (mut post, mut unread): (Post, _) = raw.read(Post::COLLECTION)?;
    match &mut post.state {
        PostState::Published { .. } => {}
        PostState::Unconfirmed { looking, .. } => *looking = false,
        PostState::Publishing => {
            let finding = "It was on its way when it was exported. Look at the account, and say whether it is out.".to_owned();
            post.state = PostState::Unconfirmed { finding, looking: false };
            unread.words.push("It was on its way: whether it is out has to be said by a person.".to_owned());
        }
        PostState::Scheduled { .. } | PostState::Failed { .. } | PostState::Held { .. } | PostState::Cancelled | PostState::DryRun => {
            return Err("It is not out, and nothing that is imported goes out by itself. Post its picture anew.".to_owned());
        }
    }
    // Jobs do not come along.
    post.job_id = None;
    post.request = None;
    post.attempts.iter_mut().for_each(|attempt| attempt.ended_at = attempt.ended_at.or(Some(now)));
    Ok(unread.found(post, file, ()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_task_comes_paused_whatever_it_was() {
        for active in [json!(true), json!("yes"), json!(1), json!(null)] {
            let sent = json!({"task_id": 7, "character_id": 3, "task_type": "generate_only", "cron": "0 9 * * *", "enabled": active, "params": {"customPrompt": "x", "apiKey": "k"}});
            let found = task(fields(sent), &"scheduler.json".into()).unwrap();
            let one = &found.record;
            assert!(!one.active && one.id.as_str() == "7" && one.character_id.as_str() == "3" && one.schedule == "0 9 * * *");
            assert!(
                found.words.iter().any(|words| words.contains("comes paused")) && !one.config.contains_key("apiKey"),
                "{:?}",
                found.words
            );
        }
        let strange =
            task(fields(json!({"id": "a", "type": "dance", "schedule": {"cron": "soon"}, "active": false})), &"f".into()).unwrap();
        assert_eq!(strange.words.len(), 2, "{:?}", strange.words);
        assert!(strange.record.character_id.is_none());
    }

    #[test]
    fn only_posts_that_are_or_may_be_out_come() {
        let sent = |state: Value| {
            let mut post = json!({"id": "p", "characterId": "l", "network": "x", "pictures": [], "scheduledAt": "2026-01-01T10:00:00Z", "jobId": "j",
                "createdAt": "2026-01-01T10:00:00Z", "updatedAt": "2026-01-01T10:00:00Z"});
            post.as_object_mut().unwrap().extend(fields(state));
            post_of(post)
        };
        let post_of = |state: Value| sent(state);
        assert!(post_of(json!({"state": "published", "publishedAt": "2026-01-01T10:00:00Z"})).unwrap().record.job_id.is_none());
        for state in [json!({"state": "publishing"}), json!({"state": "unconfirmed", "finding": "Not seen.", "looking": true})] {
            assert!(!post_of(state).unwrap().record.state.goes_on());
        }
        for state in
            [json!({"state": "scheduled"}), json!({"state": "cancelled"}), json!({"state": "held", "check": "account", "why": "x"})]
        {
            assert!(post_of(state).unwrap_err().contains("not out"));
        }
    }

    fn post_of(value: Value) -> Result<Found<Post>, String> {
        post(fields(value), &"posts.json".into(), Utc::now())
    }

    #[test]
    fn a_prompt_without_words_cannot_come() {
        assert!(prompt(fields(json!({"id": 1, "prompt": " "})), &"f".into()).is_err());
        let found = prompt(fields(json!({"text": "a lake", "used": "yes", "character": {"id": 9}})), &"f".into()).unwrap();
        assert!(found.record.used && found.record.character_id.as_str() == "9" && !found.record.id.is_none() && found.id.is_empty());
    }
}
