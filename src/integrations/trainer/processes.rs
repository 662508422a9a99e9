//! Processes of this machine: which ones a run has started, and ending them.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::{COOKIE, folder::Who};

/// A process as `/proc` tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Process {
    pid: i32,
    parent: i32,
    group: i32,
    started: u64,
}

/// Ourselves.
pub(super) fn ourselves() -> Who {
    of(i32::try_from(std::process::id()).unwrap_or_default())
}

/// The process of that number, with the time it was started.
pub(super) fn of(pid: i32) -> Who {
    Who { pid, started: read(pid).map(|process| process.started).unwrap_or_default() }
}

/// Asks a process to end, if it is still the one that is meant.
pub(super) fn ask_to_end(who: Who) -> bool {
    is_alive(who) && signal(who.pid, Signal::TERM)
}

/// Whether it is still there, and not another one of the same number.
fn is_alive(who: Who) -> bool {
    match (who.started, read(who.pid)) {
        // Where there is no `/proc`, the number has to do; the guard's lock has said that it lives.
        (0, _) => true,
        (started, Some(process)) => process.started == started,
        (_, None) => false,
    }
}

/// Everything a process has started, and what that has started, but for those that have ended and wait to be seen.
pub(super) fn descendants(of: i32) -> Vec<Who> {
    let all = all();
    let mut family = vec![of];
    let mut found = Vec::new();
    loop {
        let children = all.iter().filter(|process| family.contains(&process.parent) && !family.contains(&process.pid));
        let children: Vec<_> = children.copied().collect();
        if children.is_empty() {
            return found;
        }
        family.extend(children.iter().map(|process| process.pid));
        found.extend(children.iter().map(|process| Who { pid: process.pid, started: process.started }));
    }
}

/// Sends a signal to each, if it is still the one that is meant.
pub(super) fn signal_all(them: &[Who], what: Signal) {
    for who in them.iter().filter(|who| is_alive(**who)) {
        signal(who.pid, what);
    }
}

/// Ends what is left of a run whose guard is gone. Answers how many processes there were. Blocks for a moment.
pub fn sweep(run: &str, guard: Option<Who>) -> usize {
    let begun = Instant::now();
    let mut ended = 0;
    loop {
        let left = left_of(run, guard);
        if left.is_empty() || begun.elapsed() > Duration::from_secs(10) {
            return ended;
        }
        ended = ended.max(left.len());
        signal_all(&left, Signal::KILL);
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What carries the run's cookie, or is in the group of its guard.
fn left_of(run: &str, guard: Option<Who>) -> Vec<Who> {
    let cookie = format!("{COOKIE}={run}");
    let us = i32::try_from(std::process::id()).unwrap_or_default();
    let theirs = |process: &Process| {
        // The group's number stays its own as long as anybody is in it; whoever was there before the guard is somebody else.
        let grouped = guard.is_some_and(|guard| process.group == guard.pid && process.started >= guard.started);
        grouped || carries(process.pid, cookie.as_bytes())
    };
    all()
        .iter()
        .filter(|process| process.pid != us && theirs(process))
        .map(|process| Who { pid: process.pid, started: process.started })
        .collect()
}

fn carries(pid: i32, cookie: &[u8]) -> bool {
    std::fs::read(format!("/proc/{pid}/environ"))
        .is_ok_and(|variables| variables.split(|byte| *byte == 0).any(|variable| variable == cookie))
}

/// Ends a whole group, ourselves with it when we are in it. For systems without `/proc`.
pub(super) fn end_group(leader: i32) {
    if let Some(pid) = Pid::from_raw(leader) {
        // Whoever is gone already needs no ending.
        let _ = kill_process_group(pid, Signal::KILL);
    }
}

fn signal(pid: i32, signal: Signal) -> bool {
    Pid::from_raw(pid).is_some_and(|pid| kill_process(pid, signal).is_ok())
}

/// Every process that has not ended; none where there is no `/proc`.
fn all() -> Vec<Process> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter_map(read).collect()
}

/// One process; `None` when it has ended.
fn read(pid: i32) -> Option<Process> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    parse(&stat)
}

/// The name stands in brackets and may itself hold brackets and blanks.
fn parse(stat: &str) -> Option<Process> {
    let (pid, rest) = stat.split_once(" (")?;
    let fields: Vec<&str> = rest.rsplit_once(") ")?.1.split(' ').collect();
    // Z: has ended, and its parent has not looked yet.
    if fields.first().is_none_or(|state| matches!(*state, "Z" | "X" | "x")) {
        return None;
    }
    Some(Process {
        pid: pid.parse().ok()?,
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_no_harm() {
        let stat = "42 (py) (thon x) S 1 40 40 0 -1 4194304 1 0 0 0 1 1 0 0 20 0 9 0 123456 1 1 1";
        assert_eq!(parse(stat), Some(Process { pid: 42, parent: 1, group: 40, started: 123_456 }));
        assert_eq!(parse("42 (x) Z 1 40 40 0 -1 4194304 1 0 0 0 1 1 0 0 20 0 9 0 123456 1 1 1"), None);
        assert_eq!(parse("nonsense"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn we_are_among_the_living_and_a_child_is_ours() {
        let us = ourselves();
        assert!(us.started > 0 && is_alive(us));
        assert!(!is_alive(Who { started: us.started + 1, ..us }), "another process of the same number is not meant");
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        assert!(descendants(us.pid).iter().any(|who| who.pid == pid));
        signal_all(&[of(pid)], Signal::KILL);
        child.wait().unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_carries_the_cookie_is_swept_away() {
        let mut child = std::process::Command::new("sleep").arg("60").env(COOKIE, "a-run-of-this-test").spawn().unwrap();
        // The variables are there once the program has been started in the child.
        while left_of("a-run-of-this-test", None).is_empty() {
            std::thread::yield_now();
        }
        assert_eq!(sweep("a-run-of-this-test", None), 1);
        child.wait().unwrap();
        assert_eq!(sweep("a-run-of-this-test", None), 0);
    }
}
