//! How much may go out, and what it costs.

use serde::{Deserialize, Serialize};

use crate::domain::caption::{self, Network};

/// What X charges for each alt text, in dollars.
const ALT_TEXT: f64 = 0.005;

/// Most posts of one account, by network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Caps {
    /// On Instagram.
    pub instagram: Cap,
    /// On X.
    pub x: Cap,
}

/// Most posts of one account on one network; 0 means as many as the network takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Cap {
    /// In a day, from midnight to midnight where the character is.
    pub per_day: u32,
    /// In a month of the calendar.
    pub per_month: u32,
}

/// What X charges for a post, in dollars.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Prices {
    /// Without a link.
    pub post: f64,
    /// With one.
    pub link: f64,
}

impl Caps {
    /// Those of a network.
    pub fn of(&self, network: Network) -> Cap {
        match network {
            Network::Instagram => self.instagram,
            Network::X => self.x,
        }
    }
}

impl Default for Prices {
    /// As X has published them (<https://docs.x.com/x-api/getting-started/pricing>, since April 2026).
    fn default() -> Self {
        Self { post: 0.015, link: 0.2 }
    }
}

impl Prices {
    /// What a post of these words costs.
    pub fn of(&self, text: &str, alt_texts: usize) -> f64 {
        let post = if caption::has_link(text) { self.link } else { self.post };
        post + ALT_TEXT * alt_texts as f64
    }
}
