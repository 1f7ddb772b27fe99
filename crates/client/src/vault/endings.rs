//! What has ended, for whoever may still be on the way from it ([`mapae_protocol::tombstone`]).

use mapae_protocol::{
    logout_token::Ended,
    time::{Seconds, Timestamp},
    tombstone::Memory,
};

use super::{
    StoreError, Vault,
    database::{Statement, values},
    hashed, states, taking,
};
use crate::{
    before_proof::BeforeProof,
    identity::{EndUser, Identity},
    pending, sign_up,
};

/// Who comes, in which session of the provider's that began, and when they were sent there; or before whose proof, where the
/// service itself vouches for them. One of the two is there: from nowhere nobody comes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entrant<'a> {
    pub(crate) person: &'a EndUser,
    pub(crate) provider_session: Option<&'a str>,
    pub(crate) begun_at: Option<Timestamp>,
    pub(crate) before: Option<&'a BeforeProof>,
}

impl<'a> Entrant<'a> {
    /// Without a provider: the service itself vouches for them.
    pub(crate) const fn vouched(person: &'a EndUser, before: &'a BeforeProof) -> Self {
        Self { person, provider_session: None, begun_at: None, before: Some(before) }
    }
}

impl<'a> From<&'a Identity> for Entrant<'a> {
    fn from(identity: &'a Identity) -> Self {
        Self {
            person: identity.person(),
            provider_session: identity.provider_session(),
            begun_at: Some(identity.begun_at()),
            before: None,
        }
    }
}

/// For tests of what comes after: nothing can end on this way.
#[cfg(test)]
impl<'a> From<&'a EndUser> for Entrant<'a> {
    fn from(person: &'a EndUser) -> Self {
        Self { person, provider_session: None, begun_at: None, before: None }
    }
}

/// At the provider, and then at the sign-up form.
const ON_THE_WAY: Memory = Memory::of_a_way(pending::LIFE, sign_up::LIFE);

impl Vault {
    /// Whether it has ended meanwhile from where somebody comes: the session at the provider, or, after they were sent there,
    /// everything of theirs.
    pub(crate) async fn has_ended(&self, entrant: &Entrant<'_>, now: Timestamp) -> Result<bool, StoreError> {
        let person = entrant.person;
        if let Some(session) = entrant.provider_session
            && self.noted_until(&of_session(person.issuer(), session), now).await?.is_some()
        {
            return Ok(true);
        }
        let Some(begun_at) = entrant.begun_at else { return Ok(false) };
        let noted = self.noted_until(&of_person(person.issuer(), person.subject()), now).await?;
        Ok(noted.is_some_and(|until| ON_THE_WAY.ended_since(begun_at, until)))
    }
}

/// That nothing of it has ended, and what they were vouched for by still holds, at this point of the unit.
pub(super) fn standing(entrant: &Entrant<'_>, now: Timestamp) -> Vec<Statement> {
    let person = entrant.person;
    let guard = |mark: String, counts_from| states::GUARD.with(values![hashed(&mark), counts_from]).must();
    let everything = entrant
        .begun_at
        .map(|begun_at| guard(of_person(person.issuer(), person.subject()), ON_THE_WAY.until(begun_at)));
    let session = entrant
        .provider_session
        .map(|session| guard(of_session(person.issuer(), session), now.plus(Seconds::seconds(1))));
    let proof = entrant.before.map(taking::unchanged);
    everything.into_iter().chain(session).chain(proof).collect()
}

/// Remembers what a provider told of at `now`.
pub(super) fn remember(issuer: &str, ended: &Ended, now: Timestamp) -> Statement {
    let mark = match ended {
        Ended::Session { sid, .. } => of_session(issuer, sid),
        Ended::Everything { sub } => of_person(issuer, sub),
    };
    states::NOTE.with(values![hashed(&mark), ON_THE_WAY.until(now)])
}

/// Remembers that everything of a person has ended here.
pub(super) fn remember_person(person: &EndUser, now: Timestamp) -> Statement {
    let mark = of_person(person.issuer(), person.subject());
    states::NOTE.with(values![hashed(&mark), ON_THE_WAY.until_but_now(now)])
}

fn of_session(issuer: &str, provider_session: &str) -> String {
    format!("ended {issuer} {provider_session}")
}

fn of_person(issuer: &str, subject: &str) -> String {
    format!("everything ended {issuer} {subject}")
}
