//! Clocks that differ, and an issuer that does not answer.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use mapae_client::{AccessError, Class};
use mapae_testkit::{AppSpec, Engine, Mood};

use super::{stage::Stage, web_service::Visitor};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rp_06_clocks_may_differ_by_half_a_minute_and_not_by_more() {
    let stage = Stage::set(Engine::Sqlite).await;
    for (skew, fine) in [(0, true), (25, true), (-25, true), (-40, false), (3_600, false), (-3_600, false)] {
        let service =
            stage.service_with(AppSpec::default(), |plan| plan.with_clock_off_by(&stage, skew)).await;
        let mut visitor = Visitor::of(&stage);
        let page = visitor.visit(&service.at("/home")).await;
        assert_eq!(page.address.path() == "/sign-up", fine, "{skew} s: {} {}", page.status, page.body);
        if fine {
            visitor.submit(&page, "sign-up-submit", &[("nickname", "길동"), ("terms", "on")]).await;
            let person = visitor.person(&service).await.unwrap();
            stage.advance(300);
            service.client.access_token(&person).await.unwrap();
        } else {
            assert_eq!(page.status, 400, "{skew} s");
            assert!(visitor.person(&service).await.is_none() && service.users.count() == 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rp_18_an_issuer_that_stalls_costs_only_the_login() {
    let stalls_at = async |path: &'static str| {
        let stage = Stage::set(Engine::Sqlite).await;
        let service = stage.service().await;
        let mut visitor = Visitor::of(&stage);
        stage.gateway.set(path, Mood::Stall);
        let started = Instant::now();
        let page = visitor.visit(&service.at("/home")).await;
        assert_eq!(page.status, 502, "{path} {}", page.body);
        assert!(page.body.contains("잠시 뒤 다시 시도하세요"), "{path} {}", page.body);
        assert!(started.elapsed() < Duration::from_secs(30), "{path}: {:?}", started.elapsed());
        assert!(visitor.person(&service).await.is_none());
        stage.gateway.set(path, Mood::Pass);
        visitor.join(&service).await;
    };
    // At the same time: each costs as long as the library waits for an answer.
    join_all(["/.well-known/openid-configuration", "/token", "/jwks", "/userinfo"].map(stalls_at)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rp_18_people_with_a_session_notice_nothing_while_the_issuer_stalls() {
    let stage = Stage::set(Engine::Sqlite).await;
    let service = stage.service().await;
    let mut visitor = Visitor::of(&stage);
    let person = visitor.join(&service).await;
    let token = service.client.access_token(&person).await.unwrap();
    stage.gateway.set("/token", Mood::Stall);
    stage.advance(280);
    assert!(service.client.access_token(&person).await.unwrap().is(&token), "due, but it still works");
    assert_eq!(visitor.open(&service.at("/home")).await.body, "안녕하세요 길동");
    stage.advance(20);
    let refused = service.client.access_token(&person).await.unwrap_err();
    assert!(matches!(refused, AccessError::Unavailable(_)), "{refused:?}");
    assert_eq!(refused.class(), Class::Unavailable);
    assert_eq!(visitor.open(&service.at("/home")).await.body, "안녕하세요 길동", "the session goes on");
    stage.gateway.set("/token", Mood::Pass);
    stage.advance(20);
    service.client.access_token(&person).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_who_was_disabled_or_an_app_that_was_cannot_go_on() {
    let stage = Stage::set(Engine::Sqlite).await;
    let service = stage.service().await;
    let mut visitor = Visitor::of(&stage);
    let person = visitor.join(&service).await;
    stage.server.write(mapae::store::users::disable(&stage.user.id, stage.clock.now())).await;
    stage.advance(300);
    assert!(matches!(service.client.access_token(&person).await, Err(AccessError::SignInAgain)));
    assert!(visitor.person(&service).await.is_none());
}
