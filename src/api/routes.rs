//! The routes: what answers where, and what the document says of it, from one list.

use axum::{Router, extract::DefaultBodyLimit, handler::Handler, routing::MethodRouter};
use utoipa_axum::{PathItemExt, router::OpenApiRouter, routes};

use super::{
    activity, backups, calendar, captions, characters, content, datasets, events, images, imports, jobs, models, notifications,
    older_schedules, posts, prompts, schedules, settings, system, trainings,
};
use crate::state::AppState;

/// One address with its methods. Answering and describing are apart, because most who run this never ask for the document,
/// which takes longer to make than everything else at the start.
#[derive(Debug)]
pub struct Route {
    serve: fn(Router<AppState>) -> Router<AppState>,
    describe: fn(OpenApiRouter<AppState>) -> OpenApiRouter<AppState>,
    takes_files: bool,
}

/// A route of these handlers, which all say the same address in their `utoipa::path`.
macro_rules! route {
    ($($module:ident :: $handler:ident),+) => {
        Route {
            serve: |router| {
                pastey::paste! { $(let router = on::<$module::[<__path_ $handler>], _, _>(router, $module::$handler);)+ }
                router
            },
            describe: |document| document.routes(routes!($($module::$handler),+)),
            takes_files: false,
        }
    };
}

/// All of them, in the order of the document.
pub const ROUTES: &[Route] = &[
    route!(characters::list, characters::create),
    route!(characters::get, characters::put, characters::patch, characters::delete),
    route!(characters::test_account),
    route!(imports::bundle),
    route!(models::models),
    route!(models::loras),
    route!(models::look),
    route!(models::set_family),
    route!(images::generate),
    route!(jobs::list),
    route!(jobs::get),
    route!(jobs::preview),
    route!(jobs::cancel),
    route!(jobs::retry),
    route!(content::list),
    route!(content::get, content::patch, content::delete),
    route!(content::remix),
    route!(content::submit),
    route!(content::approve),
    route!(content::reject),
    route!(content::withdraw),
    route!(datasets::add_images).with_files(),
    route!(imports::import).with_files(),
    route!(datasets::list, datasets::create),
    route!(datasets::get, datasets::patch, datasets::delete),
    route!(datasets::image, datasets::caption, datasets::remove),
    route!(datasets::remove_many),
    route!(datasets::add_contents),
    route!(datasets::checks),
    route!(datasets::fix),
    route!(datasets::captions),
    route!(datasets::caption_job),
    route!(datasets::look_again),
    route!(datasets::undo),
    route!(prompts::list, prompts::create),
    route!(prompts::get, prompts::patch, prompts::delete),
    route!(prompts::delete_many),
    route!(prompts::undo),
    route!(prompts::generate),
    route!(captions::generate),
    route!(captions::preview),
    route!(captions::count),
    route!(posts::to_instagram),
    route!(posts::to_twitter),
    route!(posts::list),
    route!(posts::get, posts::patch),
    route!(posts::publish),
    route!(posts::cancel),
    route!(posts::reconcile),
    route!(posts::resolve),
    route!(posts::checks),
    route!(posts::pause),
    route!(posts::resume),
    route!(calendar::get),
    route!(calendar::plan),
    route!(notifications::list),
    route!(notifications::read),
    route!(schedules::status, older_schedules::post),
    route!(schedules::list, schedules::create),
    route!(schedules::get, schedules::put, schedules::patch, schedules::delete),
    route!(schedules::run),
    route!(schedules::pause),
    route!(schedules::resume),
    route!(schedules::run_all),
    route!(schedules::pause_all),
    route!(schedules::resume_all),
    route!(schedules::runs),
    route!(schedules::get_run),
    route!(schedules::stop_run),
    route!(schedules::preview),
    route!(trainings::list, trainings::start),
    route!(trainings::preview),
    route!(trainings::get, trainings::end),
    route!(trainings::resume),
    route!(trainings::metrics),
    route!(trainings::promote),
    route!(trainings::rollback),
    route!(trainings::compare),
    route!(trainings::file),
    route!(trainings::sample),
    route!(trainings::log),
    route!(settings::get, settings::post, settings::put),
    route!(settings::status),
    route!(settings::look),
    route!(settings::test_public_address),
    route!(system::logs),
    route!(system::diagnostics),
    route!(system::metrics),
    route!(settings::templates, settings::set_templates, settings::reset_templates),
    route!(backups::list, backups::create),
    route!(backups::get, backups::patch, backups::delete),
    route!(backups::verify),
    route!(backups::file),
    route!(events::stream),
    route!(activity::list),
];

impl Route {
    const fn with_files(self) -> Self {
        Self { takes_files: true, ..self }
    }
}

/// Every route, for requests; those that take files take so many bytes.
pub fn served(largest_upload: usize) -> Router<AppState> {
    ROUTES.iter().fold(Router::new(), |router, route| match route.takes_files {
        true => router.merge((route.serve)(Router::new()).layer(DefaultBodyLimit::max(largest_upload))),
        false => (route.serve)(router),
    })
}

/// Every route, for the document.
pub fn described(document: OpenApiRouter<AppState>) -> OpenApiRouter<AppState> {
    ROUTES.iter().fold(document, |document, route| (route.describe)(document))
}

/// Adds a handler at the address and with the methods that its description names.
fn on<P, H, T>(router: Router<AppState>, handler: H) -> Router<AppState>
where
    P: utoipa::Path,
    H: Handler<T, AppState>,
    T: 'static,
{
    let methods = P::methods().iter().fold(MethodRouter::new(), |methods, method| methods.on(method.to_method_filter(), handler.clone()));
    router.route(&P::path(), methods)
}
