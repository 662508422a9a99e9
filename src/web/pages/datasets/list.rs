//! All datasets.

use std::sync::Arc;

use leptos::prelude::*;

use super::{page_of, standing, thumbnail_url, whose};
use crate::{
    domain::{check::Verdict, dataset::Dataset},
    service,
    web::{
        components::{
            icon::Icon,
            page::{Empty, Heading, Pill},
        },
        context, words,
    },
};

/// How many pictures head a card.
const COVER: usize = 4;

/// The page.
#[component]
pub fn Datasets() -> impl IntoView {
    let app = context::app();
    let chosen = context::chosen_character();
    let datasets = service::datasets::list(&app, chosen.as_ref().map(|id| id.as_str()));
    let sub = words::count(datasets.len(), "dataset", "datasets");
    let new = chosen.map(|id| format!("/datasets/new?character={}", context::encode(id.as_str()))).unwrap_or("/datasets/new".into());
    let first = new.clone();
    let cards = datasets.into_iter().map(|dataset| view! { <Card dataset/> }).collect_view();
    view! {
        <Heading title="Datasets" sub=sub.into_any()>
            <a class="button primary" href=new><Icon of=icondata_lu::LuFolderPlus/>"New dataset"</a>
        </Heading>
        <div id="datasets" data-live="dataset">
            {if cards.is_empty() {
                view! {
                    <Empty icon=icondata_lu::LuGalleryThumbnails title="No datasets yet"
                        words="A LoRA learns a face from 15 to 40 pictures, each with a caption that says what differs. Gather them here; the checks tell when they are ready.">
                        <a class="button primary" href=first>"Make the first dataset"</a>
                    </Empty>
                }.into_any()
            } else {
                view! { <ul class="dataset-cards">{cards}</ul> }.into_any()
            }}
        </div>
    }
}

#[component]
fn Card(dataset: Arc<Dataset>) -> impl IntoView {
    let summary = service::datasets::summary(&context::app(), &dataset);
    let cover = dataset.usable().take(COVER).map(|image| {
        view! { <img src=thumbnail_url(&dataset.id, image) alt="" loading="lazy" decoding="async" width="120" height="120"/> }
    });
    let cover: Vec<_> = cover.collect();
    let empty = (cover.len()..COVER).map(|_| view! { <span></span> }).collect_view();
    let (tone, state) = match summary.images {
        0 => ("", "Empty"),
        _ => standing(summary.verdict),
    };
    let missing = summary.images - summary.captioned;
    let captions = match (summary.images, missing) {
        (0, _) => String::new(),
        (_, 0) => "all with a caption".to_owned(),
        (_, missing) => format!("{} without a caption", words::grouped(missing)),
    };
    let trigger = (!dataset.trigger_word.is_empty()).then(|| view! { <span class="tag">{words::start(&dataset.trigger_word, 40)}</span> });
    view! {
        <li class="card dataset-card" class:stopped=summary.verdict == Verdict::Stops>
            <div class="cover" aria-hidden="true">{cover}{empty}</div>
            <h2><a href=page_of(&dataset.id)>{dataset.name.clone()}</a></h2>
            <p class="muted">{whose(&dataset)}" "{trigger}</p>
            <p class="cluster"><Pill tone words=state/><span class="muted">{words::count(summary.images, "picture", "pictures")}</span></p>
            <p class="muted">{captions}</p>
        </li>
    }
    .into_any()
}
