//! The same through forms, with script off.

use serde_json::json;

use super::{settings, texts};
use crate::support::TestApp;

#[tokio::test]
async fn forms_keep_what_was_typed_and_say_what_is_wrong() {
    let app = TestApp::start().await;
    let refused = app
        .submit(
            "/actions/settings/general",
            &[("form[timezone]", "Mars/Base"), ("form[clock]", "12"), ("form[weekStart]", "sunday"), ("form[theme]", "dark")],
        )
        .await;
    assert!(refused.contains("value=\"Mars/Base\"") && texts(&refused, "#general .error")[0].contains("not a time zone"));
    let refused = app
        .submit(
            "/actions/settings/posting",
            &[("form[gapMinutes]", "30"), ("form[fit]", "crop"), ("form[xPerDay]", "x"), ("form[xPostPrice]", "free")],
        )
        .await;
    assert_eq!(texts(&refused, "#posting .error").len(), 2);
    let refused =
        app.submit("/actions/settings/webhook", &[("form[webhookUrl]", "here"), ("form[webhookSecret]", "signs-everything")]).await;
    assert!(
        !refused.contains("signs-everything") && texts(&refused, "#notifications .help").iter().any(|help| help.contains("Type it again"))
    );
    let refused = app.submit("/actions/settings/comfyui", &[("form[comfyuiUrl]", "box:8188")]).await;
    assert!(texts(&refused, "#comfyui .error")[0].contains("box:8188"));
    let refused = app.submit("/actions/settings/public", &[("form[publicUrl]", "http://example.org")]).await;
    assert!(texts(&refused, "#public .error")[0].contains("https://"));
    assert!(app.app.store.read().settings.dry_run.is_none(), "nothing was stored");
    let saved = app
        .submit(
            "/actions/settings/posting",
            &[("form[gapMinutes]", "45"), ("form[fit]", "pad"), ("form[xPerDay]", "5"), ("form[xPerMonth]", ""), ("form[xPostPrice]", "")],
        )
        .await;
    assert_eq!(texts(&saved, ".toast p"), ["Saved. Posts go out for real."]);
    let told = settings(&app).await;
    assert_eq!(
        (&told["gapMinutes"], &told["fit"], &told["xPerDay"], &told["xPerMonth"]),
        (&json!("45"), &json!("pad"), &json!("5"), &json!("0"))
    );
}
