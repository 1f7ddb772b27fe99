//! An application that is registered with a simulated provider.

use std::collections::{BTreeMap, BTreeSet};

use mapae_protocol::secret::constant_time_eq;
use reqwest::Method;
use serde::{Deserialize, Deserializer, Serialize};

/// An application, as the provider's console has it. Fields that a provider does not know are ignored by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct App {
    /// The REST API key (Kakao), client id, app id or Services ID (Apple).
    pub client_id: String,
    /// The secret; without one the app has switched it off, which only Kakao allows.
    pub client_secret: Option<String>,
    /// The name on the consent page.
    pub name: String,
    /// Redirect URIs, compared byte by byte.
    #[serde(deserialize_with = "one_or_many")]
    pub redirect_uris: Vec<String>,
    /// Where `/oauth/logout` may return to (Kakao).
    #[serde(deserialize_with = "one_or_many")]
    pub logout_redirect_uris: Vec<String>,
    /// The consent items of the console.
    pub items: Vec<ConsentItem>,
    /// The service's own terms, which the consent page shows (Kakao Sync).
    pub terms: Vec<ServiceTerm>,
    /// Where notifications go, by the kind of notification.
    pub webhooks: BTreeMap<String, Webhook>,
    /// The number of the app (Kakao `app_id`).
    pub number: u64,
    /// The admin key (Kakao).
    pub admin_key: Option<String>,
    /// Whether OpenID Connect is switched on (Kakao).
    pub oidc: bool,
    /// Whether the app's login is switched off in the console.
    pub inactive: bool,
    /// Whether the service completes the connection itself by `/v1/user/signup` (Kakao).
    pub manual_signup: bool,
    /// Names of the people who may sign in while the app is not reviewed yet; empty: everybody.
    #[serde(deserialize_with = "one_or_many")]
    pub testers: Vec<String>,
    /// The team (Apple).
    pub team_id: Option<String>,
    /// The public halves of the keys that sign client secrets, as JWK sets have them (Apple).
    pub client_keys: Vec<serde_json::Value>,
    /// Any secret and any redirect URI will do.
    pub lenient: bool,
}

/// Something about a person that an app may ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentItem {
    /// Its id in `scope`, or its name in the console where there is no scope.
    pub id: String,
    /// When and how it is asked.
    pub requirement: Requirement,
}

/// A term of the service, as the console has it (Kakao Sync).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceTerm {
    /// Its tag in `service_terms`.
    pub tag: String,
    /// What people read.
    pub title: String,
    /// Whether there is no login without it.
    pub required: bool,
}

impl ServiceTerm {
    /// A term without which there is no login.
    #[must_use]
    pub fn required(tag: impl Into<String>, title: impl Into<String>) -> Self {
        Self { tag: tag.into(), title: title.into(), required: true }
    }

    /// A term that the person may leave out.
    #[must_use]
    pub fn optional(tag: impl Into<String>, title: impl Into<String>) -> Self {
        Self { tag: tag.into(), title: title.into(), required: false }
    }
}

/// When and how a consent item is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    /// Without it there is no login (필수 동의).
    Required,
    /// The person may leave it out (선택 동의).
    Optional,
    /// Not asked at the first login, only when a later request names it (이용 중 동의).
    InUse,
}

/// Where a notification goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// The address.
    pub url: String,
    /// `POST`, or `GET` where the provider lets the app choose (Kakao's unlink webhook).
    #[serde(default = "post")]
    pub method: String,
}

impl Webhook {
    /// A notification by POST.
    #[must_use]
    pub fn to(url: impl Into<String>) -> Self {
        Self { url: url.into(), method: post() }
    }

    /// The method, if it is one of the two.
    pub(crate) fn verb(&self) -> Option<Method> {
        match self.method.as_str() {
            "GET" => Some(Method::GET),
            "POST" => Some(Method::POST),
            _ => None,
        }
    }
}

fn post() -> String {
    "POST".to_owned()
}

impl App {
    /// A list of items, those before `|` required.
    pub(crate) fn items_of(required: &[&str], optional: &[&str]) -> Vec<ConsentItem> {
        let item = |requirement| move |id: &&str| ConsentItem { id: (*id).to_owned(), requirement };
        let required = required.iter().map(item(Requirement::Required));
        required.chain(optional.iter().map(item(Requirement::Optional))).collect()
    }

    pub(crate) fn term(&self, tag: &str) -> Option<&ServiceTerm> {
        self.terms.iter().find(|term| term.tag == tag)
    }

    pub(crate) fn item(&self, id: &str) -> Option<&ConsentItem> {
        self.items.iter().find(|item| item.id == id)
    }

    /// The items that the first login asks for.
    pub(crate) fn items_at_first(&self) -> BTreeSet<String> {
        let at_first = self.items.iter().filter(|item| item.requirement != Requirement::InUse);
        at_first.map(|item| item.id.clone()).collect()
    }

    pub(crate) fn redirects_to(&self, uri: &str) -> bool {
        self.lenient || self.redirect_uris.iter().any(|registered| registered == uri)
    }

    /// Whether this is the secret; nothing is, where the secret is switched off.
    pub(crate) fn proves(&self, presented: Option<&str>) -> bool {
        let Some(secret) = self.client_secret.as_deref().filter(|_| !self.lenient) else { return true };
        presented.is_some_and(|presented| constant_time_eq(secret.as_bytes(), presented.as_bytes()))
    }

    pub(crate) fn admits(&self, person: &str) -> bool {
        self.testers.is_empty() || self.testers.iter().any(|tester| tester == person)
    }
}

/// Forms cannot tell a list of one from a text.
pub(crate) fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(text) => text.split_whitespace().map(str::to_owned).collect(),
        OneOrMany::Many(list) => list,
    })
}
