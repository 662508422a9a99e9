//! Files from the form of a page: the same as over the API, answered by a page.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use chrono::Utc;
use tower_sessions::Session;

use crate::{
    api::{Refusal, Upload},
    domain::{
        dataset::{DatasetId, Received},
        problem::Problem,
    },
    service::importing,
    state::AppState,
    web::{
        context::encode,
        flash::{self, Flash, Refused, Toast},
        pages::imports::PAGE as IMPORT,
    },
};

/// `/actions/datasets/upload/{id}`: adds pictures, and leads back to the dataset with what came of it.
pub async fn into_dataset(
    State(app): State<AppState>,
    Path(id): Path<DatasetId>,
    session: Session,
    upload: Result<Upload, Refusal>,
) -> Response {
    let received = match upload {
        Ok(upload) => upload.into_dataset(&app, &id).await,
        Err(refusal) => Err(refusal.into_problem()),
    };
    flash::put(&session, told(received)).await;
    Redirect::to(&format!("/datasets/{}", encode(id.as_str()))).into_response()
}

/// `/actions/imports/upload`: reads what is to be imported, and leads to what would come of it.
pub async fn to_import(State(app): State<AppState>, session: Session, upload: Result<Upload, Refusal>) -> Response {
    let staged = async {
        let sent = upload.map_err(Refusal::into_problem)?.into_import(&app).await?;
        importing::stage(&app, sent.what, &sent.name, Utc::now()).await.map_err(Problem::from)
    };
    match staged.await {
        Ok(waiting) => Redirect::to(&format!("{IMPORT}/{}", encode(waiting.id.as_str()))).into_response(),
        Err(problem) => {
            flash::put(&session, Flash::refusing("import", problem)).await;
            Redirect::to(IMPORT).into_response()
        }
    }
}

/// What the page says: a short word for what came, a list of what did not.
fn told(received: Result<Received, Problem>) -> Flash {
    let refused = |problem| Some(Refused { form: "upload".into(), problem, values: serde_json::Value::Null });
    match received {
        Err(problem) => Flash { refused: refused(problem), ..Flash::default() },
        Ok(received) => {
            let good = received.is_something().then(|| Toast { good: true, words: received.came(), view: None, undo: None });
            Flash { toast: good, refused: received.left_out().and_then(refused), ..Flash::default() }
        }
    }
}
