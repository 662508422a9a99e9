//! Everything that can be gone to or done from anywhere: pages, characters and deeds, with how they are looked for. The
//! page `/find` shows them, and the palette reads them from there.

use std::sync::Arc;

use chrono::Utc;

use super::{
    context,
    pages::schedules::{list::asks, whose},
    places::{Place, further, places},
};
use crate::{
    domain::{access::Visitor, character::Character},
    service,
    state::AppState,
    store::State,
};

/// So many characters, and so many schedules, have deeds of their own among the entries.
const MOST: usize = 100;

/// Something to go to or to do.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The same each time: what was chosen lately is known by it.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it belongs to.
    pub place: String,
    /// Other words it may be looked for by.
    pub also: String,
    /// What stands beside it.
    pub face: Face,
    /// What choosing it does.
    pub does: Does,
}

/// What stands beside an entry.
#[derive(Debug, Clone)]
pub enum Face {
    /// An icon.
    Icon(icondata_core::Icon),
    /// A character's own.
    Character(Arc<Character>),
}

/// What choosing an entry does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Does {
    /// Opens a page.
    Open(String),
    /// Sends a form, as a button on a page does.
    Send(Sent),
}

/// A form of one button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Where it is sent.
    pub action: &'static str,
    /// What is sent.
    pub fields: Vec<(&'static str, String)>,
    /// What is asked before, as on the page that has this button.
    pub ask: Option<Ask>,
}

/// A question before something that cannot be undone or goes public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The question.
    pub question: String,
    /// What happens, and to whom.
    pub words: String,
    /// What the button says that does it.
    pub doing: &'static str,
}

/// All entries, as they are shown while nothing is looked for.
pub fn all(app: &AppState, state: &State) -> Vec<Entry> {
    let mut entries: Vec<_> = places().into_iter().map(|place| page(place.group, place)).collect();
    entries.extend(deeds(state));
    entries.extend(further().into_iter().map(|(of, place)| page(of, place)));
    entries.extend(state.characters.iter().map(character));
    entries.extend(state.characters.iter().filter(|one| one.is_active).take(MOST).map(draw));
    entries.extend(runs(app, state));
    entries
}

/// The entries a query means, the best first.
pub fn find(entries: Vec<Entry>, query: &str) -> Vec<Entry> {
    let query = query.trim().to_lowercase();
    if query.is_empty() {
        return entries;
    }
    let mut found: Vec<_> = entries.into_iter().filter_map(|entry| Some((score(&entry, &query)?, entry))).collect();
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, entry)| entry).collect()
}

/// How well an entry fits, if it does: by its name, by all words in any order, or by the letters of its name in their
/// order. The palette counts the same.
fn score(entry: &Entry, query: &str) -> Option<i64> {
    let name = entry.name.to_lowercase();
    if let Some(at) = name.find(query) {
        let at = name[..at].chars().count();
        let begins_a_word = at == 0 || name.chars().nth(at - 1).is_some_and(|before| !before.is_alphanumeric());
        return Some(1_000 - i64::try_from(at).unwrap_or(i64::MAX / 2).min(500) - if begins_a_word { 0 } else { 100 });
    }
    let all = format!("{name} {} {}", entry.place.to_lowercase(), entry.also);
    if query.split_whitespace().all(|word| all.contains(word)) {
        return Some(350);
    }
    let (mut gaps, mut letters) = (0, name.chars());
    for wanted in query.chars().filter(|letter| !letter.is_whitespace()) {
        gaps += i64::try_from(letters.by_ref().position(|letter| letter == wanted)?).ok()?;
    }
    // Letters that lie far apart were not meant.
    let most = i64::try_from(2 * query.chars().count()).ok()?;
    (gaps <= most).then_some(300 - gaps)
}

fn page(of: &str, place: Place) -> Entry {
    Entry {
        id: place.path.to_owned(),
        name: place.words.to_owned(),
        place: of.to_owned(),
        also: place.also.to_owned(),
        face: Face::Icon(place.icon),
        does: Does::Open(place.path.to_owned()),
    }
}

fn character(character: &Arc<Character>) -> Entry {
    let path = format!("/characters/{}", context::encode(character.id.as_str()));
    Entry {
        id: path.clone(),
        name: character.name.clone(),
        place: "Character".into(),
        also: format!("{} {}", character.instagram_handle, character.twitter_handle).to_lowercase(),
        face: Face::Character(Arc::clone(character)),
        does: Does::Open(path),
    }
}

fn draw(character: &Arc<Character>) -> Entry {
    let path = format!("/studio?character={}", context::encode(character.id.as_str()));
    Entry {
        id: path.clone(),
        name: format!("Draw a picture of {}", character.name),
        place: "Create".into(),
        also: "generate image new".into(),
        face: Face::Icon(icondata_lu::LuWandSparkles),
        does: Does::Open(path),
    }
}

/// What can be done whatever there is.
fn deeds(state: &State) -> Vec<Entry> {
    let open = |name: &str, of: &str, path: &str, icon, also: &str| Entry {
        id: format!("{path} {name}"),
        name: name.into(),
        place: of.into(),
        also: also.into(),
        face: Face::Icon(icon),
        does: Does::Open(path.into()),
    };
    let mut deeds = vec![
        open("New character", "Create", "/characters/new", icondata_lu::LuUserPlus, "create persona add"),
        open("Write prompts", "Create", "/prompts#write", icondata_lu::LuPencilLine, "generate ideas gemini many"),
        open("New prompt", "Create", "/prompts/new", icondata_lu::LuPlus, "add idea"),
        open("Write captions", "Review", "/review", icondata_lu::LuCaptions, "gemini words text"),
        open("Post a picture", "Publish", "/posts/new", icondata_lu::LuSend, "new instagram twitter x publish"),
        open("Schedule a post", "Publish", "/calendar/new", icondata_lu::LuCalendarPlus, "new later time"),
        open("Plan a week", "Publish", "/calendar/plan", icondata_lu::LuCalendarRange, "proposals drafts"),
        open("New schedule", "Publish", "/schedules/new", icondata_lu::LuAlarmClockPlus, "create task cron automation"),
        open("New dataset", "Train", "/datasets/new", icondata_lu::LuImagePlus, "create upload pictures"),
        open("New training", "Train", "/training/new", icondata_lu::LuDumbbell, "create lora train start"),
        open("Make an API token", "Settings", "/settings/access", icondata_lu::LuKeyRound, "access script program"),
    ];
    deeds.extend(sent(state));
    deeds
}

/// What is done at once.
fn sent(state: &State) -> Vec<Entry> {
    let here = context::here();
    let send = |name: &str, of: &str, icon, also: &str, action, fields: &[(&'static str, &str)], ask| Entry {
        id: format!("{action} {name}"),
        name: name.into(),
        place: of.into(),
        also: also.into(),
        face: Face::Icon(icon),
        does: Does::Send(Sent { action, fields: fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(), ask }),
    };
    let back = ("back", here.as_str());
    let pause = if state.settings.paused {
        send(
            "Resume everything",
            "Publish",
            icondata_lu::LuPlay,
            "unpause go on posting scheduling start",
            "/actions/posting/resume",
            &[back],
            None,
        )
    } else {
        send("Pause everything", "Publish", icondata_lu::LuPause, "stop hold posting scheduling", "/actions/posting/pause", &[back], None)
    };
    let mut deeds = vec![
        send(
            "Make a backup",
            "Settings",
            icondata_lu::LuArchive,
            "save copy zip now",
            "/actions/backups/create",
            &[("form[extent]", "pictures")],
            None,
        ),
        pause,
        send(
            "Look at every service again",
            "Status",
            icondata_lu::LuRefreshCw,
            "check test health comfyui gemini",
            "/actions/system/look",
            &[],
            None,
        ),
        send(
            "Look for models again",
            "Models",
            icondata_lu::LuRefreshCw,
            "refresh checkpoints loras comfyui",
            "/actions/models/look",
            &[],
            None,
        ),
        send("Mark all notifications as read", "Today", icondata_lu::LuMailCheck, "bell clear", "/actions/notifications/read", &[], None),
        send("Dark theme", "Theme", icondata_lu::LuMoon, "night colours mode", "/actions/theme", &[back, ("theme", "dark")], None),
        send("Light theme", "Theme", icondata_lu::LuSun, "day colours mode", "/actions/theme", &[back, ("theme", "light")], None),
        send(
            "Theme of the system",
            "Theme",
            icondata_lu::LuMonitor,
            "auto dark light colours mode",
            "/actions/theme",
            &[back, ("theme", "system")],
            None,
        ),
    ];
    if matches!(context::visitor(), Some(Visitor::Session(_))) {
        deeds.push(send("Log out", "Settings", icondata_lu::LuLogOut, "leave sign out", "/actions/access/log-out", &[], None));
    }
    deeds
}

/// The schedules that can be run now, and all of them.
fn runs(app: &AppState, state: &State) -> Vec<Entry> {
    let (here, now) = (context::here(), Utc::now());
    let active = state.tasks.count("active", "true");
    let all = (active > 0).then(|| Entry {
        id: "run all".into(),
        name: "Run all schedules now".into(),
        place: "Schedules".into(),
        also: "tasks start".into(),
        face: Face::Icon(icondata_lu::LuListChecks),
        does: Does::Send(Sent {
            action: "/actions/schedules/run-all",
            fields: vec![("back", here.clone())],
            ask: Some(Ask {
                question: format!("Run {} now?", super::words::count(active, "schedule", "schedules")),
                words: "Each is run once, whatever its time. Those that post do so, as far as review and dry run let them.".into(),
                doing: "Run all",
            }),
        }),
    });
    let tasks = state.tasks.iter().filter(|task| task.kind.why_not().is_none()).take(MOST);
    let each = tasks.map(|task| {
        let view = service::schedules::view(app, state, task, now);
        let ask = asks(app, &view).map(|words| Ask { question: "Run it now?".into(), words, doing: "Run now" });
        Entry {
            id: format!("run {}", task.id),
            name: format!("Run now: {}{}", task.kind.label(), whose(&task.kind, view.character_name.as_deref())),
            place: view.words,
            also: "task schedule start".into(),
            face: Face::Icon(icondata_lu::LuCirclePlay),
            does: Does::Send(Sent {
                action: "/actions/schedules/run",
                fields: vec![("id", task.id.to_string()), ("back", here.clone())],
                ask,
            }),
        }
    });
    all.into_iter().chain(each).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, also: &str) -> Entry {
        let face = Face::Icon(icondata_lu::LuPlus);
        Entry { id: name.into(), name: name.into(), place: "Create".into(), also: also.into(), face, does: Does::Open("/".into()) }
    }

    fn found(query: &str) -> Vec<String> {
        let entries = vec![
            entry("Draw a picture of Luna", "generate image new"),
            entry("Luna", ""),
            entry("Lunar Calendar", ""),
            entry("New character", "create persona"),
            entry("Make a backup", "save copy"),
            entry("Björk “quotes”", ""),
        ];
        find(entries, query).into_iter().map(|entry| entry.name).collect()
    }

    #[test]
    fn names_come_before_other_words_and_those_before_letters() {
        assert_eq!(found("luna"), ["Luna", "Lunar Calendar", "Draw a picture of Luna"]);
        assert_eq!(found(" LUNA image "), ["Draw a picture of Luna"], "words in any order, of anything it is looked for by");
        assert_eq!(found("nwchr"), ["New character"]);
        assert_eq!(found("persona"), ["New character"]);
        assert_eq!(found("björk “"), ["Björk “quotes”"]);
        assert_eq!(found("zzz"), [""; 0]);
        assert_eq!(found("  ").len(), 6);
    }

    #[test]
    fn no_two_places_have_the_same_key_or_address() {
        let all = places();
        let mut keys: Vec<_> = all.iter().map(|place| place.key).collect();
        let mut paths: Vec<_> = all.iter().map(|place| place.path).chain(further().iter().map(|(_, place)| place.path)).collect();
        let counts = (keys.len(), paths.len());
        keys.sort_unstable();
        keys.dedup();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!((keys.len(), paths.len()), counts);
    }
}
