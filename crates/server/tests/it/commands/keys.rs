//! `mapae keys`.

use mapae::{clock::Clock, store::db::Engine};
use mapae_protocol::{base64url, time::Seconds};
use mapae_testkit::{AppSpec, Authorization, Browser, Options, TestServer};
use serde_json::Value;

use super::{
    installation::{Installation, ended, on_each_engine, shape, text},
    server::{PATIENCE, Server},
};

/// Not the one of any installation.
const OTHER_MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// The signing keys in this state.
fn in_state(keys: &Value, state: &str) -> Vec<String> {
    let keys = keys["signing_keys"].as_array().expect("keys").iter();
    keys.filter(|key| key["state"] == state).map(|key| text(key, "kid")).collect()
}

/// Waits until the server publishes exactly these keys.
async fn follow(server: &Server, mut kids: Vec<String>) {
    kids.sort();
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let mut published = server.published_keys().await;
        published.sort();
        if published == kids {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{published:?} instead of {kids:?}");
    }
}

on_each_engine! {
    async fn keys_are_listed_with_what_they_are_for(mapae: Installation) {
        assert_eq!(mapae.json(&["keys", "list"]), serde_json::json!({ "signing_keys": [], "sealing_keys": [] }));
        assert_eq!(mapae.refused(&["keys", "rotate"])["error"], "no_keys");
        Server::start(&mapae).stop("TERM");
        let listed = mapae.json(&["keys", "list"]);
        insta::assert_snapshot!(shape(&listed["sealing_keys"]), @r#"
        [
          {
            "active_at": "a time",
            "created_at": "a time",
            "expires_at": null,
            "id": "…",
            "retired_at": null,
            "state": "current"
          }
        ]
        "#);
        let mut algorithms: Vec<String> =
            listed["signing_keys"].as_array().unwrap().iter().map(|key| text(key, "alg")).collect();
        algorithms.sort();
        assert_eq!(algorithms, ["ES256", "EdDSA", "PS256", "RS256"]);
        assert_eq!(in_state(&listed, "current").len(), 4);
    }

    async fn me_04_a_planned_rotation_publishes_the_next_keys_beside_the_present_ones(mapae: Installation) {
        let server = Server::start(&mapae);
        let before = server.published_keys().await;
        let rotated = mapae.json(&["keys", "rotate"]);
        assert_eq!((&rotated["rotated"], &rotated["emergency"]), (&true.into(), &false.into()));
        assert_eq!(in_state(&rotated, "current"), in_state(&mapae.json(&["keys", "list"]), "current"));
        assert!(in_state(&rotated, "current").iter().all(|kid| before.contains(kid)), "the present keys go on");
        let next = in_state(&rotated, "next");
        assert_eq!(next.len(), 4);
        follow(&server, before.into_iter().chain(next).collect()).await;
    }

    async fn me_04_an_emergency_withdraws_every_key_before_it(mapae: Installation) {
        let server = Server::start(&mapae);
        // Also keys that an earlier rotation retired, and those that were to come.
        mapae.json(&["keys", "rotate"]);
        let rotated = mapae.json(&["keys", "rotate", "--now"]);
        let current = in_state(&rotated, "current");
        assert_eq!(current.len(), 4);
        assert_eq!(rotated["signing_keys"].as_array().unwrap().len(), 4, "no other is accepted: {rotated}");
        let seals = rotated["sealing_keys"].as_array().unwrap();
        let states: Vec<&Value> = seals.iter().map(|seal| &seal["state"]).collect();
        assert_eq!(states, ["current"], "no other opens anything: {rotated}");
        follow(&server, current).await;
    }

    async fn me_04_an_emergency_is_in_force_at_once_on_a_server_whose_clock_is_behind(mapae: Installation) {
        let server = TestServer::start_with(Options {
            database: Some(mapae.database()),
            beside: Some(mapae.data()),
            clock: Some(Clock::manual(Clock::System.now().minus(Seconds::minutes(4)))),
            ..Options::default()
        })
        .await;
        let app = server.register(AppSpec::default()).await;
        let (browser, person) = (Browser::default(), server.user("hong@example.com").await);
        let authorization = Authorization::of(&app, "openid");
        let stolen = server.code(&browser, &person, &authorization).await;
        let current = in_state(&mapae.json(&["keys", "rotate", "--now"]), "current");
        server.app().catch_up().await.unwrap();
        let refused = server.redeem(&app, &stolen, &authorization.verifier).await;
        assert_eq!(refused.error(), "invalid_grant", "{}", refused.json);
        let code = server.code(&browser, &person, &authorization).await;
        let tokens = server.redeem(&app, &code, &authorization.verifier).await;
        for name in ["access_token", "id_token"] {
            let token = tokens.text(name);
            let header = base64url::decode(token.split('.').next().unwrap()).unwrap();
            let header: Value = serde_json::from_slice(&header).unwrap();
            assert!(current.contains(&text(&header, "kid")), "{name}: {header}");
        }
    }

    async fn of_five_rotations_at_once_the_keys_come_out_whole(mapae: Installation) {
        Server::start(&mapae).stop("TERM");
        let children: Vec<_> = (0..5).map(|_| mapae.start(&["keys", "rotate", "--json"], "")).collect();
        let objects: Vec<Value> = children.into_iter().map(|child| ended(child).object()).collect();
        let done = objects.iter().filter(|object| object["rotated"] == true).count();
        let refused = objects.iter().filter(|object| object["error"] == "conflict").count();
        assert!(done >= 1 && done + refused == 5, "{objects:?}");
        let listed = mapae.json(&["keys", "list"]);
        assert_eq!(listed["signing_keys"].as_array().unwrap().len(), 4 + 4 * done, "{listed}");
        assert_eq!(in_state(&listed, "current").len(), 4);
    }

    async fn under_another_master_key_nothing_is_rotated(mapae: Installation) {
        Server::start(&mapae).stop("TERM");
        let before = mapae.json(&["keys", "list"]);
        let mapae = mapae.with("MAPAE_MASTER_KEY", OTHER_MASTER_KEY);
        assert_eq!(mapae.refused(&["keys", "rotate", "--now"])["error"], "wrong_master_key");
        assert_eq!(mapae.json(&["keys", "list"]), before);
    }
}

#[tokio::test]
async fn a_lost_master_key_is_not_replaced_by_a_rotation() {
    let mapae = Installation::new(Engine::Sqlite).await;
    Server::start(&mapae).stop("TERM");
    let master_key = mapae.data().join("master.key");
    std::fs::remove_file(&master_key).unwrap();
    assert_eq!(mapae.refused(&["keys", "rotate"])["error"], "master_key_unusable");
    assert!(!master_key.exists(), "a new one would open nothing");
}
