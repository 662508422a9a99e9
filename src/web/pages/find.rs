//! Search over all pages, characters and deeds: what the palette does, as a page.

use std::sync::Arc;

use leptos::prelude::*;

use crate::{
    store::State,
    web::{
        components::{
            icon::Icon,
            page::{Empty, Heading},
            picture::Avatar,
        },
        context,
        entries::{self, Ask, Does, Entry, Face, Sent},
    },
};

/// So many are shown at once while something is looked for.
const SHOWN: usize = 60;

/// The page.
#[component]
pub fn Find() -> impl IntoView {
    let app = context::app();
    let state = app.store.read();
    let q = context::query("q");
    let found = entries::find(entries::all(&app, &state), &q);
    let is_asked = !q.trim().is_empty();
    let shown = if is_asked { SHOWN } else { usize::MAX };
    let pictures = format!("/content?q={}", context::encode(&q));
    let list = if found.is_empty() {
        view! {
            <Empty icon=icondata_lu::LuSearchX title="Nothing by that name" words="Pages, characters and what can be done are looked through. Pictures and prompts have a search of their own.">
                <a class="button" href=pictures>"Search the pictures"</a>
            </Empty>
        }
        .into_any()
    } else {
        let rows = found.into_iter().take(shown).map(|entry| row(entry, &state)).collect_view();
        view! { <ul class="entries card" id="entries">{rows}</ul> }.into_any()
    };
    view! {
        <Heading title="Search"/>
        <form class="filters find" method="get" action="/find" role="search">
            <div class="field search"><label for="find-q" class="visually-hidden">"A page, a character, or what to do"</label>
                <input id="find-q" type="search" name="q" value=q maxlength="200" placeholder="A page, a character, or what to do" autofocus=""/></div>
            <button class="button">"Search"</button>
        </form>
        {list}
    }
}

fn row(entry: Entry, state: &Arc<State>) -> impl IntoView + use<> {
    let Entry { id, name, place, also, face, does } = entry;
    let face = match face {
        Face::Icon(icon) => view! { <Icon of=icon/> }.into_any(),
        Face::Character(character) => view! { <Avatar character state=Arc::clone(state)/> }.into_any(),
    };
    let inside = view! { {face}<span class="name">{name}</span><span class="where">{place}</span> };
    let does = match does {
        Does::Open(path) => view! { <a href=path>{inside}</a> }.into_any(),
        Does::Send(Sent { action, fields, ask }) => {
            let is_theme = action == "/actions/theme";
            let (mut fields, mut value) = (fields, None);
            // The script reads the theme from the button that was pressed.
            if is_theme {
                value = fields.pop();
            }
            let hidden = fields.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view();
            let (question, words, doing) =
                ask.map_or((None, None, None), |Ask { question, words, doing }| (Some(question), Some(words), Some(doing)));
            let tone = question.as_ref().map(|_| "primary");
            let (field, value) = value.unzip();
            view! {
                <form method="post" action=action class=if is_theme { "theme" } else { "" }>
                    {hidden}
                    <button name=field value=value data-confirm=question data-confirm-text=words data-confirm-do=doing data-confirm-tone=tone>{inside}</button>
                </form>
            }
            .into_any()
        }
    };
    view! { <li data-entry=id data-also=also>{does}</li> }
}
