//! What becomes of what belongs to characters: pictures, prompts, schedules and posts.

use serde_json::Value;

use super::{Place, Planning};
use crate::{
    domain::{
        character::CharacterId,
        content::{Content, ReviewState},
        import::{Kind, Outcome, shown},
        library::Prompt,
        post::Post,
        task::Task,
        words::Author,
    },
    imports::{Found, Gathered, Ready},
};

impl Planning<'_> {
    pub(super) fn content(&mut self, found: &Found<Content, Option<Ready>>, gathered: &Gathered) {
        let noted = found.record.extra.get("characterName").and_then(Value::as_str);
        let whose = self.whose(&found.record.character_id, noted);
        let mut sent = found.record.clone();
        let mut told = found.words.clone();
        match &whose {
            Some(whose) => sent.character_id = whose.clone(),
            None if !sent.character_id.is_none() => {
                told.push("Its character is neither in what was sent nor here: it is nobody’s.".to_owned());
                sent.character_id = CharacterId::none();
            }
            None => {}
        }
        let is_same = |there: &Content| {
            let words = !sent.caption.is_empty() && there.caption == sent.caption;
            words || (there.created_at.is_some() && there.created_at == sent.created_at)
        };
        let has_file = found.with.is_some();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let may_be = |id: &str| !id.is_empty() && (!has_file || (id.len() <= 100 && id.chars().all(plain)));
        let name = if sent.caption.trim().is_empty() { format!("Picture {}", shown(&found.id)) } else { shown(&sent.caption) };
        match self.place(found, may_be, is_same) {
            Place::Twice => self.leave(found, "It is there twice; the first one comes."),
            Place::Here { id, there } => {
                self.contents.entry(found.id.clone()).or_insert_with(|| there.id.clone());
                sent.id = there.id.clone();
                const APART: [&str; 6] = ["updatedAt", "state", "history", "reviewedAt", "plannedFor", "rejectReason"];
                self.here(Kind::Pictures, found, (&id, &there, &sent), name, &APART);
            }
            Place::Free { id, words } => {
                told.extend(words.map(str::to_owned));
                sent.id = id.as_str().into();
                let is_out = self.out.contains(found.record.id.as_str());
                // Her schedules here are not paused by an import.
                let could_go_out = !sent.character_id.is_none() && !self.fresh.contains(sent.character_id.as_str());
                if sent.state == ReviewState::Approved && could_go_out && !is_out {
                    sent.turn(ReviewState::InReview, "", Author::Hand, gathered.at);
                    told.push(
                        "It was approved, and comes to review: one of the character's schedules here could post it by itself.".to_owned(),
                    );
                }
                if let Some(ready) = &found.with {
                    self.changes.pictures.push((sent.id.clone(), ready.clone()));
                }
                self.contents.entry(found.id.clone()).or_insert_with(|| sent.id.clone());
                self.tell(Kind::Pictures, found, &id, name, Outcome::New, told);
                self.changes.contents.push(sent);
            }
        }
    }

    pub(super) fn prompt(&mut self, found: &Found<Prompt>) {
        let mut sent = found.record.clone();
        let mut told = found.words.clone();
        match self.whose(&sent.character_id, Some(&sent.character_name)) {
            Some(whose) => sent.character_id = whose,
            None => {
                if !sent.character_id.is_none() {
                    told.push("Its character is neither in what was sent nor here: it is nobody’s.".to_owned());
                }
                sent.character_id = CharacterId::none();
            }
        }
        if let Some(content) = &sent.content_id {
            let here = || self.state.content.get(content.as_str()).map(|one| one.id.clone());
            sent.content_id = self.contents.get(content.as_str()).cloned().or_else(here);
        }
        let is_same = |there: &Prompt| there.prompt == sent.prompt || (there.created_at.is_some() && there.created_at == sent.created_at);
        let name = shown(&sent.prompt);
        match self.place(found, |id| !id.is_empty(), is_same) {
            Place::Twice => self.leave(found, "It is there twice; the first one comes."),
            Place::Here { id, there } => {
                sent.id = there.id.clone();
                self.here(Kind::Prompts, found, (&id, &there, &sent), name, &["usedAt", "contentId"]);
            }
            Place::Free { id, words } => {
                told.extend(words.map(str::to_owned));
                sent.id = id.as_str().into();
                self.tell(Kind::Prompts, found, &id, name, Outcome::New, told);
                self.changes.prompts.push(sent);
            }
        }
    }

    pub(super) fn task(&mut self, found: &Found<Task>) {
        let mut sent = found.record.clone();
        let noted = sent.extra.get("characterName").and_then(Value::as_str);
        match self.whose(&sent.character_id, noted) {
            Some(whose) => sent.character_id = whose,
            None if sent.kind.needs_character() => {
                return self.leave(found, "Its character is neither in what was sent nor here.");
            }
            None => sent.character_id = CharacterId::none(),
        }
        let is_same = |there: &Task| {
            let same_deed = there.kind == sent.kind && there.schedule == sent.schedule;
            there.character_id == sent.character_id && (same_deed || (there.created_at.is_some() && there.created_at == sent.created_at))
        };
        let whose = self.name_of(&sent.character_id);
        let name = if whose.is_empty() { sent.kind.label().to_owned() } else { format!("{}: {}", whose, sent.kind.label()) };
        match self.place(found, |id| !id.is_empty(), is_same) {
            Place::Twice => self.leave(found, "It is there twice; the first one comes."),
            Place::Here { id, there } => {
                sent.id = there.id.clone();
                const APART: [&str; 5] = ["active", "updatedAt", "lastRun", "countsFrom", "missedRuns"];
                self.here(Kind::Schedules, found, (&id, &there, &sent), name, &APART);
            }
            Place::Free { id, words } => {
                let mut told = found.words.clone();
                told.extend(words.map(str::to_owned));
                sent.id = id.as_str().into();
                self.tell(Kind::Schedules, found, &id, name, Outcome::New, told);
                self.changes.tasks.push(sent);
            }
        }
    }

    pub(super) fn post(&mut self, found: &Found<Post>) {
        let mut sent = found.record.clone();
        let Some(whose) = self.whose(&sent.character_id, None) else {
            return self.leave(found, "Its character is neither in what was sent nor here.");
        };
        sent.character_id = whose;
        for picture in &mut sent.pictures {
            if let Some(here) = self.contents.get(picture.content_id.as_str()) {
                picture.content_id = here.clone();
            }
        }
        let is_same = |there: &Post| there.network == sent.network && there.created_at == sent.created_at;
        let words = shown(sent.caption.lines().next().unwrap_or_default());
        let name = format!("{}: {}", sent.network.label(), if words.is_empty() { "without words" } else { &words });
        match self.place(found, |id| !id.is_empty(), is_same) {
            // Its picture has said it, too: it is the same post.
            Place::Twice => {}
            Place::Here { id, there } => {
                sent.id = there.id.clone();
                self.here(Kind::Posts, found, (&id, &there, &sent), name, &["updatedAt", "attempts", "jobId"]);
            }
            Place::Free { id, words } => {
                let mut told = found.words.clone();
                told.extend(words.map(str::to_owned));
                sent.id = id.as_str().into();
                self.tell(Kind::Posts, found, &id, name, Outcome::New, told);
                self.changes.posts.push(sent);
            }
        }
    }
}
