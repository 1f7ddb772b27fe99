//! One app (client), parsed: what it may ask for and how it proves who it is.

use mapae_protocol::{
    authorization::target::RequestedTarget,
    jose::Algorithm,
    redirect_uri::{RedirectUri, TrustedRedirect, match_registered, sole_registered},
    scope::{OPENID, ScopeToken, Scopes},
};

use crate::{
    fault::{Artefact, Fault},
    grant_types::AUTHORIZATION_CODE,
    pages::look::Standing,
    registration::{self, Metadata},
    store::{
        app_secrets::AppSecret,
        apps::{App, AppScope, AppSettings, RegisteredApp},
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
}

/// OIDC Core §8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubjectType {
    Pairwise,
    Public,
}

/// A consent item: what the app's owner says of a scope.
pub(crate) type Item = AppScope;

impl Client {
    /// Parses a stored app. What does not parse cannot have been written by this server.
    pub(crate) fn parse(record: RegisteredApp) -> Result<Self, Fault> {
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
        let subject_type = match record.app.settings.subject_type.as_str() {
            "pairwise" => SubjectType::Pairwise,
            "public" => SubjectType::Public,
            _ => return Err(Fault::Corrupt(Artefact::SubjectType, None)),
        };
        let metadata =
            registration::restore(&record.lists.metadata).map_err(Fault::corrupt(Artefact::MetadataOfApp))?;
        let mut client =
            Self { record, redirect_uris, allowed, required, id_token_algorithm, subject_type, metadata };
        client.allow_what_sign_in_needs();
        Ok(client)
    }

    /// Every app that sends people here may ask who they are. To stay when they sign out (`offline_access`) is a
    /// matter of its own: who does not register it gets refresh tokens that end with the session.
    fn allow_what_sign_in_needs(&mut self) {
        if let Some(openid) = ScopeToken::parse(OPENID).ok().filter(|_| self.may_use(AUTHORIZATION_CODE)) {
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

    /// What else it registered.
    pub(crate) const fn metadata(&self) -> &Metadata {
        &self.metadata
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

    /// Who stands behind it.
    pub(crate) const fn standing(&self) -> Standing {
        Standing::of(&self.record.app)
    }

    pub(crate) const fn epoch(&self) -> i64 {
        self.record.app.epoch
    }

    /// Registered for this grant type.
    pub(crate) fn may_use(&self, grant_type: &str) -> bool {
        self.settings().grant_types.split_ascii_whitespace().any(|registered| registered == grant_type)
    }

    /// Registered for this way to authenticate; an app that fixed none may use any that sends its secret.
    pub(crate) fn may_authenticate_by(&self, method: &str) -> bool {
        match self.settings().token_endpoint_auth_method.as_deref() {
            Some(registered) => registered == method,
            None => self.is_public() == (method == "none"),
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
        self.settings().pkce_required || self.settings().public
    }

    /// A public app's refresh tokens rotate always (RFC 9700 §4.14.2), a confidential one's by choice.
    pub(crate) const fn rotates_refresh_tokens(&self) -> bool {
        self.settings().rotate_refresh || self.settings().public
    }
}
