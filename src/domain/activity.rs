//! Activity: what was done, by whom, to what, and when.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    access::{LoginId, TokenId},
    character::CharacterId,
    id::Id,
    job::JobId,
    moment,
};

/// The id of a line of activity.
pub type ActivityId = Id<Activity>;

/// So many lines are kept; older ones are dropped, a hundred at a time.
pub const KEPT: usize = 5_000;

/// One line: something that was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Activity {
    /// Made by us.
    pub id: ActivityId,
    /// When.
    #[serde(with = "moment")]
    pub at: DateTime<Utc>,
    /// By whom.
    pub actor: Actor,
    /// What kind of thing it was done to: `characters`, `content`, `posts`, `prompts`, `jobs`, `settings`, `access` …
    pub kind: String,
    /// Which thing, when it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub character_id: Option<CharacterId>,
    /// A sentence, with the names as they were then.
    pub words: String,
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    /// Somebody at this machine, where there is no password; or at its command line.
    Local,
    /// A person who is logged in.
    Session {
        /// The session.
        id: LoginId,
        /// The browser and the system.
        name: String,
    },
    /// A program with a token.
    Token {
        /// The token.
        id: TokenId,
        /// Its name.
        name: String,
    },
    /// A schedule whose time had come.
    Task {
        /// The schedule.
        id: String,
        /// What it does, in words.
        name: String,
    },
    /// Work that was asked for earlier.
    Job {
        /// The job.
        id: JobId,
        /// What it does, in words.
        name: String,
    },
    /// Nobody who could be named: Digital Dalla, looking after itself.
    Itself,
    /// Somebody who was not let in.
    Stranger {
        /// Where from.
        address: String,
    },
}

/// What a change tells, before it is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// As in [`Activity::kind`].
    pub kind: &'static str,
    /// Which thing.
    pub subject: String,
    /// Whose it is.
    pub character_id: Option<CharacterId>,
    /// A sentence about one of them.
    pub words: String,
    /// What follows the number when the same happened to several at once, as in "pictures of Luna were deleted".
    pub several: String,
}

impl Actor {
    /// Whether a person or a program of theirs did it, here and now.
    pub fn is_somebody(&self) -> bool {
        match self {
            Self::Local | Self::Session { .. } | Self::Token { .. } => true,
            Self::Task { .. } | Self::Job { .. } | Self::Itself | Self::Stranger { .. } => false,
        }
    }

    /// As a page says it.
    pub fn words(&self) -> String {
        match self {
            Self::Local => "This machine".to_owned(),
            Self::Session { name, .. } => name.clone(),
            Self::Token { name, .. } => format!("Token “{name}”"),
            Self::Task { name, .. } => format!("Schedule: {name}"),
            Self::Job { name, .. } => format!("Job: {name}"),
            Self::Itself => "Digital Dalla".to_owned(),
            Self::Stranger { address } => address.clone(),
        }
    }
}

impl Activity {
    /// The lines a change is written down as: what happened to several things in the same way is one line.
    pub fn lines(deeds: Vec<Deed>, actor: &Actor, at: DateTime<Utc>) -> Vec<Self> {
        let mut groups: Vec<(Deed, usize)> = Vec::new();
        for deed in deeds {
            let same = |known: &Deed| (known.kind, &known.several, &known.character_id) == (deed.kind, &deed.several, &deed.character_id);
            match groups.iter_mut().find(|(known, _)| same(known)) {
                Some((_, count)) => *count += 1,
                None => groups.push((deed, 1)),
            }
        }
        let line = |(deed, count): (Deed, usize)| Self {
            id: ActivityId::new(),
            at,
            actor: actor.clone(),
            kind: deed.kind.to_owned(),
            subject: (count == 1).then_some(deed.subject),
            character_id: deed.character_id,
            words: if count == 1 { deed.words } else { format!("{count} {}", deed.several) },
        };
        groups.into_iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deed(subject: &str, several: &str) -> Deed {
        Deed {
            kind: "content",
            subject: subject.into(),
            character_id: None,
            words: format!("{subject} was deleted"),
            several: several.into(),
        }
    }

    #[test]
    fn what_happened_to_several_at_once_is_one_line() {
        let deeds = vec![deed("a", "pictures were deleted"), deed("x", "posts were taken back"), deed("b", "pictures were deleted")];
        let lines = Activity::lines(deeds, &Actor::Local, DateTime::UNIX_EPOCH);
        assert_eq!(lines.iter().map(|line| line.words.as_str()).collect::<Vec<_>>(), ["2 pictures were deleted", "x was deleted"]);
        assert_eq!(lines[0].subject, None);
        assert_eq!(lines[1].subject.as_deref(), Some("x"));
    }
}
