//! Many clients at once that read and write as front ends do, against the binary itself: whether anything goes wrong, how
//! long it takes, and whether memory stays where it is.
//!
//! Run with `cargo bench --bench load -- mixed`; `--seconds` and `--clients` make it shorter or smaller.

use std::{
    io::{BufRead, BufReader, Lines},
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::{Client, Method, Response, header};
use serde_json::{Value, json};
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};
use tokio::sync::Barrier;

/// How much is to be done.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub clients: usize,
    pub time: Duration,
}

/// What one client has seen.
#[derive(Default)]
struct Seen {
    reads: Vec<Duration>,
    writes: Vec<Duration>,
    errors: Vec<String>,
}

/// The server, as somebody starts it, in a folder of its own. Ends with whoever has this.
struct Server {
    process: Child,
    url: String,
    /// What it goes on to say has to go somewhere.
    _words: Lines<BufReader<ChildStdout>>,
    _dir: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs it, prints what came of it, and answers whether all was well.
pub async fn run(Plan { clients, time }: Plan) -> bool {
    let server = start();
    let people = furnish(&server.url).await;
    let (people, together) = (Arc::new(people), Arc::new(Barrier::new(clients + 1)));
    let running: Vec<_> = (0..clients)
        .map(|number| {
            let (url, people, together) = (server.url.clone(), Arc::clone(&people), Arc::clone(&together));
            tokio::spawn(async move {
                together.wait().await;
                client(&url, &people, number, Instant::now() + time).await
            })
        })
        .collect();
    together.wait().await;
    let memory = watch(&server, time).await;
    let mut all = Seen::default();
    for client in running {
        let seen = client.await.expect("a client ends well");
        all.reads.extend(seen.reads);
        all.writes.extend(seen.writes);
        all.errors.extend(seen.errors);
    }
    report(clients, time, &mut all, &memory)
}

fn start() -> Server {
    let dir = tempfile::tempdir().expect("a folder");
    let mut process = Command::new(env!("CARGO_BIN_EXE_digital-dalla"))
        .env("DALLA_LISTEN", "127.0.0.1:0")
        .env("DALLA_DATA_DIR", dir.path().join("data"))
        .env("DALLA_SECRET_KEY_FILE", dir.path().join("key"))
        .env("DALLA_LOG", "error")
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut words = BufReader::new(process.stdout.take().expect("its words can be read")).lines();
    let ready = words.by_ref().map_while(Result::ok).find_map(|line| line.split_once("ready: ").map(|(_, url)| url.to_owned()));
    Server { process, url: ready.expect("it says where it is"), _words: words, _dir: dir }
}

/// Twenty characters; answers their ids.
async fn furnish(url: &str) -> Vec<String> {
    let (http, mut ids) = (Client::new(), Vec::new());
    for number in 0..20 {
        let luna = json!({"name": format!("Luna {number}"), "personality": "She notices light and weather first. ".repeat(12)});
        let made = http.post(format!("{url}/api/characters")).json(&luna).send().await.expect("the server answers");
        ids.push(made.json::<Value>().await.expect("a character")["id"].as_str().expect("an id").to_owned());
    }
    ids
}

async fn client(url: &str, people: &[String], number: usize, until: Instant) -> Seen {
    let mut one = One { http: Client::builder().no_proxy().build().expect("a client"), url, seen: Seen::default() };
    for round in 0.. {
        if Instant::now() >= until {
            break;
        }
        if let Err(words) = one.round(&people[(number + round) % people.len()], &format!("{number}-{round}")).await {
            one.seen.errors.push(words);
        }
    }
    one.seen
}

struct One<'a> {
    http: Client,
    url: &'a str,
    seen: Seen,
}

impl One<'_> {
    /// What a front end does in a minute: it looks around, adds something, changes it, and takes it away again.
    async fn round(&mut self, person: &str, name: &str) -> Result<(), String> {
        let list = self.read("/api/characters", None, 200).await?;
        self.read("/api/characters", Some(&tag(&list)), 304).await?;
        for path in ["/api/prompts?limit=20", "/api/content", "/api/scheduler", "/api/jobs", "/characters", "/find?q=luna"] {
            self.read(path, None, 200).await?;
        }
        let prompt = json!({"characterId": person, "prompt": format!("walking along a lake at dawn, {name}")});
        let made =
            self.write(Method::POST, "/api/prompts", (header::HeaderName::from_static("idempotency-key"), name), &prompt, 201).await?;
        let (seen, made) = (tag(&made), made.json::<Value>().await.map_err(|error| error.to_string())?);
        let again =
            self.write(Method::POST, "/api/prompts", (header::HeaderName::from_static("idempotency-key"), name), &prompt, 201).await?;
        if again.json::<Value>().await.map_err(|error| error.to_string())? != made {
            return Err("a prompt was made twice".into());
        }
        let path = format!("/api/prompts/{}", made["id"].as_str().unwrap_or_default());
        let changed = json!({"caption": "Mist over the water."});
        let new = self.write(Method::PATCH, &path, (header::IF_MATCH, &seen), &changed, 200).await?;
        self.write(Method::PATCH, &path, (header::IF_MATCH, &seen), &changed, 412).await?;
        self.read(&path, None, 200).await?;
        self.write(Method::DELETE, &path, (header::IF_MATCH, &tag(&new)), &json!({}), 204).await?;
        Ok(())
    }

    async fn read(&mut self, path: &str, known: Option<&str>, status: u16) -> Result<Response, String> {
        let request = self.http.get(format!("{}{path}", self.url));
        let request = if let Some(known) = known { request.header(header::IF_NONE_MATCH, known) } else { request };
        let began = Instant::now();
        let answer = expected(request.send().await, path, status)?;
        self.seen.reads.push(began.elapsed());
        Ok(answer)
    }

    async fn write(
        &mut self,
        method: Method,
        path: &str,
        (name, value): (header::HeaderName, &str),
        body: &Value,
        status: u16,
    ) -> Result<Response, String> {
        let request = self.http.request(method, format!("{}{path}", self.url)).header(name, value).json(body);
        let began = Instant::now();
        let answer = expected(request.send().await, path, status)?;
        self.seen.writes.push(began.elapsed());
        Ok(answer)
    }
}

fn expected(answer: reqwest::Result<Response>, path: &str, status: u16) -> Result<Response, String> {
    match answer {
        Ok(answer) if answer.status().as_u16() == status => Ok(answer),
        Ok(answer) => Err(format!("{path} answered {} instead of {status}", answer.status())),
        Err(error) => Err(format!("{path}: {error}")),
    }
}

fn tag(answer: &Response) -> String {
    answer.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok()).unwrap_or_default().to_owned()
}

/// The server's resident memory in MB after a sixth, a half and all of the time.
async fn watch(server: &Server, time: Duration) -> [(Duration, f64); 3] {
    let (began, pid, mut system) =
        (Instant::now(), Pid::from_u32(server.process.id()), System::new().expect("the system tells of processes"));
    let mut seen = [time / 6, time / 2, time].map(|at| (at, 0.0));
    for (at, megabytes) in &mut seen {
        tokio::time::sleep((*at).saturating_sub(began.elapsed())).await;
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, ProcessRefreshKind::nothing().with_memory());
        *megabytes = system.process(pid).map_or(0.0, |process| process.memory() as f64 / 1e6);
    }
    seen
}

fn report(clients: usize, time: Duration, seen: &mut Seen, memory: &[(Duration, f64); 3]) -> bool {
    println!("| what | clients | per second | median ms | p99 ms |\n|---|---|---|---|---|");
    for (what, times) in [("mixed reads", &mut seen.reads), ("mixed durable writes", &mut seen.writes)] {
        times.sort_unstable();
        let at = |part: f64| times.get((times.len() as f64 * part) as usize).map_or(0.0, |time| time.as_secs_f64() * 1e3);
        println!("| {what} | {clients} | {:.0} | {:.2} | {:.2} |", times.len() as f64 / time.as_secs_f64(), at(0.5), at(0.99));
    }
    println!("\nErrors: {}", seen.errors.len());
    seen.errors.iter().take(5).for_each(|words| println!("- {words}"));
    for (at, megabytes) in memory {
        println!("Resident memory after {:.0} s: {megabytes:.1} MB", at.as_secs_f64());
    }
    let flat = memory[2].1 <= memory[1].1 * 1.1 + 2.0;
    println!("Memory is {}", if flat { "flat" } else { "growing" });
    seen.errors.is_empty() && flat
}
