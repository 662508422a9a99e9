//! A field for a password, as password managers know it.

use leptos::prelude::*;

use crate::web::form;

/// A field for a password. `fill` says which: `current-password` or `new-password`.
#[component]
pub fn Password(
    name: &'static str,
    about: &'static str,
    label: &'static str,
    fill: &'static str,
    #[prop(optional_no_strip)] wrong: Option<String>,
    #[prop(optional)] help: Option<&'static str>,
    #[prop(optional)] first: bool,
) -> impl IntoView {
    let id = form::id(about);
    let described = form::described(&id, help.is_some(), wrong.is_some());
    let (help_id, error_id) = (format!("{id}-help"), format!("{id}-error"));
    let is_wrong = wrong.is_some();
    view! {
        <div class="field" class:wrong=is_wrong>
            <label for=id.clone()>{label}</label>
            <input id=id name=name type="password" autocomplete=fill required=true autofocus=first spellcheck="false" autocapitalize="off"
                aria-invalid=is_wrong.then_some("true") aria-describedby=described/>
            {help.map(|help| view! { <p class="help" id=help_id>{help}</p> })}
            {wrong.map(|wrong| view! { <p class="error" id=error_id>{wrong}</p> })}
        </div>
    }
    .into_any()
}

/// For password managers, which keep a name with each password. Nobody else sees it.
#[component]
pub fn ForManagers() -> impl IntoView {
    view! { <input type="text" name="username" autocomplete="username" value="Digital Dalla" hidden=true/> }
}
