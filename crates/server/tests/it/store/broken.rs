//! A database that refuses to write sessions, until told otherwise: what else was to be written with them?

use std::path::Path;

use mapae_testkit::{TestServer, postgres::PostgresServer};

use super::beneath;

/// From now on no session is begun or renewed.
pub(crate) async fn refuse_sessions(server: &TestServer) {
    let (sqlite, postgres) = (
        "CREATE TRIGGER broken_a BEFORE INSERT ON sessions BEGIN SELECT RAISE(ABORT, 'broken'); END; \
         CREATE TRIGGER broken_b BEFORE UPDATE OF secret_hash ON sessions BEGIN SELECT RAISE(ABORT, 'broken'); END;",
        "CREATE FUNCTION broken() RETURNS TRIGGER LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION 'broken'; END $$; \
         CREATE TRIGGER broken_a BEFORE INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION broken(); \
         CREATE TRIGGER broken_b BEFORE UPDATE OF secret_hash ON sessions FOR EACH ROW EXECUTE FUNCTION broken();",
    );
    run(server, sqlite, postgres).await;
}

/// It works again.
pub(crate) async fn accept_sessions(server: &TestServer) {
    let (sqlite, postgres) = (
        "DROP TRIGGER broken_a; DROP TRIGGER broken_b;",
        "DROP TRIGGER broken_a ON sessions; DROP TRIGGER broken_b ON sessions; DROP FUNCTION broken();",
    );
    run(server, sqlite, postgres).await;
}

async fn run(server: &TestServer, sqlite: &str, postgres: &str) {
    match server.database().strip_prefix("sqlite:") {
        Some(file) => beneath::execute(Path::new(file), sqlite),
        None => {
            let shared = PostgresServer::shared().unwrap();
            shared.execute(server.database(), postgres).await.unwrap();
        }
    }
}
