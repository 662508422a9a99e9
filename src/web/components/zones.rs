//! Time zones to choose from.

use leptos::prelude::*;

/// The zones a field with `list="zones"` proposes: those of cities. Others can be typed.
#[component]
pub fn Zones() -> impl IntoView {
    const REGIONS: [&str; 7] = ["Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Pacific/"];
    let cities = chrono_tz::TZ_VARIANTS.iter().filter(|zone| REGIONS.iter().any(|region| zone.name().starts_with(region)));
    view! { <datalist id="zones">{cities.map(|zone| view! { <option value=zone.name()></option> }).collect_view()}</datalist> }.into_any()
}
