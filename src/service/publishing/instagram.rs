//! A post's way on Instagram: container, wait, publish, link; and finding out afterwards.

use chrono::{DateTime, Duration, Utc};
use secrecy::SecretString;

use super::{
    ledger::{Ledger, Stop},
    networks::{Finding, units},
};
use crate::{
    domain::{
        account::{Account, Outcome, Quota},
        character::Credential,
        content::ContentId,
        post::{Deed, Post, PostPicture, Refusal, Trouble, Upload},
        problem::{Kind, Problem},
        settings::Fit,
    },
    integrations::instagram::{ContainerStatus, InstagramError, Media, NewContainer},
    service::{accounts, handoff, renditions},
    state::AppState,
    store::Transaction,
};

/// Pauses between questions whether a container is ready, in units of patience: a picture takes seconds as a rule.
const POLLS: [u32; 10] = [0, 1, 2, 3, 5, 5, 10, 15, 30, 60];

/// Whose posts they are, on the network.
struct Way<'a> {
    app: &'a AppState,
    token: SecretString,
    account: String,
}

impl<'a> Way<'a> {
    async fn of(app: &'a AppState, post: &Post) -> Result<Self, Trouble> {
        let token = accounts::secret(app, &post.character_id, Credential::InstagramApiKey).map_err(Ledger::problem)?;
        let known = app.store.read().accounts.get(&post.account()).and_then(|account| match &account.outcome {
            Outcome::Connected { network_id, .. } => Some(network_id.clone()),
            Outcome::Broken { .. } => None,
        });
        let account = match known {
            Some(account) => account,
            None => accounts::instagram_me(app, &post.character_id, &token).await.map_err(|error| trouble(&error))?.id,
        };
        Ok(Self { app, token, account })
    }
}

/// What a failure means for a call that publishes nothing.
fn trouble(error: &InstagramError) -> Trouble {
    Trouble { refusal: error.refusal(false), problem: Problem::new(kind(error), error.to_string()) }
}

fn kind(error: &InstagramError) -> Kind {
    match error {
        InstagramError::Unreachable => Kind::Unreachable,
        InstagramError::TooSlow => Kind::TooSlow,
        _ => Kind::Refused,
    }
}

/// Asks whose account it is, and keeps that. Answers the name.
pub(super) async fn whose(ledger: &Ledger, post: &Post) -> Result<String, Trouble> {
    let app = &ledger.app;
    let seen = accounts::glimpse(app);
    let token = accounts::secret(app, &post.character_id, Credential::InstagramApiKey).map_err(Ledger::problem)?;
    let me = accounts::instagram_me(app, &post.character_id, &token).await.map_err(|error| trouble(&error))?;
    accounts::learn(app, post, (&me.username, &me.id), seen, Utc::now()).await.map_err(Ledger::problem)?;
    Ok(me.username)
}

/// Hands the pictures over and waits until Instagram has read them.
pub(super) async fn prepare(ledger: &Ledger) -> Result<(), Stop> {
    let post = ledger.read()?;
    let way = Way::of(&ledger.app, &post).await?;
    quota(ledger, &post, &way).await?;
    let fit = ledger.app.store.read().settings.fit;
    let several = post.pictures.len() > 1;
    let had = post.open_attempt().map_or(0, |attempt| attempt.uploads.len());
    for picture in &post.pictures[had.min(post.pictures.len())..] {
        upload(ledger, &way, &post, picture, fit, several).await?;
    }
    let uploads = ledger.read()?.open_attempt().map(|attempt| attempt.uploads.clone()).unwrap_or_default();
    for upload in &uploads {
        wait(ledger, &way, &upload.id).await?;
    }
    for picture in &post.pictures {
        handoff::withdraw(&ledger.app, &picture.content_id, fit).await;
    }
    if several {
        gather(ledger, &way, &post, &uploads).await?;
    }
    Ok(())
}

/// Asks what is left before anything is handed over. A question that fails stops nothing: publishing has its own answer.
async fn quota(ledger: &Ledger, post: &Post, way: &Way<'_>) -> Result<(), Stop> {
    let call = async { way.app.instagram.quota(&way.token, &way.account).await.map_err(|error| trouble(&error)) };
    let asked =
        ledger.step(Deed::Quota, call, |_, (used, total), _| format!("{used} of {total} posts of the last 24 hours are used.")).await;
    match asked {
        Ok((used, total)) => {
            let account = post.account();
            ledger.change(move |tx, _, now| Ok(keep_quota(tx, &account, Quota { used, total, seen_at: now })?)).await?;
            if used >= total {
                let problem = Problem::new(Kind::Refused, InstagramError::QuotaSpent.to_string());
                return Err(Trouble { refusal: Refusal::Later(Duration::hours(1)), problem }.into());
            }
            Ok(())
        }
        Err(Stop::Trouble(trouble)) if trouble.refusal != Refusal::Account => Ok(()),
        Err(stop) => Err(stop),
    }
}

/// Keeps what the network said of an account's quota.
fn keep_quota(tx: &mut Transaction, account: &str, quota: Quota) -> Result<(), crate::error::Error> {
    let Some(stored) = tx.get::<Account>(account) else { return Ok(()) };
    Ok(tx.put(Account { quota: Some(quota), ..Account::clone(&stored) })?)
}

async fn upload(ledger: &Ledger, way: &Way<'_>, post: &Post, picture: &PostPicture, fit: Fit, several: bool) -> Result<(), Stop> {
    let call = async {
        let url = public_address(&ledger.app, &picture.content_id, fit).await?;
        let new = match several {
            true => NewContainer::Child { image_url: &url, alt_text: &picture.alt_text },
            false => NewContainer::Single { image_url: &url, caption: &post.caption, alt_text: &picture.alt_text },
        };
        way.app.instagram.create(&way.token, &way.account, new).await.map_err(|error| trouble(&error))
    };
    ledger
        .step(Deed::Upload, call, |attempt, id, now| {
            attempt.uploads.push(Upload { id: id.clone(), media_key: None, made_at: now });
            format!("Instagram made the container {id}.")
        })
        .await
        .map(|_| ())
}

/// An address Instagram can fetch the picture from; looked at before Instagram does.
async fn public_address(app: &AppState, id: &ContentId, fit: Fit) -> Result<String, Trouble> {
    let ours = Ledger::problem;
    let jpeg = renditions::jpeg(app, id, crate::domain::caption::Network::Instagram, fit).await.map_err(ours)?;
    let url = handoff::offer(app, id, fit, Utc::now()).await.map_err(|error| match Problem::from(error) {
        problem if problem.kind == Kind::Unreachable => Trouble { refusal: Refusal::Again, problem },
        problem => Trouble { refusal: Refusal::Final, problem },
    })?;
    match handoff::try_out(app, &url, &jpeg).await {
        handoff::Seen::Right | handoff::Seen::NotFromHere => Ok(url),
        handoff::Seen::Wrong(words) => {
            let words = format!("Instagram would not find the picture: {words} Check the public address and what stands in between.");
            Err(Trouble { refusal: Refusal::Again, problem: Problem::new(Kind::NotConfigured, words) })
        }
    }
}

async fn gather(ledger: &Ledger, way: &Way<'_>, post: &Post, uploads: &[Upload]) -> Result<(), Stop> {
    let made = ledger.read()?.open_attempt().and_then(|attempt| attempt.carousel.clone());
    let id = match made {
        Some(carousel) => carousel.id,
        None => {
            let children: Vec<_> = uploads.iter().map(|upload| upload.id.as_str()).collect();
            let new = NewContainer::Carousel { children: &children, caption: &post.caption };
            let call = async { way.app.instagram.create(&way.token, &way.account, new).await.map_err(|error| trouble(&error)) };
            ledger
                .step(Deed::Gather, call, |attempt, id, now| {
                    attempt.carousel = Some(Upload { id: id.clone(), media_key: None, made_at: now });
                    format!("Instagram made the container {id}.")
                })
                .await?
        }
    };
    wait(ledger, way, &id).await
}

/// Waits until a container can be published.
async fn wait(ledger: &Ledger, way: &Way<'_>, container: &str) -> Result<(), Stop> {
    let call = async {
        let mut known = false;
        for pause in POLLS {
            tokio::time::sleep(units(ledger, pause)).await;
            match way.app.instagram.status(&way.token, container).await {
                Ok(ContainerStatus::InProgress) => known = true,
                Ok(ContainerStatus::Finished) => return Ok(false),
                Ok(ContainerStatus::Published) => return Ok(true),
                Ok(ContainerStatus::Expired) => return Err(trouble(&InstagramError::ContainerGone)),
                Ok(ContainerStatus::Failed(words)) => {
                    let words = format!("Instagram could not read the picture: {words}");
                    return Err(Trouble { refusal: Refusal::Lost, problem: Problem::new(Kind::Refused, words) });
                }
                Err(InstagramError::NoSuchThing) => {}
                Err(error) if error.refusal(false) == Refusal::Again => known = true,
                Err(error) => return Err(trouble(&error)),
            }
        }
        // That there is no such thing is sometimes said wrongly, but not all the time.
        Err(trouble(if known { &InstagramError::NotReady } else { &InstagramError::ContainerGone }))
    };
    let words = |out: bool| if out { "It is out already." } else { "Instagram has read it." };
    match ledger.step(Deed::Wait, call, move |_, out, _| words(*out).to_owned()).await? {
        // Never again: what is out is out.
        true => Err(Stop::Out { network_id: None, url: None }),
        false => Ok(()),
    }
}

/// The call that makes it public.
pub(super) async fn publish(ledger: &Ledger, post: &Post) -> Result<String, Trouble> {
    let way = Way::of(&ledger.app, post).await?;
    let container = post.open_attempt().and_then(|attempt| attempt.container()).ok_or_else(|| trouble(&InstagramError::ContainerGone))?;
    let answer = way.app.instagram.publish(&way.token, &way.account, &container.id).await;
    answer.map_err(|error| Trouble { refusal: error.refusal(true), ..trouble(&error) })
}

/// The address of a post that is out.
pub(super) async fn link(ledger: &Ledger, post: &Post, id: &str) -> Result<Option<String>, Trouble> {
    let way = Way::of(&ledger.app, post).await?;
    way.app.instagram.permalink(&way.token, id).await.map_err(|error| trouble(&error))
}

/// Whether an attempt is out: its container says so, else the account's newest posts do.
pub(super) async fn look(
    ledger: &Ledger,
    post: &Post,
    attempt: &crate::domain::post::Attempt,
    sent_at: DateTime<Utc>,
) -> Result<Finding, Trouble> {
    let way = Way::of(&ledger.app, post).await?;
    let Some(container) = attempt.container() else { return Ok(Finding::NotSeen("Nothing was handed over.".into())) };
    let status = way.app.instagram.status(&way.token, &container.id).await;
    let recent = way.app.instagram.recent(&way.token, &way.account, sent_at - Duration::minutes(3)).await;
    let ours = recent.as_ref().ok().and_then(|recent| ours(ledger, post, recent, sent_at));
    if let Some(media) = ours {
        return Ok(Finding::Out { network_id: Some(media.id.clone()), url: media.permalink.clone() });
    }
    match (status, recent) {
        // It is out, and which of the account's posts it is cannot be told.
        (Ok(ContainerStatus::Published), _) => Ok(Finding::Out { network_id: None, url: None }),
        (Ok(ContainerStatus::Finished | ContainerStatus::InProgress), Ok(_)) => Ok(Finding::NotSeen(
            "Instagram says the container was not published, and the post is not among the newest of the account.".into(),
        )),
        (Ok(_) | Err(InstagramError::ContainerGone | InstagramError::NoSuchThing), Ok(_)) => {
            Ok(Finding::Unclear("Instagram no longer has the container, and the post is not among the newest of the account.".into()))
        }
        (Err(error), _) | (_, Err(error)) => Err(trouble(&error)),
    }
}

/// The post among the account's newest: the same words, not before it was sent, and nobody else's.
fn ours<'a>(ledger: &Ledger, post: &Post, recent: &'a [Media], sent_at: DateTime<Utc>) -> Option<&'a Media> {
    if post.caption.trim().is_empty() {
        return None;
    }
    let state = ledger.app.store.read();
    let taken =
        |id: &str| state.posts.indexed("account", &post.account()).any(|other| other.id != post.id && other.network_id() == Some(id));
    // Their clock is not ours.
    let since = sent_at - Duration::minutes(2);
    let same = |media: &&Media| media.caption.as_deref().is_some_and(|caption| caption.trim() == post.caption.trim());
    let mut found = recent.iter().filter(same).filter(|media| media.timestamp.is_none_or(|at| at >= since) && !taken(&media.id));
    found.next()
}
