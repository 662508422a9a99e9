//! Addresses: of the ComfyUI servers, the public one, and where notifications go.

use reqwest::Url;

use super::SettingsChange;
use crate::{
    config,
    domain::{problem::Checks, sent::Sent, settings::Settings},
    state::AppState,
};

/// Most ComfyUI servers.
const MOST_SERVERS: usize = 16;
/// Longest address, in bytes.
const LONGEST: usize = 1_000;

/// Where an address in force comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// From here.
    Settings,
    /// From a flag or the environment.
    Start,
    /// Nobody has set it.
    Usual,
}

/// What is to be set, checked.
pub(super) struct Addresses {
    comfyui: Sent<Vec<String>>,
    public: Sent<String>,
    webhook: Sent<String>,
}

impl Addresses {
    /// Reads what a change says. What comes back as it was shown, and is not stored, is not to be stored because of that.
    pub(super) fn check(app: &AppState, change: &SettingsChange, checks: &mut Checks) -> Self {
        let state = app.store.read();
        let kept = |sent: &Sent<String>, shown: String, stored: bool| match sent.value() {
            Some(text) if !stored && text.trim() == shown => Sent::Absent,
            _ => sent.clone().map(|text| text.trim().to_owned()),
        };
        let comfyui = kept(&change.comfyui_url, comfyui_text(app), !state.settings.comfyui_urls.is_empty());
        let comfyui = comfyui.map(|text| servers(app, &text, checks));
        let public = kept(&change.public_url, public_text(app), !state.settings.public_url.is_empty());
        let public = public.map(|text| text.trim_end_matches('/').to_owned());
        if let Some(fault) = public.value().filter(|text| !text.is_empty()).and_then(|text| fault_of_public(text)) {
            checks.wrong("publicUrl", fault);
        }
        let webhook = change.webhook_url.clone().map(|text| text.trim().to_owned());
        if let Some(fault) = webhook.value().filter(|text| !text.is_empty()).and_then(|text| fault_of_webhook(text)) {
            checks.wrong("webhookUrl", fault);
        }
        Self { comfyui, public, webhook }
    }

    /// Puts them into the settings. Answers whether the ComfyUI servers are others now.
    pub(super) fn apply(self, settings: &mut Settings) -> bool {
        let before = settings.comfyui_urls.clone();
        self.comfyui.set(&mut settings.comfyui_urls);
        self.public.set(&mut settings.public_url);
        self.webhook.set(&mut settings.webhook_url);
        settings.comfyui_urls != before
    }
}

/// Where the addresses of the ComfyUI servers come from.
pub fn comfyui_origin(app: &AppState) -> Origin {
    let usual = app.config.comfyui.iter().map(Url::as_str).eq(["http://127.0.0.1:8188/"]);
    match (app.store.read().settings.comfyui_urls.is_empty(), usual) {
        (false, _) => Origin::Settings,
        (true, true) => Origin::Usual,
        (true, false) => Origin::Start,
    }
}

/// The addresses of the ComfyUI servers, separated by commas; names and passwords in them are left out.
pub fn comfyui_text(app: &AppState) -> String {
    app.comfyui_urls().iter().map(shown).collect::<Vec<_>>().join(",")
}

/// The public address, if there is one.
pub fn public_text(app: &AppState) -> String {
    app.public_url().as_ref().map(shown).unwrap_or_default()
}

/// An address without name, password and the slash at its end.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Only addresses without a host cannot lose what they cannot have.
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    url.as_str().trim_end_matches('/').to_owned()
}

/// The servers of a text, separated by commas or line breaks, each once.
fn servers(app: &AppState, text: &str, checks: &mut Checks) -> Vec<String> {
    let mut servers: Vec<String> = Vec::new();
    for one in text.split([',', '\n', '\r', ' ']).map(str::trim).filter(|one| !one.is_empty()) {
        match server(app, one) {
            Ok(url) if servers.contains(&url) => {}
            Ok(url) => servers.push(url),
            Err(words) => checks.wrong("comfyuiUrl", format!("{}{words}", named(one))),
        }
    }
    checks.require(servers.len() <= MOST_SERVERS, "comfyuiUrl", format!("At most {MOST_SERVERS} servers."));
    servers
}

/// Which of several addresses is meant. What may hold a password is not repeated.
fn named(text: &str) -> String {
    if text.contains('@') { String::new() } else { format!("{}: ", text.chars().take(80).collect::<String>()) }
}

fn server(app: &AppState, text: &str) -> Result<String, String> {
    let url = config::http_url(text).map_err(sentence)?;
    if text.len() > LONGEST {
        return Err(format!("Keep the address to {LONGEST} characters."));
    }
    if has_password(&url) {
        return Err(
            "Leave out name and password: settings are no place for secrets. Set COMFYUI_URL with them; they are used for the same \
                    address here."
                .into(),
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("Leave out what follows ? or #.".into());
    }
    if app.config.sandbox && !is_here(&url) {
        return Err("In the sandbox nothing leaves this machine: only addresses of this machine can be used.".into());
    }
    Ok(shown(&url))
}

/// Why Instagram cannot fetch pictures from an address.
fn fault_of_public(text: &str) -> Option<String> {
    let url = match config::public_url(text) {
        Ok(url) => url,
        Err(words) => return Some(sentence(words)),
    };
    let is_private = match url.host_str().map(|host| host.trim_matches(['[', ']']).parse()) {
        Some(Ok(std::net::IpAddr::V4(ip))) => ip.is_private() || ip.is_link_local() || ip.is_unspecified(),
        Some(Ok(std::net::IpAddr::V6(ip))) => ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_unspecified(),
        Some(Err(_)) | None => false,
    };
    if is_private {
        return Some("Instagram cannot reach an address of your own network. Use the name of a tunnel or a proxy.".into());
    }
    if has_password(&url) || url.query().is_some() || url.fragment().is_some() {
        return Some("Write the address alone: no name or password, and nothing after ? or #.".into());
    }
    (text.len() > LONGEST).then(|| format!("Keep the address to {LONGEST} characters."))
}

/// Why notifications cannot be sent to an address.
fn fault_of_webhook(text: &str) -> Option<&'static str> {
    let Ok(url) = Url::parse(text) else { return Some("Write the whole address, starting with http:// or https://.") };
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Some("Write an address that starts with http:// or https://.");
    }
    // It is stored and shown as it is.
    if has_password(&url) {
        return Some("Leave out name and password: the address is shown on this page. The secret tells the other side that it was us.");
    }
    (text.len() > LONGEST).then_some("Keep the address to 1,000 characters.")
}

fn has_password(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Whether an address is one of this machine.
fn is_here(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Words of the command line as a sentence.
fn sentence(words: String) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instagram_fetches_from_the_outside_only() {
        for good in ["https://pictures.example.org", "https://example.org/dalla", "http://127.0.0.1:3000", "http://localhost:3000"] {
            assert_eq!(fault_of_public(good), None, "{good}");
        }
        for (bad, words) in [
            ("http://pictures.example.org", "start with https"),
            ("pictures.example.org", "Write an address"),
            ("https://192.168.1.7", "your own network"),
            ("https://[fd00::7]", "your own network"),
            ("https://me:secret@example.org", "no name or password"),
            ("https://example.org/?a=b", "after ? or #"),
            ("ftp://example.org", "http"),
        ] {
            let fault = fault_of_public(bad).unwrap_or_default();
            assert!(fault.contains(words), "{bad}: {fault}");
        }
    }

    #[test]
    fn names_and_passwords_are_not_shown() {
        assert_eq!(shown(&"https://me:secret@box.example/comfy/".parse().unwrap()), "https://box.example/comfy");
        assert!(is_here(&"http://[::1]:8188".parse().unwrap()) && !is_here(&"http://box:8188".parse().unwrap()));
    }
}
