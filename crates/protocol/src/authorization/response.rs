//! The authorization response — RFC 6749 §4.1.2, §4.1.2.1, RFC 9207 §2.
//!
//! Every response names the issuer, errors as well: a client that talks to several servers can tell who answered
//! (mix-up, RFC 9700 §4.4).

use crate::error::OAuthError;
use crate::issuer::Issuer;
use crate::params::Params;
use crate::secret::Secret;

/// The parameters of a response, in the order in which they are sent.
pub type Parameters = Vec<(&'static str, String)>;

/// The parameters that bring a code.
#[must_use]
pub fn success(code: &str, state: Option<&str>, issuer: &Issuer) -> Parameters {
    complete(vec![("code", code.to_owned())], state, issuer)
}

/// The parameters that bring an error.
#[must_use]
pub fn error(error: OAuthError, state: Option<&str>, issuer: &Issuer) -> Parameters {
    let parameters =
        vec![("error", error.code.to_string()), ("error_description", error.description.to_owned())];
    complete(parameters, state, issuer)
}

fn complete(mut parameters: Parameters, state: Option<&str>, issuer: &Issuer) -> Parameters {
    parameters.extend(state.map(|state| ("state", state.to_owned())));
    parameters.push(("iss", issuer.to_string()));
    parameters
}

/// Why a client cannot read a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A parameter that may be sent once is repeated (RFC 6749 §3.1).
    #[error("a parameter of the authorization response is repeated")]
    Repeated,
    /// Neither `code` nor `error` ([`Outcome::Neither`]).
    #[error("the authorization response has neither code nor error")]
    Empty,
    /// `code` and `error` at once.
    #[error("the authorization response has both code and error")]
    Contradictory,
}

/// A response as the client receives it. `state` and `iss` are still to be checked, for errors too.
#[derive(Debug, Clone)]
pub struct AuthorizationResponse {
    /// What was answered.
    pub outcome: Outcome,
    /// `state`. The client compares it with its own; absent never matches.
    pub state: Option<String>,
    /// `iss` (RFC 9207 §2.4).
    pub iss: Option<String>,
}

/// A code or a refusal.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The code, to be redeemed at the token endpoint.
    Code(Secret<String>),
    /// The refusal, in the words of the server: untrusted text, to be escaped where it is shown.
    Refused {
        /// `error`.
        code: String,
        /// `error_description`.
        description: Option<String>,
    },
    /// Neither: [`Error::Empty`], but for a client that knows in which other words this server refuses. `state` is still
    /// there to be checked and used up.
    Neither,
}

impl AuthorizationResponse {
    /// Reads the parameters of a callback.
    ///
    /// # Errors
    /// A repeated parameter, or `code` and `error` at once.
    pub fn parse(params: &Params) -> Result<Self, Error> {
        let one = |name: &str| params.one(name).map_err(|_| Error::Repeated);
        let outcome = match (one("code")?, one("error")?) {
            (Some(code), None) => Outcome::Code(Secret::new(code.to_owned())),
            (None, Some(error)) => Outcome::Refused {
                code: error.to_owned(),
                description: one("error_description")?.map(str::to_owned),
            },
            (None, None) => Outcome::Neither,
            (Some(_), Some(_)) => return Err(Error::Contradictory),
        };
        Ok(Self { outcome, state: one("state")?.map(str::to_owned), iss: one("iss")?.map(str::to_owned) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::ErrorCode;
    use crate::params::{self, Limits};

    fn issuer() -> Issuer {
        Issuer::parse("https://as.example.com").unwrap()
    }

    fn read(parameters: &Parameters) -> AuthorizationResponse {
        let encoded = params::encode(parameters.iter().map(|(name, value)| (*name, value)));
        AuthorizationResponse::parse(&Params::parse(encoded.as_bytes(), Limits::REQUEST).unwrap()).unwrap()
    }

    #[test]
    fn az_39_the_issuer_is_in_every_response() {
        let denied = OAuthError::new(ErrorCode::AccessDenied, "the person refused");
        let iss = ("iss", "https://as.example.com".to_owned());
        for (parameters, names) in [
            (success("c", Some("s"), &issuer()), vec!["code", "state", "iss"]),
            (success("c", None, &issuer()), vec!["code", "iss"]),
            (error(denied, Some("s"), &issuer()), vec!["error", "error_description", "state", "iss"]),
            (error(denied, None, &issuer()), vec!["error", "error_description", "iss"]),
        ] {
            assert_eq!(parameters.iter().map(|(name, _)| *name).collect::<Vec<_>>(), names);
            assert!(parameters.contains(&iss));
        }
    }

    #[test]
    fn rp_01_rp_14_a_hostile_callback_is_refused() {
        let parse = |query: &str| {
            AuthorizationResponse::parse(&Params::parse(query.as_bytes(), Limits::REQUEST).unwrap())
                .unwrap_err()
        };
        for query in
            ["code=a&code=b", "code=a&state=x&state=y", "code=a&iss=x&iss=y", "error=a&error=b", "code&code"]
        {
            assert_eq!(parse(query), Error::Repeated, "{query}");
        }
        assert_eq!(parse("code=a&error=access_denied"), Error::Contradictory);
    }

    #[test]
    fn rp_01_what_is_neither_a_code_nor_an_error_still_has_its_state() {
        for (query, state) in [
            ("state=x", Some("x")),
            ("code=&error=&state=x", Some("x")),
            ("error_code=191&state=x", Some("x")),
            ("state[]=x&Code=a", None),
            ("", None),
        ] {
            let params = Params::parse(query.as_bytes(), Limits::REQUEST).unwrap();
            let response = AuthorizationResponse::parse(&params).unwrap();
            assert!(matches!(response.outcome, Outcome::Neither), "{query}");
            assert_eq!(response.state.as_deref(), state, "{query}");
        }
    }

    #[test]
    fn debug_shows_no_code() {
        let shown = format!("{:?}", read(&success("s3cret", Some("s"), &issuer())).outcome);
        assert!(!shown.contains("s3cret"), "{shown}");
    }

    proptest! {
        #[test]
        fn what_is_sent_is_what_is_read(code in "[!-~]{1,40}", state in proptest::option::of("[^\\x00]{1,60}")) {
            let response = read(&success(&code, state.as_deref(), &issuer()));
            let Outcome::Code(read_code) = response.outcome else { panic!("no code") };
            prop_assert!(read_code.matches(&code));
            prop_assert_eq!(response.state, state);
            prop_assert_eq!(response.iss.as_deref(), Some("https://as.example.com"));
        }
    }
}
