//! What people do with backups.

use chrono::Utc;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::PAGE;
use crate::{
    domain::{
        backup::{BackupId, BackupRequest, Extent},
        sent::Sent,
    },
    expected::Expected,
    service::{
        self, backups,
        settings::{Number, SettingsChange},
    },
    web::{
        actions::{Done, Sending, press, submit},
        context,
    },
};

/// What is asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BackupForm {
    pub(super) extent: String,
    pub(super) keep: Option<String>,
}

/// Makes a backup.
#[server(prefix = "/actions", endpoint = "backups/create")]
pub async fn back_up(#[server(default)] form: BackupForm) -> Result<(), ServerFnError> {
    let app = context::app();
    submit(Sending { name: "backup", page: PAGE.into(), values: &form }, async {
        let request = BackupRequest { extent: Extent::from_key(&form.extent).unwrap_or_default(), keep: form.keep.is_some() };
        backups::ask(&app, &request, Utc::now()).await?;
        Ok(Done::to(PAGE).saying("The backup is being made. It is listed when everything in it was read again."))
    })
    .await
}

/// What is typed about how many stay.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KeptForm {
    pub(super) backups_kept: String,
}

/// Says how many backups stay.
#[server(prefix = "/actions", endpoint = "backups/kept")]
pub async fn set_kept(#[server(default)] form: KeptForm) -> Result<(), ServerFnError> {
    let app = context::app();
    submit(Sending { name: "kept", page: format!("{PAGE}#kept"), values: &form }, async {
        let kept = Sent::Value(Number(form.backups_kept.trim().parse().ok()));
        service::settings::change(&app, SettingsChange { backups_kept: kept, ..SettingsChange::default() }, Expected::ANY).await?;
        Ok(Done::to(PAGE).saying("Saved. It counts from the next backup on."))
    })
    .await
}

/// Reads a backup from its beginning to its end.
#[server(prefix = "/actions", endpoint = "backups/verify")]
pub async fn verify_backup(id: BackupId) -> Result<(), ServerFnError> {
    let app = context::app();
    press(PAGE, async {
        let backup = backups::verify(&app, &id, Utc::now()).await?;
        let words = match backup.trouble {
            None => "Everything in it is as it was written.".to_owned(),
            Some(trouble) => format!("This backup is damaged. {trouble}"),
        };
        Ok(Done::to(PAGE).saying(words))
    })
    .await
}

/// Says whether a backup stays until a person deletes it.
#[server(prefix = "/actions", endpoint = "backups/keep")]
pub async fn keep_backup(id: BackupId, keep: bool) -> Result<(), ServerFnError> {
    let app = context::app();
    press(PAGE, async {
        backups::set_keep(&app, &id, keep, Expected::ANY).await?;
        Ok(Done::to(PAGE).saying(if keep { "It stays until somebody deletes it." } else { "It goes when newer ones need its place." }))
    })
    .await
}

/// Deletes a backup.
#[server(prefix = "/actions", endpoint = "backups/delete")]
pub async fn delete_backup(id: BackupId) -> Result<(), ServerFnError> {
    let app = context::app();
    press(PAGE, async {
        backups::delete(&app, &id, Expected::ANY).await?;
        Ok(Done::to(PAGE).saying("The backup is deleted."))
    })
    .await
}
