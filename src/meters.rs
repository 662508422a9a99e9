//! Numbers about this process, as Prometheus reads them. Each app has its own: there is no recorder of the process, so
//! that several can run in one.
//!
//! What is counted as it happens is counted here; what can be looked up is looked up when somebody asks.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use metrics::{Counter, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// Bounds in seconds: from a page out of memory to a picture somebody waits for.
const BOUNDS: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

/// The numbers. A cheap handle.
#[derive(Clone)]
pub struct Meters(Arc<Inner>);

struct Inner {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    commits: Commits,
    /// By the route that was matched.
    requests: RwLock<HashMap<String, Vec<Requests>>>,
}

/// Requests of one kind, looked up once: the recorder asks for all of its labels in texts of their own.
struct Requests {
    method: &'static str,
    status: u16,
    count: Counter,
    took: Histogram,
}

/// Looked up once: the store commits often.
struct Commits {
    durable: Counter,
    failed: Counter,
    took: Histogram,
}

/// A number that is looked up when somebody asks: its name, its labels, and how much it is.
pub type Level<'a> = (&'static str, Vec<(&'static str, String)>, f64);

impl Default for Meters {
    fn default() -> Self {
        let builder = PrometheusBuilder::new().set_buckets(&BOUNDS).expect("there are bounds");
        let recorder = builder.build_recorder();
        let commits = with_local_recorder(&recorder, || {
            describe();
            let writes = |outcome| counter!("dalla_store_writes_total", "outcome" => outcome);
            Commits { durable: writes("ok"), failed: writes("failed"), took: histogram!("dalla_store_commit_duration_seconds") }
        });
        Self(Arc::new(Inner { handle: recorder.handle(), recorder, commits, requests: RwLock::default() }))
    }
}

impl Meters {
    /// A request was answered. `route` is the pattern it matched, never its path, of which there are endlessly many.
    pub fn request(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let is_known = {
            let known = self.0.requests.read().unwrap_or_else(PoisonError::into_inner);
            let same = |one: &&Requests| one.method == method && one.status == status;
            known.get(route).and_then(|kinds| kinds.iter().find(same)).map(|one| one.answered(took)).is_some()
        };
        if !is_known {
            let new = self.requests(method, route, status);
            new.answered(took);
            self.0.requests.write().unwrap_or_else(PoisonError::into_inner).entry(route.to_owned()).or_default().push(new);
        }
    }

    fn requests(&self, method: &'static str, route: &str, status: u16) -> Requests {
        let route = route.to_owned();
        with_local_recorder(&self.0.recorder, || Requests {
            method,
            status,
            count: counter!("dalla_http_requests_total", "method" => method, "route" => route.clone(), "status" => status.to_string()),
            took: histogram!("dalla_http_request_duration_seconds", "method" => method, "route" => route),
        })
    }

    /// An outside service was asked.
    pub fn call(&self, service: &'static str, outcome: &'static str, took: Duration) {
        self.record(|| {
            counter!("dalla_service_calls_total", "service" => service, "outcome" => outcome).increment(1);
            histogram!("dalla_service_call_duration_seconds", "service" => service).record(took);
        });
    }

    /// So many changes were made durable together, or were not.
    pub fn commit(&self, changes: usize, durable: bool, took: Duration) {
        let commits = &self.0.commits;
        if durable { &commits.durable } else { &commits.failed }.increment(changes as u64);
        commits.took.record(took);
    }

    /// Everything as text, with what was looked up just now.
    pub fn text<'a>(&self, levels: impl IntoIterator<Item = Level<'a>>) -> String {
        self.record(|| {
            for (name, labels, value) in levels {
                gauge!(name, &labels).set(value);
            }
        });
        self.0.handle.render()
    }

    /// Sums up what was timed, so that nothing piles up when nobody asks.
    pub fn tidy(&self) {
        self.0.handle.run_upkeep();
    }

    fn record(&self, record: impl FnOnce()) {
        with_local_recorder(&self.0.recorder, record);
    }
}

impl Requests {
    fn answered(&self, took: Duration) {
        self.count.increment(1);
        self.took.record(took);
    }
}

impl fmt::Debug for Meters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Meters")
    }
}

fn describe() {
    describe_counter!("dalla_http_requests_total", "Requests that were answered, by the route they matched.");
    describe_histogram!("dalla_http_request_duration_seconds", "Time until an answer began.");
    describe_counter!("dalla_service_calls_total", "Questions to outside services, by what came of them.");
    describe_histogram!("dalla_service_call_duration_seconds", "Time until an outside service's answer began.");
    describe_counter!("dalla_store_writes_total", "Changes of the store; several may be made durable together.");
    describe_histogram!("dalla_store_commit_duration_seconds", "Time until changes were on disk.");
    describe_gauge!("dalla_store_journal_bytes", "Length of the journal.");
    describe_gauge!("dalla_store_records", "Records, by collection.");
    describe_gauge!("dalla_store_damaged_files", "Files of the store that cannot be read.");
    describe_gauge!("dalla_jobs", "Jobs, by the workers they are for and how they stand.");
    describe_gauge!("dalla_posts", "Posts, by how they stand.");
    describe_gauge!("dalla_scheduler_last_tick_age_seconds", "Time since the scheduler last looked for due tasks.");
    describe_gauge!("dalla_scheduler_paused", "1 while scheduling and posting are paused.");
    describe_gauge!("dalla_service_up", "1 when the last look at a service found it working, 0 when it did not.");
    describe_gauge!("dalla_disk_free_bytes", "What is free on the disk of the data folder.");
    describe_gauge!("dalla_event_watchers", "Pages and front ends that listen to events.");
    describe_gauge!("dalla_uptime_seconds", "Time since this process started.");
    describe_gauge!("dalla_build_info", "Always 1; the version is a label.");
    describe_gauge!("process_resident_memory_bytes", "Memory of this process.");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_app_counts_for_itself() {
        let (one, other) = (Meters::default(), Meters::default());
        one.request("GET", "/api/characters/{id}", 200, Duration::from_millis(3));
        let text = one.text([("dalla_posts", vec![("state", "held".to_owned())], 2.0)]);
        assert!(text.contains("dalla_http_requests_total{method=\"GET\",route=\"/api/characters/{id}\",status=\"200\"} 1"), "{text}");
        assert!(text.contains("dalla_posts{state=\"held\"} 2"), "{text}");
        assert!(text.contains("# TYPE dalla_http_request_duration_seconds histogram"), "{text}");
        assert!(!other.text([]).contains("/api/characters"));
    }
}
