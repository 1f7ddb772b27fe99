//! Polling — RFC 8628 §3.4, §3.5.

use futures_util::future::join_all;
use mapae::store::{Unit, apps, device_requests, users};
use mapae_protocol::{device::DEVICE_CODE, digest::sha256_base64url, time::Seconds};
use mapae_testkit::{AppSpec, Browser, Engine, TestServer};

use super::{begin, television};

#[tokio::test]
async fn de_03_polling_too_fast_costs_five_seconds_each_time() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let app = server.register(television()).await;
        let device = begin(&server, &app, "openid").await;
        let mut told = Vec::new();
        for wait in [0, 5, 1, 1, 14, 15] {
            server.advance(Seconds::seconds(wait));
            let answer = device.poll(&server).await;
            assert_eq!(answer.status, 400, "{}", answer.json);
            told.push(answer.error().to_owned());
        }
        let pending = "authorization_pending";
        assert_eq!(told, [pending, pending, "slow_down", "slow_down", pending, pending], "{engine:?}");
        let row = device_requests::find(server.app().db(), &sha256_base64url(&device.device_code)).await;
        assert_eq!(row.unwrap().unwrap().poll_interval, Seconds::seconds(15));
        // Whoever was allowed meanwhile is not kept waiting.
        let user = server.user("hong@example.com").await;
        device.allow(&server, &Browser::default(), &user).await;
        assert_eq!(device.poll(&server).await.status, 200, "{engine:?}");
    }
}

#[tokio::test]
async fn de_03_a_flood_of_polls_at_once_is_told_to_wait_and_breaks_nothing() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let node = server.second_node().await;
        let app = server.register(television()).await;
        let device = begin(&server, &app, "openid").await;
        let nodes = [&server, &node];
        let answers = join_all((0..16).map(|number| device.poll(nodes[number % 2]))).await;
        for answer in &answers {
            assert!(["authorization_pending", "slow_down"].contains(&answer.error()), "{}", answer.json);
        }
        assert_eq!(device.poll(&server).await.error(), "slow_down", "{engine:?}");
    }
}

#[tokio::test]
async fn de_04_another_app_and_an_app_without_its_secret_learn_and_burn_nothing() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let user = server.user("hong@example.com").await;
        let app = server.register(AppSpec { public: false, ..television() }).await;
        let public = server.register(television()).await;
        let other = server.register(AppSpec { public: false, ..television() }).await;
        let codes = server.register(AppSpec::default()).await;
        let device = begin(&server, &app, "openid").await;
        for allowed in [false, true] {
            for stranger in [&public, &other] {
                let answer = device.poll_as(&server, stranger).await;
                assert_eq!((answer.status.as_u16(), answer.error()), (400, "invalid_grant"), "{engine:?}");
            }
            assert_eq!(device.poll_as(&server, &codes).await.error(), "unauthorized_client", "{engine:?}");
            let form = [
                ("grant_type", DEVICE_CODE),
                ("device_code", device.device_code.as_str()),
                ("client_id", app.client_id.as_str()),
            ];
            let bare = server.post("/token", None, &form).await;
            assert_eq!((bare.status.as_u16(), bare.error()), (401, "invalid_client"), "{engine:?}");
            let wrong = server.post("/token", Some((&app.client_id, "wrong")), &form[..2]).await;
            assert_eq!((wrong.status.as_u16(), wrong.error()), (401, "invalid_client"), "{engine:?}");
            let unproven = server.post("/device_authorization", None, &form[2..]).await;
            assert_eq!((unproven.status.as_u16(), unproven.error()), (401, "invalid_client"), "{engine:?}");
            if !allowed {
                assert_eq!(device.poll(&server).await.error(), "authorization_pending", "{engine:?}");
                device.allow(&server, &Browser::default(), &user).await;
            }
        }
        assert_eq!(device.poll(&server).await.status, 200, "{engine:?}: nothing was burnt");
    }
}

#[tokio::test]
async fn de_04_what_is_no_device_code_is_refused_without_an_echo() {
    let server = TestServer::start().await;
    let app = server.register(television()).await;
    let device = begin(&server, &app, "openid").await;
    let long = "A".repeat(43);
    let user_code = device.user_code.as_str();
    for code in [user_code, "x", long.as_str(), "' OR 1=1 --", "\u{0}", &device.device_code.to_uppercase()] {
        let answer = server.token(&app, &[("grant_type", DEVICE_CODE), ("device_code", code)]).await;
        let refused = ["invalid_grant", "invalid_request"].contains(&answer.error());
        assert!(answer.status == 400 && refused, "{code}: {}", answer.json);
        assert!(!answer.json.to_string().contains("OR 1=1"), "{}", answer.json);
    }
    let missing = server.token(&app, &[("grant_type", DEVICE_CODE)]).await;
    assert_eq!(missing.error(), "invalid_request");
    let code = device.device_code.as_str();
    let twice = [("grant_type", DEVICE_CODE), ("device_code", code), ("device_code", code)];
    assert_eq!(server.token(&app, &twice).await.error(), "invalid_request");
    let id = sha256_base64url(&device.device_code);
    let stolen = server.token(&app, &[("grant_type", DEVICE_CODE), ("device_code", &id)]).await;
    assert_eq!(stolen.error(), "invalid_grant", "what stands in the database opens nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn de_05_of_many_polls_at_once_on_two_nodes_one_has_tokens_and_they_live() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let node = server.second_node().await;
        let app = server.register(television()).await;
        let user = server.user("hong@example.com").await;
        let browser = Browser::default();
        for _ in 0..5 {
            let device = begin(&server, &app, "openid").await;
            device.allow(&server, &browser, &user).await;
            let nodes = [&server, &node];
            let answers = join_all((0..8).map(|number| device.poll(nodes[number % 2]))).await;
            let (given, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
            assert_eq!(given.len(), 1, "{engine:?}");
            assert!(refused.iter().all(|answer| answer.error() == "invalid_grant"), "{engine:?}");
            // Who lost a race took nothing from who won it.
            let next = server.refresh(&app, &given[0].text("refresh_token")).await;
            assert_eq!(next.status, 200, "{engine:?}: {}", next.json);
            assert_eq!(device.poll(&node).await.error(), "invalid_grant", "{engine:?}");
        }
    }
}

#[tokio::test]
async fn de_07_expired_denied_and_pending_have_their_own_words() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let app = server.register(television()).await;
        let user = server.user("hong@example.com").await;
        let browser = Browser::default();
        let denied = begin(&server, &app, "openid").await;
        let pending = begin(&server, &app, "openid").await;
        let allowed = begin(&server, &app, "openid").await;
        let confirm = denied.open(&server, &browser, &user).await;
        let done = browser.submit(&confirm, "device-deny", &[]).await;
        assert!(done.has("done"), "{}", done.body);
        allowed.allow(&server, &browser, &user).await;
        assert_eq!(denied.poll(&server).await.error(), "access_denied", "{engine:?}");
        assert_eq!(denied.poll(&server).await.error(), "access_denied", "{engine:?}: as often as it asks");
        assert_eq!(pending.poll(&server).await.error(), "authorization_pending", "{engine:?}");
        server.advance(Seconds::minutes(10));
        for late in [&denied, &pending, &allowed] {
            assert_eq!(late.poll(&server).await.error(), "expired_token", "{engine:?}");
        }
        // The sweep changes what is known, and nothing that is given.
        server.advance(Seconds::hours(3));
        let feed = Seconds::days(1);
        mapae::store::sweep::run(server.app().db(), feed, server.now()).await.unwrap();
        for late in [&denied, &pending, &allowed] {
            assert_eq!(late.poll(&server).await.error(), "invalid_grant", "{engine:?}");
        }
    }
}

#[tokio::test]
async fn de_10_what_ends_between_the_yes_and_the_poll_gives_nothing() {
    type End = fn(&str, &str, mapae_protocol::time::Timestamp) -> Unit;
    let ends: [(&str, End, &str); 4] = [
        ("person disabled", |user, _, now| users::disable(user, now), "invalid_grant"),
        (
            "password changed",
            |user, _, now| users::set_password(user, 0, &"$argon2id$new".to_owned().into(), now),
            "invalid_grant",
        ),
        ("app disabled", |_, app, now| apps::disable(app, now), "invalid_client"),
        ("app revoked", |_, app, now| apps::revoke(app, now), "invalid_grant"),
    ];
    for engine in Engine::ALL {
        for (name, end, error) in ends {
            let server = TestServer::on(engine).await;
            let app = server.register(television()).await;
            let user = server.user("hong@example.com").await;
            let device = begin(&server, &app, "openid offline_access").await;
            device.allow(&server, &Browser::default(), &user).await;
            server.write(end(&user.id, &app.client_id, server.now())).await;
            assert_eq!(device.poll(&server).await.error(), error, "{engine:?}: {name}");
        }
    }
}

/// Without `offline_access` it dies with the browser session in which it was allowed, as a code's grant does.
#[tokio::test]
async fn de_10_a_device_that_is_not_offline_ends_when_the_person_signs_out() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let app = server.register(television()).await;
        let user = server.user("hong@example.com").await;
        let browser = Browser::default();
        let (short, long) =
            (begin(&server, &app, "openid").await, begin(&server, &app, "openid offline_access").await);
        short.allow(&server, &browser, &user).await;
        long.allow(&server, &browser, &user).await;
        let (short, long) = (short.poll(&server).await, long.poll(&server).await);
        for session in mapae::store::sessions::list(server.app().db(), &user.id, server.now()).await.unwrap()
        {
            server.write(mapae::store::sessions::end(&session.id, &user.id, server.now())).await;
        }
        assert_eq!(server.refresh(&app, &short.text("refresh_token")).await.error(), "invalid_grant");
        assert_eq!(server.refresh(&app, &long.text("refresh_token")).await.status, 200, "{engine:?}");
    }
}
