//! An app as the command line shows it.

use std::{collections::BTreeMap, fmt};

use mapae_protocol::{secret::Secret, time::Timestamp};
use serde::Serialize;
use serde_json::Value;

use super::shown_once;
use crate::{
    commands::fields::{Fields, moment},
    store::apps::{App, AppLists, AppScope, AppSettings, OffBy, RegisteredApp},
};

/// Everything about one app.
#[derive(Debug, Serialize)]
pub(super) struct View {
    client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    name: String,
    has_icon: bool,
    /// Where it says that it is at home.
    homepage: Option<String>,
    public: bool,
    grant_types: Vec<String>,
    redirect_uris: Vec<String>,
    origins: Vec<String>,
    required_scopes: Vec<String>,
    optional_scopes: Vec<String>,
    purposes: Vec<Purpose>,
    owner: Option<String>,
    id_token_alg: String,
    subject_type: String,
    /// `null`: any that sends the secret.
    token_endpoint_auth_method: Option<String>,
    pkce_required: bool,
    rotate_refresh: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, Value>,
    /// What the app itself makes stricter and never looser.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    held_members: Vec<String>,
    verified: bool,
    /// What `mapae app verify` can be told to be about.
    revision: i64,
    registered_itself: bool,
    disabled: bool,
    disabled_by: Option<OffBy>,
    created_at: i64,
}

/// What the app says of a scope for which it asks.
#[derive(Debug, Serialize)]
struct Purpose {
    scope: String,
    korean: String,
    english: String,
}

impl Purpose {
    fn of(item: &AppScope) -> Option<Self> {
        let AppScope { scope, purpose_ko, purpose_en, .. } = item.clone();
        (!purpose_ko.is_empty()).then_some(Self { scope, korean: purpose_ko, english: purpose_en })
    }
}

impl View {
    /// `owner` is the e-mail address.
    pub(super) fn new(registered: RegisteredApp, owner: Option<String>) -> Self {
        let (off_by, registered_itself) = (registered.app.off_by(), registered.registered.is_some());
        let RegisteredApp { app, lists, .. } = registered;
        let App { id, settings, revision, created_at, verified, .. } = app;
        let AppSettings { name, public, grant_types, id_token_alg, subject_type, .. } = settings;
        let method = settings.token_endpoint_auth_method;
        let token_endpoint_auth_method = if public { Some("none".to_owned()) } else { method };
        let AppLists { redirect_uris, origins, scopes, metadata } = lists;
        let metadata = metadata
            .into_iter()
            .filter_map(|(member, value)| Some((member, serde_json::from_str(&value).ok()?)));
        let named = |required| scopes.iter().filter(move |item| item.required == required);
        let names = |required| named(required).map(|item| item.scope.clone()).collect();
        Self {
            client_id: id,
            client_secret: None,
            name,
            has_icon: settings.icon.is_some(),
            homepage: settings.homepage,
            public,
            grant_types: grant_types.split_ascii_whitespace().map(str::to_owned).collect(),
            redirect_uris,
            origins,
            required_scopes: names(true),
            optional_scopes: names(false),
            purposes: scopes.iter().filter_map(Purpose::of).collect(),
            owner,
            id_token_alg,
            subject_type,
            token_endpoint_auth_method,
            pkce_required: settings.pkce_required || public,
            rotate_refresh: settings.rotate_refresh || public,
            metadata: metadata.collect(),
            held_members: settings.held_members.split_ascii_whitespace().map(str::to_owned).collect(),
            verified,
            revision,
            registered_itself,
            disabled: off_by.is_some(),
            disabled_by: off_by,
            created_at: created_at.unix(),
        }
    }

    /// With the secret, for the one time when it is known.
    pub(super) fn with_secret(self, secret: Option<Secret<String>>) -> Self {
        Self { client_secret: secret.map(|secret| secret.expose().clone()), ..self }
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = self
            .client_secret
            .as_deref()
            .map(|secret| shown_once(secret, &format!("mapae app rotate-secret {}", self.client_id)));
        let purposes = self
            .purposes
            .iter()
            .map(|Purpose { scope, korean, english }| format!("{scope}: {korean} | {english}"));
        let metadata = self.metadata.iter().map(|(member, value)| match value {
            Value::String(text) => format!("{member}={text}"),
            value => format!("{member}={value}"),
        });
        let by = if self.registered_itself { ", by itself" } else { "" };
        let registered = format!("{}{by}", moment(Timestamp::from_unix(self.created_at)));
        let kind = if self.public { "public: it has no secret" } else { "confidential: it keeps a secret" };
        Fields::default()
            .with("client_id", self.client_id.as_str())
            .with_some("client_secret", secret)
            .with("name", self.name.as_str())
            .with("icon", if self.has_icon { "yes" } else { "none" })
            .with_some("homepage", self.homepage.as_deref())
            .with("kind", kind)
            .with("grants", self.grant_types.join("\n"))
            .with("redirect URIs", self.redirect_uris.join("\n"))
            .with("origins", self.origins.join("\n"))
            .with("required", self.required_scopes.join(" "))
            .with("optional", self.optional_scopes.join(" "))
            .with("purposes", purposes.collect::<Vec<_>>().join("\n"))
            .with_some("owner", self.owner.as_deref())
            .with("ID tokens", self.id_token_alg.as_str())
            .with("ids of people", self.subject_type.as_str())
            .with(
                "authenticates by",
                self.token_endpoint_auth_method.as_deref().unwrap_or("any that sends the secret"),
            )
            .with("PKCE", if self.pkce_required { "required" } else { "optional" })
            .with("refresh tokens", if self.rotate_refresh { "rotate" } else { "stay the same" })
            .with("metadata", metadata.collect::<Vec<_>>().join("\n"))
            .with_some("held", (!self.held_members.is_empty()).then(|| self.held_members.join("\n")))
            .with("registered", registered)
            .with("revision", self.revision.to_string())
            .with("verified", if self.verified { "yes" } else { "no: see `mapae app verify`" })
            .with_some("state", self.disabled_by.map(state))
            .fmt(f)
    }
}

const fn state(off_by: OffBy) -> &'static str {
    match off_by {
        OffBy::Owner => "disabled by its owner, in the console",
        OffBy::Operator => "disabled by the operator; `mapae app enable` ends that",
    }
}
