//! What is going to happen: the times tasks will run at.

use std::{cmp::Reverse, collections::BinaryHeap, sync::Arc};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::{
    domain::{
        character::CharacterId,
        schedule::{Clock, Schedule},
        task::{Task, TaskId},
    },
    store::State,
};

/// A run that is going to happen, as far as is known now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Of which task.
    pub task_id: TaskId,
    /// For whom.
    pub character_id: CharacterId,
    /// When.
    pub at: DateTime<Utc>,
}

/// The runs of active tasks after `from`, up to `to` with it, soonest first; at most `cap`. Tasks whose schedule
/// cannot be read, or whose character is gone or rests, have none; neither have
/// backups, which nobody gets to see. `zone` is that of the installation.
pub fn planned(state: &State, from: DateTime<Utc>, to: DateTime<Utc>, cap: usize, zone: Tz) -> Vec<Planned> {
    soonest_first(state, from, to, cap, zone, Runs::All)
}

/// The same, but of each task only the next: one that runs each minute leaves room for the others.
pub fn next_of_each(state: &State, from: DateTime<Utc>, to: DateTime<Utc>, cap: usize, zone: Tz) -> Vec<Planned> {
    soonest_first(state, from, to, cap, zone, Runs::Next)
}

/// Which runs of a task are asked for.
#[derive(Clone, Copy, PartialEq)]
enum Runs {
    All,
    Next,
}

fn soonest_first(state: &State, from: DateTime<Utc>, to: DateTime<Utc>, cap: usize, zone: Tz, runs: Runs) -> Vec<Planned> {
    struct Next<'a> {
        task: &'a Task,
        schedule: Schedule,
        clock: Clock,
    }
    let there = |task: &&Arc<Task>| {
        task.kind.why_not().is_none() && state.characters.get(task.character_id.as_str()).is_some_and(|character| character.is_active)
    };
    let active = state.tasks.indexed("active", "true").filter(there);
    let tasks: Vec<Next> = active.filter_map(|task| Some(Next { schedule: task.rule().ok()?, clock: task.clock(zone), task })).collect();
    let soonest = |place: usize, after: DateTime<Utc>| {
        let next = tasks[place].schedule.next_after(after, &tasks[place].clock)?;
        (next <= to).then_some(Reverse((next, place)))
    };
    let mut ahead: BinaryHeap<_> = (0..tasks.len()).filter_map(|place| soonest(place, from)).collect();
    let mut planned = Vec::new();
    while planned.len() < cap {
        let Some(Reverse((at, place))) = ahead.pop() else { break };
        let task = tasks[place].task;
        planned.push(Planned { task_id: task.id.clone(), character_id: task.character_id.clone(), at });
        if runs == Runs::All {
            ahead.extend(soonest(place, at));
        }
    }
    planned
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::SecretKey,
        domain::{character::Character, task::Task},
        store::{OpenOptions, Store, StoreError},
    };

    async fn store(dir: &std::path::Path, tasks: &[(&str, &str, bool)]) -> Store {
        let key = SecretKey::InFile(dir.join("key"));
        let store = Store::open(OpenOptions { dir: dir.join("data"), key }).await.unwrap();
        let luna: Character = serde_json::from_value(serde_json::json!({"id": "luna", "name": "Luna"})).unwrap();
        let task = |(id, schedule, active): &(&str, &str, bool)| {
            let task = serde_json::json!({"id": id, "characterId": "luna", "type": "post_next", "schedule": schedule, "active": active});
            serde_json::from_value::<Task>(task).unwrap()
        };
        let tasks: Vec<_> = tasks.iter().map(task).collect();
        let put = move |tx: &mut crate::store::Transaction<'_>| {
            tx.put(luna)?;
            tasks.into_iter().try_for_each(|task| tx.put(task))
        };
        store.write::<_, StoreError>(put).await.unwrap();
        store
    }

    #[tokio::test]
    async fn runs_of_all_tasks_come_in_the_order_of_their_times_and_no_more_than_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let tasks = [("a", "0 */6 * * *", true), ("b", "30 6 * * *", true), ("c", "* * * * *", false), ("d", "nonsense", true)];
        let state = store(dir.path(), &tasks).await.read();
        let (from, to) = ("2026-11-27T00:00:00Z".parse().unwrap(), "2026-11-27T18:00:00Z".parse().unwrap());
        let plan = planned(&state, from, to, 100, Tz::UTC);
        let told: Vec<_> = plan.iter().map(|one| format!("{} {}", one.task_id, one.at.format("%H:%M"))).collect();
        assert_eq!(told, ["a 06:00", "b 06:30", "a 12:00", "a 18:00"]);
        assert_eq!(planned(&state, from, to, 2, Tz::UTC).len(), 2);
    }
}
