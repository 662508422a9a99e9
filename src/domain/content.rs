//! Generated pictures, each with its caption, provenance and review state.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    caption::{self, Network},
    character::CharacterId,
    generation::Recipe,
    id::{Id, id_or_null},
    job::JobId,
    lenient::{null_as_default, text_or_null},
    moment,
    narrative::NarrativeId,
    plan::Proposal,
    problem::{Checks, Problem},
    sent::Sent,
    words::Author,
};

/// The id of a content; also the name of its picture's files.
pub type ContentId = Id<Content>;

/// One generated picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    /// Fixed before the picture is made, so that a job cannot make it twice.
    pub id: ContentId,
    /// Whose picture.
    #[serde(default = "CharacterId::none", deserialize_with = "id_or_null")]
    pub character_id: CharacterId,
    /// When the picture was taken over from ComfyUI.
    #[serde(default, with = "moment::lenient")]
    pub created_at: Option<DateTime<Utc>>,
    /// When it was last changed.
    #[serde(default, with = "moment::lenient")]
    pub updated_at: Option<DateTime<Utc>>,
    /// Where it stands in review.
    #[serde(default)]
    pub state: ReviewState,
    /// The words that go out with it, at most 2,200 characters.
    #[serde(default, deserialize_with = "text_or_null")]
    pub caption: String,
    /// What is to be seen, for those who cannot, at most 1,000 characters.
    #[serde(default, deserialize_with = "text_or_null")]
    pub alt_text: String,
    /// The words for X, where they differ; empty means the caption. At most 280 characters in X's count.
    #[serde(default, deserialize_with = "text_or_null", skip_serializing_if = "String::is_empty")]
    pub twitter_caption: String,
    /// When a person last decided about it in review.
    #[serde(default, with = "moment::lenient", skip_serializing_if = "Option::is_none")]
    pub reviewed_at: Option<DateTime<Utc>>,
    /// Why it was rejected, at most 1,000 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reject_reason: String,
    /// When it could go out, and where: approving it schedules it then. `None` once it is, and where nothing was planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_for: Option<Proposal>,
    /// What was changed, when and by whom, oldest first; the last fifty changes.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<Edit>,
    /// The picture itself; `None` in files of older apps, which only hold links.
    #[serde(default)]
    pub picture: Option<Picture>,
    /// How it was made; `None` in files of older apps.
    #[serde(default)]
    pub provenance: Option<Provenance>,
    /// Fields we do not know, kept as they came.
    #[serde(flatten)]
    #[schema(ignore)]
    pub extra: serde_json::Map<String, serde_json::Value>,
}

/// A change of a content. What came of it is in the next change of the same field, or in the field itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Edit {
    /// When.
    pub at: DateTime<Utc>,
    /// Who wrote the new words, or decided.
    #[serde(default = "by_hand")]
    pub by: Author,
    /// What was changed: `caption`, `twitterCaption`, `altText` or `state`.
    pub field: String,
    /// What it was before.
    pub before: String,
    /// The reason that was given; with a rejection only.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// How many changes are remembered.
const REMEMBERED: usize = 50;

fn by_hand() -> Author {
    Author::Hand
}

/// The stored picture. Its bytes are `media/{id}.png`, with a thumbnail beside them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Picture {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Size of the PNG.
    pub bytes: u64,
    /// What it looks like, as a perceptual hash; empty while not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub looks: String,
}

/// Everything about how a picture was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// The job that made it.
    pub job_id: JobId,
    /// What it was made by.
    pub recipe: Recipe,
    /// With the recipe, what makes it again.
    pub seed: u64,
    /// What was asked for, before the character's parts were added.
    #[serde(default)]
    pub request: String,
    /// The story arc they were in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrative_id: Option<NarrativeId>,
    /// That arc's title at the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrative_title: Option<String>,
    /// Which ComfyUI drew it (host and port).
    pub server: String,
    /// Its name there.
    pub prompt_id: String,
    /// How long the drawing took.
    pub seconds: f64,
}

/// Where a content stands in review.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    /// Just made.
    #[default]
    Draft,
    /// Waits for a person.
    InReview,
    /// May go out.
    Approved,
    /// Will not go out.
    Rejected,
}

impl ReviewState {
    /// In the order of the way.
    pub const ALL: [Self; 4] = [Self::Draft, Self::InReview, Self::Approved, Self::Rejected];

    /// As it is stored and sent.
    pub fn key(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::InReview => "in_review",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// As a page says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Draft => "Draft",
            Self::InReview => "In review",
            Self::Approved => "Approved",
            Self::Rejected => "Rejected",
        }
    }

    /// Whether nobody has looked at it yet.
    pub fn is_draft(&self) -> bool {
        *self == Self::Draft
    }

    /// The state of that name.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }
}

/// What a request says of a content.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ContentChange {
    /// At most 2,200 characters.
    #[schema(value_type = Option<String>)]
    pub caption: Sent<String>,
    /// At most 1,000 characters.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "alt_text")]
    pub alt_text: Sent<String>,
    /// The words for X, where they differ. At most 280 characters in X's count.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "twitter_caption")]
    pub twitter_caption: Sent<String>,
    /// When it could go out, and where. `null` when it is not planned any more.
    #[schema(value_type = Option<Proposal>)]
    #[serde(alias = "planned_for")]
    pub planned_for: Sent<Proposal>,
}

impl Content {
    /// Where its picture is served.
    pub fn image_url(&self) -> String {
        format!("/media/{}.png", self.id)
    }

    /// Where its thumbnail is served; `None` when there is no picture file of ours.
    pub fn thumbnail_url(&self) -> Option<String> {
        self.picture.as_ref().map(|_| format!("/media/{}/thumb.webp", self.id))
    }

    /// Whether a person is asked about it: what has no picture file cannot go out, whatever is decided.
    pub fn waits_for_decision(&self) -> bool {
        self.state == ReviewState::InReview && self.picture.is_some()
    }

    /// What was asked for, or the whole prompt when nothing was.
    pub fn title(&self) -> &str {
        match &self.provenance {
            Some(made) if made.request.is_empty() => &made.recipe.prompt,
            Some(made) => &made.request,
            None => &self.caption,
        }
    }

    /// Whether `words` (lower case) occur in its caption, alt text or prompt.
    pub fn mentions(&self, words: &str) -> bool {
        let prompt = self.provenance.as_ref().map(|made| made.recipe.prompt.as_str()).unwrap_or_default();
        [self.caption.as_str(), self.alt_text.as_str(), prompt].iter().any(|text| text.to_lowercase().contains(words))
    }

    /// Sets the words for a network. Those for X are kept apart from those for all.
    pub fn set_caption(&mut self, network: Network, text: String, by: Author, now: DateTime<Utc>) {
        let change = match network {
            Network::Instagram => ContentChange { caption: text.into(), ..ContentChange::default() },
            Network::X => ContentChange { twitter_caption: text.into(), ..ContentChange::default() },
        };
        self.apply(change, by, now);
    }

    /// Moves it in review, and remembers where it was. A reason goes with a rejection only.
    pub fn turn(&mut self, state: ReviewState, reason: &str, by: Author, now: DateTime<Utc>) {
        let reason = if state == ReviewState::Rejected { reason.trim() } else { "" };
        if self.state != state || self.reject_reason != reason {
            let (field, before) = ("state".to_owned(), self.state.key().to_owned());
            self.remember(Edit { at: now, by, field, before, reason: reason.to_owned() });
        }
        self.state = state;
        reason.clone_into(&mut self.reject_reason);
        self.reviewed_at = matches!(state, ReviewState::Approved | ReviewState::Rejected).then_some(now);
        self.updated_at = Some(now);
    }

    fn remember(&mut self, edit: Edit) {
        self.history.push(edit);
        let surplus = self.history.len().saturating_sub(REMEMBERED);
        self.history.drain(..surplus);
    }

    /// The words that go out with it on that network.
    pub fn caption_for(&self, network: Network) -> &str {
        match network {
            Network::X if !self.twitter_caption.is_empty() => &self.twitter_caption,
            Network::X | Network::Instagram => &self.caption,
        }
    }

    /// Applies what was sent; the result still has to pass [`Content::check`].
    pub fn apply(&mut self, change: ContentChange, by: Author, now: DateTime<Utc>) {
        let before = [self.caption.clone(), self.alt_text.clone(), self.twitter_caption.clone()];
        change.caption.set(&mut self.caption);
        change.alt_text.set(&mut self.alt_text);
        change.twitter_caption.set(&mut self.twitter_caption);
        change.planned_for.set_option(&mut self.planned_for);
        let after = [self.caption.clone(), self.alt_text.clone(), self.twitter_caption.clone()];
        for ((field, before), after) in ["caption", "altText", "twitterCaption"].into_iter().zip(before).zip(after) {
            if before != after {
                self.remember(Edit { at: now, by, field: field.to_owned(), before, reason: String::new() });
            }
        }
        self.updated_at = Some(now);
    }

    /// Checks what a person may write on it.
    pub fn check(&self) -> Result<(), Problem> {
        let mut checks = Checks::default();
        caption::check(Network::Instagram, "caption", &self.caption, &mut checks);
        caption::check(Network::X, "twitterCaption", &self.twitter_caption, &mut checks);
        checks.at_most("altText", &self.alt_text, 1_000);
        checks.at_most("reason", &self.reject_reason, 1_000);
        if let Some(proposal) = &self.planned_for {
            checks.require(!proposal.networks.is_empty(), "plannedFor.networks", "Say where it is to go.");
        }
        checks.finish()
    }

    /// When it could go out and where, as long as that is still open.
    pub fn proposal(&self) -> Option<&Proposal> {
        self.planned_for.as_ref().filter(|_| self.state != ReviewState::Rejected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn picture() -> Content {
        serde_json::from_value(json!({"id": "a"})).unwrap()
    }

    fn words(caption: &str) -> ContentChange {
        ContentChange { caption: caption.to_owned().into(), ..ContentChange::default() }
    }

    #[test]
    fn what_was_changed_is_remembered_with_who_and_what_it_was() {
        let (mut content, now) = (picture(), Utc::now());
        content.set_caption(Network::Instagram, "Mist.".into(), Author::Gemini, now);
        content.apply(words("Fog."), Author::Hand, now);
        content.apply(words("Fog."), Author::Hand, now);
        content.turn(ReviewState::Rejected, " too dark ", Author::Hand, now);
        content.turn(ReviewState::Approved, "left over from before", Author::Hand, now);
        let told: Vec<_> =
            content.history.iter().map(|edit| (edit.by, edit.field.as_str(), edit.before.as_str(), edit.reason.as_str())).collect();
        assert_eq!(
            told,
            [
                (Author::Gemini, "caption", "", ""),
                (Author::Hand, "caption", "Mist.", ""),
                (Author::Hand, "state", "draft", "too dark"),
                (Author::Hand, "state", "rejected", "")
            ]
        );
        assert_eq!(content.reject_reason, "");
    }

    #[test]
    fn only_the_last_changes_are_remembered() {
        let mut content = picture();
        (0..60).for_each(|n| content.apply(words(&n.to_string()), Author::Hand, Utc::now()));
        assert_eq!((content.history.len(), content.history[0].before.as_str()), (REMEMBERED, "9"));
    }

    #[test]
    fn a_history_of_an_earlier_version_is_read() {
        let edit: Edit = serde_json::from_value(json!({"at": "2026-11-23T08:00:00Z", "field": "caption", "before": ""})).unwrap();
        assert_eq!((edit.by, edit.reason.as_str()), (Author::Hand, ""));
    }
}
