//! Settings → Data: where everything lies, and how large it is.

use leptos::prelude::*;

use crate::{
    vitals::{Disk, Storage},
    web::{context, words},
};

/// Where everything lies, as it was last measured.
#[component]
pub(super) fn DataCard() -> impl IntoView {
    let app = context::app();
    let dir = app.store.dir().display().to_string();
    let seen = app.vitals.storage();
    let free = app.vitals.machine().and_then(|machine| machine.disk.ok());
    let sizes = match seen {
        Some(seen) => view! { <Sizes seen/> }.into_any(),
        None => view! { <p class="muted">"It is being measured. Look again in a moment."</p> }.into_any(),
    };
    let disk = free.map(|Disk { free, total }| {
        view! { <dt>"Disk"</dt><dd>{format!("{} of {} free", words::bytes(free), words::bytes(total))}</dd> }
    });
    view! {
        <section class="card" id="data"><header><h2>"Data"</h2><p>"Where everything lies, and how large it is."</p></header><div class="body stack">
            <dl class="facts"><dt>"Folder"</dt><dd class="mono">{dir}</dd>{disk}</dl>
            <div id="data-sizes" data-live="system">{sizes}</div>
        </div></section>
    }
}

/// How much each kind takes.
#[component]
fn Sizes(seen: Storage) -> impl IntoView {
    let kinds = [
        ("Records and journal", seen.records),
        ("Pictures", seen.media),
        ("Datasets", seen.datasets),
        ("Trainings", seen.trainings),
        ("Backups", seen.backups),
        ("Other files", seen.others),
    ];
    let total = seen.total().max(1).to_string();
    let rows = kinds.into_iter().filter(|(kind, size)| *size > 0 || *kind != "Other files").map(|(kind, size)| {
        view! {
            <tr>
                <th scope="row">{kind}</th>
                <td><progress class="bar" value=size.to_string() max=total.clone() aria-label=format!("{kind}, of all")></progress></td>
                <td class="number">{words::bytes(size)}</td>
            </tr>
        }
    });
    view! {
        <table class="sizes">
            <tbody>{rows.collect_view()}</tbody>
            <tfoot><tr><th scope="row">"All"</th><td class="muted">"measured "<words::Time at=Some(seen.at)/></td><td class="number">{words::bytes(seen.total())}</td></tr></tfoot>
        </table>
    }
}
