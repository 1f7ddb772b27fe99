//! Commands beside a running server, which sees what they change within a second.

use std::time::Duration;

use mapae::{
    clock::Clock,
    store::{Unit, counters, revocations},
};
use mapae_protocol::time::Seconds;

use super::{
    installation::{Installation, on_each_engine, text},
    server::Server,
};
use crate::delay::{in_time, last_stale};

/// A machine that may ask for a scope of an API, registered while the server runs.
fn machine(mapae: &Installation) -> (String, String) {
    let machine = mapae.json(&[
        "app",
        "create",
        "--name",
        "Reports",
        "--grant",
        "client_credentials",
        "--required-scope",
        "calendar.read",
    ]);
    (text(&machine, "client_id"), text(&machine, "client_secret"))
}

/// What the secret of an app that is not there any more gets.
const REFUSED: (u16, Option<&str>) = (401, Some("invalid_client"));

/// Asks again and again until the answer is `expected`; how long after the change it was another.
async fn is_told(server: &Server, (id, secret): (&str, &str), expected: (u16, Option<&str>)) -> Duration {
    let what = format!("{id} is told {expected:?}");
    last_stale(&what, async || {
        let (status, error) = server.token(id, secret).await;
        (status, error.as_deref()) == expected
    })
    .await
}

on_each_engine! {
    async fn what_is_registered_disabled_rotated_and_deleted_is_seen_within_a_second(mapae: Installation) {
        let server = Server::start(&mapae);
        mapae.calendar();
        in_time("registered, rotated, disabled, deleted", async || {
            let (id, secret) = machine(&mapae);
            let registered = is_told(&server, (&id, &secret), (200, None)).await;

            let new_secret = text(&mapae.json(&["app", "rotate-secret", &id, "--now"]), "client_secret");
            let rotated = is_told(&server, (&id, &secret), REFUSED).await;
            assert_eq!(server.token(&id, &new_secret).await, (200, None), "the new secret is good");

            mapae.json(&["app", "disable", &id]);
            let disabled = is_told(&server, (&id, &new_secret), REFUSED).await;

            let (other, other_secret) = machine(&mapae);
            is_told(&server, (&other, &other_secret), (200, None)).await;
            mapae.json(&["app", "delete", &other]);
            let deleted = is_told(&server, (&other, &other_secret), REFUSED).await;
            registered.max(rotated).max(disabled).max(deleted)
        })
        .await;
        assert_eq!(server.stop("TERM").status.code(), Some(0));
    }

    async fn rs_13_op_13_what_a_command_ends_is_dated_by_the_clocks_of_the_servers(mapae: Installation) {
        mapae.user("hong@example.com");
        let servers = Clock::System.now().plus(Seconds::hours(1));
        mapae.db().commit(Unit::from(counters::raise_clock(servers))).await.unwrap();
        mapae.json(&["user", "disable", "hong@example.com"]);
        let events = revocations::list_after(&mapae.db(), 0, 10).await.unwrap();
        assert_eq!(events.iter().map(|event| event.at).collect::<Vec<_>>(), [servers]);
    }

    async fn two_servers_see_it_both(mapae: Installation) {
        let servers = [Server::start(&mapae), Server::start(&mapae)];
        mapae.calendar();
        for _ in 0..2 {
            in_time("both servers", async || {
                let (id, secret) = machine(&mapae);
                let mut longest = Duration::ZERO;
                for server in &servers {
                    longest = longest.max(is_told(server, (&id, &secret), (200, None)).await);
                }
                mapae.json(&["app", "disable", &id]);
                for server in &servers {
                    longest = longest.max(is_told(server, (&id, &secret), REFUSED).await);
                }
                longest
            })
            .await;
        }
    }
}
