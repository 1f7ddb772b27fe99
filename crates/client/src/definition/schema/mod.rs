//! The form of a definition. Every value here changes what is done; none is only remembered.

mod identity;
mod login;
mod rules;

use std::collections::BTreeMap;

use mapae_protocol::locale::Locale;
use serde::Deserialize;

#[cfg(test)]
pub(crate) use self::{identity::BirthDateMap, login::HostedDomain, rules::Says};
pub(crate) use self::{
    identity::{EmailMap, Field, Form, IdentityMap, ItemList},
    login::{
        Authentication, Authorization, IdToken, Nonce, Refresh, ResponseMode, SecretSource, Stands, Token,
        UserInfo, UserInfoUse,
    },
    rules::{ErrorRule, NoticeProof, NoticeRule, RuleClass},
};
use super::colour::{Colour, Colours};

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

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Unlink {
    pub(crate) way: UnlinkWay,
    /// A client without a secret has no way to revoke.
    pub(crate) secret_required: bool,
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

impl TermsAtProvider {
    /// Whether this can be the tag of a term: a word that the separator does not break.
    pub(crate) fn is_tag(&self, text: &str) -> bool {
        let graphic = |letter: char| !letter.is_control() && !letter.is_whitespace();
        !text.is_empty()
            && text.len() <= 128
            && text.chars().all(graphic)
            && !text.contains(self.separator.as_str())
    }
}

fn comma() -> String {
    ",".to_owned()
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
