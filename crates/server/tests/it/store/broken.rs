//! A database that does otherwise than it is told, until it works again: what else was to be written?

use std::path::Path;

use mapae_testkit::{TestServer, postgres::PostgresServer};

use super::sqlite_file;

/// What is done to the database, in the words of each engine.
pub(crate) struct Words {
    pub(crate) sqlite: String,
    pub(crate) postgres: String,
}

impl Words {
    /// `deed` in the very moment in which this is `written`, as in `INSERT ON sessions`; called `name` until it
    /// [ends](Self::ending).
    fn after(written: &str, name: &str, deed: &str) -> Self {
        let when = format!("CREATE TRIGGER {name} AFTER {written}");
        Self {
            sqlite: format!("{when} BEGIN {deed}; END;"),
            postgres: function(name, &format!("{deed}; RETURN NULL;"), &when),
        }
    }

    /// Nothing, where this was to be `written`.
    pub(crate) fn instead_of(written: &str, name: &str) -> Self {
        let when = format!("CREATE TRIGGER {name} BEFORE {written}");
        Self {
            sqlite: format!("{when} BEGIN SELECT RAISE(IGNORE); END;"),
            postgres: function(name, "RETURN NULL;", &when),
        }
    }

    fn ending(name: &str, table: &str) -> Self {
        Self {
            sqlite: format!("DROP TRIGGER {name};"),
            postgres: format!("DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();"),
        }
    }

    async fn be_done(&self, server: &TestServer) {
        match server.database().strip_prefix("sqlite:") {
            Some(file) => sqlite_file::execute(Path::new(file), &self.sqlite),
            None => {
                let shared = PostgresServer::shared().unwrap();
                shared.execute(server.database(), &self.postgres).await.unwrap();
            }
        }
    }
}

fn function(name: &str, body: &str, when: &str) -> String {
    format!(
        "CREATE FUNCTION {name}() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN {body} END $$; \
         {when} FOR EACH ROW EXECUTE FUNCTION {name}();"
    )
}

/// From now on no session is begun or renewed.
pub(crate) async fn refuse_sessions(server: &TestServer) {
    let words = Words {
        sqlite:
            "CREATE TRIGGER broken_a BEFORE INSERT ON sessions BEGIN SELECT RAISE(ABORT, 'broken'); END; \
             CREATE TRIGGER broken_b BEFORE UPDATE OF secret_hash ON sessions \
             BEGIN SELECT RAISE(ABORT, 'broken'); END;"
                .to_owned(),
        postgres: "CREATE FUNCTION broken() RETURNS TRIGGER LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'broken'; END $$; \
             CREATE TRIGGER broken_a BEFORE INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION broken(); \
             CREATE TRIGGER broken_b BEFORE UPDATE OF secret_hash ON sessions \
             FOR EACH ROW EXECUTE FUNCTION broken();"
            .to_owned(),
    };
    words.be_done(server).await;
}

/// It works again.
pub(crate) async fn accept_sessions(server: &TestServer) {
    let words = Words {
        sqlite: "DROP TRIGGER broken_a; DROP TRIGGER broken_b;".to_owned(),
        postgres:
            "DROP TRIGGER broken_a ON sessions; DROP TRIGGER broken_b ON sessions; DROP FUNCTION broken();"
                .to_owned(),
    };
    words.be_done(server).await;
}

/// From now on no account is any more what it was when a new password was about to be written: as if a way in were added in the
/// very moment.
pub(crate) async fn add_ways_to_resets(server: &TestServer) {
    Words::instead_of("UPDATE OF password_hash ON users", "overtaken").be_done(server).await;
}

/// Not any more.
pub(crate) async fn leave_resets_alone(server: &TestServer) {
    Words::ending("overtaken", "users").be_done(server).await;
}

/// Of whoever an identity is, the provider has said that everything has ended.
const HAS_ENDED: &str = "INSERT INTO upstream_notices (id, expires_at) \
    VALUES ('ended ' || NEW.issuer || ' ' || NEW.subject, 9000000000) \
    ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at";

/// From now on a provider says of everybody that everything has ended, in the very moment in which they become a way into an account.
pub(crate) async fn end_whoever_is_linked(server: &TestServer) {
    Words::after("INSERT ON identities", "ended", HAS_ENDED).be_done(server).await;
}

/// From now on a provider says of everybody that everything has ended, in the very moment in which they come by a way
/// that they have.
pub(crate) async fn end_whoever_comes(server: &TestServer) {
    Words::after("UPDATE OF last_used_at ON identities", "told", HAS_ENDED).be_done(server).await;
}

/// Not any more.
pub(crate) async fn end_nobody_who_comes(server: &TestServer) {
    Words::ending("told", "identities").be_done(server).await;
}

/// From now on nobody has the epoch any more under which something is about to be written: as if everything had ended
/// in the very moment.
pub(crate) async fn end_everything_of_everybody(server: &TestServer) {
    Words::instead_of("UPDATE OF epoch ON users", "finished").be_done(server).await;
}

/// Not any more.
pub(crate) async fn end_nothing_of_anybody(server: &TestServer) {
    Words::ending("finished", "users").be_done(server).await;
}

/// From now on whoever has this name at a provider becomes a way into this account just before it is written down that
/// everything of theirs has ended.
pub(crate) async fn link_whoever_ends(server: &TestServer, user_id: &str, subject: &str) {
    let link = format!(
        "INSERT INTO identities (id, issuer, subject, user_id, upstream, label, tokens_wrapped, tokens_version, \
         created_at, last_used_at) SELECT 'idn_linked', replace(replace(NEW.id, 'ended ', ''), ' {subject}', ''), \
         '{subject}', '{user_id}', 'kakao', 'linked', 'tokens', 1, 0, 0 WHERE NEW.id LIKE 'ended % {subject}'"
    );
    Words::after("INSERT ON upstream_notices", "linked", &link).be_done(server).await;
}

/// From now on somebody comes by every way into an account in the very moment in which something about the account is written.
pub(crate) async fn come_by_every_way(server: &TestServer) {
    let come = "UPDATE identities SET tokens_version = tokens_version + 1 WHERE user_id = NEW.id";
    Words::after("UPDATE ON users", "came", come).be_done(server).await;
}

/// Not any more.
pub(crate) async fn come_no_more(server: &TestServer) {
    Words::ending("came", "users").be_done(server).await;
}

/// From now on every session is ended in the very moment in which it begins.
pub(crate) async fn end_sessions_as_they_begin(server: &TestServer) {
    let end = "UPDATE sessions SET ended_at = NEW.created_at WHERE id = NEW.id";
    Words::after("INSERT ON sessions", "stillborn", end).be_done(server).await;
}

/// From now on every session ends in the very moment in which this is `written`, as in `UPDATE ON apps`.
pub(crate) async fn end_sessions_at(server: &TestServer, written: &str) {
    let end = "UPDATE sessions SET ended_at = 1, epoch = epoch + 1 WHERE ended_at IS NULL";
    Words::after(written, "no_session", end).be_done(server).await;
}

/// Not any more.
pub(crate) async fn end_no_sessions_at(server: &TestServer, written: &str) {
    let (_, table) = written.rsplit_once(' ').unwrap();
    Words::ending("no_session", table).be_done(server).await;
}

/// From now on a developer's apps are given away in the very moment in which something rests on who they are.
pub(crate) async fn give_apps_away(server: &TestServer) {
    let give = "UPDATE apps SET owner_id = NULL WHERE owner_id = NEW.id";
    Words::after("UPDATE ON users", "given", give).be_done(server).await;
}

/// Not any more.
pub(crate) async fn leave_apps_alone(server: &TestServer) {
    Words::ending("given", "users").be_done(server).await;
}

/// From now on an app or a provider changes in the very moment in which this is `written`, as in `UPDATE ON apps`.
pub(crate) async fn change_the_catalogue_at(server: &TestServer, written: &str) {
    catalogue_changes_at(written).be_done(server).await;
}

/// The same, as it is said to each engine.
pub(crate) fn catalogue_changes_at(written: &str) -> Words {
    Words::after(written, "meanwhile", "UPDATE counters SET value = value + 1 WHERE name = 'catalog'")
}
