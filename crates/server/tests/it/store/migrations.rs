//! Every table has rows before a migration comes upon it — DB-12.
//!
//! A migration that is right for empty tables may fail, or take rows away, where people have lived. What a migration makes is
//! filled here with the next step, so that all later ones find it filled.

use std::collections::BTreeMap;

use mapae::store::db::Engine;

use super::{backend::TestDb, seed::NOW};

/// Rows of the tables that a migration makes, by its number. One each is enough: what becomes of the values is asked in
/// [`data_migrations`](super::data_migrations).
const ROWS: &[(i64, &str)] = &[
    (
        1,
        "INSERT INTO users (id, email, email_verified, name, operator, epoch, created_at, updated_at)
            VALUES ('usr_1', 'one@example.com', TRUE, 'one', FALSE, 0, 1, 1);
         INSERT INTO apps (id, owner_id, name, public, grant_types, id_token_alg, subject_type, pkce_required, rotate_refresh,
                epoch, created_at, updated_at)
            VALUES ('app_1', 'usr_1', 'one', FALSE, 'authorization_code', 'RS256', 'pairwise', TRUE, TRUE, 0, 1, 1);
         INSERT INTO app_secrets (id, app_id, hash, created_at) VALUES ('sec_1', 'app_1', 'x', 1);
         INSERT INTO app_redirect_uris (app_id, uri, position) VALUES ('app_1', 'https://a.example/cb', 0);
         INSERT INTO app_origins (app_id, origin, position) VALUES ('app_1', 'https://a.example', 0);
         INSERT INTO app_scopes (app_id, scope, required, purpose_ko, purpose_en, position)
            VALUES ('app_1', 'openid', TRUE, '', '', 0);
         INSERT INTO apis (id, identifier, name, token_format, secret_hash, epoch, created_at)
            VALUES ('api_1', 'https://api.example', 'API', 'jwt', 'x', 0, 1);
         INSERT INTO api_scopes (scope, api_id, title_ko, title_en, position) VALUES ('a.read', 'api_1', '읽기', 'Read', 0);
         INSERT INTO sessions (id, secret_hash, user_id, user_epoch, epoch, auth_time, amr, user_agent, created_at, last_seen_at,
                expires_at, idle_expires_at)
            VALUES ('ses_1', 'x', 'usr_1', 0, 0, 1, 'pwd', 'browser', 1, 1, 9, 9);
         INSERT INTO consents (id, user_id, app_id, epoch, scopes, refused, created_at, updated_at)
            VALUES ('con_1', 'usr_1', 'app_1', 0, 'openid', '', 1, 1);
         INSERT INTO grants (id, origin, user_id, app_id, consent_id, session_id, offline, scopes, auth_time, amr, user_epoch,
                app_epoch, consent_epoch, session_epoch, generation, code_expires_at, created_at, last_used_at,
                idle_expires_at, expires_at)
            VALUES ('gra_1', 'code:1', 'usr_1', 'app_1', 'con_1', 'ses_1', FALSE, 'openid', 1, 'pwd', 0, 0, 0, 0, 0, 2, 1, 1, 9, 9);
         INSERT INTO code_details (code_id, payload, expires_at) VALUES ('1', '{}', 9);
         INSERT INTO pending_steps (id, browser, place, payload, expires_at) VALUES ('1', 'x', 0, 'x', 9);
         INSERT INTO mailed_links (token_hash, purpose, email, user_id, user_epoch, created_at, expires_at)
            VALUES ('x', 'reset', 'one@example.com', 'usr_1', 0, 1, 9);
         INSERT INTO revoked_tokens (jti, expires_at) VALUES ('1', 9);
         INSERT INTO signing_keys (kid, alg, private_wrapped, public_jwk, created_at, active_at)
            VALUES ('1', 'ES256', 'x', '{}', 1, 1);
         INSERT INTO seal_keys (id, secret_wrapped, created_at, active_at) VALUES ('1', 'x', 1, 1);
         INSERT INTO secrets (name, value_wrapped) VALUES ('x', 'x');
         INSERT INTO revocations (seq, kind, subject_id, epoch, at) VALUES (1, 'user', 'usr_1', 1, 1)",
    ),
    (2, "INSERT INTO app_icons (app_id, digest, png) VALUES ('app_1', 'x', 'x')"),
    (
        4,
        "INSERT INTO mail_orders (id, matter, email, locale, leased_until, created_at, expires_at)
            VALUES ('1', 'reset', 'one@example.com', 'en', 1, 1, 9)",
    ),
    (
        6,
        "INSERT INTO upstreams (name, provider, client_id, secrets_wrapped, options, created_at)
            VALUES ('kakao', 'kakao', 'x', 'x', '{}', 1);
         INSERT INTO identities (id, issuer, subject, user_id, upstream, label, tokens_wrapped, tokens_version, refreshing_until,
                created_at, last_used_at)
            VALUES ('idn_1', 'https://kauth.kakao.com', '1', 'usr_1', 'kakao', 'one', 'x', 1, 5, 1, 1)",
    ),
    (7, "INSERT INTO upstream_notices (id, expires_at) VALUES ('1', 9)"),
    (8, "INSERT INTO upstream_permissions (upstream, app_id, created_at) VALUES ('kakao', 'app_1', 1)"),
    (9, "INSERT INTO server_clocks (id, shows, ahead) VALUES ('1', 1, 0)"),
    (11, "INSERT INTO served_issuer (id, issuer, noted_at) VALUES (1, 'https://login.example', 1)"),
    (12, "INSERT INTO app_metadata (app_id, member, value) VALUES ('app_1', 'tos_uri', '\"https://a.example/terms\"')"),
    (
        15,
        "INSERT INTO pushed_requests (id, app_id, payload, begin_until, expires_at) VALUES ('1', 'app_1', 'x', 5, 9)",
    ),
    (23, "INSERT INTO term_agreements (user_id, term, version, agreed_at) VALUES ('usr_1', 'service', '1', 1)"),
    (
        40,
        "INSERT INTO session_apps (session_id, app_id) VALUES ('ses_1', 'app_1');
         INSERT INTO logout_notices (id, app_id, user_id, session_id, everything, attempts, due_at, expires_at)
            VALUES ('1', 'app_1', 'usr_1', 'ses_1', FALSE, 0, 1, 9)",
    ),
    (
        50,
        "INSERT INTO initial_access_tokens (id, hash, label, uses_left, created_at, expires_at)
            VALUES ('iat_1', 'x', '', 1, 1, 9);
         INSERT INTO registrations (app_id, token_hash, sector, initial_token_id, created_at, expires_at)
            VALUES ('app_1', 'x', 'a.example', 'iat_1', 1, 9)",
    ),
    (60, "INSERT INTO used_assertions (id, expires_at) VALUES ('1', 9)"),
    (70, "INSERT INTO dpop_proofs (id, expires_at) VALUES ('1', 9)"),
    (
        80,
        "INSERT INTO device_requests (id, user_code, app_id, scopes, started_from, user_agent, state, poll_interval, created_at,
                expires_at)
            VALUES ('1', 'ABCDEFGH', 'app_1', 'openid', '192.0.2.1', 'tv', 'pending', 5, 1, 9)",
    ),
    (81, "INSERT INTO exchange_permissions (api_id, app_id, created_at) VALUES ('api_1', 'app_1', 1)"),
];

/// How many rows each table has.
async fn counts(db: &TestDb, engine: Engine) -> BTreeMap<String, u64> {
    let tables = match engine {
        Engine::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_'"
        }
        Engine::Postgres => "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    };
    let tables = db.ask(tables).await.concat();
    let count = |table: &String| format!("SELECT '{table}', COUNT(*) FROM {table}");
    let all = tables.iter().map(count).collect::<Vec<_>>().join(" UNION ALL ");
    let counts = db.ask(&all).await;
    counts.into_iter().map(|row| (row[0].clone(), row[1].parse().unwrap())).collect()
}

/// Fills what the migration of this number has made; then no table is empty, and none has lost a row.
async fn fill(db: &TestDb, engine: Engine, (number, before): (i64, &mut BTreeMap<String, u64>)) {
    let after = counts(db, engine).await;
    for (table, rows) in before.iter().filter(|(table, _)| after.contains_key(*table)) {
        assert!(after[table] >= *rows, "migration {number} has taken rows of {table} away");
    }
    for (_, rows) in ROWS.iter().filter(|(made_by, _)| *made_by == number) {
        db.execute(rows).await;
    }
    *before = counts(db, engine).await;
    let empty: Vec<_> = before.iter().filter(|(_, rows)| **rows == 0).map(|(table, _)| table).collect();
    assert!(empty.is_empty(), "add rows of {empty:?} to ROWS, by migration {number}");
}

async fn db_12_every_migration_comes_upon_tables_that_are_filled(engine: Engine) {
    let numbers = TestDb::migrations();
    let (last, earlier) = numbers.split_last().unwrap();
    assert!(ROWS.iter().all(|(number, _)| numbers.contains(number)));
    let db = TestDb::left_at(engine, 0).await;
    let mut before = BTreeMap::from([("schema_migrations".to_owned(), 0)]);
    for number in earlier {
        db.step(*number).await;
        fill(&db, engine, (*number, &mut before)).await;
    }
    assert!(db.migrate(NOW).await.unwrap().is_current());
    fill(&db, engine, (*last, &mut before)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn db_12_sqlite_every_migration_comes_upon_tables_that_are_filled() {
    db_12_every_migration_comes_upon_tables_that_are_filled(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn db_12_postgres_every_migration_comes_upon_tables_that_are_filled() {
    db_12_every_migration_comes_upon_tables_that_are_filled(Engine::Postgres).await;
}
