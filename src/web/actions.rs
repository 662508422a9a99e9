//! How every server function does its deed: do it, then redirect to the page that shows what is now stored.
//! When it is refused, the page with the form comes back with what was wrong and what was typed.

use leptos::prelude::ServerFnError;
use serde::Serialize;

use super::flash::{self, Flash, MadeToken, Refused, Toast};
use crate::{domain::problem::Problem, error::Error};

/// Where a deed leads to.
#[derive(Debug)]
pub struct Done {
    to: String,
    toast: Option<Toast>,
    token: Option<MadeToken>,
}

impl Done {
    /// Leads to that page.
    pub fn to(page: impl Into<String>) -> Self {
        Self { to: page.into(), toast: None, token: None }
    }

    /// With a button that takes it back: a form to that address with that token.
    pub fn undone_by(mut self, action: &str, token: String) -> Self {
        if let Some(toast) = &mut self.toast {
            toast.undo = Some((action.to_owned(), token));
        }
        self
    }

    /// With a link to where it can be seen. Only together with a word.
    pub fn seen_at(mut self, page: String) -> Self {
        if let Some(toast) = &mut self.toast {
            toast.view = Some(page);
        }
        self
    }

    /// With a token that is shown there once.
    pub fn showing(mut self, token: MadeToken) -> Self {
        self.token = Some(token);
        self
    }

    /// With a word.
    pub fn saying(mut self, words: impl Into<String>) -> Self {
        self.toast = Some(Toast { good: true, words: words.into(), view: None, undo: None });
        self
    }
}

/// A form as it was sent.
pub struct Sending<'a, F> {
    /// Its name on the page.
    pub name: &'static str,
    /// The page it is on.
    pub page: String,
    /// What was typed. Fields that hold secrets skip serialising.
    pub values: &'a F,
}

/// Does the deed of a form.
pub async fn submit<F: Serialize>(sending: Sending<'_, F>, deed: impl Future<Output = Result<Done, Error>>) -> Result<(), ServerFnError> {
    match deed.await {
        Ok(done) => go(done).await,
        Err(error) => {
            let values = serde_json::to_value(sending.values).unwrap_or_default();
            let refused = Refused { form: sending.name.into(), problem: Problem::from(error), values };
            flash::leave(Flash { refused: Some(refused), ..Flash::default() }).await;
            redirect(&sending.page);
        }
    }
    Ok(())
}

/// Does the deed of a single button; when it is refused, the page `back` says why.
pub async fn press(back: &str, deed: impl Future<Output = Result<Done, Error>>) -> Result<(), ServerFnError> {
    match deed.await {
        Ok(done) => go(done).await,
        Err(error) => {
            let toast = Toast { good: false, words: Problem::from(error).message, view: None, undo: None };
            flash::leave(Flash { toast: Some(toast), ..Flash::default() }).await;
            redirect(back);
        }
    }
    Ok(())
}

async fn go(done: Done) {
    if done.toast.is_some() || done.token.is_some() {
        flash::leave(Flash { toast: done.toast, token: done.token, ..Flash::default() }).await;
    }
    redirect(&done.to);
}

/// Only to pages of ours, and only with characters a header may hold.
pub(super) fn redirect(page: &str) {
    leptos_axum::redirect(if is_ours(page) { page } else { "/" });
}

/// Whether an address is one of our pages, in characters a header may hold.
pub fn is_ours(page: &str) -> bool {
    page.starts_with('/') && !page.starts_with("//") && page.chars().all(|c| c.is_ascii_graphic() && c != '\\')
}
