//! A clock that jumps — threats OP-13, RE-07.

use mapae::{
    clock::Clock,
    store::{grants, sweep},
};
use mapae_protocol::time::Seconds;
use mapae_testkit::{AppSpec, Authorization, Browser, Engine, Options, TestServer};

use super::{calendar, claims, sign_in};

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

#[tokio::test]
async fn op_13_what_a_server_with_a_wrong_clock_has_swept_is_refused_by_all() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let (api, app) = calendar(&server, false).await;
        let machine = AppSpec {
            redirect_uris: Vec::new(),
            grant_types: "client_credentials".to_owned(),
            required: vec!["calendar.read".to_owned()],
            optional: Vec::new(),
            ..AppSpec::default()
        };
        let machine = server.register(machine).await;
        let signed_in = sign_in(&server, &app, "openid calendar.read").await;
        let authorization = Authorization::of(&app, "openid calendar.read");
        let code = server.code(&signed_in.browser, &signed_in.user, &authorization).await;
        assert_eq!(server.redeem(&app, &code, &authorization.verifier).await.status, 200);
        assert_eq!(server.redeem(&app, &code, &authorization.verifier).await.error(), "invalid_grant");
        let tokens = [
            (&app, signed_in.tokens.text("access_token")),
            (
                &machine,
                server.token(&machine, &[("grant_type", "client_credentials")]).await.text("access_token"),
            ),
        ];
        for (owner, token) in &tokens {
            assert!(server.is_active(&api, token).await, "{engine:?}");
            let credential = (owner.client_id.as_str(), owner.client_secret.as_deref().unwrap());
            server.post("/revoke", Some(credential), &[("token", token)]).await;
            assert!(!server.is_active(&api, token).await, "{engine:?}");
        }

        let wrong = Clock::manual(server.now().plus(Seconds::hours(4)));
        let node = TestServer::start_with(Options {
            database: Some(server.database().to_owned()),
            beside: Some(server.data().to_owned()),
            clock: Some(wrong),
            ..Options::default()
        })
        .await;
        sweep::run(node.app().db(), Seconds::days(1), node.now()).await.unwrap();

        let third = server.redeem(&app, &code, &authorization.verifier).await;
        assert_eq!(
            (third.status.as_u16(), third.error()),
            (400, "invalid_grant"),
            "{engine:?}: redeemed again"
        );
        for (_, token) in &tokens {
            assert!(!server.is_active(&api, token).await, "{engine:?}: a revoked token lives again");
            assert_ne!(server.userinfo(token).await.status, 200, "{engine:?}");
        }
        // Once the time has come that the wrong clock showed, all is as before.
        server.advance(Seconds::hours(4));
        let again = server.token(&machine, &[("grant_type", "client_credentials")]).await;
        assert!(server.is_active(&api, &again.text("access_token")).await, "{engine:?}");
    }
}

/// The default: however often it is used, a grant ends after thirty days, and after seven without use.
#[tokio::test]
async fn re_07_a_clock_that_jumps_neither_spends_a_refresh_token_nor_prolongs_it() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let optional = vec!["offline_access".to_owned()];
        let app = server.register(AppSpec { optional, ..AppSpec::default() }).await;
        let begun = server.now();
        let signed_in = sign_in(&server, &app, "openid offline_access").await;
        let grant_id = claims(&signed_in.tokens.text("access_token"))["gid"].clone();
        let ends = async || {
            let facts = grants::facts(server.app().db(), grant_id.as_str().unwrap()).await.unwrap().unwrap();
            (facts.grant.given.expires_at, facts.grant.idle_expires_at)
        };
        let end = begun.plus(Seconds::days(30));
        let mut token = signed_in.tokens.text("refresh_token");
        let mut refreshed = async |expected: u16, why: &str| {
            let answer = server.refresh(&app, &token).await;
            assert_eq!(answer.status, expected, "{engine:?} {why}: {}", answer.json);
            match expected {
                200 => token = answer.text("refresh_token"),
                503 => assert_eq!(answer.error(), "temporarily_unavailable", "{engine:?} {why}"),
                _ => assert_eq!(answer.error(), "invalid_grant", "{engine:?} {why}"),
            }
        };
        let week = Seconds::days(7);
        server.set_clock(begun.minus(Seconds::hours(1)));
        refreshed(503, "back by an hour").await;
        server.set_clock(begun.plus(Seconds::seconds(1)));
        refreshed(200, "right again: the token was not spent").await;
        assert_eq!(ends().await, (end, begun.plus(Seconds::seconds(1)).plus(week)), "{engine:?}");

        let ahead = begun.plus(Seconds::days(1));
        server.set_clock(ahead);
        refreshed(200, "forward by a day").await;
        assert_eq!(ends().await, (end, ahead.plus(week)), "{engine:?}: no later end for a grant");
        server.set_clock(begun.plus(Seconds::minutes(1)));
        refreshed(503, "right again: a day behind what was seen").await;
        assert_eq!(ends().await, (end, ahead.plus(week)), "{engine:?}");
        server.set_clock(ahead.plus(Seconds::seconds(1)));
        refreshed(200, "the day has passed").await;

        for days in [7, 13, 19, 25] {
            server.set_clock(begun.plus(Seconds::days(days)));
            refreshed(200, "used within each week").await;
            assert_eq!(ends().await.0, end, "{engine:?}: day {days}");
        }
        server.set_clock(end);
        refreshed(400, "forward to its end").await;
        server.set_clock(end.minus(Seconds::days(1)));
        refreshed(503, "and back by a day").await;
        server.set_clock(end.minus(Seconds::minutes(4)));
        refreshed(400, "and back by a little: what has expired stays so").await;
    }
}
