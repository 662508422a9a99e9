//! Forms as a page shows them: what is stored, or what was typed with what was wrong about it.

use leptos::prelude::*;
use serde::de::DeserializeOwned;

use super::{components::icon::Icon, context};
use crate::domain::problem::Problem;

/// A form on a page.
#[derive(Debug, Clone)]
pub struct Form<F> {
    /// What its fields show.
    pub values: F,
    /// What was wrong, when it was refused.
    pub problem: Option<Problem>,
}

impl<F: DeserializeOwned> Form<F> {
    /// The form of that name: as it was typed when it was just refused, else as it is stored.
    pub fn new(name: &str, stored: impl FnOnce() -> F) -> Self {
        let refused = context::flash().refused.filter(|refused| refused.form == name);
        let Some(refused) = refused else { return Self { values: stored(), problem: None } };
        let values = serde_json::from_value(refused.values).unwrap_or_else(|_| stored());
        Self { values, problem: Some(refused.problem) }
    }
}

impl<F> Form<F> {
    /// The word about a field.
    pub fn wrong(&self, field: &str) -> Option<String> {
        self.problem.as_ref()?.about(field).map(str::to_owned)
    }

    /// The help of a secret: what was typed there is not given back with the rest when a form is refused.
    pub fn help_of_secret(&self, help: &str) -> String {
        let is_refused = self.problem.as_ref().is_some_and(|problem| !problem.errors.is_empty());
        if is_refused { format!("Type it again, if you had: secrets are not kept here. {help}") } else { help.to_owned() }
    }
}

/// What was wrong with a form, summed up at its top, with links to the fields.
#[component]
pub fn ProblemSummary(problem: Option<Problem>) -> impl IntoView {
    problem.map(|problem| {
        let links = problem.errors.iter().filter(|_| problem.errors.len() > 1);
        let links =
            links.map(|error| view! { <li><a href=format!("#{}", id(&error.field))>{error.message.clone()}</a></li> }).collect_view();
        view! {
            <div class="problem" role="alert" tabindex="-1">
                <h2>{problem.message.clone()}</h2>
                <ul>{links}</ul>
            </div>
        }
    })
}

/// How a field looks.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Kind {
    /// One line.
    #[default]
    Line,
    /// Several lines.
    Text(u32),
    /// A number.
    Number,
    /// A day.
    Date,
    /// A day and a time, in the zone of the installation.
    Moment,
    /// A secret: never shown, and not remembered by the browser.
    Secret,
}

/// A labelled field with its help and the word about what is wrong. `name` is its name in the form, `about` the
/// name its rule goes by when that is another.
#[component]
pub fn Field(
    name: &'static str,
    label: &'static str,
    #[prop(into)] value: String,
    #[prop(optional_no_strip)] wrong: Option<String>,
    #[prop(optional)] kind: Kind,
    #[prop(optional, into)] help: Option<String>,
    #[prop(optional)] about: Option<&'static str>,
    #[prop(optional)] limit: Option<u32>,
    #[prop(optional, into)] placeholder: Option<String>,
    #[prop(optional)] list: Option<&'static str>,
    #[prop(optional)] optional: bool,
    #[prop(optional)] required: bool,
    #[prop(optional)] step: Option<&'static str>,
) -> impl IntoView {
    let id = id(about.unwrap_or(name));
    let sent = sent(name);
    let described = described(&id, help.is_some(), wrong.is_some());
    let invalid = wrong.is_some().then_some("true");
    let (help_id, error_id) = (format!("{id}-help"), format!("{id}-error"));
    let is_wrong = wrong.is_some();
    let mode = (kind == Kind::Number).then_some("decimal");
    let line = |type_: &'static str| {
        view! {
            <input id=id.clone() name=sent.clone() type=type_ value=value.clone() maxlength=limit placeholder=placeholder.clone() list=list
                inputmode=mode step=step required=required autocomplete="off" spellcheck=matches!(kind, Kind::Secret).then_some("false")
                aria-invalid=invalid aria-describedby=described.clone()/>
        }
        .into_any()
    };
    let control = match kind {
        Kind::Line | Kind::Number => line("text"),
        Kind::Date => line("date"),
        Kind::Moment => line("datetime-local"),
        Kind::Secret => line("password"),
        Kind::Text(rows) => view! {
            // A line break right after the tag would be swallowed by the browser, and Leptos escapes nothing in here.
            <textarea id=id.clone() name=sent.clone() rows=rows maxlength=limit placeholder=placeholder.clone() data-count=limit.map(|_| "")
                aria-invalid=invalid aria-describedby=described.clone()>{format!("\n{}", html_escape::encode_text(&value))}</textarea>
        }
        .into_any(),
    };
    view! {
        <div class="field" class:wrong=is_wrong>
            <label for=id.clone()>{label} {optional.then(|| view! { <span class="optional">"optional"</span> })}</label>
            {control}
            {help.map(|help| view! { <p class="help" id=help_id>{help}</p> })}
            {wrong.map(|wrong| view! { <p class="error" id=error_id><Icon of=icondata_lu::LuCircleAlert/>{wrong}</p> })}
        </div>
    }
    .into_any()
}

/// A choice. Each option is its value and its words; `groups` of options have a heading.
#[component]
pub fn Choice(
    name: &'static str,
    label: &'static str,
    #[prop(into)] value: String,
    options: Vec<OptionGroup>,
    #[prop(optional_no_strip)] wrong: Option<String>,
    #[prop(optional, into)] help: Option<String>,
    #[prop(optional)] about: Option<&'static str>,
) -> impl IntoView {
    let id = id(about.unwrap_or(name));
    let described = described(&id, help.is_some(), wrong.is_some());
    let (help_id, error_id) = (format!("{id}-help"), format!("{id}-error"));
    let is_wrong = wrong.is_some();
    let known = options.iter().any(|group| group.options.iter().any(|(key, _)| *key == value));
    // What is stored stays chosen, even when ComfyUI does not have it any more.
    let gone = (!known && !value.is_empty())
        .then(|| view! { <option value=value.clone() selected=true>{format!("{value} (not there now)")}</option> });
    let options = options.into_iter().map(|group| group.into_view(&value)).collect_view();
    view! {
        <div class="field" class:wrong=is_wrong>
            <label for=id.clone()>{label}</label>
            <select id=id.clone() name=sent(name) aria-invalid=is_wrong.then_some("true") aria-describedby=described>{gone}{options}</select>
            {help.map(|help| view! { <p class="help" id=help_id>{help}</p> })}
            {wrong.map(|wrong| view! { <p class="error" id=error_id><Icon of=icondata_lu::LuCircleAlert/>{wrong}</p> })}
        </div>
    }
    .into_any()
}

/// Options of a choice, under a heading or without one.
#[derive(Debug, Clone)]
pub struct OptionGroup {
    /// Empty for none.
    pub heading: String,
    /// Values and words.
    pub options: Vec<(String, String)>,
}

impl OptionGroup {
    /// Options without a heading.
    pub fn plain(options: Vec<(String, String)>) -> Self {
        Self { heading: String::new(), options }
    }

    fn into_view(self, value: &str) -> AnyView {
        let options = self.options.into_iter().map(|(key, words)| {
            let chosen = key == value;
            view! { <option value=key selected=chosen>{words}</option> }
        });
        let options = options.collect_view();
        if self.heading.is_empty() { options.into_any() } else { view! { <optgroup label=self.heading>{options}</optgroup> }.into_any() }
    }
}

/// A field's name as it is sent: server functions take the whole form as one argument.
pub fn sent(name: &str) -> String {
    match name.split_once('[') {
        Some((list, rest)) => format!("form[{list}][{rest}"),
        None => format!("form[{name}]"),
    }
}

/// A field's id on the page, from the name its rule goes by.
pub fn id(field: &str) -> String {
    let plain: String = field.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("field-{}", plain.trim_matches('-'))
}

/// What a field is described by: the word about what is wrong, and its help.
pub fn described(id: &str, help: bool, wrong: bool) -> Option<String> {
    let parts: Vec<_> =
        [(wrong, "error"), (help, "help")].into_iter().filter(|(there, _)| *there).map(|(_, part)| format!("{id}-{part}")).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}
