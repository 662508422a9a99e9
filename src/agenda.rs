//! When each task is due next, kept so that a tick of the clock costs next to nothing. Never stored.
//!
//! Everything due up to the last tick is stored as runs, each under an id that names its minute. So the agenda may
//! forget, look twice or be told the wrong time: no minute of a task is run twice.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;

use crate::{
    domain::{
        run::LastTick,
        schedule::{Clock, Schedule},
        task::{Task, TaskId},
    },
    store::State,
};

/// How far the clock may be set back and scheduling goes on: for so long all runs are kept, and with them the
/// minutes that are done.
pub const BACK: Duration = Duration::days(3);

/// How often the last tick is stored when nothing is due. What was due since then is stored in any case, so this
/// only has to be often enough for a person who reads the file.
const NOTE: Duration = Duration::hours(1);

/// Most times of one task that are told one by one.
pub const MOST_TIMES: usize = 50;

/// The agenda. Everything in it can be found out again from the store.
#[derive(Debug, Default)]
pub struct Agenda {
    book: Mutex<Book>,
    /// Whether a tick is under way.
    busy: AtomicBool,
}

#[derive(Debug, Default)]
struct Book {
    /// When this process first looked.
    since: Option<DateTime<Utc>>,
    /// Everything due up to then is stored.
    looked: Option<DateTime<Utc>>,
    /// When `looked` was last stored.
    noted: Option<DateTime<Utc>>,
    /// Whether everything was paused at the last tick.
    paused: bool,
    /// Whether the last tick looked at all.
    looks: bool,
    /// The version of the tasks, and the zone, the entries were made from.
    made_from: Option<(u64, Tz)>,
    entries: HashMap<TaskId, Entry>,
    /// When the first of them is due.
    soonest: Option<DateTime<Utc>>,
}

#[derive(Debug)]
struct Entry {
    task: Arc<Task>,
    schedule: Schedule,
    clock: Clock,
    next: Option<DateTime<Utc>>,
}

/// What a tick finds.
#[derive(Debug, Default)]
pub struct Look {
    /// Tasks that were due since the last tick.
    pub due: Vec<Due>,
    /// Everything was paused until now, so that nothing of it is to be run.
    pub resumed: bool,
    /// Whether the tick is to be stored although nothing is due.
    pub note: bool,
}

/// A task that was due.
#[derive(Debug)]
pub struct Due {
    /// As it was then.
    pub task: Arc<Task>,
    /// The times, oldest first; the newest of them when there are many.
    pub times: Vec<DateTime<Utc>>,
    /// How many more there were before those.
    pub before: usize,
}

/// The right to tick, until it is dropped.
#[derive(Debug)]
pub struct Turn<'a>(&'a AtomicBool);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Agenda {
    /// The right to tick; `None` when another tick is under way.
    pub fn turn(&self) -> Option<Turn<'_>> {
        self.busy.compare_exchange(false, true, Ordering::AcqRel, Ordering::Acquire).ok().map(|_| Turn(&self.busy))
    }

    /// What was due since the last tick. The same again until [`Agenda::looked`] says that it is stored.
    pub fn look(&self, state: &State, now: DateTime<Utc>, zone: Tz) -> Look {
        let mut book = self.lock();
        book.open(state, now);
        let looked = book.looked.unwrap_or(now);
        book.looks = false;
        if state.settings.paused {
            book.paused = true;
            return Look::default();
        }
        let turned_back = now < looked;
        if turned_back {
            // Whoever pauses and resumes says that the clock is right.
            if looked - now > BACK && !book.paused {
                return Look::default();
            }
            book.turn_back(now);
        }
        book.looks = true;
        book.keep_up(state, now, zone);
        let due = match book.soonest {
            Some(soonest) if soonest <= now => book.entries.values().filter_map(|entry| entry.due(now)).collect(),
            Some(_) | None => Vec::new(),
        };
        let note = book.paused || turned_back || book.noted.is_none_or(|noted| now - noted >= NOTE);
        Look { due, resumed: book.paused, note }
    }

    /// Everything due up to `now` is stored, and the tick with it when `noted`.
    pub fn looked(&self, now: DateTime<Utc>, noted: bool) {
        let mut book = self.lock();
        // Paused, or with the clock far behind, nothing was looked at.
        if !book.looks {
            return;
        }
        book.looked = Some(now);
        book.paused = false;
        if noted {
            book.noted = Some(now);
        }
        if book.soonest.is_some_and(|soonest| soonest <= now) {
            book.entries.values_mut().for_each(|entry| entry.pass(now));
            book.find_soonest();
        }
    }

    /// Up to when was looked.
    pub fn last(&self) -> Option<DateTime<Utc>> {
        self.lock().looked
    }

    /// When this process first looked.
    pub fn since(&self) -> Option<DateTime<Utc>> {
        self.lock().since
    }

    /// How far the clock is behind the last tick, when that is too far to go on.
    pub fn is_behind(&self, now: DateTime<Utc>) -> Option<Duration> {
        self.lock().looked.map(|looked| looked - now).filter(|behind| *behind > BACK)
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        // What a panic leaves half done is found out again from the store.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Look {
    /// Whether there is nothing to store.
    pub fn is_nothing(&self) -> bool {
        self.due.is_empty() && !self.note
    }
}

impl Book {
    /// At the first look: goes on where the last process stopped.
    fn open(&mut self, state: &State, now: DateTime<Utc>) {
        if self.looked.is_none() {
            let stored = state.ticks.get(LastTick::ID).map(|tick| tick.at);
            self.since = Some(now);
            self.looked = Some(stored.unwrap_or(now));
            self.noted = stored;
        }
    }

    /// Takes over what has changed about the tasks.
    fn keep_up(&mut self, state: &State, now: DateTime<Utc>, zone: Tz) {
        if self.made_from == Some((state.tasks.version(), zone)) {
            return;
        }
        let looked = self.looked.unwrap_or(now);
        let mut before = std::mem::take(&mut self.entries);
        for task in state.tasks.indexed("active", "true") {
            let entry = match before.remove(&task.id).filter(|entry| entry.is_for(task, zone)) {
                Some(entry) => Some(Entry { task: Arc::clone(task), ..entry }),
                None => Entry::new(task, looked, now, zone),
            };
            self.entries.extend(entry.map(|entry| (task.id.clone(), entry)));
        }
        self.made_from = Some((state.tasks.version(), zone));
        self.find_soonest();
    }

    /// The clock was set back: the minutes between were looked at, and will be again. Those that were run have runs.
    fn turn_back(&mut self, now: DateTime<Utc>) {
        self.looked = Some(now);
        self.entries.values_mut().for_each(|entry| entry.next = entry.schedule.next_after(now, &entry.clock));
        self.find_soonest();
    }

    fn find_soonest(&mut self) {
        self.soonest = self.entries.values().filter_map(|entry| entry.next).min();
    }
}

impl Entry {
    /// `None` for a task that does not happen by itself.
    fn new(task: &Arc<Task>, looked: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> Option<Self> {
        if task.kind.why_not().is_some() {
            return None;
        }
        let (schedule, clock) = (task.rule().ok()?, task.clock(zone));
        // What was due before a person last said how it is to be is not owed.
        let changed = task.updated_at.unwrap_or(looked).min(now);
        let next = schedule.next_after(looked.max(changed), &clock);
        Some(Self { task: Arc::clone(task), schedule, clock, next })
    }

    /// Whether the task is due at the same times as it was, where `zone` is that of the installation.
    fn is_for(&self, task: &Arc<Task>, zone: Tz) -> bool {
        let times = |task: &Task| (task.counts_from, task.created_at);
        let same = Arc::ptr_eq(&self.task, task)
            || (self.task.schedule == task.schedule
                && self.task.timezone == task.timezone
                && self.task.kind == task.kind
                && times(&self.task) == times(task));
        same && self.clock.zone == task.clock(zone).zone
    }

    fn due(&self, now: DateTime<Utc>) -> Option<Due> {
        let first = self.next.filter(|next| *next <= now)?;
        // Further back than they are made up for, nobody asks which minutes they were.
        let start = first.max(now - self.task.missed_window());
        let mut before = usize::from(start > first);
        let mut times = VecDeque::new();
        let all = self.schedule.times_after(start - Duration::seconds(1), &self.clock);
        for at in all.take_while(|at| *at <= now) {
            if times.len() == MOST_TIMES {
                times.pop_front();
                before += 1;
            }
            times.push_back(at);
        }
        Some(Due { task: Arc::clone(&self.task), times: times.into(), before })
    }

    fn pass(&mut self, now: DateTime<Utc>) {
        if self.next.is_some_and(|next| next <= now) {
            self.next = self.schedule.next_after(now, &self.clock);
        }
    }
}
