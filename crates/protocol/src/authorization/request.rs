//! The authorization request — RFC 6749 §4.1.1, OIDC Core §3.1.2.1, RFC 7636 §4.3, RFC 8707 §2.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Error, Prompts};
use crate::claims_request::ClaimsRequest;
use crate::dpop::Thumbprint;
use crate::language_tag::LanguageTag;
use crate::locale::Locale;
use crate::params::{Params, Repeated};
use crate::pkce::{self, ChallengeMethod, CodeChallenge};
use crate::resource::ResourceIndicator;
use crate::response_mode::Mode;
use crate::scope::Scopes;
use crate::time::Seconds;

/// Caps on values that travel through the server and back.
pub mod limits {
    /// Longest `state` in bytes. Apps put whole addresses there; FAPI 2.0 asks for room.
    pub const STATE: usize = 4096;
    /// Longest `nonce` in bytes.
    pub const NONCE: usize = 512;
    /// Longest `login_hint` in bytes.
    pub const LOGIN_HINT: usize = 512;
    /// Longest `acr_values` in bytes.
    pub const ACR_VALUES: usize = 1024;
    /// Longest `id_token_hint` in bytes.
    pub const ID_TOKEN_HINT: usize = 16 * 1024;
    /// Digits of `max_age`: more than thirty years.
    pub const MAX_AGE_DIGITS: usize = 9;
}

/// What the app wants back from the authorization endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseType {
    /// An authorization code (RFC 6749 §4.1.1).
    Code,
}

impl ResponseType {
    /// Every response type, as metadata lists them.
    pub const ALL: &'static [Self] = &[Self::Code];

    /// The value as it travels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
        }
    }
}

/// How an answer reaches the app, an error as well. Reading it cannot fail: what is unusable falls back to the
/// default mode and no state, and [`AuthorizationRequest::parse`] reports it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ReturnPath {
    /// The mode asked for, or `query`.
    pub mode: Mode,
    /// The app's `state`, byte for byte, unless it was repeated or too long.
    pub state: Option<String>,
}

impl ReturnPath {
    /// Reads `response_mode` and `state`.
    #[must_use]
    pub fn of(params: &Params) -> Self {
        let mode = params.one("response_mode").ok().flatten().and_then(Mode::parse).unwrap_or_default();
        let state = params.one("state").ok().flatten().filter(|state| state.len() <= limits::STATE);
        Self { mode, state: state.map(str::to_owned) }
    }
}

impl fmt::Debug for ReturnPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReturnPath").field("mode", &self.mode).finish_non_exhaustive()
    }
}

/// Everything an app asks for, well formed; whether it is *allowed* is decided with the app's registration at hand.
///
/// `Debug` leaves out what belongs to the app or the person: `state`, `nonce` and the hints.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// `response_type`.
    pub response_type: ResponseType,
    /// `response_mode`, or the default of the response type.
    pub response_mode: Mode,
    /// `scope`; empty when none was sent.
    pub scopes: Scopes,
    /// `state`, to be echoed byte for byte (RFC 6749 §4.1.2).
    pub state: Option<String>,
    /// `nonce`, to be put into the ID token (OIDC Core §3.1.2.1).
    pub nonce: Option<String>,
    /// `code_challenge`, always by `S256` (RFC 7636 §4.3). Whether one is required is the app's setting.
    pub code_challenge: Option<CodeChallenge>,
    /// `prompt`.
    pub prompts: Prompts,
    /// `max_age`: how old the last sign-in may be.
    pub max_age: Option<Seconds>,
    /// `login_hint`: what the sign-in form is filled with. Never trusted.
    pub login_hint: Option<String>,
    /// The first supported language of `ui_locales`.
    pub locale: Option<Locale>,
    /// `acr_values`, most wanted first; a wish (OIDC Core §3.1.2.1). Not kept when the request is stored or sealed.
    #[serde(skip)]
    pub acr_values: Vec<String>,
    /// `id_token_hint` as it came; to be verified before it is used. Not kept when the request is stored or
    /// sealed: what it says is.
    #[serde(skip)]
    pub id_token_hint: Option<String>,
    /// `claims` and `claims_locales`, of an OpenID Connect request (OIDC Core §5.2, §5.5); empty without. Not kept when the request
    /// is stored or sealed: what the app may have of it is.
    #[serde(skip)]
    pub claims: ClaimsRequest,
    /// `resource`: the API that the token is for (RFC 8707 §2).
    pub resource: Option<ResourceIndicator>,
    /// `dpop_jkt`: the key with which the code must be redeemed (RFC 9449 §10).
    pub dpop_jkt: Option<Thumbprint>,
}

impl AuthorizationRequest {
    /// Reads a request whose sender and redirect URI are trusted. Unknown parameters are ignored (RFC 6749 §3.1).
    ///
    /// # Errors
    /// The first rule that the request breaks; see [`Error`].
    pub fn parse(params: &Params) -> Result<Self, Error> {
        refuse_unsupported(params)?;
        // Pages that fit every window heed every `display` alike; it is a wish (OIDC Core §3.1.2.1).
        params.one("display")?;
        let text = |name: &str, cap: usize, too_long: Error| match params.one(name)? {
            Some(value) if value.len() > cap => Err(too_long),
            value => Ok(value.map(str::to_owned)),
        };
        let scopes = Scopes::parse(params.one("scope")?.unwrap_or_default());
        let scopes = scopes.map_err(|_| Error::ScopeMalformed)?;
        Ok(Self {
            response_type: response_type(params)?,
            response_mode: response_mode(params)?,
            claims: claims(params, &scopes)?,
            scopes,
            state: text("state", limits::STATE, Error::StateTooLong)?,
            nonce: text("nonce", limits::NONCE, Error::NonceTooLong)?,
            code_challenge: code_challenge(params)?,
            prompts: Prompts::parse(params.one("prompt")?.unwrap_or_default())?,
            max_age: params.one("max_age")?.map(max_age).transpose()?,
            login_hint: text("login_hint", limits::LOGIN_HINT, Error::LoginHintTooLong)?,
            locale: params.one("ui_locales")?.and_then(Locale::from_ui_locales),
            acr_values: text("acr_values", limits::ACR_VALUES, Error::AcrValuesTooLong)?
                .map(|list| list.split(' ').filter(|value| !value.is_empty()).map(str::to_owned).collect())
                .unwrap_or_default(),
            id_token_hint: text("id_token_hint", limits::ID_TOKEN_HINT, Error::IdTokenHintTooLong)?,
            resource: ResourceIndicator::sole(params)?,
            dpop_jkt: match params.one("dpop_jkt")? {
                Some(text) => Some(Thumbprint::parse(text).ok_or(Error::DpopJktMalformed)?),
                None => None,
            },
        })
    }

    /// Whether this is an OpenID Connect request (OIDC Core §3.1.2.1).
    #[must_use]
    pub fn is_openid(&self) -> bool {
        self.scopes.contains(crate::scope::OPENID)
    }

    /// How the answer travels.
    #[must_use]
    pub fn return_path(&self) -> ReturnPath {
        ReturnPath { mode: self.response_mode, state: self.state.clone() }
    }
}

impl From<Repeated> for Error {
    fn from(Repeated: Repeated) -> Self {
        Self::Repeated
    }
}

/// OIDC Core §3.1.2.6: these change what everything else means, so they are refused before it is read.
fn refuse_unsupported(params: &Params) -> Result<(), Error> {
    let unsupported = [
        ("request", Error::RequestObject),
        ("request_uri", Error::RequestUri),
        ("registration", Error::Registration),
    ];
    for (name, error) in unsupported {
        if params.one(name)?.is_some() {
            return Err(error);
        }
    }
    Ok(())
}

fn response_type(params: &Params) -> Result<ResponseType, Error> {
    let asked = params.one("response_type")?.ok_or(Error::ResponseTypeMissing)?;
    let known = ResponseType::ALL.iter().copied().find(|known| known.as_str() == asked);
    known.ok_or(Error::ResponseTypeUnsupported)
}

fn response_mode(params: &Params) -> Result<Mode, Error> {
    match params.one("response_mode")? {
        None => Ok(Mode::default()),
        Some(name) => Mode::parse(name).ok_or(Error::ResponseModeUnsupported),
    }
}

fn code_challenge(params: &Params) -> Result<Option<CodeChallenge>, Error> {
    let method = params.one("code_challenge_method")?;
    let Some(challenge) = params.one("code_challenge")? else {
        return if method.is_none() { Ok(None) } else { Err(Error::CodeChallengeMissing) };
    };
    ChallengeMethod::parse(method).map_err(|error| match error {
        pkce::ParseError::MethodMissing => Error::CodeChallengeMethodMissing,
        pkce::ParseError::Method
        | pkce::ParseError::Challenge
        | pkce::ParseError::VerifierLength
        | pkce::ParseError::VerifierCharacter => Error::CodeChallengeMethodUnsupported,
    })?;
    CodeChallenge::parse(challenge).map(Some).map_err(|_| Error::CodeChallengeMalformed)
}

fn max_age(text: &str) -> Result<Seconds, Error> {
    // `u32::from_str` would take a leading `+`.
    if text.len() > limits::MAX_AGE_DIGITS || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::MaxAgeMalformed);
    }
    text.parse().map(Seconds::seconds).map_err(|_| Error::MaxAgeMalformed)
}

/// Only an OpenID Connect request asks for claims (OIDC Core §5.5), and for languages of claims (OIDC Core §5.2).
fn claims(params: &Params, scopes: &Scopes) -> Result<ClaimsRequest, Error> {
    let (claims, locales) = (params.one("claims")?, params.one("claims_locales")?);
    if !scopes.contains(crate::scope::OPENID) {
        return Ok(ClaimsRequest::default());
    }
    let claims = claims.map_or_else(|| Ok(ClaimsRequest::default()), ClaimsRequest::parse);
    let locales = locales.map(LanguageTag::list).unwrap_or_default();
    Ok(ClaimsRequest { locales, ..claims.map_err(|_| Error::ClaimsMalformed)? })
}

impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("response_type", &self.response_type)
            .field("response_mode", &self.response_mode)
            .field("scopes", &self.scopes)
            .field("prompts", &self.prompts)
            .field("max_age", &self.max_age)
            .field("resource", &self.resource)
            .finish_non_exhaustive()
    }
}
