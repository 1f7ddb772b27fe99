//! APIs (resource servers) and the scopes that they own.

use std::{collections::HashMap, sync::Arc};

use crate::store::{Concealed, apis};

/// An API, ready to be asked about.
#[derive(Debug)]
pub(crate) struct Api {
    /// Its credential's id.
    pub(crate) client_id: String,
    /// Its resource indicator (RFC 8707 §2): the `aud` of its tokens.
    pub(crate) identifier: String,
    /// Its tokens are sealed instead of signed.
    pub(crate) opaque: bool,
    pub(crate) secret_hash: Concealed,
    pub(crate) disabled: bool,
    pub(crate) scopes: Vec<ApiScope>,
}

/// A scope with the words that a person reads.
#[derive(Debug)]
pub(crate) struct ApiScope {
    pub(crate) name: String,
    pub(crate) title_ko: String,
    pub(crate) title_en: String,
}

/// All APIs of one generation.
#[derive(Debug, Default)]
pub(crate) struct Apis {
    by_identifier: HashMap<String, Arc<Api>>,
    by_client_id: HashMap<String, Arc<Api>>,
    by_scope: HashMap<String, Arc<Api>>,
}

impl Apis {
    pub(crate) fn new(apis: impl IntoIterator<Item = Api>) -> Self {
        let mut all = Self::default();
        for api in apis.into_iter().map(Arc::new) {
            for scope in &api.scopes {
                all.by_scope.insert(scope.name.clone(), Arc::clone(&api));
            }
            all.by_client_id.insert(api.client_id.clone(), Arc::clone(&api));
            all.by_identifier.insert(api.identifier.clone(), api);
        }
        all
    }

    /// The API that owns a scope.
    pub(crate) fn owner_of(&self, scope: &str) -> Option<&Arc<Api>> {
        self.by_scope.get(scope)
    }

    /// The words for a scope.
    pub(crate) fn scope(&self, scope: &str) -> Option<&ApiScope> {
        self.owner_of(scope)?.scopes.iter().find(|candidate| candidate.name == scope)
    }

    pub(crate) fn by_identifier(&self, identifier: &str) -> Option<&Arc<Api>> {
        self.by_identifier.get(identifier)
    }

    pub(crate) fn by_client_id(&self, client_id: &str) -> Option<&Arc<Api>> {
        self.by_client_id.get(client_id)
    }

    /// Every scope that some API owns, in no particular order.
    pub(crate) fn scope_names(&self) -> impl Iterator<Item = &str> {
        self.by_scope.keys().map(String::as_str)
    }

    /// Every scope of an API that is on, in no particular order.
    pub(crate) fn scopes_on_offer(&self) -> impl Iterator<Item = &str> {
        self.by_scope.iter().filter(|(_, api)| !api.disabled).map(|(name, _)| name.as_str())
    }
}

impl From<apis::Api> for Api {
    fn from(record: apis::Api) -> Self {
        Self {
            opaque: record.token_format == apis::TokenFormat::Opaque,
            client_id: record.id,
            identifier: record.identifier,
            secret_hash: record.secret_hash,
            disabled: record.disabled_at.is_some(),
            scopes: record
                .scopes
                .into_iter()
                .map(|scope| ApiScope {
                    name: scope.scope,
                    title_ko: scope.title_ko,
                    title_en: scope.title_en,
                })
                .collect(),
        }
    }
}
