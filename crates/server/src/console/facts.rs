//! What a page or a change of an app rests on, read at one generation of the catalogue.

use mapae_protocol::{
    client_metadata::SubjectType,
    scope::{OFFLINE_ACCESS, OPENID},
};

use super::developer::Developer;
use crate::{
    config::Development,
    fault::{Artefact, Fault},
    interaction::PageError,
    registration::{Draft, Grants, KnownScopes, STANDARD_SCOPES, Surroundings},
    store::{
        Unit,
        apis::{self, Api, ApiScope},
        apps::{AppSettings, RegisteredApp},
        counters, upstream_permissions,
    },
    upstream::scope_of,
};

/// An app of the developer, and what there is around it.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) registered: RegisteredApp,
    pub(super) subject_type: SubjectType,
    apis: Vec<Api>,
    /// Scopes of providers whose tokens the app may have.
    of_upstreams: Vec<String>,
    scopes: KnownScopes,
    development: Development,
    generation: i64,
}

impl Facts {
    /// Reads them. The generation comes first: whatever changes after it makes [`Facts::guard`] conflict.
    pub(super) async fn read(developer: &Developer, id: &str) -> Result<Self, PageError> {
        let generation = counters::read(developer.db()).await?.catalog;
        let registered = developer.own_app(id).await?;
        let subject_type = SubjectType::parse(&registered.app.settings.subject_type)
            .ok_or(Fault::Corrupt(Artefact::SubjectType, None))?;
        let apis = apis::all(developer.db()).await?;
        let names = apis.iter().flat_map(|api| &api.scopes).map(|scope| scope.scope.as_str());
        let permitted = upstream_permissions::of_app(developer.db(), id).await?;
        let of_upstreams: Vec<String> = permitted.iter().map(|name| scope_of(name)).collect();
        let scopes = KnownScopes::standard_and(names.chain(of_upstreams.iter().map(String::as_str)));
        let development = Development::of(&developer.app().config().site);
        Ok(Self { registered, subject_type, scopes, of_upstreams, apis, development, generation })
    }

    pub(super) const fn settings(&self) -> &AppSettings {
        &self.registered.app.settings
    }

    pub(super) fn id(&self) -> &str {
        &self.registered.app.id
    }

    pub(super) fn grants(&self) -> Grants {
        Grants::restore(&self.settings().grant_types)
    }

    pub(super) const fn around(&self) -> Surroundings<'_> {
        Surroundings { scopes: &self.scopes, development: self.development }
    }

    /// The app as it is, to be changed.
    pub(super) fn draft(&self) -> Draft {
        Draft::of(&self.registered)
    }

    /// A unit that conflicts, at statement 0, when an app, an API or a key has changed since.
    pub(super) fn guard(&self) -> Unit {
        Unit::from(counters::guard_catalog(self.generation))
    }

    /// The scopes that the page offers for this app, in the order of the page, with the words of their APIs: those
    /// that it asks for stand as they were declared, which is how people read them, and the others after them. A
    /// person's own are none for an app that never has a person.
    pub(super) fn offered(&self) -> impl Iterator<Item = (&str, Option<&ApiScope>)> {
        let mut offered: Vec<(&str, Option<&ApiScope>)> = self.known().collect();
        let declared = &self.registered.lists.scopes;
        offered.sort_by_key(|(scope, _)| {
            declared.iter().position(|item| item.scope == *scope).unwrap_or(usize::MAX)
        });
        offered.into_iter()
    }

    fn known(&self) -> impl Iterator<Item = (&str, Option<&ApiScope>)> {
        let grants = self.grants();
        let about_people = STANDARD_SCOPES
            .into_iter()
            .filter(move |scope| grants.for_persons() && (*scope != OFFLINE_ACCESS || grants.refresh()));
        let of_apis = self.apis.iter().flat_map(|api| &api.scopes);
        let of_upstreams = self.of_upstreams.iter().map(String::as_str).filter(move |_| grants.for_persons());
        about_people
            .chain(of_upstreams)
            .map(|scope| (scope, None))
            .chain(of_apis.map(|scope| (scope.scope.as_str(), Some(scope))))
    }
}

/// Signing in needs it: nobody chooses it.
pub(super) fn is_fixed(scope: &str) -> bool {
    scope == OPENID
}
