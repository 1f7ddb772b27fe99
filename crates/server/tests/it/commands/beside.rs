//! Commands beside a running server, which sees what they change within a second.

use std::time::{Duration, Instant};

use super::{
    installation::{Installation, on_each_engine, text},
    server::{PATIENCE, Server},
};

/// How long a server may take to see a change.
const WITHIN: Duration = Duration::from_secs(1);

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

fn calendar(mapae: &Installation) {
    mapae.json(&[
        "api",
        "create",
        "--identifier",
        "https://calendar.example.com",
        "--name",
        "캘린더",
        "--scope",
        "calendar.read=일정 보기|See your calendar",
    ]);
}

/// How long each change took to be seen. A busy machine may hold one of them up, and not most of them.
#[derive(Default)]
struct Delays(Vec<Duration>);

impl Delays {
    /// Asks again and again until the answer is `expected`.
    async fn until(&mut self, server: &Server, (id, secret): (&str, &str), expected: (u16, Option<&str>)) {
        let since = Instant::now();
        loop {
            let asked = since.elapsed();
            let (status, error) = server.token(id, secret).await;
            if (status, error.as_deref()) == expected {
                return self.0.push(asked);
            }
            assert!(asked < PATIENCE, "still {status} {error:?} instead of {expected:?}");
        }
    }
}

impl Drop for Delays {
    fn drop(&mut self) {
        self.0.sort();
        let median = self.0.get(self.0.len() / 2);
        assert!(std::thread::panicking() || median.is_some_and(|median| *median < WITHIN), "{:?}", self.0);
    }
}

on_each_engine! {
    async fn what_is_registered_disabled_rotated_and_deleted_is_seen_within_a_second(mapae: Installation) {
        let server = Server::start(&mapae);
        let mut delays = Delays::default();
        calendar(&mapae);
        let (id, secret) = machine(&mapae);
        delays.until(&server, (&id, &secret), (200, None)).await;

        let rotated = text(&mapae.json(&["app", "rotate-secret", &id]), "client_secret");
        delays.until(&server, (&id, &secret), (401, Some("invalid_client"))).await;
        assert_eq!(server.token(&id, &rotated).await, (200, None), "the new secret is good");

        mapae.json(&["app", "disable", &id]);
        delays.until(&server, (&id, &rotated), (401, Some("invalid_client"))).await;

        let (other, other_secret) = machine(&mapae);
        delays.until(&server, (&other, &other_secret), (200, None)).await;
        mapae.json(&["app", "delete", &other]);
        delays.until(&server, (&other, &other_secret), (401, Some("invalid_client"))).await;
        assert_eq!(server.stop("TERM").status.code(), Some(0));
    }

    async fn two_servers_see_it_both(mapae: Installation) {
        let servers = [Server::start(&mapae), Server::start(&mapae)];
        let mut delays = Delays::default();
        calendar(&mapae);
        for _ in 0..2 {
            let (id, secret) = machine(&mapae);
            for server in &servers {
                delays.until(server, (&id, &secret), (200, None)).await;
            }
            mapae.json(&["app", "disable", &id]);
            for server in &servers {
                delays.until(server, (&id, &secret), (401, Some("invalid_client"))).await;
            }
        }
    }
}
