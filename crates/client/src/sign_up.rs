//! The sign-up step: what a first-time person is asked before there is an account.

use std::collections::BTreeMap;

use mapae_protocol::{
    locale::Locale,
    params::{Limits, Params},
    time::{Seconds, Timestamp},
};
use serde::{Deserialize, Serialize};

pub(crate) use crate::secret_id::SignUpId;
use crate::{
    identity::{EndUser, Identity},
    linking::AddressUse,
    redirect::Redirect,
    return_to::ReturnTo,
    setting::{ConfigurationError, Setting},
    terms::{self, Agreed, Term},
    titles::Titles,
    tokens::Tokens,
};

/// How long a person may take to answer the form; then the sign-up is cleaned up.
pub(crate) const LIFE: Seconds = Seconds::days(1);

/// For how long the provider's word lets somebody into an account that there is already: one that was made meanwhile, or one
/// that has new terms to agree to. A browser that was left at the form is not a key to what its visitor made elsewhere.
const SIGN_IN_LIFE: Seconds = Seconds::minutes(30);

/// Longest form that is read.
pub(crate) const FORM: Limits = Limits { bytes: 16 * 1_024, fields: 64 };

/// Why a sign-up cannot be finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignUpError {
    /// Nobody waits under this browser's cookie: it took too long, or it is done.
    #[error("no sign-up waits in this browser")]
    NotWaiting,
    /// The form cannot be read.
    #[error("the sign-up form is malformed")]
    Malformed,
    /// There may be an account of this person already, and its owner must be there to connect the two: see
    /// [`Client::prove_account`](crate::Client::prove_account).
    #[error("an account must be proved before the identity is connected to it")]
    ProofNeeded,
}

/// A field of the sign-up form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    name: String,
    required: bool,
    agreement: bool,
    max_chars: usize,
    titles: Titles,
}

impl Field {
    /// A line of text that must be there, of at most 100 characters.
    #[must_use]
    pub fn required(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            required: true,
            agreement: false,
            max_chars: 100,
            titles: Titles::default(),
        }
    }

    /// A line of text that may be left empty.
    #[must_use]
    pub fn optional(name: impl Into<String>) -> Self {
        Self { required: false, ..Self::required(name) }
    }

    /// A box that must be ticked: the service's terms.
    #[must_use]
    pub fn agreement(name: impl Into<String>) -> Self {
        Self { agreement: true, ..Self::required(name) }
    }

    /// With another limit of characters.
    #[must_use]
    pub const fn max_chars(mut self, limit: usize) -> Self {
        self.max_chars = limit;
        self
    }

    /// With the title that people read, in Korean and in English. Default: the name.
    #[must_use]
    pub fn titled(mut self, korean: impl Into<String>, english: impl Into<String>) -> Self {
        self.titles = Titles::of(korean, english);
        self
    }

    /// The name in the form.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What people read.
    #[must_use]
    pub fn title(&self, language: Locale) -> &str {
        self.titles.read(&self.name, language)
    }

    /// Whether it must be answered.
    #[must_use]
    pub const fn is_required(&self) -> bool {
        self.required
    }

    /// Whether it is a box to tick.
    #[must_use]
    pub const fn is_agreement(&self) -> bool {
        self.agreement
    }

    /// The most characters that it takes.
    #[must_use]
    pub const fn limit(&self) -> usize {
        self.max_chars
    }
}

/// What is wrong with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field's name.
    pub field: String,
    /// What is wrong with its answer.
    pub kind: ProblemKind,
}

/// Kinds of problems.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// It must be answered.
    Missing,
    /// It has too many characters.
    TooLong,
    /// The application says no, in these words for the person.
    Refused(String),
}

impl Problem {
    /// The application does not take the answer to `field`, for a reason in words for the person.
    #[must_use]
    pub fn refused(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { field: field.into(), kind: ProblemKind::Refused(reason.into()) }
    }
}

/// The answers to a sign-up form: trimmed, within their limits, only declared fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    fields: BTreeMap<String, String>,
    /// Whether the declared fields were on the page.
    asked: bool,
    agreed: Vec<Agreed>,
    address: AddressUse<EndUser>,
}

impl Answers {
    /// The answer to a field; `None` if it was left empty.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field).map(String::as_str)
    }

    /// Whether a box was ticked.
    #[must_use]
    pub fn agreed(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    /// The terms that were agreed to, each with its version. The client keeps them
    /// ([`Client::agreements`](crate::Client::agreements)); an application with a register of its own notes them there, too.
    pub fn terms(&self) -> impl Iterator<Item = (&str, &str)> {
        self.agreed.iter().map(|Agreed { term, version }| (term.as_str(), version.as_str()))
    }

    /// What the linking policy lets the application note of the provider's e-mail address, in its
    /// [canonical form](crate::linking::EmailAddress), which is how [`Accounts::holder`](crate::Accounts::holder) is
    /// asked for it.
    #[must_use]
    pub const fn address_use(&self) -> &AddressUse<EndUser> {
        &self.address
    }

    pub(crate) const fn were_asked(&self) -> bool {
        self.asked
    }

    pub(crate) fn agreed_terms(&self) -> Vec<Agreed> {
        self.agreed.clone()
    }

    pub(crate) fn with_terms(mut self, agreed: Vec<Agreed>) -> Self {
        self.agreed = agreed;
        self
    }

    pub(crate) fn with_address(mut self, address: AddressUse<EndUser>) -> Self {
        self.address = address;
        self
    }
}

/// The fields of the application's sign-up form.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(Vec<Field>);

impl Fields {
    pub(crate) fn new(fields: Vec<Field>) -> Result<Self, ConfigurationError> {
        let mut names: Vec<&str> = fields.iter().map(Field::name).collect();
        names.sort_unstable();
        names.dedup();
        if names.len() != fields.len() || names.iter().any(|name| name.is_empty()) {
            return Err(ConfigurationError::new(Setting::SignUpFields, "a name is empty or there twice"));
        }
        if names.iter().any(|name| name.starts_with(terms::PREFIX)) {
            return Err(ConfigurationError::new(
                Setting::SignUpFields,
                "`term.` stands before names of terms",
            ));
        }
        Ok(Self(fields))
    }

    /// Without fields there is no sign-up step: the account is made at once.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn as_slice(&self) -> &[Field] {
        &self.0
    }

    /// Takes the declared fields out of a form; what is wrong with them is data, not an error.
    pub(crate) fn read(&self, form: &[u8]) -> Result<(Answers, Vec<Problem>), SignUpError> {
        let params = Params::parse(form, FORM).map_err(|_| SignUpError::Malformed)?;
        let (mut answers, mut problems) = (BTreeMap::new(), Vec::new());
        for field in &self.0 {
            let value = params.one(&field.name).map_err(|_| SignUpError::Malformed)?;
            let value = value.map(str::trim).filter(|value| !value.is_empty());
            let kind = match value {
                None if field.required => Some(ProblemKind::Missing),
                Some(value) if value.chars().count() > field.max_chars => Some(ProblemKind::TooLong),
                _ => None,
            };
            problems.extend(kind.map(|kind| Problem { field: field.name.clone(), kind }));
            answers.extend(value.map(|value| (field.name.clone(), value.to_owned())));
        }
        Ok((Answers { fields: answers, asked: true, ..Answers::default() }, problems))
    }
}

/// Everything that a page needs to show the form.
#[derive(Clone, Debug)]
pub struct SignUpForm {
    /// Who is signing up.
    pub identity: Identity,
    /// The declared fields; none for somebody who has an account, and is asked for new terms only.
    pub fields: Vec<Field>,
    /// The terms to agree to, each by a box called [`Term::field`] with the version as its value, not ticked.
    pub terms: Vec<Term>,
    /// What was answered before, to be filled in again.
    pub answers: Answers,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// What came of a sign-up form.
#[derive(Debug)]
pub enum SignUpOutcome {
    /// There is an account now, and a session.
    Done(Redirect),
    /// The form must be shown again.
    Again(Box<SignUpForm>),
}

impl SignUpForm {
    /// Whether nothing is asked but to agree to terms.
    #[must_use]
    pub const fn is_for_terms_only(&self) -> bool {
        self.fields.is_empty()
    }
}

/// Somebody who proved who they are and has no account yet.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) identity: Identity,
    pub(crate) tokens: Tokens,
    pub(crate) return_to: ReturnTo,
    pub(crate) expires_at: Timestamp,
    /// Not to sign up, but to become another way into an account.
    pub(crate) adding: Option<Adding>,
}

/// To which account somebody is added, and in which session that began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Adding {
    pub(crate) account: EndUser,
    /// The name of the session.
    pub(crate) sid: String,
    pub(crate) begun_at: i64,
}

#[derive(Serialize, Deserialize)]
struct Plain {
    identity: Identity,
    tokens: String,
    return_to: ReturnTo,
    expires_at: i64,
    #[serde(default)]
    adding: Option<Adding>,
}

impl Waiting {
    /// Whether it is not too late to sign in to an account that there is already.
    pub(crate) fn can_sign_in(&self, now: Timestamp) -> bool {
        now < self.expires_at.minus(LIFE).plus(SIGN_IN_LIFE)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let plain = Plain {
            identity: self.identity.clone(),
            tokens: String::from_utf8(self.tokens.to_bytes()).unwrap_or_default(),
            return_to: self.return_to.clone(),
            expires_at: self.expires_at.unix(),
            adding: self.adding.clone(),
        };
        // JSON of what came as JSON: this cannot fail, and an empty row would be unreadable, not wrong.
        serde_json::to_vec(&plain).unwrap_or_default()
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let plain: Plain = serde_json::from_slice(bytes).ok()?;
        Some(Self {
            identity: plain.identity,
            tokens: Tokens::from_bytes(plain.tokens.as_bytes())?,
            return_to: plain.return_to,
            expires_at: Timestamp::from_unix(plain.expires_at),
            adding: plain.adding,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Fields {
        let fields = vec![
            Field::required("nickname").max_chars(3),
            Field::optional("city"),
            Field::agreement("terms"),
        ];
        Fields::new(fields).unwrap()
    }

    #[test]
    fn a_field_is_read_by_its_title_and_without_one_by_its_name() {
        let titled = Field::required("nickname").titled("별명", "Nickname");
        assert_eq!((titled.title(Locale::Ko), titled.title(Locale::En)), ("별명", "Nickname"));
        assert_eq!(Field::optional("city").title(Locale::Ko), "city");
    }

    #[test]
    fn only_declared_fields_are_taken() {
        let (answers, problems) =
            fields().read("nickname=+%ED%95%9C%EA%B8%80+&terms=on&admin=1".as_bytes()).unwrap();
        assert_eq!(problems, []);
        assert_eq!((answers.text("nickname"), answers.text("city")), (Some("한글"), None));
        assert!(answers.agreed("terms") && answers.text("admin").is_none());
    }

    #[test]
    fn se_32_missing_fields_never_pass() {
        let (_, problems) = fields().read(b"").unwrap();
        let missing: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(missing, ["nickname", "terms"]);
        let (_, problems) = fields().read("nickname=abcd&terms=on".as_bytes()).unwrap();
        assert_eq!(problems, [Problem { field: "nickname".into(), kind: ProblemKind::TooLong }]);
        assert_eq!(fields().read(b"nickname=a&nickname=b").err(), Some(SignUpError::Malformed));
        assert_eq!(fields().read(&[b'a'; 20_000]).err(), Some(SignUpError::Malformed));
    }

    #[test]
    fn names_are_unique() {
        for fields in [vec![Field::required("a"), Field::optional("a")], vec![Field::required("")]] {
            assert_eq!(Fields::new(fields).unwrap_err().setting(), Setting::SignUpFields);
        }
    }
}
