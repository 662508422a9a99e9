//! The frame around every page: document, banners, sidebar, toasts.

use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::components::Outlet;

use super::{
    app::App,
    components::icon::Icon,
    context,
    flash::Toast,
    places::{Place, places},
};
use crate::{
    assets,
    domain::{access::Visitor, settings::Theme},
    service,
};

/// The document.
pub fn shell() -> impl IntoView {
    if let (Some(nonce), Some(response)) = (use_nonce(), use_context::<leptos_axum::ResponseOptions>()) {
        let policy = format!(
            "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data: blob:; \
             object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
        );
        if let Ok(policy) = axum::http::HeaderValue::from_str(&policy) {
            response.insert_header(axum::http::header::CONTENT_SECURITY_POLICY, policy);
        }
    }
    // Before anything is read: what happens from here on is told to the page when it listens.
    let newest = use_context::<crate::state::AppState>().map(|app| app.events.newest().to_string());
    let theme = theme_now();
    let (zone, clock) =
        use_context::<crate::state::AppState>().map(|app| app.times()).map(|times| (times.zone.name(), times.hours.key())).unzip();
    view! {
        <!DOCTYPE html>
        <html
            lang="en"
            data-theme=(theme != "system").then_some(theme)
            data-event=newest
            data-zone=zone
            data-clock=clock
            data-palette=assets::versioned("/public/palette.js")
        >
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="stylesheet" href=assets::versioned("/style.css")/>
                <script src=assets::versioned("/app.js") async=true nonce=use_nonce()></script>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// The frame; the page stands in its middle.
#[component]
pub fn Frame() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=|title: String| format!("{} · Digital Dalla", html_escape::encode_text(&title))/>
        <a class="skip" href="#main">"Skip to content"</a>
        <Banners/>
        <div class="shell">
            <header class="topbar">
                <input type="checkbox" id="nav-toggle" class="nav-toggle" aria-label="Menu"/>
                <label for="nav-toggle" class="nav-button"><Icon of=icondata_lu::LuMenu/>"Menu"</label>
                <a class="brand" href="/"><span class="mark"></span>"Digital Dalla"</a>
                <a class="find" href="/find" data-palette="" aria-label="Search"><Icon of=icondata_lu::LuSearch/></a>
                <Bell id="bell-top"/>
            </header>
            <Sidebar/>
            <main id="main" tabindex="-1">
                <Outlet/>
            </main>
        </div>
        <Toasts/>
    }
}

/// What is true of the whole installation and must not be overlooked.
#[component]
fn Banners() -> impl IntoView {
    let app = context::app();
    let sandbox = app.config.sandbox.then(|| {
        view! { <div class="banner info" role="status"><b>"SANDBOX"</b><span>"Nothing leaves this machine: services are simulated, pictures made up."</span></div> }
    });
    let damaged = app.store.health().damaged.into_iter().map(|damage| {
        view! { <div class="banner bad" role="status"><b>"READ-ONLY STORE"</b><span>{damage.to_string()}</span></div> }
    });
    let state = app.store.read();
    let dry = service::settings::is_dry_run(&app, &state).then(|| {
        view! { <div class="banner warn" role="status"><b>"DRY RUN"</b><span>"Everything happens except the calls that make posts public."</span><a href="/settings#posting">"Change"</a></div> }
    });
    let paused = state.settings.paused.then(|| {
        view! {
            <div class="banner warn" role="status"><b>"PAUSED"</b><span>"Nothing is scheduled or posted until you resume."</span>
                <form method="post" action="/actions/posting/resume"><input type="hidden" name="back" value=context::here()/><button class="button small">"Resume"</button></form>
            </div>
        }
    });
    view! { {sandbox}{dry}{paused}{damaged.collect_view()} }
}

/// What a person should know of, one step away from everywhere.
#[component]
fn Bell(id: &'static str) -> impl IntoView {
    let unread = service::notifications::unread(&context::app().store.read());
    let current = context::path().starts_with("/notifications").then_some("page");
    let label = match unread {
        0 => "Notifications".to_owned(),
        count => format!("Notifications, {count} unread"),
    };
    let count =
        (unread > 0).then(|| view! { <span class="count">{if unread > 99 { "99+".to_owned() } else { unread.to_string() }}</span> });
    view! { <span class="bell" id=id data-live="notification"><a href="/notifications" aria-label=label aria-current=current><Icon of=icondata_lu::LuBell/>{count}</a></span> }
}

#[component]
fn Sidebar() -> impl IntoView {
    let mut group = "";
    let links = places().into_iter().map(|place| {
        let heading = (place.group != group).then(|| view! { <p class="group">{place.group}</p> });
        group = place.group;
        view! { {heading}{link(place)} }
    });
    let links = links.collect_view();
    view! {
        <nav class="sidebar" aria-label="Main">
            <div class="head"><a class="brand" href="/"><span class="mark"></span>"Digital Dalla"</a><Bell id="bell"/></div>
            <a class="find" href="/find" data-palette="" aria-keyshortcuts="Control+K"><Icon of=icondata_lu::LuSearch/>"Search"<kbd class="js-only">"Ctrl K"</kbd></a>
            {links}
            <div class="foot">
                <Switcher/>
                <Theme/>
                <LogOut/>
                <p class="hint js-only"><kbd>"?"</kbd>" keys"</p>
            </div>
        </nav>
    }
}

/// Pages that can be filtered keep the chosen character.
fn link(place: Place) -> impl IntoView {
    let here = context::path();
    let current = if place.path == "/" { here == "/" } else { here.starts_with(place.path) };
    let filtered = is_filtered(place.path);
    let chosen = context::chosen_character().filter(|_| filtered).map(|id| format!("?character={}", context::encode(id.as_str())));
    let href = format!("{}{}", place.path, chosen.unwrap_or_default());
    let waiting = waiting(place.path);
    view! {
        <a href=href aria-current=current.then_some("page") data-key=place.key>
            <Icon of=place.icon/>
            {place.words}
            {waiting.map(|count| view! { <span class="count">{count}</span> })}
        </a>
    }
}

/// Whether a page can be filtered by a character.
fn is_filtered(path: &str) -> bool {
    matches!(
        path,
        "/" | "/content" | "/studio" | "/prompts" | "/review" | "/posts" | "/calendar" | "/schedules" | "/schedules/runs" | "/datasets"
    )
}

/// How much there waits for a person.
fn waiting(path: &str) -> Option<usize> {
    let state = context::app().store.read();
    let count = match path {
        "/review" => service::review::how_much_waits(&state),
        "/posts" => service::publishing::how_many_need_a_person(&state),
        _ => 0,
    };
    (count > 0).then_some(count)
}

/// Chooses the character that pages are filtered by.
#[component]
fn Switcher() -> impl IntoView {
    let app = context::app();
    let chosen = context::chosen_character();
    let state = app.store.read();
    let options = state.characters.iter().map(|character| {
        let selected = chosen.as_ref() == Some(&character.id);
        view! { <option value=character.id.to_string() selected=selected>{character.name.clone()}</option> }
    });
    let path = context::path();
    let page = if is_filtered(&path) { path.clone() } else { "/content".to_owned() };
    // The calendar stays where it is.
    let kept = ["view", "at"].into_iter().filter(|_| path == "/calendar").map(|name| (name, context::query(name)));
    let kept = kept.filter(|(_, value)| !value.is_empty());
    let kept = kept.map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view();
    view! {
        <form class="switcher" method="get" action=page>
            {kept}
            <label for="switcher">"Character"</label>
            <select id="switcher" name="character" data-submit="">
                <option value="">"All characters"</option>
                {options.collect_view()}
            </select>
            <button class="button small noscript">"Show"</button>
        </form>
    }
}

/// The theme a person has chosen, else the one of the installation.
fn theme_now() -> &'static str {
    let chosen = context::cookie("theme").and_then(|theme| Theme::from_key(&theme));
    let usual = || use_context::<crate::state::AppState>().map(|app| app.store.read().settings.theme);
    chosen.or_else(usual).unwrap_or_default().key()
}

/// Dark, light, or as the system has it.
#[component]
fn Theme() -> impl IntoView {
    let now = theme_now();
    let choice = |value: &'static str, words: &'static str| {
        view! { <label><input type="radio" name="theme" value=value checked=now == value/><span>{words}</span></label> }
    };
    view! {
        <form class="theme" method="post" action="/actions/theme">
            <input type="hidden" name="back" value=context::here()/>
            <fieldset class="segmented">
                <legend class="visually-hidden">"Theme"</legend>
                {choice("system", "System")}
                {choice("light", "Light")}
                {choice("dark", "Dark")}
            </fieldset>
            <button class="button small noscript">"Set"</button>
        </form>
    }
}

/// For those who have logged in.
#[component]
fn LogOut() -> impl IntoView {
    matches!(context::visitor(), Some(Visitor::Session(_))).then(|| {
        view! { <form class="leave" method="post" action="/actions/access/log-out"><button class="button quiet small"><Icon of=icondata_lu::LuLogOut/>"Log out"</button></form> }
    })
}

#[component]
fn Toasts() -> impl IntoView {
    view! { <div class="toasts" aria-live="polite">{context::flash().toast.map(toast)}</div> }
}

fn toast(toast: Toast) -> impl IntoView {
    let undo = toast.undo.map(|(action, token)| {
        view! { <form method="post" action=action><input type="hidden" name="token" value=token/><button class="button small">"Undo"</button></form> }
    });
    let view = toast.view.map(|href| view! { <a class="button small" href=href>"View"</a> });
    view! {
        <div class=if toast.good { "toast ok" } else { "toast bad" } role="status">
            <p>{toast.words}</p>
            {view}
            {undo}
            <button type="button" class="button quiet small icon-only js-only" data-dismiss="" aria-label="Dismiss"><Icon of=icondata_lu::LuX/></button>
        </div>
    }
}
