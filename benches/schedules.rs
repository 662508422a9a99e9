//! The tick: with nothing due, with tasks that have just changed, and with all of them due at once.

#[path = "fill.rs"]
mod fill;

use chrono::{DateTime, Duration, Utc};
use clap::Parser;
use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use digital_dalla::{
    agenda::Agenda,
    config::Config,
    domain::{character::Character, schedule::Schedule, task::Task},
    events::Events,
    service::schedules,
    state::AppState,
    store::StoreError,
};
use serde_json::json;
use tokio::runtime::Runtime;

const SIZES: [usize; 2] = [1_000, 10_000];

/// Schedules people really write, in turn.
const KINDS: [&str; 8] =
    ["0 9 * * *", "30 18 * * MON-FRI", "0 */6 * * *", "6h", "15 12 1,15 * *", "*/20 8-20 * * *", "0 10 * * SAT,SUN", "1d"];

fn task(number: usize) -> Task {
    let task = json!({
        "id": format!("task-{number}"), "characterId": "luna", "type": "generate_only", "schedule": KINDS[number % KINDS.len()],
        "timezone": if number.is_multiple_of(2) { "Europe/Rome" } else { "America/New_York" }, "createdAt": "2026-01-01T09:13:00Z",
    });
    serde_json::from_value(task).expect("a task")
}

async fn app(dir: &std::path::Path, tasks: usize) -> AppState {
    let config = Config::parse_from(["digital-dalla", "--timezone", "Europe/Rome"]);
    let store = fill::open(dir).await;
    fill::fill(&store, 100, 1).await;
    let app = AppState::new(config, store, Events::new(1));
    let luna: Character = serde_json::from_value(json!({"id": "luna", "name": "Luna"})).expect("a character");
    let put = move |tx: &mut digital_dalla::store::Transaction<'_>| {
        tx.put(luna)?;
        (0..tasks).try_for_each(|number| tx.put(task(number)))
    };
    app.store.write::<_, StoreError>(put).await.expect("there is room");
    app
}

fn ticks(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let mut group = criterion.benchmark_group("tick");
    let now: DateTime<Utc> = "2026-11-27T11:11:11Z".parse().expect("a time");
    for size in SIZES {
        let dir = tempfile::tempdir().expect("a folder");
        let app = runtime.block_on(app(dir.path(), size));
        runtime.block_on(schedules::tick(&app, now)).expect("there is room");
        let mut at = now;
        group.bench_function(BenchmarkId::new("nothing due", size), |bencher| {
            bencher.iter(|| {
                at += Duration::microseconds(1);
                runtime.block_on(schedules::tick(&app, at)).expect("nothing to store")
            });
        });
        // One task was changed since: all are compared, one is read anew.
        let state = app.store.read();
        group.bench_function(BenchmarkId::new("one changed", size), |bencher| {
            bencher.iter_batched(
                || {
                    let changed = Task { active: true, missed_window_hours: 23, ..task(7) };
                    runtime.block_on(app.store.write::<_, StoreError>(move |tx| tx.put(changed))).expect("there is room");
                    app.store.read()
                },
                |state| app.agenda.look(&state, at, app.timezone()),
                BatchSize::PerIteration,
            );
        });
        group.bench_function(BenchmarkId::new("the first", size), |bencher| {
            bencher.iter_batched(Agenda::default, |agenda| agenda.look(&state, at, app.timezone()), BatchSize::PerIteration);
        });
        runtime.block_on(app.store.close()).expect("the arrays are written");
    }
}

fn next(criterion: &mut Criterion) {
    let clock = digital_dalla::domain::schedule::Clock {
        zone: "Europe/Rome".parse().expect("a zone"),
        origin: "2026-01-01T09:13:00Z".parse().expect("a time"),
    };
    let now: DateTime<Utc> = "2026-11-27T11:11:11Z".parse().expect("a time");
    let mut group = criterion.benchmark_group("next time");
    for text in ["0 9 * * *", "0 12 29 2 *", "6h"] {
        let schedule = Schedule::parse(text).expect("a schedule");
        group.bench_function(text, |bencher| bencher.iter(|| schedule.next_after(now, &clock)));
    }
    group.bench_function("read", |bencher| bencher.iter(|| Schedule::parse("30 18 * * MON-FRI")));
}

criterion_group!(benches, ticks, next);
criterion_main!(benches);
