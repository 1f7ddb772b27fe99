//! Attacks on the way back from the provider.

use futures_util::future::join_all;
use mapae_client::{CallbackError, Error};
use mapae_testkit::Engine;
use reqwest::StatusCode;

use super::{stage::Stage, web_service::Visitor};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rp_01_many_callbacks_at_once_in_two_processes_make_one_session() {
    for engine in Engine::ALL {
        let stage = Stage::set(engine).await;
        let service = stage.service().await;
        let other = service.second_process().await;
        let mut visitor = Visitor::of(&stage);
        visitor.join(&service).await;
        let codes = stage.gateway.grants("authorization_code");
        let back = visitor.reach_callback(&service).await;
        let addresses: Vec<String> =
            (0..20).map(|n| if n % 2 == 0 { service.here(&back) } else { other.here(&back) }).collect();
        let answers = join_all(addresses.iter().map(|address| visitor.browser.open(address))).await;
        let arrived = answers.iter().filter(|page| page.status == StatusCode::SEE_OTHER).count();
        assert_eq!(arrived, 1, "{:?}", answers.iter().map(|page| page.status).collect::<Vec<_>>());
        assert_eq!(stage.gateway.grants("authorization_code"), codes + 1, "the code is sent once");
        let person = visitor.person(&service).await.unwrap();
        service.client.access_token(&person).await.unwrap();
        stage.advance(300);
        service.client.access_token(&person).await.expect("the server saw no replay and revoked nothing");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rp_01_the_answer_to_another_browsers_login_signs_nobody_in() {
    let stage = Stage::set(Engine::Sqlite).await;
    let service = stage.service().await;
    let mallory = stage.server.user("mallory@example.com").await;
    let (mut attacker, mut victim) = (Visitor::somebody(mallory), Visitor::of(&stage));
    attacker.join(&service).await;
    let attackers = attacker.reach_callback(&service).await;
    let victims = victim.reach_callback(&service).await;
    let codes = stage.gateway.grants("authorization_code");

    let page = victim.open(attackers.as_str()).await;
    assert_eq!(page.status, 400, "{}", page.body);
    // The attacker's code in the place of the victim's own.
    let pair = |url: &url::Url, wanted: &str| {
        url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned()).unwrap()
    };
    assert!(victim.person(&service).await.is_none());
    assert_eq!(stage.gateway.grants("authorization_code"), codes, "nothing was redeemed");
    let mut mixed = victims.clone();
    mixed.query_pairs_mut().clear().extend_pairs([
        ("code", pair(&attackers, "code")),
        ("state", pair(&victims, "state")),
        ("iss", pair(&victims, "iss")),
    ]);
    let page = victim.open(mixed.as_str()).await;
    assert_eq!(page.status, 400, "PKCE: {}", page.body);
    assert!(victim.person(&service).await.is_none());

    // The attacker's own login is not spent by all this.
    let done = attacker.open(attackers.as_str()).await;
    assert_eq!(done.status, 303, "{}", done.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rp_01_an_old_callback_after_signing_out_does_not_sign_in_again() {
    let stage = Stage::set(Engine::Sqlite).await;
    let service = stage.service().await;
    let mut visitor = Visitor::of(&stage);
    visitor.join(&service).await;
    let back = visitor.reach_callback(&service).await;
    let arrived = visitor.open(back.as_str()).await;
    assert_eq!(arrived.status, 303);
    let person = visitor.person(&service).await.unwrap();
    let home = visitor.open(&service.at("/home")).await;
    visitor.browser.post("/sign-out", &home, &[]).await;
    let again = visitor.open(back.as_str()).await;
    assert_eq!(again.status, 400, "{}", again.body);
    assert!(visitor.person(&service).await.is_none());
    // The provider saw no replay: what was given before is still alive for the person's other browsers.
    stage.advance(300);
    service.client.access_token(&person).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_was_under_way_when_the_person_signed_out_still_ends_where_it_began() {
    let stage = Stage::set(Engine::Sqlite).await;
    let service = stage.service().await;
    let mut visitor = Visitor::of(&stage);
    visitor.join(&service).await;
    let back = visitor.reach_callback(&service).await;
    let home = visitor.open(&service.at("/home")).await;
    visitor.browser.post("/sign-out", &home, &[]).await;
    assert!(visitor.person(&service).await.is_none());
    let arrived = visitor.open(back.as_str()).await;
    assert_eq!(arrived.status, 303, "this browser began it after all: {}", arrived.body);
    assert!(visitor.person(&service).await.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_of_either_side_in_the_middle_is_not_noticed() {
    for engine in Engine::ALL {
        let mut stage = Stage::set(engine).await;
        let mut service = stage.service().await;
        let mut visitor = Visitor::of(&stage);

        let consent = visitor.until_page(&service.at("/home"), "consent-approve").await;
        stage = stage.restart().await;
        service = service.stop().await.start().await;
        let answered = visitor.submit(&consent, "consent-approve", &[("all", "1")]).await;
        let back = answered.location().unwrap_or_else(|| panic!("{} {}", answered.status, answered.body));
        assert_eq!(back.path(), "/callback");
        stage = stage.restart().await;
        service = service.stop().await.start().await;
        let form = visitor.visit(back.as_str()).await;
        service = service.stop().await.start().await;
        visitor.sign_up(&form).await;
        service = service.stop().await.start().await;
        let person = visitor.person(&service).await.expect("the session outlives the process");
        stage = stage.restart().await;
        stage.advance(300);
        service.client.access_token(&person).await.unwrap();
        assert_eq!(stage.gateway.refreshes(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rp_01_too_late_is_too_late_and_the_next_login_is_fine() {
    let stage = Stage::set(Engine::Sqlite).await;
    let service = stage.service().await;
    let mut visitor = Visitor::of(&stage);
    visitor.join(&service).await;
    let back = visitor.reach_callback(&service).await;
    // The code lives for a minute, the login for ten.
    stage.advance(61);
    let page = visitor.open(back.as_str()).await;
    assert_eq!(page.status, 400, "{}", page.body);
    let back = visitor.reach_callback(&service).await;
    stage.advance(600);
    let headers = visitor.cookies(&service).await;
    let refused = service.client.callback("mapae", back.query(), &headers).await.unwrap_err();
    assert!(matches!(refused, Error::Callback(CallbackError::StateExpired)), "{refused:?}");
    let home = visitor.visit(&service.at("/login?return_to=/home")).await;
    assert_eq!(home.body, "안녕하세요 길동");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rp_03_an_answer_without_its_issuer_or_with_another_is_refused() {
    let stage = Stage::set(Engine::Sqlite).await;
    let service = stage.service().await;
    let mut visitor = Visitor::of(&stage);
    visitor.join(&service).await;
    for iss in [None, Some("http://localhost:1"), Some("")] {
        let mut back = visitor.reach_callback(&service).await;
        let kept: Vec<(String, String)> = back
            .query_pairs()
            .filter(|(name, _)| name != "iss")
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        back.query_pairs_mut().clear().extend_pairs(kept).extend_pairs(iss.map(|iss| ("iss", iss)));
        let codes = stage.gateway.grants("authorization_code");
        let page = visitor.open(back.as_str()).await;
        assert_eq!(page.status, 400, "{iss:?} {}", page.body);
        assert_eq!(stage.gateway.grants("authorization_code"), codes, "{iss:?}: nothing was redeemed");
    }
}
