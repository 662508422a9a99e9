//! Starting the binary as a newcomer does, on a port of its own.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

pub struct Server {
    child: Child,
    /// Kept open, or the server could not print any more.
    _stdout: BufReader<ChildStdout>,
    url: String,
    client: Client,
}

impl Server {
    /// Starts it on `dir` and waits until it says where it is.
    pub fn start(dir: &Path) -> Self {
        Self::from(command(dir))
    }

    /// The same with these settings.
    pub fn start_with<V: AsRef<std::ffi::OsStr>>(dir: &Path, environment: &[(&str, V)]) -> Self {
        let mut command = command(dir);
        command.envs(environment.iter().map(|(name, value)| (name, value.as_ref())));
        Self::from(command)
    }

    /// The same where no file may grow beyond so many blocks of 1,024 bytes.
    pub fn start_with_file_limit(dir: &Path, blocks: u32) -> Self {
        let plain = command(dir);
        let mut limited = Command::new("bash");
        limited.arg("-c").arg(format!("ulimit -S -f {blocks}; exec \"$0\" \"$@\"")).arg(plain.get_program()).args(plain.get_args());
        limited.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Self::from(limited)
    }

    fn from(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("Digital Dalla is ready: ").unwrap_or_else(|| panic!("it said {line:?}")).to_owned();
        Self { child, _stdout: stdout, url, client: Client::builder().no_proxy().build().unwrap() }
    }

    /// Takes that limit away while it runs, as somebody does who tidies a full disk.
    pub fn give_room(&self) {
        let freed = Command::new("prlimit").arg(format!("--pid={}", self.pid())).arg("--fsize=unlimited").status().unwrap();
        assert!(freed.success());
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    pub async fn get(&self, path: &str) -> String {
        self.request(Method::GET, path).send().await.unwrap().text().await.unwrap()
    }

    /// Creates a character; answers the status and the body.
    pub async fn create(&self, name: &str, backstory: &str) -> (u16, Value) {
        self.post("/api/characters", serde_json::json!({"name": name, "backstory": backstory})).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let answer = self.request(Method::POST, path).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// As a power cut does.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As `kill` and service managers do; answers whether it ended well.
    pub fn terminate(self) -> bool {
        self.end("-TERM")
    }

    /// The same with that signal.
    pub fn end(mut self, signal: &str) -> bool {
        assert!(Command::new("kill").arg(signal).arg(self.pid().to_string()).status().unwrap().success());
        self.child.wait().unwrap().success()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs it to its end, which must come at once.
pub fn run(dir: &Path, environment: &[(&str, &str)]) -> Output {
    command(dir).envs(environment.iter().copied()).output().unwrap()
}

/// The same with arguments, typing something into it.
pub fn run_typing(dir: &Path, arguments: &[&str], typed: &str) -> Output {
    let mut command = command(dir);
    let mut child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // One that has ended already reads nothing.
    let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
    child.wait_with_output().unwrap()
}

/// The same, to be started in whatever way.
pub fn arguments(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = command(dir);
    command.args(arguments);
    command
}

fn command(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_digital-dalla"));
    let variables =
        std::env::vars().filter(|(name, _)| ["DALLA_", "COMFYUI_", "GEMINI_", "KOHYA_"].iter().any(|ours| name.starts_with(ours)));
    for (name, _) in variables {
        command.env_remove(name);
    }
    command.current_dir(dir).env("DALLA_LISTEN", "127.0.0.1:0").env("DALLA_DATA_DIR", dir.join("data"));
    // Nothing listens there: these tests are not about pictures.
    command.env("DALLA_SECRET_KEY_FILE", dir.join("key")).env("COMFYUI_URL", "http://127.0.0.1:9").env("DALLA_LOG", "error");
    std::fs::write(dir.join("key"), "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=").unwrap();
    command
}
