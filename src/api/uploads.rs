//! Files that are sent as a form: read piece by piece, never all at once.

use axum::{
    extract::{FromRequest, Multipart, Request, multipart::MultipartError},
    http::{StatusCode, header},
};
use tokio::io::AsyncWriteExt;

use super::{error::Refusal, extract::is_json};
use crate::{
    domain::{
        dataset::{DatasetId, Received},
        problem::{Kind, Problem},
    },
    error::Error,
    service::{
        datasets::{Broke, Receiving},
        importing::{self, What},
    },
    state::AppState,
};

/// A form with files, not read yet.
pub struct Upload(Multipart);

impl FromRequest<AppState> for Upload {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, Refusal> {
        let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|length| length > app.config.upload_limit) {
            return Err(too_much(app, 0).into());
        }
        Multipart::from_request(request, app).await.map(Self).map_err(|_| Refusal::form_type())
    }
}

/// The largest JSON that is read as what is to be imported.
const LARGEST_JSON: usize = 32 << 20;

/// What is to be imported: a form with a file, or JSON. Complete, and on the disk where it is large.
pub struct Sent {
    /// It.
    pub what: What,
    /// What its sender calls it.
    pub name: String,
}

impl FromRequest<AppState> for Sent {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, Refusal> {
        if is_json(request.headers()) {
            let body = axum::body::to_bytes(request.into_body(), LARGEST_JSON).await;
            let too_large = format!("At most {} MB of JSON are read. Send a zip.", LARGEST_JSON >> 20);
            let bytes = body.map_err(|_| Problem::new(Kind::TooLarge, too_large))?;
            if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&bytes) {
                return Err(Problem::new(Kind::Malformed, format!("The body is not JSON: {error}.")).into());
            }
            return Ok(Self { what: What::Json(bytes.into()), name: "JSON".to_owned() });
        }
        Ok(Upload::from_request(request, app).await?.into_import(app).await?)
    }
}

impl Upload {
    /// Takes the first file, to be imported.
    pub async fn into_import(mut self, app: &AppState) -> Result<Sent, Problem> {
        let broke_off = |error: &MultipartError| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_much(app, 0),
            _ => Problem::new(Kind::Malformed, "The upload broke off, or is no form."),
        };
        loop {
            let Some(mut field) = self.0.next_field().await.map_err(|error| broke_off(&error))? else {
                return Err(Problem::invalid("file", "Choose a zip, or a JSON file."));
            };
            let Some(name) = field.file_name().map(str::to_owned).filter(|name| !name.is_empty()) else { continue };
            let (file, part) = importing::new_file(app).await?;
            let mut file = tokio::fs::File::from_std(file);
            let mut length = 0;
            while let Some(chunk) = field.chunk().await.map_err(|error| broke_off(&error))? {
                length += chunk.len() as u64;
                if length > app.config.upload_limit {
                    return Err(too_much(app, 0));
                }
                file.write_all(&chunk).await.map_err(Error::file("Writing what was sent"))?;
            }
            file.flush().await.map_err(Error::file("Writing what was sent"))?;
            if length == 0 {
                return Err(Problem::invalid("file", "The file is empty."));
            }
            return Ok(Sent { what: What::File(part), name });
        }
    }

    /// Takes the files into a dataset.
    pub async fn into_dataset(mut self, app: &AppState, id: &DatasetId) -> Result<Received, Problem> {
        let mut receiving = Receiving::begin(app, id)?;
        loop {
            let field = match self.0.next_field().await {
                Ok(Some(field)) => field,
                Ok(None) => break,
                Err(error) => return Err(broke_off(app, receiving, &error).await),
            };
            // A field without a name of a file is no file, and one with an empty name is a form without a choice.
            let Some(name) = field.file_name().map(str::to_owned).filter(|name| !name.is_empty()) else { continue };
            match receiving.file(&name, field).await {
                Ok(()) => {}
                Err(Broke::Ours(error)) => return Err(error.into()),
                Err(Broke::Theirs(error)) => return Err(broke_off(app, receiving, &error).await),
            }
        }
        Ok(receiving.finish().await?)
    }
}

/// The form ended too early. What had come by then stays.
async fn broke_off(app: &AppState, receiving: Receiving, error: &MultipartError) -> Problem {
    let added = receiving.finish().await.map(|received| received.added.len()).unwrap_or_default();
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_much(app, added);
    }
    Problem::new(Kind::Malformed, format!("The upload broke off, or is no form.{}", stays(added)))
}

fn too_much(app: &AppState, added: usize) -> Problem {
    let limit = app.config.upload_limit / 1_000_000;
    Problem::new(Kind::TooLarge, format!("This is more than {limit} MB at once. Send fewer files at a time.{}", stays(added)))
}

fn stays(added: usize) -> String {
    match added {
        0 => String::new(),
        1 => " 1 picture had come by then, and stays.".to_owned(),
        many => format!(" {many} pictures had come by then, and stay."),
    }
}
