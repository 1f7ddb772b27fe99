//! Logouts that a provider tells of: what ends, what is remembered of it and the name of the token happen in one unit.

use mapae_protocol::{
    logout_token::Ended,
    time::{Seconds, Timestamp},
};

use super::{StoreError, Vault, database::values, endings, hashed, sessions, sign_ups, states};
use crate::identity::EndUser;

/// How far the clocks of the service's processes may differ: a session that ends by expiry is over for all of them.
const CLOCKS: Seconds = Seconds::minutes(1);

/// A logout at a provider, as a token told of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Logout<'a> {
    /// The token's name.
    pub(crate) token: &'a str,
    /// How long nobody else may carry it out.
    pub(crate) taken_until: Timestamp,
    pub(crate) issuer: &'a str,
    pub(crate) ended: &'a Ended,
}

impl Vault {
    /// Ends what has ended; `false`, and nothing changed, if the token was or is carried out already.
    ///
    /// Where the token does not say whose session it was, its row stays for a while, over: whom it belonged to can be asked
    /// again ([`people_of`](Self::people_of)) until [`end_sessions_of`](Self::end_sessions_of).
    pub(crate) async fn end_as_told(&self, logout: &Logout<'_>, now: Timestamp) -> Result<bool, StoreError> {
        let sweep = states::SWEEP.with(values![now]);
        let take = states::TAKE.with(values![hashed(logout.token), logout.taken_until, now]).must();
        let remember = endings::remember(logout.issuer, logout.ended, now);
        match logout.ended {
            Ended::Session { sid, sub: None } => {
                let over = sessions::OVER.with(values![now.minus(CLOCKS), logout.issuer, sid]);
                Ok(self.database.commit([sweep, take, remember, over]).await?.is_some())
            }
            Ended::Session { sid, sub: Some(sub) } => {
                let person = EndUser::new(logout.issuer, sub.as_str());
                let end = sessions::END_OF_PERSON.with(values![logout.issuer, sub, sid]);
                let unit = [sweep, take, remember, end, sign_ups::forget(&person)];
                Ok(self.database.commit(unit).await?.is_some())
            }
            Ended::Everything { sub } => {
                let person = EndUser::new(logout.issuer, sub.as_str());
                let unit = [sweep, take, remember, sessions::end_all(&person), sign_ups::forget(&person)];
                Ok(self.database.commit(unit).await?.is_some())
            }
        }
    }

    /// Until when a name is remembered.
    pub(crate) async fn noted_until(
        &self,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let row = self.database.row(states::USED, values![hashed(name), now]).await?;
        row.map(|mut row| row.time()).transpose()
    }

    /// Remembers a name until then, if it was not remembered longer.
    pub(crate) async fn note(&self, name: &str, until: Timestamp) -> Result<(), StoreError> {
        self.database.write(states::NOTE.with(values![hashed(name), until])).await.map(drop)
    }

    /// Forgets a name that was taken until then: what has failed half-way may be told again. Whoever was so slow over it
    /// that somebody else took it undoes nothing of theirs.
    pub(crate) async fn release(&self, name: &str, taken_until: Timestamp) -> Result<(), StoreError> {
        self.database.write(states::RELEASE.with(values![hashed(name), taken_until])).await.map(drop)
    }
}
