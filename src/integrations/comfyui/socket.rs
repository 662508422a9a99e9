//! The WebSocket: connecting, and reading frames.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use super::{Comfy, frame::Frame};

/// Asks for previews that say which prompt they are of. Must be the very first frame.
const FEATURES: &str = r#"{"type":"feature_flags","data":{"supports_preview_metadata":true}}"#;
/// A socket that cannot be had by then is done without.
const PATIENCE: Duration = Duration::from_secs(5);

/// An open socket.
pub(super) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Frames of prompts sent with this id come here.
    pub(super) client_id: String,
}

impl Comfy {
    /// Opens a socket. Each has an id of its own: when one of two with the same id closes, the other goes silent
    /// for good. No `Origin` is sent, or the server would refuse.
    pub(super) async fn socket(&self) -> Option<Socket> {
        let client_id = uuid::Uuid::new_v4().to_string();
        let mut url = self.url("ws");
        url.set_query(Some(&format!("clientId={client_id}")));
        let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
        url.set_scheme(scheme).ok()?;
        let authorization = authorization(&url);
        // Credentials go into a header, never into the request line.
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
        let mut request = url.as_str().into_client_request().ok()?;
        if let Some(authorization) = authorization {
            request.headers_mut().insert("authorization", authorization);
        }
        let connected = tokio::time::timeout(PATIENCE, connect_async(request)).await.ok()?;
        let (mut stream, _) = connected.inspect_err(|error| tracing::debug!(server = self.address(), %error, "no socket")).ok()?;
        stream.send(Message::text(FEATURES)).await.ok()?;
        Some(Socket { stream, client_id })
    }
}

impl Socket {
    /// The next frame; `None` when the socket is closed.
    pub(super) async fn next(&mut self) -> Option<Frame> {
        loop {
            match self.stream.next().await?.ok()? {
                Message::Text(text) => return Some(Frame::text(&text)),
                Message::Binary(bytes) => return Some(Frame::binary(bytes)),
                Message::Close(_) => return None,
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }
}

fn authorization(url: &reqwest::Url) -> Option<HeaderValue> {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let password = url.password().unwrap_or_default();
    let user = Some(url.username()).filter(|user| !user.is_empty())?;
    let mut header = HeaderValue::from_str(&format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))).ok()?;
    header.set_sensitive(true);
    Some(header)
}
