//! A person's link to the service as it is at one moment: it ends as it was then, however long the provider takes to
//! hear of it.

use mapae_protocol::time::Timestamp;

use super::{
    Kept, StoreError, Vault,
    database::values,
    endings,
    sessions::{END, OF_PERSON},
    sign_ups, tokens,
};
use crate::identity::EndUser;

/// How many sessions end in one unit. Few have more; whoever had thousands would otherwise not be done in time.
const AT_ONCE: usize = 64;

/// What there is of a person: the version of their tokens, and the names of their sessions.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) person: EndUser,
    version: Option<i64>,
    sessions: Vec<String>,
}

impl Link {
    /// Whether these tokens are a part of it, or what its own were refreshed to; not those of a later login.
    pub(crate) fn has(&self, kept: &Kept) -> bool {
        self.version.is_some_and(|version| kept.is_of(version))
    }
}

impl Vault {
    /// What there is of a person at this moment. Whoever set out before its second does not arrive any more, so that
    /// whatever is added comes of a login that was begun later.
    pub(crate) async fn link(&self, person: &EndUser, now: Timestamp) -> Result<Link, StoreError> {
        let unit = [
            // First: a login that is arriving has done so, and is found below, or it fails.
            endings::remember_person(person, now),
            sign_ups::forget(person),
            tokens::looking(person),
            OF_PERSON.with(values![person.issuer(), person.subject()]),
        ];
        // None of them must do anything: the unit happens.
        let [_, _, version, sessions] = self.database.commit(unit).await?.ok_or(StoreError::Busy)?;
        let version = version.row().map(|mut row| row.int()).transpose()?;
        let sessions = sessions.rows.into_iter().map(|mut row| row.text()).collect::<Result<_, _>>()?;
        Ok(Link { person: person.clone(), version, sessions })
    }

    /// Removes the tokens of a link and ends its sessions. What has come since stays.
    pub(crate) async fn end_link(&self, link: &Link) -> Result<(), StoreError> {
        let tokens = link.version.map(|version| tokens::forgetting_descent(&link.person, version));
        let sessions = link.sessions.iter().map(|name| END.with(values![name]));
        let ends: Vec<_> = tokens.into_iter().chain(sessions).collect();
        for some in ends.chunks(AT_ONCE) {
            self.database.commit_all(some.to_vec()).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::sessions::BEGIN;

    #[tokio::test]
    async fn rp_29_a_link_ends_whole_however_many_sessions_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(folder.path().join("client.db")).unwrap();
        let (now, person) = (Timestamp::from_unix(1_000), EndUser::new("https://issuer.example", "bob"));
        let begin = async |name: String| {
            let (issuer, subject, ends) = (person.issuer(), person.subject(), Timestamp::from_unix(9_000));
            let session = values![name, issuer, subject, None::<&str>, now, ends];
            vault.database.write(BEGIN.with(session)).await.unwrap();
        };
        for one in 0..=2 * AT_ONCE {
            begin(format!("session {one}")).await;
        }
        let link = vault.link(&person, now).await.unwrap();
        begin("later".to_owned()).await;
        vault.end_link(&link).await.unwrap();
        assert_eq!(vault.link(&person, now).await.unwrap().sessions, ["later"]);
    }
}
