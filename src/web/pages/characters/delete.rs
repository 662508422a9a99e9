//! Deleting a character, with what goes with her.

use chrono::Utc;
use leptos::prelude::*;

use super::{page_of, this_character};
use crate::{
    domain::character::CharacterId,
    expected::Expected,
    service,
    web::{
        actions::{Done, press},
        components::page::{Heading, Missing},
        context, words,
    },
};

/// Deletes a character.
#[server(prefix = "/actions", endpoint = "characters/delete")]
pub async fn delete_character(
    id: CharacterId,
    #[server(default)] purge: Option<String>,
    #[server(default)] prompts: Option<String>,
) -> Result<(), ServerFnError> {
    let app = context::app();
    press(&page_of(&id, "delete"), async {
        let name = service::characters::get(&app, &id)?.name.clone();
        let along = service::characters::Along { pictures: purge.is_some(), prompts: prompts.is_some() };
        service::characters::delete(&app, &id, along, Expected::ANY, Utc::now()).await?;
        Ok(Done::to("/characters").saying(format!("{name} is deleted.")))
    })
    .await
}

/// The page.
#[component]
pub fn Delete() -> impl IntoView {
    let Some(character) = this_character() else { return view! { <Missing what="character"/> }.into_any() };
    let entailed = service::characters::entailed(&context::app(), &character.id);
    let pictures = words::count(entailed.pictures, "picture", "pictures");
    let prompts = words::count(entailed.prompts, "prompt", "prompts");
    let jobs = (entailed.jobs > 0).then(|| view! { <li>{words::count(entailed.jobs, "job", "jobs")}" that has not ended: cancelled"</li> });
    view! {
        <Heading title=format!("Delete {}?", character.name)/>
        <form class="form" method="post" action="/actions/characters/delete">
            <input type="hidden" name="id" value=character.id.to_string()/>
            <p>"This cannot be undone. Deleted as well:"</p>
            <ul>
                <li>"profile, voice, look and "{words::count(character.narratives.len(), "story arc", "story arcs")}</li>
                <li>"the keys of the accounts"</li>
                {jobs}
            </ul>
            {(entailed.pictures > 0).then(|| view! {
                <label class="check"><input type="checkbox" name="purge"/><span>{format!("Delete the {pictures} too. Otherwise they stay in Content.")}</span></label>
            })}
            {(entailed.prompts > 0).then(|| view! {
                <label class="check"><input type="checkbox" name="prompts"/><span>{format!("Delete the {prompts} too. Otherwise they stay in the library.")}</span></label>
            })}
            <div class="form-actions">
                <button class="button danger">{format!("Delete {}", character.name)}</button>
                <a class="button quiet" href=page_of(&character.id, "")>"Keep"</a>
            </div>
        </form>
    }
    .into_any()
}
