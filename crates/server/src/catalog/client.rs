//! One app (client), parsed: what it may ask for and how it proves who it is.

use mapae_protocol::{
    authorization::target::RequestedTarget,
    claims_request::ClaimsRequest,
    client_metadata::SubjectType,
    endpoint_uri::EndpointUri,
    fapi::{self, Profile},
    jose::Algorithm,
    redirect_uri::{RedirectUri, TrustedRedirect, match_registered, sole_registered},
    scope::{OPENID, ScopeToken, Scopes},
};

use crate::{
    client_auth::{Means, Method},
    fault::{Artefact, Fault},
    registration::{self, Grants, Metadata, is_at_home},
    store::{
        app_secrets::AppSecret,
        apps::{App, AppScope, AppSettings, RegisteredApp, Standing},
    },
};

/// An app, ready to be asked.
#[derive(Debug)]
pub(crate) struct Client {
    record: RegisteredApp,
    redirect_uris: Vec<RedirectUri>,
    allowed: Scopes,
    required: Scopes,
    id_token_algorithm: Algorithm,
    subject_type: SubjectType,
    metadata: Metadata,
    standing: Standing,
}

/// A consent item: what the app's owner says of a scope.
pub(crate) type Item = AppScope;

impl Client {
    /// Parses a stored app of an operator who `vouches` for every app that registers itself, or does not. What does not
    /// parse cannot have been written by this server.
    pub(crate) fn parse(record: RegisteredApp, vouches: bool) -> Result<Self, Fault> {
        let redirect_uris = record.lists.redirect_uris.iter().map(|uri| RedirectUri::parse(uri));
        let redirect_uris =
            redirect_uris.collect::<Result<_, _>>().map_err(Fault::corrupt(Artefact::RedirectUri))?;
        let mut allowed = Scopes::default();
        let mut required = Scopes::default();
        for item in &record.lists.scopes {
            let scope = ScopeToken::parse(&item.scope).map_err(Fault::corrupt(Artefact::ScopeOfApp))?;
            if item.required {
                required.insert(scope.clone());
            }
            allowed.insert(scope);
        }
        let id_token_algorithm = Algorithm::parse(&record.app.settings.id_token_alg)
            .ok_or(Fault::Corrupt(Artefact::AlgorithmOfApp, None))?;
        let subject_type = SubjectType::parse(&record.app.settings.subject_type)
            .ok_or(Fault::Corrupt(Artefact::SubjectType, None))?;
        let metadata =
            registration::restore(&record.lists.metadata).map_err(Fault::corrupt(Artefact::MetadataOfApp))?;
        let standing = record.standing(vouches);
        let mut client = Self {
            record,
            redirect_uris,
            allowed,
            required,
            id_token_algorithm,
            subject_type,
            metadata,
            standing,
        };
        client.allow_what_sign_in_needs();
        Ok(client)
    }

    /// Every app that gets tokens for people may ask who they are. To stay when they sign out (`offline_access`) is a
    /// matter of its own: who does not register it gets refresh tokens that end with the session.
    fn allow_what_sign_in_needs(&mut self) {
        let for_persons = Grants::restore(&self.settings().grant_types).for_persons();
        if let Some(openid) = ScopeToken::parse(OPENID).ok().filter(|_| for_persons) {
            self.required.insert(openid.clone());
            self.allowed.insert(openid);
        }
    }

    pub(crate) fn id(&self) -> &str {
        &self.record.app.id
    }

    /// The row behind it: names, texts, dates.
    pub(crate) const fn record(&self) -> &App {
        &self.record.app
    }

    /// All that is registered of it.
    pub(crate) const fn registered(&self) -> &RegisteredApp {
        &self.record
    }

    /// The host that it shares with others of one party, if it registered itself there (OIDC Core §8.1).
    pub(crate) fn host_sector(&self) -> Option<&str> {
        self.record.registered.as_ref().and_then(|registered| registered.sector.as_deref())
    }

    /// It registered itself, and nobody has agreed to it yet.
    pub(crate) fn is_unused(&self) -> bool {
        self.record.registered.as_ref().is_some_and(|registered| registered.expires_at.is_some())
    }

    /// What else it registered.
    pub(crate) const fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The FAPI profile that it is on.
    pub(crate) const fn profile(&self) -> Option<Profile> {
        self.metadata.profile
    }

    /// What it may sign with, if it has registered this algorithm for that, or none (FAPI 2.0 §5.4.1).
    pub(crate) fn algorithms(&self, registered: Option<Algorithm>) -> Vec<Algorithm> {
        fapi::algorithms(self.profile(), registered)
    }

    /// Whether it gets tokens only with a proof of possession (RFC 9449 §5.2), which must then have the server's nonce.
    pub(crate) const fn binds_tokens(&self) -> bool {
        self.metadata.binds_tokens
    }

    /// Whether it must be told when a session ends of which it has an ID token.
    pub(crate) const fn hears_of_logout(&self) -> bool {
        self.metadata.back_channel_logout.is_some() || self.metadata.front_channel_logout.is_some()
    }

    /// Whether it has to do with the end of sessions at all: then its ID tokens name theirs (`sid`, OIDC Back-Channel Logout §2.1).
    pub(crate) const fn names_sessions(&self) -> bool {
        self.hears_of_logout() || !self.metadata.post_logout.is_empty()
    }

    /// What it has framed when somebody signs out, as far as that is on an origin of its own today.
    pub(crate) fn framed_at_logout(&self) -> Option<&RedirectUri> {
        let framed = self.metadata.front_channel_logout.as_ref()?;
        self.redirect_uris.iter().any(|own| own.origin() == framed.origin()).then_some(framed)
    }

    /// Where it is told that somebody has signed out. One that registered itself shares names of people with others at its
    /// host, so that it is told there and nowhere else, whatever it has registered (LO-07).
    pub(crate) fn told_of_logout(&self) -> Option<&EndpointUri> {
        let address = self.metadata.back_channel_logout.as_ref()?;
        let at_home = self.record.registered.is_none()
            || is_at_home(address.as_str(), &self.record.lists.redirect_uris);
        at_home.then_some(address)
    }

    const fn settings(&self) -> &AppSettings {
        &self.record.app.settings
    }

    /// Cannot keep a secret (RFC 6749 §2.1).
    pub(crate) const fn is_public(&self) -> bool {
        self.settings().public
    }

    pub(crate) const fn is_disabled(&self) -> bool {
        self.record.app.off_by().is_some() || self.record.app.deleted_at.is_some()
    }

    /// Who stands behind it, as people are told.
    pub(crate) const fn standing(&self) -> Standing {
        self.standing
    }

    pub(crate) const fn epoch(&self) -> i64 {
        self.record.app.epoch
    }

    /// Registered for this grant type.
    pub(crate) fn may_use(&self, grant_type: &str) -> bool {
        self.settings().grant_types.split_ascii_whitespace().any(|registered| registered == grant_type)
    }

    /// Registered for this way to authenticate; an app that fixed none may use any that sends its secret.
    pub(crate) fn may_authenticate_by(&self, method: &dyn Method) -> bool {
        if self.profile().is_some() && method.means() != Means::SigningKey {
            return false;
        }
        match self.settings().token_endpoint_auth_method.as_deref() {
            Some(registered) => registered == method.name(),
            None if self.is_public() => method.means() == Means::Nothing,
            None => method.means() == Means::SentSecret,
        }
    }

    /// The secrets that are good now, as digests.
    pub(crate) fn secrets(&self) -> &[AppSecret] {
        &self.record.secrets
    }

    /// The proof that this app may be answered where it asks (RFC 6749 §3.1.2.3); `None` otherwise.
    pub(crate) fn trust(&self, target: &RequestedTarget) -> Option<TrustedRedirect> {
        target.trust(&self.redirect_uris, self.is_public())
    }

    /// As [`trust`](Self::trust), for a redemption: its client is known already.
    pub(crate) fn trust_again(&self, redirect_uri: Option<&str>) -> Option<TrustedRedirect> {
        match redirect_uri {
            Some(asked) => match_registered(asked, &self.redirect_uris, self.is_public()),
            None => sole_registered(&self.redirect_uris),
        }
    }

    pub(crate) fn has_origin(&self, origin: &str) -> bool {
        self.record.lists.origins.iter().any(|registered| registered == origin)
    }

    /// What it may ask for.
    pub(crate) const fn allowed(&self) -> &Scopes {
        &self.allowed
    }

    /// What is left of `granted`: an app keeps nothing that has been taken from it since. `None`: nothing is.
    pub(crate) fn still_allowed(&self, granted: &Scopes) -> Option<Scopes> {
        let left = granted.intersection(&self.allowed);
        (!left.is_empty()).then_some(left)
    }

    /// The claims that a grant names one by one, as JSON (OIDC Core §5.5), as far as the app may ask about them today.
    pub(crate) fn claims_still_allowed(&self, granted: Option<&str>) -> Result<ClaimsRequest, Fault> {
        let Some(text) = granted else { return Ok(ClaimsRequest::default()) };
        let claims: ClaimsRequest =
            serde_json::from_str(text).map_err(Fault::corrupt(Artefact::ClaimsOfGrant))?;
        Ok(claims.covered_by(&self.allowed))
    }

    /// What it cannot do without: also what a request without `scope` asks for.
    pub(crate) const fn required(&self) -> &Scopes {
        &self.required
    }

    /// What its owner says of a scope.
    pub(crate) fn item(&self, scope: &str) -> Option<&Item> {
        self.record.lists.scopes.iter().find(|item| item.scope == scope)
    }

    /// Scopes in the order in which the app's owner declared them, which is how people read them. One that every
    /// app may ask for without declaring it is the first when it says who the person is, and the last otherwise.
    pub(crate) fn in_declared_order<'s>(&self, scopes: impl IntoIterator<Item = &'s str>) -> Vec<&'s str> {
        let mut scopes: Vec<&str> = scopes.into_iter().collect();
        scopes.sort_by_key(|scope| {
            let declared = self.record.lists.scopes.iter().position(|item| item.scope == *scope);
            let undeclared = if *scope == OPENID { 0 } else { usize::MAX };
            declared.map_or(undeclared, |position| position + 1)
        });
        scopes
    }

    pub(crate) const fn id_token_algorithm(&self) -> Algorithm {
        self.id_token_algorithm
    }

    pub(crate) const fn subject_type(&self) -> SubjectType {
        self.subject_type
    }

    /// S256 is required unless a confidential app was relaxed (RFC 9700 §2.1.1).
    pub(crate) const fn requires_pkce(&self) -> bool {
        self.settings().pkce_required || self.settings().public || self.metadata.profile.is_some()
    }

    /// A public app's refresh tokens rotate always, unless they are bound to a key (RFC 9700 §2.2.2), those of an app on a
    /// profile never (FAPI 2.0 §5.3.2.1, item 9), and all others by choice.
    pub(crate) const fn rotates_refresh_tokens(&self, bound: bool) -> bool {
        let may = self.settings().rotate_refresh || (self.settings().public && !bound);
        may && self.metadata.profile.is_none()
    }
}
