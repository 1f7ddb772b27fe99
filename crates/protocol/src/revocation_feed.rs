//! The revocation feed: Mapae's own protocol beside RFC 7009 and RFC 7662 §4.
//!
//! An API that checks JWT access tokens by their signature learns from it, within a second, which of them were
//! withdrawn, without asking once per request.
//!
//! - The API sends `POST` to the address that the metadata names `revocation_feed_endpoint`, authenticated as for
//!   introspection, with the form parameters `after` (the cursor of the last answer; left out the first time) and
//!   `wait` (seconds for which the server may hold the request open while there is nothing new; at most
//!   [`FeedRequest::LONGEST_WAIT`]).
//! - The answer is a [`FeedResponse`]: `{"events":[{"handle":"…","at":1800000000}],"cursor":"…",
//!   "complete_since":1799999000}`.
//! - An access token carries the handles of everything that it depends on. It is withdrawn when any of them was
//!   announced. Handles are opaque: they do not say who the person or the app is.
//! - A signing key that was stolen is announced, too, by [`Handle::of_signing_key`]: every token that names this key
//!   is withdrawn, and the key set is to be fetched anew.
//! - `complete_since` is the promise: everything withdrawn at or after that second has been announced up to this
//!   cursor. An API whose tokens are older than that, or that has lost the feed, introspects or refuses.
//! - A cursor that the server does not know any more gets the answer to no cursor: all events it still has.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::rule_errors;
use crate::params::{Params, Repeated};
use crate::strict_json;
use crate::time::{Seconds, Timestamp};

/// Longest cursor in bytes.
const MAX_CURSOR_BYTES: usize = 256;
/// Longest handle in bytes.
const MAX_HANDLE_BYTES: usize = 64;

rule_errors! {
    /// What can be wrong with a request for the feed.
    pub enum Error {
        /// A parameter is repeated (RFC 6749 §3.2).
        Repeated => InvalidRequest, "a parameter is repeated";
        /// `after` cannot be a cursor.
        CursorMalformed => InvalidRequest, "after is malformed";
        /// `wait` is not a whole number of seconds.
        WaitMalformed => InvalidRequest, "wait must be a number of seconds";
    }
}

impl From<Repeated> for Error {
    fn from(Repeated: Repeated) -> Self {
        Self::Repeated
    }
}

/// A text that is empty, too long, or has a character outside `%x21-7E`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cursor or handle is malformed")]
pub struct Malformed;

/// How far a reader of the feed has come. Only the server that gave it understands it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor(String);

/// What stands for a person, app, consent, session, grant or token at one time. A token that carries it is
/// withdrawn when it is announced.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Handle(String);

macro_rules! opaque_text {
    ($name:ident, $cap:ident) => {
        impl $name {
            /// Takes an opaque text: printable ASCII without spaces.
            ///
            /// # Errors
            /// [`Malformed`].
            pub fn parse(text: &str) -> Result<Self, Malformed> {
                let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
                let fits = (1..=$cap).contains(&text.len());
                if printable && fits { Ok(Self(text.to_owned())) } else { Err(Malformed) }
            }

            /// The text as it travels.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Malformed;

            fn try_from(text: String) -> Result<Self, Malformed> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(opaque: $name) -> Self {
                opaque.0
            }
        }
    };
}

opaque_text!(Cursor, MAX_CURSOR_BYTES);
opaque_text!(Handle, MAX_HANDLE_BYTES);

/// Begins the handle of a signing key. No other handle has a dot.
const SIGNING_KEY: &str = "kid.";

impl Handle {
    /// What announces that a signing key is withdrawn with all that it has signed.
    ///
    /// # Errors
    /// [`Malformed`]: the `kid` is longer than 60 bytes, or has a character outside `%x21-7E`.
    pub fn of_signing_key(kid: &str) -> Result<Self, Malformed> {
        Self::parse(&format!("{SIGNING_KEY}{kid}"))
    }

    /// Whether it is a signing key that is withdrawn.
    #[must_use]
    pub fn is_of_signing_key(&self) -> bool {
        self.0.starts_with(SIGNING_KEY)
    }
}

/// What an API asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRequest {
    /// Where it stopped reading; absent at the beginning.
    pub after: Option<Cursor>,
    /// How long it is ready to wait for news.
    pub wait: Seconds,
}

impl FeedRequest {
    /// Longest time for which the server holds a request open; a longer wish is shortened to it.
    pub const LONGEST_WAIT: Seconds = Seconds::seconds(30);

    /// Reads the parameters of the body.
    ///
    /// # Errors
    /// [`Error`].
    pub fn parse(params: &Params) -> Result<Self, Error> {
        let after =
            params.one("after")?.map(Cursor::parse).transpose().map_err(|_| Error::CursorMalformed)?;
        let wait = params.one("wait")?.map_or(Ok(Seconds::ZERO), wait)?;
        Ok(Self { after, wait: wait.min(Self::LONGEST_WAIT) })
    }

    /// The parameters to send.
    #[must_use]
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = vec![("wait", self.wait.get().to_string())];
        parameters.extend(self.after.as_ref().map(|cursor| ("after", cursor.to_string())));
        parameters
    }
}

fn wait(text: &str) -> Result<Seconds, Error> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::WaitMalformed);
    }
    text.parse().map(Seconds::seconds).map_err(|_| Error::WaitMalformed)
}

/// Something was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// What: every token that carries this is worthless.
    pub handle: Handle,
    /// When.
    pub at: Timestamp,
}

/// What was withdrawn since the cursor, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedResponse {
    /// What was withdrawn; empty when the wait ended without news, or more than fits is left for the next request.
    pub events: Vec<Event>,
    /// What to send as `after` next time.
    pub cursor: Cursor,
    /// Everything withdrawn at or after this second is in the feed.
    pub complete_since: Timestamp,
}

impl FeedResponse {
    /// Longest response that an API reads, in bytes.
    pub const MAX_BYTES: usize = 1024 * 1024;
    /// Most events that one answer holds; fits into [`Self::MAX_BYTES`].
    pub const MAX_EVENTS: usize = 5000;

    /// Reads the body of an answer.
    ///
    /// # Errors
    /// The body is not of this shape. It is never taken for "nothing new".
    pub fn parse(body: &[u8]) -> Result<Self, strict_json::Error> {
        strict_json::parse_object(body, Self::MAX_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{ErrorCode, OAuthError};
    use crate::params::{self, Limits};

    fn request(body: &str) -> Result<FeedRequest, Error> {
        FeedRequest::parse(&Params::parse(body.as_bytes(), Limits::REQUEST).unwrap())
    }

    #[test]
    fn a_request_is_read_as_it_was_written() {
        for after in [None, Some(Cursor::parse("c/1+2=").unwrap())] {
            let written = FeedRequest { after, wait: Seconds::seconds(20) };
            assert_eq!(request(&params::encode(written.parameters())).unwrap(), written);
        }
        assert_eq!(request("").unwrap(), FeedRequest { after: None, wait: Seconds::ZERO });
        assert_eq!(request("wait=86400").unwrap().wait, FeedRequest::LONGEST_WAIT);
    }

    #[test]
    fn a_malformed_request_is_refused() {
        for (body, error) in [
            ("wait=-1", Error::WaitMalformed),
            ("wait=1.5", Error::WaitMalformed),
            ("wait=%2B1", Error::WaitMalformed),
            ("wait=99999999999", Error::WaitMalformed),
            ("after=a+b", Error::CursorMalformed),
            ("after=%0a", Error::CursorMalformed),
            ("after=a&after=b", Error::Repeated),
            ("wait=1&wait=1", Error::Repeated),
        ] {
            assert_eq!(request(body), Err(error), "{body}");
            assert_eq!(OAuthError::from(error).code, ErrorCode::InvalidRequest);
        }
        assert_eq!(request(&format!("after={}", "x".repeat(257))), Err(Error::CursorMalformed));
    }

    #[test]
    fn an_answer_in_json() {
        let response = FeedResponse {
            events: vec![Event {
                handle: Handle::parse("h1").unwrap(),
                at: Timestamp::from_unix(1_800_000_000),
            }],
            cursor: Cursor::parse("c1").unwrap(),
            complete_since: Timestamp::from_unix(1_799_999_000),
        };
        let printed = serde_json::to_string(&response).unwrap();
        assert_eq!(
            printed,
            r#"{"events":[{"handle":"h1","at":1800000000}],"cursor":"c1","complete_since":1799999000}"#
        );
        assert_eq!(FeedResponse::parse(printed.as_bytes()).unwrap(), response);
    }

    #[test]
    fn rs_12_a_malformed_answer_is_never_nothing_new() {
        for body in [
            "",
            "{}",
            "[]",
            "[[],\"c\",1]",
            "<html>",
            r#"{"events":[],"cursor":"c"}"#,
            r#"{"events":null,"cursor":"c","complete_since":1}"#,
            r#"{"events":[],"cursor":"","complete_since":1}"#,
            r#"{"events":[],"cursor":"c","complete_since":"1"}"#,
            r#"{"events":[{"handle":"","at":1}],"cursor":"c","complete_since":1}"#,
            r#"{"events":[{"handle":"h"}],"cursor":"c","complete_since":1}"#,
            r#"{"events":[],"events":[],"cursor":"c","complete_since":1}"#,
        ] {
            assert!(FeedResponse::parse(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn a_signing_key_is_announced_by_its_own_name() {
        let handle = Handle::of_signing_key("LQ3f-x").unwrap();
        assert_eq!(handle.as_str(), "kid.LQ3f-x");
        assert!(handle.is_of_signing_key());
        assert!(!Handle::parse("LQ3f-x").unwrap().is_of_signing_key());
        assert!(Handle::of_signing_key("a b").is_err());
    }

    #[test]
    fn the_largest_answer_fits() {
        let event = Event {
            handle: Handle::parse(&"h".repeat(MAX_HANDLE_BYTES)).unwrap(),
            at: Timestamp::from_unix(253_402_300_799),
        };
        let response = FeedResponse {
            events: vec![event; FeedResponse::MAX_EVENTS],
            cursor: Cursor::parse(&"c".repeat(MAX_CURSOR_BYTES)).unwrap(),
            complete_since: Timestamp::from_unix(0),
        };
        let printed = serde_json::to_vec(&response).unwrap();
        assert_eq!(FeedResponse::parse(&printed).unwrap(), response);
    }
}
