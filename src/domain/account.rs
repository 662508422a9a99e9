//! Accounts on networks: whether a character's keys work, as last seen.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{caption::Network, character::CharacterId, problem::Problem};

/// What was seen when a character's account on a network was last tested.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// `{character}/{network}`.
    pub id: String,
    /// Whose.
    pub character_id: CharacterId,
    /// On which network.
    pub network: Network,
    /// When it was tested.
    pub checked_at: DateTime<Utc>,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// How many posts it may send, as the network last said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<Quota>,
    /// When its token ends, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// When its token was last renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewed_at: Option<DateTime<Utc>>,
}

/// How many posts an account may send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Quota {
    /// Sent in the last 24 hours, by whatever program.
    pub used: u32,
    /// At most so many in 24 hours.
    pub total: u32,
    /// When the network said so.
    pub seen_at: DateTime<Utc>,
}

/// What came of a test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Outcome {
    /// The keys work.
    Connected {
        /// The account's name there, without `@`.
        username: String,
        /// Its id there.
        #[serde(rename = "networkId")]
        network_id: String,
    },
    /// They do not.
    Broken {
        /// Why, and what to do.
        #[schema(value_type = Object)]
        problem: Problem,
    },
}

/// How it stands with an account.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// Keys are missing; these, as a page calls them.
    NotConfigured(Vec<&'static str>),
    /// The keys are there and were not tested since they were set.
    Unchecked,
    /// They were tested.
    Checked(Account),
}

impl Account {
    /// The id of an account's record.
    pub fn id_of(character: &CharacterId, network: Network) -> String {
        format!("{character}/{}", network.key())
    }

    /// Whether its token ends within ten days.
    pub fn is_expiring(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|ends| ends - now < chrono::Duration::days(10))
    }
}
