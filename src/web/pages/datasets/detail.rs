//! One dataset: its pictures with their captions, what is still to be done, and the tools for it.

use std::sync::Arc;

use leptos::prelude::*;

use super::{
    deeds::NamesForm,
    grid::{Grid, Shown},
    page_of,
    side::{Checks, Tools, Writer, Writing},
    this_dataset, whose,
};
use crate::{
    domain::dataset::{Dataset, MOST_IMAGES},
    service,
    web::{
        components::{
            icon::Icon,
            page::{Heading, Missing},
        },
        context,
        form::{Field, Form, ProblemSummary},
        words,
    },
};

/// The page.
#[component]
pub fn Detail() -> impl IntoView {
    let Some(dataset) = this_dataset() else { return view! { <Missing what="dataset"/> }.into_any() };
    let shown = Shown::here(&dataset);
    let captioned = dataset.images.iter().filter(|image| !image.caption.is_empty()).count();
    let trigger =
        (!dataset.trigger_word.is_empty()).then(|| view! { " · trigger word "<span class="tag">{dataset.trigger_word.clone()}</span> });
    let counts =
        format!(" · {}, {}", words::count(dataset.images.len(), "picture", "pictures"), words::count(captioned, "caption", "captions"));
    let sub = view! { <span id="counts" data-live="dataset">{whose(&dataset)}{trigger}{counts}</span> };
    let library = format!("{}/library", page_of(&dataset.id));
    let train = dataset.usable().next().is_some().then(|| format!("/training/new?dataset={}", context::encode(dataset.id.as_str())));
    let train = train.map(|href| view! { <a class="button primary" href=href><Icon of=icondata_lu::LuDumbbell/>"Train a LoRA"</a> });
    view! {
        <nav class="crumbs" aria-label="Where this is"><a href="/datasets">"Datasets"</a></nav>
        <Heading title=dataset.name.clone() sub=sub.into_any()>
            <a class="button" href=library><Icon of=icondata_lu::LuImages/>"Add approved pictures"</a>
            {train}
        </Heading>
        <div class="dataset">
            <div class="stack">
                <Add dataset=Arc::clone(&dataset)/>
                <Writing dataset=Arc::clone(&dataset)/>
                <Grid dataset=Arc::clone(&dataset) shown=shown.clone()/>
            </div>
            <aside class="stack" aria-label="Checks and tools">
                <Checks dataset=Arc::clone(&dataset) shown=shown.clone()/>
                <Writer dataset=Arc::clone(&dataset)/>
                <Tools dataset=Arc::clone(&dataset) shown/>
                <Names dataset/>
            </aside>
        </div>
    }
    .into_any()
}

/// Where files are dropped or chosen.
#[component]
fn Add(dataset: Arc<Dataset>) -> impl IntoView {
    let refused = Form::new("upload", || ()).problem.map(|problem| {
        let files = problem.errors.iter().take(50);
        let files =
            files.map(|error| view! { <li><b class="name">{error.field.clone()}</b>" "{error.message.clone()}</li> }).collect_view();
        let more = problem.errors.len().saturating_sub(50);
        let more = (more > 0).then(|| view! { <li>{format!("and {}", words::count(more, "more file", "more files"))}</li> });
        view! { <div class="problem" role="alert" tabindex="-1"><h2>{problem.message.clone()}</h2><ul>{files}{more}</ul></div> }
    });
    let limit = context::app().config.picture_limit / 1_000_000;
    let action = format!("/actions/datasets/upload/{}", context::encode(dataset.id.as_str()));
    let help = format!(
        "PNG, JPEG or WebP up to {limit} MB each. Text files of the same name become captions; zip archives with both are unpacked. {} of {MOST_IMAGES} places are taken.",
        dataset.images.len()
    );
    view! {
        {refused}
        <form class="drop" method="post" action=action enctype="multipart/form-data" data-upload="">
            <label for="files"><Icon of=icondata_lu::LuUpload/><span class="js-only">"Drop pictures here, or choose them"</span><span class="noscript">"Choose pictures"</span></label>
            <input id="files" type="file" name="files" multiple accept=".png,.jpg,.jpeg,.webp,.txt,.zip,image/png,image/jpeg,image/webp" aria-describedby="files-help" required/>
            <p class="help" id="files-help">{help}</p>
            <button class="button primary">"Add"</button>
            <div class="sending" hidden role="status"><progress class="bar" max="1" value="0" aria-label="Sending"></progress><p></p></div>
        </form>
    }
    .into_any()
}

/// Name and trigger word, and the end of it.
#[component]
fn Names(dataset: Arc<Dataset>) -> impl IntoView {
    let form = Form::new("names", || NamesForm { name: dataset.name.clone(), trigger_word: dataset.trigger_word.clone() });
    let values = form.values.clone();
    let lies = service::datasets::lies_in(&context::app(), &dataset.id);
    view! {
        <section class="card" id="names"><header><h2>"About"</h2></header><div class="body stack">
            <form class="stack" method="post" action="/actions/datasets/save" data-guard="">
                <input type="hidden" name="id" value=dataset.id.to_string()/>
                <ProblemSummary problem=form.problem.clone()/>
                <Field name="name" label="Name" value=values.name wrong=form.wrong("name") required=true limit=80/>
                <Field name="triggerWord" label="Trigger word" value=values.trigger_word wrong=form.wrong("triggerWord") optional=true limit=80
                    help="Calls the character in a prompt once the LoRA is trained. Captions are not changed by it; the check says which lack it."/>
                <div class="form-actions"><button class="button">"Save"</button></div>
            </form>
            {lies.map(|path| view! { <p class="help">"The pictures lie in "<code>{path}</code>", each with its caption beside it. What you put there is taken in when you look at the files again."</p> })}
            <form method="post" action="/actions/datasets/delete">
                <input type="hidden" name="id" value=dataset.id.to_string()/>
                <button class="button quiet danger small"><Icon of=icondata_lu::LuTrash2/>"Delete dataset"</button>
            </form>
        </div></section>
    }
    .into_any()
}
