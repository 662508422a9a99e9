//! Requests that may be sent twice: those with a name are done once, whoever repeats them, and whenever this server is
//! stopped. Their names are on disk before anything is done.

use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::{
    domain::{
        answered::{Answer, Answered, AnsweredId, LARGEST, MOST, ROOM, check_key},
        problem::Problem,
    },
    error::Error,
    state::AppState,
    store::{StoreError, Transaction},
    underway::Doing,
};

/// A request as its caller names it.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// Who sent it: two callers may use the same name.
    pub caller: &'a str,
    /// What they call it.
    pub key: &'a str,
    /// Everything it asks for, piece by piece.
    pub said: &'a [&'a [u8]],
}

/// What is to be done with it.
#[derive(Debug)]
pub enum Turn {
    /// Do it, and say how it was answered.
    Do(Doing),
    /// It was done; this is what it was answered.
    Done(Answer),
    /// It is being done at this moment.
    Running,
}

/// Takes up a request. When this says that it is to be done, its name is on disk.
pub async fn begin(app: &AppState, named: Named<'_>, now: DateTime<Utc>) -> Result<Turn, Error> {
    check_key(named.key)?;
    let (id, said) = (AnsweredId::from(hash(app, &[named.caller.as_bytes(), named.key.as_bytes()])), hash(app, named.said));
    let doing = app.underway.take(&id, &said);
    // Looked at only now: whoever had it before us has written down by then how it was answered.
    let before = app.store.read().answers.get(id.as_str()).filter(|before| before.counts(now)).cloned();
    let doing = match (doing, before) {
        (_, Some(before)) if before.answer.is_some() => return again(&before, &said).map(Turn::Done).map_err(Error::from),
        (Err(other), _) if other == said => return Ok(Turn::Running),
        (Err(_), _) => return Err(used().into()),
        (Ok(_), Some(before)) => return again(&before, &said).map(Turn::Done).map_err(Error::from),
        (Ok(doing), None) => doing,
    };
    let begun = Answered { id, said, created_at: now, answer: None };
    app.store
        .write(move |tx| {
            tidy(tx, now)?;
            tx.put(begun)
        })
        .await
        .map_err(|error: StoreError| error)?;
    Ok(Turn::Do(doing))
}

/// Remembers how a request was answered.
pub async fn end(app: &AppState, doing: Doing, mut answer: Answer, now: DateTime<Utc>) -> Result<(), Error> {
    answer.body = answer.body.filter(|body| body.len() <= LARGEST);
    let answered = Answered { id: doing.id.clone(), said: doing.said.clone(), created_at: now, answer: Some(answer) };
    app.store.write(move |tx| tx.put(answered)).await.map_err(|error: StoreError| error)?;
    Ok(())
}

/// Forgets a request that came to nothing: it may be sent again under its name.
pub async fn forget(app: &AppState, doing: Doing) -> Result<(), Error> {
    let id = doing.id.clone();
    app.store.write(move |tx| tx.delete::<Answered>(id.as_str())).await.map_err(|error: StoreError| error)?;
    Ok(())
}

/// Lets go of what does not count any more.
pub async fn sweep(app: &AppState, now: DateTime<Utc>) -> Result<(), Error> {
    let oldest = app.store.read().answers.iter().next().is_some_and(|oldest| !oldest.counts(now));
    if oldest {
        app.store.write(move |tx| tidy(tx, now)).await.map_err(|error: StoreError| error)?;
    }
    Ok(())
}

fn again(before: &Answered, said: &str) -> Result<Answer, Problem> {
    if before.said != said {
        return Err(used());
    }
    let Some(answer) = &before.answer else {
        let words = "This was begun, and this server was stopped before it was answered. Look whether it was done before you repeat it, \
                     and then use another Idempotency-Key.";
        return Err(Problem::conflict(words));
    };
    if answer.body.is_none() {
        return Err(Problem::conflict("This was done. Its answer was too large to be kept, so read what it made instead."));
    }
    Ok(answer.clone())
}

fn used() -> Problem {
    Problem::invalid("Idempotency-Key", "This key was used for another request within the last 24 hours.")
}

/// The oldest stand first.
fn tidy(tx: &mut Transaction, now: DateTime<Utc>) -> Result<(), StoreError> {
    let table = tx.table::<Answered>();
    let (mut count, mut bytes) = (table.len(), table.iter().map(|answered| answered.bytes()).sum::<usize>());
    let mut gone = Vec::new();
    for answered in table.iter() {
        if answered.counts(now) && count < MOST && bytes <= ROOM {
            break;
        }
        count -= 1;
        bytes -= answered.bytes();
        gone.push(answered.id.clone());
    }
    gone.iter().try_for_each(|id| tx.delete::<Answered>(id.as_str()).map(drop))
}

/// A hash that only this installation can make: bodies hold what may be guessed, as passwords are.
fn hash(app: &AppState, pieces: &[&[u8]]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(&app.naming).expect("any length of a key will do");
    for piece in pieces {
        mac.update(&(piece.len() as u64).to_le_bytes());
        mac.update(piece);
    }
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}
