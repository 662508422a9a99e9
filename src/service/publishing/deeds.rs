//! What people do with posts: asking for them, changing, sending, taking back, and saying what they saw.

use chrono::{DateTime, Duration, Utc};

use super::{
    checks::{self, Subject},
    looking,
};
use crate::{
    domain::{
        caption::{self, Network},
        character::CharacterId,
        check::{CheckName, Verdict},
        content::{Content, ContentId},
        job::{Job, JobStatus, PublishOrder, Work},
        post::{Named, Post, PostChange, PostId, PostPicture, PostRequest, PostState, Resolution, Step},
        problem::{Checks, FieldError, Kind, Problem},
    },
    error::Error,
    service::{looks, media},
    state::AppState,
    store::Transaction,
};

/// Longest name of a request.
const LONGEST_KEY: usize = 200;

/// Stores a post that goes out at its time, or now. A request of the same name within a day answers the same post.
pub async fn create(
    app: &AppState,
    network: Network,
    request: PostRequest,
    key: Option<String>,
    now: DateTime<Utc>,
) -> Result<Post, Error> {
    let named = named(&request, network, key)?;
    if let Some(post) = named.as_ref().map(|named| repeated(&app.store.read().posts, named, now)).transpose()?.flatten() {
        return Ok(post);
    }
    let post = prepare(app, network, request, named, now).await?;
    let checking = app.clone();
    let post = app
        .store
        .write(move |tx| {
            // Twice at the same moment is once, too.
            if let Some(post) = post.request.as_ref().map(|named| repeated(tx.table(), named, now)).transpose()?.flatten() {
                return Ok(post);
            }
            admit(&checking, tx, post, now)
        })
        .await?;
    app.wake(crate::domain::job::Lane::Publish);
    Ok(post)
}

/// Stores a post for each of several networks: all of them or none.
pub async fn create_on(app: &AppState, networks: &[Network], request: PostRequest, now: DateTime<Utc>) -> Result<Vec<Post>, Error> {
    if networks.is_empty() {
        return Err(Problem::invalid("network", "Choose a network.").into());
    }
    let mut posts = Vec::new();
    for network in networks {
        posts.push(prepare(app, *network, request.clone(), None, now).await?);
    }
    let checking = app.clone();
    let several = networks.len() > 1;
    let posts = app
        .store
        .write(move |tx| {
            let on = |network: Network, error: Error| match error {
                // Which of them is meant is plain where there is only one.
                Error::Problem(mut problem) if several => {
                    problem.message = format!("{}: {}", network.label(), problem.message);
                    Error::Problem(problem)
                }
                other => other,
            };
            posts
                .into_iter()
                .map(|post| (post.network, post))
                .map(|(network, post)| admit(&checking, tx, post, now).map_err(|error| on(network, error)))
                .collect::<Result<Vec<_>, _>>()
        })
        .await?;
    app.wake(crate::domain::job::Lane::Publish);
    Ok(posts)
}

/// The post a request asks for, ready to be admitted.
pub(in crate::service) async fn prepare(
    app: &AppState,
    network: Network,
    request: PostRequest,
    named: Option<Named>,
    now: DateTime<Utc>,
) -> Result<Post, Error> {
    let mut post = draft(app, network, request, named, now)?;
    for picture in &mut post.pictures {
        picture.looks = looks_of(app, &picture.content_id).await?;
    }
    Ok(post)
}

/// Takes a post into the ledger, with a job for its time; refused when nobody could send it as it is.
pub(in crate::service) fn admit(app: &AppState, tx: &mut Transaction, mut post: Post, now: DateTime<Utc>) -> Result<Post, Error> {
    refuse(app, tx, &post, true)?;
    enqueue(tx, &mut post, now)?;
    tx.put(post.clone())?;
    Ok(post)
}

fn named(request: &PostRequest, network: Network, key: Option<String>) -> Result<Option<Named>, Problem> {
    let Some(key) = key else { return Ok(None) };
    let fits = !key.is_empty() && key.len() <= LONGEST_KEY && key.chars().all(|c| c.is_ascii_graphic() || c == ' ');
    if !fits {
        return Err(Problem::invalid("Idempotency-Key", "Use 1 to 200 plain characters."));
    }
    let body = serde_json::to_string(&(network, request)).unwrap_or_default();
    Ok(Some(Named { key, body: format!("{:016x}", xxhash_rust::xxh3::xxh3_64(body.as_bytes())) }))
}

fn repeated(posts: &crate::store::Table<Post>, named: &Named, now: DateTime<Utc>) -> Result<Option<Post>, Problem> {
    let before = posts.indexed("request", &named.key).find(|post| post.is_named(&named.key, now));
    match before {
        Some(post) if post.request.as_ref() == Some(named) => Ok(Some(Post::clone(post))),
        Some(_) => Err(Problem::invalid("Idempotency-Key", "This key was used for another request within the last 24 hours.")),
        None => Ok(None),
    }
}

/// The post a request asks for, before anything is looked at but the request.
pub(super) fn draft(
    app: &AppState,
    network: Network,
    request: PostRequest,
    named: Option<Named>,
    now: DateTime<Utc>,
) -> Result<Post, Error> {
    let state = app.store.read();
    let character_id = request.character_id.clone().ok_or_else(|| Problem::invalid("characterId", "Say whose account it goes to."))?;
    if state.characters.get(character_id.as_str()).is_none() {
        return Err(Problem::invalid("characterId", "There is no such character.").into());
    }
    let ids = wanted(app, &request)?;
    if ids.iter().enumerate().any(|(place, id)| ids[..place].contains(id)) {
        return Err(Problem::invalid("contentId", "Send each picture once.").into());
    }
    let unknown = || Problem::invalid("contentId", "There is no such picture.");
    let contents: Vec<_> = ids.iter().map(|id| state.content.get(id.as_str()).ok_or_else(unknown)).collect::<Result<_, _>>()?;
    let first = contents.first().ok_or_else(|| Problem::invalid("contentId", "Say which picture goes out."))?;
    let caption = request.caption.unwrap_or_else(|| first.caption_for(network).to_owned());
    let alt_text = |content: &Content| request.alt_text.clone().unwrap_or_else(|| content.alt_text.clone());
    let pictures =
        contents.iter().map(|content| PostPicture { content_id: content.id.clone(), alt_text: alt_text(content), looks: String::new() });
    let scheduled_at = request.scheduled_at.unwrap_or(now);
    let mut checks = Checks::default();
    in_time(scheduled_at, now, &mut checks);
    if let Some(alt_text) = &request.alt_text {
        checks.at_most("altText", alt_text, 1_000);
    }
    checks.finish()?;
    Ok(Post {
        id: PostId::new(),
        character_id,
        network,
        pictures: pictures.collect(),
        caption: caption.trim().to_owned(),
        dry_run: request.dry_run,
        scheduled_at,
        state: PostState::Scheduled { waiting: String::new(), until: None },
        job_id: None,
        attempts: Vec::new(),
        needs_approval: false,
        waived: Vec::new(),
        request: named,
        created_at: now,
        updated_at: now,
        extra: serde_json::Map::new(),
    })
}

fn in_time(at: DateTime<Utc>, now: DateTime<Utc>, checks: &mut Checks) {
    checks.require(
        at > now - Duration::minutes(1),
        "scheduledAt",
        "This time has passed. Choose a later one, or leave it out to post now.",
    );
    checks.require(at < now + Duration::days(730), "scheduledAt", "Choose a time within the next two years.");
}

/// Which pictures a request means: by id, by several ids, or by a path this server gave out.
fn wanted(app: &AppState, request: &PostRequest) -> Result<Vec<ContentId>, Problem> {
    let path = request.image_path.as_deref().filter(|path| !path.trim().is_empty());
    match (&request.content_id, request.content_ids.as_slice(), path) {
        (Some(id), [], None) => Ok(vec![id.clone()]),
        (None, ids @ [_, ..], None) => Ok(ids.to_vec()),
        (None, [], Some(path)) => Ok(vec![in_media(app, path)?]),
        (None, [], None) => Err(Problem::invalid("contentId", "Say which picture goes out.")),
        _ => Err(Problem::invalid("contentId", "Send one of contentId, contentIds and imagePath.")),
    }
}

fn in_media(app: &AppState, path: &str) -> Result<ContentId, Problem> {
    let outside = || {
        let message = "Send a path of a picture as this server gave it out; other files cannot be posted.".to_owned();
        let errors = vec![FieldError { field: "imagePath".into(), message: message.clone() }];
        Problem { kind: Kind::Malformed, message, errors }
    };
    media::content_at(app, path).ok_or_else(outside)
}

pub(super) async fn looks_of(app: &AppState, id: &ContentId) -> Result<String, Error> {
    let known = app.store.read().content.get(id.as_str()).and_then(|content| content.picture.as_ref().map(|picture| picture.looks.clone()));
    match known {
        Some(looks) if !looks.is_empty() => Ok(looks),
        Some(_) | None => looks::of_content(app, id).await,
    }
}

/// Refuses what nobody could send as it is. What may be different by its time is held then; so is, unless `reviewed`
/// is asked for, what a person has not approved yet.
pub(super) fn refuse(app: &AppState, tx: &Transaction, post: &Post, reviewed: bool) -> Result<(), Problem> {
    for picture in &post.pictures {
        if let Some(other) = checks::already_there(tx.state(), &picture.content_id, post.network, Some(&post.id)) {
            let words = match other.state {
                PostState::Published { .. } => "is out already",
                PostState::Unconfirmed { .. } => "may be out already: see what became of that post first",
                _ => "is on its way already",
            };
            return Err(Problem::conflict(format!("On {} this picture {words} (post {}).", post.network.label(), other.id)));
        }
    }
    let subject = Subject {
        character_id: &post.character_id,
        network: post.network,
        pictures: &post.pictures,
        caption: &post.caption,
        at: post.scheduled_at,
        dry_run: post.dry_run,
        waived: &[],
        post: Some(&post.id),
    };
    let mut checks = Checks::default();
    for check in checks::list(app, tx.state(), &subject).into_iter().filter(|check| check.verdict == Verdict::Stops) {
        match check.name {
            CheckName::Review if !reviewed => {}
            CheckName::Review | CheckName::Picture => checks.wrong("contentId", check.words),
            CheckName::Caption => checks.wrong("caption", check.words),
            CheckName::Account => checks.wrong("characterId", check.words),
            _ => {}
        }
    }
    checks.finish()
}

/// Gives a post a job that brings it forward at its time, in place of any it had.
pub(super) fn enqueue(tx: &mut Transaction, post: &mut Post, now: DateTime<Utc>) -> Result<(), Error> {
    dismiss(tx, post, now)?;
    let work = Work::Publish(PublishOrder { post_id: post.id.clone() });
    let mut job = Job::queued(work, Some(post.character_id.clone()), Vec::new(), now);
    job.run_at = post.scheduled_at.max(now);
    post.job_id = Some(job.id.clone());
    Ok(tx.put(job)?)
}

/// Lets go of the job a post had. One that runs finds out when it next writes in the ledger.
fn dismiss(tx: &mut Transaction, post: &mut Post, now: DateTime<Utc>) -> Result<(), Error> {
    let Some(stored) = post.job_id.take().and_then(|id| tx.get::<Job>(id.as_str())) else { return Ok(()) };
    if matches!(stored.status, JobStatus::Queued | JobStatus::Interrupted) {
        let mut job = Job::clone(&stored);
        job.turn(JobStatus::Cancelled, now);
        tx.put(job)?;
    }
    Ok(())
}

/// Changes a post and stores it.
async fn with(
    app: &AppState,
    id: &PostId,
    now: DateTime<Utc>,
    change: impl FnOnce(&mut Transaction, &mut Post) -> Result<(), Error> + Send + 'static,
) -> Result<Post, Error> {
    let id = id.clone();
    let post = app
        .store
        .write(move |tx| {
            let stored = tx.get::<Post>(id.as_str()).ok_or_else(|| Problem::not_found("post"))?;
            let mut post = Post::clone(&stored);
            change(tx, &mut post)?;
            post.updated_at = now;
            tx.put(post.clone())?;
            Ok::<_, Error>(post)
        })
        .await?;
    app.wake(crate::domain::job::Lane::Publish);
    Ok(post)
}

fn too_late(post: &Post) -> Error {
    let words = match post.state {
        PostState::Publishing => "It is going out right now.",
        PostState::Published { .. } => "It is out already.",
        PostState::Unconfirmed { .. } => "It may be out. Say first whether it is.",
        _ => "This cannot be done with the post as it is.",
    };
    Problem::conflict(words).into()
}

/// Changes time and words of a post that has not gone out. A new time puts it back into the queue.
pub async fn change(app: &AppState, id: &PostId, change: PostChange, now: DateTime<Utc>) -> Result<Post, Error> {
    with(app, id, now, move |tx, post| {
        if !post.state.may_be_sent() {
            return Err(too_late(post));
        }
        let mut checks = Checks::default();
        if let Some(words) = change.caption.value() {
            caption::check(post.network, "caption", words, &mut checks);
        }
        if let Some(at) = change.scheduled_at.value() {
            in_time(*at, now, &mut checks);
        }
        checks.finish()?;
        let before = post.caption.clone();
        change.caption.map(|words| words.trim().to_owned()).set(&mut post.caption);
        // On Instagram what was handed over carries the old words.
        if before != post.caption && post.network == Network::Instagram {
            post.attempts.iter_mut().for_each(|attempt| attempt.ended_at = attempt.ended_at.or(Some(now)));
        }
        if let Some(at) = change.scheduled_at.value() {
            not_twice(tx, post)?;
            post.scheduled_at = *at;
            post.state = PostState::Scheduled { waiting: String::new(), until: None };
            enqueue(tx, post, now)?;
        }
        Ok(())
    })
    .await
}

/// Whatever is put back into the queue must not meet another post of the same picture there.
fn not_twice(tx: &Transaction, post: &Post) -> Result<(), Problem> {
    match post.pictures.iter().find_map(|picture| checks::already_there(tx.state(), &picture.content_id, post.network, Some(&post.id))) {
        Some(other) => Err(Problem::conflict(format!("This picture is out, or on its way, with the post {}.", other.id))),
        None => Ok(()),
    }
}

/// Sends a post now. `anyway`: what held it is not to be minded, where that is up to a person.
pub async fn send(app: &AppState, id: &PostId, anyway: bool, now: DateTime<Utc>) -> Result<Post, Error> {
    with(app, id, now, move |tx, post| {
        if !post.state.may_be_sent() {
            return Err(too_late(post));
        }
        not_twice(tx, post)?;
        if let PostState::Held { check: check @ CheckName::Duplicate, .. } = post.state
            && anyway
        {
            post.waived.push(check);
        }
        if matches!(post.state, PostState::DryRun) {
            post.dry_run = false;
        }
        post.scheduled_at = now;
        post.state = PostState::Scheduled { waiting: String::new(), until: None };
        enqueue(tx, post, now)
    })
    .await
}

/// Takes a post back that has not gone out.
pub async fn cancel(app: &AppState, id: &PostId, now: DateTime<Utc>) -> Result<Post, Error> {
    with(app, id, now, move |tx, post| {
        let sent = post.open_attempt().is_some_and(|attempt| attempt.sent_at.is_some());
        let preparing = matches!(post.state, PostState::Publishing) && !sent;
        if !post.state.may_be_sent() && !preparing {
            return Err(too_late(post));
        }
        call_off(tx, post, now)
    })
    .await
}

/// Calls a post off: nothing more happens with it by itself.
pub(super) fn call_off(tx: &mut Transaction, post: &mut Post, now: DateTime<Utc>) -> Result<(), Error> {
    dismiss(tx, post, now)?;
    if let Some(attempt) = post.open_attempt_mut() {
        attempt.ended_at = Some(now);
    }
    post.turn(PostState::Cancelled, now);
    Ok(())
}

/// Has the account read once more.
pub async fn reconcile(app: &AppState, id: &PostId, now: DateTime<Utc>) -> Result<Post, Error> {
    with(app, id, now, move |tx, post| {
        let PostState::Unconfirmed { looking, .. } = &mut post.state else {
            return Err(Problem::conflict("What became of this post is known.").into());
        };
        *looking = true;
        if let Some(attempt) = post.attempts.last_mut() {
            attempt.looks = attempt.looks.max(looking::LOOKS.len() as u32 - 1);
        }
        post.scheduled_at = post.scheduled_at.min(now);
        enqueue(tx, post, now)
    })
    .await
}

/// A person says whether a post is out.
pub async fn resolve(app: &AppState, id: &PostId, resolution: Resolution, now: DateTime<Utc>) -> Result<Post, Error> {
    let url = resolution.url.map(|url| url.trim().to_owned()).filter(|url| !url.is_empty());
    if url.as_deref().is_some_and(|url| !is_address(url)) {
        return Err(Problem::invalid("url", "Paste the post's address as it is in the browser, starting with https://.").into());
    }
    with(app, id, now, move |tx, post| {
        if !matches!(post.state, PostState::Unconfirmed { .. }) {
            return Err(Problem::conflict("What became of this post is known.").into());
        }
        dismiss(tx, post, now)?;
        let words = if resolution.published { "It is out." } else { "It is not out." };
        let sent = post.sent_attempts().filter_map(|attempt| attempt.sent_at).max();
        if let Some(attempt) = post.attempts.last_mut() {
            attempt.steps.push(Step {
                at: now,
                deed: crate::domain::post::Deed::Word,
                outcome: words.into(),
                failed: !resolution.published,
            });
            attempt.ended_at = attempt.ended_at.or(Some(now));
        }
        let state = if resolution.published {
            PostState::Published { published_at: sent.unwrap_or(now), network_id: None, url }
        } else {
            PostState::Failed { problem: Problem::new(Kind::Refused, "A person has looked, and it is not out. It may be sent again.") }
        };
        post.turn(state, now);
        Ok(())
    })
    .await
}

fn is_address(url: &str) -> bool {
    let read = reqwest::Url::parse(url).ok();
    url.len() <= 500 && read.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty())
}

/// Stops all posting, until it is resumed. Survives a restart.
pub async fn pause(app: &AppState) -> Result<(), Error> {
    set_paused(app, true, Utc::now()).await
}

/// Goes on with posting. What was held because of the pause goes out, each account at its pace.
pub async fn resume(app: &AppState, now: DateTime<Utc>) -> Result<(), Error> {
    set_paused(app, false, now).await
}

async fn set_paused(app: &AppState, paused: bool, now: DateTime<Utc>) -> Result<(), Error> {
    app.store
        .write(move |tx| {
            let mut settings = tx.settings().clone();
            settings.paused = paused;
            tx.put_settings(settings)?;
            let held: Vec<_> = match paused {
                true => Vec::new(),
                false => tx.table::<Post>().indexed("state", "held").map(|post| Post::clone(post)).collect(),
            };
            for mut post in held.into_iter().filter(|post| matches!(post.state, PostState::Held { check: CheckName::Pause, .. })) {
                post.turn(PostState::Scheduled { waiting: String::new(), until: None }, now);
                enqueue(tx, &mut post, now)?;
                tx.put(post)?;
            }
            Ok::<_, Error>(())
        })
        .await?;
    app.wake(crate::domain::job::Lane::Publish);
    Ok(())
}

/// At the start: posts that go on by themselves get a job again where theirs is gone. Answers how many.
pub async fn recover(app: &AppState, now: DateTime<Utc>) -> Result<usize, Error> {
    app.store
        .write(move |tx| {
            let going: Vec<_> = tx.table::<Post>().indexed("goes-on", "true").map(|post| Post::clone(post)).collect();
            let lost = |post: &Post| {
                let job = post.job_id.as_ref().and_then(|id| tx.get::<Job>(id.as_str()));
                job.is_none_or(|job| job.status.is_final())
            };
            let lost: Vec<_> = going.into_iter().filter(lost).collect();
            let count = lost.len();
            for mut post in lost {
                enqueue(tx, &mut post, now)?;
                tx.put(post)?;
            }
            Ok::<_, Error>(count)
        })
        .await
}

/// The worker on a post broke down: what was sent may be out, and the rest is not.
pub(in crate::service) fn broke_down(tx: &mut Transaction, id: &PostId, problem: &Problem, now: DateTime<Utc>) -> Result<(), Error> {
    let Some(stored) = tx.get::<Post>(id.as_str()).filter(|post| post.state.goes_on()) else { return Ok(()) };
    let mut post = Post::clone(&stored);
    let sent = post.open_attempt().is_some_and(|attempt| attempt.sent_at.is_some());
    if let Some(attempt) = post.open_attempt_mut() {
        attempt.note(problem.message.clone(), true);
        attempt.ended_at = Some(now);
    }
    let state = match sent || matches!(post.state, PostState::Unconfirmed { .. }) {
        true => PostState::Unconfirmed { finding: problem.message.clone(), looking: false },
        false => PostState::Failed { problem: problem.clone() },
    };
    post.turn(state, now);
    Ok(tx.put(post)?)
}

/// Calls off whatever of a character has not gone out.
pub(in crate::service) fn call_off_all(tx: &mut Transaction, character: &CharacterId, now: DateTime<Utc>) -> Result<(), Error> {
    let posts: Vec<_> = tx.table::<Post>().indexed("character", character.as_str()).map(|post| Post::clone(post)).collect();
    let sent = |post: &Post| post.open_attempt().is_some_and(|attempt| attempt.sent_at.is_some());
    for mut post in posts.into_iter().filter(|post| post.state.goes_on() && !sent(post)) {
        call_off(tx, &mut post, now)?;
        tx.put(post)?;
    }
    Ok(())
}
