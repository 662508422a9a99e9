//! Instagram and X: what the last check or call of each account has told.

use chrono::{DateTime, Duration, Utc};
use futures::{StreamExt, stream};

use super::{Check, Health, millis};
use crate::{
    domain::{
        account::{Account, Outcome, Standing},
        caption::Network,
        character::CharacterId,
    },
    service::accounts,
    state::AppState,
    store::State,
    vitals::Asked,
};

/// How long what an account of Instagram told is believed. X is asked only by people and by posts: it takes money.
const BELIEVED: Duration = Duration::hours(1);

/// How many accounts are asked at the same time.
const AT_ONCE: usize = 4;

/// How many accounts that need something are named; the others are counted.
const NAMED: usize = 3;

/// Asks the networks about every account that has its keys.
pub(super) async fn look(app: &AppState, now: DateTime<Utc>) {
    let state = app.store.read();
    let all =
        state.characters.iter().flat_map(|character| [(character.id.clone(), Network::Instagram), (character.id.clone(), Network::X)]);
    let known = all.filter(|(id, network)| !matches!(accounts::standing_in(app, &state, id, *network), Standing::NotConfigured(_)));
    ask(app, known.collect(), now).await;
}

/// Asks Instagram about accounts that were asked about long ago. Those nobody has ever tested are left to people.
pub(super) async fn look_again(app: &AppState, now: DateTime<Utc>) {
    let state = app.store.read();
    let old = state.accounts.iter().filter(|account| account.network == Network::Instagram && now - account.checked_at > BELIEVED);
    let old: Vec<_> = old.map(|account| (account.character_id.clone(), account.network)).collect();
    let asked_lately = app.vitals.asked(Network::Instagram).is_some_and(|asked| now - asked.at < BELIEVED);
    if !old.is_empty() && !asked_lately {
        // At once, so that the next round does not ask as well.
        app.vitals.note(Network::Instagram, Asked { at: now, took: std::time::Duration::ZERO });
        ask(app, old, now).await;
    }
}

async fn ask(app: &AppState, accounts: Vec<(CharacterId, Network)>, now: DateTime<Utc>) {
    let asked = stream::iter(accounts).map(async |(id, network)| {
        // A network that cannot be asked now says nothing of an account; that it could not is noted by the call.
        let _ = accounts::test(app, &id, network, now).await;
    });
    asked.buffer_unordered(AT_ONCE).collect::<()>().await;
}

/// What is known of both.
pub(super) fn checks(app: &AppState, now: DateTime<Utc>) -> [Check; 2] {
    let state = app.store.read();
    [check(app, &state, Network::Instagram, "instagram", now), check(app, &state, Network::X, "twitter", now)]
}

/// How the accounts of a network stand together.
#[derive(Default)]
struct Tally {
    connected: usize,
    unchecked: usize,
    /// Each with its character's name.
    broken: Vec<(String, String)>,
    expiring: Vec<String>,
    last: Option<DateTime<Utc>>,
}

impl Tally {
    fn of(app: &AppState, state: &State, network: Network, now: DateTime<Utc>) -> Self {
        let mut tally = Self::default();
        for character in state.characters.iter() {
            let account = match accounts::standing_in(app, state, &character.id, network) {
                Standing::NotConfigured(_) => continue,
                Standing::Unchecked => {
                    tally.unchecked += 1;
                    continue;
                }
                Standing::Checked(account) => account,
            };
            tally.last = tally.last.max(Some(last_heard(state, &account)));
            match &account.outcome {
                Outcome::Connected { .. } if account.is_expiring(now) => tally.expiring.push(character.name.clone()),
                Outcome::Connected { .. } => {}
                Outcome::Broken { problem } => {
                    tally.broken.push((character.name.clone(), problem.message.clone()));
                    continue;
                }
            }
            tally.connected += 1;
        }
        tally
    }

    fn total(&self) -> usize {
        self.connected + self.unchecked + self.broken.len()
    }
}

/// When an account was last heard of: tested, or posted with.
fn last_heard(state: &State, account: &Account) -> DateTime<Utc> {
    let newest = state.posts.indexed("account", &account.id).next().and_then(|post| post.out_at());
    newest.map_or(account.checked_at, |at| at.max(account.checked_at))
}

fn check(app: &AppState, state: &State, network: Network, name: &'static str, now: DateTime<Utc>) -> Check {
    let tally = Tally::of(app, state, network, now);
    let asked = app.vitals.asked(network);
    let total = tally.total();
    let (health, word, detail, hint) = if total == 0 {
        (Health::Off, "Not Configured", "No character has an account there.".to_owned(), "Enter keys on a character's Accounts tab.")
    } else if !tally.broken.is_empty() {
        (Health::Bad, "Error", trouble(&tally), "Reconnect on the characters' Accounts tabs; their posts wait until then.")
    } else if !tally.expiring.is_empty() {
        let words = format!("{} connected. The token ends soon for {}.", accounts_in_words(tally.connected), names(&tally.expiring));
        (Health::Warning, "Connected", words, "Test the account, or enter a new token on its Accounts tab.")
    } else if tally.connected == 0 {
        (Health::Unknown, "Not Configured", format!("{} with keys, not tested yet.", accounts_in_words(total)), "Look again tests them.")
    } else {
        let rest = if tally.unchecked > 0 { format!(", {} not tested yet", tally.unchecked) } else { String::new() };
        (Health::Ok, "Connected", format!("{} connected{rest}.", accounts_in_words(tally.connected)), "")
    };
    Check {
        name,
        label: network.label().into(),
        state: health,
        word: word.into(),
        checked_at: tally.last,
        latency_ms: asked.map(|asked| millis(asked.took)),
        detail,
        hint: hint.into(),
    }
}

fn trouble(tally: &Tally) -> String {
    let named = tally.broken.iter().take(NAMED).map(|(name, why)| format!("{name}: {why}"));
    let more = tally.broken.len().saturating_sub(NAMED);
    let more = (more > 0).then(|| format!("And {more} more."));
    let works = format!("{} of {} work.", tally.connected, accounts_in_words(tally.total()));
    [works].into_iter().chain(named).chain(more).collect::<Vec<_>>().join(" ")
}

fn names(names: &[String]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let named = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{named} and {more} more") } else { named }
}

fn accounts_in_words(count: usize) -> String {
    if count == 1 { "1 account".to_owned() } else { format!("{count} accounts") }
}
