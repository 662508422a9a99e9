//! Captions as a trainer reads them: one line, tags parted by commas or a plain sentence.

/// The text as one line: a trainer reads no further than the first.
pub fn one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a caption holds these words as words, not as a part of others. Case does not count.
pub fn has_words(caption: &str, words: &str) -> bool {
    let (caption, words) = (caption.to_lowercase(), words.trim().to_lowercase());
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    !words.is_empty()
        && caption.match_indices(&words).any(|(at, found)| {
            let before = caption[..at].chars().next_back();
            let after = caption[at + found.len()..].chars().next();
            !before.is_some_and(part_of_word) && !after.is_some_and(part_of_word)
        })
}

/// The caption with these words before everything else. A caption that holds them somewhere stays as it is.
pub fn with_words_first(caption: &str, words: &str) -> String {
    let words = one_line(words);
    match caption {
        _ if words.is_empty() || has_words(caption, &words) => caption.to_owned(),
        "" => words,
        caption => format!("{words}, {caption}"),
    }
}

/// The caption without a tag. Case does not count.
pub fn without_tag(caption: &str, tag: &str) -> String {
    let tag = one_line(tag).to_lowercase();
    let tags = caption.split(',').map(str::trim);
    if tag.is_empty() || !tags.clone().any(|one| one.to_lowercase() == tag) {
        return caption.to_owned();
    }
    tags.filter(|one| !one.is_empty() && one.to_lowercase() != tag).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caption_is_one_line() {
        assert_eq!(one_line("  luna,\r\n by the\tlake \u{0}"), "luna, by the lake");
    }

    #[test]
    fn a_trigger_word_is_a_word_of_its_own() {
        assert!(
            has_words("Luna, by the lake", "luna") && has_words("a photo of luna", " luna ") && has_words("ohwx woman, hat", "ohwx woman")
        );
        assert!(!has_words("lunatic", "luna") && !has_words("luna_character", "luna") && !has_words("by the lake", "luna"));
        assert!(!has_words("anything", "  "));
        assert!(has_words("İ luna", "luna"), "letters that grow in lower case do no harm");
    }

    #[test]
    fn a_trigger_word_is_put_first_once() {
        assert_eq!(with_words_first("by the lake", "luna"), "luna, by the lake");
        assert_eq!(with_words_first("luna, by the lake", "luna"), "luna, by the lake");
        assert_eq!(with_words_first("", "luna"), "luna");
        assert_eq!(with_words_first("by the lake", " "), "by the lake");
    }

    #[test]
    fn a_tag_is_taken_out_whole() {
        assert_eq!(without_tag("luna, Smile, red hat, smile", "smile "), "luna, red hat");
        assert_eq!(without_tag("luna, smiles", "smile"), "luna, smiles");
        assert_eq!(without_tag("luna,  two spaces", "smile"), "luna,  two spaces", "what is not meant stays as it is");
        assert_eq!(without_tag("smile", "smile"), "");
    }
}
