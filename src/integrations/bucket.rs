//! A bucket that speaks S3: where a picture may lie for as long as Instagram fetches it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use object_store::{
    Attribute, Attributes, Certificate, ClientOptions, Error, ObjectStore, ObjectStoreExt, PutOptions, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    path::Path,
    signer::Signer,
};
use secrecy::{ExposeSecret, SecretString};

use super::http::ROOTS;
use crate::meters::Meters;

/// How long one call may take, all its repeats together: repeating an upload is harmless.
const PATIENCE: Duration = Duration::from_secs(30);

/// What did not work, in words for a person. The store's own words may quote what was sent, so they go no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BucketError {
    /// Nobody answers, or not in time.
    #[error("The bucket cannot be reached. Check DALLA_S3_ENDPOINT and the network.")]
    Unreachable,
    /// The keys are not taken.
    #[error("The bucket does not take the keys. Check DALLA_S3_ACCESS_KEY_ID and DALLA_S3_SECRET_ACCESS_KEY, and that they may write.")]
    Refused,
    /// There is no such bucket.
    #[error("There is no such bucket there. Check DALLA_S3_BUCKET, DALLA_S3_ENDPOINT and DALLA_S3_REGION.")]
    NotThere,
}

/// The bucket.
#[derive(Debug)]
pub struct Bucket {
    store: AmazonS3,
    name: String,
    prefix: String,
    public: Option<reqwest::Url>,
    meters: Meters,
}

/// Which bucket, and who we are there.
#[derive(Debug)]
pub struct Access<'a> {
    /// The bucket's name.
    pub name: &'a str,
    /// Where it is, for others than Amazon's.
    pub endpoint: Option<&'a reqwest::Url>,
    /// Its region.
    pub region: &'a str,
    /// The folder in it that is ours.
    pub prefix: &'a str,
    /// Its public address; without one, addresses are signed.
    pub public: Option<&'a reqwest::Url>,
    /// The id of the key that may write there.
    pub key_id: &'a str,
    /// The key.
    pub key: &'a SecretString,
}

/// As every client of ours does where the system has no certificates.
fn trusting_browsers(options: ClientOptions) -> ClientOptions {
    let roots = ROOTS.iter().filter_map(|root| Certificate::from_der(root).ok());
    roots.fold(options.with_no_system_certificates(true), ClientOptions::with_root_certificate)
}

impl Bucket {
    /// The bucket of that name, whose calls are counted. Asks nobody yet.
    pub fn new(access: Access<'_>, meters: Meters) -> Self {
        let builder = || {
            AmazonS3Builder::new()
                .with_bucket_name(access.name)
                .with_region(access.region)
                .with_access_key_id(access.key_id)
                .with_secret_access_key(access.key.expose_secret())
                // Not every bucket understands the call that deletes many.
                .with_disable_bulk_delete(true)
                .with_retry(RetryConfig { max_retries: 2, retry_timeout: PATIENCE, ..RetryConfig::default() })
        };
        let build = |options: ClientOptions| match access.endpoint {
            // Only a bucket at home is spoken to without encryption.
            Some(endpoint) => builder()
                .with_endpoint(endpoint.as_str().trim_end_matches('/'))
                .with_client_options(options.with_allow_http(endpoint.scheme() == "http"))
                .build(),
            None => builder().with_client_options(options).build(),
        };
        let options = ClientOptions::new().with_timeout(PATIENCE);
        let store = build(options.clone()).or_else(|_| build(trusting_browsers(options)));
        let store = store.expect("a name, a region and keys are all it asks for, and addresses are addresses");
        Self { store, name: access.name.to_owned(), prefix: access.prefix.to_owned(), public: access.public.cloned(), meters }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Puts a picture there under a name nobody can guess, and answers an https address that is good at least so long.
    pub async fn put(&self, name: &str, jpeg: Bytes, good_for: Duration) -> Result<String, BucketError> {
        let path = self.path(name);
        let attributes = Attributes::from_iter([(Attribute::ContentType, "image/jpeg"), (Attribute::CacheControl, "private, no-store")]);
        let options = PutOptions { attributes, ..PutOptions::default() };
        self.count(self.store.put_opts(&path, jpeg.into(), options)).await.map_err(|error| said(&error))?;
        if let Some(public) = &self.public {
            return Ok(format!("{}/{path}", public.as_str().trim_end_matches('/')));
        }
        let signed = self.store.signed_url(reqwest::Method::GET, &path, good_for).await;
        signed.map(|url| url.to_string()).map_err(|error| said(&error))
    }

    /// Takes a picture away. One that is not there is away.
    pub async fn delete(&self, name: &str) -> Result<(), BucketError> {
        match self.count(self.store.delete(&self.path(name))).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(said(&error)),
        }
    }

    /// Takes away what was put there before that moment, and answers how many pictures that were.
    pub async fn sweep(&self, before: DateTime<Utc>) -> Result<usize, BucketError> {
        let folder = Path::from(self.prefix.as_str());
        let old = self.store.list(Some(&folder)).try_filter(|object| std::future::ready(object.last_modified < before));
        let old: Vec<_> = self.count(old.try_collect()).await.map_err(|error| said(&error))?;
        for object in &old {
            self.count(self.store.delete(&object.location)).await.map_err(|error| said(&error))?;
        }
        Ok(old.len())
    }

    /// Makes a call, and counts it as calls of the other services are.
    async fn count<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let begun = Instant::now();
        let answer = call.await;
        let outcome = match answer.as_ref().map_err(said) {
            // What is to be taken away may be gone already.
            Ok(_) | Err(BucketError::NotThere) => "ok",
            Err(BucketError::Refused) => "refused",
            Err(BucketError::Unreachable) => "unreachable",
        };
        self.meters.call("bucket", outcome, begun.elapsed());
        answer
    }

    fn path(&self, name: &str) -> Path {
        Path::from(self.prefix.as_str()).join(name)
    }
}

fn said(error: &Error) -> BucketError {
    match error {
        Error::Unauthenticated { .. } | Error::PermissionDenied { .. } => BucketError::Refused,
        Error::NotFound { .. } => BucketError::NotThere,
        _ => BucketError::Unreachable,
    }
}
