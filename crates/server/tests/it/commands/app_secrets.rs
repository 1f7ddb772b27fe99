//! `mapae app rotate-secret`: beside the secret before, or in its place when that has leaked — TO-18.

use mapae::{clock::Clock, store::apps};
use mapae_protocol::time::{Seconds, Timestamp};
use mapae_testkit::{AppFixture, Authorization, Browser, Options, TestServer};
use serde_json::Value;

use super::installation::{Installation, on_each_engine, text};
use crate::delay::last_stale;

const REDIRECT: &str = "http://localhost:3000/callback";

fn app(mapae: &Installation) -> AppFixture {
    let made = mapae.json(&["app", "create", "--name", "나의 서비스", "--redirect-uri", REDIRECT]);
    with_secret(&made)
}

/// The app with the secret of this answer.
fn with_secret(answer: &Value) -> AppFixture {
    AppFixture {
        client_id: text(answer, "client_id"),
        client_secret: Some(text(answer, "client_secret")),
        redirect_uri: REDIRECT.to_owned(),
    }
}

fn rotate(mapae: &Installation, app: &AppFixture, more: &[&str]) -> Value {
    mapae.json(&[&["app", "rotate-secret", &app.client_id][..], more].concat())
}

fn end(rotated: &Value) -> Timestamp {
    Timestamp::from_unix(rotated["former_until"].as_i64().unwrap_or_else(|| panic!("no end in {rotated}")))
}

/// A server on the same database, whose clock stands still until it is moved.
async fn server(mapae: &Installation, clock: &Clock) -> TestServer {
    TestServer::start_with(Options {
        database: Some(mapae.database()),
        beside: Some(mapae.data()),
        clock: Some(clock.clone()),
        ..Options::default()
    })
    .await
}

on_each_engine! {
    async fn to_18_a_rotated_secret_is_good_for_one_more_day(mapae: Installation) {
        let first = app(&mapae);
        let before = Clock::System.now();
        let rotated = rotate(&mapae, &first, &[]);
        let second = with_secret(&rotated);
        assert_eq!(second.client_id, first.client_id);
        assert_ne!(second.client_secret, first.client_secret);
        let day = end(&rotated).since(before);
        assert!(day >= Seconds::hours(24) && day < Seconds::hours(25), "{day:?}");
        let secrets = apps::find(&mapae.db(), &first.client_id).await.unwrap().unwrap().secrets;
        let ends: Vec<Option<Timestamp>> = secrets.iter().map(|secret| secret.expires_at).collect();
        assert!(ends.len() == 2 && ends.contains(&None) && ends.contains(&Some(end(&rotated))), "{ends:?}");

        let clock = Clock::manual(Clock::System.now());
        let server = server(&mapae, &clock).await;
        assert!(server.takes_secret(&first).await && server.takes_secret(&second).await, "both for now");
        clock.set(end(&rotated));
        assert!(!server.takes_secret(&first).await && server.takes_secret(&second).await, "a day later");
    }

    async fn to_18_of_two_rotations_the_second_ends_the_secret_before_the_first(mapae: Installation) {
        let first = app(&mapae);
        let second = with_secret(&rotate(&mapae, &first, &[]));
        let third = with_secret(&rotate(&mapae, &first, &[]));
        let server = server(&mapae, &Clock::manual(Clock::System.now())).await;
        assert!(!server.takes_secret(&first).await, "no more than two are good");
        assert!(server.takes_secret(&second).await && server.takes_secret(&third).await);
    }

    async fn to_18_a_leaked_secret_ends_at_once_with_all_that_was_issued(mapae: Installation) {
        let former = app(&mapae);
        let leaked = with_secret(&rotate(&mapae, &former, &[]));
        let clock = Clock::manual(Clock::System.now());
        let server = server(&mapae, &clock).await;
        let person = server.user("hong@example.com").await;
        let authorization = Authorization::of(&leaked, "openid");
        let code = server.code(&Browser::default(), &person, &authorization).await;
        let tokens = server.redeem(&leaked, &code, &authorization.verifier).await;
        let access = tokens.text("access_token");
        assert_eq!(server.userinfo(&access).await.status, 200);

        let rotated = rotate(&mapae, &leaked, &["--now"]);
        clock.set(Clock::System.now());
        assert_eq!(rotated.get("former_until"), None, "{rotated}");
        let replaced = with_secret(&rotated);
        last_stale("the new secret", async || server.takes_secret(&replaced).await).await;
        assert!(!server.takes_secret(&leaked).await && !server.takes_secret(&former).await, "also the one in overlap");
        let refused = server.refresh(&replaced, &tokens.text("refresh_token")).await;
        assert_eq!(refused.error(), "invalid_grant");
        last_stale("the access token's end", async || server.userinfo(&access).await.status == 401).await;
    }

    async fn to_18_a_leaked_secret_ends_at_once_where_the_clock_is_behind_that_of_the_command(mapae: Installation) {
        let former = app(&mapae);
        let leaked = with_secret(&rotate(&mapae, &former, &[]));
        let clock = Clock::manual(Clock::System.now().minus(Seconds::minutes(4)));
        let server = server(&mapae, &clock).await;
        assert!(server.takes_secret(&former).await && server.takes_secret(&leaked).await);
        let replaced = with_secret(&rotate(&mapae, &leaked, &["--now"]));
        server.app().catch_up().await.unwrap();
        assert!(!server.takes_secret(&leaked).await && !server.takes_secret(&former).await);
        assert!(server.takes_secret(&replaced).await);
    }

    async fn people_read_what_becomes_of_the_secret_before(mapae: Installation) {
        let id = app(&mapae).client_id;
        let gentle = mapae.run(&["app", "rotate-secret", &id]);
        assert_eq!(gentle.code, Some(0), "{gentle:?}");
        assert!(gentle.output.contains("\nformer secret  good until 2"), "{gentle:?}");
        let now = mapae.run(&["app", "rotate-secret", &id, "--now"]);
        assert_eq!(now.code, Some(0), "{now:?}");
        assert!(now.output.contains("\nformer secret  dead, and with it all that was issued"), "{now:?}");
    }

    async fn a_public_app_gets_no_secret(mapae: Installation) {
        let public = mapae.json(&["app", "create", "--name", "P", "--public", "--redirect-uri", "https://p.example/"]);
        let id = text(&public, "client_id");
        assert_eq!(mapae.refused(&["app", "rotate-secret", &id])["error"], "public_app");
        assert_eq!(mapae.refused(&["app", "rotate-secret", &id, "--now"])["error"], "public_app");
    }
}
