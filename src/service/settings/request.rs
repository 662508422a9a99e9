//! What a request may say of the settings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        character::{Credential, NewSecret},
        sent::Sent,
    },
    service::trainings::TrainerChange,
};

/// What a request says of the settings. The names the older apps used are understood.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SettingsChange {
    /// The time zone of the installation, as IANA names it; empty for the one it was started with.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "DALLA_TIMEZONE", alias = "TIMEZONE", alias = "TZ")]
    pub timezone: Sent<String>,
    /// How pages say the time of day: `24` or `12`.
    #[schema(value_type = Option<String>)]
    pub clock: Sent<String>,
    /// With which day weeks begin: `monday`, `sunday` or `saturday`.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "week_start")]
    pub week_start: Sent<String>,
    /// How pages look for those who have not chosen themselves: `system`, `dark` or `light`.
    #[schema(value_type = Option<String>)]
    pub theme: Sent<String>,
    /// Addresses of the ComfyUI servers, separated by commas or line breaks; empty for those it was started with.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "COMFYUI_URL", alias = "comfyui_url")]
    pub comfyui_url: Sent<String>,
    /// Public https address that leads here, from which Instagram fetches pictures; empty for the one it was started with.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "DALLA_PUBLIC_URL", alias = "PUBLIC_URL", alias = "public_url")]
    pub public_url: Sent<String>,
    /// Secret: for characters without a token of their own. The mask keeps it, `null` or an empty text clears it.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "INSTAGRAM_ACCESS_TOKEN", alias = "instagram_api_key")]
    pub instagram_api_key: Sent<NewSecret>,
    /// The id of the account that token belongs to; not needed with Instagram Login.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "INSTAGRAM_ACCOUNT_ID", alias = "instagram_account_id")]
    pub instagram_account_id: Sent<String>,
    /// Secret: for characters without keys of their own. The mask keeps it, `null` or an empty text clears it.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "TWITTER_API_KEY", alias = "twitter_app_key")]
    pub twitter_app_key: Sent<NewSecret>,
    /// Secret, as above.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "TWITTER_API_KEY_SECRET", alias = "twitter_app_secret")]
    pub twitter_app_secret: Sent<NewSecret>,
    /// Secret, as above.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "TWITTER_ACCESS_TOKEN", alias = "twitter_access_token")]
    pub twitter_access_token: Sent<NewSecret>,
    /// Secret, as above.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "TWITTER_ACCESS_TOKEN_SECRET", alias = "twitter_access_secret")]
    pub twitter_access_secret: Sent<NewSecret>,
    /// Most posts of one account on Instagram in a day, 0–1000; 0 for as many as it takes.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "instagram_per_day")]
    pub instagram_per_day: Sent<Number>,
    /// The same in a month of the calendar, 0–10000.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "instagram_per_month")]
    pub instagram_per_month: Sent<Number>,
    /// Most posts of one account on X in a day, 0–1000; 0 for as many as it takes.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "x_per_day")]
    pub x_per_day: Sent<Number>,
    /// The same in a month of the calendar, 0–10000.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "x_per_month")]
    pub x_per_month: Sent<Number>,
    /// What X charges for a post, in dollars; `null` for its published price.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "x_post_price")]
    pub x_post_price: Sent<Dollars>,
    /// What X charges for a post with a link, in dollars; `null` for its published price.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "x_link_price")]
    pub x_link_price: Sent<Dollars>,
    /// Secret. The mask keeps it, `null` or an empty text clears it.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "GEMINI_API_KEY", alias = "gemini_api_key")]
    pub gemini_api_key: Sent<NewSecret>,
    /// Whether everything happens except the calls that make posts public: `true` or `false`.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "dry_run", alias = "DRY_RUN")]
    pub dry_run: Sent<Flag>,
    /// Minutes between two posts of one account, 0–1440.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "gap_minutes")]
    pub gap_minutes: Sent<Number>,
    /// How many backups stay when a new one was made, 1–365; those marked to be kept do not count.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "backups_kept")]
    pub backups_kept: Sent<Number>,
    /// How a picture gets the shape a network wants: `crop`, `pad` or `fit`.
    #[schema(value_type = Option<String>)]
    pub fit: Sent<String>,
    /// Where notifications are sent: an http or https address. `null` or an empty text for nowhere.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "webhook_url")]
    pub webhook_url: Sent<String>,
    /// Secret: what they are signed with. The mask keeps it, `null` or an empty text clears it.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "webhook_secret")]
    pub webhook_secret: Sent<NewSecret>,
    /// As Gemini lists it; empty for the usual one.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "GEMINI_MODEL", alias = "gemini_model")]
    pub gemini_model: Sent<String>,
    /// Where LoRAs are trained.
    #[serde(flatten)]
    pub trainer: TrainerChange,
    /// What no setting is called; last, so that everything else was taken.
    #[schema(ignore)]
    #[serde(flatten)]
    pub other: BTreeMap<String, serde::de::IgnoredAny>,
}

/// Yes or no, as a value of its own or as a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Texts<bool>")]
pub struct Flag(pub Option<bool>);

/// A number, as a value of its own or as a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Texts<u32>")]
pub struct Number(pub Option<u32>);

/// An amount of money, as a value of its own or as a text.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "Texts<f64>")]
pub struct Dollars(pub Option<f64>);

impl Dollars {
    /// As a person writes it.
    pub fn read(text: &str) -> Self {
        Self(text.trim().trim_start_matches('$').replace(',', ".").parse().ok())
    }
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a text")]
enum Texts<T> {
    Value(T),
    Text(String),
}

impl From<Texts<bool>> for Flag {
    fn from(text: Texts<bool>) -> Self {
        Self(match text {
            Texts::Value(value) => Some(value),
            Texts::Text(text) => match text.trim().to_lowercase().as_str() {
                "true" | "on" | "yes" | "1" => Some(true),
                "false" | "off" | "no" | "0" => Some(false),
                _ => None,
            },
        })
    }
}

impl From<Texts<u32>> for Number {
    fn from(text: Texts<u32>) -> Self {
        Self(match text {
            Texts::Value(value) => Some(value),
            Texts::Text(text) => text.trim().parse().ok(),
        })
    }
}

impl From<Texts<f64>> for Dollars {
    fn from(text: Texts<f64>) -> Self {
        match text {
            Texts::Value(value) => Self(Some(value)),
            Texts::Text(text) => Self::read(&text),
        }
    }
}

impl SettingsChange {
    /// What it says of the keys for all characters. Takes them out.
    pub(super) fn take_keys(&mut self) -> [(Credential, Sent<NewSecret>); 5] {
        use std::mem::take;
        [
            (Credential::InstagramApiKey, take(&mut self.instagram_api_key)),
            (Credential::TwitterAppKey, take(&mut self.twitter_app_key)),
            (Credential::TwitterAppSecret, take(&mut self.twitter_app_secret)),
            (Credential::TwitterAccessToken, take(&mut self.twitter_access_token)),
            (Credential::TwitterAccessSecret, take(&mut self.twitter_access_secret)),
        ]
    }
}
