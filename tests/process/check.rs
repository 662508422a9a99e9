//! Looking at the set-up: in words, without making anything.

use serde_json::Value;

use crate::binary::{Server, arguments};

fn line<'a>(lines: &'a Value, name: &str) -> &'a Value {
    lines.as_array().unwrap().iter().find(|line| line["name"] == name).unwrap_or_else(|| panic!("{name}: {lines:#}"))
}

#[tokio::test]
async fn every_setting_is_said_in_words_and_nothing_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let check = |more: &[(&str, &str)]| {
        let mut command = arguments(dir.path(), &["check", "--json"]);
        let output = command.envs(more.iter().copied()).output().unwrap();
        let lines: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        (output.status.success(), lines)
    };
    // Nothing listens where ComfyUI should be.
    let (well, lines) = check(&[]);
    assert!(!well);
    assert_eq!((&line(&lines, "ComfyUI")["state"], &line(&lines, "Gemini")["state"]), (&"bad".into(), &"off".into()));
    assert!(line(&lines, "ComfyUI")["advice"].as_str().unwrap().contains("COMFYUI_URL"));
    for (name, state) in
        [("Data", "ok"), ("Secret key", "ok"), ("Listens on", "ok"), ("Password", "off"), ("Public pictures", "off"), ("Trainer", "off")]
    {
        assert_eq!(line(&lines, name)["state"], state, "{name}: {lines:#}");
    }
    assert!(!dir.path().join("data").exists());

    let (_, lines) = check(&[
        ("DALLA_LISTEN", "0.0.0.0:0"),
        ("DALLA_PUBLIC_URL", "https://luna.example"),
        ("DALLA_LOG", "=,="),
        ("KOHYA_DIR", "/nowhere"),
    ]);
    assert!(line(&lines, "Listens on")["words"].as_str().unwrap().contains("set-password"), "{lines:#}");
    assert!(line(&lines, "Public pictures")["words"].as_str().unwrap().contains("https://luna.example"));
    assert!(line(&lines, "Log")["words"].as_str().unwrap().contains("DALLA_LOG"));
    assert_eq!(line(&lines, "Trainer")["state"], "bad", "{lines:#}");

    // Beside a server that runs, and in plain words.
    let server = Server::start(dir.path());
    let output = arguments(dir.path(), &["check"]).output().unwrap();
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(words.contains(&format!("a server works in it (process {})", server.pid())), "{words}");
    assert!(server.terminate());

    let wrong = arguments(dir.path(), &["check"]).env("DALLA_TIMEZONE", "Mars/Base").output().unwrap();
    assert!(!wrong.status.success() && String::from_utf8_lossy(&wrong.stderr).contains("DALLA_TIMEZONE"));
}
