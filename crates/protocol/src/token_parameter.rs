//! The token that a request is about, at introspection and revocation — RFC 7662 §2.1, RFC 7009 §2.1.

use crate::error::rule_errors;
use crate::params::{Params, Repeated};
use crate::secret::Secret;

rule_errors! {
    /// What can be wrong with such a request.
    pub enum Error {
        /// A parameter is repeated (RFC 6749 §3.2).
        Repeated => InvalidRequest, "a parameter is repeated";
        /// No `token` (RFC 7662 §2.1, RFC 7009 §2.1).
        TokenMissing => InvalidRequest, "token is missing";
    }
}

impl From<Repeated> for Error {
    fn from(Repeated: Repeated) -> Self {
        Self::Repeated
    }
}

/// The one token of a request. `token_type_hint` is read by nobody: a wrong one must not keep a token alive
/// (RFC 7009 §2.1).
#[derive(Debug, Clone)]
pub struct TokenParameter {
    /// The token as it came.
    pub token: Secret<String>,
}

impl TokenParameter {
    /// Reads the parameters of the body.
    ///
    /// # Errors
    /// [`Error`].
    pub fn parse(params: &Params) -> Result<Self, Error> {
        params.one("token_type_hint")?;
        let token = params.one("token")?.ok_or(Error::TokenMissing)?;
        Ok(Self { token: Secret::new(token.to_owned()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Endpoint, OAuthError};
    use crate::params::Limits;

    fn parse(body: &str) -> Result<TokenParameter, Error> {
        TokenParameter::parse(&Params::parse(body.as_bytes(), Limits::REQUEST).unwrap())
    }

    #[test]
    fn in_12_any_hint_is_ignored() {
        for hint in ["", "&token_type_hint=", "&token_type_hint=refresh_token", "&token_type_hint=nonsense"] {
            assert!(parse(&format!("token=t{hint}")).unwrap().token.matches("t"), "{hint}");
        }
    }

    #[test]
    fn a_request_names_one_token() {
        assert_eq!(parse("").unwrap_err(), Error::TokenMissing);
        assert_eq!(parse("token=").unwrap_err(), Error::TokenMissing);
        assert_eq!(parse("token=a&token=b").unwrap_err(), Error::Repeated);
        assert_eq!(parse("token=a&token_type_hint=x&token_type_hint=y").unwrap_err(), Error::Repeated);
        for &error in Error::ALL {
            assert!(OAuthError::from(error).code.is_allowed_at(Endpoint::Revocation));
            assert!(OAuthError::from(error).code.is_allowed_at(Endpoint::Introspection));
        }
    }
}
