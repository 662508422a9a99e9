//! The accounts: as many as there are numbers, all of one app. The first two are those of the sandbox's cast.

/// API key, API key secret, access token and access token secret of the first account, Luna's.
pub const KEYS: [&str; 4] = ["sandboxAppKey0001", "sandboxAppSecret0001", "1000-sandboxToken0001", "sandboxTokenSecret0001"];

const FIRST: u64 = 1_900_000_000_000_000_000;

/// The four keys of the account of that number, from 1.
pub fn keys(number: u64) -> [String; 4] {
    let [app_key, app_secret, ..] = KEYS;
    [
        app_key.to_owned(),
        app_secret.to_owned(),
        format!("{}-sandboxToken{number:04}", 999 + number),
        format!("sandboxTokenSecret{number:04}"),
    ]
}

/// The name of the account of that number, without `@`.
pub fn username(number: u64) -> String {
    match number {
        1 => "luna_mystic".to_owned(),
        2 => "cortex_notes".to_owned(),
        other => format!("persona_{other}"),
    }
}

/// An account, for whoever has its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Persona {
    pub(super) id: String,
    pub(super) username: String,
    pub(super) token_secret: String,
}

/// Whose access token it is.
pub(super) fn of_token(token: &str) -> Option<Persona> {
    let number: u64 = token.split_once("-sandboxToken")?.1.parse().ok()?;
    let [_, _, known, token_secret] = keys(number);
    (number > 0 && known == token).then(|| Persona { id: (FIRST + number).to_string(), username: username(number), token_secret })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_keys_are_those_of_the_cast() {
        assert_eq!(keys(1), KEYS);
        assert_eq!(of_token(KEYS[2]).unwrap().username, "luna_mystic");
        assert_eq!(of_token("1000-sandboxToken0002"), None);
    }
}
