//! Sweeping while somebody prolongs what is about to go: two connections at once, as only PostgreSQL has them.

use mapae_testkit::until;
use tokio_postgres::{Client, NoTls};

use crate::{issuer::Issuer, website::Website};

/// By what a row is swept.
#[derive(Clone, Copy, Debug)]
enum Sweep {
    /// A cleaning up.
    CleanUp,
    /// A login, on its way.
    Login,
}

/// A row that is over: how it is found, how it is made, and how it is prolonged.
struct Case {
    kept: &'static str,
    row: &'static str,
    prolong: &'static str,
    sweep: Sweep,
}

const CASES: [Case; 7] = [
    Case {
        kept: "used_states WHERE state_hash = 'mine'",
        row: "INSERT INTO used_states (state_hash, expires_at) VALUES ('mine', 1)",
        prolong: "UPDATE used_states SET expires_at = 9999999999 WHERE state_hash = 'mine'",
        sweep: Sweep::Login,
    },
    Case {
        kept: "sessions WHERE id_hash = 'mine'",
        row: "INSERT INTO sessions (id_hash, issuer, subject, created_at, expires_at) VALUES ('mine', 'i', 's', 1, 1)",
        prolong: "UPDATE sessions SET expires_at = 9999999999 WHERE id_hash = 'mine'",
        sweep: Sweep::Login,
    },
    Case {
        kept: "sign_ups WHERE id_hash = 'mine'",
        row: "INSERT INTO sign_ups (id_hash, sealed, expires_at) VALUES ('mine', 'x', 1)",
        prolong: "UPDATE sign_ups SET expires_at = 9999999999 WHERE id_hash = 'mine'",
        sweep: Sweep::CleanUp,
    },
    Case {
        kept: "fresh_sign_ins WHERE session_hash = 'mine'",
        row: "INSERT INTO fresh_sign_ins (session_hash, proved_at, expires_at) VALUES ('mine', 1, 1)",
        prolong: "UPDATE fresh_sign_ins SET expires_at = 9999999999 WHERE session_hash = 'mine'",
        sweep: Sweep::CleanUp,
    },
    Case {
        kept: "resting_addresses WHERE address_hash = 'mine'",
        row: "INSERT INTO resting_addresses (address_hash, until) VALUES ('mine', 1)",
        prolong: "UPDATE resting_addresses SET until = 9999999999 WHERE address_hash = 'mine'",
        sweep: Sweep::CleanUp,
    },
    Case {
        kept: "sign_in_methods WHERE subject = 'mine'",
        row: "INSERT INTO sign_in_methods (issuer, subject, account_issuer, account_subject, provider, added_at, removed_at)
            VALUES ('i', 'mine', 'i', 'account', 'p', 1, 1)",
        prolong: "UPDATE sign_in_methods SET removed_at = NULL WHERE subject = 'mine'",
        sweep: Sweep::CleanUp,
    },
    // Tokens come with a method that is added again.
    Case {
        kept: "tokens WHERE subject = 'again'",
        row: "INSERT INTO sign_in_methods (issuer, subject, account_issuer, account_subject, provider, added_at, removed_at)
                VALUES ('i', 'again', 'i', 'account', 'p', 1, 1);
            INSERT INTO tokens (issuer, subject, provider, sealed, version) VALUES ('i', 'again', 'p', 'x', 1)",
        prolong: "UPDATE sign_in_methods SET removed_at = NULL WHERE subject = 'again';
            UPDATE tokens SET version = 2 WHERE subject = 'again'",
        sweep: Sweep::CleanUp,
    },
];

async fn connect(website: &Website) -> Client {
    let (client, connection) = tokio_postgres::connect(website.place.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("SET search_path TO mapae_client").await.unwrap();
    client
}

async fn count(client: &Client, what: &str) -> i64 {
    client.query_one(&format!("SELECT COUNT(*) FROM {what}"), &[]).await.unwrap().get(0)
}

async fn sweep(website: &Website, issuer: &Issuer, by: Sweep) {
    match by {
        Sweep::CleanUp => drop(website.client.clean_up().await.unwrap()),
        Sweep::Login => drop(website.sign_in(issuer, "bob").await.unwrap()),
    }
}

#[tokio::test]
async fn db_06_lk_10_what_is_prolonged_while_it_is_swept_stays() {
    const WAITING: &str = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let (website, issuer) = Website::start().await;
    // The first login cleans up by the way.
    website.sign_in(&issuer, "bob").await.unwrap();
    let (holder, watcher) = (connect(&website).await, connect(&website).await);
    for Case { kept, row, prolong, sweep: by } in CASES {
        holder.batch_execute(row).await.unwrap();
        holder.batch_execute(&format!("BEGIN; {prolong}")).await.unwrap();
        let commits = async {
            until("the sweep waits", async || count(&watcher, WAITING).await == 1).await;
            holder.batch_execute("COMMIT").await.unwrap();
        };
        tokio::join!(sweep(&website, &issuer, by), commits);
        assert_eq!(count(&watcher, kept).await, 1, "{kept}");
    }
}
