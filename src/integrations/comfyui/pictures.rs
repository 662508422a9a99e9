//! Taking finished pictures over from the server.

use bytes::Bytes;
use tokio::time::sleep;

use super::{
    Comfy,
    error::{ComfyError, DrawError},
    failure, png,
    wire::{Entry, ImageFile},
};

/// How often a picture is asked for when the connection breaks.
const TRIES: u32 = 4;
/// A picture that is damaged twice is damaged on the server.
const MOST_DAMAGED: u32 = 2;
/// Pictures are large: they may take several times as long as another answer.
const LONGER: u32 = 8;

/// A picture with its bytes as ComfyUI saved them.
#[derive(Debug, Clone)]
pub struct DrawnPicture {
    /// PNG, with the workflow in its metadata.
    pub bytes: Bytes,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Its name on the server, which is no key: that of a deleted picture is used again.
    pub filename: String,
}

impl Comfy {
    /// How a prompt ended, with its pictures when it ended well.
    pub(super) async fn outcome(&self, entry: &Entry) -> Result<Vec<DrawnPicture>, DrawError> {
        match entry.ending() {
            Some(("execution_error", facts)) => return Err(DrawError::Failed(failure::words(facts))),
            Some(("execution_interrupted", _)) => return Err(DrawError::Interrupted),
            Some(_) | None => {}
        }
        let mut pictures = Vec::new();
        for image in entry.images() {
            pictures.push(self.fetch(image).await?);
        }
        // Without any there is nothing to show, whatever the server says of success.
        if pictures.is_empty() { Err(DrawError::OutputGone) } else { Ok(pictures) }
    }

    async fn fetch(&self, image: ImageFile) -> Result<DrawnPicture, DrawError> {
        let (mut tries, mut damaged) = (0, 0);
        loop {
            tries += 1;
            match self.view(&image).await {
                Ok(bytes) => match png::size(&bytes) {
                    Some((width, height)) => return Ok(DrawnPicture { bytes, width, height, filename: image.filename }),
                    None => damaged += 1,
                },
                Err(ComfyError::Status { status: 404, .. }) => return Err(DrawError::OutputGone),
                Err(error) if tries >= TRIES => return Err(error.into()),
                Err(_) => sleep(self.0.limits.poll).await,
            }
            if damaged >= MOST_DAMAGED {
                return Err(DrawError::Protocol(format!("The picture arrived damaged from ComfyUI at {}. Try again.", self.address())));
            }
        }
    }

    async fn view(&self, image: &ImageFile) -> Result<Bytes, ComfyError> {
        let query = [("filename", &image.filename), ("subfolder", &image.subfolder), ("type", &image.folder)];
        let request = self.0.http.get(self.url("view")).query(&query);
        let answer = self.send_within(request, self.0.limits.request * LONGER).await?;
        answer.bytes().await.map_err(|error| self.failure(&error))
    }
}
