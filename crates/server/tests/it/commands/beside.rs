//! Commands beside a running server, which sees what they change within a second.

use super::{
    installation::{Installation, on_each_engine, text},
    server::Server,
};
use crate::delay::in_time;

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

/// Asks again and again until the answer is `expected`, which must be so in time.
async fn is_told(server: &Server, (id, secret): (&str, &str), expected: (u16, Option<&str>)) {
    let what = format!("{id} is told {expected:?}");
    in_time(&what, async || {
        let (status, error) = server.token(id, secret).await;
        (status, error.as_deref()) == expected
    })
    .await;
}

on_each_engine! {
    async fn what_is_registered_disabled_rotated_and_deleted_is_seen_within_a_second(mapae: Installation) {
        let server = Server::start(&mapae);
        mapae.calendar();
        let (id, secret) = machine(&mapae);
        is_told(&server, (&id, &secret), (200, None)).await;

        let rotated = text(&mapae.json(&["app", "rotate-secret", &id]), "client_secret");
        is_told(&server, (&id, &secret), (401, Some("invalid_client"))).await;
        assert_eq!(server.token(&id, &rotated).await, (200, None), "the new secret is good");

        mapae.json(&["app", "disable", &id]);
        is_told(&server, (&id, &rotated), (401, Some("invalid_client"))).await;

        let (other, other_secret) = machine(&mapae);
        is_told(&server, (&other, &other_secret), (200, None)).await;
        mapae.json(&["app", "delete", &other]);
        is_told(&server, (&other, &other_secret), (401, Some("invalid_client"))).await;
        assert_eq!(server.stop("TERM").status.code(), Some(0));
    }

    async fn two_servers_see_it_both(mapae: Installation) {
        let servers = [Server::start(&mapae), Server::start(&mapae)];
        mapae.calendar();
        for _ in 0..2 {
            let (id, secret) = machine(&mapae);
            for server in &servers {
                is_told(server, (&id, &secret), (200, None)).await;
            }
            mapae.json(&["app", "disable", &id]);
            for server in &servers {
                is_told(server, (&id, &secret), (401, Some("invalid_client"))).await;
            }
        }
    }
}
