//! What the buttons on a dataset's page do.

use chrono::Utc;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::page_of;
use crate::{
    domain::{
        content::ContentId,
        dataset::{CaptionStyle, CaptionTool, CaptionsRequest, Changed, DatasetChange, DatasetId, DescribeRequest, Fix, FixRequest},
        model::Family,
    },
    expected::Expected,
    service,
    web::{
        actions::{Done, Sending, press, submit},
        context,
        pages::jobs::page_of as job_page,
        words,
    },
};

/// Name and trigger word, as they are typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NamesForm {
    pub(super) name: String,
    pub(super) trigger_word: String,
}

/// Pictures that were picked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PickedForm {
    names: Vec<String>,
}

/// A tool for captions, with what is typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ToolForm {
    pub(super) tool: CaptionTool,
    pub(super) words: String,
    pub(super) find: String,
    pub(super) replace: String,
    pub(super) tag: String,
    names: Vec<String>,
}

/// What Gemini is to write.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DescribeForm {
    pub(super) style: CaptionStyle,
    pub(super) again: Option<String>,
    names: Vec<String>,
}

/// Pictures of the library that were picked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LibraryForm {
    contents: Vec<ContentId>,
    prompts: Option<String>,
}

/// Changes name or trigger word.
#[server(prefix = "/actions", endpoint = "datasets/save")]
pub async fn save_dataset(id: DatasetId, #[server(default)] form: NamesForm) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = format!("{}#names", page_of(&id));
    submit(Sending { name: "names", page, values: &form }, async {
        let change = DatasetChange { name: form.name.clone().into(), trigger_word: form.trigger_word.clone().into() };
        service::datasets::change(&app, &id, change, Expected::ANY, Utc::now()).await?;
        Ok(Done::to(page_of(&id)).saying("Saved."))
    })
    .await
}

/// Deletes a dataset. It can be brought back for a while.
#[server(prefix = "/actions", endpoint = "datasets/delete")]
pub async fn delete_dataset(id: DatasetId) -> Result<(), ServerFnError> {
    let app = context::app();
    press(&page_of(&id), async {
        let name = service::datasets::get(&app, &id)?.name.clone();
        let token = service::datasets::delete(&app, &id, Expected::ANY, Utc::now()).await?;
        Ok(Done::to("/datasets").saying(format!("{name} is deleted.")).undone_by("/actions/datasets/undo", token))
    })
    .await
}

/// Takes back what a toast offers to.
#[server(prefix = "/actions", endpoint = "datasets/undo")]
pub async fn undo_dataset(token: String) -> Result<(), ServerFnError> {
    let app = context::app();
    press("/datasets", async {
        let undone = service::datasets::undo(&app, &token, Utc::now()).await?;
        Ok(Done::to(page_of(&undone.dataset)).saying(undone.words))
    })
    .await
}

/// Saves one caption.
#[server(prefix = "/actions", endpoint = "datasets/caption")]
pub async fn save_caption(
    id: DatasetId,
    name: String,
    #[server(default)] caption: String,
    #[server(default)] back: String,
) -> Result<(), ServerFnError> {
    let app = context::app();
    let back = back_to(&id, back);
    press(&back, async {
        service::datasets::set_caption(&app, &id, &name, &caption, Expected::ANY, Utc::now()).await?;
        Ok(Done::to(back.clone()).saying("Saved."))
    })
    .await
}

/// Takes the picked pictures out.
#[server(prefix = "/actions", endpoint = "datasets/remove")]
pub async fn remove_picked(
    id: DatasetId,
    #[server(default)] form: PickedForm,
    #[server(default)] back: String,
) -> Result<(), ServerFnError> {
    let app = context::app();
    let back = back_to(&id, back);
    press(&back, async {
        let removed = service::datasets::remove_images(&app, &id, form.names, Expected::ANY, Utc::now()).await?;
        Ok(undoable(Done::to(back.clone()), &removed, "picture removed", "pictures removed"))
    })
    .await
}

/// Changes captions with a tool: those of the picked pictures, or all.
#[server(prefix = "/actions", endpoint = "datasets/tool")]
pub async fn use_tool(id: DatasetId, #[server(default)] form: ToolForm, #[server(default)] back: String) -> Result<(), ServerFnError> {
    let app = context::app();
    let back = back_to(&id, back);
    let page = format!("{}#tools", back.split('#').next().unwrap_or_default());
    submit(Sending { name: "tool", page, values: &form }, async {
        let ToolForm { tool, words, find, replace, tag, names } = form.clone();
        let request = CaptionsRequest { tool, words, find, replace, tag, names };
        let changed = service::datasets::use_tool(&app, &id, request, Utc::now()).await?;
        if changed.changed == 0 {
            return Ok(Done::to(back.clone()).saying("No caption had to be changed."));
        }
        Ok(undoable(Done::to(back.clone()), &changed, "caption changed", "captions changed"))
    })
    .await
}

/// Does what a check offers.
#[server(prefix = "/actions", endpoint = "datasets/fix")]
pub async fn fix_dataset(
    id: DatasetId,
    fix: Fix,
    #[server(default)] family: Option<Family>,
    #[server(default)] back: String,
) -> Result<(), ServerFnError> {
    let app = context::app();
    let back = back_to(&id, back);
    press(&back, async {
        let changed = service::datasets::fix(&app, &id, FixRequest { fix, family }, Utc::now()).await?;
        let done = Done::to(back.clone());
        Ok(match fix {
            Fix::RemoveBroken | Fix::RemoveSmall | Fix::RemoveDuplicates => undoable(done, &changed, "picture removed", "pictures removed"),
            Fix::PrefixTrigger | Fix::CaptionWithTrigger => undoable(done, &changed, "caption changed", "captions changed"),
            Fix::TakeTrigger => done.saying("The trigger word is taken over."),
        })
    })
    .await
}

/// Looks at all files again.
#[server(prefix = "/actions", endpoint = "datasets/look-again")]
pub async fn look_again(id: DatasetId, #[server(default)] back: String) -> Result<(), ServerFnError> {
    let app = context::app();
    let back = back_to(&id, back);
    press(&back, async {
        let looked = service::datasets::look_again(&app, &id, Utc::now()).await?;
        let mut said = vec![match looked.broken {
            0 => "Every file can be read.".to_owned(),
            many => format!("{} cannot be read.", words::count(many, "picture", "pictures")),
        }];
        if !looked.found.added.is_empty() {
            said.push(format!(
                "{} found in the folder and taken in.",
                words::count(looked.found.added.len(), "picture was", "pictures were")
            ));
        }
        said.extend(looked.found.refused.first().map(|one| format!("{} in the folder is left out: {}", one.file, one.why)));
        Ok(Done::to(back.clone()).saying(said.join(" ")))
    })
    .await
}

/// Lets Gemini write captions: of the picked pictures, or of all that have none.
#[server(prefix = "/actions", endpoint = "datasets/describe")]
pub async fn describe(id: DatasetId, #[server(default)] form: DescribeForm) -> Result<(), ServerFnError> {
    let app = context::app();
    press(&page_of(&id), async {
        let DescribeForm { style, again, names } = form;
        let request = DescribeRequest { style, again: again.is_some(), names };
        let job = service::datasets::order_descriptions(&app, &id, request, Utc::now()).await?;
        Ok(Done::to(job_page(&job)))
    })
    .await
}

/// Copies the picked pictures of the library.
#[server(prefix = "/actions", endpoint = "datasets/copy")]
pub async fn copy_picked(id: DatasetId, #[server(default)] form: LibraryForm) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = format!("{}/library", page_of(&id));
    press(&page, async {
        let received = service::datasets::copy_contents(&app, &id, form.contents, form.prompts.is_some(), Utc::now()).await?;
        match received.problem() {
            Some(problem) => Err(problem.into()),
            None => Ok(Done::to(page_of(&id)).saying(received.words())),
        }
    })
    .await
}

/// The page a button was pressed on, when it is one of the dataset's.
fn back_to(id: &DatasetId, back: String) -> String {
    let page = page_of(id);
    let within = back.strip_prefix(&page).is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '#']));
    if within { back } else { page }
}

fn undoable(done: Done, changed: &Changed, one: &str, many: &str) -> Done {
    let done = done.saying(format!("{}.", words::count(changed.changed, one, many)));
    match &changed.undo {
        Some(token) => done.undone_by("/actions/datasets/undo", token.clone()),
        None => done,
    }
}
