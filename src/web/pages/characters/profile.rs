//! A character's profile: name, handles, time zone, whether she is active.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{about, page_of};
use crate::{
    domain::{
        autonomy::Autonomy,
        character::{Character, CharacterChange, CharacterId},
        sent::Sent,
    },
    expected::Expected,
    service::{self, bundles},
    web::{
        actions::{Done, Sending, submit},
        components::{icon::Icon, zones::Zones},
        context,
        form::{Choice, Field, Form, Kind, OptionGroup, ProblemSummary},
        words::{self, Time},
    },
};

/// What is typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProfileForm {
    name: String,
    instagram_handle: String,
    twitter_handle: String,
    timezone: String,
    is_active: Option<String>,
    autonomy: String,
    veto_hours: String,
    dry_run: Option<String>,
}

impl ProfileForm {
    fn of(character: &Character) -> Self {
        Self {
            name: character.name.clone(),
            instagram_handle: character.instagram_handle.clone(),
            twitter_handle: character.twitter_handle.clone(),
            timezone: character.timezone.clone(),
            is_active: character.is_active.then(|| "on".into()),
            autonomy: character.autonomy.key().into(),
            veto_hours: character.veto_hours.to_string(),
            dry_run: character.dry_run.then(|| "on".into()),
        }
    }

    fn change(self) -> CharacterChange {
        CharacterChange {
            name: self.name.into(),
            instagram_handle: self.instagram_handle.into(),
            twitter_handle: self.twitter_handle.into(),
            timezone: self.timezone.into(),
            is_active: Sent::Value(self.is_active.is_some()),
            autonomy: Autonomy::from_key(&self.autonomy).map_or(Sent::Absent, Sent::Value),
            // What is no number breaks the rule for hours, which has the words for it.
            veto_hours: Some(self.veto_hours.trim())
                .filter(|hours| !hours.is_empty())
                .map_or(Sent::Absent, |hours| Sent::Value(hours.parse().unwrap_or(0))),
            dry_run: Sent::Value(self.dry_run.is_some()),
            ..CharacterChange::default()
        }
    }
}

/// Saves the profile.
#[server(prefix = "/actions", endpoint = "characters/profile")]
pub async fn save_profile(id: CharacterId, #[server(default)] form: ProfileForm) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = page_of(&id, "");
    submit(Sending { name: "profile", page: page.clone(), values: &form }, async {
        service::characters::change(&app, &id, form.clone().change(), Expected::ANY, Utc::now()).await?;
        Ok(Done::to(page.clone()).saying("Profile saved."))
    })
    .await
}

/// The page.
#[component]
pub fn Profile() -> impl IntoView {
    about("", |character| {
        let form = Form::new("profile", || ProfileForm::of(&character));
        let ways = Autonomy::ALL.map(|way| (way.key().to_owned(), way.label().to_owned())).to_vec();
        let zone_help = format!("Where the character's days begin and end. Empty means {}.", context::app().timezone());
        view! {
            <form class="form" method="post" action="/actions/characters/profile" data-guard="">
                <input type="hidden" name="id" value=character.id.to_string()/>
                <ProblemSummary problem=form.problem.clone()/>
                <Field name="name" label="Name" value=form.values.name.clone() wrong=form.wrong("name") required=true limit=80/>
                <div class="field-row halves">
                    <Field name="instagramHandle" label="Instagram handle" value=form.values.instagram_handle.clone()
                        wrong=form.wrong("instagramHandle") optional=true placeholder="luna.mystic"/>
                    <Field name="twitterHandle" label="X handle" value=form.values.twitter_handle.clone()
                        wrong=form.wrong("twitterHandle") optional=true placeholder="luna_mystic"/>
                </div>
                <Field name="timezone" label="Time zone" value=form.values.timezone.clone() wrong=form.wrong("timezone") optional=true
                    help=zone_help placeholder="Europe/Rome" list="zones"/>
                <Zones/>
                <label class="check">
                    <input type="checkbox" name="form[isActive]" checked=form.values.is_active.is_some()/>
                    <span>"Active: offered when pictures are made"</span>
                </label>
                <div class="field-row halves">
                    <Choice name="autonomy" label="Between picture and post" value=form.values.autonomy.clone() options=vec![OptionGroup::plain(ways)]/>
                    <Field name="vetoHours" label="Hours for a veto" kind=Kind::Number value=form.values.veto_hours.clone() wrong=form.wrong("vetoHours")/>
                </div>
                <label class="check">
                    <input type="checkbox" name="form[dryRun]" checked=form.values.dry_run.is_some()/>
                    <span>"Dry run: posts are rehearsals, whatever is set for all"</span>
                </label>
                <div class="form-actions">
                    <button class="button primary">"Save profile"</button>
                    <a class="button quiet danger" href=page_of(&character.id, "delete")><Icon of=icondata_lu::LuTrash2/>"Delete…"</a>
                </div>
                <Dates created=character.created_at changed=character.updated_at/>
            </form>
            <Bundle character=Arc::clone(&character)/>
        }
    })
}

/// When she was made and changed, as far as it is known: an older app may not have noted it.
#[component]
fn Dates(created: Option<DateTime<Utc>>, changed: Option<DateTime<Utc>>) -> impl IntoView {
    let said = |word: &'static str, at: DateTime<Utc>| view! { {word}" "<Time at=Some(at)/> };
    match (created, changed) {
        (None, None) => None,
        (Some(created), None) => Some(view! { <p class="muted">{said("Created", created)}</p> }.into_any()),
        (None, Some(changed)) => Some(view! { <p class="muted">{said("Changed", changed)}</p> }.into_any()),
        (Some(created), Some(changed)) => {
            Some(view! { <p class="muted">{said("Created", created)}" · "{said("changed", changed)}</p> }.into_any())
        }
    }
}

/// Taking her along to another installation.
#[component]
fn Bundle(character: Arc<Character>) -> impl IntoView {
    let (prompts, pictures) = bundles::counts(&context::app().store.read(), &character.id);
    let (prompts, many) = (words::count(prompts, "prompt", "prompts"), words::count(pictures, "picture", "pictures"));
    let address = format!("/api/characters/{}/bundle", context::encode(character.id.as_str()));
    let with = (pictures > 0).then(|| {
        let (address, words) = (format!("{address}?pictures=true"), format!("With {many}"));
        view! { <a class="button" href=address download=""><Icon of=icondata_lu::LuImages/>{words}</a> }
    });
    view! {
        <section class="card" id="bundle"><header><h2>"Take along"</h2><p>"A zip for another installation, which imports it. Keys are never in it."</p></header><div class="body stack">
            <p>{format!("Profile, voice, look, story arcs and {prompts}.")}</p>
            <div class="form-actions">
                <a class="button" href=address download=""><Icon of=icondata_lu::LuPackage/>"Download bundle"</a>
                {with}
            </div>
        </div></section>
    }
    .into_any()
}
