//! One post of several pictures: their order, the words, where to and when.

use std::sync::Arc;

use chrono::Utc;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::deeds::moment;
use crate::{
    domain::{
        caption::Network,
        character::CharacterId,
        content::{Content, ContentId},
        post::PostRequest,
    },
    service::publishing,
    web::{
        actions::{Done, Sending, submit},
        components::{
            captions::CaptionField,
            icon::Icon,
            page::{Empty, Heading},
            picture::Thumbnail,
        },
        context,
        form::{Field, Form, Kind, ProblemSummary},
        words,
    },
};

/// What is typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ComposeForm {
    ids: Vec<ContentId>,
    instagram: Option<String>,
    x: Option<String>,
    caption: String,
    scheduled_at: String,
}

/// Sends several pictures in one post, on each network that was chosen.
#[server(prefix = "/actions", endpoint = "posts/compose")]
pub async fn compose_post(character: CharacterId, #[server(default)] form: ComposeForm) -> Result<(), ServerFnError> {
    let app = context::app();
    submit(Sending { name: "compose", page: address(&form.ids), values: &form }, async {
        let chosen = [(Network::Instagram, form.instagram.is_some()), (Network::X, form.x.is_some())];
        let networks: Vec<_> = chosen.into_iter().filter(|(_, chosen)| *chosen).map(|(network, _)| network).collect();
        let request = PostRequest {
            character_id: Some(character),
            content_ids: form.ids.clone(),
            caption: Some(form.caption.clone()),
            scheduled_at: moment(&form.scheduled_at)?,
            ..PostRequest::default()
        };
        publishing::create_on(&app, &networks, request, Utc::now()).await?;
        let words = if form.scheduled_at.trim().is_empty() { "On its way." } else { "It goes out at its time." };
        Ok(Done::to("/posts").saying(words))
    })
    .await
}

/// The page with these pictures, in this order.
fn address(ids: &[ContentId]) -> String {
    let ids: Vec<_> = ids.iter().map(|id| format!("content={}", context::encode(id.as_str()))).collect();
    format!("/posts/new?{}", ids.join("&"))
}

/// The pictures the address names, each once, as far as they are there. A picked list may come as a form sends it.
fn named() -> Vec<Arc<Content>> {
    let app = context::app();
    let state = app.store.read();
    let mut named: Vec<Arc<Content>> = Vec::new();
    for (key, id) in context::raw_query() {
        let content = state.content.get(&id).filter(|_| key == "content" || key == "form[ids][]");
        named.extend(content.filter(|content| named.iter().all(|other| other.id != content.id)).cloned());
    }
    named
}

/// The page.
#[component]
pub fn Compose() -> impl IntoView {
    let contents = named();
    let Some(first) = contents.first().cloned() else {
        return view! {
            <Heading title="New post"/>
            <Empty icon=icondata_lu::LuImages title="Nothing was picked" words="Pick two to ten pictures of one character under Content, then choose Post together.">
                <a class="button primary" href="/content?state=approved">"Approved pictures"</a>
            </Empty>
        }
        .into_any();
    };
    let strangers = contents.iter().any(|content| content.character_id != first.character_id);
    let whose = strangers.then(|| view! { <p class="note bad" role="alert">"These pictures belong to different characters. A post is one character's: pick again."</p> });
    let form = Form::new("compose", || ComposeForm {
        ids: contents.iter().map(|content| content.id.clone()).collect(),
        instagram: Some("on".into()),
        caption: first.caption.clone(),
        ..ComposeForm::default()
    });
    let ids = contents.iter().map(|content| view! { <input type="hidden" name="form[ids][]" value=content.id.to_string()/> });
    let ids = ids.collect_view();
    let too_many =
        |network: Network| (contents.len() > network.most_pictures()).then(|| format!(" (takes {} pictures)", network.most_pictures()));
    let box_of = |name: &'static str, network: Network, checked: bool| {
        view! { <label class="check"><input type="checkbox" name=format!("form[{name}]") checked=checked/><span>{network.label()}{too_many(network)}</span></label> }
    };
    let boxes = view! {
        {box_of("instagram", Network::Instagram, form.values.instagram.is_some())}
        {box_of("x", Network::X, form.values.x.is_some())}
    };
    let wrong = form.wrong("network").map(|wrong| view! { <p class="error"><Icon of=icondata_lu::LuCircleAlert/>{wrong}</p> });
    let sub =
        view! { {words::count(contents.len(), "picture", "pictures")}", in this order. Instagram shows all in the shape of the first." };
    view! {
        <Heading title="New post" sub=sub.into_any()/>
        {whose}
        <Order contents=contents.clone()/>
        <form class="form" method="post" action="/actions/posts/compose" data-guard="">
            <ProblemSummary problem=form.problem.clone()/>
            <input type="hidden" name="character" value=first.character_id.to_string()/>
            {ids}
            <fieldset class="field" id="field-network"><legend>"Where"</legend>{boxes}{wrong}</fieldset>
            <CaptionField name="caption" label="Caption" network=Network::Instagram value=form.values.caption.clone() wrong=form.wrong("caption")/>
            <Field name="scheduledAt" label="When" kind=Kind::Moment value=form.values.scheduled_at.clone() wrong=form.wrong("scheduledAt") optional=true
                help=format!("In the time of {}. Empty means now.", context::app().timezone())/>
            <div class="form-actions"><button class="button primary">"Post"</button><a class="button quiet" href="/content">"Not now"</a></div>
        </form>
    }
    .into_any()
}

/// The pictures in their order, each with links that change it.
#[component]
fn Order(contents: Vec<Arc<Content>>) -> impl IntoView {
    let ids: Vec<_> = contents.iter().map(|content| content.id.clone()).collect();
    let tiles = contents.into_iter().enumerate().map(|(place, content)| {
        let swapped = |other: usize| {
            let mut ids = ids.clone();
            ids.swap(place, other);
            address(&ids)
        };
        let earlier = (place > 0).then(|| {
            view! { <a class="button small icon-only" href=swapped(place - 1) aria-label=format!("Picture {}: earlier", place + 1)><Icon of=icondata_lu::LuArrowLeft/></a> }
        });
        let later = (place + 1 < ids.len()).then(|| {
            view! { <a class="button small icon-only" href=swapped(place + 1) aria-label=format!("Picture {}: later", place + 1)><Icon of=icondata_lu::LuArrowRight/></a> }
        });
        view! {
            <li class="picture">
                <Thumbnail content/>
                <span class="over"><b>{place + 1}</b>{earlier}{later}</span>
            </li>
        }
    });
    view! { <ol class="pictures small">{tiles.collect_view()}</ol> }
}
