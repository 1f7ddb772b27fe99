//! The ways into an account: seen, added and removed by its owner — ASVS V7.5.1.
//!
//! Who changes them has proved a moment ago, in the same session, who they are: a browser that was left open is not enough.

use http::StatusCode;
use mapae_protocol::{
    digest::sha256_base64url,
    time::{Seconds, Timestamp},
};

use crate::{
    class::Class,
    identity::{EndUser, Identity},
    linking::Rule,
    return_to::ReturnTo,
    vault::Method,
};

/// How long it is remembered that a proof was fresh: a login that began while it was fresh may still be under way, and then
/// stand on the page that shows who came.
pub(crate) const REMEMBERED: Seconds = Seconds::minutes(30);

/// A way into an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInMethod {
    /// Its name in forms; no secret, and of no use for another account.
    pub id: String,
    /// The provider, by the name that the application gave to it.
    pub provider: String,
    /// Who this is at the provider.
    pub person: EndUser,
    /// What tells two accounts at one provider apart: an e-mail address, most of it hidden.
    pub hint: Option<String>,
    /// Since when.
    pub added_at: Timestamp,
    /// Whether the session was begun with it.
    pub current: bool,
    /// Whether it can be removed: never the last one that opens the account.
    pub removable: bool,
}

/// What somebody sees of the ways into their account.
#[derive(Clone, Debug)]
pub struct SignInMethods {
    /// The account, by the identity that founded it.
    pub account: EndUser,
    /// The ways in, the oldest first.
    pub methods: Vec<SignInMethod>,
    /// Whether the owner has just proved who they are, so that the ways in can be changed.
    pub fresh: bool,
}

/// Somebody who came from a provider to become another way into an account, and whom its owner must see first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodToAdd {
    /// The provider, by the name that the application gave to it.
    pub provider: String,
    /// Who this is at the provider.
    pub person: EndUser,
    /// What they are called there, for display: a text of strangers.
    pub name: Option<String>,
    /// An e-mail address, most of it hidden.
    pub hint: Option<String>,
    /// What the page posts back, as `mark`, so that nobody else is added than it shows.
    pub mark: String,
    /// Where the owner goes who does not want it.
    pub return_to: ReturnTo,
}

impl MethodToAdd {
    pub(crate) fn of(identity: &Identity, mark: String, return_to: ReturnTo) -> Self {
        Self {
            provider: identity.provider().to_owned(),
            person: identity.person().clone(),
            name: identity.nickname().or_else(|| identity.name()).map(str::to_owned),
            hint: hint(identity),
            mark,
            return_to,
        }
    }
}

/// The ways into an account were changed: its owner should be told, by another road than this browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodChange {
    /// The account, by the identity that founded it.
    pub account: EndUser,
    /// The identity that opens it now, or does not any more.
    pub person: EndUser,
    /// The provider, by the name that the application gave to it.
    pub provider: String,
    /// Whether it was added; otherwise it was removed.
    pub added: bool,
}

/// Why nothing was done with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// Nobody is signed in on this browser.
    #[error("nobody is signed in on this browser")]
    NotSignedIn,
    /// Who is signed in has not proved it a moment ago.
    #[error("the person must prove again who they are")]
    NotFresh,
    /// It is the last way into the account.
    #[error("the last way into an account is not removed")]
    LastMethod,
    /// The account has no such sign-in method.
    #[error("the account has no such sign-in method")]
    UnknownMethod,
    /// What was begun in one session came back to another.
    #[error("another session is here than the one that began")]
    AnotherSession,
    /// Somebody else proved who they are than who is signed in.
    #[error("the proof is of another account than the one that is signed in")]
    AnotherAccount,
    /// There is no term of this name that could be changed.
    #[error("there is no such term, or it is required")]
    UnknownTerm,
    /// Nobody waits in this browser to be added, or somebody else than the page showed.
    #[error("nobody waits here to be added to the account")]
    NothingToAdd,
    /// Where the provider has another name for a person at each app, the one that came was given to another app: it may be
    /// somebody else's by now.
    #[error("the provider gave this name to another app; with this client id it may be another person's")]
    OtherApp,
    /// The linking policy said no, by this rule.
    #[error("the linking policy refused by the rule `{}`", .0.as_str())]
    Refused(Rule),
}

impl AccountError {
    /// Its name, for a front end.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotSignedIn => "not_signed_in",
            Self::NotFresh | Self::Refused(Rule::ConnectNeedsFreshSignIn) => "not_fresh",
            Self::LastMethod => "last_method",
            Self::UnknownMethod => "unknown_method",
            Self::AnotherSession => "another_session",
            Self::AnotherAccount => "another_account",
            Self::UnknownTerm => "unknown_term",
            Self::NothingToAdd => "nothing_to_add",
            Self::OtherApp => "other_app",
            Self::Refused(rule) => rule.as_str(),
        }
    }

    pub(crate) const fn class(self) -> Class {
        match self {
            Self::NotSignedIn | Self::NotFresh | Self::Refused(Rule::ConnectNeedsFreshSignIn) => {
                Class::SignInAgain
            }
            Self::OtherApp | Self::Refused(Rule::AccountClosed | Rule::BelongsToAnother) => Class::Denied,
            Self::LastMethod
            | Self::UnknownMethod
            | Self::AnotherSession
            | Self::AnotherAccount
            | Self::UnknownTerm
            | Self::NothingToAdd
            | Self::Refused(_) => Class::Restart,
        }
    }

    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::NotSignedIn | Self::NotFresh | Self::Refused(Rule::ConnectNeedsFreshSignIn) => {
                StatusCode::UNAUTHORIZED
            }
            Self::LastMethod | Self::OtherApp | Self::Refused(Rule::BelongsToAnother) => StatusCode::CONFLICT,
            Self::UnknownMethod | Self::UnknownTerm | Self::NothingToAdd => StatusCode::NOT_FOUND,
            Self::AnotherSession | Self::AnotherAccount | Self::Refused(_) => StatusCode::FORBIDDEN,
        }
    }
}

/// The issuer of what the application itself proved ([`Client::vouch`](crate::Client::vouch)): no provider's.
const VOUCHED: &str = "urn:mapae:vouched";

/// What stands for the application's own proof of an account among its methods.
pub(crate) fn vouched(account: &EndUser) -> EndUser {
    EndUser::new(VOUCHED, name(account))
}

/// Whether it is a way in by a provider, and not the application's own.
pub(crate) fn is_of_a_provider(method: &Method) -> bool {
    method.person.issuer() != VOUCHED
}

/// The name of a method in forms.
pub(crate) fn name(person: &EndUser) -> String {
    sha256_base64url(format!("{}\0{}", person.issuer(), person.subject()))
}

/// What of an identity is shown beside the provider's name.
pub(crate) fn hint(identity: &Identity) -> Option<String> {
    let address = identity.email()?.address;
    let (local, domain) = address.rsplit_once('@')?;
    let shown: String = local.chars().take(if local.chars().count() > 3 { 2 } else { 1 }).collect();
    Some(format!("{shown}***@{domain}"))
}
