//! Importing: a file is sent, what would come of it is shown, and one button does exactly that.

mod report;

use chrono::Utc;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

pub use self::report::Report;
use crate::{
    domain::import::ImportId,
    service::importing,
    web::{
        actions::{Done, press},
        components::{icon::Icon, page::Heading},
        context,
        form::{Form, ProblemSummary},
        words,
    },
};

/// Where this page is.
pub const PAGE: &str = "/characters/import";

/// Where what was sent is looked at.
fn page_of(id: &ImportId) -> String {
    format!("{PAGE}/{}", context::encode(id.as_str()))
}

/// Imports what waits.
#[server(prefix = "/actions", endpoint = "imports/import")]
pub async fn import(id: ImportId) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = page_of(&id);
    press(&page, async {
        let report = importing::import(&app, &id, Utc::now()).await?;
        Ok(Done::to(page.clone()).saying(format!("Imported: {}.", report.what())))
    })
    .await
}

/// Forgets what waits.
#[server(prefix = "/actions", endpoint = "imports/discard")]
pub async fn discard_import(id: ImportId) -> Result<(), ServerFnError> {
    let app = context::app();
    press(PAGE, async {
        importing::discard(&app, &id)?;
        Ok(Done::to(PAGE).saying("Nothing was imported, and what you sent is gone from here."))
    })
    .await
}

/// The page on which a file is chosen.
#[component]
pub fn Import() -> impl IntoView {
    let refused = Form::new("import", || ()).problem;
    let limit = words::bytes(context::app().config.upload_limit);
    view! {
        <nav class="crumbs" aria-label="Where this is"><a href="/characters">"Characters"</a></nav>
        <Heading title="Import"/>
        <div class="stack imports">
            <ProblemSummary problem=refused/>
            <form class="drop" method="post" action="/actions/imports/upload" enctype="multipart/form-data" data-upload="">
                <label for="field-file"><Icon of=icondata_lu::LuUpload/><span class="js-only">"Drop a file here, or choose it"</span><span class="noscript">"Choose a file"</span></label>
                <input id="field-file" type="file" name="file" accept=".zip,.json,application/zip,application/json" aria-describedby="file-help" required/>
                <p class="help" id="file-help">{format!("A zip of at most {limit}, or JSON. It is looked through first: nothing is stored before you have seen what comes.")}</p>
                <button class="button primary noscript">"Look at it"</button>
                <div class="sending" hidden role="status"><progress class="bar" max="1" value="0" aria-label="Sending"></progress><p></p></div>
            </form>
            <section class="card"><header><h2>"What can be imported"</h2></header><div class="body">
                <dl class="facts">
                    <dt>"A bundle"</dt>
                    <dd>"One character with prompts and, if you like, pictures: made on a profile page, here or in another Digital Dalla."</dd>
                    <dt>"An older app"</dt>
                    <dd>"The data folder of the Node or the Python app as a zip: "<code>"characters.json"</code>", "<code>"scheduler.json"</code>", "<code>"prompts.json"</code>", "<code>"content.json"</code>". Pack the pictures and the "<code>".env"</code>" with it, and they come, too."</dd>
                    <dt>"JSON"</dt>
                    <dd>"One character, a list of them, or an object with "<code>"characters"</code>", "<code>"prompts"</code>", "<code>"scheduler"</code>" and "<code>"content"</code>". Pictures need a zip."</dd>
                    <dt>"A backup"</dt>
                    <dd>"Characters, pictures, prompts and schedules out of it. To put back everything as it was, restore it instead."</dd>
                </dl>
            </div></section>
            <section class="card"><header><h2>"What never happens"</h2></header><div class="body stack">
                <p>"Nothing that is here is changed. Nothing that is imported posts by itself: schedules come paused, and what the older app has posted is shown as posted. Keys are sealed at once, and never shown."</p>
                <p class="small muted">"A large folder need not be packed: while this server is stopped, "<code>"digital-dalla import the-folder --dry-run"</code>" tells the same, and imports it without "<code>"--dry-run"</code>"."</p>
            </div></section>
        </div>
    }
    .into_any()
}

/// Which import this page is about.
fn this_import() -> Option<ImportId> {
    use_params_map().with_untracked(|params| params.get("id")).map(ImportId::from)
}
