//! What the ledger asks of a network, whichever it is.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{
    instagram,
    ledger::{Ledger, Stop},
    x,
};
use crate::{
    domain::{
        caption::Network,
        post::{Attempt, Deed, Trouble},
    },
    service::accounts,
};

/// What reading an account has shown of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finding {
    /// It is out.
    Out { network_id: Option<String>, url: Option<String> },
    /// It is not to be seen there.
    NotSeen(String),
    /// It cannot be told.
    Unclear(String),
}

/// Hands everything over that nobody sees before it is published.
pub(super) async fn prepare(ledger: &Ledger) -> Result<(), Stop> {
    let post = ledger.read()?;
    if !accounts::is_known(&ledger.app, &post) {
        let whose = async {
            match post.network {
                Network::Instagram => instagram::whose(ledger, &post).await,
                Network::X => x::whose(ledger, &post).await,
            }
        };
        ledger.step(Deed::Account, whose, |_, name, _| format!("It is @{name}.")).await?;
    }
    match post.network {
        Network::Instagram => instagram::prepare(ledger).await,
        Network::X => x::prepare(ledger).await,
    }
}

/// The one call that makes it public. Answers its id on the network.
pub(super) async fn publish(ledger: &Ledger) -> Result<String, Trouble> {
    let Ok(post) = ledger.read() else {
        return Err(super::trouble_of_ours("The post is gone."));
    };
    match post.network {
        Network::Instagram => instagram::publish(ledger, &post).await,
        Network::X => x::publish(ledger, &post).await,
    }
}

/// Its address, where that follows from its id.
pub(super) fn known_link(ledger: &Ledger, id: &str) -> Option<String> {
    let post = ledger.read().ok()?;
    match post.network {
        Network::Instagram => None,
        Network::X => Some(x::link(ledger, &post, id)),
    }
}

/// Its address, as far as the network says. Cosmetic: the post is out whatever comes of this.
pub(super) async fn link(ledger: &Ledger, id: &str) -> Result<Option<String>, Trouble> {
    let Ok(post) = ledger.read() else { return Ok(None) };
    match post.network {
        Network::Instagram => instagram::link(ledger, &post, id).await,
        Network::X => Ok(Some(x::link(ledger, &post, id))),
    }
}

/// Reads the account to find out whether an attempt is out.
pub(super) async fn look(ledger: &Ledger, attempt: &Attempt, sent_at: DateTime<Utc>) -> Result<Finding, Trouble> {
    let Ok(post) = ledger.read() else { return Ok(Finding::Unclear("The post is gone.".into())) };
    match post.network {
        Network::Instagram => instagram::look(ledger, &post, attempt, sent_at).await,
        Network::X => x::look(ledger, &post, attempt, sent_at).await,
    }
}

/// So many units of patience.
pub(super) fn units(ledger: &Ledger, count: u32) -> Duration {
    ledger.app.config.network_pace * count
}
