//! What happens, as it happens.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::{Extension, State},
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use futures::{Stream, StreamExt, stream};
use serde::Deserialize;
use tokio_stream::wrappers::BroadcastStream;

use super::{error::Refusal, extract::Query};
use crate::{
    domain::{access::Visitor, event::Topic, problem::Problem},
    events::Numbered,
    service,
    state::AppState,
};

/// What a watcher wants to hear of.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wishes {
    /// Topics separated by commas: `job`, `content`, `dataset`, `post`, `task`, `notification`, `prompt`, `training`,
    /// `character`, `settings`, `activity`, `system`, `log`. All unless said.
    topics: Option<String>,
    /// The number of the last event that is known, where the header cannot be sent.
    last: Option<u64>,
}

/// A stream of events. `Last-Event-ID` goes on where a stream broke off, within the last 1,000 events.
#[utoipa::path(
    get, path = "/api/events", tag = "events",
    params(Wishes, ("Last-Event-ID" = Option<u64>, Header)),
    responses((status = 200, content_type = "text/event-stream"))
)]
pub async fn stream(
    State(app): State<AppState>,
    Query(wishes): Query<Wishes>,
    visitor: Option<Extension<Visitor>>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let topics = topics(wishes.topics.as_deref())?;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok()).or(wishes.last);
    let (missed, live) = app.events.watch(last);
    // A watcher that is too slow for even a thousand events goes on with the newest.
    let live = BroadcastStream::new(live).filter_map(|told| async { told.ok() });
    let all = stream::iter(missed).chain(live).filter(move |told| std::future::ready(topics.contains(&told.event.topic)));
    let ends = async move {
        tokio::select! {
            () = app.stopping.cancelled() => {}
            // Whoever is let in no longer hears nothing more.
            () = shut_out(&app, visitor) => {}
        }
    };
    let events = all.map(|told| Ok(event(&told))).take_until(Box::pin(ends));
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(20))))
}

async fn shut_out(app: &AppState, visitor: Option<Extension<Visitor>>) {
    match visitor {
        Some(Extension(visitor)) => service::access::until_shut_out(app, &visitor).await,
        None => std::future::pending().await,
    }
}

fn topics(wishes: Option<&str>) -> Result<Vec<Topic>, Problem> {
    let Some(wishes) = wishes.filter(|wishes| !wishes.is_empty()) else { return Ok(Topic::ALL.to_vec()) };
    let topic = |name: &str| {
        let known = Topic::ALL.into_iter().find(|topic| topic.key() == name.trim());
        known.ok_or_else(|| Problem::invalid("topics", format!("Choose from {}.", Topic::ALL.map(Topic::key).join(", "))))
    };
    wishes.split(',').map(topic).collect()
}

fn event(told: &Arc<Numbered>) -> Event {
    let data = serde_json::to_string(&told.event).unwrap_or_default();
    Event::default().id(told.number.to_string()).event(told.event.topic.key()).data(data)
}
