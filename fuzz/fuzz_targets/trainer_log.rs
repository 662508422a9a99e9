//! Whatever a trainer writes, and wherever its output is cut: the same is read from it, and there are words for its end.

#![no_main]

use chrono::DateTime;
use digital_dalla::{
    domain::training::{Ending, Followed},
    integrations::kohya::{Watcher, explain, last_lines},
};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fn follow<'a>(from: Followed, pieces: impl IntoIterator<Item = &'a [u8]>) -> Followed {
    let mut watcher = Watcher::new(from);
    pieces.into_iter().for_each(|piece| watcher.feed(piece, DateTime::UNIX_EPOCH));
    watcher.followed().clone()
}

/// The same but for the last digits of numbers, which reading JSON may round in another way.
fn alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len() && one.iter().all(|(name, value)| other.get(name).is_some_and(|same| alike(value, same)))
        }
        (Value::Array(one), Value::Array(other)) => one.len() == other.len() && one.iter().zip(other).all(|(one, other)| alike(one, other)),
        (Value::Number(one), Value::Number(other)) => match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => (one - other).abs() <= one.abs() * 1e-12,
            _ => one == other,
        },
        _ => one == other,
    }
}

fuzz_target!(|input: (&[u8], u16)| {
    let (log, cut) = input;
    let whole = follow(Followed::default(), [log]);
    assert_eq!(follow(Followed::default(), log.chunks(7)), whole, "read in small pieces");

    let (first, _) = log.split_at(usize::from(cut).min(log.len()));
    let stored = serde_json::to_string(&follow(Followed::default(), [first])).expect("what is known can be stored");
    let stored: Followed = serde_json::from_str(&stored).expect("what was stored can be read");
    let rest = &log[usize::try_from(stored.offset).expect("a log of this length")..];
    let json = |followed: &Followed| serde_json::to_value(followed).expect("what is known can be stored");
    let resumed = follow(stored, [rest]);
    assert!(alike(&json(&resumed), &json(&whole)), "read on after a restart: {resumed:?}, not {whole:?}");

    let lines = last_lines(log, 40);
    assert!(lines.len() <= 40 && lines.iter().all(|line| !line.chars().any(char::is_control)), "the end can be shown");
    for code in [0, 1] {
        assert!(!explain(&Ending::Exit { code }, &whole.progress, log).message.is_empty(), "there are words for it");
    }
});
