//! Keys that come with what is imported: sealed, never told, and never in place of one in force.

use super::*;

#[tokio::test]
async fn keys_are_sealed_and_never_told() {
    let app = TestApp::start_without_key().await;
    let mut heard = String::new();
    for zip in [packed(&node()), packed(&python())] {
        for dry_run in [true, false, false] {
            heard += &app.send_import(zip.clone(), dry_run).await.text;
        }
    }
    let pages = [
        "/characters",
        "/characters/1",
        "/characters/1/accounts",
        "/activity",
        "/logs",
        "/api/characters",
        "/api/content",
        "/api/activity",
    ];
    for page in pages {
        heard += &app.get(page).await.text;
    }
    heard += &app.get("/api/characters/1/bundle").await.text;
    app.app.store.close().await.unwrap();
    for entry in std::fs::read_dir(app.app.store.dir()).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        heard += &String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap());
    }
    for secret in SECRETS {
        assert!(!heard.contains(secret), "{secret} is told");
    }
    let luna = app.app.store.secret("1", "instagramApiKey");
    assert_eq!(luna.map(|key| secrecy::ExposeSecret::expose_secret(&key).to_owned()).as_deref(), Some("IGnodeLunaToken0123456789"));
}

#[tokio::test]
async fn a_key_that_is_in_force_stays_in_force() {
    let app = TestApp::start_set(Arc::new(tempfile::tempdir().unwrap()), |config| {
        config.gemini_api_key = Some("gemini-of-this-server".into());
        for name in ["INSTAGRAM_ACCESS_TOKEN", "CORTEX_TWITTER_API_KEY"] {
            config.network_keys.insert(name.into(), "of-this-server".into());
        }
    })
    .await;
    let zip = packed(&node());
    for dry_run in [true, false] {
        let report = app.import(zip.clone(), dry_run).await;
        assert_eq!(counts(&report, "keys"), [2, 0, 3], "{report:#}");
        for (id, part) in [
            ("GEMINI_API_KEY", "GEMINI_API_KEY of the environment is in force here. What is here stays."),
            ("INSTAGRAM_ACCESS_TOKEN", "INSTAGRAM_ACCESS_TOKEN of the environment is in force here. What is here stays."),
            ("2", "CORTEX_TWITTER_API_KEY of the environment is in force here. What is here stays."),
        ] {
            let told = kept(&report, id);
            assert!(told["words"].to_string().contains(part), "{told:#}");
        }
    }
    let settings = app.get("/settings/keys").await.text;
    let stored = app.stored()["secrets"].to_string();
    assert!(!stored.contains("geminiApiKey") && stored.contains("2/twitterAppSecret") && !stored.contains("2/twitterAppKey"), "{stored}");
    assert!(!settings.contains("AIzaNode"), "{settings}");

    // One that is stored for all stays, too.
    let app = TestApp::start().await;
    app.put("/api/settings", json!({"geminiApiKey": "gemini-stored-here", "instagramApiKey": "instagram-stored-here"})).await;
    let report = app.import(zip, false).await;
    for id in ["GEMINI_API_KEY", "INSTAGRAM_ACCESS_TOKEN"] {
        let told = kept(&report, id);
        assert!(told["words"].to_string().contains("There is one here already"), "{told:#}");
    }
    let gemini = app.app.store.secret("settings", "geminiApiKey");
    assert_eq!(gemini.map(|key| secrecy::ExposeSecret::expose_secret(&key).to_owned()).as_deref(), Some("gemini-stored-here"));
}

/// The key that stays as it is here.
fn kept<'a>(report: &'a Value, id: &str) -> &'a Value {
    let keys = report["kinds"].as_array().unwrap().iter().find(|of| of["kind"] == "keys").unwrap();
    let is_it = |record: &&Value| record["id"] == id && record["outcome"] == "kept";
    keys["records"].as_array().unwrap().iter().find(is_it).unwrap_or_else(|| panic!("{id} in {keys:#}"))
}
