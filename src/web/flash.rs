//! What one request leaves for the next page: a word of success, or a form with what was wrong about it.

use axum::{extract::Request, middleware::Next, response::Response};
use serde::{Deserialize, Serialize};
use tower_sessions::Session;

use crate::domain::problem::{Kind, Problem};

const KEY: &str = "flash";

/// What was left for this page.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Flash {
    /// A short word.
    pub toast: Option<Toast>,
    /// A form that was refused.
    pub refused: Option<Refused>,
    /// A token that was just made. It is shown on the next page, and never again.
    #[serde(default)]
    pub token: Option<MadeToken>,
}

/// A token that was just made. Does not print.
#[derive(Clone, Serialize, Deserialize)]
pub struct MadeToken {
    /// What it is for.
    pub name: String,
    /// The token itself.
    pub text: String,
}

impl std::fmt::Debug for MadeToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MadeToken").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Flash {
    /// A form that was refused, and nothing of what was typed.
    pub fn refusing(form: &str, problem: Problem) -> Self {
        Self { refused: Some(Refused { form: form.to_owned(), problem, values: serde_json::Value::Null }), ..Self::default() }
    }
}

/// A short word about what was done.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Toast {
    /// Whether it went well.
    pub good: bool,
    /// The word.
    pub words: String,
    /// Where to look at it.
    pub view: Option<String>,
    /// What takes it back: where to send the token, and the token.
    #[serde(default)]
    pub undo: Option<(String, String)>,
}

/// A form that was refused, with everything that was typed into it but secrets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refused {
    /// Which form of the page.
    pub form: String,
    /// What was wrong.
    pub problem: Problem,
    /// What was typed.
    pub values: serde_json::Value,
}

/// Takes what was left out of the session and hands it to the page. A live region's reload leaves it there.
pub async fn hand_over(session: Session, mut request: Request, next: Next) -> Response {
    let page = request.method() == axum::http::Method::GET && !request.headers().contains_key("x-live");
    if page
        && request.headers().contains_key(axum::http::header::COOKIE)
        && let Ok(Some(flash)) = session.remove::<Flash>(KEY).await
    {
        request.extensions_mut().insert(flash);
    }
    next.run(request).await
}

/// Leaves something for the next page, in this session.
pub async fn put(session: &Session, flash: Flash) {
    if let Err(error) = session.insert(KEY, flash).await {
        tracing::warn!(%error, "a word for the next page is lost");
    }
}

/// Leaves something for the next page. A session that cannot be written loses a word, not the deed.
pub async fn leave(flash: Flash) {
    match leptos_axum::extract::<Session>().await {
        Ok(session) => put(&session, flash).await,
        Err(error) => tracing::warn!(%error, "there is no session for a word"),
    }
}

/// Gives a session another id, so that whoever knew the old one knows nothing. Answers what its cookie holds now.
pub async fn renew(session: &Session) -> Result<String, Problem> {
    let renewed = async {
        session.cycle_id().await?;
        session.save().await
    };
    let lost = || Problem::new(Kind::Internal, "The session could not be begun. Try again.");
    renewed.await.map_err(|error| {
        tracing::error!(%error, "a session could not be renewed");
        lost()
    })?;
    session.id().map(|id| id.to_string()).ok_or_else(lost)
}
