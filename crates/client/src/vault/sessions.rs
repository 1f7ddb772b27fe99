//! Sessions of this service: 256 random bits in a cookie, their hash here.

use mapae_protocol::time::Timestamp;

use super::{
    StoreError, Vault,
    database::{Row, Statement, statements, values},
    endings::{self, Entrant},
    hashed, methods, sign_ups,
};
use crate::{
    identity::EndUser,
    notice::AGE,
    session::{Session, SessionId},
    tokens::Tokens,
};

/// Who begins a session, and what their provider gave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) entrant: Entrant<'a>,
    /// The provider's name, and the tokens.
    pub(crate) given: Option<(&'a str, &'a Tokens)>,
    /// The app for which the provider calls them so.
    pub(crate) app: Option<&'a str>,
}

statements! {
    SWEEP = "DELETE FROM sessions WHERE expires_at <= $1 AND id_hash IN
        (SELECT id_hash FROM sessions WHERE expires_at <= $1 LIMIT 64)";
    BEGIN = "INSERT INTO sessions (id_hash, issuer, subject, provider_session, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    ALIVE = "SELECT issuer, subject, provider_session, created_at, expires_at FROM sessions
        WHERE id_hash = $1 AND expires_at > $2";
    AT_PROVIDER = "SELECT DISTINCT subject FROM sessions WHERE issuer = $1 AND provider_session = $2";
    OF_PERSON = "SELECT id_hash FROM sessions WHERE issuer = $1 AND subject = $2";
    END_AT_PROVIDER = "DELETE FROM sessions WHERE issuer = $1 AND provider_session = $2 AND subject = $3";
    /// Those of which nobody knows in which session they began, too: it may have been this one.
    END_OF_PERSON = "DELETE FROM sessions WHERE issuer = $1 AND subject = $2
        AND (provider_session = $3 OR provider_session IS NULL)";
    OVER = "UPDATE sessions SET expires_at = $1 WHERE issuer = $2 AND provider_session = $3 AND expires_at > $1";
    /// Whoever ends the session at the same time waits until the unit of this is done, or has made it fail.
    STAND = "UPDATE sessions SET expires_at = expires_at WHERE id_hash = $1 AND expires_at > $2";
    END = "DELETE FROM sessions WHERE id_hash = $1";
    END_ALL = "DELETE FROM sessions WHERE issuer = $1 AND subject = $2";
    END_ALL_WITHOUT_TOKENS = "DELETE FROM sessions WHERE issuer = $1 AND subject = $2
        AND NOT EXISTS (SELECT 1 FROM tokens WHERE tokens.issuer = sessions.issuer AND tokens.subject = sessions.subject)";
}

impl Vault {
    /// Begins a session and keeps what the provider gave; the session of the name that the browser had before, if any, ends
    /// with it. `false`, and nothing changed, if that from where they come has ended.
    pub(crate) async fn begin_session(
        &self,
        id: &SessionId,
        (session, entry): (Session, &Entry<'_>),
        before: Option<&str>,
    ) -> Result<bool, StoreError> {
        let unit = self.beginning(id, (&session, entry), before);
        Ok(self.database.commit_all(unit).await?.is_some())
    }

    /// The living session of this name ([`Vault::sid`]).
    pub(crate) async fn session_called(
        &self,
        sid: &str,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let row = self.database.row(ALIVE, values![sid, now]).await?;
        row.map(|mut row| read(&mut row)).transpose()
    }

    /// Ends the session of this name.
    pub(crate) async fn end_session_called(&self, sid: &str) -> Result<(), StoreError> {
        self.database.write(END.with(values![sid])).await.map(drop)
    }

    /// Ends one session.
    pub(crate) async fn end_session(&self, id: &SessionId) -> Result<(), StoreError> {
        self.end_session_called(&hashed(id.expose())).await
    }

    /// Ends every session of a person on all browsers, what waits there to become one, and what is on its way to.
    pub(crate) async fn end_sessions(&self, person: &EndUser, now: Timestamp) -> Result<(), StoreError> {
        self.database.commit(ending(person, now)).await.map(drop)
    }

    /// Who has sessions here that began in this session at the provider, or had some a moment ago.
    pub(crate) async fn people_of(
        &self,
        issuer: &str,
        provider_session: &str,
    ) -> Result<Vec<EndUser>, StoreError> {
        let rows = self.database.rows(AT_PROVIDER, values![issuer, provider_session]).await?;
        rows.into_iter().map(|mut row| Ok(EndUser::new(issuer, row.text()?))).collect()
    }

    /// Ends the sessions of a person that began in this session at the provider, and what waits there to become one.
    pub(crate) async fn end_sessions_of(
        &self,
        person: &EndUser,
        provider_session: &str,
    ) -> Result<(), StoreError> {
        let end = END_AT_PROVIDER.with(values![person.issuer(), provider_session, person.subject()]);
        self.database.commit([end, sign_ups::forget(person)]).await.map(drop)
    }

    /// Begins a session in the place of the one before.
    pub(super) fn beginning(
        &self,
        id: &SessionId,
        (session, entry): (&Session, &Entry<'_>),
        before: Option<&str>,
    ) -> Vec<Statement> {
        let person = &session.person;
        let (created_at, expires_at) = (session.created_at, session.expires_at);
        let (hash, at_provider) = (hashed(id.expose()), session.provider_session.as_deref());
        let mut unit = endings::standing(&entry.entrant, created_at);
        unit.extend(entry.given.map(|(provider, tokens)| self.keeping(person, provider, tokens)));
        let given_to = entry.given.zip(entry.app).map(|((provider, _), app)| (provider, app));
        unit.extend(given_to.map(|given_to| methods::learn_app(person, given_to, created_at)));
        unit.extend([
            // Whose they were is asked as long as a provider may repeat that they have ended.
            SWEEP.with(values![created_at.minus(AGE)]),
            END.with(values![before]),
            BEGIN.with(values![hash, person.issuer(), person.subject(), at_provider, created_at, expires_at]),
        ]);
        unit
    }
}

/// Ends every session of a person, what waits to become one, and what is on its way to.
pub(super) fn ending(person: &EndUser, now: Timestamp) -> [Statement; 3] {
    [endings::remember_person(person, now), end_all(person), sign_ups::forget(person)]
}

/// That the session of this name is alive at this point of the unit.
pub(super) fn standing(sid: &str, now: Timestamp) -> Statement {
    STAND.with(values![sid, now]).must()
}

pub(super) fn end_all(person: &EndUser) -> Statement {
    END_ALL.with(values![person.issuer(), person.subject()])
}

/// Ends them if the person has no tokens at this point of the unit.
pub(super) fn end_all_without_tokens(person: &EndUser) -> Statement {
    END_ALL_WITHOUT_TOKENS.with(values![person.issuer(), person.subject()])
}

pub(super) fn read(row: &mut Row) -> Result<Session, StoreError> {
    Ok(Session {
        person: EndUser::new(row.text()?, row.text()?),
        provider_session: row.optional_text()?,
        created_at: row.time()?,
        expires_at: row.time()?,
    })
}
