//! What an import brings, or has brought.

use chrono::Utc;
use leptos::prelude::*;

use super::{PAGE, this_import};
use crate::{
    domain::import::{ImportReport, Kind, KindReport, LeftOut, Outcome, RecordReport, Waiting},
    service::importing,
    web::{
        components::{
            icon::Icon,
            page::{Empty, Heading, Pill},
        },
        context, words,
    },
};

/// So many records of a kind are listed: first those of which there is something to say.
const LISTED: usize = 60;

/// The page.
#[component]
pub fn Report() -> impl IntoView {
    let app = context::app();
    let found = this_import().and_then(|id| importing::waiting(&app, &id, Utc::now()).ok());
    let Some(waiting) = found else {
        context::set_status(axum::http::StatusCode::NOT_FOUND);
        return view! {
            <Heading title="This import is over"/>
            <Empty icon=icondata_lu::LuTimer title="There is nothing that waits here" words="What is sent waits for an hour, and not beyond a restart. Send the file again.">
                <a class="button primary" href=PAGE>"Choose a file"</a>
            </Empty>
        }
        .into_any();
    };
    let report = waiting.report.clone();
    let title = if report.imported { "Imported" } else { "What would come" };
    let sub = format!("{} · {}", report.name, report.origin.label());
    let kinds = report.kinds.iter().cloned().map(|kind| view! { <OfKind kind/> }).collect_view();
    let left_out = report.left_out.clone();
    view! {
        <nav class="crumbs" aria-label="Where this is"><a href="/characters">"Characters"</a><a href=PAGE>"Import"</a></nav>
        <Heading title=title sub=view! { <span class="name">{sub}</span> }.into_any()/>
        <div class="stack imports">
            <Decision waiting/>
            {(!left_out.is_empty()).then(|| view! { <CannotCome left_out/> })}
            {kinds}
        </div>
    }
    .into_any()
}

/// What comes in one sentence, and the buttons.
#[component]
fn Decision(waiting: Waiting) -> impl IntoView {
    let Waiting { id, until, report } = waiting;
    let id = id.to_string();
    let what = report.what();
    let is_something = report.new_records() > 0;
    let sentence = match (report.imported, is_something) {
        (true, true) => format!("Now here: {what}."),
        (true, false) => "Nothing was new, so nothing was imported.".to_owned(),
        (false, true) => format!("To come: {what}."),
        (false, false) => "Nothing of it is new: there is nothing to import.".to_owned(),
    };
    let tone = match (report.imported, is_something) {
        (true, _) => ("ok", "Done"),
        (false, true) => ("info", "Not yet imported"),
        (false, false) => ("", "Nothing new"),
    };
    let exact = until.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let at = context::app().times().time(until);
    let missing = report.left_out.len();
    let missing = (missing > 0)
        .then(|| view! { <p>{format!("{} not come; why is said below.", words::count(missing, "thing does", "things do"))}</p> });
    let paused = of(&report, Kind::Schedules) > 0;
    let next = report.imported.then(|| {
        view! {
            <div class="form-actions">
                <a class="button primary" href="/characters"><Icon of=icondata_lu::LuUsers/>"Characters"</a>
                {paused.then(|| view! { <a class="button" href="/schedules"><Icon of=icondata_lu::LuAlarmClock/>"Schedules"</a> })}
                <a class="button quiet" href=PAGE>"Import something else"</a>
            </div>
        }
    });
    let buttons = (!report.imported).then(|| {
        view! {
            <div class="form-actions">
                {is_something.then(|| view! {
                    <form method="post" action="/actions/imports/import"><input type="hidden" name="id" value=id.clone()/><button class="button primary"><Icon of=icondata_lu::LuDownload/>"Import it"</button></form>
                })}
                <form method="post" action="/actions/imports/discard"><input type="hidden" name="id" value=id.clone()/><button class="button quiet">"Discard"</button></form>
            </div>
            <p class="small muted">"Exactly this is imported, all of it or nothing. It waits until "<time datetime=exact>{at}</time>"."</p>
        }
    });
    view! {
        <section class="card" id="decision"><div class="body stack">
            <p class="cluster"><Pill tone=tone.0 words=tone.1/><b>{sentence}</b></p>
            {missing}
            {paused.then(|| view! { <p>{if report.imported { "Schedules are paused: look at them, and resume what you want." } else { "Schedules come paused. Nothing posts by itself." }}</p> })}
            {buttons}
            {next}
        </div></section>
    }
}

fn of(report: &ImportReport, kind: Kind) -> usize {
    report.kinds.iter().find(|of| of.kind == kind).map_or(0, |of| of.new)
}

/// What becomes of the records of one kind.
#[component]
fn OfKind(kind: KindReport) -> impl IntoView {
    let counts = [(kind.new, "new"), (kind.same, "here already"), (kind.kept, "kept as here")];
    let counts: Vec<_> =
        counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, words)| format!("{} {words}", words::grouped(count))).collect();
    let (title, id) = match kind.kind {
        Kind::Characters => ("Characters", "characters"),
        Kind::Keys => ("Keys", "keys"),
        Kind::Pictures => ("Pictures", "pictures"),
        Kind::Prompts => ("Prompts", "prompts"),
        Kind::Schedules => ("Schedules", "schedules"),
        Kind::Posts => ("Published posts", "posts"),
    };
    let mut records = kind.records;
    let all = records.len();
    records.sort_by_key(|record| match record.outcome {
        Outcome::Kept => 0,
        _ if !record.words.is_empty() => 1,
        Outcome::New => 2,
        Outcome::Same => 3,
    });
    records.truncate(LISTED);
    let more = (all > LISTED).then(
        || view! { <p class="small muted">{format!("and {} of which there is nothing more to say", words::grouped(all - LISTED))}</p> },
    );
    let rows = records.into_iter().map(row).collect_view();
    view! {
        <section class="card" id=format!("of-{id}")><header><h2>{title}</h2><p>{counts.join(", ")}</p></header><div class="body"><ul class="list">{rows}</ul>{more}</div></section>
    }
    .into_any()
}

fn row(record: RecordReport) -> impl IntoView {
    let (tone, word) = match record.outcome {
        Outcome::New => ("ok", "New"),
        Outcome::Same => ("", "Here already"),
        Outcome::Kept => ("warn", "Kept as here"),
    };
    let place = match (record.id.is_empty(), record.becomes) {
        (true, None) => record.file,
        (false, None) => format!("{} in {}", record.id, record.file),
        (true, Some(new)) => format!("{}, becomes {new}", record.file),
        (false, Some(new)) => format!("{} in {}, becomes {new}", record.id, record.file),
    };
    let told = record.words.into_iter().map(|words| view! { <p>{words}</p> }).collect_view();
    view! {
        <li>
            <Pill tone words=word/>
            <div><b>{record.name}</b>{told}<p class="place">{place}</p></div>
        </li>
    }
    .into_any()
}

/// What cannot come, and why.
#[component]
fn CannotCome(left_out: Vec<LeftOut>) -> impl IntoView {
    let all = left_out.len();
    let rows = left_out.into_iter().take(LISTED).map(|one| {
        let what = one.record.map_or_else(|| one.file.clone(), |record| format!("{record} in {}", one.file));
        view! { <li><div><b>{what}</b><p>{one.why}</p></div></li> }
    });
    let rows = rows.collect_view();
    let more = (all > LISTED).then(|| view! { <p class="small muted">{format!("and {} more", words::grouped(all - LISTED))}</p> });
    view! {
        <section class="card" id="left-out"><header><h2>"What cannot come"</h2><p>{words::count(all, "thing", "things")}</p></header><div class="body"><ul class="list">{rows}</ul>{more}</div></section>
    }
    .into_any()
}
