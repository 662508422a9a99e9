//! Counts requests, by the route they matched.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};

use crate::state::AppState;

/// Counts a request and how long its answer took to begin, whatever the answer is.
pub async fn requests(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = known(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    // A page that is not there has no route, and a name of its own would be one for each mistyped address.
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    app.meters.request(method, route, response.status().as_u16(), begun.elapsed());
    response
}

/// Anybody may send methods of his own making.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
