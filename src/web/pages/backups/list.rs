//! The backups there are.

use leptos::prelude::*;

use super::PAGE;
use crate::{
    domain::backup::{Backup, Extent, Summary},
    web::{
        components::{
            icon::Icon,
            page::{Empty, Pill},
        },
        context, words,
    },
};

/// How many kinds of record are named in a row.
const NAMED: [(&str, &str, &str); 4] = [
    ("characters", "character", "characters"),
    ("content", "picture", "pictures"),
    ("posts", "post", "posts"),
    ("prompts", "prompt", "prompts"),
];

/// Newest first, with how much they are together.
#[component]
pub(super) fn List(backups: Vec<Backup>) -> impl IntoView {
    if backups.is_empty() {
        return view! {
            <Empty icon=icondata_lu::LuArchive title="No backup yet" words="A backup is a zip with everything that is stored. Make one now, and let a schedule make one each night."/>
        }
        .into_any();
    }
    let all: u64 = backups.iter().map(|backup| backup.bytes).sum();
    let sum = format!("{}, {} together", words::count(backups.len(), "backup", "backups"), words::bytes(all));
    let rows = backups.into_iter().map(row).collect_view();
    view! {
        <section class="card"><header><h2>"Backups"</h2><p>{sum}</p></header><div class="body"><ul class="list roomy backups">{rows}</ul></div></section>
    }
    .into_any()
}

fn row(backup: Backup) -> impl IntoView {
    let id = backup.id.to_string();
    let address = context::encode(&id);
    let (tone, word) = match (&backup.trouble, backup.verified_at) {
        (Some(_), _) => ("bad", "Damaged"),
        (None, Some(_)) => ("ok", "Verified"),
        (None, None) => ("", "Not verified"),
    };
    let name = backup.file_name();
    let made = backup.contents.as_ref().map(|contents| view! { <words::Time at=Some(contents.made_at)/>" · " });
    let how = backup.contents.as_ref().map(|contents| extent(contents.extent));
    let by = if backup.scheduled { " · by a schedule" } else { "" };
    let trouble = backup.trouble.clone().map(|trouble| view! { <p class="small">{trouble}</p> });
    let what = backup.contents.clone().map(|contents| view! { <p class="small">{counts(&contents)}</p> });
    let missing = backup.contents.as_ref().map_or(0, |contents| contents.missing.len());
    let missing = (missing > 0).then(
        || view! { <p class="small">{format!("{} not there when it was made.", words::count(missing, "file was", "files were"))}</p> },
    );
    let verified = backup.verified_at.map(|at| view! { <p class="small">"Verified "<words::Time at=Some(at)/></p> });
    let (keep, label) = if backup.keep { ("false", "Let it go") } else { ("true", "Keep") };
    let about = |deed: &str| format!("{deed} {name}");
    view! {
        <li data-id=id.clone()>
            <Pill tone words=word/>
            <div>
                <b>{name.clone()}</b>" "{backup.keep.then(|| view! { <span class="tag">"Kept"</span> })}
                <p>{made}{words::bytes(backup.bytes)}{how.map(|how| format!(" · {how}"))}{by}</p>
                {what}
                {missing}
                {trouble}
                {verified}
            </div>
            <span class="end">
                <a class="button" href=format!("/api/backups/{address}/file") download=name.clone() aria-label=about("Download")><Icon of=icondata_lu::LuDownload/>"Download"</a>
                <form method="post" action="/actions/backups/verify"><input type="hidden" name="id" value=id.clone()/><button class="button" aria-label=about("Verify")>"Verify"</button></form>
                <form method="post" action="/actions/backups/keep"><input type="hidden" name="id" value=id.clone()/><input type="hidden" name="keep" value=keep/><button class="button" aria-label=about(label)>{label}</button></form>
                <a class="button danger" href=format!("{PAGE}/{address}/delete") aria-label=about("Delete")>"Delete…"</a>
            </span>
        </li>
    }
    .into_any()
}

fn extent(extent: Extent) -> &'static str {
    match extent {
        Extent::Records => "records only",
        Extent::Pictures => "with pictures",
        Extent::Everything => "with everything",
    }
}

/// As in "3 characters, 120 pictures, 40 posts, 12 prompts".
fn counts(contents: &Summary) -> String {
    let count = |(key, one, many): (&str, &str, &str)| words::count(contents.counts.get(key).copied().unwrap_or_default(), one, many);
    NAMED.map(count).join(", ")
}
