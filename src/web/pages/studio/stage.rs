//! The Studio's stage: the job that is watched, its pictures, and what can be done with them.

use std::sync::Arc;

use leptos::prelude::*;

use crate::{
    domain::{
        content::{Content, ReviewState},
        job::{Job, JobStatus},
    },
    service,
    web::{
        components::{
            icon::Icon,
            job::{JobActions, JobProgress},
            page::Empty,
            picture::{Tile, alt},
        },
        context,
    },
};

/// The picture in the making, or the one that was made.
#[component]
pub fn Stage(job: Option<Arc<Job>>) -> impl IntoView {
    let Some(job) = job else {
        return view! {
            <div class="card"><Empty icon=icondata_lu::LuSparkles title="Ready when you are" words="Say what happens in the picture and press Generate. It appears here while it is being drawn."/></div>
        }
        .into_any();
    };
    let app = context::app();
    let contents = service::images::contents(&app, &job);
    let picked = context::query("picture");
    let shown = contents.iter().find(|content| content.id.as_str() == picked).or(contents.last()).cloned();
    let topics = format!("job:{} content", job.id);
    let inner = match (&job.status, shown) {
        (JobStatus::Done, Some(content)) => view! { <Finished content/> }.into_any(),
        (_, shown) => view! { <Unfinished job=Arc::clone(&job) last=shown/> }.into_any(),
    };
    let notes = job.notes.iter().map(|note| view! { <p class="note info">{note.clone()}</p> }).collect_view();
    let again = (!job.status.is_final()).then(|| view! { <p class="noscript"><a class="button" href="">"Look again"</a></p> });
    view! { <div class="stack" id="stage" data-live=topics>{inner}{again}{notes}</div> }.into_any()
}

#[component]
fn Unfinished(job: Arc<Job>, last: Option<Arc<Content>>) -> impl IntoView {
    let app = context::app();
    let progress = app.live.progress(&job.id);
    let preview = progress
        .as_ref()
        .filter(|progress| progress.preview > 0)
        .map(|progress| format!("/api/jobs/{}/preview?n={}", job.id, progress.preview));
    let image = preview.or_else(|| last.map(|content| content.image_url()));
    let (id, state) = (job.id.to_string(), job.status.key());
    let (width, height) = job.images().map_or((1, 1), |order| (order.recipe.width, order.recipe.height));
    let picture = match image {
        Some(image) => view! { <img class="job-preview" src=image width=width height=height alt="The picture in the making"/> }.into_any(),
        // Script puts the first preview here.
        None => view! { <div class="job-preview"></div> }.into_any(),
    };
    view! {
        <div class="stage" data-job=id data-state=state>
            {picture}
            <div class="over">
                <JobProgress job=Arc::clone(&job) progress/>
                <JobActions job/>
            </div>
        </div>
    }
}

#[component]
fn Finished(content: Arc<Content>) -> impl IntoView {
    let id = context::encode(content.id.as_str());
    let page = format!("/content/{id}");
    let (width, height) = content.picture.as_ref().map_or((1, 1), |picture| (picture.width, picture.height));
    view! {
        <a class="stage" href=page.clone()><img src=content.image_url() width=width height=height alt=alt(&content)/></a>
        <div class="cluster">
            <a class="button" href=page.clone()><Icon of=icondata_lu::LuInfo/>"How it was made"</a>
            {(content.state == ReviewState::Draft).then(|| view! {
                <form method="post" action="/actions/review/decide">
                    <input type="hidden" name="id" value=content.id.to_string()/><input type="hidden" name="decision" value="submit"/>
                    <input type="hidden" name="back" value=page/>
                    <button class="button"><Icon of=icondata_lu::LuCheckCheck/>"Send to review"</button>
                </form>
            })}
            <a class="button" href=format!("/content/{id}#captions")><Icon of=icondata_lu::LuPenLine/>"Caption"</a>
            <a class="button" href=format!("/studio?remix={id}")><Icon of=icondata_lu::LuShuffle/>"Remix"</a>
            <a class="button" href=format!("/media/{id}.png?download=1")><Icon of=icondata_lu::LuDownload/>"Download"</a>
        </div>
    }
}

/// The pictures of the batch: those that are there, and room for those to come. Without a job, the newest.
#[component]
pub fn Strip(job: Option<Arc<Job>>) -> impl IntoView {
    const NEWEST: usize = 6;
    let app = context::app();
    let state = app.store.read();
    let tiles = match &job {
        Some(job) => job
            .images()
            .into_iter()
            .flat_map(|order| &order.shots)
            .map(|shot| match state.content.get(shot.content_id.as_str()) {
                Some(content) => {
                    view! { <li class="picture" data-id=shot.content_id.to_string()><Tile content=Arc::clone(content)/></li> }.into_any()
                }
                None if job.status.is_final() => ().into_any(),
                None => view! { <li class="picture waiting" data-id=shot.content_id.to_string()></li> }.into_any(),
            })
            .collect_view(),
        None => state
            .content
            .newest()
            .take(NEWEST)
            .map(|content| view! { <li class="picture"><Tile content=Arc::clone(content)/></li> }.into_any())
            .collect_view(),
    };
    let topics = job.map_or_else(|| "content".to_owned(), |job| format!("job:{} content", job.id));
    view! { <ul class="strip" id="strip" data-live=topics>{tiles}</ul> }
}
