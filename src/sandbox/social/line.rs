//! Connections that can be cut off, and calls that are carried out to their end whether or not somebody still waits.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    Router,
    extract::{ConnectInfo, Request, connect_info::Connected},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// Serves until the answer is dropped or aborted.
pub(in crate::sandbox) fn serve(listener: TcpListener, routes: Router) -> JoinHandle<()> {
    let routes = routes.layer(middleware::from_fn(to_the_end)).into_make_service_with_connect_info::<Cutter>();
    tokio::spawn(async move {
        // It ends with the task.
        let _ = axum::serve(Lines(listener), routes).await;
    })
}

/// An answer that is never given: the connection is reset instead.
pub(in crate::sandbox) fn cut_off() -> Response {
    let mut answer = StatusCode::OK.into_response();
    answer.extensions_mut().insert(CutOff);
    answer
}

#[derive(Clone)]
struct CutOff;

/// What has reached the network happens, even when the caller is gone.
async fn to_the_end(ConnectInfo(cutter): ConnectInfo<Cutter>, request: Request, next: Next) -> Response {
    let answer = tokio::spawn(next.run(request)).await;
    let answer = answer.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response());
    if answer.extensions().get::<CutOff>().is_some() {
        cutter.0.store(true, Ordering::Relaxed);
    }
    answer
}

struct Lines(TcpListener);

/// A connection; nothing is written any more once it is cut.
struct Line {
    stream: TcpStream,
    cutter: Cutter,
}

#[derive(Debug, Clone, Default)]
struct Cutter(Arc<AtomicBool>);

impl Listener for Lines {
    type Io = Line;
    type Addr = Cutter;

    async fn accept(&mut self) -> (Line, Cutter) {
        let (stream, _) = Listener::accept(&mut self.0).await;
        let cutter = Cutter::default();
        (Line { stream, cutter: cutter.clone() }, cutter)
    }

    fn local_addr(&self) -> io::Result<Cutter> {
        Ok(Cutter::default())
    }
}

impl Connected<IncomingStream<'_, Lines>> for Cutter {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        stream.remote_addr().clone()
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.cutter.0.load(Ordering::Relaxed) {
            // The other side gets a reset, not an end.
            let _ = self.stream.set_zero_linger();
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
