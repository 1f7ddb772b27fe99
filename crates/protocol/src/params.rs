//! Request parameters, `application/x-www-form-urlencoded` — RFC 6749 §3.1, §3.2, Appendix B.

use std::fmt;

use crate::error::{ErrorCode, OAuthError, rule_errors};
use crate::percent;

/// How much one parameter list may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the encoded text.
    pub bytes: usize,
    /// Number of fields, repeated ones included.
    pub fields: usize,
}

impl Limits {
    /// What a request may carry in its query or body: 64 KiB and 100 fields.
    pub const REQUEST: Self = Self { bytes: 64 * 1024, fields: 100 };
}

rule_errors! {
    /// Why a parameter list was refused.
    pub enum Error {
        /// More bytes than [`Limits::bytes`].
        TooLong => InvalidRequest, "the parameters are too long";
        /// More fields than [`Limits::fields`].
        TooManyFields => InvalidRequest, "there are too many parameters";
        /// A `%` is not followed by two hexadecimal digits.
        MalformedPercent => InvalidRequest, "a parameter has a malformed percent escape";
        /// A name or value is not UTF-8.
        NotUtf8 => InvalidRequest, "a parameter is not UTF-8";
        /// A name or value holds NUL.
        Nul => InvalidRequest, "a parameter holds a NUL byte";
    }
}

impl From<percent::Error> for Error {
    fn from(error: percent::Error) -> Self {
        match error {
            percent::Error::Malformed => Self::MalformedPercent,
            percent::Error::NotUtf8 => Self::NotUtf8,
            percent::Error::Nul => Self::Nul,
        }
    }
}

/// A parameter that may be sent once was sent more than once (RFC 6749 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a parameter is repeated")]
pub struct Repeated;

impl From<Repeated> for OAuthError {
    fn from(Repeated: Repeated) -> Self {
        Self::new(ErrorCode::InvalidRequest, "a parameter is repeated")
    }
}

/// Decoded parameters in the order in which they came.
///
/// There is no way to ask for "the first one": a repeated parameter is an error that the caller sees.
/// Values may be secrets, so `Debug` shows names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Params {
    fields: Vec<(String, String)>,
}

impl Params {
    /// Decodes a query or a form body, in time linear in its length.
    ///
    /// # Errors
    /// Anything over the limits, malformed escapes, text that is not UTF-8, NUL.
    pub fn parse(encoded: &[u8], limits: Limits) -> Result<Self, Error> {
        if encoded.len() > limits.bytes {
            return Err(Error::TooLong);
        }
        let mut fields = Vec::new();
        for field in encoded.split(|&byte| byte == b'&').filter(|field| !field.is_empty()) {
            if fields.len() == limits.fields {
                return Err(Error::TooManyFields);
            }
            let mut halves = field.splitn(2, |&byte| byte == b'=');
            let name = percent::decode_form(halves.next().unwrap_or_default())?;
            let value = percent::decode_form(halves.next().unwrap_or_default())?;
            fields.push((name, value));
        }
        Ok(Self { fields })
    }

    /// The query and the body of one request as one list, so that a name in both counts as repeated
    /// (parameter pollution, RFC 6749 §3.1).
    #[must_use]
    pub fn with_body(mut self, body: Self) -> Self {
        self.fields.extend(body.fields);
        self
    }

    /// The value of a parameter that may be sent once. One without a value is as if it were omitted
    /// (RFC 6749 §3.1), but still counts when it is repeated.
    ///
    /// # Errors
    /// [`Repeated`] when the name occurs more than once, whatever the values.
    pub fn one(&self, name: &str) -> Result<Option<&str>, Repeated> {
        let mut values = self.all(name);
        let first = values.next();
        if values.next().is_some() {
            return Err(Repeated);
        }
        Ok(first.filter(|value| !value.is_empty()))
    }

    /// Every value of a parameter that may be sent several times (RFC 8707 §2), in order, empty ones included.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Every field in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there is no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Params")?;
        f.debug_list().entries(self.fields.iter().map(|(name, _)| name)).finish()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Params {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self { fields: pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }
}

/// Appends `name=value` pairs, encoded and joined with `&`, to `out`. The first pair gets no `&` before it when
/// `out` is empty or ends in `?` or `&`.
pub fn append<N: AsRef<str>, V: AsRef<str>>(out: &mut String, pairs: impl IntoIterator<Item = (N, V)>) {
    for (name, value) in pairs {
        if !(out.is_empty() || out.ends_with(['?', '&'])) {
            out.push('&');
        }
        percent::encode_form(name.as_ref(), out);
        out.push('=');
        percent::encode_form(value.as_ref(), out);
    }
}

/// The pairs as a query or form body.
#[must_use]
pub fn encode<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> String {
    let mut out = String::new();
    append(&mut out, pairs);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Params {
        Params::parse(text.as_bytes(), Limits::REQUEST).unwrap()
    }

    #[test]
    fn fields_keep_their_order() {
        let params = parse("b=1&a=%ED%95%9C+%EA%B8%80&&c&=x&a=2=3");
        let fields: Vec<_> = params.iter().collect();
        assert_eq!(fields, [("b", "1"), ("a", "한 글"), ("c", ""), ("", "x"), ("a", "2=3")]);
        assert_eq!(params.all("a").collect::<Vec<_>>(), ["한 글", "2=3"]);
    }

    #[test]
    fn rfc6749_3_1_a_parameter_without_value_is_omitted() {
        assert_eq!(parse("scope=&state").one("scope"), Ok(None));
        assert_eq!(parse("scope=&state").one("state"), Ok(None));
        assert_eq!(parse("scope=+").one("scope"), Ok(Some(" ")));
    }

    #[test]
    fn az_17_a_repeated_parameter_is_seen_even_when_empty_or_encoded() {
        for text in ["a=1&a=2", "a=1&a=1", "a=&a=1", "a&a", "a=1&%61=2", "a=1&b=2&a="] {
            assert_eq!(parse(text).one("a"), Err(Repeated), "{text}");
        }
    }

    #[test]
    fn az_17_a_parameter_in_query_and_body_is_repeated() {
        let request = parse("client_id=a&scope=x").with_body(parse("client_id=a&state=y"));
        assert_eq!(request.one("client_id"), Err(Repeated));
        assert_eq!(request.one("scope"), Ok(Some("x")));
        assert_eq!(request.one("state"), Ok(Some("y")));
    }

    #[test]
    fn names_are_compared_exactly() {
        let params = parse("Scope=1&scope =2&scope%00=3".replace("%00", "%01").as_str());
        assert_eq!(params.one("scope"), Ok(None));
    }

    #[test]
    fn hostile_bytes_are_refused() {
        let refused = |bytes: &[u8]| Params::parse(bytes, Limits::REQUEST).unwrap_err();
        assert_eq!(refused(b"a=%"), Error::MalformedPercent);
        assert_eq!(refused(b"%zz=1"), Error::MalformedPercent);
        assert_eq!(refused(b"a=%ff"), Error::NotUtf8);
        assert_eq!(refused(b"a=%00"), Error::Nul);
        assert_eq!(refused(b"a%00=1"), Error::Nul);
    }

    #[test]
    fn az_42_input_beyond_the_limits_is_refused_before_it_is_decoded() {
        let Limits { bytes, fields } = Limits::REQUEST;
        let at_limit = format!("a={}", "x".repeat(bytes - 2));
        assert_eq!(parse(&at_limit).one("a").unwrap().unwrap().len(), bytes - 2);
        // Malformed as well: the refusal for its length proves that nothing was decoded.
        for excess in [1, bytes * 99] {
            let long = format!("a=%{}", "%".repeat(bytes - 3 + excess));
            assert_eq!(Params::parse(long.as_bytes(), Limits::REQUEST), Err(Error::TooLong));
        }
        assert_eq!(parse(&"a&".repeat(fields)).iter().count(), fields);
        assert_eq!(
            Params::parse("a&".repeat(fields + 1).as_bytes(), Limits::REQUEST),
            Err(Error::TooManyFields)
        );
        // Separators alone cost no field.
        assert!(parse(&"&".repeat(bytes)).is_empty());
    }

    #[test]
    fn debug_shows_no_values() {
        assert_eq!(format!("{:?}", parse("client_secret=hunter2")), r#"Params["client_secret"]"#);
    }

    #[test]
    fn append_separates_only_where_needed() {
        for (before, after) in
            [("", "a=1"), ("https://x/?", "https://x/?a=1"), ("b=2", "b=2&a=1"), ("b=2&", "b=2&a=1")]
        {
            let mut out = before.to_owned();
            append(&mut out, [("a", "1")]);
            assert_eq!(out, after);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            pairs in proptest::collection::vec(("[^\\x00]{0,12}", "[^\\x00]{0,24}"), 0..20)
        ) {
            let written = encode(pairs.iter().map(|(name, value)| (name, value)));
            let read = Params::parse(written.as_bytes(), Limits::REQUEST).unwrap();
            // `=` stays even when both halves are empty, so no field is lost.
            prop_assert_eq!(read, pairs.into_iter().collect::<Params>());
        }

        #[test]
        fn no_input_panics(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
            if let Ok(params) = Params::parse(&bytes, Limits::REQUEST) {
                for (name, _) in params.iter() {
                    let _ = params.one(name);
                }
            }
        }
    }
}
