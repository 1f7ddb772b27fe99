//! Reading the body of a request: whole, bounded in size and time — threats OP-03, OP-07, G-36.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use bytes::Bytes;
use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use http_body_util::BodyExt as _;
use tokio::time::Instant;

use super::body_budget::{NoRoom, PLACE};

/// By then a body must be there in full.
const DEADLINE: Duration = Duration::from_secs(10);
/// By then it must be there, too, if nothing of it has come.
const GRACE: Duration = Duration::from_secs(5);
/// What buys it another second, in bytes: half of what the slowest of mobile networks give.
const LEAST_PER_SECOND: usize = 8 * 1024;

const FORM: &str = "application/x-www-form-urlencoded";

/// Why there is no body to work with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// RFC 9110 §15.5.14.
    #[error("the body is too long")]
    TooLarge,
    /// RFC 9110 §15.5.9.
    #[error("the body took too long to arrive")]
    TimedOut,
    /// RFC 9110 §15.6.4: too much of other bodies is waiting. Come back in a moment.
    #[error("too many bodies are arriving")]
    Busy,
    /// The connection ended within it, or its framing is broken.
    #[error("the body is incomplete")]
    Incomplete,
    /// RFC 9110 §15.5.16: not `application/x-www-form-urlencoded`.
    #[error("the body must be application/x-www-form-urlencoded")]
    NotAForm,
    /// RFC 9110 §15.5.16: compressed, which could unpack to anything.
    #[error("the body must not be compressed")]
    Encoded,
}

impl BodyError {
    /// The status that says so.
    pub fn status(self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TimedOut => StatusCode::REQUEST_TIMEOUT,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Incomplete => StatusCode::BAD_REQUEST,
            Self::NotAForm | Self::Encoded => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }
}

/// Reads a body of at most `limit` bytes.
///
/// # Errors
/// [`BodyError::TooLarge`], also when only the announced length says so; [`BodyError::TimedOut`] when it is
/// slower than [`Pace`] allows; [`BodyError::Busy`]; [`BodyError::Incomplete`].
pub async fn read(body: Body, limit: usize) -> Result<Bytes, BodyError> {
    if announced(&body).is_some_and(|announced| announced > limit) {
        return Err(BodyError::TooLarge);
    }
    let mut arriving = Arriving::new(body);
    // Most bodies are one piece, which is passed on as it is.
    let first = match arriving.next().await? {
        None => return Ok(Bytes::new()),
        Some(first) if first.len() > limit => return Err(BodyError::TooLarge),
        Some(first) if arriving.body.is_end_stream() => return Ok(first),
        Some(first) => first,
    };
    let mut whole = Pieces::default();
    whole.add(&first);
    drop(first);
    while let Some(more) = arriving.next().await? {
        if arriving.length > limit {
            return Err(BodyError::TooLarge);
        }
        whole.add(&more);
    }
    Ok(whole.join())
}

/// Reads a body whose sender must hear an answer even if it is too long: the first `keep` bytes, and whether there
/// was more, which is read and thrown away.
///
/// # Errors
/// [`BodyError::TooLarge`] over `most` bytes; [`BodyError::TimedOut`] when it is slower than [`Pace`] allows;
/// [`BodyError::Busy`]; [`BodyError::Incomplete`].
pub async fn read_beginning(body: Body, keep: usize, most: usize) -> Result<(Bytes, bool), BodyError> {
    if announced(&body).is_some_and(|announced| announced > most) {
        return Err(BodyError::TooLarge);
    }
    let mut arriving = Arriving::new(body);
    let mut kept = Pieces::default();
    while let Some(more) = arriving.next().await? {
        if arriving.length > most {
            return Err(BodyError::TooLarge);
        }
        let fits = more.len().min(keep.saturating_sub(kept.length));
        kept.add(more.get(..fits).unwrap_or_default());
    }
    Ok((kept.join(), arriving.length > keep))
}

/// The least that a body has left, in bytes.
fn announced(body: &Body) -> Option<usize> {
    usize::try_from(body.size_hint().lower()).ok()
}

/// What has come of a body, copied into pieces of [`PLACE`] bytes: as much memory as its budget counts, whatever length
/// was announced. A piece of the connection's buffer would keep all of that buffer.
#[derive(Default)]
struct Pieces {
    pieces: Vec<Vec<u8>>,
    length: usize,
}

impl Pieces {
    fn add(&mut self, mut bytes: &[u8]) {
        self.length += bytes.len();
        while !bytes.is_empty() {
            if self.pieces.last().is_none_or(|last| last.len() == PLACE) {
                self.pieces.push(Vec::with_capacity(PLACE));
            }
            let Some(last) = self.pieces.last_mut() else { return };
            let (fits, rest) = bytes.split_at(bytes.len().min(PLACE - last.len()));
            last.extend_from_slice(fits);
            bytes = rest;
        }
    }

    fn join(self) -> Bytes {
        self.pieces.concat().into()
    }
}

/// A body on its way, with how much of it has come.
struct Arriving {
    body: Body,
    length: usize,
    pace: Pace,
}

/// How slow a body may be: some seconds for whatever it is, more for each piece that has come, and ten in all.
struct Pace {
    begun: Instant,
}

impl Pace {
    fn deadline(&self, length: usize) -> Instant {
        let earned = Duration::from_secs(u64::try_from(length / LEAST_PER_SECOND).unwrap_or(u64::MAX));
        self.begun + DEADLINE.min(GRACE.saturating_add(earned))
    }
}

impl Arriving {
    fn new(body: Body) -> Self {
        Self { body, length: 0, pace: Pace { begun: Instant::now() } }
    }

    /// The next piece of data; trailers say nothing that we ask for.
    async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        loop {
            let frame = tokio::time::timeout_at(self.pace.deadline(self.length), self.body.frame());
            let Some(frame) = frame.await.map_err(|_| BodyError::TimedOut)? else { return Ok(None) };
            if let Ok(data) = frame.map_err(|error| broken(&error))?.into_data() {
                self.length = self.length.saturating_add(data.len());
                return Ok(Some(data));
            }
        }
    }
}

/// Whatever stands around the body may have wrapped its error.
fn broken(error: &axum::Error) -> BodyError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<NoRoom>() {
            return BodyError::Busy;
        }
        cause = error.source();
    }
    BodyError::Incomplete
}

/// Character sets in which a form of percent-encoded ASCII reads as in UTF-8, which is what it is in any case (RFC 6749
/// Appendix B). Old client libraries name the others of these without meaning it, those of Korea the last ones.
const CHARSETS: [&str; 12] = [
    "utf-8",
    "utf8",
    "us-ascii",
    "ascii",
    "iso-8859-1",
    "iso-8859-15",
    "windows-1252",
    "euc-kr",
    "ks_c_5601-1987",
    "cp949",
    "ms949",
    "x-windows-949",
];

/// A form says that it is one, once, and is not compressed (RFC 6749 Appendix B).
///
/// # Errors
/// [`BodyError::NotAForm`], [`BodyError::Encoded`].
pub fn require_form(headers: &HeaderMap) -> Result<(), BodyError> {
    if headers.contains_key(CONTENT_ENCODING) {
        return Err(BodyError::Encoded);
    }
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (types.next(), types.next()) else { return Err(BodyError::NotAForm) };
    let mut parts = value.to_str().unwrap_or_default().split(';');
    let is_form = parts.next().unwrap_or_default().trim().eq_ignore_ascii_case(FORM);
    let reads_as_utf_8 = parts.all(|parameter| {
        let (name, charset) = parameter.split_once('=').unwrap_or((parameter, ""));
        let charset = charset.trim().trim_matches('"').to_ascii_lowercase();
        !name.trim().eq_ignore_ascii_case("charset") || CHARSETS.contains(&charset.as_str())
    });
    if is_form && reads_as_utf_8 { Ok(()) } else { Err(BodyError::NotAForm) }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::{StreamExt as _, stream};
    use http::HeaderValue;

    use super::*;

    fn in_pieces(pieces: &[&'static str]) -> Body {
        let pieces: Vec<Result<&'static str, Infallible>> = pieces.iter().copied().map(Ok).collect();
        Body::from_stream(stream::iter(pieces))
    }

    /// RFC 9110 §15.5.14.
    #[tokio::test]
    async fn g_36_bodies_at_the_limit_and_over_it() {
        assert_eq!(read(Body::empty(), 4).await.unwrap(), "");
        assert_eq!(read(Body::from("abcd"), 4).await.unwrap(), "abcd");
        assert_eq!(read(Body::from("abcde"), 4).await, Err(BodyError::TooLarge));
        assert_eq!(read(in_pieces(&["ab", "", "cd"]), 4).await.unwrap(), "abcd");
        assert_eq!(read(in_pieces(&["ab", "cd", "e"]), 4).await, Err(BodyError::TooLarge));
        assert_eq!(read(in_pieces(&["abcde"]), 4).await, Err(BodyError::TooLarge));
        assert_eq!(read(Body::from("x".repeat(400)), 4).await, Err(BodyError::TooLarge));
        let text: String = ('a'..='z').cycle().take(3 * PLACE + 5).collect();
        for size in [1, 7, PLACE - 1, PLACE, PLACE + 1, 2 * PLACE] {
            let pieces = text.as_bytes().chunks(size).map(|piece| Ok::<_, Infallible>(piece.to_vec()));
            let body = Body::from_stream(stream::iter(pieces.collect::<Vec<_>>()));
            assert_eq!(read(body, text.len()).await.unwrap(), text, "{size}");
        }
    }

    #[tokio::test]
    async fn op_03_of_a_body_that_is_too_long_the_beginning_is_kept() {
        let read = |body, keep, most| read_beginning(body, keep, most);
        assert_eq!(read(Body::empty(), 2, 4).await.unwrap(), (Bytes::new(), false));
        assert_eq!(read(Body::from("ab"), 2, 4).await.unwrap(), ("ab".into(), false));
        assert_eq!(read(in_pieces(&["a", "bc", "d"]), 2, 4).await.unwrap(), ("ab".into(), true));
        assert_eq!(read(in_pieces(&["a", "bc", "de"]), 2, 4).await, Err(BodyError::TooLarge));
        assert_eq!(read(Body::from("abcde"), 2, 4).await, Err(BodyError::TooLarge));
    }

    /// RFC 9110 §15.5.9.
    #[tokio::test(start_paused = true)]
    async fn op_03_a_body_keeps_a_pace() {
        let piece = |length: usize| Ok::<_, Infallible>(Bytes::from(vec![b'x'; length]));
        let stuck = |pieces: Vec<usize>| {
            let pieces = stream::iter(pieces.into_iter().map(piece).collect::<Vec<_>>());
            Body::from_stream(pieces.chain(stream::pending()))
        };
        for (pieces, seconds) in [
            (vec![], 5),
            (vec![1; 100], 5),
            (vec![LEAST_PER_SECOND], 6),
            (vec![LEAST_PER_SECOND - 1, 1, LEAST_PER_SECOND], 7),
            (vec![LEAST_PER_SECOND; 30], 10),
        ] {
            let start = Instant::now();
            assert_eq!(read(stuck(pieces.clone()), 1 << 20).await, Err(BodyError::TimedOut));
            assert_eq!(start.elapsed().as_secs(), seconds, "{} pieces", pieces.len());
            let start = Instant::now();
            assert_eq!(read_beginning(stuck(pieces), 4, 1 << 20).await, Err(BodyError::TimedOut));
            assert_eq!(start.elapsed().as_secs(), seconds);
        }
    }

    /// RFC 9110 §15.6.4.
    #[tokio::test]
    async fn g_33_a_body_for_which_there_is_no_room_may_come_again() {
        let full = Body::from_stream(stream::iter([Ok::<_, axum::BoxError>("ab"), Err(NoRoom.into())]));
        assert_eq!(read(full, 4).await, Err(BodyError::Busy));
        assert_eq!(BodyError::Busy.status(), 503);
    }

    #[tokio::test]
    async fn a_broken_body_is_incomplete() {
        let broken = Body::from_stream(stream::iter([Ok("ab"), Err("connection reset")]));
        assert_eq!(read(broken, 4).await, Err(BodyError::Incomplete));
    }

    #[test]
    fn a_form_says_that_it_is_one() {
        let check = |types: &[&'static str]| {
            let pairs = types.iter().map(|value| (CONTENT_TYPE, HeaderValue::from_static(value)));
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(name, value);
            }
            require_form(&headers)
        };
        for good in [
            FORM,
            "application/x-www-form-urlencoded; charset=UTF-8",
            "application/x-www-form-urlencoded;charset=\"utf-8\"; x=y",
            "application/x-www-form-urlencoded; charset=ISO-8859-1",
            "application/x-www-form-urlencoded; charset=EUC-KR",
            "application/x-www-form-urlencoded;charset=MS949",
            "Application/X-WWW-Form-Urlencoded",
        ] {
            assert_eq!(check(&[good]), Ok(()), "{good}");
        }
        for bad in [
            "application/json",
            "multipart/form-data; boundary=x",
            "text/plain",
            "",
            "x/y;application/x-www-form-urlencoded",
            "application/x-www-form-urlencoded; charset=utf-16",
            "application/x-www-form-urlencoded; charset=utf-8; Charset=UTF-7",
            "application/x-www-form-urlencoded; charset=ibm037",
            "application/x-www-form-urlencoded; charset",
        ] {
            assert_eq!(check(&[bad]), Err(BodyError::NotAForm), "{bad}");
        }
        assert_eq!(check(&[]), Err(BodyError::NotAForm));
        assert_eq!(check(&[FORM, "text/plain"]), Err(BodyError::NotAForm));
    }

    /// RFC 9110 §15.5.16.
    #[test]
    fn op_07_a_compressed_body_is_refused() {
        let headers = HeaderMap::from_iter([
            (CONTENT_TYPE, HeaderValue::from_static(FORM)),
            (CONTENT_ENCODING, HeaderValue::from_static("gzip")),
        ]);
        assert_eq!(require_form(&headers), Err(BodyError::Encoded));
        assert_eq!(BodyError::Encoded.status(), 415);
    }
}
