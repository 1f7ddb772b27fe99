//! A client's identifier and secret in the `Authorization` header — RFC 6749 §2.3.1, Appendix B, RFC 7617 §2.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::client_id::ClientId;
use crate::percent;
use crate::secret::Secret;

/// Longest header value that is read, in bytes.
pub const MAX_BYTES: usize = 4096;

/// Why an `Authorization` header does not authenticate a client. The peer learns no more than `invalid_client`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Longer than [`MAX_BYTES`].
    #[error("the Authorization header is too long")]
    TooLong,
    /// A scheme other than `Basic`.
    #[error("the Authorization header has an unsupported scheme")]
    UnsupportedScheme,
    /// What follows the scheme is not base64.
    #[error("the credentials are not base64")]
    NotBase64,
    /// There is no colon between identifier and secret.
    #[error("the credentials have no colon")]
    NoColon,
    /// Identifier or secret are not form-encoded (RFC 6749 §2.3.1).
    #[error("the credentials are not form-encoded")]
    NotFormEncoded,
    /// The identifier is not one.
    #[error("the client identifier is malformed")]
    ClientIdMalformed,
}

/// What a client presented. The secret may be empty, which never authenticates anybody.
#[derive(Debug, Clone)]
pub struct ClientCredentials {
    /// Who it says it is.
    pub client_id: ClientId,
    /// The proof.
    pub secret: Secret<String>,
}

impl ClientCredentials {
    /// Reads the value of one `Authorization` header. Identifier and secret were form-encoded before they were
    /// joined with a colon, so that either may contain one.
    ///
    /// # Errors
    /// One [`Error`] per rule.
    pub fn parse(header: &[u8]) -> Result<Self, Error> {
        if header.len() > MAX_BYTES {
            return Err(Error::TooLong);
        }
        let space = header.iter().position(|&byte| byte == b' ').ok_or(Error::UnsupportedScheme)?;
        let (scheme, credentials) = header.split_at_checked(space).ok_or(Error::UnsupportedScheme)?;
        if !scheme.eq_ignore_ascii_case(b"Basic") {
            return Err(Error::UnsupportedScheme);
        }
        let decoded = STANDARD.decode(trim_spaces(credentials)).map_err(|_| Error::NotBase64)?;
        let decoded = Secret::new(decoded);
        let mut halves = decoded.expose().splitn(2, |&byte| byte == b':');
        let client_id = halves.next().unwrap_or_default();
        let secret = halves.next().ok_or(Error::NoColon)?;
        let secret = Secret::new(percent::decode_form(secret).map_err(|_| Error::NotFormEncoded)?);
        let client_id = percent::decode_form(client_id).map_err(|_| Error::NotFormEncoded)?;
        let client_id = ClientId::parse(&client_id).map_err(|_| Error::ClientIdMalformed)?;
        Ok(Self { client_id, secret })
    }

    /// The header value, for a client that authenticates itself. It is a secret.
    #[must_use]
    pub fn to_header_value(&self) -> Secret<String> {
        let mut plain = String::new();
        percent::encode_form(self.client_id.as_str(), &mut plain);
        plain.push(':');
        percent::encode_form(self.secret.expose(), &mut plain);
        let plain = Secret::new(plain);
        Secret::new(format!("Basic {}", STANDARD.encode(plain.expose())))
    }
}

/// RFC 9110 §11.4: `auth-scheme 1*SP token68`, and whitespace around a field value means nothing.
fn trim_spaces(mut text: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] | [rest @ .., b' '] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(plain: &[u8]) -> Vec<u8> {
        format!("Basic {}", STANDARD.encode(plain)).into_bytes()
    }

    fn refused(header: &[u8]) -> Error {
        ClientCredentials::parse(header).unwrap_err()
    }

    #[test]
    fn rfc6749_2_3_1_example() {
        let read = ClientCredentials::parse(b"Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3").unwrap();
        assert_eq!(read.client_id.as_str(), "s6BhdRkqt3");
        assert!(read.secret.matches("7Fjfp0ZBr1KtDRbnfVdmIw"));
    }

    #[test]
    fn to_06_identifier_and_secret_are_form_decoded() {
        for (plain, client_id, secret) in [
            ("a%3Ab:c%3Ad", "a:b", "c:d"),
            ("a:b:c", "a", "b:c"),
            ("a+b:c+d%2B", "a b", "c d+"),
            ("a:%ED%95%9C", "a", "한"),
            ("a:", "a", ""),
        ] {
            let read = ClientCredentials::parse(&header(plain.as_bytes())).unwrap();
            assert_eq!(read.client_id.as_str(), client_id, "{plain}");
            assert!(read.secret.matches(secret), "{plain}");
        }
    }

    /// RFC 7617 §2, RFC 9110 §11.4.
    #[test]
    fn to_06_the_scheme_has_no_case_and_any_number_of_spaces() {
        for header in ["basic YTpi", "BASIC YTpi", "bAsIc   YTpi", "Basic YTpi "] {
            assert!(ClientCredentials::parse(header.as_bytes()).unwrap().secret.matches("b"), "{header}");
        }
    }

    #[test]
    fn to_06_malformed_headers_are_refused() {
        for (header, error) in [
            (&b""[..], Error::UnsupportedScheme),
            (b"Basic", Error::UnsupportedScheme),
            (b"Basic\tYTpi", Error::UnsupportedScheme),
            (b"Bearer YTpi", Error::UnsupportedScheme),
            (b"BasicYTpi x", Error::UnsupportedScheme),
            (b" Basic YTpi", Error::UnsupportedScheme),
            (b"Basic ", Error::NoColon),
            (b"Basic !!!!", Error::NotBase64),
            (b"Basic YTpi YTpi", Error::NotBase64),
            (b"Basic YTpi, Basic YTpi", Error::NotBase64),
            (b"Basic YTpiYw", Error::NotBase64),
            (b"Basic YTp\xff", Error::NotBase64),
        ] {
            assert_eq!(refused(header), error, "{}", String::from_utf8_lossy(header));
        }
        assert_eq!(refused(&header(b"ab")), Error::NoColon);
        assert_eq!(refused(&header(b"a:%")), Error::NotFormEncoded);
        assert_eq!(refused(&header(b"a%zz:b")), Error::NotFormEncoded);
        assert_eq!(refused(&header(b"a:\xff\xfe")), Error::NotFormEncoded);
        assert_eq!(refused(&header(b"a:b\0")), Error::NotFormEncoded);
        assert_eq!(refused(&header(b":b")), Error::ClientIdMalformed);
        assert_eq!(refused(&header("앱:b".as_bytes())), Error::ClientIdMalformed);
    }

    #[test]
    fn to_06_a_huge_header_is_refused_before_it_is_decoded() {
        // Not base64 either: the refusal for its length shows that it was not looked at.
        assert_eq!(refused(&[b"Basic ".as_slice(), &vec![b'!'; 1 << 20]].concat()), Error::TooLong);
        assert_eq!(refused(&[b"Basic ".as_slice(), &vec![b'!'; MAX_BYTES - 6]].concat()), Error::NotBase64);
    }

    #[test]
    fn the_secret_is_never_printed() {
        let read = ClientCredentials::parse(&header(b"app:hunter2")).unwrap();
        assert!(!format!("{read:?} {:?}", read.to_header_value()).contains("hunter2"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(id in "[ -~]{1,40}", secret in "[^\\x00]{0,60}") {
            let written = ClientCredentials {
                client_id: ClientId::parse(&id).unwrap(),
                secret: Secret::new(secret.clone()),
            }.to_header_value();
            let read = ClientCredentials::parse(written.expose().as_bytes()).unwrap();
            prop_assert_eq!(read.client_id.as_str(), id);
            prop_assert!(read.secret.matches(secret));
        }

        #[test]
        fn no_header_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64), plain: Vec<u8>) {
            let _ = ClientCredentials::parse(&bytes);
            let _ = ClientCredentials::parse(&header(&plain));
        }
    }
}
