//! Notices of a provider: what is over ends in the unit that takes the notice, so that a repeat of one that was carried
//! out ends nothing of later.

use mapae_protocol::time::{Seconds, Timestamp};

use super::{
    StoreError, Vault,
    database::{Statement, values},
    hashed, methods, sessions, states, tokens,
};
use crate::notice::{EventKind, ProviderEvent};

/// A notice that is about to be carried out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard<'a> {
    /// By what a repeat of it is known; without one each repeat is carried out anew.
    pub(crate) name: Option<&'a str>,
    /// How long nobody else may carry it out.
    pub(crate) taken_until: Timestamp,
    pub(crate) events: &'a [ProviderEvent],
}

impl Vault {
    /// Ends what is over by a notice; `false`, and nothing changed, if it was or is carried out already.
    pub(crate) async fn end_as_heard(&self, heard: &Heard<'_>, now: Timestamp) -> Result<bool, StoreError> {
        let mut unit = Vec::new();
        if let Some(name) = heard.name {
            let (taken, counts_from) = (hashed(&taken(name)), now.plus(Seconds::seconds(1)));
            unit.push(states::SWEEP.with(values![now]));
            unit.push(states::TAKE.with(values![taken, heard.taken_until, now]).must());
            // By whoever had it until a moment ago.
            unit.push(states::GUARD.with(values![hashed(name), counts_from]).must());
        }
        unit.extend(heard.events.iter().flat_map(|event| ended_by(event, now)));
        Ok(self.database.commit_all(unit).await?.is_some())
    }

    /// Remembers until then that a notice was carried out, by all that it is known by.
    pub(crate) async fn note_heard(&self, names: &[String], until: Timestamp) -> Result<(), StoreError> {
        let note = |name: &String| states::NOTE.with(values![hashed(name), until]);
        self.database.commit_all(names.iter().map(note).collect()).await.map(drop)
    }

    /// Lets a notice that was taken until then be told again: it has failed half-way.
    pub(crate) async fn release_heard(&self, name: &str, taken_until: Timestamp) -> Result<(), StoreError> {
        self.release(&taken(name), taken_until).await
    }
}

/// That somebody carries out the notice of this name. Not the name itself, which says that somebody has.
fn taken(name: &str) -> String {
    format!("taken {name}")
}

fn ended_by(event: &ProviderEvent, now: Timestamp) -> Vec<Statement> {
    let person = &event.person;
    match event.kind {
        EventKind::Resumed
        | EventKind::ProfileChanged
        | EventKind::RelayStopped
        | EventKind::RelayResumed => Vec::new(),
        EventKind::SessionsRevoked => sessions::ending(person, now).into(),
        EventKind::Unlinked | EventKind::TokensRevoked | EventKind::Suspended => {
            tokens::forgetting(person, now).into()
        }
        EventKind::DataDeletionRequested => {
            let mut unit = Vec::from(tokens::forgetting(person, now));
            // What is kept of what the provider said about the person.
            unit.push(methods::forget_hint(person));
            unit
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever took it may have died over it, and the application has not heard of it then.
    #[tokio::test]
    async fn lk_12_a_notice_is_carried_out_by_one_at_a_time_until_somebody_has() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(folder.path().join("client.db")).unwrap();
        let at = Timestamp::from_unix;
        let take = async |now: i64| {
            let heard = Heard { name: Some("notice"), taken_until: at(now + 60), events: &[] };
            vault.end_as_heard(&heard, at(now)).await.unwrap()
        };
        assert!(take(1_000).await && !take(1_059).await);
        assert!(take(1_060).await, "whoever had it is taken for dead");
        vault.release_heard("notice", at(1_060)).await.unwrap();
        assert!(!take(1_061).await, "and gives back nothing that is another's by now");
        vault.release_heard("notice", at(1_120)).await.unwrap();
        assert!(take(1_062).await, "which failed");
        vault.note_heard(&["notice".to_owned()], at(9_000)).await.unwrap();
        vault.release_heard("notice", at(1_122)).await.unwrap();
        assert!(!take(1_063).await && !take(8_999).await && take(9_000).await);
    }
}
