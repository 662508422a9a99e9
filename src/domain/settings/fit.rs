//! How a picture gets the shape a network wants.

use serde::{Deserialize, Serialize};

/// How a picture gets the shape a network wants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// Its edges are cut off, the middle stays.
    #[default]
    Crop,
    /// It stays whole between bars of the colour of its edges.
    Pad,
    /// It stays whole over a blurred enlargement of itself.
    Fit,
}

impl Fit {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Crop, Self::Pad, Self::Fit];

    /// As it is stored and sent.
    pub fn key(self) -> &'static str {
        match self {
            Self::Crop => "crop",
            Self::Pad => "pad",
            Self::Fit => "fit",
        }
    }

    /// As a page says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Crop => "Crop to the middle",
            Self::Pad => "Keep it whole between bars",
            Self::Fit => "Keep it whole over a blurred copy",
        }
    }

    /// The way of that name.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fit| fit.key() == key)
    }
}
