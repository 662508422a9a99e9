//! Tells everyone who watches what has happened: the event stream of pages and front ends.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::broadcast;

use crate::domain::event::Event;

/// How many events a watcher may have missed and still get.
const REMEMBERED: usize = 1_000;

/// An event with its place in the order.
#[derive(Debug)]
pub struct Numbered {
    /// Grows with each event, also across restarts.
    pub number: u64,
    /// What happened.
    pub event: Event,
}

/// The hub. A cheap handle.
#[derive(Debug, Clone)]
pub struct Events(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    recent: Mutex<Recent>,
    sender: broadcast::Sender<Arc<Numbered>>,
}

#[derive(Debug)]
struct Recent {
    next: u64,
    events: VecDeque<Arc<Numbered>>,
}

impl Events {
    /// A hub whose numbers start at `first`; pass the time in microseconds, so that a watcher who comes back
    /// after a restart is not told old numbers again.
    pub fn new(first: u64) -> Self {
        let recent = Mutex::new(Recent { next: first, events: VecDeque::with_capacity(REMEMBERED) });
        Self(Arc::new(Inner { recent, sender: broadcast::channel(REMEMBERED).0 }))
    }

    /// Tells everyone.
    pub fn tell(&self, event: Event) {
        let mut recent = self.recent();
        let numbered = Arc::new(Numbered { number: recent.next, event });
        recent.next += 1;
        if recent.events.len() == REMEMBERED {
            recent.events.pop_front();
        }
        recent.events.push_back(Arc::clone(&numbered));
        // Sent under the lock, so that nobody sees two events in the wrong order. Nobody listening is fine.
        let _ = self.0.sender.send(numbered);
    }

    /// The number of the newest event.
    pub fn newest(&self) -> u64 {
        self.recent().next.saturating_sub(1)
    }

    /// How many watch.
    pub fn watchers(&self) -> usize {
        self.0.sender.receiver_count()
    }

    /// What came after `last`, as far as it is remembered, and everything from now on.
    pub fn watch(&self, last: Option<u64>) -> (Vec<Arc<Numbered>>, broadcast::Receiver<Arc<Numbered>>) {
        let recent = self.recent();
        let missed = last.map(|last| recent.events.iter().filter(|told| told.number > last).cloned().collect());
        (missed.unwrap_or_default(), self.0.sender.subscribe())
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        // Nothing in here can be left half done, so a panic elsewhere does no harm.
        self.0.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::{EventKind, Topic};

    fn event(id: &str) -> Event {
        Event { topic: Topic::Job, kind: EventKind::Changed, id: id.into(), data: serde_json::Map::new() }
    }

    #[test]
    fn a_watcher_gets_what_it_missed_and_no_more() {
        let events = Events::new(100);
        events.tell(event("a"));
        events.tell(event("b"));
        let (missed, mut live) = events.watch(Some(100));
        assert_eq!(missed.iter().map(|told| told.event.id.as_str()).collect::<Vec<_>>(), ["b"]);
        events.tell(event("c"));
        assert_eq!(live.try_recv().unwrap().event.id, "c");
    }

    #[test]
    fn no_more_than_a_thousand_are_remembered() {
        let events = Events::new(0);
        for n in 0..1_500 {
            events.tell(event(&n.to_string()));
        }
        assert_eq!(events.watch(Some(0)).0.len(), REMEMBERED);
    }
}
