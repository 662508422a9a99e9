//! A bucket for pictures, where this server cannot be reached from outside.

use clap::Args;
use reqwest::Url;

use super::parse::{http_url, public_url, word};

/// A bucket that speaks S3: where Instagram fetches pictures when this server cannot be reached from outside.
#[derive(Debug, Clone, Default, Args)]
pub struct BucketConfig {
    /// The bucket's name; with it, pictures are laid there while Instagram fetches them.
    #[arg(long = "s3-bucket", env = "DALLA_S3_BUCKET", value_name = "DALLA_S3_BUCKET", value_parser = word)]
    pub bucket: Option<String>,

    /// Where the bucket is, for others than Amazon's.
    #[arg(long = "s3-endpoint", env = "DALLA_S3_ENDPOINT", value_name = "DALLA_S3_ENDPOINT", value_parser = http_url)]
    pub endpoint: Option<Url>,

    /// The bucket's region.
    #[arg(long = "s3-region", env = "DALLA_S3_REGION", value_name = "DALLA_S3_REGION", default_value = "us-east-1", value_parser = word)]
    pub region: String,

    /// The id of the key that may write there.
    #[arg(long = "s3-access-key-id", env = "DALLA_S3_ACCESS_KEY_ID", value_name = "DALLA_S3_ACCESS_KEY_ID", value_parser = word)]
    pub access_key_id: Option<String>,

    /// Folder in the bucket.
    #[arg(long = "s3-prefix", env = "DALLA_S3_PREFIX", value_name = "DALLA_S3_PREFIX", default_value = "digital-dalla", value_parser = word)]
    pub prefix: String,

    /// Public https address of the bucket; without it, addresses are signed and end after some hours.
    #[arg(long = "s3-public-url", env = "DALLA_S3_PUBLIC_URL", value_name = "DALLA_S3_PUBLIC_URL", value_parser = public_url)]
    pub public_address: Option<Url>,
}
