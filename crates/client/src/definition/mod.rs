//! Providers as data: one file says how a provider differs from the protocol's textbook.
//!
//! A definition says where a provider's endpoints are, what it wants to be asked and in which form, how its answers become
//! an [`Identity`](crate::Identity), and what its errors mean. Those of [`PROVIDERS`] are compiled in; an application
//! reads files of its own with [`Definition::parse`]. A definition has no code, and a name that is not known is an error:
//! a file does what it says or nothing.

mod button;
mod check;
mod colour;
#[cfg(test)]
mod documented;
mod errors;
#[cfg(test)]
mod form;
mod likeness;
mod mapping;
mod mark;
mod schema;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

pub use button::{ButtonLook, ButtonUse};
pub(crate) use errors::Place;
pub(crate) use mapping::{Document, TERMS};
pub(crate) use schema::{
    Authentication, Nonce, NoticeProof, NoticeRule, Refresh, ResponseMode, Schema, SecretSource, UnlinkWay,
    UserInfoUse,
};

use mapae_protocol::locale::Locale;

use crate::{
    intent::Intent,
    setting::{ConfigurationError, Setting},
};

/// The version of the form of a definition.
const SCHEMA: u32 = 1;

/// A definition that is compiled in: its id, its text, and its mark, if it has one of its own.
type CompiledIn = (&'static str, &'static str, Option<&'static str>);

macro_rules! compiled_in {
    ($id:literal) => {
        ($id, include_str!(concat!("../../providers/", $id, ".toml")), None)
    };
    ($id:literal, with its mark) => {
        (
            $id,
            include_str!(concat!("../../providers/", $id, ".toml")),
            Some(include_str!(concat!("../../providers/marks/", $id, ".svg"))),
        )
    };
}

/// The definitions that are compiled in.
const PROVIDERS: &[CompiledIn] = &[
    compiled_in!("apple", with its mark),
    compiled_in!("facebook", with its mark),
    compiled_in!("github", with its mark),
    compiled_in!("google", with its mark),
    compiled_in!("kakao", with its mark),
    compiled_in!("naver", with its mark),
    compiled_in!("naver-oidc"),
    compiled_in!("oidc"),
];

fn compiled_in(id: &str) -> Option<&'static CompiledIn> {
    PROVIDERS.iter().find(|(known, ..)| *known == id)
}

/// How a provider is spoken to. Cheap to clone.
///
#[doc = include_str!("../../providers/README.md")]
#[derive(Clone)]
pub struct Definition {
    schema: Arc<Schema>,
    look: Option<Arc<ButtonLook>>,
    vars: BTreeMap<String, String>,
    base: Option<String>,
    openid: bool,
}

/// Why a file is not a definition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionError {
    /// It is not TOML, a name in it is not known, or a value has the wrong form. The text says where.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// It is of another version.
    #[error("its schema is {0}, and {SCHEMA} is read")]
    Version(u32),
    /// It contradicts itself or leaves something out that is needed.
    #[error("`{at}`: {problem}")]
    Wrong {
        /// The name of the value.
        at: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl From<DefinitionError> for ConfigurationError {
    /// For whoever keeps the text of a definition and reads it again.
    fn from(_: DefinitionError) -> Self {
        Self::new(Setting::Providers, "the definition cannot be read")
    }
}

impl Definition {
    /// The definition of this id that is compiled in: `kakao`, `naver`, `naver-oidc`, `google`, `facebook`, `apple`,
    /// `github`, or `oidc` for every OpenID provider.
    ///
    /// # Errors
    /// There is none of this id.
    pub fn named(id: &str) -> Result<Self, ConfigurationError> {
        let unknown = ConfigurationError::new(Setting::Providers, "there is no definition of this id");
        let (_, text, _) = compiled_in(id).ok_or(unknown)?;
        Self::parse(text).map_err(|_| unknown)
    }

    /// Reads a definition.
    ///
    /// # Errors
    /// [`DefinitionError`]
    pub fn parse(text: &str) -> Result<Self, DefinitionError> {
        let schema = likeness::read(text, |id| compiled_in(id).map(|(_, text, _)| *text))?;
        if schema.schema != SCHEMA {
            return Err(DefinitionError::Version(schema.schema));
        }
        check::check(&schema)?;
        let mark = |name: &str| compiled_in(name).and_then(|(.., mark)| *mark);
        let look = schema.button.as_ref().map(|button| ButtonLook::read(button, mark)).transpose()?;
        let openid = schema.openid != schema::OpenId::Never;
        let vars = schema.vars.clone();
        Ok(Self { vars, schema: Arc::new(schema), look: look.map(Arc::new), base: None, openid })
    }

    /// The ids of the definitions that are compiled in.
    pub fn ids() -> impl Iterator<Item = &'static str> {
        PROVIDERS.iter().map(|(id, ..)| *id)
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.schema.id
    }

    /// What people call the provider.
    #[must_use]
    pub fn label(&self, language: Locale) -> &str {
        self.schema.label.in_language(language)
    }

    /// What stands on the provider's button: as its guide for designers has it, or with its name.
    #[must_use]
    pub fn button_words(&self, of: ButtonUse, language: Locale) -> Cow<'_, str> {
        button::words(self.schema.button.as_ref(), of, self.label(language), language)
    }

    /// How the provider's button looks; `None` where nobody prescribes it.
    #[must_use]
    pub fn button_look(&self) -> Option<&ButtonLook> {
        self.look.as_deref()
    }

    /// Whether the provider has a way of its own to do what this intent says. [`Intent::SignIn`] has every provider.
    #[must_use]
    pub fn can(&self, intent: Intent) -> bool {
        intent == Intent::SignIn || self.schema.authorization.intents.contains_key(&intent)
    }

    /// The names of the notices that the provider sends; each wants an address of its own.
    pub fn notices(&self) -> impl Iterator<Item = &str> {
        self.schema.notices.iter().map(|rule| rule.name.as_str())
    }

    /// Whether the provider has another name for a person at each app (Kakao, Naver, Facebook): with another client id, the
    /// same subject may be another person, and accounts of before must not be opened by it.
    #[must_use]
    pub fn names_people_by_app(&self) -> bool {
        self.schema.identity.of_app
    }

    /// Whether the provider lets nobody sign in in a browser inside another app.
    #[must_use]
    pub fn refuses_in_app_browsers(&self) -> bool {
        self.schema.authorization.refuses_in_app_browsers
    }

    /// Whether the provider signs of which organisation somebody is, so that only its people can be let in.
    #[must_use]
    pub fn signs_hosted_domain(&self) -> bool {
        self.schema.authorization.hosted_domain.is_some() && self.is_openid()
    }

    /// Whether any issuer may stand behind it, of which nobody knows how it checks addresses: `issuer` is left open.
    #[must_use]
    pub fn is_generic(&self) -> bool {
        self.schema.issuer == "{issuer}"
    }

    /// The names of the credentials without which nobody can prove the provider's notices.
    #[must_use]
    pub fn notice_credentials(&self) -> BTreeSet<&str> {
        let rules = &self.schema.notices;
        let checked = rules.iter().flat_map(|rule| rule.checks.values());
        let shown = rules.iter().map(|rule| &rule.credential).filter(|name| !name.is_empty());
        checked.chain(shown).map(String::as_str).collect()
    }

    /// The names to which the definition gives a value that can be another one, each with that value.
    pub fn vars(&self) -> impl Iterator<Item = (&str, &str)> {
        self.schema.vars.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// With a value for a name that the definition leaves open, for instance `version` of Facebook ([`vars`](Self::vars)).
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.vars.insert(name.into(), value.into());
        self
    }

    /// At this address instead of the provider's own hosts: a simulator. All endpoints keep their paths; the issuer is the
    /// address. Plain `http` is allowed for `localhost`, `127.0.0.1` and `[::1]`, as it is by
    /// [`ProviderSettings::for_development`](crate::ProviderSettings::for_development), and nowhere else.
    #[must_use]
    pub fn at(mut self, base: impl Into<String>) -> Self {
        self.base = Some(base.into().trim_end_matches('/').to_owned());
        self
    }

    /// Without OpenID Connect, where the provider leaves the choice (Kakao: the switch in its console).
    #[must_use]
    pub fn without_openid(mut self) -> Self {
        self.openid = self.schema.openid == schema::OpenId::Always;
        self
    }

    /// Whether it is spoken to at another address than the provider's own.
    pub(crate) const fn is_moved(&self) -> bool {
        self.base.is_some()
    }

    /// Whether ID tokens are asked for and needed.
    pub(crate) const fn is_openid(&self) -> bool {
        self.openid
    }

    /// Whether the provider's console decides if there are ID tokens.
    pub(crate) fn leaves_openid_open(&self) -> bool {
        self.schema.openid == schema::OpenId::Optional
    }

    /// Whether an ID token says who somebody is, without any profile.
    pub(crate) fn names_people_in_id_tokens(&self) -> bool {
        let mut pointers = self.schema.identity.subject.iter();
        self.is_openid() && pointers.any(|pointer| pointer.starts_with("/id_token/"))
    }

    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The issuer: what ID tokens name, and one half of an account's key.
    pub(crate) fn issuer(&self) -> Result<String, ConfigurationError> {
        match &self.base {
            Some(base) => Ok(base.clone()),
            None => self.fill(&self.schema.issuer),
        }
    }

    /// An address of the definition, at its place.
    pub(crate) fn address(&self, template: &str) -> Result<String, ConfigurationError> {
        let address = self.fill(template)?;
        let Some(base) = &self.base else { return Ok(address) };
        let after_scheme = address.split_once("://").map_or("", |(_, rest)| rest);
        let path = after_scheme.find(['/', '?']).and_then(|at| after_scheme.get(at..)).unwrap_or_default();
        Ok(format!("{base}{path}"))
    }

    /// A text with every `{name}` replaced; names with `$` are left for later.
    pub(crate) fn fill(&self, template: &str) -> Result<String, ConfigurationError> {
        let mut filled = template.to_owned();
        for (name, value) in &self.vars {
            filled = filled.replace(&format!("{{{name}}}"), value);
        }
        if filled.replace("{$", "").contains('{') {
            let problem = "a name that the definition leaves open has no value";
            return Err(ConfigurationError::new(Setting::Providers, problem));
        }
        Ok(filled)
    }

    /// Where in the provider's console a setting is, if the definition says so.
    #[must_use]
    pub fn advice(&self, setting: Setting, language: Locale) -> Option<&str> {
        let advice = self.schema.console.get(setting.name())?;
        Some(advice.in_language(language))
    }
}

impl fmt::Debug for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Definition")
            .field("id", &self.schema.id)
            .field("vars", &self.vars)
            .field("base", &self.base)
            .field("openid", &self.openid)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_definition_can_be_read_and_says_what_people_see() {
        for id in Definition::ids() {
            let definition = Definition::parse(PROVIDERS.iter().find(|(known, ..)| *known == id).unwrap().1);
            let definition = definition.unwrap_or_else(|error| panic!("{id}: {error}"));
            assert_eq!(definition.id(), id);
            for language in [Locale::Ko, Locale::En] {
                assert!(!definition.label(language).is_empty());
            }
        }
        assert_eq!(Definition::named("orkut").unwrap_err().setting(), Setting::Providers);
    }

    #[test]
    fn one_setting_points_a_definition_at_a_simulator() {
        let kakao = Definition::named("kakao").unwrap();
        let endpoints = &kakao.schema().endpoints;
        let user_info = endpoints.user_info.as_deref().unwrap();
        assert_eq!(kakao.address(user_info).unwrap(), "https://kapi.kakao.com/v2/user/me");
        let simulated = kakao.clone().at("http://localhost:9100/");
        assert_eq!(simulated.address(user_info).unwrap(), "http://localhost:9100/v2/user/me");
        assert_eq!(simulated.issuer().unwrap(), "http://localhost:9100");
        let facebook =
            Definition::named("facebook").unwrap().with("version", "v99.0").at("http://localhost:9103");
        let token = facebook.schema().endpoints.token.clone().unwrap();
        assert_eq!(facebook.address(&token).unwrap(), "http://localhost:9103/v99.0/oauth/access_token");
        assert_eq!(facebook.vars().collect::<Vec<_>>(), [("version", "v25.0")], "as the definition has it");
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        let text = PROVIDERS.iter().find(|(id, ..)| *id == "kakao").unwrap().1;
        let with = |line: &str| Definition::parse(&format!("{line}\n{text}")).unwrap_err();
        assert!(matches!(with("surprise = 1"), DefinitionError::Unreadable(_)));
        let newer = Definition::parse(&text.replacen("schema = 1", "schema = 2", 1));
        assert_eq!(newer.unwrap_err(), DefinitionError::Version(2));
        let misspelt = Definition::parse(&text.replacen("separator", "seperator", 1));
        assert!(matches!(misspelt, Err(DefinitionError::Unreadable(text)) if text.contains("seperator")));
    }
}
