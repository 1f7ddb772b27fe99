//! The form of a definition. Every value here changes what is done; none is only remembered.

use std::collections::BTreeMap;

use http::StatusCode;
use mapae_protocol::locale::Locale;
use serde::Deserialize;
use serde_json::Value;

use super::button::{Colour, Colours};
use crate::{login::Intent, notice::EventKind};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Schema {
    pub(crate) schema: u32,
    pub(crate) id: String,
    pub(crate) label: Text,
    /// What ID tokens name, and one half of an account's key.
    pub(crate) issuer: String,
    /// Values for `{names}` in addresses.
    #[serde(default)]
    pub(crate) vars: BTreeMap<String, String>,
    pub(crate) openid: OpenId,
    pub(crate) endpoints: Endpoints,
    pub(crate) authorization: Authorization,
    #[serde(default)]
    pub(crate) token: Token,
    #[serde(default)]
    pub(crate) id_token: IdToken,
    #[serde(default)]
    pub(crate) user_info: UserInfo,
    pub(crate) identity: IdentityMap,
    #[serde(default)]
    pub(crate) errors: Vec<ErrorRule>,
    #[serde(default)]
    pub(crate) unlink: Unlink,
    /// Terms of the service itself, which the provider's page shows.
    pub(crate) terms: Option<TermsAtProvider>,
    #[serde(default)]
    pub(crate) notices: Vec<NoticeRule>,
    /// Where a setting is in the provider's own console, by the setting's name.
    #[serde(default)]
    pub(crate) console: BTreeMap<String, Text>,
    /// Absent: nobody prescribes how it looks.
    pub(crate) button: Option<Button>,
}

/// A text for people.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Text {
    ko: String,
    en: String,
}

impl Text {
    pub(crate) fn in_language(&self, language: Locale) -> &str {
        match language {
            Locale::Ko => &self.ko,
            Locale::En => &self.en,
        }
    }
}

/// Whether the provider speaks OpenID Connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OpenId {
    Always,
    /// As it is switched in the provider's console.
    Optional,
    Never,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Endpoints {
    /// What is not named here is read from the issuer's metadata.
    #[serde(default)]
    pub(crate) discovery: bool,
    pub(crate) authorization: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) keys: Option<String>,
    pub(crate) user_info: Option<String>,
    pub(crate) revocation: Option<String>,
    pub(crate) unlink: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Authorization {
    /// What is asked for where the application does not say.
    #[serde(default)]
    pub(crate) scopes: Vec<String>,
    #[serde(default = "space")]
    pub(crate) separator: String,
    #[serde(default = "yes")]
    pub(crate) send_scope: bool,
    #[serde(default = "yes")]
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

/// From answers to an identity. Pointers lead into `{id_token, user_info}`, what `also` brings, and `{callback}`: what the
/// browser brought, which nobody signed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentityMap {
    pub(crate) subject: Vec<String>,
    /// Whether `sub` of the ID token is the same.
    #[serde(default = "yes")]
    pub(crate) same_as_sub: bool,
    /// The provider has another name for a person at each app: by another client id, the same name is somebody else.
    #[serde(default)]
    pub(crate) of_app: bool,
    /// All claims of ID token and UserInfo are claims of the identity (OIDC Core §5.1).
    #[serde(default)]
    pub(crate) standard_claims: bool,
    #[serde(default)]
    pub(crate) claims: BTreeMap<String, Field>,
    pub(crate) birth_date: Option<BirthDateMap>,
    #[serde(default)]
    pub(crate) emails: Vec<EmailMap>,
    /// Items are scopes: what was asked for and is not among those of the token response was refused. Of each that
    /// answers spell otherwise, by its name, how.
    pub(crate) scopes: Option<BTreeMap<String, String>>,
    /// Items with what became of each.
    pub(crate) items: Option<ItemList>,
    /// Items that the person refused, by the pointer to a `true` that says so.
    #[serde(default)]
    pub(crate) refused: BTreeMap<String, String>,
    /// Items that the person granted, by the pointer to a value that is there then.
    #[serde(default)]
    pub(crate) granted: BTreeMap<String, String>,
}

/// Items in one list, each with what became of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ItemList {
    pub(crate) list: String,
    /// The pointers into an entry.
    pub(crate) name: String,
    pub(crate) status: String,
    /// What stands at `status`.
    pub(crate) granted: String,
    pub(crate) refused: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Field {
    pub(crate) from: Vec<String>,
    #[serde(default)]
    pub(crate) form: Form,
    /// Not when this is true.
    pub(crate) unless: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Form {
    #[default]
    Text,
    /// Digits after a plus.
    Phone,
    /// `male` or `female`.
    Gender,
    /// `20-29`, or `90-` without an end.
    AgeRange,
    /// The same of an object with `min` and perhaps `max`.
    AgeLimits,
    /// `12/31/1990`, `12/31` or `1990`.
    MonthDayYear,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BirthDateMap {
    pub(crate) year: String,
    /// `MMDD` or `MM-DD`.
    pub(crate) day: String,
    /// Without this the day is left out: it is one of another calendar, or nobody says of which.
    pub(crate) day_when: Option<Stands>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EmailMap {
    pub(crate) address: Vec<String>,
    /// Verified by the provider when all of these are true; never without any.
    #[serde(default)]
    pub(crate) verified: Vec<String>,
    /// Domains whose mail the provider itself hosts.
    #[serde(default)]
    pub(crate) own_domains: Vec<String>,
    /// The provider hosts the domain's mail when one of these is there.
    #[serde(default)]
    pub(crate) own_when: Vec<String>,
    /// The address is in a list: this pointer leads to it, and the others into an entry of it that is primary.
    pub(crate) list: Option<String>,
    /// The address only passes mail on when one of these is true.
    #[serde(default)]
    pub(crate) relay: Vec<String>,
    /// `"true"` is true as well.
    #[serde(default)]
    pub(crate) texts_are_true: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorRule {
    /// Absent: wherever it comes from.
    pub(crate) place: Option<super::Place>,
    pub(crate) at: String,
    #[serde(default)]
    pub(crate) is: Vec<Value>,
    /// The first and the last of whole numbers that are meant as well.
    pub(crate) within: Option<[i64; 2]>,
    /// A further text that must occur: pointer and part.
    pub(crate) says: Option<Says>,
    pub(crate) class: RuleClass,
    pub(crate) setting: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Says {
    pub(crate) at: String,
    pub(crate) part: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RuleClass {
    Cancelled,
    Restart,
    Reconsent,
    Interaction,
    SignInAgain,
    Configuration,
    Unavailable,
    RateLimited,
    Denied,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Unlink {
    pub(crate) way: UnlinkWay,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UnlinkWay {
    /// RFC 7009, where there is an endpoint.
    #[default]
    Revocation,
    /// A POST with the access token (Kakao).
    BearerPost,
    /// A DELETE with the access token (Facebook).
    BearerDelete,
    /// A DELETE under the app's own id and secret, which names the access token (GitHub).
    ClientDelete,
}

/// Terms of the service, agreed to on the provider's page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TermsAtProvider {
    /// The parameter of the authorization request that selects some.
    pub(crate) parameter: String,
    #[serde(default = "comma")]
    pub(crate) separator: String,
    /// Where it is asked what is agreed to, with the access token.
    pub(crate) address: String,
    /// The pointer to the list, and from there to what is said of each.
    pub(crate) list: String,
    pub(crate) tag: String,
    pub(crate) required: String,
    pub(crate) agreed: String,
    pub(crate) agreed_at: String,
}

fn comma() -> String {
    ",".to_owned()
}

/// A notice that the provider sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoticeRule {
    pub(crate) name: String,
    pub(crate) proof: NoticeProof,
    /// Answered when it was taken.
    status: u16,
    /// The name of the credential in the header, and what stands before it.
    #[serde(default)]
    pub(crate) credential: String,
    #[serde(default)]
    pub(crate) prefix: String,
    /// Parameters that must equal credentials.
    #[serde(default)]
    pub(crate) checks: BTreeMap<String, String>,
    /// The parameter that names the person.
    #[serde(default)]
    pub(crate) subject: String,
    /// What it means, where it means one thing.
    pub(crate) kind: Option<EventKind>,
    /// What each event means.
    #[serde(default)]
    pub(crate) kinds: BTreeMap<String, EventKind>,
    /// The page of the service that shows what became of a deletion.
    pub(crate) deletion_page: Option<String>,
}

impl NoticeRule {
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK)
    }
}

/// How a notice is proved to be the provider's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NoticeProof {
    /// A secret in the `Authorization` header.
    SharedHeader,
    /// A security event token (RFC 8417).
    SignedToken,
    /// Facebook's `signed_request`.
    SignedRequest,
    /// Naver's signature and encrypted id.
    Naver,
    /// A signed token in JSON, whose `events` is JSON once more (Apple).
    Apple,
}

impl NoticeProof {
    /// Whether one notice can tell of different things.
    pub(crate) const fn names_events(self) -> bool {
        matches!(self, Self::SignedToken | Self::Apple)
    }
}

/// Colours and words of the provider's guide for designers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Button {
    pub(crate) background: Colour,
    pub(crate) foreground: Colour,
    pub(crate) border: Option<Colour>,
    /// Others where the page is dark.
    pub(crate) dark: Option<Colours>,
    /// One that is compiled in, by its name, or the SVG itself.
    pub(crate) mark: Option<String>,
    pub(crate) sign_in: Option<Text>,
    pub(crate) start: Option<Text>,
}

fn space() -> String {
    " ".to_owned()
}

const fn yes() -> bool {
    true
}
