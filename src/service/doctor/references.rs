//! What records speak of, and what is gone.

use crate::{domain::character::CharacterId, store::State};

use super::{Finding, few};

pub(super) fn look(state: &State) -> Vec<Finding> {
    let mut findings = Vec::new();
    let gone = |id: &CharacterId| !id.is_none() && state.characters.get(id.as_str()).is_none();
    let harmless = "Nothing has to be done: they are shown as a deleted character's. Delete them if they are not wanted.";
    let mut about = |file: &str, what: &str, ids: Vec<String>, advice: &str| {
        if !ids.is_empty() {
            findings.push(Finding::note(format!("{} {what}: {}.", ids.len(), few(&ids)), advice).in_file(file));
        }
    };
    let tasks = state.tasks.iter().filter(|task| task.kind.needs_character() && gone(&task.character_id)).map(|task| task.id.to_string());
    about(
        "scheduler.json",
        "schedules are of characters that are gone, and never run",
        tasks.collect(),
        "Delete them on the page of schedules.",
    );
    let contents = state.content.iter().filter(|content| gone(&content.character_id)).map(|content| content.id.to_string());
    about("content.json", "pictures are of characters that are gone", contents.collect(), harmless);
    let prompts = state.prompts.iter().filter(|prompt| gone(&prompt.character_id)).map(|prompt| prompt.id.to_string());
    about("prompts.json", "prompts are of characters that are gone", prompts.collect(), harmless);
    let datasets = state.datasets.iter().filter(|dataset| gone(&dataset.character_id)).map(|dataset| dataset.id.to_string());
    about("datasets.json", "datasets are of characters that are gone", datasets.collect(), harmless);
    let lost =
        |post: &crate::domain::post::Post| post.pictures.iter().any(|picture| state.content.get(picture.content_id.as_str()).is_none());
    let ahead = state.posts.iter().filter(|post| post.state.goes_on() && (gone(&post.character_id) || lost(post)));
    about(
        "posts.json",
        "posts that are to go out speak of a character or picture that is gone",
        ahead.map(|post| post.id.to_string()).collect(),
        "They will not go out. Take them back on the page of posts.",
    );
    findings
}
