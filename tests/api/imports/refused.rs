//! What cannot be read, would do harm, or cannot be stored.

use super::*;

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
