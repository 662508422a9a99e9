//! Files that are sent as a form: read piece by piece, never all at once.

use axum::{
    extract::{FromRequest, Multipart, Request, multipart::MultipartError},
    http::{StatusCode, header},
};

use super::error::Refusal;
use crate::{
    domain::{
        dataset::{DatasetId, Received},
        problem::{Kind, Problem},
    },
    service::datasets::{Broke, Receiving},
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

impl Upload {
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
