//! What the document says of tokens: each route with the scope it needs, from the same table the door goes by.

use utoipa::openapi::{
    OpenApi, PathItem,
    path::Operation,
    security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
};

use crate::domain::access::needed;

/// The way to come in, as the document calls it.
const TOKEN: &str = "token";

/// Writes into the document what each route needs.
pub fn describe(document: &mut OpenApi) {
    let mut scheme = Http::new(HttpAuthScheme::Bearer);
    scheme.description = Some(
        "A token from Settings, Access, with the scope that is named; or the cookie of a session, which may do everything. \
         Without a password nobody has to send anything."
            .into(),
    );
    document.components.get_or_insert_default().add_security_scheme(TOKEN, SecurityScheme::Http(scheme));
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            operation.security = Some(vec![SecurityRequirement::new(TOKEN, [needed(method, path).key()])]);
        }
    }
}

/// Each method of a path that does something.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let PathItem { get, put, post, delete, patch, options, head, trace, .. } = item;
    let all = [
        ("GET", get),
        ("PUT", put),
        ("POST", post),
        ("DELETE", delete),
        ("PATCH", patch),
        ("OPTIONS", options),
        ("HEAD", head),
        ("TRACE", trace),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}
