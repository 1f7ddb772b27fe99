//! Pushed authorization requests — RFC 9126 §2.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{base64url, digest::sha256_base64url, params::Params, random, time::Seconds};

/// What every reference begins with (RFC 9126 §2.2, RFC 6755 §3).
const URN: &str = "urn:ietf:params:oauth:request_uri:";
/// Characters of the random part: 256 bits (RFC 9126 §7.1).
const RANDOM_CHARACTERS: usize = 43;

/// Parameters that say who asks and belong to no request.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// The `request_uri` under which a pushed request waits. Whoever knows it and the app's id can begin with it, so it is no
/// text for logs.
#[derive(Clone, PartialEq, Eq)]
pub struct PushedRequestUri(String);

impl PushedRequestUri {
    /// A fresh one that nobody can guess.
    #[must_use]
    pub fn fresh() -> Self {
        Self(format!("{URN}{}", random::token()))
    }

    /// Reads a `request_uri`; `None` for one that no server like this one has given out.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let random = text.strip_prefix(URN)?;
        let whole = random.len() == RANDOM_CHARACTERS && base64url::decode(random).is_ok();
        whole.then(|| Self(text.to_owned()))
    }

    /// As it travels.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name under which the request is kept: who reads the store cannot begin with it.
    #[must_use]
    pub fn digest(&self) -> String {
        sha256_base64url(&self.0)
    }
}

impl fmt::Debug for PushedRequestUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushedRequestUri(***)")
    }
}

/// The answer to a pushed request (RFC 9126 §2.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedResponse {
    /// What the app sends to the authorization endpoint in the place of its request.
    pub request_uri: String,
    /// For how long somebody can begin with it.
    pub expires_in: Seconds,
}

/// What is kept of a pushed request: everything but the client's credentials, which are for this one request
/// (RFC 9126 §2.1), and with the id of the client that was authenticated.
#[must_use]
pub fn kept(params: &Params, client_id: &str) -> Params {
    let own = params.iter().filter(|(name, _)| *name != "client_id" && !CREDENTIALS.contains(name));
    std::iter::once(("client_id", client_id)).chain(own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::Limits;

    /// RFC 6755 §3.
    #[test]
    fn pa_07_a_reference_is_256_random_bits_and_nothing_else_is_one() {
        let (one, other) = (PushedRequestUri::fresh(), PushedRequestUri::fresh());
        assert_ne!(one, other);
        assert_eq!(PushedRequestUri::parse(one.as_str()), Some(one.clone()));
        assert_eq!(one.as_str().len(), URN.len() + RANDOM_CHARACTERS);
        assert!(!one.digest().contains(one.as_str()) && !format!("{one:?}").contains(one.as_str()));
        let random = &one.as_str()[URN.len()..];
        for text in [
            "",
            URN,
            random,
            "https://evil.test/request",
            &format!("{URN}{}", &random[1..]),
            &format!("{URN}{random}a"),
            &format!("{URN}{}=", &random[..42]),
            &format!("{URN}{}/", &random[..42]),
            &format!("{}{random}", URN.to_uppercase()),
            &format!(" {}", one.as_str()),
        ] {
            assert_eq!(PushedRequestUri::parse(text), None, "{text}");
        }
    }

    #[test]
    fn rfc9126_2_1_credentials_are_not_kept_and_the_client_is_who_was_authenticated() {
        let text = "scope=a&client_id=other&client_secret=x&client_assertion=y&client_assertion_type=z&resource=1&resource=2";
        let kept = kept(&Params::parse(text.as_bytes(), Limits::REQUEST).unwrap(), "app_1");
        let fields: Vec<_> = kept.iter().collect();
        assert_eq!(fields, [("client_id", "app_1"), ("scope", "a"), ("resource", "1"), ("resource", "2")]);
    }
}
