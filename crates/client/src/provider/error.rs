//! What can go wrong with a provider, and what that means.

use mapae_protocol::{
    client_metadata::TokenEndpointAuthMethod,
    error::{Endpoint, ErrorCode},
    jose::SetError,
    strict_json,
};

use crate::{class::Class, http_error::HttpError, observe::Purpose, setting::Setting};

/// A provider refused, did not answer, or answered nonsense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// It did not answer several times in a row and is left alone for a moment.
    #[error("the provider did not answer lately and is left alone for a moment")]
    Resting,
    /// It did not answer, or not in a way that can be read.
    #[error("no usable answer: {1}")]
    NoAnswer(Purpose, #[source] HttpError),
    /// Its metadata cannot be used (OIDC Discovery §4.3).
    #[error("the provider's metadata cannot be used: {0}")]
    Metadata(#[source] MetadataError),
    /// Its keys cannot be used (RFC 7517 §5).
    #[error("the provider's keys cannot be used: {0}")]
    Keys(#[source] SetError),
    /// Its token response breaks RFC 6749 §5.1.
    #[error("the provider's token response is malformed")]
    TokenResponse,
    /// Its access token is not bound to the key for which it was asked (RFC 9449 §5).
    #[error("the provider does not bind its tokens to a key")]
    TokenType,
    /// Its token response has no ID token although `openid` was asked for (OIDC Core §3.1.3.3).
    #[error("the provider's token response has no ID token")]
    IdTokenMissing,
    /// The same of a provider whose console decides whether there are ID tokens: it is not switched as the definition here.
    #[error("the provider's token response has no ID token: OpenID Connect is switched off in its console")]
    OpenIdSwitchedOff,
    /// There is no refresh token to refresh with.
    #[error("there is no refresh token")]
    NoRefreshToken,
    /// A refresh brought an ID token of somebody else (OIDC Core §12.2).
    #[error("a refresh brought an ID token of somebody else")]
    RefreshedSubject,
    /// Its UserInfo answer cannot be read.
    #[error("the provider's UserInfo answer cannot be read: {0}")]
    UserInfo(#[source] strict_json::Error),
    /// Its UserInfo answer is about somebody else (OIDC Core §5.3.2).
    #[error("the provider's UserInfo answer is about somebody else")]
    UserInfoSubject,
    /// Its answer says nobody's name (OIDC Core §2, or the provider's own profile).
    #[error("the provider's answer does not say who this is")]
    NoSubject,
    /// The person is not of the organisation to which this service is kept.
    #[error("the person is not of the hosted domain")]
    HostedDomain,
    /// It wants a proof by a key that is not there (RFC 9449 §5): whoever has lost it signs in again.
    #[error("the provider wants a proof of possession, and there is no key")]
    KeyMissing,
    /// It said no, and its definition says what that means.
    #[error("the provider refused: {0}")]
    Ruled(Class),
    /// It did not take what this client signed to authenticate (RFC 7523 §3.2).
    #[error("the provider did not take the client's assertion")]
    Assertion,
    /// It did not take this client, whose way to authenticate nobody set: its metadata offers another one besides.
    #[error(
        "the provider did not take `{}`, which its metadata offers first; if `client_id` and `client_secret` are right, set \
         `token_endpoint_auth_method` to `{}`",
        tried.as_str(),
        other_than(*tried).as_str()
    )]
    GuessedAuthMethod {
        /// What was tried.
        tried: TokenEndpointAuthMethod,
    },
    /// It said no.
    #[error("the provider refused: {}", code.map_or("an unknown error", ErrorCode::as_str))]
    Refused {
        /// Where.
        at: Endpoint,
        /// Why; `None` for a code that is not registered.
        code: Option<ErrorCode>,
    },
}

/// Why metadata was refused — OIDC Discovery §4.3, RFC 8414 §3.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// It is not a metadata document.
    #[error("it is malformed")]
    Malformed,
    /// It is of another issuer than the one that was asked.
    #[error("it names another issuer")]
    Issuer,
    /// An endpoint that a login needs is not there.
    #[error("an endpoint is missing")]
    EndpointMissing,
    /// An endpoint is not https.
    #[error("an endpoint is not https")]
    Insecure,
    /// An endpoint is an IP address other than the issuer's own (server-side request forgery).
    #[error("an endpoint is an IP address that is not the issuer's")]
    ForeignAddress,
}

impl ProviderError {
    /// What can be done about it.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::Resting | Self::NoAnswer(..) | Self::Keys(_) | Self::TokenResponse | Self::UserInfo(_) => {
                Class::Unavailable
            }
            Self::Metadata(MetadataError::Issuer) => Class::Configuration(Setting::Issuer),
            Self::Metadata(_) | Self::IdTokenMissing => Class::Unavailable,
            Self::RefreshedSubject | Self::NoRefreshToken => Class::SignInAgain,
            Self::UserInfoSubject | Self::KeyMissing => Class::Restart,
            Self::NoSubject => Class::Unavailable,
            Self::HostedDomain => Class::Denied,
            Self::Ruled(class) => *class,
            Self::GuessedAuthMethod { .. } => Class::Configuration(Setting::TokenEndpointAuthMethod),
            Self::Assertion => Class::Configuration(Setting::PrivateKey),
            Self::TokenType | Self::OpenIdSwitchedOff => Class::Configuration(Setting::Registration),
            Self::Refused { at, code } => refusal(*at, *code),
        }
    }
}

impl ProviderError {
    /// What a refusal means where no proof was sent: no clock is to blame for that.
    pub(super) fn without_a_proof(self) -> Self {
        match self {
            Self::Refused { code: Some(ErrorCode::InvalidDpopProof | ErrorCode::UseDpopNonce), .. } => {
                Self::KeyMissing
            }
            other => other,
        }
    }
}

/// The other way to send a secret (RFC 6749 §2.3.1).
const fn other_than(method: TokenEndpointAuthMethod) -> TokenEndpointAuthMethod {
    match method {
        TokenEndpointAuthMethod::ClientSecretBasic => TokenEndpointAuthMethod::ClientSecretPost,
        TokenEndpointAuthMethod::ClientSecretPost | TokenEndpointAuthMethod::None => {
            TokenEndpointAuthMethod::ClientSecretBasic
        }
    }
}

/// RFC 6749 §4.1.2.1, RFC 6749 §5.2, OIDC Core §3.1.2.6.
const fn refusal(at: Endpoint, code: Option<ErrorCode>) -> Class {
    let Some(code) = code else {
        return match at {
            Endpoint::Token | Endpoint::PushedRequest | Endpoint::Revocation => Class::Unavailable,
            _ => Class::Restart,
        };
    };
    match (code, at) {
        (ErrorCode::AccessDenied, Endpoint::Authorization) => Class::Cancelled,
        (ErrorCode::ServerError | ErrorCode::TemporarilyUnavailable | ErrorCode::SlowDown, _) => {
            Class::Unavailable
        }
        // RFC 9449 §5, §8: our clock is off, or the nonce did not get through in two attempts. Neither says that a grant is over.
        (ErrorCode::InvalidDpopProof | ErrorCode::UseDpopNonce, _) => Class::Unavailable,
        (ErrorCode::InvalidClient, _) => Class::Configuration(Setting::ClientSecret),
        // What is revoked asks for no grant.
        (ErrorCode::UnauthorizedClient, Endpoint::Revocation) => Class::Configuration(Setting::Registration),
        (ErrorCode::UnauthorizedClient | ErrorCode::UnsupportedGrantType, _) => {
            Class::Configuration(Setting::GrantTypes)
        }
        (ErrorCode::InvalidScope, _) => Class::Configuration(Setting::Scopes),
        (ErrorCode::InvalidTarget, _) => Class::Configuration(Setting::Resource),
        (
            ErrorCode::InvalidRequest | ErrorCode::UnsupportedResponseType | ErrorCode::RequestNotSupported,
            _,
        ) => Class::Configuration(Setting::Registration),
        // Of what this client signs the key can be wrong: the provider knows another one.
        (ErrorCode::InvalidRequestObject, _) => Class::Configuration(Setting::PrivateKey),
        (
            ErrorCode::InteractionRequired
            | ErrorCode::LoginRequired
            | ErrorCode::AccountSelectionRequired
            | ErrorCode::ConsentRequired,
            Endpoint::Authorization,
        ) => Class::InteractionNeeded,
        // RFC 7009 §2.2.1: only a token that is over, or of a kind that cannot be revoked, leaves nothing to do there.
        (code, Endpoint::Revocation) if !is_over(code) => Class::Unavailable,
        // The code is spent or too old, or something that only a new attempt can mend.
        _ => Class::Restart,
    }
}

/// Whether this says at a revocation that nothing is left to revoke.
const fn is_over(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::InvalidToken | ErrorCode::InvalidGrant | ErrorCode::UnsupportedTokenType)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6749 §5.2, RFC 7523 §3.2.
    #[test]
    fn refusals_are_classified() {
        let class = |at, code| ProviderError::Refused { at, code: Some(code) }.class();
        for (at, code, expected) in [
            (Endpoint::Authorization, ErrorCode::AccessDenied, Class::Cancelled),
            (Endpoint::Authorization, ErrorCode::LoginRequired, Class::InteractionNeeded),
            (Endpoint::Authorization, ErrorCode::InteractionRequired, Class::InteractionNeeded),
            (Endpoint::Authorization, ErrorCode::ConsentRequired, Class::InteractionNeeded),
            (Endpoint::Authorization, ErrorCode::AccountSelectionRequired, Class::InteractionNeeded),
            (Endpoint::Authorization, ErrorCode::ServerError, Class::Unavailable),
            (Endpoint::Authorization, ErrorCode::InvalidScope, Class::Configuration(Setting::Scopes)),
            (
                Endpoint::PushedRequest,
                ErrorCode::InvalidRequestObject,
                Class::Configuration(Setting::PrivateKey),
            ),
            (
                Endpoint::Authorization,
                ErrorCode::RequestNotSupported,
                Class::Configuration(Setting::Registration),
            ),
            (Endpoint::Token, ErrorCode::InvalidGrant, Class::Restart),
            (Endpoint::Token, ErrorCode::InvalidClient, Class::Configuration(Setting::ClientSecret)),
            (Endpoint::Token, ErrorCode::UnauthorizedClient, Class::Configuration(Setting::GrantTypes)),
            (Endpoint::Token, ErrorCode::InvalidTarget, Class::Configuration(Setting::Resource)),
            (Endpoint::Token, ErrorCode::TemporarilyUnavailable, Class::Unavailable),
            (Endpoint::Token, ErrorCode::InvalidDpopProof, Class::Unavailable),
            (Endpoint::Token, ErrorCode::UseDpopNonce, Class::Unavailable),
        ] {
            assert_eq!(class(at, code), expected, "{at:?} {code}");
        }
        for (at, expected) in [
            (Endpoint::Token, Class::Unavailable),
            (Endpoint::PushedRequest, Class::Unavailable),
            (Endpoint::Revocation, Class::Unavailable),
            (Endpoint::Authorization, Class::Restart),
        ] {
            assert_eq!(ProviderError::Refused { at, code: None }.class(), expected, "{at:?}");
        }
        assert_eq!(ProviderError::Assertion.class(), Class::Configuration(Setting::PrivateKey));
        assert_eq!(ProviderError::IdTokenMissing.class(), Class::Unavailable);
        assert_eq!(ProviderError::OpenIdSwitchedOff.class(), Class::Configuration(Setting::Registration));
        let issuer = ProviderError::Metadata(MetadataError::Issuer);
        assert_eq!(issuer.class(), Class::Configuration(Setting::Issuer));
    }

    /// RFC 7009 §2.2.1.
    #[test]
    fn rfc7009_2_2_1_what_a_revocation_says_of_the_client_is_not_that_something_is_over() {
        for (code, expected) in [
            (ErrorCode::InvalidClient, Class::Configuration(Setting::ClientSecret)),
            (ErrorCode::UnauthorizedClient, Class::Configuration(Setting::Registration)),
            (ErrorCode::InvalidRequest, Class::Configuration(Setting::Registration)),
            (ErrorCode::AccessDenied, Class::Unavailable),
            (ErrorCode::TemporarilyUnavailable, Class::Unavailable),
            (ErrorCode::InvalidToken, Class::Restart),
            (ErrorCode::InvalidGrant, Class::Restart),
            (ErrorCode::UnsupportedTokenType, Class::Restart),
        ] {
            let refused = ProviderError::Refused { at: Endpoint::Revocation, code: Some(code) };
            assert_eq!(refused.class(), expected, "{code}");
        }
    }
}
