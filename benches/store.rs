//! The store: a durable write at every size, many writers at once, and opening a large folder.

#[path = "fill.rs"]
mod fill;

use std::time::{Duration, Instant};

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use digital_dalla::store::{Store, StoreError};
use tokio::runtime::Runtime;

const SIZES: [usize; 3] = [100, 10_000, 100_000];

async fn put(store: &Store, number: usize) {
    let content = fill::content(number);
    store.write(move |tx| tx.put(content)).await.map_err(|error: StoreError| error).expect("there is room");
}

fn durable_put(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let mut group = criterion.benchmark_group("durable put");
    group.sample_size(20).measurement_time(Duration::from_secs(6));
    for size in SIZES {
        let dir = tempfile::tempdir().expect("a folder");
        let store = runtime.block_on(fill::open(dir.path()));
        runtime.block_on(fill::fill(&store, size, 0));
        for writers in [1_usize, 16] {
            group.throughput(Throughput::Elements(writers as u64));
            group.bench_function(BenchmarkId::new(format!("{writers} writers"), size), |bencher| {
                bencher.to_async(&runtime).iter_custom(|rounds| {
                    let store = store.clone();
                    async move {
                        let began = Instant::now();
                        let writers = (0..writers).map(|writer| {
                            let store = store.clone();
                            tokio::spawn(async move {
                                for round in 0..rounds as usize {
                                    put(&store, (round * 16 + writer) % size).await;
                                }
                            })
                        });
                        for writer in writers.collect::<Vec<_>>() {
                            writer.await.expect("a writer ends well");
                        }
                        began.elapsed()
                    }
                });
            });
        }
        runtime.block_on(store.close()).expect("the arrays are written");
    }
}

fn open_large(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let dir = tempfile::tempdir().expect("a folder");
    runtime.block_on(async {
        let store = fill::open(dir.path()).await;
        fill::fill(&store, 100_000, 0).await;
        store.close().await.expect("the arrays are written");
    });
    let mut group = criterion.benchmark_group("open");
    group.sample_size(10);
    group.bench_function("100000 contents", |bencher| {
        // Closing belongs to the next round's room, not to the time.
        bencher.iter_batched(|| (), |()| Opened(Some(runtime.block_on(fill::open(dir.path()))), &runtime), BatchSize::PerIteration);
    });
}

/// Closes the store outside the measured time.
struct Opened<'a>(Option<Store>, &'a Runtime);

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        if let Some(store) = self.0.take() {
            self.1.block_on(store.close()).expect("nothing has changed");
        }
    }
}

criterion_group!(benches, durable_put, open_large);
criterion_main!(benches);
