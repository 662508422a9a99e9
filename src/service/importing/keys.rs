//! Credentials in clear text: found, taken out of what is imported, and never shown. What only looks like one is taken
//! out, too.

use std::{collections::BTreeSet, sync::Arc};

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::names::bare;
use crate::{
    config::Config,
    domain::character::{Character, Credential},
    imports::{ForAll, Found, Key},
    service::accounts::{in_variables, variable},
};

/// Longest key.
const LONGEST: usize = 2_000;

/// Whether a text may be a key: older apps came with others in its place.
pub(super) fn is_key(text: &str) -> bool {
    let lower = text.to_lowercase();
    let stands_for = ["your", "xxx", "changeme", "change_me", "change-me", "<", "todo", "placeholder", "example", "dummy", "none", "null"];
    !text.is_empty()
        && text.len() <= LONGEST
        && text.chars().all(|c| c.is_ascii_graphic())
        && !stands_for.iter().any(|start| lower.starts_with(start))
}

/// Brings credentials that lie in objects of their own to where a character's are: `instagram: {accessToken: …}`.
pub(super) fn flatten(record: &mut Map<String, Value>) {
    for holder in ["credentials", "apiKeys", "api_keys", "accounts", "socialMedia", "social_media", "social", "platforms"] {
        if let Some(Value::Object(fields)) = record.get(holder).cloned() {
            record.shift_remove(holder);
            for (field, value) in fields {
                record.entry(field).or_insert(value);
            }
        }
    }
    for network in ["instagram", "twitter", "x"] {
        let prefix = if network == "x" { "twitter" } else { network };
        match record.get(network).cloned() {
            Some(Value::Object(fields)) => {
                record.shift_remove(network);
                for (field, value) in fields {
                    let name = match bare(&field).as_str() {
                        "accountid" | "userid" | "businessaccountid" | "id" => "AccountId",
                        "handle" | "username" | "user" => "Handle",
                        "token" | "accesstoken" if prefix == "instagram" => "ApiKey",
                        "apikey" | "appkey" | "consumerkey" | "key" => {
                            if prefix == "instagram" {
                                "ApiKey"
                            } else {
                                "AppKey"
                            }
                        }
                        "apisecret" | "appsecret" | "apikeysecret" | "consumersecret" | "secret" => "AppSecret",
                        "token" | "accesstoken" => "AccessToken",
                        "accesssecret" | "accesstokensecret" | "tokensecret" => "AccessSecret",
                        _ => continue,
                    };
                    record.entry(format!("{prefix}{name}")).or_insert(value);
                }
            }
            Some(handle @ Value::String(_)) => {
                record.shift_remove(network);
                record.entry(format!("{prefix}Handle")).or_insert(handle);
            }
            _ => {}
        }
    }
}

/// Takes out whatever looks like a credential, however deep it lies. Answers the names of what was taken.
pub(in crate::service) fn without_secrets(value: &mut Value) -> Vec<String> {
    let mut names = Vec::new();
    take(value, &mut names);
    names
}

fn take(value: &mut Value, names: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            let secret: Vec<String> = fields.iter().filter(|(name, value)| is_secret(name, value)).map(|(name, _)| name.clone()).collect();
            for name in secret {
                fields.shift_remove(&name);
                names.push(name);
            }
            fields.values_mut().for_each(|value| take(value, names));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| take(item, names)),
        Value::String(text) => {
            // An address that carries its own key.
            if let Some((address, _)) = text.split_once('?').filter(|(_, query)| query.to_lowercase().contains("token=")) {
                *text = address.to_owned();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether a field holds what nobody is to see, going by its name.
fn is_secret(name: &str, value: &Value) -> bool {
    const PARTS: [&str; 9] = ["token", "secret", "apikey", "appkey", "accesskey", "password", "passwd", "credential", "privatekey"];
    let bare = bare(name);
    let holds_something = match value {
        Value::String(text) => !text.is_empty(),
        Value::Object(_) | Value::Array(_) => true,
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    };
    holds_something && (PARTS.iter().any(|part| bare.contains(part)) || matches!(bare.as_str(), "authorization" | "cookie" | "cookies"))
}

/// Keys out of files of variables: those with a character's name before them are hers; those for all are hers when she
/// is the only one.
#[derive(Default)]
pub(super) struct Variables {
    found: Vec<(Arc<str>, String, String)>,
}

impl Variables {
    /// Reads the lines of a file. Nothing is put in for `$NAME`: the variables of this process are nobody's business.
    pub(super) fn read(&mut self, file: &Arc<str>, text: &str) {
        for line in text.lines() {
            let line = line.trim().trim_start_matches("export ").trim_start();
            let Some((name, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else { continue };
            let value = value.trim();
            let quoted = ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.split_once(quote).map(|(inside, _)| inside));
            let value = quoted.unwrap_or_else(|| value.split(" #").next().unwrap_or_default().trim());
            // Of two files the inner one is read last, and the last word counts.
            self.found.retain(|(_, known, _)| known != name.trim());
            self.found.push((file.clone(), name.trim().to_owned(), value.to_owned()));
        }
    }

    /// The key for Gemini.
    pub(super) fn gemini(&mut self) -> Option<(Arc<str>, SecretString)> {
        self.take("GEMINI_API_KEY").map(|(file, key)| (file, key.into()))
    }

    /// Gives characters their keys. Answers which are for all and can be given to nobody.
    pub(super) fn give(mut self, characters: &mut [Found<Character, Vec<Key>>]) -> Vec<ForAll> {
        let only = characters.len() == 1;
        for character in characters.iter_mut() {
            let own = in_variables(&character.record.name);
            for credential in Credential::ALL {
                let names = spellings(credential).map(|name| (format!("{own}_{name}"), name));
                let mut found = None;
                for (hers, all) in names {
                    found = found.or_else(|| self.take(&hers));
                    if only {
                        found = found.or_else(|| self.take(all));
                    }
                }
                let has = character.with.iter().any(|(known, _)| *known == credential);
                if let Some((file, key)) = found.filter(|_| !has) {
                    character.with.push((credential, key.into()));
                    character.words.push(format!("The {} comes from {file}.", credential.label()));
                }
            }
            let account = [format!("{own}_INSTAGRAM_ACCOUNT_ID"), "INSTAGRAM_ACCOUNT_ID".to_owned()];
            let account = account.into_iter().take(if only { 2 } else { 1 }).find_map(|name| self.take(&name));
            if let Some((_, account)) = account.filter(|_| character.record.instagram_account_id.is_empty()) {
                character.record.instagram_account_id = account;
            }
        }
        let mut for_all = Vec::new();
        for credential in Credential::ALL {
            let found = spellings(credential).filter_map(|name| self.take(name).map(|(file, _)| ForAll { file, name, credential }));
            for_all.extend(found);
        }
        for_all
    }

    fn take(&mut self, name: &str) -> Option<(Arc<str>, String)> {
        let at = self.found.iter().position(|(_, known, value)| known == name && is_key(value))?;
        let (file, _, value) = self.found.remove(at);
        Some((file, value))
    }
}

/// The variables a credential was found in.
fn spellings(credential: Credential) -> impl Iterator<Item = &'static str> {
    let other = match credential {
        Credential::InstagramApiKey => "INSTAGRAM_API_KEY",
        Credential::TwitterAppKey => "TWITTER_APP_KEY",
        Credential::TwitterAppSecret => "TWITTER_APP_SECRET",
        Credential::TwitterAccessToken => "X_ACCESS_TOKEN",
        Credential::TwitterAccessSecret => "TWITTER_ACCESS_SECRET",
    };
    let third = (credential == Credential::TwitterAppSecret).then_some("TWITTER_API_SECRET");
    [variable(credential), other].into_iter().chain(third)
}

/// Which keys are in force here without being stored: an import takes the place of none of them.
#[derive(Debug, Clone, Default)]
pub struct InForce {
    gemini: bool,
    variables: BTreeSet<String>,
}

impl InForce {
    /// What the environment of this server says.
    pub fn of(config: &Config) -> Self {
        Self { gemini: config.gemini_api_key.is_some(), variables: config.network_keys.keys().cloned().collect() }
    }

    /// Whether there is a key for Gemini.
    pub(super) fn gemini(&self) -> bool {
        self.gemini
    }

    /// The variable a credential for all characters is in, when it is there.
    pub(super) fn for_all(&self, credential: Credential) -> Option<&'static str> {
        Some(variable(credential)).filter(|name| self.variables.contains(*name))
    }

    /// The variable a credential is in that is hers alone, when it is there.
    pub(super) fn named(&self, character: &str, credential: Credential) -> Option<String> {
        Some(format!("{}_{}", in_variables(character), variable(credential))).filter(|name| self.variables.contains(name))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whatever_looks_like_a_secret_is_taken_out() {
        let mut value = json!({
            "name": "Luna", "geminiApiKey": "k", "nested": [{"Auth_Token": "t", "maxTokens": 7}], "password": "", "api": {"secret": {"a": 1}},
            "imageUrl": "https://example.org/a.png?access_token=t&x=1"
        });
        let names = without_secrets(&mut value);
        assert_eq!(names, ["geminiApiKey", "Auth_Token", "secret"]);
        let left =
            json!({"name": "Luna", "nested": [{"maxTokens": 7}], "password": "", "api": {}, "imageUrl": "https://example.org/a.png"});
        assert_eq!(value, left);
    }

    #[test]
    fn variables_are_read_as_they_are_written() {
        let mut variables = Variables::default();
        variables.read(&".env".into(), "# a note\nexport A=\"one two\" # x\nB='b' \nC = c # why\nD=$HOME\r\nnonsense\nA=again");
        let values: Vec<_> = variables.found.iter().map(|(_, name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(values, [("B", "b"), ("C", "c"), ("D", "$HOME"), ("A", "again")]);
    }

    #[test]
    fn what_stands_in_a_keys_place_is_none() {
        assert!(is_key("EAABsbCS1iHgBA") && is_key("1234-abc"));
        for other in ["", "your_access_token_here", "<token>", "two words", "••••1234", "CHANGEME", &"x".repeat(2_001)] {
            assert!(!is_key(other), "{other}");
        }
    }

    #[test]
    fn credentials_in_objects_of_their_own_are_a_characters() {
        let mut record = json!({"credentials": {"instagram": {"access_token": "t", "user_id": "17"}}, "twitter": "luna_x"});
        flatten(record.as_object_mut().unwrap());
        assert_eq!(record, json!({"twitterHandle": "luna_x", "instagramApiKey": "t", "instagramAccountId": "17"}));
    }
}
