//! The bodies of JSON calls. All are closed: an unknown field is refused.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Beginning {
    pub(super) media_type: String,
    pub(super) total_bytes: usize,
    pub(super) media_category: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Description {
    pub(super) id: String,
    pub(super) metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Metadata {
    pub(super) alt_text: AltText,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AltText {
    pub(super) text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPost {
    #[serde(default)]
    pub(super) text: String,
    #[serde(default)]
    pub(super) media: Option<NewMedia>,
    #[serde(default)]
    pub(super) made_with_ai: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMedia {
    pub(super) media_ids: Vec<String>,
}
