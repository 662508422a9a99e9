//! Importing at the command line: a folder need not be packed for that.

use std::path::Path;

use chrono::Utc;

use crate::{
    actor,
    config::{Config, ImportArguments},
    domain::{
        activity::Actor,
        import::{ImportReport, Outcome},
        problem::Problem,
    },
    events::Events,
    service::importing::{self, InForce, Limits, What},
    state::AppState,
    store::{self, OpenOptions, Store},
};

/// Imports what lies somewhere on this machine, or tells what would come.
pub async fn import(config: Config, what: ImportArguments) -> Result<(), String> {
    let options = OpenOptions { dir: config.data_dir(), key: config.secret_key()? };
    let from = what.from.clone();
    is_elsewhere(&from, &options.dir)?;
    let report = if what.dry_run { tell(&config, options, from).await? } else { store(config, options, from).await? };
    if what.json {
        let json = serde_json::to_string_pretty(&report).map_err(|error| format!("the report cannot be written: {error}"))?;
        println!("{json}");
    } else {
        say(&report);
    }
    Ok(())
}

/// Looks at the data folder without opening it: a server may work in it.
async fn tell(config: &Config, options: OpenOptions, from: std::path::PathBuf) -> Result<ImportReport, String> {
    let limits = Limits { picture: config.picture_limit, all: config.upload_limit };
    let in_force = InForce::of(config);
    let told = tokio::task::spawn_blocking(move || {
        let peeked = if options.dir.is_dir() { Some(store::peek(&options).map_err(|error| error.to_string())?) } else { None };
        importing::tell(peeked.as_ref(), &from, limits, &in_force, Utc::now()).map_err(|error| said(error.into()))
    });
    told.await.map_err(|_| "looking at it broke down".to_owned())?
}

async fn store(config: Config, options: OpenOptions, from: std::path::PathBuf) -> Result<ImportReport, String> {
    let store = Store::open(options).await;
    let store =
        store.map_err(|error| format!("{error} While it runs, import a zip under Characters, Import; --dry-run works also now."))?;
    let app = AppState::new(config, store, Events::new(0));
    importing::tidy(&app).await;
    let name = importing::name_of(&from);
    let imported = actor::by(Actor::Local, importing::at_once(&app, What::Place(from), &name, false, Utc::now())).await;
    importing::tidy(&app).await;
    let closed = app.store.close().await;
    let report = imported.map_err(|error| said(error.into()))?;
    closed.map_err(|error| format!("everything is in the journal, but the arrays could not be written: {error}"))?;
    Ok(report)
}

/// A folder is not imported into itself.
fn is_elsewhere(from: &Path, dir: &Path) -> Result<(), String> {
    let real = |path: &Path| path.canonicalize().ok();
    let from_real = real(from).ok_or_else(|| format!("{} is not there.", from.display()))?;
    if real(dir) == Some(from_real) {
        return Err(format!(
            "{} is the data folder itself: what an older app has left in it is read as it is. Say --data-dir to import it into another.",
            dir.display()
        ));
    }
    Ok(())
}

/// A problem with all that is wrong, a line each.
fn said(problem: Problem) -> String {
    match problem.errors.as_slice() {
        [] | [_] => problem.message,
        several => [problem.message.clone()]
            .into_iter()
            .chain(several.iter().map(|error| format!("  {}", error.message)))
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

fn say(report: &ImportReport) {
    let verb = if report.imported { "Imported" } else { "Would come" };
    println!("{} ({}): {verb}: {}.", report.name, report.origin.label().to_lowercase(), report.what());
    for kind in &report.kinds {
        println!();
        let (_, title) = kind.kind.labels();
        println!("{title}: {} new, {} here already, {} kept as they are here", kind.new, kind.same, kind.kept);
        let worth_it = |record: &&crate::domain::import::RecordReport| {
            record.outcome == Outcome::Kept || !record.words.is_empty() || record.becomes.is_some()
        };
        for record in kind.records.iter().filter(worth_it) {
            let becomes = record.becomes.as_ref().map(|id| format!(", becomes {id}")).unwrap_or_default();
            println!("  {} ({}{becomes})", record.name, record.id);
            record.words.iter().for_each(|words| println!("    {words}"));
        }
    }
    if !report.left_out.is_empty() {
        println!();
        println!("What cannot come:");
        for one in &report.left_out {
            let record = one.record.as_ref().map(|record| format!(", {record}")).unwrap_or_default();
            println!("  {}{record}: {}", one.file, one.why);
        }
    }
}
