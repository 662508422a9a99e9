//! Picking approved pictures of the library for a dataset.

use std::sync::Arc;

use leptos::prelude::*;

use super::{page_of, this_dataset, whose};
use crate::{
    domain::content::Content,
    service,
    web::{
        components::{
            icon::Icon,
            page::{Empty, Heading, Missing},
            picture::Thumbnail,
        },
        context, words,
    },
};

/// How many pictures are offered at once.
const OFFERED: usize = 200;

/// The page.
#[component]
pub fn Library() -> impl IntoView {
    let Some(dataset) = this_dataset() else { return view! { <Missing what="dataset"/> }.into_any() };
    let contents = service::datasets::copyable(&context::app(), &dataset, OFFERED);
    let name = whose(&dataset);
    let crumbs = view! {
        <nav class="crumbs" aria-label="Where this is"><a href="/datasets">"Datasets"</a><a href=page_of(&dataset.id)>{dataset.name.clone()}</a></nav>
    };
    if contents.is_empty() {
        let content = format!("/content?character={}", context::encode(dataset.character_id.as_str()));
        let words = format!("There is no approved picture of {name} that is not in this dataset already. Approve some under Content.");
        return view! {
            {crumbs}
            <Heading title="Add approved pictures"/>
            <Empty icon=icondata_lu::LuImages title="Nothing to add" words>
                <a class="button primary" href=content>"Open Content"</a>
            </Empty>
        }
        .into_any();
    }
    let sub = match contents.len() {
        OFFERED => format!("The newest {OFFERED} of {name}; copies, so that the library stays as it is."),
        _ => format!("Approved pictures of {name}; copies, so that the library stays as it is."),
    };
    let tiles = contents.into_iter().map(|content| view! { <Tile content/> }).collect_view();
    let (back, id) = (page_of(&dataset.id), dataset.id.to_string());
    view! {
        {crumbs}
        <Heading title="Add approved pictures" sub=sub.into_any()>
            <a class="button quiet" href=back>"Back"</a>
        </Heading>
        <form class="library" method="post" action="/actions/datasets/copy">
            <input type="hidden" name="id" value=id/>
            <ul class="pictures">{tiles}</ul>
            <div class="bulk-bar">
                <span class="muted" data-picked="">"Picked"</span>
                <label class="check js-only"><input type="checkbox" data-pick-all=""/>"All"</label>
                <label class="check"><input type="checkbox" name="form[prompts]" value="yes" checked=true/>"Their prompts as captions"</label>
                <button class="button primary"><Icon of=icondata_lu::LuPlus/>"Add to dataset"</button>
            </div>
        </form>
    }
    .into_any()
}

#[component]
fn Tile(content: Arc<Content>) -> impl IntoView {
    let title = words::start(content.title(), 80);
    view! {
        <li class="picture">
            <label class="pick"><input type="checkbox" name="form[contents][]" value=content.id.to_string() aria-label=format!("Pick: {title}")/></label>
            <a href=format!("/content/{}", context::encode(content.id.as_str())) title=title>
                <Thumbnail content=Arc::clone(&content)/>
            </a>
        </li>
    }
    .into_any()
}
