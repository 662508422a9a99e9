//! Who is doing what is done here: travels with the work of a request or a job, and is written down with each change.

use crate::domain::activity::Actor;

tokio::task_local! {
    static ACTOR: Actor;
}

/// Does the work as that actor: whatever it changes was done by them. Work it spawns does not inherit that.
pub async fn by<F: Future>(actor: Actor, work: F) -> F::Output {
    ACTOR.scope(actor, work).await
}

/// Who is doing this; Digital Dalla itself when nobody was named.
pub fn current() -> Actor {
    ACTOR.try_with(Actor::clone).unwrap_or(Actor::Itself)
}
