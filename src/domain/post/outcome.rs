//! What a network's refusal means for a post: told by the clients, acted on by the ledger.

use chrono::Duration;

use crate::domain::problem::Problem;

/// What follows from a call that did not end well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing happened, and nothing will for so long: too many calls, no quota, no credits.
    Later(Duration),
    /// Nothing is out; it may work in a moment.
    Again,
    /// What was handed over is gone or unusable: it has to be handed over again.
    Lost,
    /// Instagram has not read the pictures yet. Nothing was published.
    NotReady,
    /// The account does not let us in: a person has to see to it.
    Account,
    /// It will not work as it is.
    Final,
    /// The network says it has these words already.
    Duplicate,
    /// It may be out, or not.
    Unknown,
}

/// A call that did not end well: what follows, and the words for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Trouble {
    /// What follows.
    pub refusal: Refusal,
    /// What happened and what to do.
    pub problem: Problem,
}
