//! What an app is told of its registration — RFC 7591 §3.2.1, RFC 7592 §3.

use mapae_protocol::{endpoint_uri::EndpointUri, secret::Secret, time::Timestamp};
use serde_json::{Map, Value, json};

use super::{Grants, LOGO_URI, response_types};
use crate::{
    client_auth::{CLIENT_SECRET_BASIC, NONE},
    store::apps::{AppLists, AppSettings},
};

/// An app, and what is said of it besides what it registered.
#[derive(Debug)]
pub(crate) struct Information<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) settings: &'a AppSettings,
    pub(crate) lists: &'a AppLists,
    pub(crate) issued_at: Timestamp,
    /// The secret in the one answer in which it is known, and when it ends.
    pub(crate) secret: Option<(Secret<String>, Option<Timestamp>)>,
    /// The token with which the app manages its registration.
    pub(crate) token: Secret<String>,
    /// Where it does.
    pub(crate) address: EndpointUri,
}

impl Information<'_> {
    /// The answer: all that was registered (RFC 7591 §3.2.1), and nothing that was not.
    pub(crate) fn to_json(&self) -> Value {
        let Self { client_id, settings, lists, .. } = self;
        let grants = Grants::restore(&settings.grant_types);
        let method =
            if settings.public { Some(NONE) } else { settings.token_endpoint_auth_method.as_deref() };
        let scopes: Vec<&str> = lists.scopes.iter().map(|item| item.scope.as_str()).collect();
        let mut told = Map::new();
        // Each was JSON when it was kept.
        let members = lists
            .metadata
            .iter()
            .filter_map(|(name, text)| Some((name.clone(), serde_json::from_str::<Value>(text).ok()?)));
        told.extend(members);
        if settings.icon.is_none() {
            // Its picture could not be had.
            told.remove(LOGO_URI);
        }
        let mut tell = |name: &str, value: Value| drop(told.insert(name.to_owned(), value));
        tell("client_id", json!(client_id));
        tell("client_id_issued_at", json!(self.issued_at.unix()));
        tell("client_name", json!(settings.name));
        tell("redirect_uris", json!(lists.redirect_uris));
        tell("grant_types", json!(grants.names()));
        tell("response_types", json!(response_types(grants)));
        tell("scope", json!(scopes.join(" ")));
        tell("subject_type", json!(settings.subject_type));
        tell("id_token_signed_response_alg", json!(settings.id_token_alg));
        tell("token_endpoint_auth_method", json!(method.unwrap_or(CLIENT_SECRET_BASIC)));
        tell("registration_client_uri", json!(self.address.as_str()));
        tell("registration_access_token", json!(self.token.expose()));
        if let Some(homepage) = &settings.homepage {
            tell("client_uri", json!(homepage));
        }
        if let Some((secret, until)) = &self.secret {
            tell("client_secret", json!(secret.expose()));
            tell("client_secret_expires_at", json!(until.map_or(0, Timestamp::unix)));
        }
        Value::Object(told)
    }
}
