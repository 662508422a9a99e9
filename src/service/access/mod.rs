//! Who may come in: the password, the sessions it begins, and the tokens of programs.

mod logins;
mod password;
mod tokens;

use std::{fmt::Write, net::SocketAddr};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

pub use self::{
    logins::{Begun, begin, end, end_all_but, end_own, session, sessions},
    password::{Change, Refused, change, locked, log_in, replace, set_first},
    tokens::{make, revoke, token, tokens},
};
use crate::{
    domain::{access::Visitor, problem::Problem},
    error::Error,
    state::AppState,
    store::{State, Store, Transaction},
};

/// Whether a password is asked for. A file of secrets that was lost does not open the door.
pub fn is_asked(state: &State) -> bool {
    state.has_password()
}

/// Whether other machines may be let in at all; the error is what a person reads at the start.
pub fn may_be_reached(store: &Store, listen: SocketAddr) -> Result<(), String> {
    if listen.ip().is_loopback() {
        return Ok(());
    }
    if let Some(why) = password::locked_in(store) {
        return Err(format!("DALLA_LISTEN={listen} lets other machines in, and nobody could log in: {why}"));
    }
    if !is_asked(&store.read()) {
        return Err(format!(
            "DALLA_LISTEN={listen} lets other machines in, and there is no password. Set one first with: digital-dalla set-password"
        ));
    }
    Ok(())
}

/// Notes that a visitor was here: coarsely, for otherwise every request would be a write. Nobody waits for it.
pub fn noticed(app: &AppState, visitor: &Visitor, now: DateTime<Utc>) {
    let used = match visitor {
        Visitor::Local => return,
        Visitor::Session(login) => Some(login.used_at),
        Visitor::Token(token) => token.used_at,
    };
    if used.is_some_and(|used| now - used < crate::domain::access::COARSELY) {
        return;
    }
    let (app, visitor) = (app.clone(), visitor.clone());
    tokio::spawn(async move {
        let noted = app.store.write(move |tx| note(tx, &visitor, now)).await;
        if let Err(error) = noted {
            tracing::warn!(problem = %Problem::from(error).message, "when a session or token was last used is not noted");
        }
    });
}

fn note(tx: &mut Transaction, visitor: &Visitor, now: DateTime<Utc>) -> Result<(), Error> {
    match visitor {
        Visitor::Local => Ok(()),
        Visitor::Session(login) => logins::note(tx, &login.id, now),
        Visitor::Token(token) => tokens::note(tx, &token.id, now),
    }
}

/// Waits until this visitor is let in no longer: logged out, ended or revoked. People at this machine stay until there
/// is a password.
pub async fn until_shut_out(app: &AppState, visitor: &Visitor) {
    let mut changes = app.store.changes();
    loop {
        let state = app.store.read();
        let inside = match visitor {
            Visitor::Local => !is_asked(&state),
            Visitor::Session(login) => state.logins.get(login.id.as_str()).is_some(),
            Visitor::Token(token) => state.tokens.get(token.id.as_str()).is_some(),
        };
        // A store that was closed tells nothing any more, and the stream ends with the process.
        if !inside || matches!(changes.recv().await, Err(tokio::sync::broadcast::error::RecvError::Closed)) {
            return;
        }
    }
}

/// What is stored of something only its holder knows. It is long and random, so a plain hash keeps it.
fn hash(secret: &str) -> String {
    Sha256::digest(secret.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a text cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
