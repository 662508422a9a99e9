//! Logs: looking at what was logged last, without anything that must not be seen.

use std::{
    borrow::Cow,
    sync::{Arc, LazyLock},
    time::Duration,
};

use regex::Regex;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    domain::log::{LogLevel, LogLine},
    state::AppState,
};

/// Watchers are told of new lines no more often than this.
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// What is put over a secret.
const COVER: &str = "••••••••";

/// A secret shorter than this cannot be told from a word.
const SHORTEST: usize = 6;

/// What looks like a secret, whoever's it is: its name is kept, and its value covered.
static LOOKS_SECRET: LazyLock<Regex> = LazyLock::new(|| {
    ours(
        r#"(?i)(?<name>\b(?:access_token|client_secret|api_?key|oauth_signature|x-amz-signature|password|authorization)\b["']?\s*[=:]\s*(?:bearer\s+|oauth\s+|basic\s+)?["']?|\bbearer\s+)[^\s"'&@,;]{4,}|\bdalla_[A-Za-z0-9_-]{8,}"#,
    )
});

/// A name and a password in an address.
static IN_ADDRESS: LazyLock<Regex> = LazyLock::new(|| ours(r"(?<name>://[^\s/@:]*:)[^\s/@]+@"));

fn ours(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is ours")
}

/// Which lines.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// Of that level, and more important ones; all when empty.
    pub level: Option<LogLevel>,
    /// With these words, in any case.
    pub q: &'a str,
    /// Before the line of that number.
    pub before: Option<u64>,
}

/// Some lines of the log.
#[derive(Debug)]
pub struct Page {
    /// The newest of them, oldest first.
    pub lines: Vec<LogLine>,
    /// How many there are in all.
    pub total: usize,
    /// Whether there are older ones.
    pub more: bool,
}

/// The newest lines that `filter` lets through, oldest of them first.
pub fn page(app: &AppState, filter: Filter<'_>, limit: usize) -> Page {
    let veil = Veil::new(app);
    let q = filter.q.trim().to_lowercase();
    let kept = app.logs.lines();
    let wanted = kept.iter().filter(|line| filter.level.is_none_or(|level| line.level <= level));
    // Covered before it is searched: what is looked for must not be found under a cover. Without words, only what is shown is.
    let wanted = wanted.filter(|line| q.is_empty() || has(&veil.over_line(line), &q));
    let mut found: Vec<&Arc<LogLine>> = wanted.collect();
    let total = found.len();
    if let Some(before) = filter.before {
        found.retain(|line| line.number < before);
    }
    let cut = found.len().saturating_sub(limit);
    Page { lines: found[cut..].iter().map(|line| veil.over_line(line)).collect(), total, more: cut > 0 }
}

fn has(line: &LogLine, q: &str) -> bool {
    line.words.to_lowercase().contains(q) || line.target.to_lowercase().contains(q)
}

/// Tells everyone who watches that something was logged, until nobody is left to be told.
pub async fn tell(app: AppState) {
    loop {
        app.logs.said().await;
        app.events.tell(super::watching::logged());
        tokio::time::sleep(TOLD_EVERY).await;
    }
}

/// Covers every secret of this installation, and what looks like one.
pub(super) struct Veil {
    known: Option<Regex>,
}

impl Veil {
    /// Of the secrets in force.
    pub(super) fn new(app: &AppState) -> Self {
        let config = &app.config;
        let own = [&config.gemini_api_key, &config.bucket_secret].into_iter().flatten().chain(config.network_keys.values());
        Self::of(&own.cloned().chain(app.store.secrets()).collect::<Vec<_>>())
    }

    fn of(secrets: &[SecretString]) -> Self {
        let long = secrets.iter().map(|secret| secret.expose_secret()).filter(|secret| secret.len() >= SHORTEST);
        let mut known: Vec<_> = long.map(regex::escape).collect();
        // Of two that begin alike the longer one comes first.
        known.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
        let known = (!known.is_empty()).then(|| known.join("|"));
        Self { known: known.map(|any| regex::RegexBuilder::new(&any).size_limit(64 << 20).build().expect("escaped words are a pattern")) }
    }

    /// The text with every secret covered.
    pub(super) fn over<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = match &self.known {
            Some(known) => known.replace_all(text, COVER),
            None => Cow::Borrowed(text),
        };
        for (looks, covered) in [(&LOOKS_SECRET, format!("${{name}}{COVER}")), (&IN_ADDRESS, format!("${{name}}{COVER}@"))] {
            if let Cow::Owned(covered) = looks.replace_all(&text, covered) {
                text = Cow::Owned(covered);
            }
        }
        text
    }

    fn over_line(&self, line: &Arc<LogLine>) -> LogLine {
        LogLine { words: self.over(&line.words).into_owned(), target: line.target.clone(), ..LogLine::clone(line) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_secrets_are_covered_wherever_they_are() {
        let veil = Veil::of(&["IGAA.token+1".into(), "IGAA.token+1-longer".into(), "ab".into()]);
        assert_eq!(veil.over("it was IGAA.token+1-longer, ab"), "it was ••••••••, ab");
        assert_eq!(veil.over("IGAAxtokenn1"), "IGAAxtokenn1", "letters of patterns are letters");
    }

    #[test]
    fn what_looks_like_a_secret_is_covered_too() {
        let veil = Veil::of(&[]);
        for (said, seen) in [
            ("GET /refresh?grant_type=x&access_token=abcdef&b=1", "GET /refresh?grant_type=x&access_token=••••••••&b=1"),
            ("Authorization: Bearer abcdefgh", "Authorization: Bearer ••••••••"),
            ("at http://me:secret@box:8188/", "at http://me:••••••••@box:8188/"),
            ("token dalla_0123456789abcdef refused", "token •••••••• refused"),
            ("{\"api_key\": \"0123456\"}", "{\"api_key\": \"••••••••\"}"),
        ] {
            assert_eq!(veil.over(said), seen);
        }
        for plain in ["a job was asked for job.id=019-abc", "http://127.0.0.1:8188/prompt", "digital_dalla::service", "the API key: none"] {
            assert_eq!(veil.over(plain), plain);
        }
    }
}
