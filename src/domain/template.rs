//! Templates: what is written when Gemini cannot be asked. A person can change them.
//!
//! `{name}` is replaced by a value, `{dawn|dusk}` by one of the choices.

use std::collections::BTreeMap;

use rand::{Rng, seq::IndexedRandom};
use serde::{Deserialize, Serialize};

/// What a template may speak of.
pub const VARIABLES: [(&str, &str); 7] = [
    ("name", "the character's name"),
    ("request", "what happens in the picture"),
    ("arc", "the title of the story arc"),
    ("day", "which day of the arc it is"),
    ("of", "how many days the arc has"),
    ("scene", "the scene of the day, when the arc has one"),
    ("mood", "the mood, from Look & LoRA"),
];

/// The templates of the installation, one of them for each line of text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Templates {
    /// For captions.
    pub captions: Vec<String>,
    /// For prompts.
    pub prompts: Vec<String>,
}

impl Default for Templates {
    fn default() -> Self {
        let lines = |text: &str| text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        Self {
            captions: lines(
                "{request}.
                {request}. {Keeping this one|No filter needed|That is the whole story}.
                Day {day} of {arc}: {request}.
                {arc}, day {day} of {of}. {request}.
                {scene}. {request}.
                {request}, and a {mood} kind of day.",
            ),
            prompts: lines(
                "{walking|standing|resting} {by a quiet lake|on a windy cliff|in an old library|on a rooftop}, {at dawn|at dusk|at noon|by night}, {wide shot|portrait|from behind}
                {reading|writing|sketching} {by a window|under a tree|in a small café|on a train}, {soft rain outside|morning light|golden hour|candle light}
                {laughing|thinking|listening} {in a crowded market|in an empty street|in a field of tall grass|at the sea}, {close portrait|half body|candid shot}
                {cooking|dancing|stretching|waiting} {in a sunlit kitchen|on wooden stairs|at a tram stop|in a garden}, {warm colours|muted colours|after the rain}
                {scene}, {at dawn|at dusk|at noon|by night}, {wide shot|portrait|half body}
                a {mood} moment {on a bridge|in a greenhouse|by the fire|in the snow}, {close portrait|wide shot|from above}",
            ),
        }
    }
}

/// A piece of a template.
#[derive(Debug, PartialEq)]
enum Piece<'a> {
    Text(&'a str),
    Variable(&'static str),
    Choice(Vec<&'a str>),
}

/// What is wrong with a template, in words; `None` when it can be used.
pub fn fault(template: &str) -> Option<String> {
    parse(template).err()
}

/// One of the templates, filled in. Those that speak of something that has no value are passed over; `None` when
/// none is left.
pub fn fill(templates: &[String], values: &BTreeMap<&'static str, String>, rng: &mut impl Rng) -> Option<String> {
    let has = |piece: &Piece<'_>| match piece {
        Piece::Variable(name) => values.get(name).is_some_and(|value| !value.trim().is_empty()),
        Piece::Text(_) | Piece::Choice(_) => true,
    };
    let usable: Vec<_> = templates.iter().filter_map(|template| parse(template).ok()).filter(|pieces| pieces.iter().all(has)).collect();
    let chosen = usable.choose(rng)?;
    let mut text = String::new();
    for piece in chosen {
        match piece {
            Piece::Text(plain) => text.push_str(plain),
            Piece::Variable(name) => text.push_str(values[name].trim().trim_end_matches(['.', ',', ';'])),
            Piece::Choice(choices) => text.push_str(choices[rng.random_range(0..choices.len())]),
        }
    }
    Some(capitalised(text.trim()))
}

fn parse(template: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some(open) = rest.find(['{', '}']) {
        if rest[open..].starts_with('}') {
            return Err("A } has no { before it.".into());
        }
        if open > 0 {
            pieces.push(Piece::Text(&rest[..open]));
        }
        let inside = &rest[open + 1..];
        let close = inside.find(['{', '}']).filter(|at| inside[*at..].starts_with('}'));
        let close = close.ok_or("A { has no } after it.")?;
        pieces.push(braces(&inside[..close])?);
        rest = &inside[close + 1..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    if pieces.is_empty() { Err("A template cannot be empty.".into()) } else { Ok(pieces) }
}

fn braces(inside: &str) -> Result<Piece<'_>, String> {
    if inside.contains('|') {
        return Ok(Piece::Choice(inside.split('|').collect()));
    }
    let known = VARIABLES.into_iter().find(|(name, _)| *name == inside.trim());
    known.map(|(name, _)| Piece::Variable(name)).ok_or_else(|| {
        let names: Vec<_> = VARIABLES.iter().map(|(name, _)| format!("{{{name}}}")).collect();
        format!("There is no {{{inside}}}. There are {}; choices are written as {{one|two}}.", names.join(", "))
    })
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    fn values(pairs: &[(&'static str, &str)]) -> BTreeMap<&'static str, String> {
        pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    }

    #[test]
    fn the_templates_we_come_with_can_be_used() {
        let templates = Templates::default();
        for template in templates.captions.iter().chain(&templates.prompts) {
            assert_eq!(fault(template), None, "{template}");
        }
        let mut rng = StdRng::seed_from_u64(7);
        let text = fill(&templates.captions, &values(&[("request", "mist over the lake.")]), &mut rng).unwrap();
        assert!(text.starts_with("Mist over the lake"), "{text}");
    }

    #[test]
    fn a_template_without_its_value_is_passed_over() {
        let templates = ["{arc}: {request}".to_owned(), "{request}!".to_owned()];
        for seed in 0..20 {
            let text = fill(&templates, &values(&[("request", "mist"), ("arc", " ")]), &mut StdRng::seed_from_u64(seed));
            assert_eq!(text.as_deref(), Some("Mist!"));
        }
        assert_eq!(fill(&templates[..1], &values(&[("request", "mist")]), &mut StdRng::seed_from_u64(1)), None);
    }

    #[test]
    fn a_slip_in_a_template_is_named() {
        assert!(fault("{reqest}").unwrap().contains("{reqest}"));
        assert!(fault("{request").is_some() && fault("request}").is_some() && fault("").is_some());
        assert!(fault("{{request}}").is_some());
    }
}
