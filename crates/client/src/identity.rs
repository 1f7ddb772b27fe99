//! Who somebody is, by a provider's word — OIDC Core §2, OIDC Core §5.1.

use std::fmt;

use mapae_protocol::{id_token::IdTokenClaims, time::Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A person at a provider: the issuer and the subject, and nothing else.
///
/// This is the only key of an account (OIDC Core §5.7). E-mail addresses and names change hands and are not
/// part of it. Two are equal when both texts are, byte for byte.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EndUser {
    issuer: String,
    subject: String,
}

impl EndUser {
    /// The person whom `issuer` calls `subject`.
    #[must_use]
    pub fn new(issuer: impl Into<String>, subject: impl Into<String>) -> Self {
        Self { issuer: issuer.into(), subject: subject.into() }
    }

    /// The provider's issuer identifier.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The provider's name for the person, never reassigned.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

impl fmt::Debug for EndUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EndUser({} at {})", self.subject, self.issuer)
    }
}

/// An e-mail address as a provider gives it. Never a key, never a reason to link accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// The address.
    pub address: String,
    /// Whether the provider says that it checked the address (OIDC Core §5.1, `email_verified`).
    pub verified_by_provider: bool,
}

/// Who signed in, proved by an ID token and completed by UserInfo.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    person: EndUser,
    provider: String,
    auth_time: Option<i64>,
    acr: Option<String>,
    amr: Vec<String>,
    claims: Map<String, Value>,
}

impl Identity {
    /// From a verified ID token and the UserInfo answer with the same subject; the latter is fresher.
    pub(crate) fn new(provider: &str, token: IdTokenClaims, user_info: Map<String, Value>) -> Self {
        let mut claims = token.extra;
        claims.extend(user_info);
        claims.remove("sub");
        Self {
            person: EndUser::new(token.iss, token.sub),
            provider: provider.to_owned(),
            auth_time: token.auth_time.map(Timestamp::unix),
            acr: token.acr,
            amr: token.amr,
            claims,
        }
    }

    /// The key of the account.
    #[must_use]
    pub const fn person(&self) -> &EndUser {
        &self.person
    }

    /// The name that the application gave to the provider.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The full name, for display.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.text("name")
    }

    /// What the person is called, for display; not unique.
    #[must_use]
    pub fn nickname(&self) -> Option<&str> {
        self.text("nickname")
    }

    /// The address of a picture.
    #[must_use]
    pub fn picture(&self) -> Option<&str> {
        self.text("picture")
    }

    /// The language that the person reads, as a BCP 47 tag.
    #[must_use]
    pub fn locale(&self) -> Option<&str> {
        self.text("locale")
    }

    /// The e-mail address; that there is none is normal.
    #[must_use]
    pub fn email(&self) -> Option<Email> {
        let address = self.text("email")?.to_owned();
        // Only the boolean counts: a text "false" is true in some languages.
        let verified_by_provider = self.claims.get("email_verified") == Some(&Value::Bool(true));
        Some(Email { address, verified_by_provider })
    }

    /// When the person last proved who they are at the provider, if it says so.
    #[must_use]
    pub fn auth_time(&self) -> Option<Timestamp> {
        self.auth_time.map(Timestamp::from_unix)
    }

    /// How strong the sign-in was, in the provider's words.
    #[must_use]
    pub fn acr(&self) -> Option<&str> {
        self.acr.as_deref()
    }

    /// By which methods the person signed in (RFC 8176 §2).
    #[must_use]
    pub fn amr(&self) -> &[String] {
        &self.amr
    }

    /// Every other claim, as the provider sent it: check types before use.
    #[must_use]
    pub const fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str().filter(|text| !text.is_empty())
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Claims are personal data: their names are enough for a log.
        let names: Vec<&String> = self.claims.keys().collect();
        f.debug_struct("Identity")
            .field("person", &self.person)
            .field("claims", &names)
            .finish_non_exhaustive()
    }
}
