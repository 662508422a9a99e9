//! The WebSocket: connecting, and reading frames.

use futures::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::header::AUTHORIZATION},
};

use super::{Comfy, frame::Frame};

/// Asks for previews that say which prompt they are of. Must be the very first frame.
const FEATURES: &str = r#"{"type":"feature_flags","data":{"supports_preview_metadata":true}}"#;

/// An open socket.
#[derive(Debug)]
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
        // What a request would carry: name and password belong into a header, never into the request line.
        let headers = self.0.http.get(url.clone()).build().ok()?.headers().clone();
        let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
        url.set_scheme(scheme).ok()?;
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
        let mut request = url.as_str().into_client_request().ok()?;
        if let Some(authorization) = headers.get(AUTHORIZATION) {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        let connected = tokio::time::timeout(self.0.limits.connect, connect_async(request)).await.ok()?;
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
