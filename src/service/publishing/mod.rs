//! Publishing: the way of a post through the ledger, from its time to its link or to a state with a reason.
//!
//! What may be repeated without harm is repeated; the call that makes a post public is sent at most once an attempt,
//! and that it is about to be sent is stored before. When its outcome is not known the account is read, and when
//! that cannot tell, a person decides.

mod asking;
mod caps;
pub mod checks;
mod deeds;
mod instagram;
mod ledger;
mod list;
mod looking;
mod networks;
mod queue;
mod restored;
mod runs;
mod x;

use chrono::{DateTime, Utc};

pub(in crate::service) use self::{
    asking::{admit, prepare},
    queue::{broke_down, call_off_all, look_again},
    restored::hold_what_may_be_out,
    runs::{ForRun, create_for_run, reviewed},
};
pub use self::{
    asking::{create, create_on},
    deeds::{cancel, change, reconcile, resolve, send},
    list::{Filter, Page, cost_since, counts, get, how_many_need_a_person, looked, needing_a_person, next, of_content, page, settled},
    queue::{pause, recover, resume},
};
use self::{
    ledger::{Ledger, Stop},
    networks::units,
};
use super::{
    accounts,
    work::{Ended, tell},
};
use crate::{
    domain::{
        check::{Check, CheckName, Verdict},
        job::{Job, Work},
        post::{Attempt, Deed, Post, PostState, Refusal, Step, Trouble},
        problem::{Kind, Problem},
    },
    live::Running,
    state::AppState,
};

/// How often a post is tried when its steps fail in a way that may pass.
const MOST_TROUBLES: u32 = 5;

/// How long a post waits for its turn while another one of its account is on its way, in units of patience.
const TURN: u32 = 15;

/// Pauses before the next try, in units of patience.
const AGAIN: [u32; 5] = [2, 10, 60, 300, 900];

/// Brings a post forward: what a worker does.
pub(super) async fn work(app: &AppState, job: &Job, running: &Running) -> Result<(), Ended> {
    let Work::Publish(order) = &job.work else { unreachable!("workers hand over each job by its kind") };
    let ledger = Ledger { app: app.clone(), post: order.post_id.clone(), job: job.id.clone() };
    match forward(&ledger, running).await {
        Ok(ended) => ended,
        // Taken back or deleted: nobody waits for it.
        Err(Stop::Gone) => Ok(()),
        Err(Stop::Store(error)) => {
            // Nothing was decided, so nothing may be lost: it is tried again when the disk has room.
            let problem = Problem::from(error);
            Err(Ended::Later(Utc::now() + units(&ledger, 30), problem.message))
        }
        Err(stop @ (Stop::Trouble(_) | Stop::Out { .. })) => settle(&ledger, stop).await,
    }
}

type Outcome = Result<(), Ended>;

async fn forward(ledger: &Ledger, running: &Running) -> Result<Outcome, Stop> {
    let post = ledger.read()?;
    if let PostState::Published { network_id: Some(id), url: None, .. } = &post.state {
        return link(ledger, id).await;
    }
    if !post.state.goes_on() {
        return Ok(Ok(()));
    }
    let unsettled = post.open_attempt().is_some_and(|attempt| attempt.sent_at.is_some());
    if unsettled || matches!(post.state, PostState::Unconfirmed { .. }) {
        return looking::look(ledger).await;
    }
    if let Some(outcome) = begin(ledger).await? {
        return Ok(outcome);
    }
    say(ledger, running, "Preparing");
    if ledger.read()?.sent_attempts().next().is_some()
        && let Some(outcome) = looking::before_sending_again(ledger).await?
    {
        return Ok(outcome);
    }
    networks::prepare(ledger).await?;
    if ledger.read()?.open_attempt().is_some_and(|attempt| attempt.dry_run) {
        return rehearsed(ledger).await;
    }
    say(ledger, running, "Publishing");
    publish(ledger).await
}

fn say(ledger: &Ledger, running: &Running, words: &str) {
    tell(&ledger.app, &ledger.job, running, |progress| progress.words = words.into());
}

/// Looks whether it may go out now, and opens an attempt. Answers how the work ends when it may not.
async fn begin(ledger: &Ledger) -> Result<Option<Outcome>, Stop> {
    let app = ledger.app.clone();
    ledger
        .change(move |tx, post, now| {
            if post.scheduled_at > now {
                return Ok(Some(wait(post, post.scheduled_at, String::new())));
            }
            // One at a time: the ledger itself says who is on the account.
            let account = post.account();
            let busy = |other: &Post| other.id != post.id && matches!(other.state, PostState::Publishing);
            if tx.table::<Post>().indexed("account", &account).any(|other| busy(other)) {
                let until = now + app.config.network_pace * TURN;
                return Ok(Some(wait(post, until, "Another post of this account is going out.".into())));
            }
            let checks = checks::before_sending(&app, tx, post, now);
            if let Some(outcome) = stopped(post, &checks, now) {
                return Ok(Some(outcome));
            }
            open_attempt(post, is_rehearsal(&checks), now);
            post.turn(PostState::Publishing, now);
            Ok(None)
        })
        .await
}

/// What the first check that is not good does to a post.
fn stopped(post: &mut Post, checks: &[Check], now: DateTime<Utc>) -> Option<Outcome> {
    if let Some(check) = checks.iter().find(|check| check.verdict == Verdict::Stops) {
        post.turn(PostState::Held { check: check.name, why: check.words.clone() }, now);
        return Some(Ok(()));
    }
    let waits = checks.iter().filter(|check| check.verdict == Verdict::Waits).filter_map(|check| Some((check.until?, check)));
    let (until, check) = waits.max_by_key(|(until, _)| *until)?;
    Some(wait(post, until, check.words.clone()))
}

fn wait(post: &mut Post, until: DateTime<Utc>, waiting: String) -> Outcome {
    post.state = PostState::Scheduled { until: (!waiting.is_empty()).then_some(until), waiting: waiting.clone() };
    Err(Ended::Later(until, waiting))
}

/// Goes on with the attempt that is open, as far as what it handed over is still there; else begins one.
fn open_attempt(post: &mut Post, dry_run: bool, now: DateTime<Utc>) {
    match post.open_attempt_mut() {
        Some(attempt) if attempt.dry_run == dry_run => {
            if !attempt.uploads.iter().chain(&attempt.carousel).all(|upload| upload.is_fresh(now)) {
                attempt.forget_uploads();
            }
        }
        Some(attempt) => {
            attempt.ended_at = Some(now);
            post.attempts.push(Attempt::new(dry_run, now));
        }
        None => post.attempts.push(Attempt::new(dry_run, now)),
    }
}

async fn rehearsed(ledger: &Ledger) -> Result<Outcome, Stop> {
    ledger
        .change(|_, post, now| {
            if let Some(attempt) = post.open_attempt_mut() {
                attempt.ended_at = Some(now);
            }
            post.turn(PostState::DryRun, now);
            Ok(Ok(()))
        })
        .await
}

/// Stores that the call is about to be sent, sends it once, and stores what came of it.
async fn publish(ledger: &Ledger) -> Result<Outcome, Stop> {
    let app = ledger.app.clone();
    let allowed = ledger
        .change(move |tx, post, now| {
            if !matches!(post.state, PostState::Publishing) {
                return Err(Stop::Gone);
            }
            // What was decided while the pictures went up counts.
            let checks = checks::before_sending(&app, tx, post, now);
            if let Some(outcome) = stopped(post, &checks, now) {
                return Ok(Allowed::No(outcome));
            }
            let attempt = post.open_attempt_mut().ok_or(Stop::Gone)?;
            if is_rehearsal(&checks) {
                attempt.dry_run = true;
                return Ok(Allowed::Rehearsal);
            }
            attempt.begin(Deed::Publish, now);
            attempt.sent_at = Some(now);
            Ok(Allowed::Yes)
        })
        .await?;
    match allowed {
        Allowed::No(outcome) => return Ok(outcome),
        Allowed::Rehearsal => return rehearsed(ledger).await,
        Allowed::Yes => {}
    }
    let id = match networks::publish(ledger).await {
        Err(trouble) if trouble.refusal == Refusal::Duplicate => return looking::at_the_other(ledger, trouble).await,
        answer => answer?,
    };
    let (kept, url) = (id.clone(), networks::known_link(ledger, &id));
    let linked = url.is_some();
    ledger.write(move |post, now| published(post, Some(kept), url, "It is out.", now)).await?;
    if linked { Ok(Ok(())) } else { link(ledger, &id).await }
}

/// Whether the call that publishes may be sent.
enum Allowed {
    Yes,
    Rehearsal,
    No(Outcome),
}

fn is_rehearsal(checks: &[Check]) -> bool {
    checks.iter().any(|check| check.name == CheckName::DryRun && check.verdict == Verdict::Mind)
}

/// The address is asked for after the post is stored as out; that it cannot be had changes nothing else.
async fn link(ledger: &Ledger, id: &str) -> Result<Outcome, Stop> {
    let asked_at = Utc::now();
    let answer = networks::link(ledger, id).await;
    let pace = ledger.app.config.network_pace;
    ledger
        .change(move |_, post, now| {
            let tried = post.attempts.last().map_or(0, |attempt| attempt.steps.iter().filter(|step| step.deed == Deed::Link).count());
            let (outcome, failed) = match &answer {
                Ok(Some(address)) => (address.clone(), false),
                Ok(None) => ("It has none.".to_owned(), true),
                Err(trouble) => (trouble.problem.message.clone(), true),
            };
            if let Some(attempt) = post.attempts.last_mut() {
                attempt.steps.push(Step { at: asked_at, deed: Deed::Link, outcome: outcome.clone(), failed });
            }
            if let (Ok(Some(address)), PostState::Published { url, .. }) = (answer, &mut post.state) {
                *url = Some(address);
                return Ok(Ok(()));
            }
            Ok(match AGAIN.get(tried) {
                Some(pause) => Err(Ended::Later(now + pace * *pause, outcome)),
                None => Ok(()),
            })
        })
        .await
}

fn published(post: &mut Post, network_id: Option<String>, url: Option<String>, words: &str, now: DateTime<Utc>) {
    let sent = post.sent_attempts().filter_map(|attempt| attempt.sent_at).max();
    if let Some(attempt) = post.open_attempt_mut() {
        attempt.note(words, false);
        attempt.ended_at = Some(now);
    }
    post.turn(PostState::Published { published_at: sent.unwrap_or(now), network_id, url }, now);
}

/// What a step that did not end well does to the post.
async fn settle(ledger: &Ledger, stop: Stop) -> Outcome {
    let pace = ledger.app.config.network_pace;
    let account_trouble = matches!(&stop, Stop::Trouble(Trouble { refusal: Refusal::Account, .. }));
    let settled = ledger
        .change(move |tx, post, now| match stop {
            Stop::Out { network_id, url } => {
                published(post, network_id, url, "It is out.", now);
                Ok(Ok(()))
            }
            Stop::Trouble(trouble) => {
                if account_trouble {
                    accounts::broke(tx, post, &trouble.problem, now)?;
                }
                Ok(troubled(post, trouble, now, pace))
            }
            other @ (Stop::Gone | Stop::Store(_)) => Err(other),
        })
        .await;
    match settled {
        Ok(outcome) => outcome,
        Err(Stop::Store(error)) => Err(Ended::Later(Utc::now() + units(ledger, 30), Problem::from(error).message)),
        Err(_) => Ok(()),
    }
}

fn troubled(post: &mut Post, trouble: Trouble, now: DateTime<Utc>, pace: std::time::Duration) -> Outcome {
    let Trouble { refusal, problem } = trouble;
    let words = problem.message.clone();
    let sent_before = post.sent_attempts().count() > 1;
    let Some(attempt) = post.open_attempt_mut() else {
        post.turn(PostState::Failed { problem }, now);
        return Ok(());
    };
    attempt.note(words.clone(), true);
    let sent = attempt.sent_at.is_some();
    let in_doubt = refusal == Refusal::Unknown || (refusal == Refusal::Duplicate && sent_before);
    if in_doubt {
        post.turn(PostState::Unconfirmed { finding: format!("{words} Whether the post is out is being found out."), looking: true }, now);
        return Err(Ended::Later(now + pace * looking::LOOKS[0], words));
    }
    let mut kept = None;
    if sent && refusal == Refusal::Duplicate {
        // What the network has may be this very post: before it is sent again, the account is read.
        attempt.ended_at = Some(now);
    } else if sent {
        // The network refused it, so nothing of this attempt is out; what it holds may serve the next one.
        attempt.refused = Some(words.clone());
        attempt.ended_at = Some(now);
        kept = Some((attempt.uploads.clone(), attempt.carousel.clone(), attempt.troubles));
    }
    let next = match refusal {
        Refusal::Later(wait) => Some(now + wait),
        Refusal::Again | Refusal::Lost | Refusal::NotReady => {
            let troubles = attempt.troubles;
            attempt.troubles += 1;
            AGAIN.get(troubles as usize).filter(|_| troubles < MOST_TROUBLES).map(|pause| now + pace * *pause)
        }
        Refusal::Account | Refusal::Final | Refusal::Duplicate | Refusal::Unknown => None,
    };
    if refusal == Refusal::Lost {
        attempt.forget_uploads();
        kept = kept.map(|(_, _, troubles)| (Vec::new(), None, troubles));
    }
    if let (Some((uploads, carousel, troubles)), Some(_)) = (kept, next) {
        let troubles = if matches!(refusal, Refusal::Later(_)) { troubles } else { troubles + 1 };
        let again = Attempt { uploads, carousel, troubles, ..Attempt::new(false, now) };
        post.attempts.push(again);
    }
    match next {
        Some(at) => wait(post, at, words),
        None => {
            if let Some(attempt) = post.open_attempt_mut() {
                attempt.ended_at = Some(now);
            }
            let state = match refusal {
                Refusal::Account => PostState::Held { check: CheckName::Account, why: words },
                _ => PostState::Failed { problem },
            };
            post.turn(state, now);
            Ok(())
        }
    }
}

/// A failure of our own making.
fn trouble_of_ours(words: &str) -> Trouble {
    Trouble { refusal: Refusal::Final, problem: Problem::new(Kind::Internal, words) }
}
