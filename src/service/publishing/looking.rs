//! Finding out whether a post is out when the call that publishes it had no clear answer.

use chrono::{DateTime, Utc};

use super::{
    Outcome,
    ledger::{Ledger, Stop},
    link,
    networks::{self, Finding, units},
    published,
};
use crate::{
    domain::post::{Attempt, Deed, Post, PostState, Refusal, Step, Trouble},
    service::{accounts, work::Ended},
};

/// When the account is read, in units of patience after the last time: timelines may lag.
pub(super) const LOOKS: [u32; 4] = [15, 45, 120, 600];

/// Reads the account. Out is out; what is not seen is looked for again later, and then left to a person.
pub(super) async fn look(ledger: &Ledger) -> Result<Outcome, Stop> {
    let post = ledger.read()?;
    let looks = post.attempts.last().map_or(0, |attempt| attempt.looks);
    // Right after the call the account may not know it yet.
    let sent_at = post.sent_attempts().filter_map(|attempt| attempt.sent_at).max();
    let first = sent_at.map(|at| at + units(ledger, LOOKS[0])).filter(|at| looks == 0 && *at > Utc::now());
    if let Some(first) = first {
        let words = "The call that publishes it was sent, and its answer was lost.".to_owned();
        let finding = words.clone();
        ledger.write(move |post, now| doubt(post, finding, true, now)).await?;
        return Ok(Err(Ended::Later(first, words)));
    }
    let found = match find(ledger, &post).await {
        Err(Stop::Trouble(trouble)) => unreadable(ledger, trouble).await?,
        found => found?,
    };
    match found {
        Finding::Out { network_id, url } => out(ledger, network_id, url).await,
        Finding::NotSeen(words) | Finding::Unclear(words) => {
            let next = LOOKS.get(looks as usize + 1).map(|pause| Utc::now() + units(ledger, *pause));
            let finding = words.clone();
            ledger
                .write(move |post, now| {
                    if let Some(attempt) = post.attempts.last_mut() {
                        attempt.looks += 1;
                    }
                    doubt(post, finding, next.is_some(), now);
                })
                .await?;
            Ok(next.map_or(Ok(()), |next| Err(Ended::Later(next, words))))
        }
    }
}

/// A person has it sent again although an earlier call was sent: one last look before anything is. An account that
/// cannot be read now is read later.
pub(super) async fn before_sending_again(ledger: &Ledger) -> Result<Option<Outcome>, Stop> {
    let post = ledger.read()?;
    match find(ledger, &post).await? {
        Finding::Out { network_id, url } => out(ledger, network_id, url).await.map(Some),
        Finding::NotSeen(_) | Finding::Unclear(_) => Ok(None),
    }
}

/// The network says it has this already. When that is this very post, somebody in between has sent it twice.
pub(super) async fn at_the_other(ledger: &Ledger, trouble: Trouble) -> Result<Outcome, Stop> {
    let post = ledger.read()?;
    let this = post.open_attempt().and_then(|attempt| Some((attempt, attempt.sent_at?)));
    let Some((attempt, sent_at)) = this else { return Err(trouble.into()) };
    match networks::look(ledger, attempt, sent_at).await {
        Ok(Finding::Out { network_id, url }) => out(ledger, network_id, url).await,
        Ok(Finding::NotSeen(_)) => Err(trouble.into()),
        Ok(Finding::Unclear(_)) | Err(_) => Err(Trouble { refusal: Refusal::Unknown, ..trouble }.into()),
    }
}

/// It was found. What is still missing is its address, at most.
async fn out(ledger: &Ledger, network_id: Option<String>, url: Option<String>) -> Result<Outcome, Stop> {
    let unlinked = network_id.clone().filter(|_| url.is_none());
    ledger.write(move |post, now| published(post, network_id, url, "Found on the account: it is out.", now)).await?;
    match unlinked {
        Some(id) => link(ledger, &id).await,
        None => Ok(Ok(())),
    }
}

/// The account could not be read. When that is because of its keys, its other posts have to wait too.
async fn unreadable(ledger: &Ledger, trouble: Trouble) -> Result<Finding, Stop> {
    let finding = Finding::Unclear(format!("The account could not be read: {}", trouble.problem.message));
    if trouble.refusal == Refusal::Account {
        ledger.change(move |tx, post, now| Ok(accounts::broke(tx, post, &trouble.problem, now)?)).await?;
    }
    Ok(finding)
}

/// What reading the account shows of all that was sent, the newest first.
async fn find(ledger: &Ledger, post: &Post) -> Result<Finding, Stop> {
    let mut finding = Finding::NotSeen("Nothing of it was sent.".into());
    for (place, attempt) in post.attempts.iter().enumerate().rev() {
        let Some(sent_at) = attempt.sent_at.filter(|_| attempt.refused.is_none()) else { continue };
        let found = networks::look(ledger, attempt, sent_at).await;
        let words = match &found {
            Ok(Finding::Out { .. }) => "It is out.".to_owned(),
            Ok(Finding::NotSeen(words) | Finding::Unclear(words)) => words.clone(),
            Err(trouble) => trouble.problem.message.clone(),
        };
        let failed = !matches!(found, Ok(Finding::Out { .. }));
        ledger.write(move |post, now| note(&mut post.attempts[place], words, failed, now)).await?;
        let found = found?;
        if matches!(found, Finding::Out { .. }) {
            return Ok(found);
        }
        finding = found;
    }
    Ok(finding)
}

fn note(attempt: &mut Attempt, outcome: String, failed: bool, now: DateTime<Utc>) {
    attempt.steps.push(Step { at: now, deed: Deed::Look, outcome, failed });
}

/// It may be out: never sent again by itself.
fn doubt(post: &mut Post, finding: String, looking: bool, now: DateTime<Utc>) {
    if let Some(attempt) = post.open_attempt_mut() {
        attempt.note("No clear answer.", true);
        if !looking {
            attempt.ended_at = Some(now);
        }
    }
    post.turn(PostState::Unconfirmed { finding, looking }, now);
}
