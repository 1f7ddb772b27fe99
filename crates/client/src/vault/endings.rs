//! What has ended is remembered for as long as somebody may still be on the way from it: their login ends nothing that is
//! there to end, and must not begin anything either.

use mapae_protocol::{
    logout_token::Ended,
    time::{Seconds, Timestamp},
};

use super::{
    StoreError, Vault,
    database::{Statement, values},
    hashed, states,
};
use crate::{identity::EndUser, pending, sign_up};

impl Vault {
    /// Whether the session at the provider has ended.
    pub(crate) async fn has_ended_there(
        &self,
        issuer: &str,
        provider_session: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mark = of_session(issuer, provider_session);
        Ok(self.noted_until(&mark, now).await?.is_some())
    }

    /// Whether everything of a person ended after they were sent to the provider at `begun_at`.
    pub(crate) async fn has_ended_since(
        &self,
        begun_at: Timestamp,
        person: &EndUser,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mark = of_person(person.issuer(), person.subject());
        let noted = self.noted_until(&mark, now).await?;
        Ok(noted.is_some_and(|until| remembered_until(begun_at) <= until))
    }
}

/// Remembers what a provider told of at `now`.
pub(super) fn remember(issuer: &str, ended: &Ended, now: Timestamp) -> Statement {
    let mark = match ended {
        Ended::Session { sid, .. } => of_session(issuer, sid),
        Ended::Everything { sub } => of_person(issuer, sub),
    };
    states::NOTE.with(values![hashed(&mark), remembered_until(now)])
}

/// Remembers that everything of a person has ended here. Whoever begins again in this very second comes in: it is more likely
/// the answer to it than what it was meant to end.
pub(super) fn remember_person(person: &EndUser, now: Timestamp) -> Statement {
    let mark = of_person(person.issuer(), person.subject());
    states::NOTE.with(values![hashed(&mark), remembered_until(now.minus(Seconds::seconds(1)))])
}

/// Who set out at `at` has arrived by then, or never will.
const fn remembered_until(at: Timestamp) -> Timestamp {
    at.plus(sign_up::LIFE).plus(pending::LIFE)
}

fn of_session(issuer: &str, provider_session: &str) -> String {
    format!("ended {issuer} {provider_session}")
}

fn of_person(issuer: &str, subject: &str) -> String {
    format!("everything ended {issuer} {subject}")
}
