//! Asking for posts: from a request to a post in the ledger.

use chrono::{DateTime, Duration, Utc};

use super::{
    checks::{self, Subject},
    queue::enqueue,
};
use crate::{
    domain::{
        caption::Network,
        check::{CheckName, Verdict},
        content::{Content, ContentId},
        job::Lane,
        post::{Named, Post, PostId, PostPicture, PostRequest, PostState},
        problem::{Checks, FieldError, Kind, Problem},
    },
    error::Error,
    service::{looks, media},
    state::AppState,
    store::{Table, Transaction},
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
    app.wake(Lane::Publish);
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
    app.wake(Lane::Publish);
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

fn repeated(posts: &Table<Post>, named: &Named, now: DateTime<Utc>) -> Result<Option<Post>, Problem> {
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

pub(super) fn in_time(at: DateTime<Utc>, now: DateTime<Utc>, checks: &mut Checks) {
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
