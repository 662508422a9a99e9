//! Sessions: browsers in which the password was typed.

use std::{net::IpAddr, sync::Arc};

use chrono::{DateTime, Utc};

use super::hash;
use crate::{
    actor,
    domain::{
        access::{COARSELY, Login, LoginId, Visitor},
        problem::Problem,
    },
    error::Error,
    state::AppState,
    store::Transaction,
};

/// Most sessions; the one that was not used for longest makes room.
const MOST: usize = 100;

/// A session that is to begin.
#[derive(Debug)]
pub struct Begun<'a> {
    /// What its cookie holds.
    pub cookie: &'a str,
    /// The browser and the system.
    pub agent: String,
    /// Where from.
    pub address: IpAddr,
}

/// Begins a session, once the password was right.
pub async fn begin(app: &AppState, begun: Begun<'_>, now: DateTime<Utc>) -> Result<(), Error> {
    let address = begun.address.to_canonical().to_string();
    let login = Login { id: hash(begun.cookie).into(), agent: begun.agent, address, created_at: now, used_at: now };
    app.store.write(move |tx| prune(tx, now)).await?;
    let visitor = Visitor::Session(Arc::new(login.clone()));
    actor::by(visitor.actor(), app.store.write(move |tx| Ok::<_, Error>(tx.put(login)?))).await
}

/// Takes out sessions that are over, and the longest unused when there are too many.
fn prune(tx: &mut Transaction, now: DateTime<Utc>) -> Result<(), Error> {
    let mut logins: Vec<_> = tx.table::<Login>().iter().cloned().collect();
    logins.sort_by_key(|login| std::cmp::Reverse(login.used_at));
    let over = logins.iter().enumerate().filter(|(place, login)| !login.is_alive(now) || *place + 1 >= MOST);
    over.map(|(_, login)| login).try_for_each(|login| tx.delete::<Login>(login.id.as_str()).map(drop))?;
    Ok(())
}

/// The session of that cookie, when it still counts.
pub fn session(app: &AppState, cookie: &str, now: DateTime<Utc>) -> Option<Arc<Login>> {
    app.store.read().logins.get(&hash(cookie)).filter(|login| login.is_alive(now)).cloned()
}

/// The sessions that count, the last used first.
pub fn sessions(app: &AppState, now: DateTime<Utc>) -> Vec<Arc<Login>> {
    let mut logins: Vec<_> = app.store.read().logins.iter().filter(|login| login.is_alive(now)).cloned().collect();
    logins.sort_by_key(|login| std::cmp::Reverse(login.used_at));
    logins
}

/// Ends a session: its next request is a stranger's.
pub async fn end(app: &AppState, id: &LoginId) -> Result<(), Error> {
    let id = id.clone();
    app.store.write(move |tx| if tx.delete::<Login>(id.as_str())? { Ok(()) } else { Err(Error::from(Problem::not_found("session"))) }).await
}

/// Logs out. One that is over already is fine.
pub async fn end_own(app: &AppState, id: &LoginId) -> Result<(), Error> {
    let id = id.clone();
    app.store.write(move |tx| Ok::<_, Error>(tx.delete::<Login>(id.as_str()).map(drop)?)).await
}

/// Ends all sessions but that one.
pub async fn end_all_but(app: &AppState, keep: Option<LoginId>) -> Result<(), Error> {
    app.store.write(move |tx| end_others(tx, keep.as_ref())).await
}

/// Ends all sessions but that one, as part of a change.
pub(super) fn end_others(tx: &mut Transaction, keep: Option<&LoginId>) -> Result<(), Error> {
    let others: Vec<_> = tx.table::<Login>().iter().map(|login| login.id.clone()).filter(|id| Some(id) != keep).collect();
    Ok(others.iter().try_for_each(|id| tx.delete::<Login>(id.as_str()).map(drop))?)
}

/// Notes when it was last used, unless that is known closely enough.
pub(super) fn note(tx: &mut Transaction, id: &LoginId, now: DateTime<Utc>) -> Result<(), Error> {
    let stored = tx.get::<Login>(id.as_str()).filter(|login| now - login.used_at >= COARSELY);
    let Some(stored) = stored else { return Ok(()) };
    Ok(tx.put(Login { used_at: now, ..Login::clone(&stored) })?)
}
