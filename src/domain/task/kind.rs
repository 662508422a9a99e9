//! What a task does.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a task does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TaskType {
    /// Makes a picture with its words, and posts it.
    GenerateAndPost,
    /// The same, to X unless its config says otherwise: an older name.
    GenerateAndPostToTwitter,
    /// Makes pictures, and leaves them to a person.
    GenerateOnly,
    /// Posts the oldest approved picture that was not posted there yet.
    PostNext,
    /// The same: an older name.
    PostOnly,
    /// Trains a LoRA.
    TrainLora,
    /// Makes a backup.
    Backup,
    /// What another program has written; it is kept, and never runs.
    Other(String),
}

impl Default for TaskType {
    /// One that does not say what is to be done.
    fn default() -> Self {
        Self::Other(String::new())
    }
}

impl TaskType {
    /// Those a person may choose.
    pub const OFFERED: [Self; 5] = [Self::GenerateAndPost, Self::GenerateOnly, Self::PostNext, Self::TrainLora, Self::Backup];

    /// As it is stored and sent.
    pub fn key(&self) -> &str {
        match self {
            Self::GenerateAndPost => "generate_and_post",
            Self::GenerateAndPostToTwitter => "generate_and_post_to_twitter",
            Self::GenerateOnly => "generate_only",
            Self::PostNext => "post_next",
            Self::PostOnly => "post_only",
            Self::TrainLora => "train_lora",
            Self::Backup => "backup",
            Self::Other(key) => key,
        }
    }

    /// As a page says it.
    pub fn label(&self) -> &str {
        match self {
            Self::GenerateAndPost => "Make a picture and post it",
            Self::GenerateAndPostToTwitter => "Make a picture and post it to X",
            Self::GenerateOnly => "Make pictures",
            Self::PostNext | Self::PostOnly => "Post the next approved picture",
            Self::TrainLora => "Train a LoRA",
            Self::Backup => "Make a backup",
            Self::Other(key) => key,
        }
    }

    /// The type of that name, whatever it is.
    pub fn from_key(key: &str) -> Self {
        match key {
            "generate_and_post" => Self::GenerateAndPost,
            "generate_and_post_to_twitter" => Self::GenerateAndPostToTwitter,
            "generate_only" => Self::GenerateOnly,
            "post_next" => Self::PostNext,
            "post_only" => Self::PostOnly,
            "train_lora" => Self::TrainLora,
            "backup" => Self::Backup,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Whether pictures are made.
    pub fn generates(&self) -> bool {
        matches!(self, Self::GenerateAndPost | Self::GenerateAndPostToTwitter | Self::GenerateOnly)
    }

    /// Whether something is posted.
    pub fn posts(&self) -> bool {
        matches!(self, Self::GenerateAndPost | Self::GenerateAndPostToTwitter | Self::PostNext | Self::PostOnly)
    }

    /// Whether it is done for a character; else it is for all of the installation.
    pub fn needs_character(&self) -> bool {
        !matches!(self, Self::Backup)
    }

    /// Why such a task cannot be had, when it cannot.
    pub fn why_not(&self) -> Option<String> {
        let offered = Self::OFFERED.map(|kind| kind.key().to_owned()).join(", ");
        match self {
            Self::GenerateAndPost
            | Self::GenerateAndPostToTwitter
            | Self::GenerateOnly
            | Self::PostNext
            | Self::PostOnly
            | Self::TrainLora
            | Self::Backup => None,
            Self::Other(key) if key.is_empty() => Some(format!("Say what is to be done: {offered}.")),
            Self::Other(key) => Some(format!("“{key}” is not a type of task. Choose from {offered}.")),
        }
    }
}

impl Serialize for TaskType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.key())
    }
}

impl<'de> Deserialize<'de> for TaskType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
        Ok(Self::from_key(&key))
    }
}

impl utoipa::PartialSchema for TaskType {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}

impl utoipa::ToSchema for TaskType {}
