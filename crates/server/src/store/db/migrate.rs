//! Migrations, compiled in. The engines differ only in how they lock.

use mapae_protocol::digest::sha256_base64url;

use super::{MigrateError, Row, StoreError, sql::statements};

/// The migrations of this program, in order. A migration that was released is never changed again.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, sql: include_str!("../../../migrations/0001_foundation.sql") },
    Migration { version: 2, sql: include_str!("../../../migrations/0002_console.sql") },
    Migration { version: 3, sql: include_str!("../../../migrations/0003_operators_block.sql") },
    Migration { version: 4, sql: include_str!("../../../migrations/0004_mail_orders.sql") },
    Migration { version: 5, sql: include_str!("../../../migrations/0005_vouched_apps.sql") },
    Migration { version: 6, sql: include_str!("../../../migrations/0006_upstreams.sql") },
    Migration { version: 7, sql: include_str!("../../../migrations/0007_notices.sql") },
    Migration { version: 8, sql: include_str!("../../../migrations/0008_upstream_permissions.sql") },
    Migration { version: 9, sql: include_str!("../../../migrations/0009_clocks_of_servers.sql") },
    Migration { version: 10, sql: include_str!("../../../migrations/0010_mail_names_app.sql") },
    Migration { version: 11, sql: include_str!("../../../migrations/0011_issuer_and_apis.sql") },
    Migration { version: 12, sql: include_str!("../../../migrations/0012_app_metadata.sql") },
    Migration { version: 13, sql: include_str!("../../../migrations/0013_proofs_of_sessions.sql") },
    Migration { version: 14, sql: include_str!("../../../migrations/0014_claims.sql") },
    Migration { version: 15, sql: include_str!("../../../migrations/0015_pushed_requests.sql") },
    Migration { version: 20, sql: include_str!("../../../migrations/0020_upstream_items.sql") },
    Migration { version: 21, sql: include_str!("../../../migrations/0021_order_of_upstreams.sql") },
    Migration { version: 22, sql: include_str!("../../../migrations/0022_mail_about_ways.sql") },
    Migration { version: 23, sql: include_str!("../../../migrations/0023_term_agreements.sql") },
    Migration { version: 30, sql: include_str!("../../../migrations/0030_term_withdrawals.sql") },
    Migration { version: 40, sql: include_str!("../../../migrations/0040_logout_notices.sql") },
    Migration { version: 50, sql: include_str!("../../../migrations/0050_registrations.sql") },
    Migration { version: 60, sql: include_str!("../../../migrations/0060_client_assertions.sql") },
    Migration { version: 70, sql: include_str!("../../../migrations/0070_proofs_of_possession.sql") },
    Migration { version: 80, sql: include_str!("../../../migrations/0080_device_requests.sql") },
    Migration { version: 81, sql: include_str!("../../../migrations/0081_exchange_permissions.sql") },
    Migration { version: 90, sql: include_str!("../../../migrations/0090_identities_of_an_app.sql") },
    Migration { version: 100, sql: include_str!("../../../migrations/0100_profiles_of_pushed_requests.sql") },
    Migration { version: 110, sql: include_str!("../../../migrations/0110_refreshing_marks.sql") },
    Migration { version: 130, sql: include_str!("../../../migrations/0130_sectors_of_devices.sql") },
    Migration { version: 131, sql: include_str!("../../../migrations/0131_whose_registrations.sql") },
    Migration { version: 132, sql: include_str!("../../../migrations/0132_pushed_requests_begun.sql") },
    Migration { version: 140, sql: include_str!("../../../migrations/0140_ways_added.sql") },
    Migration { version: 141, sql: include_str!("../../../migrations/0141_session_identities.sql") },
    Migration { version: 142, sql: include_str!("../../../migrations/0142_held_members.sql") },
    Migration { version: 144, sql: include_str!("../../../migrations/0144_kinds_of_steps.sql") },
    Migration { version: 145, sql: include_str!("../../../migrations/0145_agreed_apps.sql") },
    Migration { version: 146, sql: include_str!("../../../migrations/0146_passes_of_sessions.sql") },
    Migration { version: 147, sql: include_str!("../../../migrations/0147_revisions_of_apps.sql") },
    Migration { version: 150, sql: include_str!("../../../migrations/0150_polls_of_devices.sql") },
    Migration { version: 151, sql: include_str!("../../../migrations/0151_verified_by_hand.sql") },
];

/// Where the list of applied migrations is kept; part of no migration because it comes before the first.
pub(super) const PRELUDE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (\
     version BIGINT NOT NULL PRIMARY KEY, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)";

statements! {
    APPLIED: SchemaMigrations = "SELECT version, checksum FROM schema_migrations ORDER BY version";
    RECORD: SchemaMigrations = "INSERT INTO schema_migrations (version, checksum, applied_at) \
         VALUES ($1, $2, $3) ON CONFLICT (version) DO NOTHING";
}

/// One step of the schema.
#[derive(Clone, Copy, Debug)]
pub(super) struct Migration {
    /// Ascending. A gap is a number that was given to a migration which was never released.
    pub(super) version: i64,
    /// Any number of statements of the common subset.
    pub(super) sql: &'static str,
}

impl Migration {
    pub(super) fn checksum(&self) -> String {
        sha256_base64url(self.sql)
    }
}

/// The state of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    /// The version in the database; 0 if it is empty.
    pub applied: i64,
    /// The newest version that this program knows.
    pub known: i64,
}

impl Schema {
    pub(super) fn of(applied: &[Applied], known: &[Migration]) -> Self {
        Self {
            applied: applied.last().map_or(0, |last| last.version),
            known: known.last().map_or(0, |last| last.version),
        }
    }

    /// Whether the database is exactly as this program expects it.
    #[must_use]
    pub const fn is_current(self) -> bool {
        self.applied == self.known
    }
}

/// A migration that the database has.
#[derive(Clone, Debug)]
pub(super) struct Applied {
    version: i64,
    checksum: String,
}

impl Applied {
    pub(super) fn read(row: Row) -> Result<Self, StoreError> {
        row.read(|row| Ok(Self { version: row.int()?, checksum: row.text()? }))
    }
}

/// The migrations that are still to be applied.
pub(super) fn pending<'a>(
    applied: &[Applied],
    known: &'a [Migration],
) -> Result<&'a [Migration], MigrateError> {
    let schema = Schema::of(applied, known);
    if schema.applied > schema.known {
        return Err(MigrateError::Newer { found: schema.applied, known: schema.known });
    }
    for (applied, known) in applied.iter().zip(known) {
        if applied.version != known.version || applied.checksum != known.checksum() {
            return Err(MigrateError::Changed { version: applied.version });
        }
    }
    Ok(known.get(applied.len()..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[Migration] = &[Migration { version: 1, sql: "a" }, Migration { version: 2, sql: "b" }];

    fn applied(known: &[Migration]) -> Vec<Applied> {
        known.iter().map(|m| Applied { version: m.version, checksum: m.checksum() }).collect()
    }

    #[test]
    fn what_is_missing_is_pending() {
        assert_eq!(pending(&[], KNOWN).unwrap().len(), 2);
        assert_eq!(pending(&applied(&KNOWN[..1]), KNOWN).unwrap()[0].version, 2);
        assert!(pending(&applied(KNOWN), KNOWN).unwrap().is_empty());
    }

    #[test]
    fn db_12_a_newer_or_a_changed_schema_is_refused() {
        let newer = pending(&applied(KNOWN), &KNOWN[..1]).unwrap_err();
        assert!(matches!(newer, MigrateError::Newer { found: 2, known: 1 }));
        assert!(newer.to_string().contains("start the newer version"), "it says what to do");
        let edited = [Migration { version: 1, sql: "A" }, KNOWN[1]];
        assert!(matches!(pending(&applied(KNOWN), &edited), Err(MigrateError::Changed { version: 1 })));
    }

    #[test]
    fn versions_ascend_from_one() {
        assert_eq!(MIGRATIONS[0].version, 1);
        assert!(MIGRATIONS.is_sorted_by(|one, next| one.version < next.version));
    }
}
