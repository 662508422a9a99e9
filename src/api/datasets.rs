//! Datasets: pictures with captions that a LoRA is trained on.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use chrono::Utc;
use serde::{Deserialize, Serialize};

use super::{
    error::{ProblemDocument, Refusal},
    extract::{Expected, Json, Query},
    images::accepted,
    jobs::JobView,
    pictures::{Keep, send},
    reply::{self, Part},
    uploads::Upload,
};
use crate::{
    domain::{
        content::ContentId,
        dataset::{
            CaptionsRequest, Changed, Dataset, DatasetChange, DatasetCheck, DatasetId, DatasetImage, DescribeRequest, FixRequest,
            NewDataset, Received,
        },
        model::Family,
    },
    prepared::Body,
    service::{
        self,
        datasets::{LookedAgain, Summary},
    },
    state::AppState,
};

/// Whose datasets.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub struct Whose {
    /// Of one character only.
    character_id: Option<String>,
}

/// For which family.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct For {
    /// `sd15`, `sdxl` or `flux`; that of the character's model when left out.
    #[param(value_type = Option<String>)]
    family: Option<Family>,
}

/// Datasets, newest first, each with how it stands.
#[utoipa::path(get, path = "/api/lora/datasets", tag = "datasets", params(Whose, Part), responses((status = 200, body = Vec<Summary>)))]
pub async fn list(
    State(app): State<AppState>,
    Query(whose): Query<Whose>,
    Query(part): Query<Part>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let datasets = service::datasets::list(&app, whose.character_id.as_deref());
    let page = reply::part_of(&datasets, &part, 50, |dataset| dataset.id.as_str())?;
    let summaries: Vec<_> = page.items.iter().map(|dataset| service::datasets::summary(&app, dataset)).collect();
    Ok(reply::page(&headers, &uri, Body::list(&summaries), Some(page.total), page.next.as_deref()))
}

/// Makes an empty dataset.
#[utoipa::path(post, path = "/api/lora/datasets", tag = "datasets", request_body = NewDataset, responses((status = 201, body = Dataset), (status = 422, body = ProblemDocument)))]
pub async fn create(State(app): State<AppState>, Json(new): Json<NewDataset>) -> Result<Response, Refusal> {
    let dataset = service::datasets::create(&app, new, Utc::now()).await?;
    Ok(reply::created(&dataset, &format!("/api/lora/datasets/{}", dataset.id)))
}

/// One dataset, with its pictures.
#[utoipa::path(get, path = "/api/lora/datasets/{id}", tag = "datasets", params(("id" = String, Path)), responses((status = 200, body = Dataset), (status = 404, body = ProblemDocument)))]
pub async fn get(State(app): State<AppState>, Path(id): Path<DatasetId>, headers: HeaderMap) -> Result<Response, Refusal> {
    Ok(reply::record(&headers, &*service::datasets::get(&app, &id)?))
}

/// Changes name or trigger word.
#[utoipa::path(patch, path = "/api/lora/datasets/{id}", tag = "datasets", request_body = DatasetChange, params(("id" = String, Path)), responses((status = 200, body = Dataset), (status = 404, body = ProblemDocument), (status = 412, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub async fn patch(
    State(app): State<AppState>,
    Path(id): Path<DatasetId>,
    expected: Expected,
    Json(change): Json<DatasetChange>,
) -> Result<Response, Refusal> {
    let dataset = service::datasets::change(&app, &id, change, expected, Utc::now()).await?;
    Ok(reply::record(&HeaderMap::new(), &dataset))
}

/// Deletes a dataset with its pictures, and stops what is written for it.
#[utoipa::path(delete, path = "/api/lora/datasets/{id}", tag = "datasets", params(("id" = String, Path)), responses((status = 204), (status = 404, body = ProblemDocument), (status = 412, body = ProblemDocument)))]
pub async fn delete(State(app): State<AppState>, Path(id): Path<DatasetId>, expected: Expected) -> Result<StatusCode, Refusal> {
    service::datasets::delete(&app, &id, expected, Utc::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Files for a dataset.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "the shape of the form, for the document alone")]
pub struct Files {
    /// PNG, JPEG and WebP pictures, text files with captions by the same name, and zip archives of both.
    #[schema(value_type = Vec<String>, format = Binary)]
    files: Vec<Vec<u8>>,
}

/// Adds pictures: PNG, JPEG or WebP, text files of the same name as their captions, and zip archives of both. The
/// answer lists what came and what was refused, with why. When nothing came, it is a problem: 413 when all was too
/// large, 415 when nothing was a picture.
#[utoipa::path(
    post, path = "/api/lora/datasets/{id}/images", tag = "datasets", params(("id" = String, Path)),
    request_body(content = Files, content_type = "multipart/form-data"),
    responses(
        (status = 200, body = Received), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument),
        (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument), (status = 422, body = ProblemDocument)
    )
)]
pub async fn add_images(State(app): State<AppState>, Path(id): Path<DatasetId>, upload: Upload) -> Result<Response, Refusal> {
    let received = upload.into_dataset(&app, &id).await?;
    match received.problem() {
        None => Ok(axum::Json(received).into_response()),
        Some(problem) => Err(problem.into()),
    }
}

/// Pictures of the library.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Contents {
    /// Approved pictures of the dataset's character.
    #[schema(value_type = Vec<String>)]
    content_ids: Vec<ContentId>,
    /// Whether what was asked for becomes the caption.
    use_prompts: bool,
}

/// Copies approved pictures of the library into the dataset.
#[utoipa::path(post, path = "/api/lora/datasets/{id}/contents", tag = "datasets", params(("id" = String, Path)), request_body = Contents, responses((status = 200, body = Received), (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub async fn add_contents(
    State(app): State<AppState>,
    Path(id): Path<DatasetId>,
    Json(contents): Json<Contents>,
) -> Result<Response, Refusal> {
    let Contents { content_ids, use_prompts } = contents;
    let received = service::datasets::copy_contents(&app, &id, content_ids, use_prompts, Utc::now()).await?;
    match received.problem() {
        None => Ok(axum::Json(received).into_response()),
        Some(problem) => Err(problem.into()),
    }
}

/// A picture.
#[utoipa::path(get, path = "/api/lora/datasets/{id}/images/{name}", tag = "datasets", params(("id" = String, Path), ("name" = String, Path)), responses((status = 200, content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/webp"))), (status = 404, body = ProblemDocument)))]
pub async fn image(
    State(app): State<AppState>,
    Path((id, name)): Path<(DatasetId, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let picture = service::datasets::picture(&app, &id, &name)?;
    let mime = picture.image.name.format().mime();
    let missing = || crate::domain::problem::Problem::not_found("picture");
    Ok(send(&picture.path, mime, &picture.image.digest, Keep::Ask, &headers).await.ok_or_else(missing)?)
}

/// A caption.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct Caption {
    /// At most 2,000 characters; line breaks become spaces.
    caption: String,
}

/// Changes a picture's caption.
#[utoipa::path(patch, path = "/api/lora/datasets/{id}/images/{name}", tag = "datasets", request_body = Caption, params(("id" = String, Path), ("name" = String, Path)), responses((status = 200, body = DatasetImage), (status = 404, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub async fn caption(
    State(app): State<AppState>,
    Path((id, name)): Path<(DatasetId, String)>,
    expected: Expected,
    Json(Caption { caption }): Json<Caption>,
) -> Result<Response, Refusal> {
    let image = service::datasets::set_caption(&app, &id, &name, &caption, expected, Utc::now()).await?;
    Ok(reply::record(&HeaderMap::new(), &image))
}

/// Takes a picture out of the dataset.
#[utoipa::path(delete, path = "/api/lora/datasets/{id}/images/{name}", tag = "datasets", params(("id" = String, Path), ("name" = String, Path)), responses((status = 204), (status = 404, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub async fn remove(
    State(app): State<AppState>,
    Path((id, name)): Path<(DatasetId, String)>,
    expected: Expected,
) -> Result<StatusCode, Refusal> {
    service::datasets::remove_images(&app, &id, vec![name], expected, Utc::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which pictures.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default)]
#[schema(as = ChosenImages)]
pub struct Chosen {
    names: Vec<String>,
}

/// Takes several pictures out of the dataset. Those that are not there are passed over.
#[utoipa::path(post, path = "/api/lora/datasets/{id}/images/delete", tag = "datasets", params(("id" = String, Path)), request_body = Chosen, responses((status = 200, body = Changed), (status = 422, body = ProblemDocument)))]
pub async fn remove_many(
    State(app): State<AppState>,
    Path(id): Path<DatasetId>,
    Json(Chosen { names }): Json<Chosen>,
) -> Result<axum::Json<Changed>, Refusal> {
    Ok(axum::Json(service::datasets::remove_images(&app, &id, names, Expected::ANY, Utc::now()).await?))
}

/// Looks the dataset over before it is trained on.
#[utoipa::path(get, path = "/api/lora/datasets/{id}/checks", tag = "datasets", params(("id" = String, Path), For), responses((status = 200, body = Vec<DatasetCheck>), (status = 404, body = ProblemDocument)))]
pub async fn checks(
    State(app): State<AppState>,
    Path(id): Path<DatasetId>,
    Query(wanted): Query<For>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let dataset = service::datasets::get(&app, &id)?;
    let family = wanted.family.unwrap_or_else(|| service::datasets::family(&app, &dataset));
    Ok(reply::tagged(&headers, Body::list(&service::datasets::checks(&app, &dataset, family))))
}

/// Does what a check offers.
#[utoipa::path(post, path = "/api/lora/datasets/{id}/fix", tag = "datasets", params(("id" = String, Path)), request_body = FixRequest, responses((status = 200, body = Changed), (status = 409, body = ProblemDocument)))]
pub async fn fix(
    State(app): State<AppState>,
    Path(id): Path<DatasetId>,
    Json(request): Json<FixRequest>,
) -> Result<axum::Json<Changed>, Refusal> {
    Ok(axum::Json(service::datasets::fix(&app, &id, request, Utc::now()).await?))
}

/// Changes many captions with a tool.
#[utoipa::path(post, path = "/api/lora/datasets/{id}/captions", tag = "datasets", params(("id" = String, Path)), request_body = CaptionsRequest, responses((status = 200, body = Changed), (status = 422, body = ProblemDocument)))]
pub async fn captions(
    State(app): State<AppState>,
    Path(id): Path<DatasetId>,
    Json(request): Json<CaptionsRequest>,
) -> Result<axum::Json<Changed>, Refusal> {
    Ok(axum::Json(service::datasets::use_tool(&app, &id, request, Utc::now()).await?))
}

/// Lets Gemini look at the pictures and write their captions: those that are missing or, with `again`, all.
#[utoipa::path(
    post, path = "/api/lora/datasets/{id}/caption-job", tag = "datasets", params(("id" = String, Path)), request_body = DescribeRequest,
    responses((status = 202, body = JobView), (status = 409, body = ProblemDocument), (status = 503, body = ProblemDocument))
)]
pub async fn caption_job(
    State(app): State<AppState>,
    Path(id): Path<DatasetId>,
    Json(request): Json<DescribeRequest>,
) -> Result<Response, Refusal> {
    let job = service::datasets::order_descriptions(&app, &id, request, Utc::now()).await?;
    Ok(accepted(&app, job))
}

/// Looks at every file again, and takes in pictures that were put into the folder by hand.
#[utoipa::path(post, path = "/api/lora/datasets/{id}/look-again", tag = "datasets", params(("id" = String, Path)), responses((status = 200, body = LookedAgain), (status = 404, body = ProblemDocument)))]
pub async fn look_again(State(app): State<AppState>, Path(id): Path<DatasetId>) -> Result<axum::Json<LookedAgain>, Refusal> {
    Ok(axum::Json(service::datasets::look_again(&app, &id, Utc::now()).await?))
}

/// What takes a change back.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default)]
#[schema(as = DatasetUndo)]
pub struct Undo {
    /// As it was answered.
    undo: String,
}

/// What came back.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RestoredImages)]
pub struct Restored {
    /// Of which dataset.
    dataset_id: DatasetId,
    /// What, in a sentence.
    words: String,
}

/// Brings back what was taken away together, or captions as they were before a tool changed them.
#[utoipa::path(post, path = "/api/lora/datasets/undo", tag = "datasets", request_body = Undo, responses((status = 200, body = Restored), (status = 409, body = ProblemDocument)))]
pub async fn undo(State(app): State<AppState>, Json(Undo { undo }): Json<Undo>) -> Result<axum::Json<Restored>, Refusal> {
    let undone = service::datasets::undo(&app, &undo, Utc::now()).await?;
    Ok(axum::Json(Restored { dataset_id: undone.dataset, words: undone.words }))
}
