//! Device authorization — RFC 8628: the two codes, and the answer that brings them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    digest::sha256_base64url,
    endpoint_uri::EndpointUri,
    error::rule_errors,
    params::{Params, Repeated},
    random,
    resource::ResourceIndicator,
    scope::Scopes,
    secret::{self, Secret},
    strict_json,
    time::Seconds,
};

/// The value of `grant_type` (RFC 8628 §3.4).
pub const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Letters of user codes: no vowels, so that they spell no words, and none that looks like a digit (RFC 8628 §6.1).
const ALPHABET: [char; 20] =
    ['B', 'C', 'D', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Z'];
/// Letters of one code: 20^8 of them, 34.5 bits (RFC 8628 §5.1).
const LETTERS: usize = 8;
/// Letters that stand together where a code is shown.
const GROUP: usize = 4;
/// Most characters that are read of what somebody typed.
const MAX_TYPED: usize = 64;
/// Characters of a device code: 256 bits (RFC 8628 §5.2).
const DEVICE_CODE_LENGTH: usize = 43;

rule_errors! {
    /// What can be wrong with a device authorization request.
    pub enum Error {
        /// A parameter is repeated (RFC 8628 §3.1).
        Repeated => InvalidRequest, "a parameter is repeated";
        /// `scope` outside its grammar or caps (RFC 6749 §3.3).
        ScopeMalformed => InvalidScope, "scope is malformed";
        ..resource::NotSole
    }
}

impl From<Repeated> for Error {
    fn from(Repeated: Repeated) -> Self {
        Self::Repeated
    }
}

/// What a device asks for, well formed (RFC 8628 §3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceRequest {
    /// `scope`; empty when none was sent.
    pub scopes: Scopes,
    /// `resource`: the API that the token is for (RFC 8707 §2).
    pub resource: Option<ResourceIndicator>,
}

impl DeviceRequest {
    /// Reads the parameters of the body. Unknown ones are ignored.
    ///
    /// # Errors
    /// The first rule that is broken; see [`Error`].
    pub fn parse(params: &Params) -> Result<Self, Error> {
        let scopes =
            params.one("scope")?.map(Scopes::parse).transpose().map_err(|_| Error::ScopeMalformed)?;
        let resource = ResourceIndicator::sole(params)?;
        Ok(Self { scopes: scopes.unwrap_or_default(), resource })
    }
}

rule_errors! {
    /// Why a device gets no tokens yet, or never (RFC 8628 §3.5).
    pub enum PollError {
        /// The person has not answered.
        Pending => AuthorizationPending, "the person has not answered yet";
        /// The same, and the device asks too often: five seconds more from now on.
        SlowDown => SlowDown, "poll five seconds less often";
        /// Nobody has answered in time.
        Expired => ExpiredToken, "the device code is too old: begin again";
        /// The person said no.
        Denied => AccessDenied, "the person did not agree";
    }
}

/// `device_code`: what the device polls with. It never reaches a person.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceCode(String);

impl DeviceCode {
    /// A fresh one that nobody can guess.
    #[must_use]
    pub fn fresh() -> Self {
        Self(random::token())
    }

    /// Reads one; `None` for what no server like this one has given out.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let whole = text.len() == DEVICE_CODE_LENGTH && crate::base64url::decode(text).is_ok();
        whole.then(|| Self(text.to_owned()))
    }

    /// As it travels.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The name under which the request is kept: who reads the store cannot poll.
    #[must_use]
    pub fn digest(&self) -> String {
        sha256_base64url(&self.0)
    }
}

impl fmt::Debug for DeviceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceCode(***)")
    }
}

/// `user_code`: what a person reads on the device and types elsewhere (RFC 8628 §6.1).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserCode([char; LETTERS]);

impl UserCode {
    /// A fresh one.
    #[must_use]
    pub fn fresh() -> Self {
        let mut letters = [ALPHABET[0]; LETTERS];
        let mut drawn = 0;
        while drawn < LETTERS {
            for byte in random::bytes::<16>() {
                // The bytes beyond the last multiple would make some letters likelier than others.
                let place = usize::from(byte);
                if place < 256 - 256 % ALPHABET.len()
                    && let (Some(letter), Some(free)) =
                        (ALPHABET.get(place % ALPHABET.len()), letters.get_mut(drawn))
                {
                    *free = *letter;
                    drawn += 1;
                }
            }
        }
        Self(letters)
    }

    /// Reads what a person typed: in either case, in full width as some keyboards write, with or without anything between the
    /// letters. `None` for what is no code.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let mut letters = [ALPHABET[0]; LETTERS];
        let mut read = 0;
        for c in typed.chars().take(MAX_TYPED).map(half_width).filter(|c| !separates(*c)) {
            let c = c.to_ascii_uppercase();
            *letters.get_mut(read)? = ALPHABET.contains(&c).then_some(c)?;
            read += 1;
        }
        (read == LETTERS && typed.chars().nth(MAX_TYPED).is_none()).then_some(Self(letters))
    }

    /// The letters alone, as they are compared.
    #[must_use]
    pub fn letters(&self) -> String {
        self.0.iter().collect()
    }

    /// As it is shown: in groups.
    #[must_use]
    pub fn shown(&self) -> String {
        let groups = self.0.chunks(GROUP).map(|group| group.iter().collect::<String>());
        groups.collect::<Vec<_>>().join("-")
    }
}

/// Whoever knows it can answer in the place of its person, so it is no text for logs.
impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserCode(***)")
    }
}

/// Not a user code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a user code")]
pub struct NotAUserCode;

impl TryFrom<String> for UserCode {
    type Error = NotAUserCode;

    fn try_from(text: String) -> Result<Self, NotAUserCode> {
        Self::parse(&text).ok_or(NotAUserCode)
    }
}

impl From<UserCode> for String {
    fn from(code: UserCode) -> Self {
        code.letters()
    }
}

/// ASCII for the letters that East Asian keyboards write in full width.
fn half_width(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        other => other,
    }
}

/// What people put between groups of letters: spaces, dashes of any length, dots.
fn separates(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '-' | '_' | '.' | '\u{00B7}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30FC}')
}

/// The answer to a device (RFC 8628 §3.2).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeviceResponse {
    /// What the device polls with.
    #[serde(serialize_with = "secret::expose")]
    pub device_code: Secret<String>,
    /// What it shows.
    pub user_code: String,
    /// Where the person types it.
    pub verification_uri: EndpointUri,
    /// The same with the code in it, for a picture that a phone reads.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub verification_uri_complete: Option<String>,
    /// For how long both codes are good.
    pub expires_in: Seconds,
    /// How long to wait between two polls; absent means five seconds.
    #[serde(default = "five_seconds")]
    pub interval: Seconds,
}

const fn five_seconds() -> Seconds {
    Seconds::seconds(5)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::params::Limits;

    #[test]
    fn de_01_a_user_code_has_more_than_34_bits_of_letters_that_nobody_mistakes() {
        let bits = LETTERS as f64 * (ALPHABET.len() as f64).log2();
        assert!(bits > 34.0, "{bits}");
        assert!(ALPHABET.iter().all(|letter| !"AEIOUY0123456789".contains(*letter)));
        let mut seen = std::collections::HashSet::new();
        for _ in 0..2_000 {
            let code = UserCode::fresh();
            assert_eq!(UserCode::parse(&code.shown()), Some(code.clone()));
            assert!(seen.insert(code.letters()), "{code:?}");
            assert!(!format!("{code:?}").contains(&code.letters()));
        }
        let letters: std::collections::HashSet<char> = seen.iter().flat_map(|code| code.chars()).collect();
        assert_eq!(letters.len(), ALPHABET.len(), "every letter is drawn");
    }

    /// RFC 8628 §6.1.
    #[test]
    fn rfc8628_6_1_a_code_is_read_however_it_is_typed() {
        let code = UserCode::parse("WDJBMJHT").unwrap();
        assert_eq!(code.shown(), "WDJB-MJHT");
        for typed in [
            "WDJB-MJHT",
            "wdjb-mjht",
            "wDjB mJhT",
            " w d j b m j h t ",
            "WDJB\u{2013}MJHT",
            "WDJB\u{2212}MJHT",
            "WDJB.MJHT",
            "ＷＤＪＢ－ＭＪＨＴ",
            "ｗｄｊｂｍｊｈｔ",
            "WDJB\u{3000}MJHT\n",
        ] {
            assert_eq!(UserCode::parse(typed), Some(code.clone()), "{typed}");
        }
        for typed in [
            "",
            "-",
            "WDJB-MJH",
            "WDJB-MJHTB",
            "WDJA-MJHT",
            "WDJ0-MJHT",
            "WDJB-MJH\u{0422}",
            "WDJB-MJHT\0",
            "WDJB/MJHT",
            &format!("WDJB{}MJHT", " ".repeat(100)),
            &format!("WDJBMJHT{}", " ".repeat(100)),
            "ㅈㅇㅓㅠㅡㅓㅗㅅ",
        ] {
            assert_eq!(UserCode::parse(typed), None, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_a_code_of_eight_letters_or_none(typed in ".{0,40}") {
            if let Some(code) = UserCode::parse(&typed) {
                prop_assert!(code.letters().chars().all(|letter| ALPHABET.contains(&letter)));
                prop_assert_eq!(code.letters().len(), LETTERS);
            }
        }
    }

    /// RFC 8628 §5.2.
    #[test]
    fn rfc8628_5_2_a_device_code_is_256_random_bits_and_nothing_else_is_one() {
        let (one, other) = (DeviceCode::fresh(), DeviceCode::fresh());
        assert_ne!(one, other);
        assert_eq!(DeviceCode::parse(one.expose()), Some(one.clone()));
        assert!(!one.digest().contains(one.expose()) && !format!("{one:?}").contains(one.expose()));
        for text in ["", "WDJB-MJHT", &one.expose()[1..], &format!("{}a", one.expose()), &"=".repeat(43)] {
            assert_eq!(DeviceCode::parse(text), None, "{text}");
        }
    }

    /// RFC 8628 §3.1.
    #[test]
    fn rfc8628_3_1_what_a_request_may_say() {
        let parse =
            |text: &str| DeviceRequest::parse(&Params::parse(text.as_bytes(), Limits::REQUEST).unwrap());
        let usual =
            parse("client_id=a&scope=openid+calendar.read&resource=https://calendar.example").unwrap();
        assert_eq!(usual.scopes.to_string(), "calendar.read openid");
        assert_eq!(usual.resource.unwrap().as_str(), "https://calendar.example");
        assert!(parse("").unwrap().scopes.is_empty());
        for (text, error) in [
            ("scope=a&scope=b", Error::Repeated),
            ("scope=%22", Error::ScopeMalformed),
            ("resource=https://a.example&resource=https://b.example", Error::SeveralResources),
            ("resource=a", Error::ResourceMalformed),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }

    /// RFC 8628 §3.2.
    #[test]
    fn rfc8628_3_2_the_answer_as_the_specification_writes_it() {
        let text = r#"{"device_code":"GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS","user_code":"WDJB-MJHT",
            "verification_uri":"https://example.com/device",
            "verification_uri_complete":"https://example.com/device?user_code=WDJB-MJHT","expires_in":1800,"interval":5}"#;
        let response: DeviceResponse = serde_json::from_str(text).unwrap();
        let written = serde_json::to_value(&response).unwrap();
        assert_eq!(written, serde_json::from_str::<serde_json::Value>(text).unwrap());
        let bare = r#"{"device_code":"x","user_code":"y","verification_uri":"https://example.com/d","expires_in":60}"#;
        assert_eq!(serde_json::from_str::<DeviceResponse>(bare).unwrap().interval, Seconds::seconds(5));
    }
}
