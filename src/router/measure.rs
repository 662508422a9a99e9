//! Counts requests, by the route they matched.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::Method,
    response::Response,
};

use crate::state::AppState;

/// A request that is being answered.
#[derive(Debug)]
pub struct Measured {
    begun: Instant,
    method: &'static str,
    route: Option<MatchedPath>,
}

impl Measured {
    /// From now on.
    pub fn begin(request: &Request) -> Self {
        Self { begun: Instant::now(), method: known(request.method()), route: request.extensions().get::<MatchedPath>().cloned() }
    }

    /// Counts it and how long its answer took to begin, whatever the answer is.
    pub fn end(self, app: &AppState, response: &Response) {
        // A page that is not there has no route, and a name of its own would be one for each mistyped address.
        let route = self.route.as_ref().map_or("none", MatchedPath::as_str);
        app.meters.request(self.method, route, response.status().as_u16(), self.begun.elapsed());
    }
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
