//! What a person has set for the whole installation. Holds no secrets.

mod appearance;
mod fit;
mod posting;

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

pub use self::{
    appearance::{Theme, WeekStart},
    fit::Fit,
    posting::{Cap, Caps, Prices},
};
use super::times::Hours;

use super::{model::Family, template::Templates, training::TrainerSettings};

/// The one object in `settings.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// The time zone of the installation, as IANA names it; empty means as it was started.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub timezone: String,
    /// How pages say the time of day.
    #[serde(skip_serializing_if = "is_usual")]
    pub clock: Hours,
    /// With which day weeks begin.
    #[serde(skip_serializing_if = "is_usual")]
    pub week_start: WeekStart,
    /// How pages look for those who have not chosen themselves.
    #[serde(skip_serializing_if = "is_usual")]
    pub theme: Theme,
    /// Which family a model or LoRA belongs to, where a person knew better; by name as ComfyUI lists it.
    pub model_families: BTreeMap<String, Family>,
    /// The Gemini model that writes; empty means the usual one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub gemini_model: String,
    /// What is written when Gemini cannot be asked; `None` means those we come with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub templates: Option<Templates>,
    /// Whether everything happens except the calls that make posts public; `None` means as the installation began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
    /// Whether scheduling and posting stand still.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
    /// Minutes between two posts of one account; `None` means 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap_minutes: Option<u32>,
    /// Most posts of one account.
    #[serde(skip_serializing_if = "is_usual")]
    pub caps: Caps,
    /// What X charges, where a person knew better; `None` means its published prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x_prices: Option<Prices>,
    /// The id of the account on Instagram that the token for all characters belongs to.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub instagram_account_id: String,
    /// Addresses of the ComfyUI servers; empty means as it was started. No names or passwords.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub comfyui_urls: Vec<String>,
    /// The public address from which Instagram fetches pictures; empty means as it was started.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub public_url: String,
    /// How a picture gets the shape a network wants.
    pub fit: Fit,
    /// How many backups stay when a new one was made; `None` means as many as is usual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backups_kept: Option<u32>,
    /// Where notifications are sent; empty means nowhere. Its secret is sealed elsewhere.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub webhook_url: String,
    /// The trainer, where a person has set it.
    #[serde(skip_serializing_if = "TrainerSettings::is_empty")]
    pub trainer: TrainerSettings,
    /// Since when a password is asked for; `None` when none is. The password itself lies with the secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_since: Option<DateTime<Utc>>,
    /// Fields we do not know, kept as they came.
    #[serde(flatten)]
    pub extra: serde_json::Map<String, serde_json::Value>,
}

impl Settings {
    /// The time between two posts of one account.
    pub fn gap(&self) -> Duration {
        Duration::minutes(self.gap_minutes.unwrap_or(30).into())
    }

    /// The time zone that is set, if one is.
    pub fn zone(&self) -> Option<Tz> {
        self.timezone.parse().ok()
    }

    /// What X charges, for all we know.
    pub fn prices(&self) -> Prices {
        self.x_prices.unwrap_or_default()
    }
}

/// Whether a value need not be stored.
fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_nobody_has_set_is_not_written_and_what_was_set_is_read_again() {
        let untouched = serde_json::to_value(Settings::default()).unwrap();
        assert_eq!(untouched, json!({"modelFamilies": {}, "fit": "crop"}));
        let set = json!({
            "timezone": "Asia/Tokyo", "clock": "12", "weekStart": "sunday", "theme": "dark", "modelFamilies": {},
            "caps": {"instagram": {"perDay": 3, "perMonth": 0}, "x": {"perDay": 0, "perMonth": 500}},
            "xPrices": {"post": 0.01, "link": 0.3}, "comfyuiUrls": ["http://box:8188"], "publicUrl": "https://box.example", "fit": "crop"
        });
        let read: Settings = serde_json::from_value(set.clone()).unwrap();
        assert_eq!(read.zone(), Some(chrono_tz::Asia::Tokyo));
        assert_eq!(serde_json::to_value(read).unwrap(), set);
    }
}
