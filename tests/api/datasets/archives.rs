//! Archives, honest and otherwise.

use std::{
    io::{Cursor, Write},
    sync::Arc,
};

use serde_json::json;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::{add, captions, dataset, jpeg, names, nothing_on_its_way, on_disk, png, send, webp};
use crate::support::TestApp;

fn packed(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[tokio::test]
async fn an_archive_with_folders_gives_its_pictures_and_captions() {
    let app = TestApp::start().await;
    let id = dataset(&app).await;
    let archive = packed(&[
        ("10_luna woman/01.txt", "luna, in the garden".into()),
        ("10_luna woman/01.png", png(1)),
        ("10_luna woman/deep/er/01.jpg", jpeg(2)),
        ("10_luna woman/deep/er/01.txt", "luna, far away".into()),
        ("__MACOSX/10_luna woman/._01.png", b"\0\x05\x16\x07Mac OS X".to_vec()),
        ("10_luna woman/.DS_Store", b"Bud1".to_vec()),
        ("10_luna woman/Thumbs.db", b"thumbs".to_vec()),
        ("été/e\u{301}.webp", webp(3)),
        ("été/é.txt", "luna, accented".into()),
    ]);
    let received = add(&app, &id, &[("luna.zip", archive)]).await;
    assert_eq!(received["captioned"], 3);
    let captions = captions(&app, &id).await;
    let expected = [("01.png", "luna, in the garden"), ("01-2.jpg", "luna, far away"), ("é.webp", "luna, accented")];
    assert_eq!(captions.iter().map(|(name, caption)| (name.as_str(), caption.as_str())).collect::<Vec<_>>(), expected);
    nothing_on_its_way(&app);
}

#[tokio::test]
async fn what_an_archive_should_not_hold_is_left_out() {
    let app = TestApp::start_set(Arc::new(tempfile::tempdir().unwrap()), |config| config.picture_limit = 1_000_000).await;
    let id = dataset(&app).await;
    // Unpacked it would be 40 MB, from some 40 KB.
    let bomb = [png(1), vec![0; 40_000_000]].concat();
    let archive = packed(&[
        ("../../outside.png", png(2)),
        ("/etc/outside.png", png(3)),
        (r"..\outside.png", png(4)),
        ("bomb.png", bomb),
        ("zeros.png", vec![0; 40_000_000]),
        ("inner.zip", packed(&[("x.png", png(5))])),
        ("notes.md", b"# About Luna".to_vec()),
        ("empty.png", Vec::new()),
        ("long.txt", vec![b'x'; 100_000]),
        ("good.png", png(6)),
    ]);
    assert!(archive.len() < 400_000, "{}", archive.len());
    let received = send(&app, &id, &[("luna.zip", archive)]).await.json();
    let refused: Vec<_> =
        received["refused"].as_array().unwrap().iter().map(|one| (one["file"].as_str().unwrap(), one["why"].as_str().unwrap())).collect();
    let expected = [
        ("luna.zip/../../outside.png", "leads out"),
        ("luna.zip//etc/outside.png", "leads out"),
        ("luna.zip/../outside.png", "leads out"),
        ("luna.zip/bomb.png", "larger than 1 MB"),
        ("luna.zip/zeros.png", "no PNG"),
        ("luna.zip/inner.zip", "not opened"),
        ("luna.zip/notes.md", "no PNG"),
        ("luna.zip/empty.png", "empty"),
        ("luna.zip/long.txt", "larger than 65 KB"),
    ];
    assert_eq!(refused.len(), expected.len(), "{refused:#?}");
    for ((file, why), (expected_file, expected_why)) in refused.iter().zip(expected) {
        assert!(*file == expected_file && why.contains(expected_why), "{file}: {why}");
    }
    assert_eq!(on_disk(&app, &id), ["good.png"]);
    nothing_on_its_way(&app);
}

#[tokio::test]
async fn an_archive_is_not_unpacked_beyond_what_may_come_at_once() {
    let set = |config: &mut digital_dalla::config::Config| (config.picture_limit, config.upload_limit) = (1_000_000, 2_000_000);
    let app = TestApp::start_set(Arc::new(tempfile::tempdir().unwrap()), set).await;
    let id = dataset(&app).await;
    let heavy: Vec<_> =
        (0..5).map(|seed| (["a.png", "b.png", "c.png", "d.png", "e.png"][seed as usize], [png(seed), vec![0; 900_000]].concat())).collect();
    let received = send(&app, &id, &[("luna.zip", packed(&heavy)), ("after.png", png(9))]).await.json();
    assert_eq!(names(&app, &id).await, ["a.png", "b.png", "after.png"]);
    assert_eq!(received["refused"], json!([{"file": "luna.zip", "why": "What it holds is larger than 2 MB when it is unpacked."}]));
    nothing_on_its_way(&app);
}

#[tokio::test]
async fn archives_that_cannot_be_read_are_refused() {
    let app = TestApp::start().await;
    let id = dataset(&app).await;
    let whole = packed(&[("a.png", png(1)), ("b.png", png(2))]);
    let many: Vec<_> = (0..5_001).map(|n| format!("{n}.png")).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), Vec::new())).collect();
    let cases = [
        ("cut.zip", whole[..whole.len() - 30].to_vec(), 415, "damaged, or breaks off"),
        ("start.zip", whole[..60].to_vec(), 415, "damaged, or breaks off"),
        ("many.zip", packed(&many), 413, "5001 files"),
        ("nothing.zip", packed(&[]), 422, "Choose at least one picture"),
    ];
    for (name, bytes, status, words) in cases {
        let (detail, _) = send(&app, &id, &[(name, bytes)]).await.problem(status);
        assert!(detail.contains(words), "{name}: {detail}");
    }
    // Wrong bytes in the middle of one entry spoil that one.
    let mut spoiled = whole.clone();
    let at = spoiled.windows(5).position(|window| window == b"a.png").unwrap() + 60;
    spoiled[at..at + 16].fill(0x55);
    let received = send(&app, &id, &[("spoiled.zip", spoiled)]).await.json();
    assert_eq!((names(&app, &id).await, received["refused"].as_array().unwrap().len()), (vec!["b.png".to_owned()], 1), "{received}");
    nothing_on_its_way(&app);
}
