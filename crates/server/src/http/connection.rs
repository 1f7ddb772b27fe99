//! One connection: HTTP/1.1 between accept and close — RFC 9112.

use std::{
    convert::Infallible,
    future::poll_fn,
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    task::{Context, Poll},
};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use futures_util::{
    FutureExt as _,
    future::{Either, ready},
};
use http::{
    HeaderMap, HeaderValue, Request, StatusCode,
    header::{CONNECTION, TRANSFER_ENCODING},
};
use hyper::{
    body::{Frame, Incoming, SizeHint},
    rt::{Read, ReadBufCursor, Write},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    time::{Instant, Sleep, sleep_until},
};

use super::{head_lines::HeadLines, listener::Answer, stopwatch::Stopwatch};

/// Longest head of a request, in bytes. The number of fields is limited by hyper to 100.
const MAX_HEAD: usize = 16 * 1024;
/// Longest piece of a body that waits to be read, or of an answer that waits to be written, in bytes. Every
/// connection may hold that much (G-33).
const MAX_BUFFER: usize = MAX_HEAD;

/// What the server as a whole is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Serving,
    /// Requests that are there are still answered.
    Draining,
    /// The time for that is over.
    Ended,
}

/// Serves one connection until it ends, its client is too slow, or the server stops.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin, A: Answer>(
    stream: S,
    peer: SocketAddr,
    answer: A,
    mut stage: watch::Receiver<Stage>,
) {
    let stopwatch = Stopwatch::start();
    let io = TokioIo::new(HeadLines::new(stream));
    let io = Socket { io, stopwatch: stopwatch.clone() };
    let service = service_fn(|request: Request<Incoming>| {
        stopwatch.request_began();
        let stopwatch = stopwatch.clone();
        let timed = |response: Response| response.map(|inner| TimedBody { inner, stopwatch });
        respond(&answer, request, peer).map(|response| Ok::<_, Infallible>(timed(response)))
    });
    // The stopwatch keeps the time of heads: hyper's own timer would also cut connections at rest.
    let mut builder = http1::Builder::new();
    builder.header_read_timeout(None).max_header_size(MAX_HEAD).max_buf_size(MAX_BUFFER);
    let mut connection = pin!(builder.serve_connection(io, service));
    let mut alarm = pin!(sleep_until(stopwatch.deadline().unwrap_or_else(Instant::now)));
    let ended = drive(connection.as_mut(), alarm.as_mut(), &stopwatch, &mut stage, Stage::Draining).await;
    if ended.is_continue() {
        connection.as_mut().graceful_shutdown();
        let _ = drive(connection, alarm, &stopwatch, &mut stage, Stage::Ended).await;
    }
}

/// Runs a connection until it is over (`Break`) or the server reaches `until` (`Continue`).
async fn drive(
    mut connection: Pin<&mut impl Future<Output = hyper::Result<()>>>,
    mut alarm: Pin<&mut Sleep>,
    stopwatch: &Stopwatch,
    stage: &mut watch::Receiver<Stage>,
    until: Stage,
) -> std::ops::ControlFlow<()> {
    use std::ops::ControlFlow::{Break, Continue};

    // An error means that the server is gone, and with it the reason to go on.
    let mut reached =
        pin!(async { stage.wait_for(|now| *now == until || *now == Stage::Ended).await.is_ok() });
    poll_fn(|cx| {
        if reached.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Continue(()));
        }
        if let Poll::Ready(outcome) = connection.as_mut().poll(cx) {
            if let Err(error) = outcome {
                tracing::debug!(%error, "a connection broke");
            }
            return Poll::Ready(Break(()));
        }
        poll_patience(alarm.as_mut(), stopwatch, cx).map(Break)
    })
    .await
}

/// Ready when the client was too slow. The alarm may ring early: then it is set again.
fn poll_patience(mut alarm: Pin<&mut Sleep>, stopwatch: &Stopwatch, cx: &mut Context<'_>) -> Poll<()> {
    let Some(deadline) = stopwatch.deadline() else { return Poll::Pending };
    if deadline < alarm.deadline() {
        alarm.as_mut().reset(deadline);
    }
    while alarm.as_mut().poll(cx).is_ready() {
        if deadline <= Instant::now() {
            return Poll::Ready(());
        }
        alarm.as_mut().reset(deadline);
    }
    Poll::Pending
}

/// A request with `Transfer-Encoding` is the last one of its connection: should a proxy have understood its
/// length otherwise, what it takes for the rest of the body is never read as a request (RFC 9112 §6.1; OP-05).
fn respond<A: Answer>(
    answer: &A,
    request: Request<Incoming>,
    peer: SocketAddr,
) -> impl Future<Output = Response> + Send {
    let last = request.headers().contains_key(TRANSFER_ENCODING);
    let answered = if last && !is_understood(request.headers()) {
        Either::Left(ready(StatusCode::NOT_IMPLEMENTED.into_response()))
    } else {
        Either::Right(answer.answer(request, peer))
    };
    answered.map(move |mut response| {
        if last {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    })
}

/// Whether the body is in pieces and nothing else: what else was done to it, nobody here undoes (RFC 9112 §6.1). hyper looks
/// at the last coding alone.
fn is_understood(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let chunked = codings.next().is_some_and(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"));
    chunked && codings.next().is_none()
}

/// The socket; it tells the stopwatch what moves.
struct Socket<S> {
    io: TokioIo<HeadLines<S>>,
    stopwatch: Stopwatch,
}

impl<S: Unpin> Socket<S> {
    fn io(self: Pin<&mut Self>) -> Pin<&mut TokioIo<HeadLines<S>>> {
        Pin::new(&mut self.get_mut().io)
    }

    fn wrote(&self, outcome: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match outcome {
            Poll::Pending => self.stopwatch.write_blocked(),
            Poll::Ready(_) => self.stopwatch.bytes_written(),
        }
        outcome
    }
}

impl<S: AsyncRead + Unpin> Read for Socket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let outcome = self.as_mut().io().poll_read(cx, buf);
        if outcome.is_ready() {
            self.stopwatch.bytes_read();
        }
        outcome
    }
}

impl<S: AsyncWrite + Unpin> Write for Socket<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = self.as_mut().io().poll_write(cx, buf);
        self.wrote(outcome)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = self.as_mut().io().poll_write_vectored(cx, bufs);
        self.wrote(outcome)
    }
}

/// The body of an answer; when it is dropped the connection is at rest.
struct TimedBody {
    inner: Body,
    stopwatch: Stopwatch,
}

impl Drop for TimedBody {
    fn drop(&mut self) {
        self.stopwatch.answer_ended();
    }
}

impl hyper::body::Body for TimedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
