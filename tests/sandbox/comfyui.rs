//! The simulated ComfyUI is as strict, and as talkative, as the recorded one.

use std::{fs, time::Duration};

use digital_dalla::sandbox::comfyui::{ComfySandbox, Options};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::{connect_async, tungstenite::Message};

const PATIENCE: Duration = Duration::from_secs(20);
const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/comfyui");

fn recording(path: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(format!("{FIXTURES}/{path}")).unwrap()).unwrap()
}

async fn sandbox() -> ComfySandbox {
    ComfySandbox::start(Options { step_time: Duration::from_millis(2), ..Options::default() }).await.unwrap()
}

#[tokio::test]
async fn workflows_are_refused_in_the_recorded_words() {
    let sandbox = sandbox().await;
    let client = reqwest::Client::new();
    let mut replayed = 0;
    for file in fs::read_dir(format!("{FIXTURES}/rejections")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        // LoadImage belongs to a workflow we do not build.
        if name == "load_image_missing_file.json" {
            continue;
        }
        let recorded = recording(&format!("rejections/{name}"));
        let request = &recorded["request"];
        let post = client.post(format!("{}/prompt", sandbox.url()));
        let post = match request.get("raw_body").and_then(Value::as_str) {
            Some(raw) => post.body(raw.to_owned()),
            None => post.json(request.get("json").or(request.get("body")).unwrap_or(request)),
        };
        let headers = request.get("headers").and_then(Value::as_object).into_iter().flatten();
        let post = headers.fold(post, |post, (header, value)| post.header(header, value.as_str().unwrap()));
        let answer = post.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), recorded["status"].as_u64().unwrap() as u16, "{name}");
        let body = answer.text().await.unwrap();
        if let Ok(body) = serde_json::from_str::<Value>(&body) {
            assert_eq!(kinds(&body), kinds(&recorded["body"]), "{name}: {body}");
        }
        replayed += 1;
    }
    assert!(replayed >= 29, "only {replayed} recordings were replayed");
    assert!(sandbox.prompts_received().is_empty());
}

/// What a refusal says, without what depends on the recorded machine.
fn kinds(body: &Value) -> Value {
    let nodes = body["node_errors"].as_object().into_iter().flatten().map(|(id, node)| {
        let errors: Vec<_> = node["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|error| json!([error["type"], error["message"], error["details"]]))
            .collect();
        json!([id, node["class_type"], node["dependent_outputs"], errors])
    });
    // The order of nodes in the object says nothing.
    let mut nodes: Vec<Value> = nodes.collect();
    nodes.sort_by_key(Value::to_string);
    json!([body["error"]["type"], body["error"]["message"], body["error"]["details"], nodes])
}

#[tokio::test]
async fn runs_send_the_recorded_frames() {
    let sandbox = sandbox().await;
    let graph = recording("workflows/sd15.json");
    let mut client = Client::connect(&sandbox).await;
    assert_eq!(client.run(&graph).await, client_frames("sd15_cold_run"));
    assert_eq!(client.run(&graph).await, client_frames("sd15_identical_rerun"));
    let mut renamed = graph.clone();
    renamed["9"]["inputs"]["filename_prefix"] = "other".into();
    assert_eq!(client.run(&renamed).await, client_frames("sd15_new_prefix_only"));
    let mut broken = graph;
    broken["4"]["inputs"]["ckpt_name"] = "broken_download.safetensors".into();
    assert_eq!(client.run(&broken).await, client_frames("runtime_error_broken_checkpoint"));
}

/// The kinds of frames of one run as recorded, from its start to its end.
fn client_frames(name: &str) -> Vec<String> {
    let text = fs::read_to_string(format!("{FIXTURES}/frames/{name}.ndjson")).unwrap();
    let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let frames: Vec<Value> =
        events.filter(|event| event["role"] == "client" && event["kind"] == "text").map(|event| event["frame"].clone()).collect();
    from_start_to_end(frames.iter())
}

fn from_start_to_end<'a>(frames: impl Iterator<Item = &'a Value>) -> Vec<String> {
    let kind = |frame: &Value| frame["type"].as_str().unwrap_or_default().to_owned();
    let run = frames.skip_while(|frame| frame["type"] != "execution_start");
    let mut kinds = Vec::new();
    for frame in run {
        let ends = frame["type"] == "executing" && frame["data"]["node"].is_null();
        kinds.push(kind(frame));
        if ends {
            break;
        }
    }
    kinds
}

struct Client {
    sandbox: ComfySandbox,
    socket: tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>,
    id: String,
}

impl Client {
    async fn connect(sandbox: &ComfySandbox) -> Self {
        let id = "11111111-1111-4111-8111-111111111111".to_owned();
        let url = format!("ws://{}/ws?clientId={id}", sandbox.address());
        let (socket, _) = connect_async(url).await.unwrap();
        Self { sandbox: sandbox.clone(), socket, id }
    }

    /// Runs a workflow and answers the kinds of frames it sent. Previews were off when the runs were recorded.
    async fn run(&mut self, graph: &Value) -> Vec<String> {
        let body = json!({"prompt": graph, "client_id": self.id});
        let sent = reqwest::Client::new().post(format!("{}/prompt", self.sandbox.url())).json(&body).send().await.unwrap();
        assert!(sent.status().is_success(), "{}", sent.text().await.unwrap());
        let mut frames = Vec::new();
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next()).await.unwrap().unwrap().unwrap();
            let Message::Text(text) = message else { continue };
            let frame: Value = serde_json::from_str(&text).unwrap();
            let ends = frame["type"] == "executing" && frame["data"]["node"].is_null();
            frames.push(frame);
            if ends {
                return from_start_to_end(frames.iter());
            }
        }
    }
}

#[tokio::test]
async fn previews_say_which_prompt_they_are_of_when_asked_first() {
    let sandbox = sandbox().await;
    let mut client = Client::connect(&sandbox).await;
    let features = json!({"type": "feature_flags", "data": {"supports_preview_metadata": true}}).to_string();
    client.socket.send(Message::text(features)).await.unwrap();
    let body = json!({"prompt": recording("workflows/sd15.json"), "client_id": client.id, "prompt_id": "ours"});
    reqwest::Client::new().post(format!("{}/prompt", sandbox.url())).json(&body).send().await.unwrap();
    let preview = loop {
        let message = tokio::time::timeout(PATIENCE, client.socket.next()).await.unwrap().unwrap().unwrap();
        if let Message::Binary(bytes) = message {
            break bytes;
        }
    };
    assert_eq!(&preview[..4], [0, 0, 0, 4]);
    let length = u32::from_be_bytes(preview[4..8].try_into().unwrap()) as usize;
    let metadata: Value = serde_json::from_slice(&preview[8..8 + length]).unwrap();
    assert_eq!((&metadata["prompt_id"], &preview[8 + length..10 + length]), (&json!("ours"), &[0xff, 0xd8][..]));
}
