//! Lines of a head end with CR LF — RFC 9112 §2.2; threats OP-05.
//!
//! The parser beneath takes a bare LF for the end of a line, as RFC 9112 allows it to. A proxy that does not would
//! see another request than we do. So within a head a bare LF becomes a NUL, which no head may have, and whatever
//! follows becomes the end of that head: the parser answers 400 and closes. The same becomes of a head that says two
//! lengths of its body (RFC 9112 §6.3). Bodies are nobody's lines and pass as they are: where one ends and the next head
//! begins is read from the heads, as whoever sends several requests at once has written them.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The end of a head whose last line has begun, as a lenient parser sees it.
const HEAD_END: &[u8] = b"\n\n";

/// A socket whose heads have no bare LF.
#[derive(Debug)]
pub(super) struct HeadLines<S> {
    socket: S,
    lines: Lines,
}

impl<S> HeadLines<S> {
    pub(super) const fn new(socket: S) -> Self {
        Self { socket, lines: Lines::AT_START }
    }
}

/// What is passed on of these bytes when they come in pieces of this length.
pub(crate) fn passed_on(bytes: &[u8], length: usize) -> Vec<u8> {
    let (mut lines, mut bytes) = (Lines::AT_START, bytes.to_vec());
    bytes.chunks_mut(length.max(1)).for_each(|piece| lines.read(piece));
    bytes
}

/// Where in the stream of requests the last byte stood.
#[derive(Clone, Copy, Debug)]
enum Lines {
    Head(Head),
    /// So much of the body is left, in bytes (RFC 9112 §6.3).
    Body(u64),
    /// A request with `Transfer-Encoding` is the last one of its connection: no head follows.
    Last,
    /// There was a bare LF. The parser looks at a head again when it sees its end, which it gets at once.
    Spoilt {
        ended: bool,
    },
}

impl Lines {
    const AT_START: Self = Self::Head(Head::AT_START);

    /// Reads on; a bare LF in a head becomes NUL.
    fn read(&mut self, mut bytes: &mut [u8]) {
        while !bytes.is_empty() {
            let passed = match self {
                Self::Last => return,
                Self::Spoilt { .. } => return bytes.fill(b'\n'),
                Self::Body(left) => {
                    let passed = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                    *left -= passed as u64;
                    passed
                }
                Self::Head(head) => head.read(bytes),
            };
            bytes = bytes.get_mut(passed..).unwrap_or_default();
            match self {
                Self::Head(head) if head.spoilt => *self = Self::Spoilt { ended: false },
                Self::Head(head) if head.ended => *self = head.body(),
                Self::Body(0) => *self = Self::AT_START,
                _ => {}
            }
        }
    }
}

/// Where in a head the last byte stood, and what it has said about its body.
#[derive(Clone, Copy, Debug)]
struct Head {
    after_cr: bool,
    line: Line,
    /// Empty lines before the first one that is not are skipped (RFC 9112 §2.2).
    begun: bool,
    ended: bool,
    spoilt: bool,
    length: Option<u64>,
    encoded: bool,
}

impl Head {
    const AT_START: Self = Self {
        after_cr: false,
        line: Line::AT_START,
        begun: false,
        ended: false,
        spoilt: false,
        length: None,
        encoded: false,
    };

    /// Reads up to the end of the head, or to a bare LF in it; how many bytes that were.
    fn read(&mut self, bytes: &mut [u8]) -> usize {
        for (at, byte) in bytes.iter_mut().enumerate() {
            match *byte {
                b'\n' if self.after_cr => {
                    self.end_line();
                    if self.ended {
                        if self.encoded && self.length.is_some() {
                            // Two readings of one body: an attempt at smuggling (RFC 9112 §6.3).
                            *byte = 0;
                            self.spoilt = true;
                        }
                        return at + 1;
                    }
                }
                b'\n' => {
                    *byte = 0;
                    self.spoilt = true;
                    return at + 1;
                }
                b'\r' => {}
                other => {
                    self.begun = true;
                    self.line.read(other);
                }
            }
            self.after_cr = *byte == b'\r';
        }
        bytes.len()
    }

    fn end_line(&mut self) {
        let line = std::mem::replace(&mut self.line, Line::AT_START);
        self.ended = self.begun && line.length == 0;
        match line.field() {
            Some(Field::ContentLength(length)) => self.length = Some(length),
            Some(Field::TransferEncoding) => self.encoded = true,
            None => {}
        }
    }

    const fn body(&self) -> Lines {
        match self.length {
            _ if self.encoded => Lines::Last,
            Some(length) => Lines::Body(length),
            None => Lines::Body(0),
        }
    }
}

/// What a field says about the body.
enum Field {
    ContentLength(u64),
    TransferEncoding,
}

/// As much of a line as is needed to know such a field: a head may be long, and come a byte at a time.
#[derive(Clone, Copy, Debug)]
struct Line {
    /// Bytes of it, without its end.
    length: usize,
    /// Its first bytes, in small letters.
    name: [u8; Self::LONGEST],
    /// Where its first colon stands.
    colon: Option<usize>,
    /// The number after the colon. What is no number, or two different ones, the parser beneath refuses.
    number: u64,
    numbered: bool,
}

impl Line {
    const LONGEST: usize = "transfer-encoding".len();
    const AT_START: Self =
        Self { length: 0, name: [0; Self::LONGEST], colon: None, number: 0, numbered: false };

    fn read(&mut self, byte: u8) {
        match (self.colon, byte) {
            (None, b':') => self.colon = Some(self.length),
            (None, _) => {
                if let Some(place) = self.name.get_mut(self.length) {
                    *place = byte.to_ascii_lowercase();
                }
            }
            (Some(_), b'0'..=b'9') if !self.numbered => {
                self.number = self.number.saturating_mul(10).saturating_add(u64::from(byte - b'0'));
            }
            // The same number may stand there again (RFC 9110 §8.6).
            (Some(_), b',') => self.numbered = true,
            (Some(_), _) => {}
        }
        self.length += 1;
    }

    fn field(&self) -> Option<Field> {
        match self.name.get(..self.colon?)? {
            b"content-length" => Some(Field::ContentLength(self.number)),
            b"transfer-encoding" => Some(Field::TransferEncoding),
            _ => None,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for HeadLines<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Lines::Spoilt { ended } = &mut self.lines {
            // Once: then nothing comes any more.
            if !std::mem::replace(ended, true) {
                let room = buffer.remaining().min(HEAD_END.len());
                buffer.put_slice(HEAD_END.get(..room).unwrap_or_default());
            }
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(cx, buffer))?;
        self.lines.read(buffer.filled_mut().get_mut(before..).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for HeadLines<S> {
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

    /// RFC 9112 §2.2.
    #[test]
    fn op_05_a_head_with_a_bare_line_feed_becomes_none() {
        for (text, becomes) in [
            ("GET / HTTP/1.1\r\nhost: a\r\n\r\n", "GET / HTTP/1.1\r\nhost: a\r\n\r\n"),
            ("GET / HTTP/1.1\na: b\n\n", "GET / HTTP/1.1\0\n\n\n\n\n\n"),
            ("GET / HTTP/1.1\r\na: b\nc: d\r\n\r\n", "GET / HTTP/1.1\r\na: b\0\n\n\n\n\n\n\n\n"),
            ("GET / HTTP/1.1\r\na: b\r\n\n", "GET / HTTP/1.1\r\na: b\r\n\0"),
            ("\nGET /", "\0\n\n\n\n\n"),
        ] {
            unchanged_or(text, becomes);
        }
    }

    /// RFC 9112 §6.3.
    #[test]
    fn op_05_a_head_with_two_lengths_becomes_none() {
        let (length, encoding) = ("Content-Length: 6", "transfer-Encoding: chunked");
        for fields in [format!("{length}\r\n{encoding}"), format!("{encoding}\r\nx: y\r\n{length}")] {
            let head = format!("POST / HTTP/1.1\r\n{fields}\r\n\r");
            unchanged_or(&format!("{head}\n0\r\n\r\n"), &format!("{head}\0\n\n\n\n\n"));
        }
    }

    /// RFC 9110 §8.6, RFC 9112 §6.3.
    #[test]
    fn op_05_of_several_requests_at_once_every_head_is_read_and_no_body() {
        const GET: &str = "\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n";
        const BARE: &str = "GET / HTTP/1.1\n\n";
        const NUL: &str = "GET / HTTP/1.1\0\n";
        let post = |fields: &str, body: &str| format!("POST / HTTP/1.1\r\n{fields}\r\n\r\n{body}");
        for (first, becomes_nul) in [
            (GET.to_owned(), true),
            (post("Content-Length: 4", "\na\n\n"), true),
            (post("content-length:\t 0004 ", "\n\n\n\n"), true),
            (post("CONTENT-LENGTH: 4, 4\r\nx: 7", "\n\n\n\n"), true),
            (post("content-length: 0", ""), true),
            (post("x-content-length: 9\r\ncontent-length-x: 9\r\nx: content-length: 9", ""), true),
            (post("Transfer-Encoding: chunked", "1\r\n\n\r\n0\r\n\r\n"), false),
            (post("content-length: 99999999999999999999999", ""), false),
        ] {
            let second = if becomes_nul { NUL } else { BARE };
            unchanged_or(&format!("{first}{BARE}"), &format!("{first}{second}"));
            unchanged_or(&format!("{first}{GET}{first}"), &format!("{first}{GET}{first}"));
        }
    }

    fn unchanged_or(text: &str, becomes: &str) {
        for piece in 1..=text.len() {
            assert_eq!(read(text, piece), becomes, "{piece}");
        }
    }
}
