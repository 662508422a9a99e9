//! Captions: how each network counts them, what it allows, and how a written one is tidied.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use twitter_text::ParserBackend;
use twitter_text_config::config_v3;

use super::problem::Checks;

/// Where a caption goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// At most 2,200 characters, 30 hashtags and 20 mentions.
    #[default]
    Instagram,
    /// At most 280 weighted characters. Its older name is understood.
    #[serde(alias = "twitter", alias = "Twitter", alias = "X")]
    X,
}

impl Network {
    /// Every network.
    pub const ALL: [Self; 2] = [Self::Instagram, Self::X];

    /// As it is stored and sent.
    pub fn key(self) -> &'static str {
        match self {
            Self::Instagram => "instagram",
            Self::X => "x",
        }
    }

    /// As a page says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Instagram => "Instagram",
            Self::X => "X",
        }
    }

    /// The network of that name.
    pub fn from_key(key: &str) -> Option<Self> {
        match key {
            "instagram" => Some(Self::Instagram),
            "x" | "twitter" => Some(Self::X),
            _ => None,
        }
    }

    /// The longest caption, in the network's own count.
    pub fn longest(self) -> u32 {
        match self {
            Self::Instagram => 2_200,
            Self::X => 280,
        }
    }

    /// As many hashtags as the network takes; X sets no limit of its own.
    pub fn most_hashtags(self) -> Option<u32> {
        match self {
            Self::Instagram => Some(30),
            Self::X => None,
        }
    }

    /// As many hashtags as we write. Instagram has announced to take no more than five.
    pub fn usual_hashtags(self) -> usize {
        match self {
            Self::Instagram => 5,
            Self::X => 2,
        }
    }
}

/// A caption in a network's own count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Count {
    /// The network.
    pub network: Network,
    /// How long it is.
    pub length: u32,
    /// How long it may be.
    pub longest: u32,
    /// How many hashtags are in it.
    pub hashtags: u32,
    /// How many accounts it mentions.
    pub mentions: u32,
    /// Whether the network takes it.
    pub fits: bool,
}

/// Counts a caption as the network does.
///
/// X: the weighted length of its published rules, version 3 (<https://docs.x.com/fundamentals/counting-characters>);
/// links are 23, whatever their length. Instagram publishes no rule for what a character is; its apps count UTF-16
/// units, which is also the strictest reading.
pub fn count(network: Network, text: &str) -> Count {
    let length = match network {
        Network::X => weighted(text),
        Network::Instagram => text.encode_utf16().count().try_into().unwrap_or(u32::MAX),
    };
    let (hashtags, mentions) = (marks(text, '#').count() as u32, marks(text, '@').count() as u32);
    let mentions_fit = network == Network::X || mentions <= 20;
    let hashtags_fit = network.most_hashtags().is_none_or(|most| hashtags <= most);
    let fits = length <= network.longest() && hashtags_fit && mentions_fit;
    Count { network, length, longest: network.longest(), hashtags, mentions, fits }
}

/// The words before the first link, which X shows shortened; a name of a site is a link too.
pub fn before_links(text: &str) -> &str {
    let links = twitter_text::extractor::Extractor::new().extract_urls(text);
    let first = links.iter().filter_map(|link| text.find(link.as_str())).min();
    text[..first.unwrap_or(text.len())].trim()
}

/// Whether a text holds a link, which X charges more for; a name of a site is a link too.
pub fn has_link(text: &str) -> bool {
    !links(text).is_empty()
}

/// Notes what a network would refuse about a caption.
pub fn check(network: Network, field: &str, text: &str, checks: &mut Checks) {
    let counted = count(network, text);
    let (name, longest) = (network.label(), network.longest());
    let too_long = format!("{name} takes {longest} characters at most; this has {}.", counted.length);
    checks.require(counted.length <= longest, field, too_long);
    if network == Network::Instagram {
        checks.require(counted.hashtags <= 30, field, format!("Instagram takes 30 hashtags at most; this has {}.", counted.hashtags));
        checks.require(counted.mentions <= 20, field, format!("Instagram takes 20 mentions at most; this has {}.", counted.mentions));
    }
}

/// The caption and hashtags a writer gave, made ready for a network: no quotes around it and no words about it, no
/// links, hashtags that say something, and no longer than allowed. `dull` are the hashtags that say nothing: the
/// character's name and trigger word.
pub fn compose(network: Network, caption: &str, hashtags: &[String], dull: &[&str]) -> String {
    let body = without_links(&tidy(caption));
    let dull: HashSet<String> = dull.iter().map(|word| folded(word)).filter(|word| !word.is_empty()).collect();
    let mut seen: HashSet<String> = marks(&body, '#').map(folded).collect();
    let body = drop_dull(&body, &dull);
    let room = network.usual_hashtags().saturating_sub(marks(&body, '#').count());
    let tags: Vec<String> = hashtags
        .iter()
        .map(|tag| tag.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect::<String>())
        .filter(|tag| tag.chars().any(char::is_alphabetic) && !dull.contains(&folded(tag)) && seen.insert(folded(tag)))
        .take(room)
        .collect();
    fit(network, &body, tags)
}

/// A text a model wrote, without what it put around it.
pub fn tidy(text: &str) -> String {
    let mut text = text.trim();
    text = text.trim_start_matches("```text").trim_start_matches("```").trim_end_matches("```").trim();
    // "Here is your caption:" and its like, on a line of their own or in front.
    if let Some((first, rest)) = text.split_once(':')
        && !first.contains('\n')
        && first.chars().count() < 60
        && is_preamble(first)
        && !rest.trim().is_empty()
    {
        text = rest.trim();
    }
    const QUOTES: [(char, char); 5] = [('"', '"'), ('“', '”'), ('«', '»'), ('\'', '\''), ('‘', '’')];
    for (open, close) in QUOTES {
        let inner = text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        if let Some(inner) = inner.filter(|inner| !inner.contains([open, close])) {
            text = inner.trim();
        }
    }
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    lines.join("\n").replace("\n\n\n", "\n\n")
}

fn is_preamble(words: &str) -> bool {
    let words = words.trim().trim_start_matches('*').to_lowercase();
    ["here is", "here's", "here are", "caption", "sure", "instagram caption", "tweet", "post"].iter().any(|start| words.starts_with(start))
}

/// Shortens until the network takes it: hashtags go first, the last one first; then words.
fn fit(network: Network, body: &str, mut tags: Vec<String>) -> String {
    loop {
        let whole = join(network, body, &tags);
        if count(network, &whole).length <= network.longest() {
            return whole;
        }
        if tags.pop().is_none() {
            break;
        }
    }
    let mut words: Vec<&str> = body.split(' ').collect();
    while words.pop().is_some() {
        let shorter = format!("{}…", words.join(" ").trim_end_matches([',', '.', ';', ':', ' ']));
        if count(network, &shorter).length <= network.longest() && !words.is_empty() {
            return shorter;
        }
    }
    // One word longer than the limit.
    let mut kept = String::new();
    for c in body.chars() {
        kept.push(c);
        if count(network, &kept).length >= network.longest() {
            kept.pop();
            break;
        }
    }
    kept
}

fn join(network: Network, body: &str, tags: &[String]) -> String {
    let gap = match network {
        Network::Instagram => "\n\n",
        Network::X => " ",
    };
    let tags = tags.iter().map(|tag| format!("#{tag}")).collect::<Vec<_>>().join(" ");
    if tags.is_empty() || body.is_empty() { format!("{body}{tags}") } else { format!("{body}{gap}{tags}") }
}

fn drop_dull(body: &str, dull: &HashSet<String>) -> String {
    let keep_line = |line: &str| {
        let kept = line.split(' ').filter(|word| word.strip_prefix('#').is_none_or(|tag| !dull.contains(&folded(tag))));
        kept.collect::<Vec<_>>().join(" ").trim_end().to_owned()
    };
    body.lines().map(keep_line).collect::<Vec<_>>().join("\n").trim().to_owned()
}

fn without_links(text: &str) -> String {
    let line = |line: &str| line.split(' ').filter_map(unlinked).collect::<Vec<_>>().join(" ");
    text.lines().map(line).collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// A word, unless it is a link. Two sentences without a space between them may look like one: they are set apart.
fn unlinked(word: &str) -> Option<String> {
    let is_link = |word: &str| ["http://", "https://", "www."].iter().any(|start| word.starts_with(start)) || !links(word).is_empty();
    if !is_link(word) {
        return Some(word.to_owned());
    }
    let mut apart = String::new();
    let mut before = ' ';
    for c in word.chars() {
        if before == '.' && c.is_uppercase() {
            apart.push(' ');
        }
        apart.push(c);
        before = c;
    }
    (!is_link(&apart)).then_some(apart)
}

/// The links in a text, as X finds them: also those without https://, which the crate's usual parser passes over.
fn links(text: &str) -> Vec<String> {
    if !text.contains('.') {
        return Vec::new();
    }
    twitter_text::extractor::Extractor::with_parser_backend(ParserBackend::External).extract_urls(text)
}

/// The words after that mark: hashtags or mentions.
fn marks(text: &str, mark: char) -> impl Iterator<Item = &str> {
    let mut before = ' ';
    let starts = text.char_indices().filter(move |(_, c)| {
        let starts = *c == mark && !before.is_alphanumeric() && before != '_';
        before = *c;
        starts
    });
    starts.filter_map(move |(at, c)| {
        let rest = &text[at + c.len_utf8()..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let word = &rest[..end];
        // All digits is no hashtag, on neither network.
        (!word.is_empty() && (mark == '@' || !word.chars().all(|c| c.is_ascii_digit()))).then_some(word)
    })
}

fn folded(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn weighted(text: &str) -> u32 {
    // The crate's usual parser passes over links without https://, which X counts too.
    let parsed = twitter_text::parse_with_parser_backend(text, config_v3(), true, ParserBackend::External);
    u32::try_from(parsed.weighted_length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x_counts_as_its_published_cases_say() {
        #[derive(Deserialize)]
        struct Case {
            description: String,
            text: String,
            length: u32,
            fits: bool,
        }
        let cases: Vec<Case> = serde_json::from_str(include_str!("../../tests/fixtures/x/lengths.json")).unwrap();
        assert!(cases.len() >= 34);
        for case in cases {
            let counted = count(Network::X, &case.text);
            assert_eq!(counted.length, case.length, "{}", case.description);
            assert_eq!(counted.fits, case.fits, "{}", case.description);
        }
    }

    #[test]
    fn links_cost_and_are_not_written() {
        for link in ["http://test.co", "https://studio.example.com/x?y", "test.com", "www.luna.org"] {
            assert_eq!(crate::domain::settings::Prices::default().of(&format!("Mist at {link} again"), 0), 0.2, "{link}");
            let caption = compose(Network::X, &format!("Mist at {link} again"), &[], &[]);
            assert_eq!(caption, "Mist at again");
        }
        assert_eq!(crate::domain::settings::Prices::default().of("Mist. Then sun.", 1), 0.02);
        assert_eq!(compose(Network::X, "Mist.My day.Yours, at 5.30 a.m.", &[], &[]), "Mist. My day.Yours, at 5.30 a.m.");
    }

    #[test]
    fn instagram_counts_characters_hashtags_and_mentions() {
        let counted = count(Network::Instagram, "Dawn 🐱 #lake #2026 #été with @nova_1 and me@home.it");
        assert_eq!((counted.hashtags, counted.mentions), (2, 1));
        assert!(!count(Network::Instagram, &"a".repeat(2_201)).fits);
        assert!(!count(Network::Instagram, &"#tag ".repeat(31)).fits);
    }

    #[test]
    fn what_a_model_puts_around_a_caption_goes() {
        assert_eq!(tidy("\"The lake keeps secrets.\""), "The lake keeps secrets.");
        assert_eq!(tidy("Here is a caption for you:\n\n“Mist first.”"), "Mist first.");
        assert_eq!(tidy("```\nMist first.\n```"), "Mist first.");
        assert_eq!(tidy("She said \"no\" and \"yes\""), "She said \"no\" and \"yes\"");
        assert_eq!(tidy("Note to self: sleep"), "Note to self: sleep");
    }

    #[test]
    fn hashtags_that_only_repeat_the_name_go_and_the_rest_is_limited() {
        let tags = ["#Luna", "luna_character", "mist", "Mist", "lake", "dawn", "forest", "map", "quest", "123"].map(str::to_owned);
        let caption = compose(Network::Instagram, "Mist first. #LunaTheMystic", &tags, &["Luna", "luna_character", "Luna the Mystic"]);
        assert_eq!(caption, "Mist first.\n\n#mist #lake #dawn #forest #map");
    }

    #[test]
    fn a_caption_for_x_loses_hashtags_before_words_and_has_no_links() {
        let long = "word ".repeat(55);
        let caption = compose(Network::X, &format!("{long} https://studio.example/x"), &["lake".into(), "mist".into()], &[]);
        assert!(count(Network::X, &caption).fits);
        assert!(!caption.contains("https"));
        assert!(caption.contains("#lake") && !caption.contains("#mist"), "{caption}");
        let longest = compose(Network::X, &"word ".repeat(100), &["lake".into()], &[]);
        assert!(count(Network::X, &longest).fits && longest.ends_with("word…"), "{longest}");
        assert!(count(Network::X, &compose(Network::X, &"あ".repeat(400), &[], &[])).fits);
    }
}
