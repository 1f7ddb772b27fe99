//! Lines of a head end with CR LF — RFC 9112 §2.2; threats OP-05.
//!
//! The parser beneath takes a bare LF for the end of a line, as RFC 9112 allows it to. A proxy that does not would
//! see another request than we do. So within a head a bare LF becomes a NUL, which no head may have: the parser
//! answers 400 and closes. Bodies are nobody's lines and pass as they are.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::stopwatch::{Reading, Stopwatch};

/// A socket whose heads have no bare LF.
#[derive(Debug)]
pub(super) struct HeadLines {
    socket: TcpStream,
    stopwatch: Stopwatch,
    lines: Lines,
}

impl HeadLines {
    pub(super) const fn new(socket: TcpStream, stopwatch: Stopwatch) -> Self {
        Self { socket, stopwatch, lines: Lines::AT_START }
    }
}

/// Where in a head the last byte stood.
#[derive(Clone, Copy, Debug)]
struct Lines {
    after_cr: bool,
    /// Bytes of the line, without its end.
    length: usize,
    /// Empty lines before the first one that is not are skipped (RFC 9112 §2.2).
    begun: bool,
    ended: bool,
}

impl Lines {
    const AT_START: Self = Self { after_cr: false, length: 0, begun: false, ended: false };

    /// Reads on, up to the end of the head; a bare LF becomes NUL.
    fn read(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            if self.ended {
                return;
            }
            match *byte {
                b'\n' if self.after_cr => {
                    self.ended = self.begun && self.length == 0;
                    self.length = 0;
                }
                b'\n' => *byte = 0,
                b'\r' => {}
                _ => {
                    self.begun = true;
                    self.length += 1;
                }
            }
            self.after_cr = *byte == b'\r';
        }
    }
}

impl AsyncRead for HeadLines {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(cx, buffer))?;
        match self.stopwatch.reading() {
            Reading::Body => return Poll::Ready(Ok(())),
            Reading::NewHead => self.lines = Lines::AT_START,
            Reading::Head => {}
        }
        self.lines.read(buffer.filled_mut().get_mut(before..).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for HeadLines {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, pieces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of bytes that come in pieces of this length.
    fn read(text: &str, piece: usize) -> String {
        let (mut lines, mut bytes) = (Lines::AT_START, text.as_bytes().to_vec());
        bytes.chunks_mut(piece).for_each(|piece| lines.read(piece));
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn op_05_within_a_head_only_a_bare_line_feed_changes() {
        for (text, becomes) in [
            ("GET / HTTP/1.1\r\nhost: a\r\n\r\nbody\n\n", "GET / HTTP/1.1\r\nhost: a\r\n\r\nbody\n\n"),
            ("\r\nGET / HTTP/1.1\r\n\r\n\n", "\r\nGET / HTTP/1.1\r\n\r\n\n"),
            ("GET / HTTP/1.1\nhost: a\n\n", "GET / HTTP/1.1\0host: a\0\0"),
            ("GET / HTTP/1.1\r\na: b\nc: d\r\n\r\n", "GET / HTTP/1.1\r\na: b\0c: d\r\n\r\n"),
            ("GET / HTTP/1.1\r\na: b\r\n\n", "GET / HTTP/1.1\r\na: b\r\n\0"),
            ("\nGET / HTTP/1.1\r\n\r\n", "\0GET / HTTP/1.1\r\n\r\n"),
        ] {
            for piece in 1..=text.len() {
                assert_eq!(read(text, piece), becomes, "{piece}");
            }
        }
    }
}
