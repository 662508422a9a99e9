//! Folders of the older apps, and what they refer to.

use super::*;

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
