//! What is looked at before a post goes out: one list, for pages, the API and the ledger.

use chrono::{DateTime, Duration, Utc};

use super::caps;
use crate::{
    domain::{
        account::{Outcome, Standing},
        autonomy::Autonomy,
        caption::{self, Network},
        character::{Character, CharacterId},
        check::{Check, CheckName, Verdict},
        content::{Content, ContentId, ReviewState},
        library::Known,
        post::{Post, PostId, PostPicture, PostState},
        problem::Checks,
    },
    service::{accounts, handoff, looks, renditions, settings},
    state::AppState,
    store::{State, Transaction},
};

/// How long the same picture or words are not to be posted again on an account.
const NOT_AGAIN: Duration = Duration::days(30);

/// What is to go out.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Whose.
    pub character_id: &'a CharacterId,
    /// Where.
    pub network: Network,
    /// What is shown.
    pub pictures: &'a [PostPicture],
    /// The words.
    pub caption: &'a str,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether it is asked for as a rehearsal.
    pub dry_run: bool,
    /// Which checks a person has said not to mind.
    pub waived: &'a [CheckName],
    /// The post it already is.
    pub post: Option<&'a PostId>,
}

/// Everything that is looked at, in the order a person would go through it.
pub fn list(app: &AppState, state: &State, subject: &Subject<'_>) -> Vec<Check> {
    let mut checks = vec![
        review(state, subject),
        account(app, state, subject),
        words(subject),
        picture(state, subject),
        duplicate(state, subject),
        quota(state, subject),
        gap(state, subject),
    ];
    checks.extend(caps::checks(app, state, subject));
    if subject.network == Network::Instagram {
        checks.push(public_address(app));
    }
    if state.settings.paused {
        let words = "Everything is paused. It goes out once posting is resumed.";
        checks.push(Check::not(CheckName::Pause, Verdict::Stops, words).at("/posts"));
    }
    if subject.dry_run || settings::is_dry_run(app, state) || is_rehearsing(state, subject) {
        let words = "Dry run: everything happens except the call that makes it public.";
        checks.push(Check::not(CheckName::DryRun, Verdict::Mind, words).at("/settings#posting"));
    }
    for check in checks.iter_mut().filter(|check| subject.waived.contains(&check.name) && check.verdict == Verdict::Stops) {
        check.verdict = Verdict::Mind;
    }
    checks
}

/// The same for a picture that may be posted, with its own words unless others are given.
pub fn of_content(app: &AppState, content: &Content, network: Network, caption: Option<&str>, now: DateTime<Utc>) -> Vec<Check> {
    let state = app.store.read();
    let known = content.picture.as_ref().map(|picture| picture.looks.clone()).unwrap_or_default();
    let pictures = [PostPicture { content_id: content.id.clone(), alt_text: content.alt_text.clone(), looks: known }];
    let caption = caption.unwrap_or_else(|| content.caption_for(network));
    let subject = Subject {
        character_id: &content.character_id,
        network,
        pictures: &pictures,
        caption,
        at: now,
        dry_run: false,
        waived: &[],
        post: None,
    };
    list(app, &state, &subject)
}

/// The same for a post whose time has come.
pub(super) fn before_sending(app: &AppState, tx: &Transaction, post: &Post, now: DateTime<Utc>) -> Vec<Check> {
    let subject = Subject {
        character_id: &post.character_id,
        network: post.network,
        pictures: &post.pictures,
        caption: &post.caption,
        at: now,
        dry_run: post.dry_run,
        waived: &post.waived,
        post: Some(&post.id),
    };
    list(app, tx.state(), &subject)
}

/// Why a post's pictures may not go out at that time, as far as review goes.
pub fn review_of(state: &State, post: &Post, at: DateTime<Utc>) -> Option<Check> {
    let subject = Subject {
        character_id: &post.character_id,
        network: post.network,
        pictures: &post.pictures,
        caption: &post.caption,
        at,
        dry_run: post.dry_run,
        waived: &post.waived,
        post: Some(&post.id),
    };
    Some(review(state, &subject)).filter(|check| check.verdict == Verdict::Stops)
}

fn is_rehearsing(state: &State, subject: &Subject<'_>) -> bool {
    state.characters.get(subject.character_id.as_str()).is_some_and(|character| character.dry_run)
}

fn review(state: &State, subject: &Subject<'_>) -> Check {
    let stops = |words: &str| Check::not(CheckName::Review, Verdict::Stops, words);
    let Some(character) = state.characters.get(subject.character_id.as_str()) else {
        return stops("There is no such character any more.");
    };
    if character.autonomy == Autonomy::DraftOnly {
        return stops("This character makes drafts only. Choose another autonomy on the profile.")
            .at(format!("/characters/{}", character.id));
    }
    for picture in subject.pictures {
        let Some(content) = state.content.get(picture.content_id.as_str()) else {
            return stops("The picture was deleted.");
        };
        if content.character_id != *subject.character_id {
            return stops("The picture belongs to another character.");
        }
        let asked_for = subject.post.and_then(|id| state.posts.get(id.as_str())).is_some_and(|post| post.needs_approval);
        if asked_for && content.state != ReviewState::Approved && content.state != ReviewState::Rejected {
            return stops("The picture was not approved yet.").at(format!("/content/{}", content.id));
        }
        if let Some(check) = one_review(character, content, subject.at) {
            return check.at(format!("/content/{}", content.id));
        }
    }
    Check::good(CheckName::Review, "It may go out.")
}

fn one_review(character: &Character, content: &Content, at: DateTime<Utc>) -> Option<Check> {
    let stops = |words: &str| Some(Check::not(CheckName::Review, Verdict::Stops, words));
    match (content.state, character.autonomy) {
        (ReviewState::Approved, _) => None,
        (ReviewState::Rejected, _) => stops("The picture was rejected."),
        (_, Autonomy::Auto) => None,
        (_, Autonomy::Veto) => {
            let until = content.created_at? + Duration::hours(character.veto_hours.into());
            (at < until).then(|| Check::waits(CheckName::Review, until, "Somebody may still say no to the picture, or approve it now."))
        }
        (_, Autonomy::Review | Autonomy::DraftOnly) => stops("The picture was not approved yet."),
    }
}

fn account(app: &AppState, state: &State, subject: &Subject<'_>) -> Check {
    let link = format!("/characters/{}/accounts", subject.character_id);
    let network = subject.network.label();
    match accounts::standing_in(app, state, subject.character_id, subject.network) {
        Standing::NotConfigured(missing) => {
            let words = format!("For {network} there is no {} yet.", missing.join(", no "));
            Check::not(CheckName::Account, Verdict::Stops, words).at(link)
        }
        Standing::Unchecked => {
            Check::not(CheckName::Account, Verdict::Mind, format!("The keys for {network} were not tested yet.")).at(link)
        }
        Standing::Checked(account) => match &account.outcome {
            Outcome::Broken { problem } => Check::not(CheckName::Account, Verdict::Stops, problem.message.clone()).at(link),
            Outcome::Connected { username, .. } if account.is_expiring(subject.at) => {
                Check::not(CheckName::Account, Verdict::Mind, format!("@{username}: its token ends soon.")).at(link)
            }
            Outcome::Connected { username, .. } => Check::good(CheckName::Account, format!("@{username} is connected.")),
        },
    }
}

fn words(subject: &Subject<'_>) -> Check {
    let mut checks = Checks::default();
    caption::check(subject.network, "caption", subject.caption, &mut checks);
    if let Err(problem) = checks.finish() {
        return Check::not(CheckName::Caption, Verdict::Stops, problem.message);
    }
    let counted = caption::count(subject.network, subject.caption);
    if subject.caption.trim().is_empty() {
        return Check::not(CheckName::Caption, Verdict::Mind, "There are no words.");
    }
    if counted.hashtags as usize > subject.network.usual_hashtags() && subject.network == Network::Instagram {
        let words = format!("{} hashtags: Instagram has announced to take no more than five.", counted.hashtags);
        return Check::not(CheckName::Caption, Verdict::Mind, words);
    }
    Check::good(CheckName::Caption, format!("{} of {} characters.", counted.length, counted.longest))
}

fn picture(state: &State, subject: &Subject<'_>) -> Check {
    let (count, most, network) = (subject.pictures.len(), subject.network.most_pictures(), subject.network.label());
    if count == 0 || count > most {
        return Check::not(
            CheckName::Picture,
            Verdict::Stops,
            format!("{network} takes 1 to {most} pictures in a post; these are {count}."),
        );
    }
    let contents = subject.pictures.iter().filter_map(|picture| state.content.get(picture.content_id.as_str()));
    for content in contents {
        let Some(picture) = &content.picture else {
            let words = "There is no picture file of ours, only a link of an older app.";
            return Check::not(CheckName::Picture, Verdict::Stops, words).at(format!("/content/{}", content.id));
        };
        if !renditions::takes_shape(subject.network, picture.width, picture.height) {
            let fit = state.settings.fit.label().to_lowercase();
            let words = format!("{network} takes 4:5 to 1.91:1; this is {}×{}. What happens: {fit}.", picture.width, picture.height);
            return Check::not(CheckName::Picture, Verdict::Mind, words).at("/settings#posting");
        }
    }
    Check::good(CheckName::Picture, "Its size and shape are fine.")
}

fn duplicate(state: &State, subject: &Subject<'_>) -> Check {
    let account = crate::domain::account::Account::id_of(subject.character_id, subject.network);
    let since = subject.at - NOT_AGAIN;
    let others = state.posts.indexed("account", &account).filter(|other| Some(&other.id) != subject.post);
    let recent: Vec<_> = others.filter(|other| other.out_at().is_some_and(|at| at > since)).collect();
    let stops = |words: String, other: &Post| Check::not(CheckName::Duplicate, Verdict::Stops, words).at(format!("/posts/{}", other.id));
    for other in &recent {
        let day = other.out_at().map(|at| at.format("%-d %B").to_string()).unwrap_or_default();
        let pairs = subject.pictures.iter().flat_map(|mine| other.pictures.iter().map(move |theirs| (mine, theirs)));
        for (mine, theirs) in pairs {
            if mine.content_id == theirs.content_id {
                return stops(format!("This picture is out on this account since {day}."), other);
            }
            if looks::are_alike(&mine.looks, &theirs.looks) {
                return stops(format!("A picture that looks the same went out on this account on {day}."), other);
            }
        }
        let mut known = Known::of([other.caption.as_str()].into_iter());
        if !subject.caption.trim().is_empty() && !known.add(subject.caption) && !other.caption.trim().is_empty() {
            return stops(format!("Nearly the same words went out on this account on {day}."), other);
        }
    }
    Check::good(CheckName::Duplicate, "Nothing like it went out on this account in the last 30 days.")
}

fn public_address(app: &AppState) -> Check {
    if handoff::is_configured(app) {
        Check::good(CheckName::Handoff, "Instagram can fetch the picture.")
    } else {
        Check::not(CheckName::Handoff, Verdict::Stops, handoff::MISSING).at("/settings#public")
    }
}

fn quota(state: &State, subject: &Subject<'_>) -> Check {
    if subject.network == Network::X {
        let described = subject.pictures.iter().filter(|picture| !picture.alt_text.is_empty()).count();
        let dollars = state.settings.prices().of(subject.caption, described);
        return Check::good(CheckName::Quota, format!("X charges about ${dollars:.3} for it."));
    }
    let account = crate::domain::account::Account::id_of(subject.character_id, subject.network);
    let seen = state.accounts.get(&account).and_then(|account| account.quota.clone());
    match seen.filter(|quota| subject.at - quota.seen_at < Duration::hours(24)) {
        Some(quota) if quota.used >= quota.total && subject.at - quota.seen_at < Duration::hours(1) => {
            let until = quota.seen_at + Duration::hours(1);
            Check::waits(CheckName::Quota, until, format!("All {} posts of 24 hours are used. It is asked again then.", quota.total))
        }
        Some(quota) => {
            Check::good(CheckName::Quota, format!("{} of {} posts of 24 hours were used when last seen.", quota.used, quota.total))
        }
        None => Check::good(CheckName::Quota, "Instagram is asked before it goes out."),
    }
}

/// An outcome that is not known counts as out.
fn gap(state: &State, subject: &Subject<'_>) -> Check {
    let gap = state.settings.gap();
    let account = crate::domain::account::Account::id_of(subject.character_id, subject.network);
    let others = state.posts.indexed("account", &account).filter(|other| Some(&other.id) != subject.post);
    let last = others.filter_map(|other| other.out_at()).filter(|at| *at <= subject.at).max();
    let until = last.map(|last| last + gap).filter(|until| *until > subject.at);
    match until {
        Some(until) => Check::waits(CheckName::Gap, until, format!("{} min between two posts of an account.", gap.num_minutes())),
        None => Check::good(CheckName::Gap, "Long enough after the last post of this account."),
    }
}

/// Where a picture went or is going on a network: a post, other than `but`, that stands in the way of another.
pub fn already_there<'a>(state: &'a State, picture: &ContentId, network: Network, but: Option<&PostId>) -> Option<&'a Post> {
    let posts = state.posts.indexed("content", picture.as_str()).map(|post| &**post);
    posts
        .filter(|post| post.network == network && but != Some(&post.id))
        .find(|post| post.state.may_be_out() || matches!(post.state, PostState::Scheduled { .. }))
}
