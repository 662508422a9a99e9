//! Every page and its address.

use leptos::prelude::*;
use leptos_router::{
    SsrMode,
    components::{ParentRoute, Route, Router, Routes},
    path,
};

use super::{components::page::Missing, pages, shell::Frame};

/// The routes.
#[component]
pub fn App() -> impl IntoView {
    view! {
        <Router>
            <Routes fallback=|| view! { <Missing what="page"/> }>
                <Route path=path!("login") view=pages::login::Login ssr=SsrMode::Async/>
                <ParentRoute path=path!("") view=Frame ssr=SsrMode::Async>
                    <Route path=path!("") view=pages::today::Today/>
                    <Route path=path!("characters") view=pages::characters::list::Characters/>
                    <Route path=path!("characters/new") view=pages::characters::create::New/>
                    <Route path=path!("characters/import") view=pages::imports::Import/>
                    <Route path=path!("characters/import/:id") view=pages::imports::Report/>
                    <Route path=path!("characters/:id") view=pages::characters::profile::Profile/>
                    <Route path=path!("characters/:id/voice") view=pages::characters::voice::Voice/>
                    <Route path=path!("characters/:id/look") view=pages::characters::look::Look/>
                    <Route path=path!("characters/:id/story") view=pages::characters::story::Story/>
                    <Route path=path!("characters/:id/accounts") view=pages::characters::accounts::Accounts/>
                    <Route path=path!("characters/:id/schedule") view=pages::characters::schedule::Schedule/>
                    <Route path=path!("characters/:id/activity") view=pages::characters::activity::CharacterActivity/>
                    <Route path=path!("characters/:id/delete") view=pages::characters::delete::Delete/>
                    <Route path=path!("find") view=pages::find::Find/>
                    <Route path=path!("studio") view=pages::studio::Studio/>
                    <Route path=path!("review") view=pages::review::Review/>
                    <Route path=path!("content") view=pages::content::grid::Grid/>
                    <Route path=path!("content/:id") view=pages::content::detail::Detail/>
                    <Route path=path!("content/:id/delete") view=pages::content::detail::Delete/>
                    <Route path=path!("calendar") view=pages::calendar::Calendar/>
                    <Route path=path!("calendar/new") view=pages::calendar::schedule::New/>
                    <Route path=path!("calendar/plan") view=pages::calendar::plan::Plan/>
                    <Route path=path!("calendar/move") view=pages::calendar::moving::Move/>
                    <Route path=path!("posts") view=pages::posts::list::Posts/>
                    <Route path=path!("posts/new") view=pages::posts::compose::Compose/>
                    <Route path=path!("posts/:id") view=pages::posts::detail::Detail/>
                    <Route path=path!("notifications") view=pages::notifications::Notifications/>
                    <Route path=path!("schedules") view=pages::schedules::list::Schedules/>
                    <Route path=path!("schedules/new") view=pages::schedules::edit::New/>
                    <Route path=path!("schedules/runs") view=pages::schedules::runs::Runs/>
                    <Route path=path!("schedules/:id") view=pages::schedules::edit::Edit/>
                    <Route path=path!("schedules/:id/delete") view=pages::schedules::delete::Delete/>
                    <Route path=path!("prompts") view=pages::prompts::list::Prompts/>
                    <Route path=path!("prompts/new") view=pages::prompts::edit::New/>
                    <Route path=path!("prompts/templates") view=pages::prompts::templates::TemplatesPage/>
                    <Route path=path!("prompts/:id") view=pages::prompts::edit::Edit/>
                    <Route path=path!("datasets") view=pages::datasets::list::Datasets/>
                    <Route path=path!("datasets/new") view=pages::datasets::create::New/>
                    <Route path=path!("datasets/:id") view=pages::datasets::detail::Detail/>
                    <Route path=path!("datasets/:id/library") view=pages::datasets::library::Library/>
                    <Route path=path!("system") view=pages::system::System/>
                    <Route path=path!("system/diagnostics") view=pages::system::Diagnostics/>
                    <Route path=path!("logs") view=pages::logs::Logs/>
                    <Route path=path!("activity") view=pages::activity::ActivityPage/>
                    <Route path=path!("settings") view=pages::settings::Settings/>
                    <Route path=path!("settings/access") view=pages::access::Access/>
                    <Route path=path!("settings/backups") view=pages::backups::Backups/>
                    <Route path=path!("settings/backups/:id/delete") view=pages::backups::Delete/>
                    <Route path=path!("training") view=pages::training::list::Trainings/>
                    <Route path=path!("training/new") view=pages::training::new::New/>
                    <Route path=path!("training/:id") view=pages::training::detail::Detail/>
                    <Route path=path!("training/:id/delete") view=pages::training::detail::Delete/>
                    <Route path=path!("models") view=pages::models::Models/>
                    <Route path=path!("*any") view=|| view! { <Missing what="page"/> }/>
                </ParentRoute>
            </Routes>
        </Router>
    }
}
