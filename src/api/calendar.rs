//! The calendar: what is out, what goes out, what is proposed; and planning a week.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use chrono::{NaiveDate, Utc};
use serde::Deserialize;

use super::{
    error::{ProblemDocument, Refusal},
    extract::{Json, Query},
    jobs::JobView,
    reply,
};
use crate::{
    domain::{calendar, character::CharacterId, plan::PlanRequest, problem::Problem},
    prepared::Body,
    service::{
        calendar::{EntryView, between},
        plans,
    },
    state::AppState,
};

/// The most days of one answer.
const MOST_DAYS: i64 = 92;

/// Which days.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct Which {
    /// First day, as `YYYY-MM-DD`, in the time zone of the installation; today when left out.
    from: Option<String>,
    /// Last day, included; 30 days later when left out, at most 92.
    to: Option<String>,
    /// Whose.
    character_id: Option<CharacterId>,
}

/// Posts and proposals in order of time, each with what stands in its way.
#[utoipa::path(get, path = "/api/calendar", tag = "calendar", params(Which), responses((status = 200, body = Vec<EntryView>), (status = 422, body = ProblemDocument)))]
pub async fn get(State(app): State<AppState>, Query(which): Query<Which>, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    let now = Utc::now();
    let today = now.with_timezone(&app.timezone()).date_naive();
    let from = day("from", which.from.as_deref(), today)?;
    let to = day("to", which.to.as_deref(), from + chrono::Duration::days(30))?;
    if !(0..MOST_DAYS).contains(&(to - from).num_days()) {
        return Err(Problem::invalid("to", format!("Ask for 1 to {MOST_DAYS} days, the first before the last.")).into());
    }
    let (start, end) = (calendar::start_of(from, app.timezone()), calendar::start_of(to + chrono::Duration::days(1), app.timezone()));
    let state = app.store.read();
    let entries: Vec<EntryView> =
        between(&app, &state, start, end, which.character_id.as_ref(), now).into_iter().map(EntryView::from).collect();
    let total = entries.len();
    Ok(reply::page(&headers, &uri, Body::list(&entries), Some(total), None))
}

fn day(field: &str, text: Option<&str>, usual: NaiveDate) -> Result<NaiveDate, Problem> {
    let Some(text) = text else { return Ok(usual) };
    let day = calendar::day(text).filter(|day| day.to_string() == text);
    day.ok_or_else(|| Problem::invalid(field, "Write the day as YYYY-MM-DD."))
}

/// Has the drafts of a week made: a job for each character. They come to review, each with the time it could go out at.
#[utoipa::path(post, path = "/api/calendar/plan", tag = "calendar", request_body = PlanRequest, responses((status = 202, body = Vec<JobView>), (status = 422, body = ProblemDocument)))]
pub async fn plan(State(app): State<AppState>, Json(request): Json<PlanRequest>) -> Result<Response, Refusal> {
    let jobs = plans::week(&app, request, Utc::now()).await?;
    let views: Vec<_> = jobs.into_iter().map(|job| JobView::of(&app, job)).collect();
    Ok((StatusCode::ACCEPTED, axum::Json(views)).into_response())
}
