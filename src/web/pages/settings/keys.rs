//! Settings → Instagram and X: keys for characters that have none of their own.

use std::collections::BTreeMap;

use chrono::Utc;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Try, saved_but};
use crate::{
    domain::{
        account::Outcome,
        caption::Network,
        character::{Credential, NewSecret},
        problem::{Kind as Trouble, Problem},
        sent::Sent,
    },
    error::Error,
    expected::Expected,
    service::{
        self,
        accounts::{self, Source},
        settings::SettingsChange,
    },
    state::AppState,
    web::{
        actions::{Done, Sending, press, submit},
        components::page::Pill,
        context,
        form::{Field, Form, Kind, ProblemSummary},
        words,
    },
};

/// What is typed. Keys are never given back.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KeysForm {
    network: String,
    instagram_account_id: Option<String>,
    /// The keys, by their names.
    #[serde(skip_serializing)]
    keys: BTreeMap<String, String>,
    /// Which of those that are stored are to be removed.
    forget: BTreeMap<String, String>,
}

impl std::fmt::Debug for KeysForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeysForm")
    }
}

impl KeysForm {
    fn network(&self) -> Result<Network, Problem> {
        Network::from_key(&self.network).ok_or_else(|| Problem::not_found("network"))
    }

    fn change(&self) -> SettingsChange {
        // A field left empty keeps what is stored: nobody can see what is in it.
        let key =
            |credential: Credential| match self.keys.get(credential.field()).map(|typed| typed.trim()).filter(|typed| !typed.is_empty()) {
                _ if self.forget.contains_key(credential.field()) => Sent::Null,
                Some(typed) => Sent::Value(NewSecret(typed.to_owned())),
                None => Sent::Absent,
            };
        SettingsChange {
            instagram_account_id: self.instagram_account_id.clone().map_or(Sent::Absent, Sent::Value),
            instagram_api_key: key(Credential::InstagramApiKey),
            twitter_app_key: key(Credential::TwitterAppKey),
            twitter_app_secret: key(Credential::TwitterAppSecret),
            twitter_access_token: key(Credential::TwitterAccessToken),
            twitter_access_secret: key(Credential::TwitterAccessSecret),
            ..SettingsChange::default()
        }
    }
}

/// The name of the card and its form.
fn name(network: Network) -> &'static str {
    match network {
        Network::Instagram => "instagram",
        Network::X => "x",
    }
}

/// Saves keys, and tries them when they are all there.
#[server(prefix = "/actions", endpoint = "settings/keys")]
pub async fn save_keys(#[server(default)] form: KeysForm) -> Result<(), ServerFnError> {
    let app = context::app();
    let card = form.network().map_or("x", name);
    let page = format!("/settings#{card}");
    submit(Sending { name: card, page: page.clone(), values: &form }, async {
        let network = form.network()?;
        service::settings::change(&app, form.change(), Expected::ANY).await?;
        if is_incomplete(&app, network) {
            let missing: Vec<_> = missing(&app, network).map(|(_, label)| label).collect();
            return Ok(Done::to(page.clone()).saying(format!("Saved. Still missing: {}.", missing.join(", "))));
        }
        match tried(&app, network).await {
            Ok(words) => Ok(Done::to(page.clone()).saying(format!("Saved. {words}"))),
            Err(error) => Err(saved_but(error)),
        }
    })
    .await
}

/// Tries the keys in force.
#[server(prefix = "/actions", endpoint = "settings/test-keys")]
pub async fn test_keys(#[server(default)] form: KeysForm) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = format!("/settings#{}", form.network().map_or("x", name));
    press(&page, async { Ok(Done::to(page.clone()).saying(tried(&app, form.network()?).await?)) }).await
}

fn is_incomplete(app: &AppState, network: Network) -> bool {
    missing(app, network).next().is_some()
}

/// What is needed for a network and not set, with what each is called.
fn missing(app: &AppState, network: Network) -> impl Iterator<Item = (Credential, &'static str)> {
    accounts::needed(network).iter().copied().filter(|(credential, _)| accounts::for_all(app, *credential).is_none())
}

async fn tried(app: &AppState, network: Network) -> Result<String, Error> {
    match accounts::test_for_all(app, network, Utc::now()).await? {
        Outcome::Connected { username, .. } => Ok(format!("{} answers: this is @{username}.", network.label())),
        Outcome::Broken { problem } => Err(Problem::new(Trouble::Refused, problem.message).into()),
    }
}

/// The keys of a network, for characters that have none of their own.
#[component]
pub(super) fn KeysCard(network: Network) -> impl IntoView {
    let app = context::app();
    let form = Form::new(name(network), || KeysForm {
        instagram_account_id: Some(app.store.read().settings.instagram_account_id.clone()),
        ..KeysForm::default()
    });
    let fields = accounts::needed(network).iter().map(|(credential, _)| view! { <Key credential=*credential form=form.clone()/> });
    let fields = fields.collect_view();
    let account = (network == Network::Instagram).then(|| {
        let value = form.values.instagram_account_id.clone().unwrap_or_default();
        view! { <Field name="instagramAccountId" label="Account id" value wrong=form.wrong("instagramAccountId") optional=true
        help="Only needed with a token of Facebook Login: the number Instagram shows to developers."/> }
    });
    let test = (!is_incomplete(&app, network)).then(|| view! { <Try action="/actions/settings/test-keys" network=network/> });
    let words = format!("For characters that have no keys for {} of their own.", network.label());
    view! {
        <section class="card" id=name(network)><header><h2>{network.label()}</h2><p>{words}</p></header><div class="body stack">
            <div class="cluster"><Standing network/>{test}</div>
            <form class="form" method="post" action="/actions/settings/keys" autocomplete="off" data-guard="">
                <input type="hidden" name="form[network]" value=network.key()/>
                <ProblemSummary problem=form.problem.clone()/>
                {fields}
                {account}
                <div class="form-actions"><button class="button primary">"Save and test"</button></div>
            </form>
        </div></section>
    }
}

/// Whether they work, as far as it was tried since this process started.
#[component]
fn Standing(network: Network) -> impl IntoView {
    let app = context::app();
    if is_incomplete(&app, network) {
        let (needed, missing) = (accounts::needed(network).len(), missing(&app, network).count());
        let (pill, said) = if missing < needed {
            ("Incomplete", format!("{missing} of {needed} keys are missing. Until then each character needs keys of its own."))
        } else {
            ("Not set up", "Each character needs keys of its own.".to_owned())
        };
        return view! { <Pill tone="" words=pill/><span class="muted">{said}</span> }.into_any();
    }
    match app.vitals.tested(network) {
        None => view! { <Pill tone="" words="Not tested yet"/> }.into_any(),
        Some(tested) => match tested.outcome {
            Outcome::Connected { username, .. } => {
                view! { <Pill tone="ok" words="Works"/><span class="muted small">{format!("@{username}, tested ")}<words::Time at=Some(tested.at)/></span> }.into_any()
            }
            Outcome::Broken { problem } => view! { <Pill tone="bad" words="Does not work"/><p class="small">{problem.message}</p> }.into_any(),
        },
    }
}

/// One key: masked, with where the one in force comes from.
#[component]
fn Key(credential: Credential, form: Form<KeysForm>) -> impl IntoView {
    let app = context::app();
    let source = accounts::for_all(&app, credential);
    let placeholder = accounts::mask_for_all(&app, credential).unwrap_or_default();
    let help = match &source {
        Some(Source::ForAll) => "Stored here, sealed, and in force. Leave empty to keep it.".to_owned(),
        Some(Source::Environment(name)) => format!("{name} of the environment is in force. A key stored here comes first."),
        Some(Source::Own | Source::Named(_)) | None => format!("There is none, neither here nor in {}.", accounts::variable(credential)),
    };
    let (name, label) = field(credential);
    let forget = (source == Some(Source::ForAll)).then(|| {
        let name = format!("form[forget][{}]", credential.field());
        view! { <label class="check"><input type="checkbox" name=name/><span>{format!("Forget the stored {}", label.to_lowercase().replace("api", "API"))}</span></label> }
    });
    view! {
        <Field name label about=credential.field() kind=Kind::Secret value="" placeholder help=form.help_of_secret(&help) wrong=form.wrong(credential.field()) limit=500/>
        {forget}
    }
}

/// What a key is called in the form, and on the page.
fn field(credential: Credential) -> (&'static str, &'static str) {
    match credential {
        Credential::InstagramApiKey => ("keys[instagramApiKey]", "Access token"),
        Credential::TwitterAppKey => ("keys[twitterAppKey]", "API key"),
        Credential::TwitterAppSecret => ("keys[twitterAppSecret]", "API key secret"),
        Credential::TwitterAccessToken => ("keys[twitterAccessToken]", "Access token"),
        Credential::TwitterAccessSecret => ("keys[twitterAccessSecret]", "Access token secret"),
    }
}
