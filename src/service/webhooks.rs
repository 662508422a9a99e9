//! The webhook: tells another program of each notification, in the order they were made, until it has taken it.
//!
//! What is to be sent is stored with the notification, and so is that it is about to be sent: a restart goes on where
//! it stopped. The other side may get one twice, under the same name, and never loses one to a short trouble.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::gemini::OWNER;
use crate::{
    domain::{
        notification::{Delivery, DeliveryState, Notification, NotificationId, NotificationKind, Subject},
        problem::{Kind, Problem},
    },
    error::Error,
    integrations::webhook::Address,
    state::AppState,
    store::{SecretState, State},
};

/// The name of the secret that signs, among those of the installation.
pub(super) const SECRET: &str = "webhookSecret";

/// Pauses after the first, second … time it did not arrive, in units of patience; after the last it is given up.
const AGAIN: [u32; 6] = [15, 60, 300, 1_800, 7_200, 21_600];

/// What is sent.
#[derive(Serialize)]
struct Message<'a> {
    event: &'static str,
    notification: &'a Notification,
}

/// Sends what is due, until the process is to end.
pub async fn deliver(app: AppState) {
    let mut changes = app.store.changes();
    loop {
        let due = next(&app.store.read());
        let wait = due.as_ref().map(|(_, due_at)| (*due_at - Utc::now()).to_std().unwrap_or_default());
        match (due, wait) {
            (Some((id, _)), Some(wait)) if wait.is_zero() => {
                if let Err(error) = send(&app, &id, Utc::now()).await {
                    tracing::warn!(%error, "a delivery could not be written down");
                    // A full disk is not asked again and again.
                    tokio::time::sleep(app.config.network_pace).await;
                }
            }
            (_, wait) => {
                let due = async {
                    match wait {
                        Some(wait) => tokio::time::sleep(wait).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = due => {}
                    // Whatever changed, or was missed: the store is asked again.
                    changed = changes.recv() => if matches!(changed, Err(tokio::sync::broadcast::error::RecvError::Closed)) { return },
                    () = app.stopping.cancelled() => return,
                }
            }
        }
        if app.stopping.is_cancelled() {
            return;
        }
    }
}

/// The delivery that is due first.
fn next(state: &State) -> Option<(NotificationId, DateTime<Utc>)> {
    let waiting = state.notifications.indexed("delivery", "waiting");
    let due = waiting.filter_map(|told| Some((told.id.clone(), told.delivery.as_ref()?.due_at()?)));
    // The index goes from the newest to the oldest; of those due at the same moment the oldest comes first.
    due.min_by(|one, other| one.1.cmp(&other.1).then(std::cmp::Ordering::Greater))
}

/// Sends one: that it is about to be sent is stored before, what came of it after.
async fn send(app: &AppState, id: &NotificationId, now: DateTime<Utc>) -> Result<(), Error> {
    let pace = app.config.network_pace;
    let address = match address(app) {
        Ok(Some(address)) => Ok(address),
        Ok(None) => return update(app, id, |delivery| delivery.state = DeliveryState::GivenUp).await,
        Err(problem) => Err(problem.message),
    };
    update(app, id, move |delivery| {
        delivery.state = match AGAIN.get(delivery.attempts as usize) {
            Some(units) => DeliveryState::Waiting { due_at: now + pace * *units },
            None => DeliveryState::GivenUp,
        };
        delivery.attempts += 1;
        delivery.tried_at = Some(now);
    })
    .await?;
    let Some(told) = app.store.read().notifications.get(id.as_str()).cloned() else { return Ok(()) };
    // How its own delivery stands is nothing to tell the other side.
    let told = Notification { delivery: None, ..Notification::clone(&told) };
    let sent = match address {
        Ok(address) => app.webhook.send(&address, id.as_str(), body(&told), Utc::now()).await.map_err(|error| error.to_string()),
        Err(words) => Err(words),
    };
    match sent {
        Ok(()) => {
            update(app, id, |delivery| {
                delivery.state = DeliveryState::Delivered;
                delivery.trouble = String::new();
            })
            .await
        }
        Err(words) => {
            tracing::info!(notification.id = %id, reason = words, "a notification did not arrive at the webhook");
            update(app, id, move |delivery| delivery.trouble = words).await
        }
    }
}

fn body(told: &Notification) -> String {
    serde_json::to_string(&Message { event: "notification", notification: told }).unwrap_or_default()
}

async fn update(app: &AppState, id: &NotificationId, change: impl FnOnce(&mut Delivery) + Send + 'static) -> Result<(), Error> {
    let id = id.clone();
    app.store
        .write(move |tx| {
            let Some(stored) = tx.get::<Notification>(id.as_str()) else { return Ok(()) };
            let mut told = Notification::clone(&stored);
            let Some(delivery) = &mut told.delivery else { return Ok(()) };
            change(delivery);
            Ok::<_, Error>(tx.put(told)?)
        })
        .await
}

/// Where to, when there is somewhere. A secret that cannot be unsealed must not lead to messages nobody signed.
fn address(app: &AppState) -> Result<Option<Address>, Problem> {
    let Ok(url) = app.store.read().settings.webhook_url.parse() else { return Ok(None) };
    if app.store.mask(OWNER, SECRET) == SecretState::Locked {
        return Err(Problem::new(Kind::NotConfigured, "The secret cannot be unsealed. Put the secret key back, or enter the secret anew."));
    }
    Ok(Some(Address { url, secret: app.store.secret(OWNER, SECRET) }))
}

/// Sends something to see whether it arrives, and waits for that.
pub async fn test(app: &AppState, now: DateTime<Utc>) -> Result<(), Error> {
    let address = address(app)?.ok_or_else(|| Problem::new(Kind::NotConfigured, "Save an address first."))?;
    let told = Notification {
        id: NotificationId::new(),
        kind: NotificationKind::Review,
        subject: Subject::Review,
        title: "This is a test.".to_owned(),
        words: "Nothing happened.".to_owned(),
        character_id: None,
        at: now,
        read_at: None,
        over_at: None,
        delivery: None,
    };
    let message = serde_json::to_string(&Message { event: "test", notification: &told }).unwrap_or_default();
    let sent = app.webhook.send(&address, told.id.as_str(), message, now).await;
    sent.map_err(|error| Problem::new(Kind::Refused, format!("It did not arrive. {error}")).into())
}

/// The delivery that was tried last.
pub fn last(state: &State) -> Option<Delivery> {
    let tried = state.notifications.newest().filter_map(|told| told.delivery.as_ref()).filter(|delivery| delivery.tried_at.is_some());
    tried.max_by_key(|delivery| delivery.tried_at).cloned()
}
