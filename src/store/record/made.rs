//! What is made for personas, from the idea to the post.

use super::{Record, day};
use crate::{
    domain::{
        activity::Deed,
        content::{Content, ReviewState},
        library::Prompt,
        post::Post,
    },
    store::{
        state::State,
        table::Table,
        told::{self, Change},
    },
};

impl Record for Prompt {
    const COLLECTION: &'static str = "prompts";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn index(&self, emit: &mut dyn FnMut(&'static str, &str)) {
        emit("character", self.character_id.as_str());
        emit("used", if self.used { "true" } else { "false" });
    }

    fn words(&self) -> Option<String> {
        Some(format!("{}\n{}", self.prompt, self.caption))
    }

    fn told(change: Change<'_, Self>, state: &State) -> Option<Deed> {
        told::prompt(change, state)
    }

    fn table(state: &State) -> &Table<Self> {
        &state.prompts
    }

    fn table_mut(state: &mut State) -> &mut Table<Self> {
        &mut state.prompts
    }
}

impl Record for Content {
    const COLLECTION: &'static str = "content";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn index(&self, emit: &mut dyn FnMut(&'static str, &str)) {
        emit("character", self.character_id.as_str());
        emit("state", self.state.key());
        if self.state == ReviewState::Approved {
            emit("approved", self.character_id.as_str());
        }
        if self.waits_for_decision() {
            emit("waits", "true");
        }
        if let Some(proposal) = self.proposal() {
            emit("day", &day(proposal.at));
        }
        if let Some(made) = &self.provenance {
            emit("model", &made.recipe.model);
            if let Some(arc) = &made.narrative_id {
                emit("narrative", arc.as_str());
            }
        }
    }

    fn told(change: Change<'_, Self>, state: &State) -> Option<Deed> {
        told::content(change, state)
    }

    fn table(state: &State) -> &Table<Self> {
        &state.content
    }

    fn table_mut(state: &mut State) -> &mut Table<Self> {
        &mut state.content
    }
}

impl Record for Post {
    const COLLECTION: &'static str = "posts";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn index(&self, emit: &mut dyn FnMut(&'static str, &str)) {
        emit("state", self.state.key());
        if self.state.needs_a_person() {
            emit("needs", "a person");
        }
        emit("character", self.character_id.as_str());
        emit("account", &self.account());
        if self.state.goes_on() {
            emit("goes-on", "true");
        }
        if let Some(at) = self.calendar_at() {
            emit("day", &day(at));
        }
        for picture in &self.pictures {
            emit("content", picture.content_id.as_str());
        }
        if let Some(request) = &self.request {
            emit("request", &request.key);
        }
    }

    fn told(change: Change<'_, Self>, state: &State) -> Option<Deed> {
        told::post(change, state)
    }

    fn table(state: &State) -> &Table<Self> {
        &state.posts
    }

    fn table_mut(state: &mut State) -> &mut Table<Self> {
        &mut state.posts
    }
}
