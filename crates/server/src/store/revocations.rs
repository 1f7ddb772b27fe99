//! The revocation feed: what has ended, in the order of commits.
//!
//! A unit that revokes raises the counter `feed` by the number of its events and gives them the last numbers.
//! The counter's row stays locked until the commit, so nobody gets a later number before these are
//! visible: who reads up to a number has seen everything before it, and there are no gaps.
//!
//! An event is dated by the clock that is furthest ahead, not by that of whoever writes it: an API forgets an event by its
//! date, and a revoker's clock may be wrong (OP-13).

use mapae_protocol::{revocation_feed::Handle, time::Timestamp};

use super::{
    counters,
    db::{Db, Row, Sql, Statement, StoreError, statements, values},
};

/// The latest of the time of whoever writes, the highest that was ever noted, and what running servers have shown within the
/// last minute or so. The last is asked, too: beside a server whose clock is far behind none of the others notes its own.
macro_rules! latest_time {
    ($at:literal) => {
        concat!(
            "(SELECT MAX(d.at) FROM (SELECT CAST(",
            $at,
            " AS BIGINT) AS at UNION ALL SELECT k.value FROM counters k WHERE k.name = 'clock' \
             UNION ALL SELECT running.shows FROM server_clocks running) d)"
        )
    };
}

/// The event of a subject whose epoch this unit has raised, and raises `$2` times more with the events that follow: what
/// was made under the epoch before that is dead. Whoever reads the feed looks for that one epoch and no other.
macro_rules! epoch_event {
    ($kind:literal, $table:literal) => {
        concat!(
            "INSERT INTO revocations (seq, kind, subject_id, epoch, at) SELECT c.value - CAST($1 AS BIGINT), ",
            $kind,
            ", x.id, x.epoch - 1 - CAST($2 AS BIGINT), ",
            latest_time!("$3"),
            " FROM counters c, ",
            $table,
            " x WHERE c.name = 'feed' AND x.id = $4 ON CONFLICT (seq) DO NOTHING"
        )
    };
}

statements! {
    AFTER: Revocations = "SELECT seq, kind, subject_id, epoch, at FROM revocations WHERE seq > $1 ORDER BY seq LIMIT $2";
    BOUNDS: Revocations = "SELECT (SELECT MIN(seq) FROM revocations), value FROM counters WHERE name = 'feed'";
    OF_USER: Revocations = epoch_event!("'user'", "users");
    OF_APP: Revocations = epoch_event!("'app'", "apps");
    OF_CONSENT: Revocations = epoch_event!("'consent'", "consents");
    OF_SESSION: Revocations = epoch_event!("'session'", "sessions");
    OF_ONE: Revocations = concat!(
        "INSERT INTO revocations (seq, kind, subject_id, epoch, at) \
         SELECT c.value - CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS TEXT), 0, ",
        latest_time!("$4"),
        " FROM counters c WHERE c.name = 'feed' ON CONFLICT (seq) DO NOTHING"
    );
}

/// What kind of thing has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Everything of a person.
    User,
    /// Everything of an app.
    App,
    /// Everything that an app has of a person.
    Consent,
    /// Everything bound to a session.
    Session,
    /// One grant.
    Grant,
    /// One access token, or all that one signing key has signed.
    Token,
}

impl Kind {
    const ALL: [Self; 6] = [Self::User, Self::App, Self::Consent, Self::Session, Self::Grant, Self::Token];

    /// Its name in the database and in the feed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::App => "app",
            Self::Consent => "consent",
            Self::Session => "session",
            Self::Grant => "grant",
            Self::Token => "token",
        }
    }
}

/// Something that a unit ends. The writes of the other tables add it where they raise an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    kind: Kind,
    subject_id: String,
    at: Timestamp,
}

impl Revocation {
    pub(super) fn user(id: &str, at: Timestamp) -> Self {
        Self::of(Kind::User, id, at)
    }

    pub(super) fn app(id: &str, at: Timestamp) -> Self {
        Self::of(Kind::App, id, at)
    }

    pub(super) fn consent(id: &str, at: Timestamp) -> Self {
        Self::of(Kind::Consent, id, at)
    }

    pub(super) fn session(id: &str, at: Timestamp) -> Self {
        Self::of(Kind::Session, id, at)
    }

    pub(super) fn grant(id: &str, at: Timestamp) -> Self {
        Self::of(Kind::Grant, id, at)
    }

    pub(super) fn token(jti: &str, at: Timestamp) -> Self {
        Self::of(Kind::Token, jti, at)
    }

    /// Everything that a signing key has signed. It is announced as a token is, by a name that all APIs can read.
    pub(super) fn signing_key(kid: &str, at: Timestamp) -> Option<Self> {
        Handle::of_signing_key(kid).ok().map(|handle| Self::of(Kind::Token, handle.as_str(), at))
    }

    pub(super) const fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn subject_id(&self) -> &str {
        &self.subject_id
    }

    pub(super) const fn at(&self) -> Timestamp {
        self.at
    }

    fn of(kind: Kind, id: &str, at: Timestamp) -> Self {
        Self { kind, subject_id: id.to_owned(), at }
    }

    fn is_of_same(&self, other: &Self) -> bool {
        self.kind == other.kind && self.subject_id == other.subject_id
    }

    /// Records the event with the number `before_last` before the feed's last, and before `again` others of its subject.
    fn insert(&self, before_last: i64, again: i64) -> Statement {
        let by_epoch = |sql: Sql| Statement::one(sql, values![before_last, again, self.at, &self.subject_id]);
        match self.kind {
            Kind::User => by_epoch(OF_USER),
            Kind::App => by_epoch(OF_APP),
            Kind::Consent => by_epoch(OF_CONSENT),
            Kind::Session => by_epoch(OF_SESSION),
            Kind::Grant | Kind::Token => {
                Statement::one(OF_ONE, values![before_last, self.kind.name(), &self.subject_id, self.at])
            }
        }
    }
}

/// The statements that number and record these events.
pub(super) fn numbered(events: &[Revocation]) -> Vec<Statement> {
    if events.is_empty() {
        return Vec::new();
    }
    let mut statements = vec![counters::advance_feed(i64::try_from(events.len()).unwrap_or(i64::MAX))];
    let mut later: Vec<&Revocation> = Vec::new();
    for (before_last, event) in (0_i64..).zip(events.iter().rev()) {
        let again = later.iter().filter(|later| later.is_of_same(event)).count();
        statements.push(event.insert(before_last, i64::try_from(again).unwrap_or(i64::MAX)));
        later.push(event);
    }
    statements
}

/// An event of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its number; the next one's is one more.
    pub seq: i64,
    /// What has ended.
    pub kind: Kind,
    /// Of whom.
    pub subject_id: String,
    /// What was made under this epoch or an earlier one is dead; 0 for a grant or a token.
    pub epoch: i64,
    /// When: no earlier than any server's clock has shown by then, but for the minute within which it is noted.
    pub at: Timestamp,
}

/// Which events there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The oldest one that is kept; `None` if none is.
    pub oldest: Option<i64>,
    /// The number of the last one, also when it is not kept any more; 0 if there was none.
    pub last: i64,
}

impl Bounds {
    /// Whether somebody who has seen everything up to `cursor` can go on from there without a gap.
    #[must_use]
    pub fn reach_back_to(&self, cursor: i64) -> bool {
        let oldest = self.oldest.unwrap_or_else(|| self.last.saturating_add(1));
        (oldest.saturating_sub(1)..=self.last).contains(&cursor)
    }
}

/// The events after `cursor`, in order, at most `limit`.
///
/// # Errors
/// [`StoreError`]
pub async fn list_after(db: &Db, cursor: i64, limit: i64) -> Result<Vec<Event>, StoreError> {
    db.rows(AFTER, &values![cursor, limit]).await?.into_iter().map(|row| row.read(Event::read)).collect()
}

/// Which events there are.
///
/// # Errors
/// [`StoreError`]
pub async fn bounds(db: &Db) -> Result<Bounds, StoreError> {
    db.one(BOUNDS, &[]).await?.read(|row| Ok(Bounds { oldest: row.optional_int()?, last: row.int()? }))
}

impl Event {
    fn read(row: &mut Row) -> Result<Self, StoreError> {
        let seq = row.int()?;
        let name = row.text()?;
        let kind =
            Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| row.corrupt_last())?;
        Ok(Self { seq, kind, subject_id: row.text()?, epoch: row.int()?, at: row.timestamp()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_while_nothing_after_it_was_swept() {
        let bounds = Bounds { oldest: Some(5), last: 9 };
        assert!(bounds.reach_back_to(4) && bounds.reach_back_to(9));
        assert!(!bounds.reach_back_to(3), "event 4 is gone");
        assert!(!bounds.reach_back_to(10), "a cursor from another database");
        let swept = Bounds { oldest: None, last: 9 };
        assert!(swept.reach_back_to(9) && !swept.reach_back_to(8));
        assert!(Bounds { oldest: None, last: 0 }.reach_back_to(0), "nothing has happened yet");
    }
}
