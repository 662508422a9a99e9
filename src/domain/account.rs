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
}
