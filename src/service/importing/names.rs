//! How the older apps called things: each of our names with the others it was found under. Names are compared without
//! regard to case, `_` and `-`.

use serde_json::{Map, Value};

/// Our names of a record's fields, each with others that mean the same.
pub(super) type Names = &'static [(&'static str, &'static [&'static str])];

pub(super) const CHARACTER: Names = &[
    ("id", &["_id", "characterId", "uuid"]),
    ("name", &["characterName", "displayName", "fullName"]),
    ("personality", &["traits", "personalityTraits"]),
    ("backstory", &["bio", "background", "description", "story"]),
    ("instagramHandle", &["instagramUsername", "instagramUser"]),
    ("twitterHandle", &["twitterUsername", "twitterUser", "xHandle", "xUsername"]),
    ("isActive", &["active", "enabled"]),
    ("createdAt", &["created", "dateCreated"]),
    ("updatedAt", &["updated", "lastUpdated", "modifiedAt"]),
    ("preferredModel", &["model", "fluxModel", "checkpoint"]),
    ("triggerWord", &["trigger", "loraTrigger"]),
    ("promptSettings", &["prompts", "imageSettings"]),
    ("narratives", &["narrative", "storyArcs", "arcs"]),
    ("instagramAccountId", &["instagramUserId", "instagramBusinessAccountId", "instagramId"]),
    ("twitterAccountId", &["twitterUserId", "twitterId"]),
    ("instagramApiKey", &["instagramAccessToken", "instagramToken"]),
    ("twitterAppKey", &["twitterApiKey", "twitterConsumerKey"]),
    ("twitterAppSecret", &["twitterApiSecret", "twitterApiKeySecret", "twitterConsumerSecret"]),
    ("twitterAccessToken", &["twitterToken"]),
    ("twitterAccessSecret", &["twitterAccessTokenSecret", "twitterTokenSecret"]),
    ("timezone", &["timeZone", "tz"]),
    ("loras", &[]),
    ("loraVersions", &[]),
    ("defaults", &[]),
    ("autonomy", &[]),
    ("vetoHours", &[]),
    ("dryRun", &[]),
];

/// Of a character's prompt settings; the first four were found beside them, too.
pub(super) const PROMPT_SETTINGS: Names = &[
    ("basePrompt", &["base", "prompt", "positivePrompt"]),
    ("negativePrompt", &["negative"]),
    ("style", &["artStyle"]),
    ("mood", &["tone"]),
];

pub(super) const NARRATIVE: Names = &[
    ("id", &["_id"]),
    ("title", &["name"]),
    ("description", &["summary", "text", "plot"]),
    ("startDate", &["start", "from", "begins"]),
    ("endDate", &["end", "to", "until", "ends"]),
    ("beats", &[]),
];

pub(super) const TASK: Names = &[
    ("id", &["_id", "taskId"]),
    ("characterId", &["character"]),
    ("type", &["taskType", "kind", "action"]),
    ("schedule", &["cron", "cronExpression", "interval"]),
    ("active", &["isActive", "enabled"]),
    ("config", &["settings", "params", "parameters", "options"]),
    ("timezone", &["timeZone", "tz"]),
    ("missedPolicy", &[]),
    ("missedWindowHours", &[]),
    ("countsFrom", &[]),
    ("createdAt", &["created"]),
    ("updatedAt", &["updated", "lastUpdated"]),
    ("lastRun", &["lastRunAt", "lastExecuted"]),
    ("missedRuns", &["missed"]),
];

pub(super) const PROMPT: Names = &[
    ("id", &["_id", "promptId"]),
    ("characterId", &["character"]),
    ("characterName", &[]),
    ("prompt", &["text", "promptText"]),
    ("caption", &["captionText"]),
    ("createdAt", &["created", "timestamp", "generatedAt"]),
    ("used", &["isUsed"]),
    ("usedAt", &[]),
    ("contentId", &[]),
    ("source", &[]),
];

pub(super) const CONTENT: Names = &[
    ("id", &["_id", "contentId"]),
    ("characterId", &["character"]),
    ("characterName", &[]),
    ("createdAt", &["created", "timestamp", "generatedAt", "date"]),
    ("updatedAt", &["updated"]),
    ("state", &[]),
    ("status", &[]),
    ("caption", &["captionText"]),
    ("altText", &["alt"]),
    ("twitterCaption", &["tweet", "tweetText"]),
    ("reviewedAt", &[]),
    ("rejectReason", &[]),
    ("plannedFor", &[]),
    ("history", &[]),
    ("picture", &[]),
    ("provenance", &[]),
    ("imageUrl", &["imagePath", "image", "imageFile", "url", "path", "filename", "file"]),
    ("postedToInstagram", &["instagramPosted", "isPostedToInstagram"]),
    ("postedToTwitter", &["twitterPosted", "postedToX", "isPostedToTwitter"]),
    ("postedAt", &["publishedAt"]),
    ("instagramPostedAt", &[]),
    ("twitterPostedAt", &[]),
    ("instagramPostId", &["instagramMediaId"]),
    ("twitterPostId", &["tweetId"]),
    ("instagramUrl", &["instagramPostUrl", "instagramPermalink"]),
    ("twitterUrl", &["twitterPostUrl", "tweetUrl"]),
];

/// Posts are ours alone; nothing older has them.
pub(super) const POST: Names = &[("id", &[])];

/// A record with our names for what we know. What we do not know stays as it came.
pub(super) fn ours(record: Map<String, Value>, names: Names) -> Map<String, Value> {
    let mut tidy = Map::new();
    let mut others = Vec::new();
    for (field, value) in record {
        match names.iter().any(|(ours, _)| *ours == field) {
            true if value.is_null() => {}
            true => drop(tidy.insert(field, value)),
            false => others.push((field, value)),
        }
    }
    for (field, value) in others {
        match name_of(&field, names) {
            Some(_) if value.is_null() => {}
            Some(name) if !tidy.contains_key(name) => drop(tidy.insert(name.to_owned(), value)),
            Some(_) | None => drop(tidy.insert(field, value)),
        }
    }
    tidy
}

/// Which of our names a field goes by that holds something.
pub(super) fn known(field: &str, value: &Value, names: Names) -> Option<&'static str> {
    let is_something = !value.is_null() && value.as_str().is_none_or(|text| !text.trim().is_empty());
    name_of(field, names).filter(|_| is_something)
}

fn name_of(field: &str, names: Names) -> Option<&'static str> {
    let bare = bare(field);
    let means = |(ours, older): &&(&str, &[&str])| bare == self::bare(ours) || older.iter().any(|older| bare == self::bare(older));
    names.iter().find(means).map(|(ours, _)| *ours)
}

/// A name's letters and digits alone: `Base_Prompt` and `basePrompt` are one name.
pub(super) fn bare(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn older_names_become_ours_and_what_is_not_known_stays() {
        let older = json!({"_id": 7, "Display_Name": "Luna", "is_active": false, "zodiac_sign": "pisces", "bio": null, "name": null});
        let tidy = Value::Object(ours(older.as_object().unwrap().clone(), CHARACTER));
        assert_eq!(tidy, json!({"id": 7, "name": "Luna", "isActive": false, "zodiac_sign": "pisces"}));
    }

    #[test]
    fn our_own_name_counts_before_an_older_one() {
        let both = json!({"model": "old", "preferredModel": "new"});
        assert_eq!(Value::Object(ours(both.as_object().unwrap().clone(), CHARACTER)), json!({"preferredModel": "new", "model": "old"}));
    }
}
