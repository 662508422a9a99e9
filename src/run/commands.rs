//! What is done beside running the server.

use std::io::IsTerminal;

use chrono::Utc;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    config::Config,
    domain::problem::Problem,
    events::Events,
    service,
    state::AppState,
    store::{OpenOptions, Store},
};

/// Asks for a password, and puts it in place of whatever there was.
pub async fn set_password(config: Config) -> Result<(), String> {
    let key = config.secret_key()?;
    let store = Store::open(OpenOptions { dir: config.data_dir(), key }).await;
    let store = store.map_err(|error| format!("{error} While it runs, the password is changed under Settings, Access."))?;
    let app = AppState::new(config, store, Events::new(0));
    let typed = tokio::task::spawn_blocking(typed).await.map_err(|_| "the password could not be read".to_owned())??;
    let set = service::access::replace(&app, typed.password, &typed.again, Utc::now()).await;
    let closed = app.store.close().await;
    set.map_err(|error| Problem::from(error).message)?;
    closed.map_err(|error| format!("the password is in the journal, but the arrays could not be written: {error}"))?;
    println!("The password is set. Whoever was logged in has to log in again.");
    Ok(())
}

struct Typed {
    password: SecretString,
    again: SecretString,
}

/// Twice from a terminal, without showing it; one line from anything else.
fn typed() -> Result<Typed, String> {
    let unread = |error: std::io::Error| format!("the password could not be read: {error}");
    if std::io::stdin().is_terminal() {
        let password = rpassword::prompt_password("New password: ").map_err(unread)?.into();
        let again = rpassword::prompt_password("The same again: ").map_err(unread)?.into();
        return Ok(Typed { password, again });
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(unread)?;
    let password = SecretString::from(line.trim_end_matches(['\n', '\r']));
    let again = password.expose_secret().into();
    Ok(Typed { password, again })
}
