//! Who may come in, and what they may do: sessions of people, tokens of programs, and what a route asks for.

mod agent;
mod cost;
mod scope;
mod token;

use std::{net::IpAddr, sync::Arc};

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

pub use self::{
    agent::agent,
    cost::is_costly,
    scope::{Scope, needed},
    token::{ApiToken, NewToken, TokenId, TokenView},
};
use super::{activity::Actor, id::Id, problem::Checks};

/// The id of a session: a hash of what its cookie holds, so that nobody gets in with what is stored.
pub type LoginId = Id<Login>;

/// A session is over when it was not used for so long.
pub const IDLE: Duration = Duration::days(30);

/// How exactly it is known when a session or token was last used: more often, every request would be a write.
pub const COARSELY: Duration = Duration::minutes(10);

/// Fewest characters of a password.
const SHORTEST: usize = 10;
/// Most characters of a password: long enough for any sentence, short enough to be hashed quickly.
const LONGEST: usize = 1_000;

/// A session: a browser in which the password was typed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Login {
    /// A hash of what its cookie holds.
    pub id: LoginId,
    /// The browser and the system, as in "Firefox on Linux".
    pub agent: String,
    /// Where it was begun from.
    pub address: String,
    /// When the password was typed.
    pub created_at: DateTime<Utc>,
    /// When it was last used, coarsely.
    pub used_at: DateTime<Utc>,
}

impl Login {
    /// Whether it still counts.
    pub fn is_alive(&self, now: DateTime<Utc>) -> bool {
        now - self.used_at < IDLE
    }
}

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The client's address, as far as proxies that are trusted tell it.
    pub address: IpAddr,
    /// Whether the client is on this machine, for all we can tell.
    pub is_here: bool,
    /// Whether the client speaks https.
    pub secure: bool,
}

/// Who sent a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Visitor {
    /// Somebody at this machine, where there is no password.
    Local,
    /// A person who is logged in.
    Session(Arc<Login>),
    /// A program with a token.
    Token(Arc<ApiToken>),
}

impl Visitor {
    /// Whether this visitor may do what asks for that scope. People may do everything.
    pub fn may(&self, scope: Scope) -> bool {
        match self {
            Self::Local | Self::Session(_) => true,
            Self::Token(token) => token.scopes.contains(&scope),
        }
    }

    /// As activity names it.
    pub fn actor(&self) -> Actor {
        match self {
            Self::Local => Actor::Local,
            Self::Session(login) => Actor::Session { id: login.id.clone(), name: login.agent.clone() },
            Self::Token(token) => Actor::Token { id: token.id.clone(), name: token.name.clone() },
        }
    }

    /// The session, when it is one.
    pub fn session(&self) -> Option<&LoginId> {
        match self {
            Self::Session(login) => Some(&login.id),
            Self::Local | Self::Token(_) => None,
        }
    }
}

/// What a password must be like.
pub fn check_password(field: &str, password: &str, checks: &mut Checks) {
    let length = password.chars().count();
    checks.require(length >= SHORTEST, field, format!("Use at least {SHORTEST} characters; a few words do well."));
    checks.require(length <= LONGEST, field, format!("Use at most {LONGEST} characters."));
}
