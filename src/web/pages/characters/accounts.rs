//! A character's accounts: ids and keys. Keys are sealed, and never shown again.

use std::collections::BTreeSet;

use chrono::Utc;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{about, page_of};
use crate::{
    domain::{
        account::{Outcome, Standing},
        caption::Network,
        character::{CharacterChange, CharacterId, Credential, NewSecret},
        problem::Problem,
        sent::Sent,
    },
    expected::Expected,
    service,
    web::{
        actions::{Done, Sending, submit},
        components::{icon::Icon, page::Pill},
        context,
        form::{Field, Form, Kind, ProblemSummary},
        words,
    },
};

/// What is typed. Keys are not kept for the form when it is refused: they are typed again.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AccountsForm {
    instagram_account_id: String,
    twitter_account_id: String,
    #[serde(skip_serializing)]
    instagram_api_key: String,
    #[serde(skip_serializing)]
    twitter_app_key: String,
    #[serde(skip_serializing)]
    twitter_app_secret: String,
    #[serde(skip_serializing)]
    twitter_access_token: String,
    #[serde(skip_serializing)]
    twitter_access_secret: String,
}

impl std::fmt::Debug for AccountsForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccountsForm")
    }
}

impl AccountsForm {
    fn change(self) -> CharacterChange {
        // A field left empty keeps what is stored: nobody can see what is in it.
        let key = |typed: String| if typed.trim().is_empty() { Sent::Absent } else { Sent::Value(NewSecret(typed)) };
        CharacterChange {
            instagram_account_id: self.instagram_account_id.into(),
            twitter_account_id: self.twitter_account_id.into(),
            instagram_api_key: key(self.instagram_api_key),
            twitter_app_key: key(self.twitter_app_key),
            twitter_app_secret: key(self.twitter_app_secret),
            twitter_access_token: key(self.twitter_access_token),
            twitter_access_secret: key(self.twitter_access_secret),
            ..CharacterChange::default()
        }
    }
}

/// Saves ids and new keys.
#[server(prefix = "/actions", endpoint = "characters/accounts")]
pub async fn save_accounts(id: CharacterId, #[server(default)] form: AccountsForm) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = page_of(&id, "accounts");
    submit(Sending { name: "accounts", page: page.clone(), values: &form }, async {
        service::characters::change(&app, &id, form.clone().change(), Expected::ANY, Utc::now()).await?;
        Ok(Done::to(page.clone()).saying("Accounts saved."))
    })
    .await
}

/// Removes a key.
#[server(prefix = "/actions", endpoint = "characters/forget-key")]
pub async fn forget_key(id: CharacterId, key: Credential) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = page_of(&id, "accounts");
    crate::web::actions::press(&page, async {
        let mut change = CharacterChange::default();
        match key {
            Credential::InstagramApiKey => change.instagram_api_key = Sent::Null,
            Credential::TwitterAppKey => change.twitter_app_key = Sent::Null,
            Credential::TwitterAppSecret => change.twitter_app_secret = Sent::Null,
            Credential::TwitterAccessToken => change.twitter_access_token = Sent::Null,
            Credential::TwitterAccessSecret => change.twitter_access_secret = Sent::Null,
        }
        service::characters::change(&app, &id, change, Expected::ANY, Utc::now()).await?;
        Ok(Done::to(page.clone()).saying("Key removed."))
    })
    .await
}

/// Asks a network whose keys these are.
#[server(prefix = "/actions", endpoint = "characters/test-account")]
pub async fn test_account(id: CharacterId, network: String) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = page_of(&id, "accounts");
    crate::web::actions::press(&page, async {
        let network = Network::from_key(&network).ok_or_else(|| Problem::not_found("network"))?;
        let account = service::accounts::test(&app, &id, network, Utc::now()).await?;
        match account.outcome {
            Outcome::Connected { username, .. } => {
                Ok(Done::to(page.clone()).saying(format!("{} answers: this is @{username}.", network.label())))
            }
            Outcome::Broken { problem } => Err(problem.into()),
        }
    })
    .await
}

/// How it stands with one account, and the button to find out.
#[component]
fn State(id: CharacterId, network: Network) -> impl IntoView {
    let standing = service::accounts::standing(&context::app(), &id, network);
    let button = (!matches!(standing, Standing::NotConfigured(_))).then(|| {
        let (id, label) = (id.to_string(), format!("Test {}", network.label()));
        view! {
            <form class="end" method="post" action="/actions/characters/test-account">
                <input type="hidden" name="id" value=id/><input type="hidden" name="network" value=network.key()/>
                <button class="button small">{label}</button>
            </form>
        }
    });
    let more = more(&id, network, &standing);
    let said = match standing {
        Standing::NotConfigured(missing) => {
            view! { <Pill tone="" words="Not set up"/><div>{network.label()}<p>{format!("There is no {} yet.", missing.join(", no "))}</p></div> }.into_any()
        }
        Standing::Unchecked => {
            view! { <Pill tone="" words="Not tested"/><div>{network.label()}<p>"The keys were not tested since they were set."</p></div> }.into_any()
        }
        Standing::Checked(account) => match account.outcome {
            Outcome::Connected { username, network_id } => view! {
                <Pill tone="ok" words="Connected"/>
                <div>{format!("{}: @{username}", network.label())}<p>{format!("id {network_id}, tested ")}<words::Time at=Some(account.checked_at)/></p>{more}</div>
            }
            .into_any(),
            Outcome::Broken { problem } => view! {
                <Pill tone="bad" words="Broken"/>
                <div>{network.label()}<p>{problem.message}" Tested "<words::Time at=Some(account.checked_at)/></p></div>
            }
            .into_any(),
        },
    };
    view! { <li>{said}{button}</li> }
}

/// What else is known of an account that works: what is left, until when, and what it last sent.
fn more(id: &CharacterId, network: Network, standing: &Standing) -> AnyView {
    let Standing::Checked(account) = standing else { return ().into_any() };
    let app = context::app();
    let state = app.store.read();
    let quota = account.quota.as_ref().map(|quota| view! { <p>{format!("{} of {} posts of 24 hours used, seen ", quota.used, quota.total)}<words::Time at=Some(quota.seen_at)/></p> });
    let ends = account.expires_at.map(|ends| {
        let days = (ends - Utc::now()).num_days();
        view! { <p>{format!("Its token ends in {}; it is renewed each week.", words::count(days.max(0) as usize, "day", "days"))}</p> }
    });
    let last = state.posts.indexed("account", &account.id).find_map(|post| post.out_at().map(|at| (post.id.clone(), at)));
    let last = last
        .map(|(post, at)| view! { <p><a href=crate::web::pages::posts::page_of(&post)>"Last post"</a>" "<words::Time at=Some(at)/></p> });
    let month = Utc::now() - chrono::Duration::days(30);
    let cost = (network == Network::X).then(|| service::publishing::cost_since(&state, &account.id, month));
    let cost = cost.filter(|cost| *cost > 0.0).map(|cost| view! { <p>{format!("About ${cost:.2} for posts of the last 30 days")}</p> });
    let names = service::accounts::needed(network)
        .iter()
        .filter(|(credential, _)| service::characters::credential_mask(&app, id, *credential).is_none());
    let names = names.filter_map(|(credential, _)| service::accounts::source(&app, &state, id, *credential)?.words());
    let names: BTreeSet<_> = names.collect();
    let names = (!names.is_empty()).then(|| view! { <p>{format!("In force: {}", names.into_iter().collect::<Vec<_>>().join(", "))}</p> });
    view! { {quota}{ends}{last}{cost}{names} }.into_any()
}

/// The page.
#[component]
pub fn Accounts() -> impl IntoView {
    about("accounts", |character| {
        let form = Form::new("accounts", || AccountsForm {
            instagram_account_id: character.instagram_account_id.clone(),
            twitter_account_id: character.twitter_account_id.clone(),
            ..AccountsForm::default()
        });
        let app = context::app();
        let mask = |credential| service::characters::credential_mask(&app, &character.id, credential).map(|mask| mask.as_str().to_owned());
        let key = |credential: Credential, label: &'static str| {
            let stored = mask(credential);
            let placeholder = stored.clone().unwrap_or_else(|| "not set".into());
            let help = if stored.is_some() { "Stored sealed. Leave empty to keep it." } else { "" };
            view! { <Field name=credential.field() label kind=Kind::Secret value="" placeholder help wrong=form.wrong(credential.field())/> }
        };
        let set: Vec<_> = Credential::ALL.into_iter().filter_map(|credential| Some((credential, mask(credential)?))).collect();
        let states = Network::ALL.map(|network| view! { <State id=character.id.clone() network/> }).collect_view();
        view! {
            <section class="card form"><header><h2>"Connections"</h2></header><div class="body"><ul class="list">{states}</ul></div></section>
            <form class="form" method="post" action="/actions/characters/accounts" autocomplete="off" data-guard="">
                <input type="hidden" name="id" value=character.id.to_string()/>
                <ProblemSummary problem=form.problem.clone()/>
                <section class="card"><header><h2>"Instagram"</h2></header><div class="body stack">
                    <Field name="instagramAccountId" label="Account id" value=form.values.instagram_account_id.clone() wrong=form.wrong("instagramAccountId") optional=true
                        help="The number the network shows to developers, not the handle."/>
                    {key(Credential::InstagramApiKey, "Access token")}
                </div></section>
                <section class="card"><header><h2>"X"</h2></header><div class="body stack">
                    <Field name="twitterAccountId" label="Account id" value=form.values.twitter_account_id.clone() wrong=form.wrong("twitterAccountId") optional=true/>
                    <div class="field-row halves">{key(Credential::TwitterAppKey, "API key")}{key(Credential::TwitterAppSecret, "API key secret")}</div>
                    <div class="field-row halves">{key(Credential::TwitterAccessToken, "Access token")}{key(Credential::TwitterAccessSecret, "Access token secret")}</div>
                </div></section>
                <div class="form-actions"><button class="button primary">"Save accounts"</button></div>
            </form>
            <Keys id=character.id.clone() set/>
        }
    })
}

/// The keys that are stored, each with a button to remove it.
#[component]
fn Keys(id: CharacterId, set: Vec<(Credential, String)>) -> impl IntoView {
    (!set.is_empty()).then(|| {
        let rows = set.into_iter().map(|(credential, mask)| {
            view! {
                <li>
                    <Pill tone="ok" words="Sealed"/>
                    <div>{credential.label()}" "<span class="mono">{mask}</span></div>
                    <form class="end" method="post" action="/actions/characters/forget-key">
                        <input type="hidden" name="id" value=id.to_string()/>
                        <input type="hidden" name="key" value=credential.field()/>
                        <button class="button small danger"><Icon of=icondata_lu::LuTrash2/>"Remove"</button>
                    </form>
                </li>
            }
        });
        view! { <section class="card form"><header><h2>"Stored keys"</h2></header><div class="body"><ul class="list">{rows.collect_view()}</ul></div></section> }
    })
}
