//! Tokens with which programs come in.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::scope::Scope;
use crate::domain::{id::Id, problem::Checks};

/// The id of a token.
pub type TokenId = Id<ApiToken>;

/// Most characters of a token's name.
const LONGEST_NAME: usize = 60;

/// A token. What it is itself was shown once, and is known to nobody here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiToken {
    /// Made by us.
    pub id: TokenId,
    /// What it is for, in the words of the person who made it.
    pub name: String,
    /// What it may do, the harmless first.
    pub scopes: Vec<Scope>,
    /// SHA-256 of it. It is long and random, so nobody finds it by trying.
    pub hash: String,
    /// Its last four characters, to tell it from others.
    pub ending: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last used, coarsely.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<DateTime<Utc>>,
}

/// A token as a page shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenView {
    /// Which.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Its last four characters.
    pub ending: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last used, coarsely.
    pub used_at: Option<DateTime<Utc>>,
}

impl From<&ApiToken> for TokenView {
    fn from(token: &ApiToken) -> Self {
        Self {
            id: token.id.clone(),
            name: token.name.clone(),
            scopes: token.scopes.clone(),
            ending: token.ending.clone(),
            created_at: token.created_at,
            used_at: token.used_at,
        }
    }
}

/// A token as it is asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewToken {
    /// What it is for, 1–60 characters.
    pub name: String,
    /// What it may do: at least one.
    pub scopes: Vec<Scope>,
}

impl NewToken {
    /// Trims the name and puts the scopes in order.
    pub fn tidied(mut self) -> Self {
        self.name = self.name.trim().to_owned();
        self.scopes.sort_unstable();
        self.scopes.dedup();
        self
    }

    /// The rules about it.
    pub fn check(&self, checks: &mut Checks) {
        checks.require(!self.name.is_empty(), "name", "Say what it is for, as in \"Phone shortcuts\".");
        checks.at_most("name", &self.name, LONGEST_NAME);
        checks.require(!self.scopes.is_empty(), "scopes", "Choose at least one thing it may do.");
    }
}
