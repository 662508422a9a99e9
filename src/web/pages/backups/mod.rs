//! Settings → Backups: what there is, and making one.

mod deeds;
mod list;

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

pub use self::deeds::{BackUp, DeleteBackup, KeepBackup, SetKept, VerifyBackup};
use self::{
    deeds::{BackupForm, KeptForm},
    list::List,
};
use crate::{
    domain::{
        backup::{Backup, BackupId, Extent},
        job::{Job, Work},
    },
    service::{self, backups},
    web::{
        components::{
            icon::Icon,
            job::JobCard,
            page::{Heading, Missing},
        },
        context,
        form::{Choice, Field, Form, Kind, OptionGroup, ProblemSummary, sent},
        words,
    },
};

/// Where this page is.
pub const PAGE: &str = "/settings/backups";

/// The page.
#[component]
pub fn Backups() -> impl IntoView {
    let app = context::app();
    let found = AsyncDerived::new(move || {
        let app = app.clone();
        async move { backups::list(&app).await.map_err(|error| crate::domain::problem::Problem::from(error).message) }
    });
    view! {
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move { page(found.await) })}
        </Suspense>
    }
}

fn page(found: Result<Vec<Backup>, String>) -> impl IntoView {
    let app = context::app();
    let trouble = found.as_ref().err().map(|words| view! { <p class="note bad">{words.clone()}</p> });
    let jobs = at_work();
    let jobs = (!jobs.is_empty())
        .then(|| view! { <div class="stack">{jobs.into_iter().map(|job| view! { <JobCard job/> }).collect_view()}</div> });
    let dir = app.store.dir().join(backups::FOLDER).display().to_string();
    view! {
        <Heading title="Backups"><a class="button quiet" href="/settings">"All settings"</a></Heading>
        <div class="stack">
            <BackUpCard/>
            <div class="stack" id="backups" data-live="job settings activity">
                {trouble}
                {jobs}
                <List backups=found.unwrap_or_default()/>
            </div>
            <KeptCard/>
            <section class="card"><header><h2>"Putting one back"</h2><p>"At the command line, while this server is stopped."</p></header><div class="body stack">
                <p><code>"digital-dalla restore the-backup.zip"</code></p>
                <p class="small muted">"The backup is looked through first, and what is there now is moved aside, not deleted. Secrets are sealed in a backup: keep a copy of the secret key somewhere else, or they have to be entered again."</p>
                <p class="small muted">"To take only what is new here out of a backup, or out of the folder of an older app, "<a href=super::imports::PAGE>"import it"</a>"."</p>
                <p class="small muted">"Backups lie in "<code>{dir}</code>", on the same disk as everything else. Copy one to another machine now and then."</p>
            </div></section>
        </div>
    }
    .into_any()
}

/// Backups that are being made, and the last one when it failed.
fn at_work() -> Vec<Arc<Job>> {
    let app = context::app();
    let state = app.store.read();
    let backup = |job: &&Arc<Job>| matches!(job.work, Work::Backup(_));
    let mut jobs: Vec<_> = service::jobs::unfinished(&app, &state).into_iter().map(|(job, _)| job).filter(|job| backup(&job)).collect();
    let last = state.jobs.newest().find(backup).filter(|job| job.status.key() == "failed");
    jobs.extend(last.cloned());
    jobs
}

/// Making one now.
#[component]
fn BackUpCard() -> impl IntoView {
    let form = Form::new("backup", || BackupForm { extent: Extent::default().key().into(), keep: None });
    let extents = Extent::ALL.map(|extent| (extent.key().to_owned(), extent.label().to_owned())).to_vec();
    view! {
        <section class="card" id="back-up"><header><h2>"Back up now"</h2><p>"Everything goes on meanwhile: a backup shows one moment."</p></header><div class="body">
            <form class="form narrow" method="post" action="/actions/backups/create">
                <ProblemSummary problem=form.problem.clone()/>
                <Choice name="extent" label="What" value=form.values.extent.clone() options=vec![OptionGroup::plain(extents)]
                    help="Sessions, the secret key and this machine's settings are never in it."/>
                <label class="check"><input type="checkbox" name=sent("keep") checked=form.values.keep.is_some()/><span>"Keep it until I delete it"</span></label>
                <div class="form-actions"><button class="button primary"><Icon of=icondata_lu::LuArchive/>"Back up now"</button>
                    <a class="button quiet" href="/schedules/new?form[kind]=backup&form[schedule]=30+4+*+*+*&form[extent]=pictures&form[active]=on&form[missedPolicy]=once&form[missedWindowHours]=24"><Icon of=icondata_lu::LuAlarmClock/>"Make one each night"</a></div>
            </form>
        </div></section>
    }
}

/// How many stay.
#[component]
fn KeptCard() -> impl IntoView {
    let kept = backups::kept(&context::app().store.read());
    let form = Form::new("kept", || KeptForm { backups_kept: kept.to_string() });
    view! {
        <section class="card" id="kept"><header><h2>"How many stay"</h2><p>"Older ones go after a new one was made and verified."</p></header><div class="body">
            <form class="form narrow" method="post" action="/actions/backups/kept">
                <ProblemSummary problem=form.problem.clone()/>
                <Field name="backupsKept" label="Newest backups that stay" kind=Kind::Number value=form.values.backups_kept.clone() wrong=form.wrong("backupsKept")
                    help="Those marked to be kept, and those that are damaged, do not count and are never removed by themselves."/>
                <div class="form-actions"><button class="button">"Save"</button></div>
            </form>
        </div></section>
    }
}

/// What stands in the settings about it, with the way here.
#[component]
pub fn BackupCard() -> impl IntoView {
    let app = context::app();
    let state = app.store.read();
    let last =
        state.jobs.newest().find(|job| matches!(job.work, Work::Backup(_)) && job.status.key() == "done").and_then(|job| job.finished_at);
    let said = match last {
        Some(at) => view! { <span>"The last one was made "<words::Time at=Some(at)/></span> }.into_any(),
        None => view! { <span class="muted">"None was made yet."</span> }.into_any(),
    };
    view! {
        <section class="card" id="backup"><header><h2>"Backup"</h2><p>"A copy of everything in one file: making, keeping, downloading."</p></header><div class="body stack">
            <div class="cluster">{said}</div>
            <div class="form-actions"><a class="button" href=PAGE><Icon of=icondata_lu::LuArchive/>"Backups"</a></div>
        </div></section>
    }
}

/// Asks before a backup is deleted.
#[component]
pub fn Delete() -> impl IntoView {
    let id = use_params_map().with_untracked(|params| params.get("id")).map(BackupId::from);
    let app = context::app();
    let found = AsyncDerived::new(move || {
        let (app, id) = (app.clone(), id.clone());
        async move { backups::get(&app, &id?).await.ok() }
    });
    let asked = |backup: Option<Backup>| {
        let Some(backup) = backup else { return view! { <Missing what="backup"/> }.into_any() };
        let kept = backup.keep.then(|| view! { <p class="note warn"><span>"Somebody marked it to be kept."</span></p> });
        view! {
            <Heading title="Delete this backup?"/>
            <form class="form" method="post" action="/actions/backups/delete">
                <input type="hidden" name="id" value=backup.id.to_string()/>
                <p><b>{backup.file_name()}</b>{format!(", {}. ", words::bytes(backup.bytes))}"This cannot be undone."</p>
                {kept}
                <div class="form-actions">
                    <button class="button danger">"Delete backup"</button>
                    <a class="button quiet" href=PAGE>"Keep it"</a>
                </div>
            </form>
        }
        .into_any()
    };
    view! { <Suspense fallback=|| ()>{move || Suspend::new(async move { asked(found.await) })}</Suspense> }
}
