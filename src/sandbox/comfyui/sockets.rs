//! The open WebSockets, and who hears what.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use bytes::{BufMut, Bytes, BytesMut};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::lock;

/// The sockets by client id. The newer of two with one id hears; when either closes, nobody does.
#[derive(Default)]
pub(super) struct Sockets {
    open: Mutex<HashMap<String, Line>>,
    next: AtomicU64,
}

#[derive(Clone)]
struct Line {
    sender: UnboundedSender<Sent>,
    number: u64,
    wants_metadata: bool,
}

enum Sent {
    Frame(Message),
    Break,
}

impl Sockets {
    /// Serves one socket to its end.
    pub(super) async fn serve(&self, socket: WebSocket, client_id: String, greeting: Vec<Value>) {
        let (sender, mut outbox) = unbounded_channel();
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        lock(&self.open).insert(client_id.clone(), Line { sender: sender.clone(), number, wants_metadata: false });
        for frame in greeting {
            let _ = sender.send(Sent::Frame(Message::Text(frame.to_string().into())));
        }
        let (mut writer, mut reader) = socket.split();
        let mut first = true;
        loop {
            tokio::select! {
                sent = outbox.recv() => match sent {
                    Some(Sent::Frame(frame)) => if writer.send(frame).await.is_err() { break },
                    Some(Sent::Break) | None => break,
                },
                heard = reader.next() => match heard {
                    Some(Ok(Message::Text(text))) => {
                        if first && asks_for_metadata(&text) {
                            self.give_metadata(&client_id, number);
                            let flags = json!({"type": "feature_flags", "data": {"supports_preview_metadata": true, "max_upload_size": 104_857_600}});
                            let _ = sender.send(Sent::Frame(Message::Text(flags.to_string().into())));
                        }
                        first = false;
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                    Some(Ok(_)) => {}
                },
            }
        }
        lock(&self.open).remove(&client_id);
    }

    /// Sends a frame to one client, or to everybody when the prompt came without a client.
    pub(super) fn tell(&self, client_id: Option<&str>, frame: &Value) {
        match client_id {
            Some(client_id) => self.send(client_id, Message::Text(frame.to_string().into())),
            None => self.tell_all(frame),
        }
    }

    /// Sends a frame to everybody.
    pub(super) fn tell_all(&self, frame: &Value) {
        let text: Utf8Bytes = frame.to_string().into();
        for line in lock(&self.open).values() {
            let _ = line.sender.send(Sent::Frame(Message::Text(text.clone())));
        }
    }

    /// Sends a preview, with or without metadata as the client asked.
    pub(super) fn preview(&self, client_id: Option<&str>, prompt_id: &str, node: &str, jpeg: &[u8]) {
        let open = lock(&self.open);
        let lines = open.iter().filter(|(id, _)| client_id.is_none_or(|client_id| client_id == id.as_str()));
        for (_, line) in lines {
            let frame = if line.wants_metadata { with_metadata(prompt_id, node, jpeg) } else { plain(jpeg) };
            let _ = line.sender.send(Sent::Frame(Message::Binary(frame)));
        }
    }

    /// Breaks every socket off.
    pub(super) fn break_off(&self) {
        for line in lock(&self.open).values() {
            let _ = line.sender.send(Sent::Break);
        }
    }

    fn send(&self, client_id: &str, frame: Message) {
        if let Some(line) = lock(&self.open).get(client_id) {
            let _ = line.sender.send(Sent::Frame(frame));
        }
    }

    fn give_metadata(&self, client_id: &str, number: u64) {
        if let Some(line) = lock(&self.open).get_mut(client_id).filter(|line| line.number == number) {
            line.wants_metadata = true;
        }
    }
}

fn asks_for_metadata(text: &str) -> bool {
    let Ok(frame) = serde_json::from_str::<Value>(text) else { return false };
    frame["type"] == "feature_flags" && frame["data"]["supports_preview_metadata"] == true
}

/// Type 1: the image's type, the image.
fn plain(jpeg: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(8 + jpeg.len());
    frame.put_u32(1);
    frame.put_u32(1);
    frame.put_slice(jpeg);
    frame.freeze()
}

/// Type 4: length of the metadata, the metadata, the image.
fn with_metadata(prompt_id: &str, node: &str, jpeg: &[u8]) -> Bytes {
    let metadata = json!({
        "node_id": node, "prompt_id": prompt_id, "display_node_id": node, "parent_node_id": null, "real_node_id": node, "image_type": "image/jpeg"
    });
    let metadata = metadata.to_string();
    let mut frame = BytesMut::with_capacity(8 + metadata.len() + jpeg.len());
    frame.put_u32(4);
    frame.put_u32(metadata.len() as u32);
    frame.put_slice(metadata.as_bytes());
    frame.put_slice(jpeg);
    frame.freeze()
}
