//! Tokens between the server and the service: refreshed before use, once for everybody, and dead when they are dead.

use std::time::Duration;

use mapae::{clock::Clock, store::grants};
use mapae_client::{AccessError, AccessToken, EndUser};
use mapae_protocol::time::Timestamp;
use mapae_testkit::{AppSpec, Engine, Mood, Page};

use super::{
    stage::{SCOPES, Stage},
    web_service::{Plan, Service, Visitor},
};
use crate::{delay::in_time, parties::resource_server::Calendar, protocol::claims};

async fn joined(stage: &Stage) -> (Service, Visitor, EndUser) {
    let service = stage.service().await;
    let mut visitor = Visitor::of(stage);
    let person = visitor.join(&service).await;
    (service, visitor, person)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_refreshed_before_it_is_used_and_never_sooner() {
    let stage = Stage::set(Engine::Sqlite).await;
    let (service, _, person) = joined(&stage).await;
    let first = service.client.access_token(&person).await.unwrap();
    stage.advance(269);
    assert!(service.client.access_token(&person).await.unwrap().is(&first));
    assert_eq!(stage.gateway.refreshes(), 0);
    stage.advance(2);
    let second = service.client.access_token(&person).await.unwrap();
    assert!(!second.is(&first));
    assert_eq!(stage.gateway.refreshes(), 1);
    assert!(claims(second.expose())["exp"].as_i64().unwrap() - stage.clock.now().unix() >= 299);
    assert_eq!(second.scopes().to_string(), "email offline_access openid profile");
}

/// A thousand reads in two processes when the token is due: how many refreshes reach the server?
async fn a_thousand_readers(engine: Engine, rotate: bool) {
    let stage = Stage::set(engine).await;
    let spec = AppSpec { rotate_refresh: rotate, ..AppSpec::default() };
    let service = stage.service_with(spec, |plan| plan).await;
    let other = service.second_process().await;
    let person = Visitor::of(&stage).join(&service).await;
    for round in 1..=3 {
        stage.advance(300);
        let readers: Vec<_> = (0..1_000)
            .map(|n| {
                let client = if n % 2 == 0 { service.client.clone() } else { other.client.clone() };
                let person = person.clone();
                tokio::spawn(async move { client.access_token(&person).await.unwrap() })
            })
            .collect();
        let mut tokens: Vec<AccessToken> = Vec::new();
        for reader in readers {
            tokens.push(reader.await.unwrap());
        }
        assert_eq!(stage.gateway.refreshes(), round, "{engine:?} rotate={rotate}");
        assert!(tokens.iter().all(|token| token.is(&tokens[0])));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_readers_in_two_processes_refresh_once_on_sqlite() {
    a_thousand_readers(Engine::Sqlite, true).await;
    a_thousand_readers(Engine::Sqlite, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_readers_in_two_processes_refresh_once_on_postgres() {
    a_thousand_readers(Engine::Postgres, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_of_many_people_do_not_wait_for_each_other() {
    let stage = Stage::set(Engine::Sqlite).await;
    let service = stage.service().await;
    let slow = Visitor::of(&stage).join(&service).await;
    let mut other = Visitor::somebody(stage.server.user("other@example.com").await);
    let quick = other.join(&service).await;
    assert_ne!(slow, quick);
    stage.advance(300);
    let permits = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    stage.gateway.set("/token", Mood::Hold(permits.clone()));
    let (client, person) = (service.client.clone(), slow.clone());
    let waiting = tokio::spawn(async move { client.access_token(&person).await });
    stage.gateway.until_grants("refresh_token", 1).await;
    stage.gateway.set("/token", Mood::Pass);
    service.client.access_token(&quick).await.unwrap();
    assert!(!waiting.is_finished());
    permits.add_permits(1);
    waiting.await.unwrap().unwrap();
    assert_eq!(stage.gateway.refreshes(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_got_lost_is_given_again_by_the_server() {
    for engine in Engine::ALL {
        let stage = Stage::set(engine).await;
        let (service, mut visitor, person) = joined(&stage).await;
        stage.advance(300);
        stage.gateway.set("/token", Mood::Lose);
        let client = service.client.clone();
        let (reader, key) = (client.clone(), person.clone());
        let reading = tokio::spawn(async move { reader.access_token(&key).await });
        stage.gateway.until_grants("refresh_token", 1).await;
        stage.gateway.set("/token", Mood::Pass);
        // The second answer may have got lost as well; then the next reader asks.
        let token = match reading.await.unwrap() {
            Ok(token) => token,
            Err(AccessError::Unavailable(_)) => client.access_token(&person).await.unwrap(),
            Err(error) => panic!("{error}"),
        };
        assert_eq!(stage.server.userinfo(token.expose()).await.status, 200);
        stage.advance(300);
        client.access_token(&person).await.unwrap();
        assert!(visitor.person(&service).await.is_some(), "nobody had to sign in again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rp_23_a_dead_refresh_token_is_a_login_and_no_error_page() {
    for engine in Engine::ALL {
        let stage = Stage::set(engine).await;
        let (service, mut visitor, person) = joined(&stage).await;
        let token = service.client.access_token(&person).await.unwrap();
        let grant = claims(token.expose())["gid"].as_str().unwrap().to_owned();
        stage.server.write(grants::revoke(&grant, stage.clock.now())).await;
        stage.advance(300);
        let refused = service.client.access_token(&person).await.unwrap_err();
        assert!(matches!(refused, AccessError::SignInAgain), "{refused:?}");
        assert!(visitor.person(&service).await.is_none(), "the session went with it");
        let page = visitor.open(&service.at("/home")).await;
        assert_eq!((page.status.as_u16(), page.location().unwrap().path()), (303, "/login"));
        let home = visitor.visit(&service.at("/home")).await;
        assert_eq!(
            home.body, "안녕하세요 길동",
            "signed in again without a page, for the provider knows the browser"
        );
        service.client.access_token(&person).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rp_23_too_old_a_refresh_token_and_a_signed_out_browser_too() {
    let stage = Stage::set(Engine::Sqlite).await;
    let (service, _, person) = joined(&stage).await;
    stage.advance(604_801);
    assert!(
        matches!(service.client.access_token(&person).await, Err(AccessError::SignInAgain)),
        "idle for a week"
    );

    let without_offline = |plan: Plan| Plan { scopes: "openid profile".to_owned(), ..plan };
    let service = stage.service_with(AppSpec::default(), without_offline).await;
    let mut visitor = Visitor::of(&stage);
    let person = visitor.join(&service).await;
    stage.advance(300);
    service.client.access_token(&person).await.unwrap();
    let account = visitor.open(&stage.server.at("/account")).await;
    let sure = visitor.open(&stage.server.at(&account.values(".me a", "href")[0])).await;
    visitor.submit(&sure, "logout-confirm", &[]).await;
    stage.advance(300);
    assert!(
        matches!(service.client.access_token(&person).await, Err(AccessError::SignInAgain)),
        "signed out there"
    );
    assert!(visitor.person(&service).await.is_none());
}

/// A service that reads a calendar, on clocks that run.
async fn with_calendar(engine: Engine) -> (Stage, Calendar, Service, Visitor, EndUser) {
    let stage = Stage::set_with(engine, Clock::System, &[]).await;
    let api = Calendar::start(&stage.server, false).await;
    let spec = AppSpec::default();
    let optional = [spec.optional.clone(), vec!["calendar.read".to_owned()]].concat();
    let address = api.address.clone();
    let plan = |plan| Plan { api: Some(address), scopes: format!("{SCOPES} calendar.read"), ..plan };
    let service = stage.service_with(AppSpec { optional, ..spec }, plan).await;
    let mut visitor = Visitor::of(&stage);
    let person = visitor.join(&service).await;
    let token = service.client.access_token(&person).await.unwrap();
    api.ready(token.expose()).await;
    (stage, api, service, visitor, person)
}

async fn disconnect(stage: &Stage, visitor: &mut Visitor) -> Page {
    let account = visitor.open(&stage.server.at("/account")).await;
    let links = account.values("#services a", "href");
    assert_eq!(links.len(), 1, "{}", account.body);
    let page = visitor.open(&stage.server.at(&links[0])).await;
    let confirm = page.address.join(&page.values("#disconnect", "href")[0]).unwrap();
    let confirm = visitor.open(confirm.as_str()).await;
    visitor.submit(&confirm, "disconnect-confirm", &[]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rs_13_rp_23_who_disconnects_at_the_provider_is_out_at_the_api_and_at_the_service() {
    for engine in Engine::ALL {
        in_time("disconnected", async || out_by_disconnecting(engine).await).await;
    }
}

/// How long the API lets in who has disconnected.
async fn out_by_disconnecting(engine: Engine) -> Duration {
    let (stage, api, service, mut visitor, person) = with_calendar(engine).await;
    let page = visitor.open(&service.at("/calendar")).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let token = service.client.access_token(&person).await.unwrap();
    disconnect(&stage, &mut visitor).await;
    let stale = api.refuses("disconnected", token.expose()).await;
    let page = visitor.open(&service.at("/calendar")).await;
    assert_eq!((page.status.as_u16(), page.location().unwrap().path()), (303, "/login"), "no error page");
    assert!(visitor.person(&service).await.is_none());
    let asked = visitor.until_page(&service.at("/calendar"), "consent-approve").await;
    assert!(asked.has("consent-approve"), "consent is asked as if for the first time");
    let back = visitor.submit(&asked, "consent-approve", &[("all", "1")]).await;
    let page = visitor.visit(back.location().unwrap().as_str()).await;
    assert_eq!((page.status.as_u16(), page.address.path()), (200, "/calendar"), "{}", page.body);
    stale
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_was_revoked_alone_is_replaced_unseen() {
    in_time("revoked alone", async || {
        let (stage, api, service, mut visitor, person) = with_calendar(Engine::Sqlite).await;
        let token = service.client.access_token(&person).await.unwrap();
        let claims = claims(token.expose());
        let (jti, exp) = (claims["jti"].as_str().unwrap(), claims["exp"].as_i64().unwrap());
        let unit = mapae::store::tokens::revoke(jti, Timestamp::from_unix(exp), stage.clock.now());
        stage.server.write(unit).await;
        let stale = api.refuses("revoked alone", token.expose()).await;
        let before = stage.gateway.refreshes();
        let page = visitor.open(&service.at("/calendar")).await;
        assert_eq!(page.status, 200, "the person sees nothing of it: {}", page.body);
        assert_eq!(stage.gateway.refreshes(), before + 1);
        stale
    })
    .await;
}
