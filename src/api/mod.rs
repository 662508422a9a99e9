//! The JSON API: every URL under `/api`, and the documents that describe it.

mod activity;
mod answers;
mod backups;
mod calendar;
mod captions;
mod characters;
mod content;
mod datasets;
mod error;
mod events;
mod examples;
mod extract;
mod gate;
mod images;
mod imports;
mod jobs;
mod models;
mod notifications;
mod older_schedules;
pub mod pictures;
mod posts;
mod prompts;
mod reply;
mod schedules;
mod scopes;
mod settings;
mod system;
mod trainings;
mod uploads;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, StatusCode, Uri},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};
use utoipa_swagger_ui::SwaggerUi;

pub use self::{error::Refusal, uploads::Upload};
use crate::{
    domain::problem::{Kind, Problem},
    state::AppState,
};

/// The largest body a request may have.
const LARGEST_BODY: usize = 2 << 20;

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

/// Every route under `/api`.
pub fn router(app: &AppState) -> Router<AppState> {
    let (routes, mut document) = documented(app.config.upload_limit).split_for_parts();
    scopes::describe(&mut document);
    answers::describe(&mut document);
    let json = document.to_json().expect("the document has string keys only");
    let openapi = get(move || async move { ([("content-type", "application/json")], json) });
    Router::new()
        .merge(routes)
        .route("/api/openapi.json", openapi)
        .merge(SwaggerUi::new("/api/docs").config(utoipa_swagger_ui::Config::from("/api/openapi.json")))
        .route("/api/{*rest}", axum::routing::any(unknown))
        .route("/api", axum::routing::any(unknown))
        .route("/api/", axum::routing::any(unknown))
        .method_not_allowed_fallback(wrong_method)
        .layer(
            ServiceBuilder::new()
                .layer(DefaultBodyLimit::max(LARGEST_BODY))
                .layer(middleware::map_response(error::in_our_shape))
                .layer(middleware::from_fn_with_state(app.clone(), gate::pass))
                .map_response(IntoResponse::into_response)
                .layer(CatchPanicLayer::custom(error::broke_down)),
        )
}

fn documented(largest_upload: u64) -> OpenApiRouter<AppState> {
    let largest_upload = usize::try_from(largest_upload).unwrap_or(usize::MAX);
    let uploads = OpenApiRouter::new()
        .routes(routes!(datasets::add_images))
        .routes(routes!(imports::import))
        .layer(DefaultBodyLimit::max(largest_upload));
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(characters::list, characters::create))
        .routes(routes!(characters::get, characters::put, characters::patch, characters::delete))
        .routes(routes!(characters::test_account))
        .routes(routes!(imports::bundle))
        .routes(routes!(models::models))
        .routes(routes!(models::loras))
        .routes(routes!(models::look))
        .routes(routes!(models::set_family))
        .routes(routes!(images::generate))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::get))
        .routes(routes!(jobs::preview))
        .routes(routes!(jobs::cancel))
        .routes(routes!(jobs::retry))
        .routes(routes!(content::list))
        .routes(routes!(content::get, content::patch, content::delete))
        .routes(routes!(content::remix))
        .routes(routes!(content::submit))
        .routes(routes!(content::approve))
        .routes(routes!(content::reject))
        .routes(routes!(content::withdraw))
        .merge(uploads)
        .routes(routes!(datasets::list, datasets::create))
        .routes(routes!(datasets::get, datasets::patch, datasets::delete))
        .routes(routes!(datasets::image, datasets::caption, datasets::remove))
        .routes(routes!(datasets::remove_many))
        .routes(routes!(datasets::add_contents))
        .routes(routes!(datasets::checks))
        .routes(routes!(datasets::fix))
        .routes(routes!(datasets::captions))
        .routes(routes!(datasets::caption_job))
        .routes(routes!(datasets::look_again))
        .routes(routes!(datasets::undo))
        .routes(routes!(prompts::list, prompts::create))
        .routes(routes!(prompts::get, prompts::patch, prompts::delete))
        .routes(routes!(prompts::delete_many))
        .routes(routes!(prompts::undo))
        .routes(routes!(prompts::generate))
        .routes(routes!(captions::generate))
        .routes(routes!(captions::preview))
        .routes(routes!(captions::count))
        .routes(routes!(posts::to_instagram))
        .routes(routes!(posts::to_twitter))
        .routes(routes!(posts::list))
        .routes(routes!(posts::get, posts::patch))
        .routes(routes!(posts::publish))
        .routes(routes!(posts::cancel))
        .routes(routes!(posts::reconcile))
        .routes(routes!(posts::resolve))
        .routes(routes!(posts::checks))
        .routes(routes!(posts::pause))
        .routes(routes!(posts::resume))
        .routes(routes!(calendar::get))
        .routes(routes!(calendar::plan))
        .routes(routes!(notifications::list))
        .routes(routes!(notifications::read))
        .routes(routes!(schedules::status, older_schedules::post))
        .routes(routes!(schedules::list, schedules::create))
        .routes(routes!(schedules::get, schedules::put, schedules::patch, schedules::delete))
        .routes(routes!(schedules::run))
        .routes(routes!(schedules::pause))
        .routes(routes!(schedules::resume))
        .routes(routes!(schedules::run_all))
        .routes(routes!(schedules::pause_all))
        .routes(routes!(schedules::resume_all))
        .routes(routes!(schedules::runs))
        .routes(routes!(schedules::get_run))
        .routes(routes!(schedules::stop_run))
        .routes(routes!(schedules::preview))
        .routes(routes!(trainings::list, trainings::start))
        .routes(routes!(trainings::preview))
        .routes(routes!(trainings::get, trainings::end))
        .routes(routes!(trainings::resume))
        .routes(routes!(trainings::metrics))
        .routes(routes!(trainings::promote))
        .routes(routes!(trainings::rollback))
        .routes(routes!(trainings::compare))
        .routes(routes!(trainings::file))
        .routes(routes!(trainings::sample))
        .routes(routes!(trainings::log))
        .routes(routes!(settings::get, settings::post, settings::put))
        .routes(routes!(settings::status))
        .routes(routes!(settings::look))
        .routes(routes!(settings::test_public_address))
        .routes(routes!(system::logs))
        .routes(routes!(system::diagnostics))
        .routes(routes!(system::metrics))
        .routes(routes!(settings::templates, settings::set_templates, settings::reset_templates))
        .routes(routes!(backups::list, backups::create))
        .routes(routes!(backups::get, backups::patch, backups::delete))
        .routes(routes!(backups::verify))
        .routes(routes!(backups::file))
        .routes(routes!(events::stream))
        .routes(routes!(activity::list))
}

/// What front ends in browsers may read and send: those of `origins`, and no others. `None` when there are none.
pub fn cors(origins: &[String]) -> Option<tower_http::cors::CorsLayer> {
    use axum::http::{HeaderName, Method, header};
    let origins: Vec<HeaderValue> = origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    if origins.is_empty() {
        return None;
    }
    let cors = tower_http::cors::CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([header::CONTENT_TYPE, header::IF_MATCH, header::IF_NONE_MATCH, header::AUTHORIZATION, reply::PREFER, gate::KEY])
        .expose_headers([
            header::ETAG,
            header::LOCATION,
            header::LINK,
            header::RETRY_AFTER,
            HeaderName::from_static("x-total-count"),
            reply::PREFERENCE_APPLIED,
            gate::REPEATED,
        ]);
    Some(cors)
}

/// A problem document of that status: what a caller hears that the guards stop.
pub fn refuse(status: StatusCode, words: &str) -> Response {
    Refusal::with_status(status, words).into_response()
}

async fn unknown(uri: Uri) -> Refusal {
    Problem::new(Kind::NotFound, format!("There is nothing at {}. The API is described at /api/docs.", uri.path())).into()
}

async fn wrong_method(method: axum::http::Method) -> Refusal {
    Refusal::method(&method)
}
