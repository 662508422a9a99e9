//! What the trainer is told. It knows the arguments the real one knows, and no others.

use std::collections::HashMap;

/// Every argument of the three scripts, as their usage lists them.
const KNOWN: &str = include_str!("arguments.txt");

/// What it was told: each argument with its values.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    pub(super) script: String,
    values: HashMap<String, Vec<String>>,
}

impl Arguments {
    /// Reads a command line. The error is what argparse says.
    pub(super) fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let script = words.next().unwrap_or_default();
        let (mut values, mut unknown): (HashMap<String, Vec<String>>, Vec<String>) = (HashMap::new(), Vec::new());
        let mut last: Option<String> = None;
        for word in words {
            match word.strip_prefix("--") {
                Some(name) if KNOWN.lines().any(|known| known == name) => {
                    values.entry(name.to_owned()).or_default();
                    last = Some(name.to_owned());
                }
                Some(_) => {
                    unknown.push(word);
                    last = None;
                }
                None => match last.as_ref().and_then(|name| values.get_mut(name)) {
                    Some(values) => values.push(word),
                    None => unknown.push(word),
                },
            }
        }
        let script = script.rsplit('/').next().unwrap_or_default().to_owned();
        if unknown.is_empty() {
            Ok(Self { script, values })
        } else {
            Err(format!("{script}: error: unrecognized arguments: {}", unknown.join(" ")))
        }
    }

    /// Whether it was given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Its value; empty when it was not given.
    pub(super) fn text(&self, name: &str) -> &str {
        self.values.get(name).and_then(|values| values.last()).map_or("", String::as_str)
    }

    /// Its value as a number.
    pub(super) fn number<N: std::str::FromStr>(&self, name: &str) -> Option<N> {
        self.text(name).parse().ok()
    }
}
