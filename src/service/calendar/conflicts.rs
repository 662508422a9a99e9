//! What stands in the way of what is in the calendar.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;

use super::{Entry, What};
use crate::{
    domain::{
        account::{Account, Outcome, Standing},
        caption::Network,
        character::CharacterId,
        content::ReviewState,
        post::{Post, PostState},
    },
    service::{accounts, publishing::checks},
    state::AppState,
    store::State,
};

/// Networks count posts over so long.
const QUOTA_OVER: Duration = Duration::hours(24);

/// How far around a stretch of time one has to look.
pub(super) fn around(state: &State) -> Duration {
    state.settings.gap().max(QUOTA_OVER)
}

/// Marks each entry that is still to come with what stands in its way. They come in order of time.
pub(super) fn mark(app: &AppState, state: &State, entries: &mut [Entry], now: DateTime<Utc>) {
    let mut accounts: BTreeMap<String, OnAccount> = BTreeMap::new();
    for entry in entries {
        let mut found = match &entry.what {
            What::Post(post) => of_post(app, state, post, now),
            What::Proposed(content, _) if entry.at <= now => {
                vec![
                    if content.state == ReviewState::Approved {
                        "Its time passed before it was scheduled."
                    } else {
                        "Its time passed before it was approved."
                    }
                    .to_owned(),
                ]
            }
            What::Run(task, networks) => {
                let story = task.kind.generates().then(|| out_of_story(app, state, &entry.character_id, entry.at)).flatten();
                let accounts = networks.iter().filter_map(|network| broken(app, state, &entry.character_id, *network));
                story.into_iter().chain(accounts).collect()
            }
            What::Proposed(content, networks) => {
                let mut found: Vec<_> = networks.iter().filter_map(|network| broken(app, state, &content.character_id, *network)).collect();
                if content.state == ReviewState::Approved {
                    found.push("Approved, and not scheduled yet: its page says what stands in the way.".to_owned());
                }
                found
            }
        };
        for network in networks(entry) {
            let account = Account::id_of(&entry.character_id, network);
            let on = accounts.entry(account).or_insert_with_key(|account| {
                let zone = state.characters.get(entry.character_id.as_str()).map_or_else(|| app.timezone(), |one| one.zone(app.timezone()));
                OnAccount::new(state, account, network, zone)
            });
            let words = on.add(entry.at, network);
            if entry.at > now && waits(entry) {
                found.extend(words);
            }
        }
        entry.conflicts = found;
    }
}

/// Whether it is still to go out.
fn waits(entry: &Entry) -> bool {
    match &entry.what {
        What::Post(post) => matches!(post.state, PostState::Scheduled { .. }),
        What::Proposed(..) | What::Run(..) => true,
    }
}

/// Where an entry takes up room: what did not go out takes none.
fn networks(entry: &Entry) -> Vec<Network> {
    match &entry.what {
        What::Post(post) => match post.state {
            PostState::Failed { .. } | PostState::Held { .. } | PostState::Cancelled | PostState::DryRun => Vec::new(),
            PostState::Scheduled { .. } | PostState::Publishing | PostState::Published { .. } | PostState::Unconfirmed { .. } => {
                vec![post.network]
            }
        },
        What::Proposed(_, networks) | What::Run(_, networks) => networks.clone(),
    }
}

fn of_post(app: &AppState, state: &State, post: &Post, now: DateTime<Utc>) -> Vec<String> {
    match &post.state {
        PostState::Scheduled { waiting, .. } => {
            let waiting = Some(waiting.clone()).filter(|words| !words.is_empty());
            let review = checks::review_of(state, post, post.scheduled_at.max(now)).map(|check| check.words);
            waiting.into_iter().chain(review).chain(broken(app, state, &post.character_id, post.network)).collect()
        }
        PostState::Failed { problem } => vec![problem.message.clone()],
        PostState::Held { why, .. } => vec![why.clone()],
        PostState::Unconfirmed { finding, .. } => vec![finding.clone()],
        PostState::Publishing | PostState::Published { .. } | PostState::Cancelled | PostState::DryRun => Vec::new(),
    }
}

/// What a picture of that day would be drawn without.
fn out_of_story(app: &AppState, state: &State, character: &CharacterId, at: DateTime<Utc>) -> Option<String> {
    let character = state.characters.get(character.as_str())?;
    let (told, active) = (!character.narratives.is_empty(), character.active_narrative(at, app.timezone()).is_some());
    (told && !active).then(|| format!("{} is in no story arc on that day.", character.name))
}

/// Why an account would not take it.
fn broken(app: &AppState, state: &State, character: &CharacterId, network: Network) -> Option<String> {
    let label = network.label();
    match accounts::standing_in(app, state, character, network) {
        Standing::NotConfigured(_) => Some(format!("The account on {label} is not set up.")),
        Standing::Checked(Account { outcome: Outcome::Broken { problem }, .. }) => Some(problem.message.clone()),
        Standing::Checked(_) | Standing::Unchecked => None,
    }
}

/// What was seen so far on one account.
struct OnAccount {
    gap: Duration,
    most: Option<u32>,
    /// Most posts of a day, where there is a cap, and how many there are so far on the day that was last seen.
    cap: Option<u32>,
    zone: Tz,
    day: Option<(NaiveDate, u32)>,
    last: Option<DateTime<Utc>>,
    lately: VecDeque<DateTime<Utc>>,
}

impl OnAccount {
    fn new(state: &State, account: &str, network: Network, zone: Tz) -> Self {
        let quota = state.accounts.get(account).and_then(|account| account.quota.as_ref().map(|quota| quota.total));
        let cap = Some(state.settings.caps.of(network).per_day).filter(|cap| *cap > 0);
        Self { gap: state.settings.gap(), most: quota, cap, zone, day: None, last: None, lately: VecDeque::new() }
    }

    /// Adds the next post in order of time. Answers what is wrong with its time.
    fn add(&mut self, at: DateTime<Utc>, network: Network) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(last) = self.last.filter(|last| at - *last < self.gap) {
            let (apart, gap) = ((at - last).num_minutes(), self.gap.num_minutes());
            found.push(format!(
                "{apart} min after another post on {}; {gap} min lie between two posts, so it goes out later.",
                network.label()
            ));
        }
        self.lately.push_back(at);
        while self.lately.front().is_some_and(|first| at - *first >= QUOTA_OVER) {
            self.lately.pop_front();
        }
        if let Some(most) = self.most.filter(|most| self.lately.len() > *most as usize) {
            found.push(format!("More than {most} posts in 24 hours, which is all {} takes.", network.label()));
        }
        let today = at.with_timezone(&self.zone).date_naive();
        let count = self.day.filter(|(day, _)| *day == today).map_or(1, |(_, count)| count + 1);
        self.day = Some((today, count));
        if let Some(cap) = self.cap.filter(|cap| count > *cap) {
            found.push(format!("The cap of {cap} a day on {} is reached before it, so it goes out a day later.", network.label()));
        }
        self.last = Some(at);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::minutes(minutes)
    }

    #[test]
    fn what_is_too_close_or_too_much_is_said_of_the_later_one() {
        let mut on = OnAccount {
            gap: Duration::minutes(30),
            most: Some(2),
            cap: None,
            zone: Tz::UTC,
            day: None,
            last: None,
            lately: VecDeque::new(),
        };
        assert!(on.add(minutes(0), Network::Instagram).is_empty());
        assert_eq!(
            on.add(minutes(10), Network::Instagram),
            ["10 min after another post on Instagram; 30 min lie between two posts, so it goes out later."]
        );
        assert_eq!(on.add(minutes(60), Network::Instagram), ["More than 2 posts in 24 hours, which is all Instagram takes."]);
        assert!(on.add(minutes(60 + 24 * 60), Network::Instagram).is_empty());
        let mut on = OnAccount { cap: Some(1), most: None, gap: Duration::zero(), day: None, last: None, ..on };
        assert!(on.add(minutes(0), Network::X).is_empty());
        assert_eq!(on.add(minutes(60), Network::X), ["The cap of 1 a day on X is reached before it, so it goes out a day later."]);
        assert!(on.add(minutes(24 * 60), Network::X).is_empty(), "another day");
    }
}
