//! Sessions between two requests: a cookie nobody else can read, and words for the next page in memory. Who is logged
//! in is in the store, under a hash of what the cookie holds.

use std::{
    collections::HashMap,
    convert::Infallible,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use axum::{
    extract::{MatchedPath, Request},
    http::header,
    middleware::Next,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use tower::{Layer, ServiceExt, service_fn};
use tower_sessions::{
    Expiry, SessionManagerLayer, SessionStore,
    cookie::{
        Key, SameSite,
        time::{Duration, OffsetDateTime},
    },
    service::PrivateCookie,
    session::{Id, Record},
    session_store::Result,
};

use super::{door, refusal::is_api};
use crate::{domain::access::Caller, service, state::AppState};

/// Most sessions in memory; strangers make them, too.
const MOST: usize = 10_000;

/// The layers that make sessions: one for those who speak https, whose cookies travel nowhere else, and one for others.
pub struct Sessions {
    plain: SessionManagerLayer<Memory, PrivateCookie>,
    secure: SessionManagerLayer<Memory, PrivateCookie>,
}

impl Sessions {
    /// Sessions whose cookies can be read for as long as the secret key is the same.
    pub fn new(app: &AppState) -> Self {
        let idle = Duration::seconds(crate::domain::access::IDLE.num_seconds());
        let key = Key::from(&app.store.derived_key("session cookies"));
        let layer = SessionManagerLayer::new(Memory { app: app.clone(), kept: Arc::default() })
            .with_http_only(true)
            .with_same_site(SameSite::Lax)
            .with_name("dalla")
            .with_expiry(Expiry::OnInactivity(idle))
            .with_private(key);
        Self { plain: layer.clone().with_secure(false), secure: layer.with_secure(true) }
    }

    /// Gives a request its session, and takes it to the door.
    pub async fn give(&self, app: &AppState, request: Request, next: Next) -> Response {
        // Programs have no cookies, and nothing they ask for is remembered in a session.
        // By the route, not by the path: what is nowhere is told by a page, and pages have sessions.
        let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        if (is_api(route) || route.starts_with("/media/")) && !request.headers().contains_key(header::COOKIE) {
            return door::admit(app, request, next).await;
        }
        let is_secure = request.extensions().get::<Caller>().is_some_and(|caller| caller.secure);
        let layer = if is_secure { &self.secure } else { &self.plain };
        let app = app.clone();
        let door = service_fn(move |request| {
            let (app, next) = (app.clone(), next.clone());
            async move { Ok::<_, Infallible>(door::admit(&app, request, next).await) }
        });
        Box::pin(layer.layer(door).oneshot(request)).await.into_response()
    }
}

/// What sessions hold. A restart forgets it, and nobody is logged out by that.
#[derive(Clone)]
struct Memory {
    app: AppState,
    kept: Arc<Mutex<HashMap<Id, Record>>>,
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory")
    }
}

impl Memory {
    fn kept(&self) -> MutexGuard<'_, HashMap<Id, Record>> {
        // A map of records cannot be left half changed.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SessionStore for Memory {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let mut kept = self.kept();
        while kept.contains_key(&record.id) {
            record.id = Id::default();
        }
        if kept.len() >= MOST {
            make_room(&mut kept);
        }
        kept.insert(record.id, record.clone());
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.kept().insert(record.id, record.clone());
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let now = OffsetDateTime::now_utc();
        if let Some(record) = self.kept().get(id).filter(|record| record.expiry_date > now) {
            return Ok(Some(record.clone()));
        }
        let is_logged_in = service::access::session(&self.app, &id.to_string(), Utc::now()).is_some();
        // When it ends is said anew with each save.
        Ok(is_logged_in.then(|| Record { id: *id, data: HashMap::new(), expiry_date: now + Duration::HOUR }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.kept().remove(id);
        Ok(())
    }
}

/// Drops the tenth that was not used for longest.
fn make_room(kept: &mut HashMap<Id, Record>) {
    let mut ends: Vec<_> = kept.values().map(|record| record.expiry_date).collect();
    let (_, last, _) = ends.select_nth_unstable(MOST / 10);
    let last = *last;
    kept.retain(|_, record| record.expiry_date > last);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_cannot_fill_the_memory() {
        let record = |seconds: usize| Record {
            id: Id(seconds as i128),
            data: HashMap::new(),
            expiry_date: OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds as i64),
        };
        let mut kept: HashMap<_, _> = (0..MOST).map(|seconds| (record(seconds).id, record(seconds))).collect();
        make_room(&mut kept);
        assert!(kept.len() < MOST && kept.len() >= MOST * 8 / 10);
        assert!(kept.contains_key(&Id(MOST as i128 - 1)) && !kept.contains_key(&Id(0)), "the oldest go");
    }
}
