//! Pages and lists through the whole router, in small installations and in large ones.

#[path = "fill.rs"]
mod fill;

use std::net::SocketAddr;

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use clap::Parser;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use digital_dalla::{config::Config, events::Events, router, state::AppState};
use tokio::runtime::Runtime;
use tower::ServiceExt;

async fn app(contents: usize) -> (Router, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("a folder");
    let store = fill::open(dir.path()).await;
    fill::fill(&store, contents, 100).await;
    let config = Config::parse_from(["digital-dalla"]);
    (router::routes(AppState::new(config, store, Events::new(1))), dir)
}

async fn get(app: Router, path: &str) -> usize {
    // Somebody at this machine.
    let caller = ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1)));
    let request = Request::get(path).extension(caller).body(Body::empty()).expect("a request");
    let answer = app.oneshot(request).await.expect("an answer");
    assert!(answer.status().is_success());
    axum::body::to_bytes(answer.into_body(), usize::MAX).await.expect("a body").len()
}

fn pages(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let mut group = criterion.benchmark_group("pages");
    for contents in [100, 10_000] {
        let (app, _dir) = runtime.block_on(app(contents));
        for path in ["/content", "/content?character=character-7", "/", "/api/content", "/api/characters"] {
            group.bench_function(BenchmarkId::new(path, contents), |bencher| {
                bencher.to_async(&runtime).iter(|| get(app.clone(), path));
            });
        }
    }
}

/// Looking for words in a library of a hundred thousand prompts.
fn search(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let (app, _dir) = runtime.block_on(async {
        let dir = tempfile::tempdir().expect("a folder");
        let store = fill::open(dir.path()).await;
        fill::fill(&store, 0, 50).await;
        fill::prompts(&store, 100_000).await;
        let app = AppState::new(Config::parse_from(["digital-dalla"]), store, Events::new(1));
        (router::routes(app), dir)
    });
    let mut group = criterion.benchmark_group("search in 100000 prompts");
    for (name, path) in [
        ("rare", "/api/prompts?q=number-77777&limit=50"),
        ("none", "/api/prompts?q=nowhere&limit=50"),
        ("common", "/api/prompts?q=lake&limit=50"),
        ("page", "/prompts?q=lake%20dawn&show=all"),
    ] {
        group.bench_function(name, |bencher| bencher.to_async(&runtime).iter(|| get(app.clone(), path)));
    }
}

criterion_group!(benches, pages, search);
criterion_main!(benches);
