//! What there is to tell of a thing, as it stands.

use chrono::{DateTime, Duration, Utc};

use crate::{
    domain::{
        account::{Account, Outcome},
        character::CharacterId,
        check::CheckName,
        content::Content,
        job::{Job, JobStatus, Work},
        notification::{NotificationKind, Subject},
        post::{Post, PostState},
        run::{Run, RunState},
    },
    service::review,
    store::State,
};

/// Something to tell.
pub(super) struct Notice {
    pub(super) kind: NotificationKind,
    /// What tells this time from the last time the same happened to the same thing.
    pub(super) moment: String,
    pub(super) at: DateTime<Utc>,
    pub(super) title: String,
    pub(super) words: String,
    pub(super) character_id: Option<CharacterId>,
}

/// What there is to tell; `None` when there is nothing to do about it.
pub(super) fn of(state: &State, subject: &Subject) -> Option<Notice> {
    match subject {
        Subject::Post { id } => of_post(state, state.posts.get(id.as_str())?),
        Subject::Job { id } => of_job(state, state.jobs.get(id.as_str())?),
        Subject::Account { id } => of_account(state, state.accounts.get(id)?),
        Subject::Review => of_review(state),
        Subject::Run { id } => of_run(state, state.runs.get(id.as_str())?),
        Subject::Missed => of_missed(state),
    }
}

/// A post whose job came to an end that a person has to see to. One without a job stands as a person left it.
fn of_post(state: &State, post: &Post) -> Option<Notice> {
    let job = post.job_id.as_ref()?;
    let to = format!("{} to {}", name(state, &post.character_id), post.network.label());
    let (kind, title, words) = match &post.state {
        PostState::Failed { problem } => (NotificationKind::PostFailed, format!("A post of {to} failed."), &problem.message),
        PostState::Unconfirmed { finding, looking: false } => {
            (NotificationKind::PostUnconfirmed, format!("Whether a post of {to} is out is not known."), finding)
        }
        // Everybody knows that everything is paused.
        PostState::Held { check: CheckName::Pause, .. } => return None,
        PostState::Held { why, .. } => (NotificationKind::PostHeld, format!("A post of {to} is held."), why),
        PostState::Scheduled { .. }
        | PostState::Publishing
        | PostState::Published { .. }
        | PostState::Unconfirmed { looking: true, .. }
        | PostState::Cancelled
        | PostState::DryRun => return None,
    };
    // The job ended with that; later changes of the post's words are none of its end.
    let at = state.jobs.get(job.as_str()).and_then(|job| job.finished_at).unwrap_or(post.updated_at);
    Some(Notice { kind, moment: job.to_string(), at, title, words: words.clone(), character_id: Some(post.character_id.clone()) })
}

/// A job that failed; what becomes of a post is told of the post.
fn of_job(state: &State, job: &Job) -> Option<Notice> {
    let JobStatus::Failed { problem } = &job.status else { return None };
    let at = job.finished_at.unwrap_or(job.updated_at);
    let whose = job.character_id.as_ref().map_or_else(String::new, |id| format!(" for {}", name(state, id)));
    let title = match &job.work {
        Work::GenerateImage(order) if order.shots.len() == 1 => format!("A picture{whose} could not be made."),
        Work::GenerateImage(_) => format!("Pictures{whose} could not be made."),
        Work::WriteCaption(_) => format!("A caption{whose} could not be written."),
        Work::WritePrompts(_) => format!("Prompts{whose} could not be written."),
        Work::DescribeImages(_) => format!("Pictures of a dataset{whose} could not be described."),
        Work::Train(_) => format!("A LoRA{whose} could not be trained."),
        Work::Backup(order) if !order.scheduled => "A backup could not be made.".to_owned(),
        // What becomes of them is told of the post and of the run.
        Work::Publish(_) | Work::RunTask(_) | Work::Backup(_) => return None,
    };
    let (moment, words) = (at.timestamp_micros().to_string(), problem.message.clone());
    Some(Notice { kind: NotificationKind::JobFailed, moment, at, title, words, character_id: job.character_id.clone() })
}

fn of_account(state: &State, account: &Account) -> Option<Notice> {
    let Outcome::Broken { problem } = &account.outcome else { return None };
    let title = format!("{} does not let us into the account of {}.", account.network.label(), name(state, &account.character_id));
    Some(Notice {
        kind: NotificationKind::AccountBroken,
        moment: account.checked_at.timestamp_micros().to_string(),
        at: account.checked_at,
        title,
        words: problem.message.clone(),
        character_id: Some(account.character_id.clone()),
    })
}

/// All that waits for a decision, together.
fn of_review(state: &State) -> Option<Notice> {
    let (newest, at) = review::waiting(state).map(|content| (content, since(content))).max_by_key(|(_, at)| *at)?;
    let title = match review::how_much_waits(state) {
        1 => "1 picture waits for your decision.".to_owned(),
        many => format!("{many} pictures wait for your decision."),
    };
    let moment = format!("{} {}", newest.id, at.timestamp_micros());
    Some(Notice { kind: NotificationKind::Review, moment, at, title, words: String::new(), character_id: None })
}

/// Since when a content waits.
fn since(content: &Content) -> DateTime<Utc> {
    let moved = content.history.iter().rev().find(|edit| edit.field == "state").map(|edit| edit.at);
    moved.or(content.created_at).unwrap_or_default()
}

/// A run that failed by itself; what became of its jobs and posts is told of those.
fn of_run(state: &State, run: &Run) -> Option<Notice> {
    let RunState::Failed { problem } = &run.state else { return None };
    if run.steps.iter().any(|step| step.failed && (step.job_id.is_some() || step.post_id.is_some())) {
        return None;
    }
    let at = run.finished_at.unwrap_or(run.created_at);
    Some(Notice {
        kind: NotificationKind::RunFailed,
        moment: at.timestamp_micros().to_string(),
        at,
        title: format!("A task of {} failed: {}.", name(state, &run.character_id), run.kind.label().to_lowercase()),
        words: problem.message.clone(),
        character_id: Some(run.character_id.clone()),
    })
}

/// The runs that were found missed at the same time, together.
fn of_missed(state: &State) -> Option<Notice> {
    let missed = || state.runs.indexed("state", "missed");
    let at = missed().map(|run| run.created_at).max()?;
    let together = missed().filter(|run| at - run.created_at < Duration::minutes(1)).count();
    let title = match together {
        1 => "1 run was missed while this server did not run.".to_owned(),
        many => format!("{many} runs were missed while this server did not run."),
    };
    let moment = at.timestamp_micros().to_string();
    Some(Notice { kind: NotificationKind::RunMissed, moment, at, title, words: String::new(), character_id: None })
}

fn name(state: &State, id: &CharacterId) -> String {
    state.characters.get(id.as_str()).map_or_else(|| "a deleted character".to_owned(), |character| character.name.clone())
}
