//! An API as the command line shows it.

use std::fmt;

use mapae_protocol::{secret::Secret, time::Timestamp};
use serde::Serialize;

use crate::{
    commands::fields::Fields,
    store::apis::{Api, ApiScope, NewApi},
};

/// Everything about one API.
#[derive(Debug, Serialize)]
pub(super) struct View {
    identifier: String,
    client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    name: String,
    token_format: &'static str,
    scopes: Vec<Scope>,
    disabled: bool,
    created_at: i64,
}

/// A scope and what people read.
#[derive(Debug, Serialize)]
struct Scope {
    scope: String,
    korean: String,
    english: String,
}

impl View {
    /// The API that was just made.
    pub(super) fn made(api: NewApi, secret: &Secret<String>, now: Timestamp) -> Self {
        let NewApi { id, identifier, name, token_format, scopes, .. } = api;
        Self {
            identifier,
            client_id: id,
            client_secret: Some(secret.expose().clone()),
            name,
            token_format: token_format.name(),
            scopes: scopes.into_iter().map(Scope::from).collect(),
            disabled: false,
            created_at: now.unix(),
        }
    }
}

impl From<Api> for View {
    fn from(api: Api) -> Self {
        let Api { id, identifier, name, token_format, scopes, disabled_at, created_at, .. } = api;
        Self {
            identifier,
            client_id: id,
            client_secret: None,
            name,
            token_format: token_format.name(),
            scopes: scopes.into_iter().map(Scope::from).collect(),
            disabled: disabled_at.is_some(),
            created_at: created_at.unix(),
        }
    }
}

impl From<ApiScope> for Scope {
    fn from(ApiScope { scope, title_ko, title_en }: ApiScope) -> Self {
        Self { scope, korean: title_ko, english: title_en }
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = self.client_secret.as_deref().map(|secret| {
            format!(
                "{secret}\nShown only now: with it the API asks about tokens and follows the revocation feed."
            )
        });
        let scopes = self
            .scopes
            .iter()
            .map(|Scope { scope, korean, english }| format!("{scope}: {korean} | {english}"));
        Fields::default()
            .with("identifier", self.identifier.as_str())
            .with("client_id", self.client_id.as_str())
            .with_some("client_secret", secret)
            .with("name", self.name.as_str())
            .with("tokens", self.token_format)
            .with("scopes", scopes.collect::<Vec<_>>().join("\n"))
            .with_some("state", self.disabled.then_some("disabled"))
            .fmt(f)
    }
}
