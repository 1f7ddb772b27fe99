//! What the clocks of all servers on one database show — threats OP-13.

use mapae_protocol::time::{Seconds, Timestamp};

use super::db::{Db, Row, Statement, StoreError, statements, values};

statements! {
    READ: ServerClocks = "SELECT id, shows, ahead FROM server_clocks ORDER BY id";
    NOTE: ServerClocks = "INSERT INTO server_clocks (id, shows, ahead) VALUES ($1, $2, $3) \
         ON CONFLICT (id) DO UPDATE SET shows = $2, ahead = $3";
    FORGET_AHEAD: ServerClocks = "DELETE FROM server_clocks WHERE shows > $1";
    FORGET: ServerClocks = "DELETE FROM server_clocks WHERE id = $1 AND shows = $2";
}

/// One server's clock, as that server noted it last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerClock {
    /// The server, for as long as its process runs.
    pub id: String,
    /// The time of its machine.
    pub shows: Timestamp,
    /// By how much it is ahead of another server that runs; zero when it is not.
    pub ahead: Seconds,
}

/// The clocks of all servers that run, and of some that have ended.
///
/// # Errors
/// [`StoreError`]
pub async fn read(db: &Db) -> Result<Vec<ServerClock>, StoreError> {
    let read = |row: &mut Row| {
        let (id, shows, ahead) = (row.text()?, row.timestamp()?, row.int()?);
        let ahead = Seconds::seconds(u32::try_from(ahead.max(0)).unwrap_or(u32::MAX));
        Ok(ServerClock { id, shows, ahead })
    };
    db.list(READ, Vec::new()).await?.into_iter().map(|row| row.read(read)).collect()
}

/// Notes what a server's own clock shows.
#[must_use]
pub fn note(clock: &ServerClock) -> Statement {
    Statement::one(NOTE, values![&clock.id, clock.shows, clock.ahead.get()])
}

/// Removes the notes of servers whose clocks show more than this time: they are wrong, or were. One that runs notes its own
/// again within a minute.
#[must_use]
pub fn forget_ahead_of(time: Timestamp) -> Statement {
    Statement::any(FORGET_AHEAD, values![time])
}

/// Removes the note of a server that has ended, unless it has written another one.
#[must_use]
pub fn forget(clock: &ServerClock) -> Statement {
    Statement::zero_or_one(FORGET, values![&clock.id, clock.shows])
}
