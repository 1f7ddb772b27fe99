//! How one signs in with a provider: what it is asked, and how its answers are read.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::intent::Intent;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Authorization {
    /// What is asked for where the application does not say.
    #[serde(default)]
    pub(crate) scopes: Vec<String>,
    #[serde(default = "super::space")]
    pub(crate) separator: String,
    #[serde(default = "super::yes")]
    pub(crate) send_scope: bool,
    #[serde(default = "super::yes")]
    pub(crate) pkce: bool,
    #[serde(default)]
    pub(crate) nonce: Nonce,
    /// Sent every time.
    #[serde(default)]
    pub(crate) parameters: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) intents: BTreeMap<Intent, BTreeMap<String, String>>,
    /// Whether `auth_time` proves that a sign-in is fresh.
    #[serde(default)]
    pub(crate) auth_time: bool,
    /// `iss` that callbacks name, where it is not the issuer.
    pub(crate) iss: Option<String>,
    #[serde(default)]
    pub(crate) response_mode: ResponseMode,
    /// Parameters of an answer that say, beside `error` or in its place, that the provider refused.
    #[serde(default)]
    pub(crate) refused: Vec<String>,
    /// The provider's page lets nobody sign in inside another app.
    #[serde(default)]
    pub(crate) refuses_in_app_browsers: bool,
    /// How people are kept to one organisation.
    pub(crate) hosted_domain: Option<HostedDomain>,
}

/// How people are kept to one organisation: what is asked, and what proves the answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HostedDomain {
    /// Shows the accounts of that organisation alone. It proves nothing: whoever sits in front of the browser can change it.
    pub(crate) parameter: String,
    /// The pointer into the ID token to what the provider signs.
    pub(crate) claim: String,
}

/// How the provider sends the browser back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ResponseMode {
    /// By an address, as for `code` where nothing else is asked for.
    #[default]
    Query,
    /// By a form that its page posts (OAuth 2.0 Form Post Response Mode §2).
    FormPost,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Nonce {
    #[default]
    Required,
    /// The provider may not repeat it; what it repeats is compared.
    IfReturned,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Token {
    /// Absent: as the metadata says.
    pub(crate) authentication: Option<Authentication>,
    /// A client without a secret is refused in advance.
    pub(crate) secret_required: bool,
    pub(crate) secret: SecretSource,
    /// How long an access token counts as good, in seconds, whatever the answer says.
    pub(crate) access_token_seconds: Option<u32>,
    pub(crate) send_state: bool,
    /// Numbers may come as texts.
    pub(crate) numbers_as_texts: bool,
    /// What stands between scopes in answers, besides the space.
    pub(crate) separator: Option<String>,
    /// An `error` counts whatever the status is.
    pub(crate) errors_with_success: bool,
    pub(crate) refresh: Refresh,
    /// A login that brings no refresh token leaves the earlier one good.
    pub(crate) refresh_token_once: bool,
}

/// Where the client's secret comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SecretSource {
    /// From the registration.
    #[default]
    Given,
    /// It is a token, signed here with the credentials `team_id`, `key_id` and `private_key`; one from the registration is
    /// taken as it is (Apple).
    Signed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Authentication {
    Post,
    Basic,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Refresh {
    /// RFC 6749 §6.
    #[default]
    Standard,
    /// The access token is exchanged for a later one while it lives (Facebook).
    Exchange,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct IdToken {
    /// Other spellings of the issuer.
    pub(crate) issuers: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct UserInfo {
    pub(crate) ask: UserInfoUse,
    pub(crate) query: BTreeMap<String, String>,
    /// JSON pointer to what is inside of an envelope.
    pub(crate) inside: String,
    pub(crate) success: Option<Stands>,
    /// Further answers, each under its name.
    pub(crate) also: BTreeMap<String, String>,
    /// Facebook's proof that the caller knows the app's secret.
    pub(crate) app_secret_proof: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UserInfoUse {
    #[default]
    Always,
    Never,
}

/// That this value stands at this place.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stands {
    pub(crate) at: String,
    pub(crate) is: Value,
}
