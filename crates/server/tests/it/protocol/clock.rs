//! A clock that steps back — threats OP-13.

use mapae_protocol::time::Seconds;
use mapae_testkit::{Authorization, Browser, Engine, TestServer};

use super::{calendar, sign_in};

#[tokio::test]
async fn op_13_a_clock_that_steps_back_revives_nothing_and_nothing_is_issued_meanwhile() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let (api, app) = calendar(&server, false).await;
        let signed_in = sign_in(&server, &app, "openid calendar.read").await;
        let authorization = Authorization::of(&app, "openid");
        let late = server.code(&signed_in.browser, &signed_in.user, &authorization).await;
        let access = signed_in.tokens.text("access_token");
        server.advance(Seconds::hours(1));
        assert!(!server.is_active(&api, &access).await, "{engine:?}: expired");
        let fresh = server.code(&signed_in.browser, &signed_in.user, &authorization).await;
        let right = server.now();

        server.set_clock(right.minus(Seconds::hours(1)));
        assert!(!server.is_active(&api, &access).await, "{engine:?}: an access token lives again");
        for code in [&late, &fresh] {
            let answer = server.redeem(&app, code, &authorization.verifier).await;
            assert_eq!(
                (answer.status.as_u16(), answer.error()),
                (503, "temporarily_unavailable"),
                "{engine:?}"
            );
            assert!(answer.headers.contains_key("retry-after"), "{engine:?}");
        }
        let refreshed = server.refresh(&app, &signed_in.tokens.text("refresh_token")).await;
        assert_eq!(refreshed.status, 503, "{engine:?}");
        let page = signed_in.browser.visit(&authorization.address(&server)).await;
        assert_eq!(
            (page.status.as_u16(), page.location()),
            (503, None),
            "{engine:?}: no code: {}",
            page.body
        );
        let stranger = Browser::default();
        let form = stranger.visit(&server.at("/sign-in")).await;
        let fields =
            [("email", signed_in.user.email.as_str()), ("password", signed_in.user.password.as_str())];
        let refused = stranger.submit(&form, "login-submit", &fields).await;
        assert_eq!(refused.status, 503, "{engine:?}: no session");
        for path in ["/jwks", "/.well-known/openid-configuration"] {
            assert_eq!(stranger.visit(&server.at(path)).await.status, 200, "{engine:?} {path}");
        }

        // A small step back is only waited for.
        server.set_clock(right.minus(Seconds::minutes(4)));
        let dead = server.redeem(&app, &late, &authorization.verifier).await;
        assert_eq!(dead.error(), "invalid_grant", "{engine:?}: a code lives again");
        server.set_clock(right.plus(Seconds::seconds(1)));
        let redeemed = server.redeem(&app, &fresh, &authorization.verifier).await;
        assert_eq!(redeemed.status, 200, "{engine:?}: recovers by itself, and nothing was spent");
    }
}

#[tokio::test]
async fn op_13_a_restart_forgets_no_time() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let (_, app) = calendar(&server, false).await;
        let signed_in = sign_in(&server, &app, "openid").await;
        let authorization = Authorization::of(&app, "openid");
        let noted = mapae::store::counters::raise_clock(server.now().plus(Seconds::hours(1)));
        server.write(mapae::store::Unit::from(noted)).await;
        let code = server.code(&signed_in.browser, &signed_in.user, &authorization).await;
        // Started anew on the same database, with a clock that is an hour behind.
        let node = server.second_node().await;
        assert_eq!(node.redeem(&app, &code, &authorization.verifier).await.status, 503, "{engine:?}");
        server.advance(Seconds::minutes(56));
        assert_eq!(
            node.redeem(&app, &code, &authorization.verifier).await.error(),
            "invalid_grant",
            "{engine:?}"
        );
    }
}
