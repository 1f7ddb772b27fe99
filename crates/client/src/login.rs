//! Starting a login: the authorization request — RFC 6749 §4.1.1, OIDC Core §3.1.2.1.

use mapae_protocol::{
    params::{self, Limits, Params},
    pkce::ChallengeMethod,
    scope::{OPENID, ScopeToken, Scopes},
    time::Timestamp,
};

pub use crate::intent::Intent;
use crate::{
    error::Error, pending::PendingLogin, possession::ProofKey, provider::Provider, return_to::ReturnTo,
};

/// What the client alone decides; nobody else can add or replace it (OIDC Core §3.1.2.1, RFC 7636 §4.3,
/// RFC 8707 §2, RFC 9101 §5, RFC 9126 §4, RFC 9396 §2).
const RESERVED: &[&str] = &[
    "authorization_details",
    "claims",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "dpop_jkt",
    "grant_type",
    "id_token_hint",
    "iss",
    "max_age",
    "nonce",
    "prompt",
    "redirect_uri",
    "registration",
    "request",
    "request_uri",
    "resource",
    "response_mode",
    "response_type",
    "scope",
    "state",
];

/// What a page may pass through to the provider.
const FORWARDED: &[&str] = &["acr_values", "display", "login_hint", "ui_locales", "upstream"];

/// Longest value that is passed through, in bytes.
const MAX_FORWARDED: usize = 512;

/// Why a login cannot be started like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// A parameter was given that only the client sets.
    #[error("a reserved parameter was given")]
    ReservedParameter,
    /// The parameters cannot be read, one is repeated or too long.
    #[error("the parameters of the login are malformed")]
    Malformed,
    /// There is no provider of this name.
    #[error("there is no provider of this name")]
    UnknownProvider,
    /// The provider lets nobody sign in in a browser inside another app.
    #[error("the provider refuses browsers inside other apps")]
    InsideAnotherApp,
}

/// How a login should go.
#[derive(Clone, Debug, Default)]
pub struct LoginRequest {
    pub(crate) provider: Option<String>,
    pub(crate) intent: Intent,
    pub(crate) return_to: ReturnTo,
    pub(crate) extra: Vec<(String, String)>,
    pub(crate) items: Vec<String>,
    pub(crate) terms: Vec<String>,
}

impl LoginRequest {
    /// A plain login with the first provider, then to the start page.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the query of a login button: `return_to`, `provider`, and what may be passed through to the provider
    /// (`login_hint`, `ui_locales`, `display`, `acr_values`). Other names are ignored.
    ///
    /// # Errors
    /// [`LoginError::ReservedParameter`] for names that only the client sets, [`LoginError::Malformed`].
    pub fn from_query(query: Option<&str>) -> Result<Self, LoginError> {
        let params = Params::parse(query.unwrap_or_default().as_bytes(), Limits::REQUEST);
        let params = params.map_err(|_| LoginError::Malformed)?;
        if params.iter().any(|(name, _)| is_reserved(name)) {
            return Err(LoginError::ReservedParameter);
        }
        let one = |name: &str| params.one(name).map_err(|_| LoginError::Malformed);
        let mut request = Self { return_to: ReturnTo::or_start(one("return_to")?), ..Self::default() };
        request.provider = one("provider")?.map(str::to_owned);
        for name in FORWARDED {
            if let Some(value) = one(name)? {
                request = request.with_extra(*name, value)?;
            }
        }
        Ok(request)
    }

    /// With the provider of this name.
    #[must_use]
    pub fn with_provider(mut self, name: impl Into<String>) -> Self {
        self.provider = Some(name.into());
        self
    }

    /// With this intent.
    #[must_use]
    pub const fn with_intent(mut self, intent: Intent) -> Self {
        self.intent = intent;
        self
    }

    /// Asks the person again for these items (scopes), which they had refused. A provider whose items are set in its
    /// console asks for all that are missing.
    #[must_use]
    pub fn asking_for(mut self, items: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.intent = Intent::AskAgain;
        self.items = items.into_iter().map(Into::into).collect();
        self
    }

    /// Asks the person for the service's own terms of these tags, to which they have not agreed on the provider's page
    /// ([`Identity::open_terms`](crate::Identity::open_terms)); also together with [items](Self::asking_for). Kakao shows its
    /// page only if one of them is required.
    ///
    /// Only where the registration says that terms are read
    /// ([`ClientRegistration::with_terms`](crate::ClientRegistration::with_terms)): otherwise the login is not started.
    #[must_use]
    pub fn asking_for_terms(mut self, tags: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.intent = Intent::AskAgain;
        self.terms = tags.into_iter().map(Into::into).collect();
        self
    }

    /// To this page afterwards.
    #[must_use]
    pub fn with_return_to(mut self, path: ReturnTo) -> Self {
        self.return_to = path;
        self
    }

    /// With one more parameter for the provider.
    ///
    /// # Errors
    /// [`LoginError::ReservedParameter`] for a name that only the client sets, [`LoginError::Malformed`] for a value
    /// of more than 512 bytes.
    pub fn with_extra(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Result<Self, LoginError> {
        let (name, value) = (name.into(), value.into());
        if is_reserved(&name) {
            return Err(LoginError::ReservedParameter);
        }
        if value.len() > MAX_FORWARDED || self.extra.iter().any(|(known, _)| *known == name) {
            return Err(LoginError::Malformed);
        }
        self.extra.push((name, value));
        Ok(self)
    }
}

/// A login that was started: where to send the browser, and what to remember until it comes back.
#[derive(Debug)]
pub struct StartedLogin {
    /// The provider's authorization endpoint with the request.
    pub authorization_url: String,
    /// What belongs to it.
    pub pending: PendingLogin,
}

impl Provider {
    /// Starts a login. For web services [`Client::login`](crate::Client::login) does this and keeps the rest.
    ///
    /// # Errors
    /// The provider's metadata cannot be had, or [`LoginError::ReservedParameter`]: the definition sets what is asked for. A
    /// [`ConfigurationError`](crate::error::ConfigurationError) where the provider wants requests signed and there is no key,
    /// or does not do what the registration wants of it (signed answers, signed or pushed requests).
    pub async fn start(&self, request: &LoginRequest, now: Timestamp) -> Result<StartedLogin, Error> {
        let metadata = self.metadata(now).await?;
        let mut pending = PendingLogin::begin(self, request.intent, request.return_to.clone(), now);
        pending.key = self.registration().binds_tokens.then(ProofKey::generate).transpose()?;
        if !request.items.is_empty() {
            pending.scopes = self.scopes_of(&request.items)?;
        }
        let mut parameters = self.parameters(&pending);
        parameters.extend(self.response_mode(&metadata)?.map(|mode| ("response_mode", mode.to_owned())));
        parameters.extend(self.terms(&request.terms)?);
        // Also what this definition alone sets: of two, the provider would take either.
        let is_set = |name: &str| parameters.iter().any(|(set, _)| set.eq_ignore_ascii_case(name));
        if request.extra.iter().any(|(name, _)| is_set(name)) {
            return Err(LoginError::ReservedParameter.into());
        }
        let extra = request.extra_pairs().into_iter().map(|(name, value)| (name, value.to_owned()));
        let parameters = parameters.into_iter().chain(extra).map(|(name, value)| (name.to_owned(), value));
        let mut parameters = self.signed(parameters.collect(), &metadata, now)?;
        if self.pushes(&metadata) {
            let request_uri = self.push(&parameters, &metadata, now).await?;
            parameters.retain(|(name, _)| name == "client_id");
            parameters.push(("request_uri".to_owned(), request_uri));
        }
        let mut url = metadata.authorization_endpoint.to_string();
        if !url.contains('?') {
            url.push('?');
        }
        params::append(&mut url, parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        Ok(StartedLogin { authorization_url: url, pending })
    }

    fn parameters(&self, pending: &PendingLogin) -> Vec<(&str, String)> {
        let registration = self.registration();
        let rules = &self.definition().schema().authorization;
        let mut parameters = vec![
            ("response_type", "code".to_owned()),
            ("client_id", registration.client_id.to_string()),
            ("redirect_uri", registration.redirect_uri.to_string()),
            ("state", pending.state.expose().clone()),
        ];
        if rules.send_scope && !pending.scopes.is_empty() {
            parameters.push(("scope", pending.scopes.to_string().replace(' ', &rules.separator)));
        }
        if self.definition().is_openid() {
            parameters.push(("nonce", pending.nonce.expose().clone()));
        }
        if rules.pkce {
            parameters.push(("code_challenge", pending.verifier.challenge().to_string()));
            parameters.push(("code_challenge_method", ChallengeMethod::S256.as_str().to_owned()));
        }
        let hosted = rules.hosted_domain.as_ref().zip(self.settings().hosted_domain.as_ref());
        parameters.extend(hosted.map(|(rule, domain)| (rule.parameter.as_str(), domain.clone())));
        parameters.extend(pending.key.as_ref().map(|key| ("dpop_jkt", key.thumbprint())));
        parameters.extend(registration.resource.as_ref().map(|resource| ("resource", resource.to_string())));
        let of_intent = rules.intents.get(&pending.intent).into_iter().flatten();
        parameters.extend(
            rules.parameters.iter().chain(of_intent).map(|(name, value)| (name.as_str(), value.clone())),
        );
        parameters
    }

    /// Which terms the provider's page shows: what the application registered, or those that it wants asked again.
    fn terms(&self, wanted: &[String]) -> Result<Option<(&str, String)>, LoginError> {
        let (Some(rules), Some(registered)) = (&self.definition().schema().terms, &self.registration().terms)
        else {
            return if wanted.is_empty() { Ok(None) } else { Err(LoginError::Malformed) };
        };
        let tags = if wanted.is_empty() { registered } else { wanted };
        if !tags.iter().all(|tag| rules.is_tag(tag)) {
            return Err(LoginError::Malformed);
        }
        Ok((!tags.is_empty()).then(|| (rules.parameter.as_str(), tags.join(&rules.separator))))
    }

    /// Items that are asked for again, as scopes.
    fn scopes_of(&self, items: &[String]) -> Result<Scopes, LoginError> {
        let mut scopes = Scopes::parse(&items.join(" ")).map_err(|_| LoginError::Malformed)?;
        if self.definition().is_openid() {
            scopes.insert(ScopeToken::parse(OPENID).map_err(|_| LoginError::Malformed)?);
        }
        Ok(scopes)
    }
}

impl LoginRequest {
    fn extra_pairs(&self) -> Vec<(&str, &str)> {
        self.extra.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

fn is_reserved(name: &str) -> bool {
    RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9396 §2.
    #[test]
    fn rp_20_reserved_parameters_are_refused_everywhere() {
        for name in RESERVED {
            let query = format!("return_to=/x&{name}=evil");
            assert_eq!(
                LoginRequest::from_query(Some(&query)).err(),
                Some(LoginError::ReservedParameter),
                "{name}"
            );
            let extra = LoginRequest::new().with_extra(*name, "evil");
            assert_eq!(extra.err(), Some(LoginError::ReservedParameter), "{name}");
        }
        for spelling in ["%72edirect_uri=x", "REDIRECT_URI=x", "state", "scope="] {
            let refused = LoginRequest::from_query(Some(spelling)).err();
            assert_eq!(refused, Some(LoginError::ReservedParameter), "{spelling}");
        }
    }

    #[test]
    fn what_a_page_may_ask_for() {
        let query = "return_to=/calendar?week=3&provider=mapae&login_hint=a%40b&utm_source=mail";
        let request = LoginRequest::from_query(Some(query)).unwrap();
        assert_eq!(request.return_to.as_str(), "/calendar?week=3");
        assert_eq!(request.provider.as_deref(), Some("mapae"));
        assert_eq!(request.extra_pairs(), [("login_hint", "a@b")]);
        assert_eq!(LoginRequest::from_query(None).unwrap().return_to.as_str(), "/");
        for malformed in
            ["return_to=/a&return_to=/b", "login_hint=%ff", &format!("login_hint={}", "a".repeat(513))]
        {
            assert_eq!(LoginRequest::from_query(Some(malformed)).err(), Some(LoginError::Malformed));
        }
    }
}
