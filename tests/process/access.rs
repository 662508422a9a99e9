//! Other machines are let in only where there is a password.

use reqwest::{Method, StatusCode, redirect::Policy};

use crate::binary::{Server, run, run_typing};

const PASSWORD: &str = "a lighthouse of crystals";

#[tokio::test]
async fn beyond_this_machine_only_with_a_password() {
    let dir = tempfile::tempdir().unwrap();
    let refused = run(dir.path(), &[("DALLA_LISTEN", "0.0.0.0:0")]);
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && words.contains("DALLA_LISTEN") && words.contains("digital-dalla set-password"), "{words}");

    let short = run_typing(dir.path(), &["set-password"], "short\n");
    let words = String::from_utf8_lossy(&short.stderr).into_owned();
    assert!(!short.status.success() && words.contains("at least 10 characters"), "{words}");
    let set = run_typing(dir.path(), &["set-password"], &format!("{PASSWORD}\n"));
    assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
    assert!(!String::from_utf8_lossy(&[set.stdout, set.stderr].concat()).contains(PASSWORD));
    for file in std::fs::read_dir(dir.path().join("data")).unwrap().map(|file| file.unwrap().path()).filter(|path| path.is_file()) {
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        assert!(!text.contains(PASSWORD) && !text.contains("argon2"), "{}", file.display());
    }

    let server = Server::start_with(dir.path(), &[("DALLA_LISTEN", "0.0.0.0:0")]);
    let client = reqwest::Client::builder().no_proxy().redirect(Policy::none()).cookie_store(true).build().unwrap();
    let shut = server.request(Method::GET, "/api/characters").send().await.unwrap();
    assert_eq!(shut.status(), StatusCode::UNAUTHORIZED);
    let login = client.post(server.url("/login")).form(&[("password", PASSWORD)]).send().await.unwrap();
    assert_eq!(login.status(), StatusCode::SEE_OTHER);
    assert_eq!(client.get(server.url("/api/characters")).send().await.unwrap().status(), StatusCode::OK);

    // Somebody with the command line may always set another; the server must not run meanwhile.
    let running = run_typing(dir.path(), &["set-password"], "another lighthouse\n");
    let words = String::from_utf8_lossy(&running.stderr).into_owned();
    assert!(!running.status.success() && words.contains("Settings, Access"), "{words}");
    assert!(server.terminate());
    assert!(run_typing(dir.path(), &["set-password"], "another lighthouse\n").status.success());
    let server = Server::start(dir.path());
    let answer = client.get(server.url("/api/characters")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "whoever was logged in has to log in again");
}

#[test]
fn the_password_is_no_argument() {
    let dir = tempfile::tempdir().unwrap();
    let refused = run_typing(dir.path(), &["set-password", PASSWORD], "");
    assert!(!refused.status.success());
    assert!(!dir.path().join("data").exists(), "nothing was begun");
}
