//! The accounts: as many as there are numbers. The first two are those of the sandbox's cast.

/// The token of the first account, Luna's.
pub const TOKEN: &str = "IGsandboxToken0001";

/// The token of the second account, Cortex's.
pub const CORTEX: &str = "IGsandboxToken0002";

const FIRST: u64 = 17_841_400_000_000_000;

/// The token of the account of that number, from 1.
pub fn token(number: u64) -> String {
    format!("IGsandboxToken{number:04}")
}

/// The name of the account of that number, without `@`.
pub fn username(number: u64) -> String {
    match number {
        1 => "luna.mystic".to_owned(),
        2 => "cortex.notes".to_owned(),
        other => format!("persona.{other}"),
    }
}

/// An account, for whoever has its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Persona {
    pub(super) id: String,
    pub(super) username: String,
}

/// Whose token it is. One that was renewed ends in `r` and a number; the one before stays good.
pub(super) fn of_token(token: &str) -> Option<Persona> {
    let (stem, renewals) = token.split_once('r').map_or((token, None), |(stem, rest)| (stem, Some(rest)));
    if renewals.is_some_and(|count| count.parse::<u32>().is_err()) {
        return None;
    }
    let number: u64 = stem.strip_prefix("IGsandboxToken").filter(|number| number.len() == 4)?.parse().ok()?;
    (number > 0).then(|| Persona { id: (FIRST + number).to_string(), username: username(number) })
}

/// The token after it.
pub(super) fn renewed(token: &str) -> String {
    let (stem, count) = token.split_once('r').unwrap_or((token, "0"));
    format!("{stem}r{}", count.parse::<u32>().unwrap_or(0) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_lead_to_accounts_and_nothing_else_does() {
        assert_eq!(of_token(TOKEN).unwrap().username, "luna.mystic");
        assert_eq!(of_token(&token(12)).unwrap().username, "persona.12");
        assert_eq!(of_token(&renewed(&renewed(TOKEN))), of_token(TOKEN));
        for wrong in ["", "IGsandboxToken", "IGsandboxToken0000", "IGsandboxToken1", "IGsandboxToken0001x", "IGsandboxToken0001rx"] {
            assert_eq!(of_token(wrong), None, "{wrong}");
        }
    }
}
