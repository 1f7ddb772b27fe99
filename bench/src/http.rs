//! HTTP/1.1 as far as a load generator needs it: one request, one answer, on a connection that stays — RFC 9112.

use std::{future::poll_fn, io, net::SocketAddr, pin::Pin};

use anyhow::{Context as _, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncRead as _, ReadBuf},
    net::TcpStream,
};

/// Where the head of an answer ends.
const END_OF_HEAD: &[u8] = b"\r\n\r\n";
/// An answer of the servers here is far smaller; larger ones are read in several pieces.
const PIECE: usize = 16 * 1024;

/// A connection that is kept.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// So much of the buffer has been received.
    filled: usize,
}

/// An answer, in the connection's buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    head: &'a [u8],
    pub(crate) body: &'a [u8],
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens there.
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; PIECE], filled: 0 })
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// When the connection ends, or the answer does not say how long it is.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        self.write(request).await.context("the request could not be sent")?;
        self.filled = 0;
        let mut searched = 0;
        let head_length = loop {
            self.read().await?;
            if let Some(at) = find(self.received().get(searched..).unwrap_or_default(), END_OF_HEAD) {
                break searched + at + END_OF_HEAD.len();
            }
            // The end may have arrived in part.
            searched = self.filled.saturating_sub(END_OF_HEAD.len() - 1);
        };
        let length = head_length + content_length(self.received().get(..head_length).unwrap_or_default())?;
        while self.filled < length {
            self.read().await?;
        }
        let (head, body) = self.received().split_at_checked(head_length).context("the answer is torn")?;
        if head.len() + body.len() != length {
            bail!("the answer is longer than it says");
        }
        Ok(Answer { status: status(head)?, head, body })
    }

    fn received(&self) -> &[u8] {
        self.buffer.get(..self.filled).unwrap_or_default()
    }

    async fn write(&self, mut rest: &[u8]) -> io::Result<()> {
        while !rest.is_empty() {
            match self.stream.try_write(rest) {
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.stream.writable().await?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Receives what is there. By polling: then a read that leaves room costs no second one to learn that there is no more.
    async fn read(&mut self) -> anyhow::Result<()> {
        if self.filled == self.buffer.len() {
            self.buffer.resize(self.filled + PIECE, 0);
        }
        let Self { stream, buffer, filled } = self;
        let mut room = ReadBuf::new(buffer.get_mut(*filled..).unwrap_or_default());
        poll_fn(|cx| Pin::new(&mut *stream).poll_read(cx, &mut room))
            .await
            .context("the connection broke")?;
        match room.filled().len() {
            0 => bail!("the server closed the connection"),
            received => *filled += received,
        }
        Ok(())
    }
}

impl<'a> Answer<'a> {
    /// The body, if the status is 200.
    ///
    /// # Errors
    /// Any other status, with what the server said.
    pub(crate) fn good(&self) -> anyhow::Result<&'a [u8]> {
        if self.status == 200 { Ok(self.body) } else { Err(self.unexpected()) }
    }

    /// What is wrong, with what the server said.
    pub(crate) fn unexpected(&self) -> anyhow::Error {
        anyhow::anyhow!("an answer that was not expected: {} {}", self.status, self.text())
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(self.body).into_owned()
    }

    /// The fields of the head, in order.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let head = std::str::from_utf8(self.head).unwrap_or_default();
        head.split("\r\n")
            .skip(1)
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name, value.trim()))
    }

    /// The first field of a name, whatever its case.
    pub(crate) fn field(&self, wanted: &str) -> Option<&'a str> {
        self.fields().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
    }
}

/// The lines that a request begins with; the caller adds the empty line and the body.
pub(crate) fn request_head(method: &str, path: &str, host: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\naccept: */*\r\n")
}

/// The lines of a posted form whose body follows.
pub(crate) fn form_head(length: usize) -> String {
    format!("content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n")
}

/// The line by which an app or API proves itself (RFC 6749 §2.3.1).
pub(crate) fn basic(id: &str, secret: &str) -> String {
    format!("authorization: Basic {}\r\n", STANDARD.encode(format!("{id}:{secret}")))
}

/// Where a text occurs first.
pub(crate) fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

/// What stands between two texts.
pub(crate) fn between<'t>(text: &'t [u8], before: &[u8], after: &[u8]) -> Option<&'t [u8]> {
    let rest = text.get(find(text, before)? + before.len()..)?;
    rest.get(..find(rest, after)?)
}

fn status(head: &[u8]) -> anyhow::Result<u16> {
    let text = head.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
    text.and_then(|digits| digits.parse().ok()).context("the answer has no status")
}

fn content_length(head: &[u8]) -> anyhow::Result<usize> {
    const NAME: &[u8] = b"content-length:";
    let mut lines = head.split(|byte| *byte == b'\n');
    let line = lines.find(|line| line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME)));
    let value = line.and_then(|line| line.get(NAME.len()..)).map(<[u8]>::trim_ascii);
    match value {
        Some(digits) => Ok(std::str::from_utf8(digits)?.parse()?),
        None if matches!(status(head)?, 204 | 304) => Ok(0),
        None => bail!("the answer does not say how long it is"),
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    /// Answers in pieces, as many times as there are requests.
    async fn server(pieces: &'static [&'static str]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let mut request = [0; 64];
            while stream.read(&mut request).await.unwrap() > 0 {
                for piece in pieces {
                    stream.write_all(piece.as_bytes()).await.unwrap();
                    tokio::task::yield_now().await;
                }
            }
        });
        address
    }

    #[tokio::test]
    async fn answers_in_pieces_are_put_together_and_the_connection_stays() {
        let pieces = &[
            "HTTP/1.1 303 See Other\r\nLocation: /a?co",
            "de=b\r\nContent-LENGTH: 5\r",
            "\n\r",
            "\nhe",
            "llo",
        ];
        let mut connection = Connection::open(server(pieces).await).await.unwrap();
        for _ in 0..2 {
            let answer = connection.exchange(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
            assert_eq!((answer.status, answer.body), (303, b"hello".as_slice()));
            assert_eq!(answer.field("location"), Some("/a?code=b"));
            assert!(answer.good().is_err());
        }
    }

    #[tokio::test]
    async fn an_answer_without_length_is_refused_but_for_the_empty_ones() {
        let chunked = &["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"];
        let mut connection = Connection::open(server(chunked).await).await.unwrap();
        assert!(connection.exchange(b"GET").await.is_err());
        let mut connection =
            Connection::open(server(&["HTTP/1.1 204 No Content\r\n\r\n"]).await).await.unwrap();
        assert_eq!(connection.exchange(b"GET").await.unwrap().status, 204);
    }

    #[test]
    fn texts_are_found() {
        assert_eq!(between(b"a=1&code=xyz&b=2", b"code=", b"&"), Some(b"xyz".as_slice()));
        assert_eq!(between(b"a=1", b"code=", b"&"), None);
        assert_eq!(basic("app", "secret"), "authorization: Basic YXBwOnNlY3JldA==\r\n");
    }
}
