//! Posts: pictures on one account of one network. Each is a line of the publish ledger, and goes out once.

mod attempt;
mod outcome;
mod request;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Deserializer, Serialize};

pub use self::{
    attempt::{Attempt, Deed, Step, Upload},
    outcome::{Refusal, Trouble},
    request::{PostChange, PostRequest, Resolution, Sent},
};
use super::{
    caption::Network, character::CharacterId, check::CheckName, content::ContentId, id::Id, job::JobId, lenient::null_as_default, moment,
    problem::Problem, settings::Prices,
};

/// The id of a post.
pub type PostId = Id<Post>;

/// Pictures on one account of one network, and everything that was tried to get them there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Post {
    /// Made by us.
    pub id: PostId,
    /// Whose.
    pub character_id: CharacterId,
    /// Where it goes.
    pub network: Network,
    /// What is shown: 1–10 on Instagram, 1–4 on X.
    pub pictures: Vec<PostPicture>,
    /// The words that go out with it, as they were when it was asked for or last changed.
    #[serde(default)]
    pub caption: String,
    /// Everything happens except the call that makes it public.
    #[serde(default)]
    pub dry_run: bool,
    /// When it is to go out.
    #[serde(with = "moment")]
    pub scheduled_at: DateTime<Utc>,
    /// Where it stands.
    #[serde(flatten)]
    pub state: PostState,
    /// The job that brings it forward.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<JobId>,
    /// What was tried, oldest first.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// A person has to approve its pictures, whatever the character may do on their own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub needs_approval: bool,
    /// Checks a person has said not to mind.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub waived: Vec<CheckName>,
    /// The caller's own name for the request that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Named>,
    /// When it was asked for.
    #[serde(with = "moment")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[serde(with = "moment")]
    pub updated_at: DateTime<Utc>,
    /// Fields we do not know, kept as they came.
    #[serde(flatten, deserialize_with = "unknown")]
    #[schema(ignore)]
    pub extra: serde_json::Map<String, serde_json::Value>,
}

/// The fields of [`PostState`]. It shares its object with what we do not know, and reading it leaves its fields to
/// that: written back, each would be there twice, and the file unreadable.
const OF_STATE: [&str; 11] =
    ["state", "waiting", "until", "publishedAt", "networkId", "url", "problem", "finding", "looking", "check", "why"];

fn unknown<'de, D: Deserializer<'de>>(deserializer: D) -> Result<serde_json::Map<String, serde_json::Value>, D::Error> {
    let mut fields = serde_json::Map::deserialize(deserializer)?;
    fields.retain(|name, _| !OF_STATE.contains(&name.as_str()));
    Ok(fields)
}

/// A picture of a post.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PostPicture {
    /// The content it is.
    pub content_id: ContentId,
    /// What is to be seen, for those who cannot.
    #[serde(default)]
    pub alt_text: String,
    /// What it looks like, as a perceptual hash; empty while not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub looks: String,
}

/// A caller's name for a request (`Idempotency-Key`), and what the request said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Named {
    /// The name.
    pub key: String,
    /// A hash of what was asked for.
    pub body: String,
}

/// Where a post stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "state", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum PostState {
    /// Waits for its time.
    Scheduled {
        /// Why it waits beyond that time, and until when.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        waiting: String,
        /// Until when, when that is later than its time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<DateTime<Utc>>,
    },
    /// A worker is on it.
    Publishing,
    /// It is out.
    Published {
        /// Since when.
        // Said twice: what renames the fields of all variants is not heard by the document.
        #[schema(rename = "publishedAt")]
        published_at: DateTime<Utc>,
        /// Its id on the network, where that is known.
        #[schema(rename = "networkId")]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        network_id: Option<String>,
        /// Its address there, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
    },
    /// It is not out, and will not be by itself.
    Failed {
        /// Why, and what to do.
        #[schema(value_type = Object)]
        problem: Problem,
    },
    /// The publishing call was sent and its outcome is not known. Never sent again by itself.
    Unconfirmed {
        /// What reading the account has shown.
        finding: String,
        /// Whether the account is still going to be read.
        #[serde(default)]
        looking: bool,
    },
    /// It would break a rule if it went out now.
    Held {
        /// Which.
        check: CheckName,
        /// Why, and what to do.
        why: String,
    },
    /// A person took it back.
    Cancelled,
    /// Everything happened except the call that makes it public.
    DryRun,
}

/// What is shown to tell states apart.
impl PostState {
    /// Every state, in the order of the tabs.
    pub const KEYS: [(&'static str, &'static str); 8] = [
        ("scheduled", "Scheduled"),
        ("publishing", "Publishing"),
        ("published", "Published"),
        ("unconfirmed", "Unconfirmed"),
        ("held", "Held"),
        ("failed", "Failed"),
        ("dry_run", "Dry run"),
        ("cancelled", "Cancelled"),
    ];

    /// As it is stored and sent.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Scheduled { .. } => "scheduled",
            Self::Publishing => "publishing",
            Self::Published { .. } => "published",
            Self::Failed { .. } => "failed",
            Self::Unconfirmed { .. } => "unconfirmed",
            Self::Held { .. } => "held",
            Self::Cancelled => "cancelled",
            Self::DryRun => "dry_run",
        }
    }

    /// As a page says it.
    pub fn label(&self) -> &'static str {
        Self::KEYS.iter().find(|(key, _)| *key == self.key()).map_or("", |(_, label)| label)
    }

    /// Waits for a person: nothing more happens by itself, and it is not done.
    pub fn needs_a_person(&self) -> bool {
        match self {
            Self::Failed { .. } | Self::Held { .. } => true,
            Self::Unconfirmed { looking, .. } => !looking,
            Self::Scheduled { .. } | Self::Publishing | Self::Published { .. } | Self::Cancelled | Self::DryRun => false,
        }
    }

    /// Whether machinery goes on with it by itself.
    pub fn goes_on(&self) -> bool {
        match self {
            Self::Scheduled { .. } | Self::Publishing => true,
            Self::Unconfirmed { looking, .. } => *looking,
            Self::Published { .. } | Self::Failed { .. } | Self::Held { .. } | Self::Cancelled | Self::DryRun => false,
        }
    }

    /// Whether a person may have it sent: nothing of it can be out.
    pub fn may_be_sent(&self) -> bool {
        match self {
            Self::Scheduled { .. } | Self::Failed { .. } | Self::Held { .. } | Self::Cancelled | Self::DryRun => true,
            Self::Publishing | Self::Published { .. } | Self::Unconfirmed { .. } => false,
        }
    }

    /// Whether its pictures are out there, or may be.
    pub fn may_be_out(&self) -> bool {
        matches!(self, Self::Publishing | Self::Published { .. } | Self::Unconfirmed { .. })
    }
}

impl Post {
    /// The account it goes to, as in [`super::account::Account::id_of`].
    pub fn account(&self) -> String {
        super::account::Account::id_of(&self.character_id, self.network)
    }

    /// Moves it to another state.
    pub fn turn(&mut self, state: PostState, now: DateTime<Utc>) {
        self.state = state;
        self.updated_at = now;
    }

    /// The attempt that has not ended.
    pub fn open_attempt(&self) -> Option<&Attempt> {
        self.attempts.last().filter(|attempt| attempt.ended_at.is_none())
    }

    /// The same, to be changed.
    pub fn open_attempt_mut(&mut self) -> Option<&mut Attempt> {
        self.attempts.last_mut().filter(|attempt| attempt.ended_at.is_none())
    }

    /// Attempts whose publishing call was sent and not refused: what they sent may be out.
    pub fn sent_attempts(&self) -> impl DoubleEndedIterator<Item = &Attempt> {
        self.attempts.iter().filter(|attempt| attempt.sent_at.is_some() && attempt.refused.is_none())
    }

    /// When it went out, for all we know: an unknown outcome counts as out.
    pub fn out_at(&self) -> Option<DateTime<Utc>> {
        match &self.state {
            PostState::Published { published_at, .. } => Some(*published_at),
            PostState::Unconfirmed { .. } | PostState::Publishing => self.sent_attempts().filter_map(|attempt| attempt.sent_at).max(),
            _ => None,
        }
    }

    /// When it stands in the calendar: when it went out, else when it is to. One that was taken back stands nowhere.
    pub fn calendar_at(&self) -> Option<DateTime<Utc>> {
        match &self.state {
            PostState::Cancelled => None,
            PostState::Scheduled { until: Some(until), .. } => Some(self.scheduled_at.max(*until)),
            _ => Some(self.out_at().unwrap_or(self.scheduled_at)),
        }
    }

    /// Its address on the network, where that is known.
    pub fn url(&self) -> Option<&str> {
        match &self.state {
            PostState::Published { url, .. } => url.as_deref(),
            _ => None,
        }
    }

    /// Its id on the network, where that is known.
    pub fn network_id(&self) -> Option<&str> {
        match &self.state {
            PostState::Published { network_id, .. } => network_id.as_deref(),
            _ => None,
        }
    }

    /// What its network charges for it, in dollars; nothing on Instagram.
    pub fn price(&self, prices: &Prices) -> Option<f64> {
        let described = self.pictures.iter().filter(|picture| !picture.alt_text.is_empty()).count();
        (self.network == Network::X).then(|| prices.of(&self.caption, described))
    }

    /// Whether it was asked for so short ago that the name of its request still counts.
    pub fn is_named(&self, key: &str, now: DateTime<Utc>) -> bool {
        self.request.as_ref().is_some_and(|request| request.key == key) && now - self.created_at < Duration::hours(24)
    }
}

impl Network {
    /// Most pictures of one post.
    pub fn most_pictures(self) -> usize {
        match self {
            Self::Instagram => 10,
            Self::X => 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_post_read_from_its_file_is_written_as_it_was_in_every_state() {
        let states = [
            json!({"state": "scheduled", "waiting": "A gap.", "until": "2026-01-01T10:30:00Z"}),
            json!({"state": "publishing"}),
            json!({"state": "published", "publishedAt": "2026-01-01T10:00:00Z", "networkId": "1", "url": "https://x.com/i/status/1"}),
            json!({"state": "failed", "problem": {"kind": "refused", "message": "No."}}),
            json!({"state": "unconfirmed", "finding": "Not seen.", "looking": true}),
            json!({"state": "held", "check": "account", "why": "The token has ended."}),
            json!({"state": "cancelled"}),
            json!({"state": "dry_run"}),
        ];
        for state in states {
            let mut post = json!({
                "id": "p", "characterId": "luna", "network": "x", "pictures": [], "scheduledAt": "2026-01-01T10:00:00Z",
                "createdAt": "2026-01-01T10:00:00Z", "updatedAt": "2026-01-01T10:00:00Z", "ofAnotherVersion": [1]
            });
            post.as_object_mut().unwrap().extend(state.as_object().unwrap().clone());
            let read: Post = serde_json::from_value(post).unwrap();
            assert_eq!(read.extra.keys().collect::<Vec<_>>(), ["ofAnotherVersion"]);
            let again: Post = serde_json::from_str(&serde_json::to_string(&read).unwrap()).expect("no field is there twice");
            assert_eq!(again, read);
        }
    }
}
