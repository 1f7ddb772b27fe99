//! What has ended, for whoever may still be on the way from it ([`mapae_protocol::ending`]).

use mapae_protocol::{ending::Memory, logout_token::Ended, time::Timestamp};

use super::{
    StoreError, Vault,
    database::{Statement, values},
    hashed, states,
};
use crate::{identity::EndUser, pending, sign_up};

/// At the provider, and then at the sign-up form.
const ON_THE_WAY: Memory = Memory::of_a_way(pending::LIFE, sign_up::LIFE);

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
        Ok(noted.is_some_and(|until| ON_THE_WAY.ended_since(begun_at, until)))
    }
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
