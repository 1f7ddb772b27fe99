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

/// Who says that an e-mail address is the person's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    /// Nobody.
    #[default]
    None,
    /// The provider, which sent a mail to it at some time. It may be somebody else's by now.
    ByProvider,
    /// The provider, which hosts the address's mail itself.
    ByMailHost,
}

/// A date of birth, as much of it as the person let the provider say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BirthDate {
    /// The year.
    pub year: Option<u16>,
    /// Month and day.
    pub month_and_day: Option<(u8, u8)>,
}

/// An e-mail address as a provider gives it. Never a key, never a reason to link accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Email {
    /// The address.
    pub address: String,
    /// Who says that it is the person's.
    pub verification: Verification,
    /// Whether the provider only passes mail on from it, until the person has enough of that (Apple). It is nobody's
    /// address anywhere else.
    pub is_relay: bool,
}

impl Email {
    /// Whether the provider says that it checked the address (OIDC Core §5.1, `email_verified`).
    #[must_use]
    pub const fn is_verified(&self) -> bool {
        !matches!(self.verification, Verification::None)
    }
}

/// A term of the service itself that the provider's page showed (Kakao Sync).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderTerm {
    /// By what the provider's console knows it.
    pub tag: String,
    /// Whether there is no sign-up without it.
    pub required: bool,
    /// Whether the person agrees to it now.
    pub agreed: bool,
    /// When they agreed last.
    pub agreed_at: Option<Timestamp>,
}

/// Who signed in, proved by an ID token or asked of the provider, in the same form whoever the provider is: claims have
/// the names of OIDC Core §5.1.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    person: EndUser,
    provider: String,
    #[serde(default)]
    session: Option<String>,
    #[serde(default)]
    begun_at: i64,
    auth_time: Option<i64>,
    acr: Option<String>,
    amr: Vec<String>,
    claims: Map<String, Value>,
    emails: Vec<Email>,
    granted: Vec<String>,
    refused: Vec<String>,
    #[serde(default)]
    terms: Option<Vec<ProviderTerm>>,
    #[serde(default)]
    given_to: Option<String>,
}

/// What an ID token says of the protocol and not of the person.
const NOT_OF_THE_PERSON: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "nbf",
    "auth_time",
    "nonce",
    "nonce_supported",
    "at_hash",
    "c_hash",
    "azp",
    "acr",
    "amr",
    "sid",
];

/// What a provider's answers mean, by the pointers of its definition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mapped {
    pub(crate) subject: String,
    pub(crate) claims: Map<String, Value>,
    pub(crate) emails: Vec<Email>,
    pub(crate) granted: Vec<String>,
    pub(crate) refused: Vec<String>,
    pub(crate) terms: Option<Vec<ProviderTerm>>,
}

impl Identity {
    /// From what was mapped, and the ID token if there is one.
    pub(crate) fn new(provider: &str, person: EndUser, token: Option<IdTokenClaims>, mapped: Mapped) -> Self {
        let mut claims = mapped.claims;
        claims.retain(|name, _| !NOT_OF_THE_PERSON.contains(&name.as_str()));
        Self {
            person,
            provider: provider.to_owned(),
            session: token.as_ref().and_then(|token| token.sid.clone()),
            begun_at: 0,
            auth_time: token.as_ref().and_then(|token| token.auth_time).map(Timestamp::unix),
            acr: token.as_ref().and_then(|token| token.acr.clone()),
            amr: token.map(|token| token.amr).unwrap_or_default(),
            claims,
            emails: mapped.emails,
            granted: mapped.granted,
            refused: mapped.refused,
            terms: mapped.terms,
            given_to: None,
        }
    }

    /// With the app for which the provider calls the person so.
    pub(crate) fn with_app(mut self, app: Option<&str>) -> Self {
        self.given_to = app.map(str::to_owned);
        self
    }

    /// Our client id at the provider, where it has another name for a person at each app.
    pub(crate) fn given_to(&self) -> Option<&str> {
        self.given_to.as_deref()
    }

    /// With when the login began that proved it.
    pub(crate) const fn with_beginning(mut self, at: Timestamp) -> Self {
        self.begun_at = at.unix();
        self
    }

    /// Nobody vouches for its addresses.
    pub(crate) fn distrust_emails(&mut self) {
        for email in &mut self.emails {
            email.verification = Verification::None;
        }
    }

    /// When the person was sent to the provider.
    #[must_use]
    pub const fn begun_at(&self) -> Timestamp {
        Timestamp::from_unix(self.begun_at)
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

    /// What the provider calls the session in which they signed in there (`sid`), if it tells when that ends.
    #[must_use]
    pub fn provider_session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// The full name, for display: people choose it, and at some providers the browser brings it unsigned.
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
        self.emails.first().cloned()
    }

    /// All e-mail addresses, each with who says that it is the person's.
    #[must_use]
    pub fn emails(&self) -> &[Email] {
        &self.emails
    }

    /// The phone number, digits after a plus where the country is known.
    #[must_use]
    pub fn phone(&self) -> Option<&str> {
        self.text("phone_number")
    }

    /// `female`, `male`, or what an OpenID provider says.
    #[must_use]
    pub fn gender(&self) -> Option<&str> {
        self.text("gender")
    }

    /// The range of ages: `20-29`, or `90-` without an end.
    #[must_use]
    pub fn age_range(&self) -> Option<&str> {
        self.text("age_range")
    }

    /// The date of birth, as much of it as is known.
    #[must_use]
    pub fn birth_date(&self) -> Option<BirthDate> {
        let text = self.text("birthdate")?;
        let mut parts = text.splitn(3, '-');
        let year = parts.next()?.parse().ok().filter(|year| *year != 0);
        let month_and_day = match (parts.next(), parts.next()) {
            (Some(month), Some(day)) => Some((month.parse().ok()?, day.parse().ok()?)),
            _ => None,
        };
        (year.is_some() || month_and_day.is_some()).then_some(BirthDate { year, month_and_day })
    }

    /// Items that the person is known to have granted, by the names that the provider's console has for them, or by those of
    /// scopes where items are scopes (Google).
    #[must_use]
    pub fn granted_items(&self) -> &[String] {
        &self.granted
    }

    /// Items that the person is known to have refused and can be asked for again
    /// ([`LoginRequest::asking_for`](crate::LoginRequest::asking_for)).
    #[must_use]
    pub fn refused_items(&self) -> &[String] {
        &self.refused
    }

    /// The service's own terms that the provider's page showed, each with whether the person agrees to it: those of the
    /// provider's console, if the registration says that they are read
    /// ([`ClientRegistration::with_terms`](crate::ClientRegistration::with_terms)). Empty also where the provider could not
    /// be asked: then nobody is known to have agreed to anything ([`terms_are_known`](Self::terms_are_known)).
    #[must_use]
    pub fn provider_terms(&self) -> &[ProviderTerm] {
        self.terms.as_deref().unwrap_or_default()
    }

    /// Whether the provider said what became of the service's terms. If it did not, that none is
    /// [open](Self::open_terms) does not mean that all were agreed to: ask at the next login, or by terms of your own.
    #[must_use]
    pub const fn terms_are_known(&self) -> bool {
        self.terms.is_some()
    }

    /// Those of them to which the person has not agreed, and for which they can be asked
    /// ([`LoginRequest::asking_for_terms`](crate::LoginRequest::asking_for_terms)). Nobody is known to have agreed to anything
    /// where the terms are not [known](Self::terms_are_known), though none is open then.
    pub fn open_terms(&self) -> impl Iterator<Item = &ProviderTerm> {
        self.provider_terms().iter().filter(|term| !term.agreed)
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
