//! The document that describes the API: from the types that are sent, and from the tables the guards go by.

use std::sync::LazyLock;

use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use super::{answers, routes, scopes};

/// The document as it is sent; made when it is first asked for.
pub static JSON: LazyLock<String> = LazyLock::new(|| {
    let (_, mut document) = routes::described(OpenApiRouter::with_openapi(Document::openapi())).split_for_parts();
    scopes::describe(&mut document);
    answers::describe(&mut document);
    document.to_json().expect("the document has string keys only")
});

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Digital Dalla",
        description = "What the pages do, for front ends and scripts. Errors are problem documents (RFC 9457). Names are camelCase; \
                       the snake_case names of older apps are understood. Lists take `limit` and `cursor`, GETs \
                       answer with an `ETag`, changes heed `If-Match`."
    ),
    tags(
        (name = "characters", description = "Personas"),
        (name = "images", description = "Making pictures"),
        (name = "jobs", description = "Work that outlives a request"),
        (name = "content", description = "The pictures that were made"),
        (name = "datasets", description = "Pictures with captions to train LoRAs on"),
        (name = "prompts", description = "The prompt library"),
        (name = "posts", description = "What goes to Instagram and X, and what became of it"),
        (name = "calendar", description = "What is out, what goes out, what is proposed"),
        (name = "notifications", description = "What a person should know of"),
        (name = "schedules", description = "What happens by itself, and when"),
        (name = "captions", description = "Words that go out with pictures"),
        (name = "training", description = "LoRAs in the making, and their versions"),
        (name = "system", description = "Settings, and how everything is"),
        (name = "models", description = "What ComfyUI can draw with"),
        (name = "backups", description = "Copies of everything that is stored"),
        (name = "events", description = "What happens, as it happens"),
        (name = "activity", description = "What was done, and by whom")
    )
)]
struct Document;
