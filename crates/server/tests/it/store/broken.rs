//! A database that does otherwise than it is told, until it works again: what else was to be written?

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

/// From now on no account is any more what it was when a new password was about to be written: as if a way in were added in the
/// very moment.
pub(crate) async fn add_ways_to_resets(server: &TestServer) {
    let (sqlite, postgres) = (
        "CREATE TRIGGER overtaken BEFORE UPDATE OF password_hash ON users BEGIN SELECT RAISE(IGNORE); END;",
        "CREATE FUNCTION overtaken() RETURNS TRIGGER LANGUAGE plpgsql AS \
         $$ BEGIN RETURN NULL; END $$; \
         CREATE TRIGGER overtaken BEFORE UPDATE OF password_hash ON users FOR EACH ROW EXECUTE FUNCTION overtaken();",
    );
    run(server, sqlite, postgres).await;
}

/// Not any more.
pub(crate) async fn leave_resets_alone(server: &TestServer) {
    let (sqlite, postgres) =
        ("DROP TRIGGER overtaken;", "DROP TRIGGER overtaken ON users; DROP FUNCTION overtaken();");
    run(server, sqlite, postgres).await;
}

/// From now on a provider says of everybody that everything has ended, in the very moment in which they become a way into an account.
pub(crate) async fn end_whoever_is_linked(server: &TestServer) {
    let (sqlite, postgres) = (
        "CREATE TRIGGER ended AFTER INSERT ON identities BEGIN \
         INSERT INTO upstream_notices (id, expires_at) VALUES ('ended ' || NEW.issuer || ' ' || NEW.subject, 9000000000) \
         ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at; END;",
        "CREATE FUNCTION ended() RETURNS TRIGGER LANGUAGE plpgsql AS \
         $$ BEGIN INSERT INTO upstream_notices (id, expires_at) \
         VALUES ('ended ' || NEW.issuer || ' ' || NEW.subject, 9000000000) \
         ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at; RETURN NULL; END $$; \
         CREATE TRIGGER ended AFTER INSERT ON identities FOR EACH ROW EXECUTE FUNCTION ended();",
    );
    run(server, sqlite, postgres).await;
}

/// From now on a provider says of everybody that everything has ended, in the very moment in which they come by a way
/// that they have.
pub(crate) async fn end_whoever_comes(server: &TestServer) {
    let (sqlite, postgres) = (
        "CREATE TRIGGER told AFTER UPDATE OF last_used_at ON identities BEGIN \
         INSERT INTO upstream_notices (id, expires_at) VALUES ('ended ' || NEW.issuer || ' ' || NEW.subject, 9000000000) \
         ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at; END;",
        "CREATE FUNCTION told() RETURNS TRIGGER LANGUAGE plpgsql AS \
         $$ BEGIN INSERT INTO upstream_notices (id, expires_at) \
         VALUES ('ended ' || NEW.issuer || ' ' || NEW.subject, 9000000000) \
         ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at; RETURN NULL; END $$; \
         CREATE TRIGGER told AFTER UPDATE OF last_used_at ON identities FOR EACH ROW EXECUTE FUNCTION told();",
    );
    run(server, sqlite, postgres).await;
}

/// Not any more.
pub(crate) async fn end_nobody_who_comes(server: &TestServer) {
    let (sqlite, postgres) = ("DROP TRIGGER told;", "DROP TRIGGER told ON identities; DROP FUNCTION told();");
    run(server, sqlite, postgres).await;
}

/// From now on nobody has the epoch any more under which something is about to be written: as if everything had ended
/// in the very moment.
pub(crate) async fn end_everything_of_everybody(server: &TestServer) {
    let (sqlite, postgres) = (
        "CREATE TRIGGER finished BEFORE UPDATE OF epoch ON users BEGIN SELECT RAISE(IGNORE); END;",
        "CREATE FUNCTION finished() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; \
         CREATE TRIGGER finished BEFORE UPDATE OF epoch ON users FOR EACH ROW EXECUTE FUNCTION finished();",
    );
    run(server, sqlite, postgres).await;
}

/// Not any more.
pub(crate) async fn end_nothing_of_anybody(server: &TestServer) {
    let (sqlite, postgres) =
        ("DROP TRIGGER finished;", "DROP TRIGGER finished ON users; DROP FUNCTION finished();");
    run(server, sqlite, postgres).await;
}

/// From now on whoever has this name at a provider becomes a way into this account just before it is written down that
/// everything of theirs has ended.
pub(crate) async fn link_whoever_ends(server: &TestServer, user_id: &str, subject: &str) {
    let link = format!(
        "INSERT INTO identities (id, issuer, subject, user_id, upstream, label, tokens_wrapped, tokens_version, \
         created_at, last_used_at) VALUES ('idn_linked', replace(replace(NEW.id, 'ended ', ''), ' {subject}', ''), \
         '{subject}', '{user_id}', 'kakao', 'linked', 'tokens', 1, 0, 0)"
    );
    let when = format!("WHEN (NEW.id LIKE 'ended % {subject}')");
    let sqlite = format!("CREATE TRIGGER linked AFTER INSERT ON upstream_notices {when} BEGIN {link}; END;");
    let postgres = format!(
        "CREATE FUNCTION linked() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN {link}; RETURN NULL; END $$; \
         CREATE TRIGGER linked AFTER INSERT ON upstream_notices FOR EACH ROW {when} EXECUTE FUNCTION linked();"
    );
    run(server, &sqlite, &postgres).await;
}

/// From now on somebody comes by every way into an account in the very moment in which something about the account is written.
pub(crate) async fn come_by_every_way(server: &TestServer) {
    let (sqlite, postgres) = (
        "CREATE TRIGGER came AFTER UPDATE ON users BEGIN \
         UPDATE identities SET tokens_version = tokens_version + 1 WHERE user_id = NEW.id; END;",
        "CREATE FUNCTION came() RETURNS TRIGGER LANGUAGE plpgsql AS \
         $$ BEGIN UPDATE identities SET tokens_version = tokens_version + 1 WHERE user_id = NEW.id; RETURN NULL; END $$; \
         CREATE TRIGGER came AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION came();",
    );
    run(server, sqlite, postgres).await;
}

/// Not any more.
pub(crate) async fn come_no_more(server: &TestServer) {
    let (sqlite, postgres) = ("DROP TRIGGER came;", "DROP TRIGGER came ON users; DROP FUNCTION came();");
    run(server, sqlite, postgres).await;
}

/// From now on every session is ended in the very moment in which it begins.
pub(crate) async fn end_sessions_as_they_begin(server: &TestServer) {
    let (sqlite, postgres) = (
        "CREATE TRIGGER stillborn AFTER INSERT ON sessions BEGIN \
         UPDATE sessions SET ended_at = NEW.created_at WHERE id = NEW.id; END;",
        "CREATE FUNCTION stillborn() RETURNS TRIGGER LANGUAGE plpgsql AS \
         $$ BEGIN UPDATE sessions SET ended_at = NEW.created_at WHERE id = NEW.id; RETURN NULL; END $$; \
         CREATE TRIGGER stillborn AFTER INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION stillborn();",
    );
    run(server, sqlite, postgres).await;
}

/// From now on a developer's apps are given away in the very moment in which something rests on who they are.
pub(crate) async fn give_apps_away(server: &TestServer) {
    let (sqlite, postgres) = (
        "CREATE TRIGGER given AFTER UPDATE ON users BEGIN \
         UPDATE apps SET owner_id = NULL WHERE owner_id = NEW.id; END;",
        "CREATE FUNCTION given() RETURNS TRIGGER LANGUAGE plpgsql AS \
         $$ BEGIN UPDATE apps SET owner_id = NULL WHERE owner_id = NEW.id; RETURN NULL; END $$; \
         CREATE TRIGGER given AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION given();",
    );
    run(server, sqlite, postgres).await;
}

/// Not any more.
pub(crate) async fn leave_apps_alone(server: &TestServer) {
    let (sqlite, postgres) = ("DROP TRIGGER given;", "DROP TRIGGER given ON users; DROP FUNCTION given();");
    run(server, sqlite, postgres).await;
}

/// From now on an app or a provider changes in the very moment in which this is `written`, as in `UPDATE ON apps`.
pub(crate) async fn change_the_catalogue_at(server: &TestServer, written: &str) {
    let (sqlite, postgres) = catalogue_changes_at(written);
    run(server, &sqlite, &postgres).await;
}

/// The same in the words of each engine.
pub(crate) fn catalogue_changes_at(written: &str) -> (String, String) {
    let change = "UPDATE counters SET value = value + 1 WHERE name = 'catalog';";
    let sqlite = format!("CREATE TRIGGER meanwhile AFTER {written} BEGIN {change} END;");
    let postgres = format!(
        "CREATE FUNCTION meanwhile() RETURNS TRIGGER LANGUAGE plpgsql AS \
         $$ BEGIN {change} RETURN NULL; END $$; \
         CREATE TRIGGER meanwhile AFTER {written} FOR EACH ROW EXECUTE FUNCTION meanwhile();"
    );
    (sqlite, postgres)
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
