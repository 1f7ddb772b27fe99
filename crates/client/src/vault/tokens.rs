//! Provider tokens, sealed; each change makes a new version, so that a late writer can see that it is late.
//!
//! The first version of what a login brought is a random number, and a refresh makes the next one: a row that is removed
//! and made again never has one of before, and it can be told what came of which login.

use mapae_protocol::{random, seal::Sealer, time::Timestamp};

use super::{
    Entry, Lease, ProviderTokens, StoreError, Vault,
    database::{Row, Statement, statements, values},
    endings,
    leases::Standing,
    sessions,
};
use crate::{
    identity::EndUser,
    tokens::{AccessToken, Tokens},
};

const TABLE: &str = "tokens";

/// More refreshes than what one login brought ever sees, and next to nothing among all versions.
const REFRESHES: i64 = 1 << 32;

statements! {
    KEEP = "INSERT INTO tokens (issuer, subject, provider, sealed, version) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (issuer, subject) DO UPDATE
        SET provider = excluded.provider, sealed = excluded.sealed, version = excluded.version";
    FIND = "SELECT provider, sealed, version FROM tokens WHERE issuer = $1 AND subject = $2";
    /// Of a vault in which its key is not noted yet: it is known by what it sealed.
    SEALED = "SELECT issuer, subject, provider, sealed FROM tokens
        WHERE NOT EXISTS (SELECT 1 FROM vault_keys WHERE number = $1) LIMIT 1000";
    VERSION = "SELECT version FROM tokens WHERE issuer = $1 AND subject = $2";
    SUCCEED = "UPDATE tokens SET sealed = $1, version = $2
        WHERE issuer = $3 AND subject = $4 AND version = $5";
    // Under the version that it has: whoever is refreshing them goes on, and what they bring counts.
    MARK = "UPDATE tokens SET sealed = $1 WHERE issuer = $2 AND subject = $3 AND version = $4";
    BURY = "DELETE FROM tokens WHERE issuer = $1 AND subject = $2 AND version = $3";
    FORGET = "DELETE FROM tokens WHERE issuer = $1 AND subject = $2";
    FORGET_DESCENT = "DELETE FROM tokens WHERE issuer = $1 AND subject = $2 AND version BETWEEN $3 AND $4";
}

/// A person's tokens as they are kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// The name of the provider that refreshes them.
    pub(crate) provider: String,
    pub(crate) tokens: Tokens,
    version: i64,
}

impl Kept {
    /// Whether they are the tokens of this version, or what these were refreshed to since.
    pub(super) fn is_of(&self, version: i64) -> bool {
        (version..=last_of(version)).contains(&self.version)
    }
}

/// What came of asking for the right to refresh.
#[derive(Debug)]
pub(crate) enum Claim {
    /// It is ours; these are the tokens at this moment.
    Held(Box<Kept>),
    /// Somebody else is at it.
    Busy,
    /// There are no tokens any more.
    Gone,
}

impl Vault {
    /// Keeps the tokens of a login that begins no session; `false`, and nothing kept, if everything of its person has ended
    /// since.
    pub(crate) async fn keep(&self, entry: &Entry<'_>, now: Timestamp) -> Result<bool, StoreError> {
        let mut unit = endings::standing(&entry.entrant, now);
        let person = entry.entrant.person;
        unit.extend(entry.given.map(|(provider, tokens)| self.keeping(person, provider, tokens)));
        Ok(self.database.commit_all(unit).await?.is_some())
    }

    /// Keeps tokens; earlier ones of the same person are replaced.
    pub(super) fn keeping(&self, person: &EndUser, provider: &str, tokens: &Tokens) -> Statement {
        let sealed = self.seal(person, provider, tokens);
        KEEP.with(values![person.issuer(), person.subject(), provider, sealed, fresh_version()])
    }

    /// The tokens of a person. What cannot be opened is not there: the next login puts others in its place.
    pub(crate) async fn tokens(&self, person: &EndUser) -> Result<Option<Kept>, StoreError> {
        let row = self.database.row(FIND, values![person.issuer(), person.subject()]).await?;
        row.map_or(Ok(None), |row| self.opened(person, row))
    }

    /// Asks for the right to refresh and reads the tokens in one step, so that what is refreshed is what is there.
    pub(crate) async fn claim(
        &self,
        person: &EndUser,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        let [take, look] = lease.taking(now);
        let find = FIND.with(values![person.issuer(), person.subject()]);
        let done = self.database.commit([take, look, find]).await?;
        let Some([_, standing, found]) = done else { return Ok(Claim::Busy) };
        let standing = lease.standing(standing, now)?;
        let Some(row) = found.row() else { return Ok(Claim::Gone) };
        match standing {
            Standing::Ours => {
                Ok(self.opened(person, row)?.map_or(Claim::Gone, |kept| Claim::Held(Box::new(kept))))
            }
            Standing::Theirs => Ok(Claim::Busy),
        }
    }

    /// Prolongs the right to refresh; `false` if somebody else has it, or what is refreshed is not there any more.
    pub(crate) async fn goes_on(
        &self,
        person: &EndUser,
        refreshed: &Kept,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let claim = self.claim(person, lease, now).await?;
        Ok(matches!(claim, Claim::Held(kept) if kept.version == refreshed.version))
    }

    /// Puts the successor in the place of what was refreshed and gives the lease back; `false` if what was refreshed is
    /// not there any more. Whoever has taken over meanwhile does not count: nobody else may have the successor.
    pub(crate) async fn succeed(
        &self,
        person: &EndUser,
        refreshed: &Kept,
        tokens: &Tokens,
        lease: &Lease,
    ) -> Result<bool, StoreError> {
        let sealed = self.seal(person, &refreshed.provider, tokens);
        let succeed = SUCCEED.with(values![
            sealed,
            refreshed.version.wrapping_add(1),
            person.issuer(),
            person.subject(),
            refreshed.version
        ]);
        let done = self.database.commit([lease.giving_back(), succeed]).await?;
        Ok(done.is_some_and(|[_, succeeded]| succeeded.happened()))
    }

    /// Notes that an API has taken these tokens, if they are still the ones that are there.
    pub(crate) async fn taken(&self, person: &EndUser, token: &AccessToken) -> Result<(), StoreError> {
        let kept = self.tokens(person).await?;
        // Of a hundred who called with them, one notes it.
        let on_trial = kept.filter(|kept| kept.tokens.forced_at.is_some());
        let Some(kept) = on_trial.filter(|kept| kept.tokens.access_token().is(token)) else { return Ok(()) };
        let sealed = self.seal(person, &kept.provider, &Tokens { forced_at: None, ..kept.tokens });
        let mark = MARK.with(values![sealed, person.issuer(), person.subject(), kept.version]);
        self.database.write(mark).await.map(drop)
    }

    /// Removes dead tokens (with the person's sessions, if asked) and gives the lease back; `false`, and nothing
    /// removed, if they were replaced in the meantime, or somebody else is at refreshing them: the provider may have given
    /// them the successor.
    pub(crate) async fn bury(
        &self,
        person: &EndUser,
        dead: &Kept,
        lease: &Lease,
        end_sessions: bool,
    ) -> Result<bool, StoreError> {
        let bury = BURY.with(values![person.issuer(), person.subject(), dead.version]);
        let mut unit = vec![lease.giving_back().must(), bury.must()];
        unit.extend(end_sessions.then(|| sessions::end_all_without_tokens(person)));
        Ok(self.database.commit_all(unit).await?.is_some())
    }

    fn seal(&self, person: &EndUser, provider: &str, tokens: &Tokens) -> String {
        self.tokens.seal(&tokens.to_bytes(), &bound_to(person, provider))
    }

    fn opened(&self, person: &EndUser, mut row: Row) -> Result<Option<Kept>, StoreError> {
        let (provider, sealed, version) = (row.text()?, row.text()?, row.int()?);
        let opened = self.tokens.open(&sealed, &bound_to(person, &provider));
        let tokens = opened.ok().and_then(|bytes| Tokens::from_bytes(&bytes));
        if tokens.is_none() {
            let error = StoreError::Unreadable(TABLE);
            tracing::error!(provider, %error, "a person's tokens are lost: they sign in again");
        }
        Ok(tokens.map(|tokens| Kept { provider, tokens, version }))
    }
}

/// Whether what a row of [`SEALED`] holds can be opened.
pub(super) fn opens(sealer: &Sealer<ProviderTokens>, mut row: Row) -> Result<bool, StoreError> {
    let (person, provider) = (EndUser::new(row.text()?, row.text()?), row.text()?);
    Ok(sealer.open(&row.text()?, &bound_to(&person, &provider)).is_ok())
}

/// One that no row of this person has had, with room for those that come of it.
fn fresh_version() -> i64 {
    i64::from_be_bytes(random::bytes()) & (i64::MAX >> 1)
}

/// The last version that tokens of this one are refreshed to.
const fn last_of(version: i64) -> i64 {
    version.saturating_add(REFRESHES)
}

/// Removes a person's tokens and ends their sessions.
pub(super) fn forgetting(person: &EndUser, now: Timestamp) -> [Statement; 4] {
    let [remember, sessions, sign_ups] = sessions::ending(person, now);
    [remember, FORGET.with(values![person.issuer(), person.subject()]), sessions, sign_ups]
}

/// Which version of a person's tokens there is, whether or not they can be opened.
pub(super) fn looking(person: &EndUser) -> Statement {
    VERSION.with(values![person.issuer(), person.subject()])
}

/// Removes the tokens of this version, or what they were refreshed to since. What a later login brought stays.
pub(super) fn forgetting_descent(person: &EndUser, version: i64) -> Statement {
    FORGET_DESCENT.with(values![person.issuer(), person.subject(), version, last_of(version)])
}

/// A sealed row moved to another person or provider does not open.
fn bound_to(person: &EndUser, provider: &str) -> Vec<u8> {
    format!("{}\0{}\0{provider}", person.issuer(), person.subject()).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::samples;

    #[tokio::test]
    async fn rp_24_that_an_api_has_taken_a_token_is_noted_once() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(folder.path().join("client.db")).unwrap();
        let person = EndUser::new("https://op.example", "alice");
        let tokens = samples::tokens(Some(1));
        let entry = Entry { entrant: (&person).into(), given: Some(("op", &tokens)), app: None };
        assert!(vault.keep(&entry, Timestamp::from_unix(1)).await.unwrap());
        // Sealed anew, the same tokens are another text.
        let row = async || {
            let row = vault.database.row(FIND, values![person.issuer(), person.subject()]).await.unwrap();
            row.map(|mut row| [row.text().unwrap(), row.text().unwrap()]).unwrap()
        };
        let kept = row().await;
        vault.taken(&person, &tokens.access_token()).await.unwrap();
        let noted = row().await;
        assert_ne!(kept, noted);
        assert!(!vault.tokens(&person).await.unwrap().unwrap().tokens.access_token().is_on_trial());
        vault.taken(&person, &tokens.access_token()).await.unwrap();
        assert_eq!(row().await, noted);
    }
}
