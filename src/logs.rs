//! The last lines of the log, kept in memory for the person who looks: bounded in number and in bytes.

use std::{
    collections::VecDeque,
    fmt::{self, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::Utc;
use tokio::sync::Notify;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Layer};

use crate::domain::log::{LogLevel, LogLine};

/// How many lines are kept.
pub const KEPT: usize = 2_000;
/// How many bytes they may have together.
const ROOM: usize = 2 << 20;
/// How many bytes one line may have: the rest is left out.
const LONGEST: usize = 4_000;

/// The last lines. A cheap handle.
#[derive(Debug, Clone, Default)]
pub struct Logs(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    ring: Mutex<Ring>,
    said: Notify,
}

#[derive(Debug, Default)]
struct Ring {
    lines: VecDeque<Arc<LogLine>>,
    bytes: usize,
    next: u64,
}

impl Logs {
    /// The lines that are kept, oldest first.
    pub fn lines(&self) -> Vec<Arc<LogLine>> {
        self.ring().lines.iter().cloned().collect()
    }

    /// Waits until something is said; what was said since the last wait counts.
    pub async fn said(&self) {
        self.0.said.notified().await;
    }

    /// What hands over to it all that is traced. What others than ourselves say at length is left out.
    pub fn layer(&self) -> LogLayer {
        LogLayer(self.clone())
    }

    fn keep(&self, level: LogLevel, target: String, words: String) {
        let mut ring = self.ring();
        let line = LogLine { number: ring.next, at: Utc::now(), level, target, words };
        ring.next += 1;
        ring.bytes += size(&line);
        ring.lines.push_back(line.into());
        while ring.lines.len() > KEPT || ring.bytes > ROOM {
            let Some(oldest) = ring.lines.pop_front() else { break };
            ring.bytes -= size(&oldest);
        }
        drop(ring);
        self.0.said.notify_one();
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        // Nothing in here can be left half done, so a panic elsewhere does no harm.
        self.0.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn size(line: &LogLine) -> usize {
    line.target.len() + line.words.len()
}

/// Takes what is traced into the [`Logs`].
#[derive(Debug)]
pub struct LogLayer(Logs);

impl<S: Subscriber> Layer<S> for LogLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let about = event.metadata();
        let mut said = Said::default();
        event.record(&mut said);
        let target = said.target.unwrap_or_else(|| about.target().to_owned());
        if *about.level() > Level::INFO && !target.starts_with("digital_dalla") {
            return;
        }
        let words = [said.message, said.values].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        self.0.keep(level(*about.level()), shortened(&target, 200), shortened(&words, LONGEST));
    }
}

fn level(level: Level) -> LogLevel {
    match level {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warn,
        Level::INFO => LogLevel::Info,
        Level::DEBUG => LogLevel::Debug,
        Level::TRACE => LogLevel::Trace,
    }
}

/// On one line, without what would move a terminal's cursor, and no longer than it may be.
fn shortened(text: &str, longest: usize) -> String {
    let end = text.floor_char_boundary(longest);
    let mut line: String = text[..end].chars().map(|c| if c == '\n' || c == '\t' { ' ' } else { c }).collect();
    line.retain(|c| !c.is_control());
    if end < text.len() {
        let _ = write!(line, " … ({} bytes more)", text.len() - end);
    }
    line
}

/// An event in words.
#[derive(Default)]
struct Said {
    message: String,
    values: String,
    /// Where it comes from, when it came by way of another crate's log.
    target: Option<String>,
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "log.target" => self.target = Some(value.to_owned()),
            "message" => self.message.push_str(value),
            name => self.value(name, format_args!("{value:?}")),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => drop(write!(self.message, "{value:?}")),
            name => self.value(name, format_args!("{value:?}")),
        }
    }
}

impl Said {
    fn value(&mut self, name: &str, value: fmt::Arguments<'_>) {
        // What a bridge says of itself is nobody's business.
        if name.starts_with("log.") || self.values.len() > LONGEST {
            return;
        }
        let space = if self.values.is_empty() { "" } else { " " };
        let _ = write!(self.values, "{space}{name}={value}");
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::{layer::SubscriberExt, registry};

    use super::*;

    fn saying(say: impl FnOnce()) -> Vec<Arc<LogLine>> {
        let logs = Logs::default();
        tracing::subscriber::with_default(registry().with(logs.layer()), say);
        logs.lines()
    }

    #[test]
    fn a_line_has_its_words_and_then_its_values() {
        let lines = saying(|| tracing::warn!(job.id = "j-1", count = 3, error = %"no \"way\"", "a job failed"));
        assert_eq!(lines[0].words, "a job failed job.id=\"j-1\" count=3 error=no \"way\"");
        assert_eq!((lines[0].level, lines[0].target.as_str()), (LogLevel::Warn, "digital_dalla::logs::tests"));
    }

    #[test]
    fn only_the_last_lines_are_kept() {
        let lines = saying(|| (0..KEPT + 5).for_each(|number| tracing::info!(number, "said")));
        assert_eq!((lines.len(), lines[0].number), (KEPT, 5));
    }

    #[test]
    fn a_flood_of_long_lines_has_only_so_much_room() {
        let long = "ü\u{1b}[31m\r\n".repeat(50_000);
        let lines = saying(|| (0..KEPT).for_each(|_| tracing::info!("{long}")));
        assert!(lines.len() < KEPT && lines.iter().map(|line| size(line)).sum::<usize>() <= ROOM);
        assert!(lines[0].words.ends_with("bytes more)") && !lines[0].words.contains(['\u{1b}', '\n', '\r']));
    }

    #[test]
    fn what_others_say_at_length_is_left_out() {
        let lines = saying(|| {
            tracing::debug!(target: "hyper::proto", "headers");
            tracing::debug!("ours");
            tracing::warn!(target: "hyper::proto", "theirs");
        });
        assert_eq!(lines.iter().map(|line| line.words.as_str()).collect::<Vec<_>>(), ["ours", "theirs"]);
    }
}
