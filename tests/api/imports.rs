//! Imports: what others wrote is told first, comes exactly as told, and never twice; what would do harm is refused.

use std::{
    io::{Cursor, Read, Write},
    path::Path,
    sync::Arc,
};

use digital_dalla::domain::post::PostState;
use image::{ImageFormat, RgbImage};
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::{Value, json};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::support::{Answer, TestApp, cast::painting};

/// Everything in the fixtures that nobody may ever see.
const SECRETS: [&str; 8] = [
    "AIzaNodeGeminiKey0123456789",
    "nodeCortexAppKey0123456789",
    "nodeCortexAppSecret0123456789",
    "IGnodeForAll0123456789",
    "IGnodeLunaToken0123456789",
    "sk-node-somebody-elses",
    "EAABpythonToken0123456789",
    "pythonNovaAppKey0123456789",
];

type Files = Vec<(String, Vec<u8>)>;

/// The files of a fixture, as the older app had them.
fn fixture(name: &str) -> Files {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import").join(name);
    let mut files = vec![(".env".to_owned(), std::fs::read(folder.join("env")).unwrap())];
    for entry in std::fs::read_dir(folder.join("data")).unwrap() {
        let entry = entry.unwrap();
        files.push((format!("data/{}", entry.file_name().to_str().unwrap()), std::fs::read(entry.path()).unwrap()));
    }
    files
}

fn encoded(picture: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// The Node app with its pictures: one PNG, one JPEG, one that breaks off.
fn node() -> Files {
    let mut files = fixture("node");
    let whole = encoded(&painting(7_001, (64, 80)), ImageFormat::Png);
    files.push(("public/generated/broken.png".into(), whole[..whole.len() / 2].to_vec()));
    files.push(("public/generated/luna_1.png".into(), whole));
    files.push(("public/generated/luna_2.jpg".into(), encoded(&painting(7_002, (96, 64)), ImageFormat::Jpeg)));
    files.push(("node_modules/left-pad/characters.json".into(), b"[{\"id\": \"nobody\"}]".to_vec()));
    files
}

fn python() -> Files {
    let mut files = fixture("python");
    files.push(("data/output/nova.png".into(), encoded(&painting(7_003, (48, 48)), ImageFormat::Png)));
    files
}

fn packed(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn named(files: &[(&str, &str)]) -> Vec<u8> {
    packed(&files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect::<Vec<_>>())
}

impl TestApp {
    async fn send_import(&self, bytes: Vec<u8>, dry_run: bool) -> Answer {
        let form = Form::new().part("file", Part::bytes(bytes).file_name("old.zip"));
        Answer::of(self.request(Method::POST, &format!("/api/characters/import?dryRun={dry_run}")).multipart(form)).await
    }

    async fn import(&self, bytes: Vec<u8>, dry_run: bool) -> Value {
        let answer = self.send_import(bytes, dry_run).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
        answer.json()
    }

    /// Everything that could have come, as it is stored.
    fn stored(&self) -> Value {
        let state = self.app.store.read();
        let secrets: Vec<_> = state.secrets.iter().map(|secret| secret.id.clone()).collect();
        json!({
            "characters": state.characters.iter().map(|one| json!(**one)).collect::<Vec<_>>(),
            "tasks": state.tasks.iter().map(|one| json!(**one)).collect::<Vec<_>>(),
            "prompts": state.prompts.iter().map(|one| json!(**one)).collect::<Vec<_>>(),
            "content": state.content.iter().map(|one| json!(**one)).collect::<Vec<_>>(),
            "posts": state.posts.iter().map(|one| json!(**one)).collect::<Vec<_>>(),
            "secrets": secrets,
        })
    }

    fn pictures(&self) -> Vec<String> {
        let media = self.app.store.dir().join("media");
        let mut names: Vec<_> =
            std::fs::read_dir(media).into_iter().flatten().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Nothing of an import lies about.
    fn nothing_waits(&self) {
        let left = std::fs::read_dir(self.app.store.dir().join(".imports")).into_iter().flatten().count();
        assert_eq!(left, 0, "something of an import lies about");
    }
}

/// How many of a kind are new, the same, and kept.
fn counts(report: &Value, kind: &str) -> [u64; 3] {
    let of = report["kinds"].as_array().unwrap().iter().find(|of| of["kind"] == kind);
    of.map_or([0; 3], |of| ["new", "same", "kept"].map(|name| of[name].as_u64().unwrap()))
}

/// What is said of a record.
fn record<'a>(report: &'a Value, kind: &str, id: &str) -> &'a Value {
    let of = report["kinds"].as_array().unwrap().iter().find(|of| of["kind"] == kind).unwrap();
    of["records"].as_array().unwrap().iter().find(|record| record["id"] == id).unwrap_or_else(|| panic!("{id} in {of:#}"))
}

/// Why something was left out.
fn why(report: &Value, record: &str) -> String {
    let left = report["leftOut"].as_array().unwrap();
    let one = left.iter().find(|one| one["record"] == record || one["file"] == record);
    one.unwrap_or_else(|| panic!("{record} in {left:#?}"))["why"].as_str().unwrap().to_owned()
}

fn without_imported(mut report: Value) -> Value {
    report["imported"] = json!(null);
    report
}

#[tokio::test]
async fn a_folder_of_the_node_app_comes_as_it_was_told_and_only_once() {
    let app = TestApp::start_without_key().await;
    let zip = packed(&node());
    let told = app.import(zip.clone(), true).await;
    assert_eq!(app.stored()["characters"], json!([]), "a rehearsal stores nothing");
    assert!(app.pictures().is_empty());
    let done = app.import(zip.clone(), false).await;
    assert_eq!((&told["imported"], &done["imported"], &done["origin"]), (&json!(false), &json!(true), &json!("folder")));
    assert_eq!(without_imported(told.clone()), without_imported(done.clone()), "what is told is what is done");

    for (kind, new) in [("characters", 3), ("keys", 4), ("pictures", 5), ("prompts", 3), ("schedules", 2), ("posts", 1)] {
        assert_eq!(counts(&done, kind), [new, 0, 0], "{kind}: {done:#}");
    }
    let stored = app.stored();
    let luna = &stored["characters"][0];
    assert_eq!((&luna["id"], &luna["name"], &luna["personality"]), (&json!("1"), &json!("Luna the Mystic"), &json!("dreamy, kind")));
    assert_eq!((&luna["zodiac"], &luna["instagramHandle"]), (&json!("pisces"), &json!("luna.mystic")));
    assert_eq!(luna["narratives"][0]["startDate"], "2025-03-01");
    assert_eq!(stored["characters"][1]["id"], "2");
    assert_eq!(stored["characters"][2]["name"], "Character 3");
    let secrets: Vec<_> = stored["secrets"].as_array().unwrap().iter().filter_map(Value::as_str).filter(|id| *id != "key-check").collect();
    assert_eq!(secrets, ["1/instagramApiKey", "2/twitterAppKey", "2/twitterAppSecret", "settings/geminiApiKey"]);

    // Nothing goes out by itself.
    let state = app.app.store.read();
    assert!(state.tasks.iter().all(|task| !task.active));
    assert_eq!(state.tasks.get("t2").unwrap().character_id.as_str(), "2");
    let post = state.posts.iter().next().unwrap();
    assert!(matches!(&post.state, PostState::Published { url: Some(url), .. } if url == "https://www.instagram.com/p/abc/"));
    assert_eq!(post.pictures[0].content_id.as_str(), "c1");
    assert!(state.posts.iter().all(|post| !post.state.goes_on()) && state.content.iter().all(|one| one.planned_for.is_none()));

    // Pictures lie where ours do; what cannot come is told.
    assert_eq!(app.pictures(), ["c1.png", "c1.thumb.webp", "c2.png", "c2.thumb.webp"]);
    assert!(record(&done, "pictures", "c2")["words"].to_string().contains("becomes a PNG"));
    assert_eq!(app.get("/media/c2.png").await.headers["content-type"], "image/png");
    assert_eq!(state.content.get("c3").unwrap().extra["imageUrl"], "https://example.org/elsewhere.png");
    for (record, part) in [
        ("picture of c4", "leads out"),
        ("picture of c5", "breaks off"),
        ("t3", "neither in what was sent nor here"),
        ("no. 4", "no record"),
        ("p3", "no words"),
        ("p2", "twice"),
        ("INSTAGRAM_ACCESS_TOKEN", "several"),
    ] {
        assert!(why(&done, record).contains(part), "{record}: {}", why(&done, record));
    }
    assert!(record(&done, "characters", "3")["words"].to_string().contains("createdAt"));

    // Twice adds nothing.
    let again = app.import(zip, false).await;
    for (kind, there) in [("characters", 3), ("pictures", 5), ("prompts", 3), ("schedules", 2), ("posts", 1)] {
        assert_eq!(counts(&again, kind), [0, there, 0], "{kind}: {again:#}");
    }
    assert_eq!(app.stored(), stored);
    // A bundle of hers brings nothing anew either: what her picture says of having been posted is the post that is there.
    let hers = app.request(Method::GET, "/api/characters/1/bundle?pictures=true").send().await.unwrap().bytes().await.unwrap();
    let told = app.import(hers.to_vec(), true).await;
    for (kind, there) in [("characters", 1), ("pictures", 2), ("prompts", 2), ("posts", 1)] {
        assert_eq!(counts(&told, kind), [0, there, 0], "{kind}: {told:#}");
    }
    assert_eq!(told["leftOut"], json!([]), "{told:#}");
    let activity = app.get("/activity").await.text;
    assert!(
        activity.contains("“old.zip” was imported: 3 characters, 4 keys, 5 pictures, 3 prompts, 2 schedules, 1 published post"),
        "{activity}"
    );
    app.nothing_waits();
    app.is_quiet();
}

#[tokio::test]
async fn a_folder_of_the_python_app_comes_with_its_own_names_and_shapes() {
    let app = TestApp::start().await;
    let zip = packed(&python());
    let done = app.import(zip.clone(), false).await;
    for (kind, new) in [("characters", 1), ("keys", 2), ("pictures", 1), ("prompts", 1), ("schedules", 1), ("posts", 1)] {
        assert_eq!(counts(&done, kind), [new, 0, 0], "{kind}: {done:#}");
    }
    assert_eq!(done["leftOut"], json!([]), "{done:#}");
    let stored = app.stored();
    let nova = &stored["characters"][0];
    let expected = json!({
        "id": "65f0aa", "name": "Nova", "personality": "bold, warm; playful", "backstory": "Grew up on a ferry.", "instagramHandle": "nova.sails",
        "twitterHandle": "nova_sails", "isActive": true, "createdAt": "2025-01-02T03:04:05Z", "triggerWord": "nova", "instagramAccountId": "17841400000000009",
        "promptSettings": {"basePrompt": "a woman on a ship", "negativePrompt": "blurry", "style": "", "mood": ""},
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&nova[field], value, "{field}");
    }
    let arc = &nova["narratives"][0];
    assert_eq!((&arc["title"], &arc["startDate"], &arc["endDate"]), (&json!("Crossing"), &json!("2025-05-01"), &json!("2025-05-31")));
    let task = &stored["tasks"][0];
    assert_eq!((&task["id"], &task["schedule"], &task["active"]), (&json!("7"), &json!("0 7 * * 1"), &json!(false)));
    assert_eq!((&stored["prompts"][0]["prompt"], &stored["prompts"][0]["used"]), (&json!("mending a sail"), &json!(false)));
    // An id that is no file's name gets another one, and what speaks of it follows.
    let content = &stored["content"][0];
    assert_ne!(content["id"], "x 1/2");
    assert_eq!(stored["posts"][0]["pictures"][0]["contentId"], content["id"]);
    assert_eq!(stored["posts"][0]["publishedAt"], "2025-05-02T12:00:00Z");
    assert_eq!(record(&done, "pictures", "x 1/2")["becomes"], content["id"]);
    assert_eq!(counts(&app.import(zip, false).await, "pictures"), [0, 1, 0]);
    assert_eq!(app.stored(), stored);
}

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
            ("2", "CORTEX_TWITTER_API_KEY of the environment is in force for her. What is here stays."),
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

#[tokio::test]
async fn what_cannot_be_read_at_all_is_refused_in_words() {
    let app = TestApp::start().await;
    let send = |name: &'static str, text: &'static str| {
        let form = Form::new().part("file", Part::bytes(text.as_bytes()).file_name(name));
        app.request(Method::POST, "/api/characters/import").multipart(form)
    };
    for (text, parts) in [
        ("[{\"name\": \"Luna\"", &["Nothing of “luna.json” can be imported.", "It breaks off at line 1, column 16"][..]),
        ("[\n{\"name\" \"Luna\"}]", &["“luna.json”", "It is no JSON from line 2, column 9 on"]),
        ("{\"hello\": \"world\"}", &["“luna.json”", "This is no character: it has neither a name nor an id"]),
        ("{\"scripts\": {\"test\": \"x\"}}", &["“luna.json”", "This is no character"]),
        ("[ ]", &["There is nothing in “luna.json” to import"]),
    ] {
        let (problem, errors) = Answer::of(send("luna.json", text)).await.problem(422);
        for part in parts {
            assert!(problem.contains(part), "{text}: {problem}");
        }
        assert_eq!(errors, ["file"]);
        assert!(!problem.contains("characters.json") && !problem.contains("EOF"), "{problem}");
    }
    let several = named(&[("data/characters.json", "[{\"a\": 1}, {\"b\": 2}]"), ("data/content.json", "")]);
    assert_eq!(app.send_import(several, false).await.problem(422).1, ["file", "file", "file"]);
    assert_eq!(app.stored()["characters"], json!([]));

    // Beside what can be read it is left out.
    let mixed = app.post("/api/characters/import", json!([{"name": "Luna"}, {"hello": "world"}])).await.json();
    assert_eq!(counts(&mixed, "characters"), [1, 0, 0]);
    assert!(why(&mixed, "no. 2").contains("This is no character"), "{mixed:#}");

    // On the page, too, there is nothing to decide about.
    let form = Form::new().part("file", Part::bytes(&b"{\"name\": "[..]).file_name("my <b>luna.json"));
    let sent = app.request(Method::POST, "/actions/imports/upload").multipart(form).send().await.unwrap();
    assert_eq!(sent.headers()["location"], "/characters/import");
    let page = app.get("/characters/import").await.text;
    assert!(page.contains("Nothing of “my &lt;b&gt;luna.json” can be imported. It breaks off at line 1"), "{page}");
    app.nothing_waits();
}

#[tokio::test]
async fn what_comes_without_its_picture_says_why() {
    let app = TestApp::start().await;
    let content = json!([
        {"id": "svg", "imageUrl": "images/a.svg"},
        {"id": "far", "imageUrl": "https://example.org/far.png"},
        {"id": "none", "caption": "Only words."},
    ]);
    let report = app.import(named(&[("content.json", &content.to_string()), ("images/a.svg", "<svg/>")]), true).await;
    assert!(why(&report, "picture of svg").contains("of a kind that is not taken: pictures are PNG, JPEG or WebP"), "{report:#}");
    for (id, part) in [("far", "its picture is on the web"), ("none", "its record speaks of none")] {
        assert!(record(&report, "pictures", id)["words"].to_string().contains(part), "{report:#}");
    }
}

#[tokio::test]
async fn an_id_that_belongs_to_something_else_gets_a_new_one_and_references_follow() {
    let app = TestApp::start().await;
    let ours = json!([{"id": "1", "name": "Vera", "createdAt": "2024-01-01T00:00:00Z"}]);
    app.post("/api/characters/import", ours).await;
    app.import(named(&[("prompts.json", r#"[{"id": "p1", "prompt": "a desert", "characterId": "1"}]"#)]), false).await;
    let zip = named(&[
        ("characters.json", r#"[{"id": "1", "name": "Luna", "createdAt": "2025-01-01T00:00:00Z"}, {"id": "import", "name": "Ida"}]"#),
        ("scheduler.json", r#"[{"id": "t", "characterId": "1", "type": "generate_only", "schedule": "@daily"}]"#),
        ("prompts.json", r#"[{"id": "p1", "prompt": "a lake", "characterId": "1"}]"#),
        ("content.json", r#"[{"id": "c", "caption": "x", "characterId": "1", "state": "approved"}]"#),
    ]);
    let done = app.import(zip.clone(), false).await;
    let luna = record(&done, "characters", "1")["becomes"].as_str().unwrap().to_owned();
    assert!(record(&done, "characters", "1")["words"].to_string().contains("belongs to something else"));
    let stored = app.stored();
    assert_eq!(
        stored["characters"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect::<Vec<_>>(),
        ["Vera", "Luna", "Ida"]
    );
    assert_ne!(stored["characters"][2]["id"], "import");
    assert_eq!((&stored["tasks"][0]["characterId"], &stored["content"][0]["characterId"]), (&json!(luna), &json!(luna)));
    assert_eq!((&stored["prompts"][0]["characterId"], &stored["prompts"][1]["characterId"]), (&json!("1"), &json!(luna)));
    assert_eq!(stored["content"][0]["state"], "approved", "she is new here, and has no schedule that could post it");
    let again = app.import(zip, false).await;
    assert_eq!(counts(&again, "characters"), [0, 2, 0], "{again:#}");
    assert_eq!(app.stored(), stored);
}

#[tokio::test]
async fn what_is_here_stays_as_it_is() {
    let app = TestApp::start().await;
    let sent = |backstory: &str| json!({"id": "l", "name": "Luna", "backstory": backstory, "instagramApiKey": "IGnodeLunaToken0123456789"});
    app.post("/api/characters/import", sent("by the lake")).await;
    app.patch("/api/characters/l", json!({"backstory": "by the sea", "instagramApiKey": null})).await;
    let again = app.post("/api/characters/import", sent("by the lake")).await.json();
    assert_eq!((counts(&again, "characters"), counts(&again, "keys")), ([0, 0, 1], [0, 0, 1]), "{again:#}");
    assert!(record(&again, "characters", "l")["words"].to_string().contains("differs in backstory"));
    let luna = app.get("/api/characters/l").await.json();
    assert_eq!((&luna["backstory"], &luna["instagramApiKey"]), (&json!("by the sea"), &json!(null)));
    // A picture that one of her schedules here could post waits for a person.
    let zip = named(&[("content.json", r#"[{"id": "c", "characterId": "l", "caption": "x", "state": "approved"}]"#)]);
    let report = app.import(zip, false).await;
    assert_eq!(app.stored()["content"][0]["state"], "in_review");
    assert!(record(&report, "pictures", "c")["words"].to_string().contains("comes to review"));
}

#[tokio::test]
async fn a_bundle_makes_the_same_character_somewhere_else() {
    let (here, there) = (TestApp::start().await, TestApp::start().await);
    let luna = here.persona(1).await;
    here.patch(
        &format!("/api/characters/{luna}"),
        json!({"narratives": [{"title": "Quest", "startDate": "2026-11-01", "endDate": "2026-11-30"}]}),
    )
    .await;
    here.post("/api/prompts", json!({"characterId": luna, "prompt": "a lake", "caption": "Mist."})).await;
    let other = here.luna().await;
    here.post("/api/prompts", json!({"characterId": other, "prompt": "somebody else's"})).await;
    let posted = here.approved(&luna, "Out.").await;
    here.approved(&luna, "Not out.").await;
    here.live().await;
    let post = here.order_post("instagram", json!({"characterId": luna, "contentId": posted})).await;
    here.until(&post, |post| post["state"] == "published" && post["url"].is_string()).await;

    let without = bundle(&here, &luna, "").await;
    assert_eq!(names_in(&without), ["bundle.json", "characters.json", "prompts.json"]);
    let with = bundle(&here, &luna, "?pictures=true").await;
    for secret in here.app.store.secrets() {
        let secret = secrecy::ExposeSecret::expose_secret(&secret).to_owned();
        for name in names_in(&with).iter().filter(|name| name.ends_with(".json")) {
            assert!(!text_in(&with, name).contains(&secret), "a secret is in {name}");
        }
    }
    assert!(!text_in(&with, "characters.json").to_lowercase().contains("apikey"));

    let report = there.import(with.clone(), false).await;
    assert_eq!((&report["origin"], &report["leftOut"]), (&json!("bundle"), &json!([])), "{report:#}");
    let hers = |app: &TestApp| {
        let mut all = app.stored();
        for kind in ["characters", "prompts", "content", "posts", "tasks"] {
            let of = |one: &Value| one["id"] == luna.as_str() || one["characterId"] == luna.as_str();
            all[kind] = all[kind].as_array().unwrap().iter().filter(|one| of(one)).cloned().collect();
        }
        all["secrets"] = json!(null);
        all["posts"].as_array_mut().unwrap().iter_mut().for_each(|post| drop(post.as_object_mut().unwrap().remove("jobId")));
        all
    };
    assert_eq!(hers(&here), hers(&there));
    for name in there.pictures() {
        let bytes = |app: &TestApp| std::fs::read(app.app.store.dir().join("media").join(&name)).unwrap();
        assert_eq!(bytes(&here), bytes(&there), "{name}");
    }
    assert_eq!(there.pictures().len(), 4);
    let answer = there.get(&format!("/api/characters/{luna}")).await.json();
    assert!(answer["instagramApiKey"].is_null(), "keys do not travel");
    assert_eq!(
        there.import(with, false).await["kinds"].as_array().unwrap().iter().map(|kind| kind["new"].as_u64().unwrap()).sum::<u64>(),
        0
    );
    here.get("/api/characters/nobody/bundle").await.problem(404);
}

async fn bundle(app: &TestApp, id: &str, query: &str) -> Vec<u8> {
    let answer = app.request(Method::GET, &format!("/api/characters/{id}/bundle{query}")).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    assert_eq!(
        (&answer.headers()["content-type"], &answer.headers()["cache-control"]),
        (&"application/zip".parse().unwrap(), &"no-store".parse().unwrap())
    );
    assert!(answer.headers()["content-disposition"].to_str().unwrap().contains("filename=\"persona-1"));
    answer.bytes().await.unwrap().to_vec()
}

fn names_in(zip: &[u8]) -> Vec<String> {
    let zip = ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut names: Vec<_> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    names.sort();
    names
}

fn text_in(zip: &[u8], name: &str) -> String {
    let mut text = String::new();
    ZipArchive::new(Cursor::new(zip)).unwrap().by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn json_alone_is_imported_in_every_shape() {
    let app = TestApp::start().await;
    for (sent, new) in [
        (json!({"id": "a", "name": "A"}), 1),
        (json!([{"id": "b", "name": "B"}, {"name": "C"}]), 2),
        (json!({"d": {"name": "D"}}), 1),
        (json!({"characters": [{"id": "e", "name": "E"}], "prompts": [{"id": "p", "characterId": "e", "prompt": "x"}]}), 1),
    ] {
        let answer = app.post("/api/characters/import", sent.clone()).await;
        assert_eq!(counts(&answer.json(), "characters"), [new, 0, 0], "{sent}: {}", answer.text);
        let again = app.post("/api/characters/import", sent).await.json();
        assert_eq!(counts(&again, "characters"), [0, new, 0], "{again:#}");
    }
    assert_eq!(app.stored()["prompts"][0]["characterId"], "e");
    let json =
        |body: &'static str| app.request(Method::POST, "/api/characters/import").header("content-type", "application/json").body(body);
    Answer::of(json("{\"name\": ")).await.problem(400);
    for empty in ["[]", "{}", "{\"characters\": []}"] {
        let (problem, errors) = Answer::of(json(empty)).await.problem(422);
        assert!(problem.contains("There is nothing in “JSON” to import") && errors == ["file"], "{empty}: {problem}");
    }
    Answer::of(app.request(Method::POST, "/api/characters/import").header("content-type", "text/plain").body("x")).await.problem(415);
    Answer::of(app.request(Method::POST, "/api/characters/import?dryRun=perhaps").json(&json!([]))).await.problem(400);
}

#[tokio::test]
async fn archives_that_would_do_harm_are_refused_or_do_none() {
    let app = TestApp::start_set(Arc::new(tempfile::tempdir().unwrap()), |config| {
        config.picture_limit = 2_000_000;
        config.upload_limit = 30_000_000;
    })
    .await;
    app.send_import(b"PK\x03\x04 and then nothing".to_vec(), false).await.problem(415);
    app.send_import(b"hello".to_vec(), false).await.problem(415);
    app.send_import(Vec::new(), false).await.problem(422);
    app.send_import(named(&[("readme.md", "hello")]), false).await.problem(415);
    let whole = packed(&node());
    app.send_import(whole[..whole.len() / 2].to_vec(), false).await.problem(415);

    // Small outside, large inside: in a file of records, in a picture, and in the sum.
    let spaces = " ".repeat(20_000_000);
    let swells = named(&[("characters.json", &format!("[{spaces}]")), ("prompts.json", r#"[{"id": "p", "prompt": "x"}]"#)]);
    let report = app.import(swells, false).await;
    assert!(why(&report, "characters.json").contains("swells"), "{report:#}");
    assert_eq!(counts(&report, "prompts"), [1, 0, 0], "the rest comes");
    let content = r#"[{"id": "c", "imageUrl": "c.png"}, {"id": "d", "imageUrl": "d.png"}, {"id": "e", "imageUrl": "e.png"}]"#;
    let files = vec![
        ("content.json".to_owned(), content.as_bytes().to_vec()),
        ("c.png".to_owned(), vec![0; 3_000_000]),
        ("d.png".to_owned(), dimension_bomb()),
        ("e.png".to_owned(), b"GIF89a".to_vec()),
    ];
    let report = app.import(packed(&files), false).await;
    for (record, part) in [("picture of c", "larger than 2 MB"), ("picture of d", "longer than"), ("picture of e", "no PNG, JPEG or WebP")]
    {
        assert!(why(&report, record).contains(part), "{report:#}");
    }
    assert!(app.pictures().is_empty());

    // Names that lead out, links, records without end, records too large.
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for name in ["characters.json", "../characters.json", "/etc/content.json", "C:\\prompts.json"] {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(br#"[{"id": "only", "name": "Only"}]"#).unwrap();
    }
    zip.add_symlink("media/only.png", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    zip.start_file("content.json", SimpleFileOptions::default()).unwrap();
    zip.write_all(br#"[{"id": "only", "characterId": "only", "caption": "linked", "imageUrl": "media/only.png"}]"#).unwrap();
    let report = app.import(zip.finish().unwrap().into_inner(), false).await;
    assert_eq!(counts(&report, "characters"), [1, 0, 0]);
    assert!(
        why(&report, "../characters.json").contains("leads out") && why(&report, "/etc/content.json").contains("leads out"),
        "{report:#}"
    );
    assert!(why(&report, "picture of only").contains("link"), "{report:#}");
    let many = format!("[{}{{}}]", "{},".repeat(50_000));
    app.send_import(named(&[("prompts.json", &many)]), false).await.problem(413);
    let large = format!(r#"[{{"id": "big", "name": "Big", "backstory": "{}"}}]"#, pseudo_random(1_100_000));
    let (problem, _) = app.send_import(named(&[("characters.json", &large)]), false).await.problem(422);
    assert!(problem.contains("big in characters.json: It is larger than 1 MB"), "{problem}");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let (problem, _) = app.send_import(named(&[("characters.json", &deep)]), false).await.problem(422);
    assert!(problem.contains("“old.zip”") && problem.contains("characters.json: At line 1"), "{problem}");
    app.nothing_waits();
}

/// Letters that cannot be packed much smaller.
fn pseudo_random(length: usize) -> String {
    let mut state = 7_u64;
    let letter = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(b'a' + ((state >> 33) % 26) as u8)
    };
    (0..length).map(letter).collect()
}

/// A PNG of a few bytes that says it is enormous.
fn dimension_bomb() -> Vec<u8> {
    let mut png = encoded(&RgbImage::new(8, 8), ImageFormat::Png);
    png[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    png[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
    let crc = crc32fast::hash(&png[12..29]);
    png[29..33].copy_from_slice(&crc.to_be_bytes());
    png
}

#[tokio::test]
async fn when_storing_fails_nothing_is_left_behind() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    std::fs::create_dir_all(dir.path().join("data")).unwrap();
    std::fs::write(dir.path().join("data/prompts.json"), "[{\"id\"").unwrap();
    let app = TestApp::start_set(dir, |_| {}).await;
    let (detail, _) = app.send_import(packed(&node()), false).await.problem(503);
    assert!(detail.contains("prompts.json"), "{detail}");
    assert_eq!((app.stored()["characters"].clone(), app.pictures().len()), (json!([]), 0));
    app.nothing_waits();
}

#[tokio::test]
async fn the_page_tells_first_and_one_button_does_exactly_that() {
    let app = TestApp::start_without_key().await;
    let upload = |bytes: Vec<u8>| {
        let form = Form::new().part("file", Part::bytes(bytes).file_name("my <b>old</b> app.zip"));
        app.request(Method::POST, "/actions/imports/upload").multipart(form).send()
    };
    let sent = upload(packed(&node())).await.unwrap();
    let page = sent.headers()["location"].to_str().unwrap().to_owned();
    let id = page.strip_prefix("/characters/import/").unwrap().to_owned();
    let told = app.get(&page).await.text;
    assert!(told.contains("To come: 3 characters, 4 keys, 5 pictures, 3 prompts, 2 schedules, 1 published post."), "{told}");
    assert!(told.contains("my &lt;b&gt;old&lt;/b&gt; app.zip") && told.contains("What cannot come"));
    SECRETS.iter().for_each(|secret| assert!(!told.contains(secret)));
    assert_eq!(app.stored()["characters"], json!([]));

    // What is here changes, and something else would come: nothing is stored, and the page shows what would come now.
    app.post("/api/characters/import", json!({"id": "1", "name": "Somebody Else"})).await;
    let refused = app.submit("/actions/imports/import", &[("id", &id)]).await;
    assert!(refused.contains("something else would come of it now") && refused.contains("belongs to something else here"), "{refused}");
    assert_eq!(app.stored()["characters"].as_array().unwrap().len(), 1);

    let done = app.submit("/actions/imports/import", &[("id", &id)]).await;
    assert!(done.contains("Now here: 3 characters") && done.contains("Schedules are paused"), "{done}");
    assert_eq!(app.stored()["characters"].as_array().unwrap().len(), 4);
    let again = app.submit("/actions/imports/import", &[("id", &id)]).await;
    assert!(again.contains("This import is over"), "{again}");
    assert_eq!(app.stored()["characters"].as_array().unwrap().len(), 4);

    let page = upload(packed(&node())).await.unwrap().headers()["location"].to_str().unwrap().to_owned();
    assert!(app.get(&page).await.text.contains("Nothing of it is new"));
    let id = page.strip_prefix("/characters/import/").unwrap();
    assert!(app.submit("/actions/imports/discard", &[("id", id)]).await.contains("Nothing was imported"));
    assert_eq!(app.get(&page).await.status.as_u16(), 404);
    app.nothing_waits();

    let refused = upload(b"hello".to_vec()).await.unwrap();
    assert_eq!(refused.headers()["location"], "/characters/import");
    assert!(app.get("/characters/import").await.text.contains("neither a zip nor JSON"));
}
