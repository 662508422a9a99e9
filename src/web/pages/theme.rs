//! Remembers dark or light, for those without script.

use axum::http::{HeaderValue, header};
use leptos::prelude::*;

use crate::web::actions::{Done, press};

/// Remembers the theme in a cookie, so that the first paint is right.
#[server(prefix = "/actions", endpoint = "theme")]
pub async fn set_theme(theme: String, #[server(default)] back: String) -> Result<(), ServerFnError> {
    let known = match theme.as_str() {
        "dark" => "dark",
        "light" => "light",
        _ => "system",
    };
    let cookie = format!("theme={known}; Path=/; Max-Age=31536000; SameSite=Lax");
    if let (Some(response), Ok(cookie)) = (use_context::<leptos_axum::ResponseOptions>(), HeaderValue::from_str(&cookie)) {
        response.append_header(header::SET_COOKIE, cookie);
    }
    press("/", async { Ok(Done::to(back)) }).await
}
