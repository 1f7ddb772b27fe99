//! The console's page of providers: for whoever runs the server, and nobody else.

use mapae::store::{Unit, users};
use mapae_testkit::{Browser, Page};

use super::stage::{PASSWORD, Stage, by_password, for_each_engine};

/// The page as an operator sees it.
async fn page(stage: &Stage, browser: &Browser) -> Page {
    let user = stage.server.user("someone@example.com").await;
    let known = users::by_id(stage.server.app().db(), &user.id).await.unwrap().unwrap();
    let operator = users::NewUser {
        id: "usr_operator".to_owned(),
        email: Some("operator@example.com".to_owned()),
        email_verified: true,
        name: "운영자".to_owned(),
        locale: None,
        password_hash: known.password_hash,
        operator: true,
        claims: None,
    };
    stage.server.write(Unit::from(users::insert(&operator, stage.server.now()))).await;
    let door = browser.visit(&stage.server.at("/console/upstreams")).await;
    by_password(browser, &door, "operator@example.com", PASSWORD).await
}

for_each_engine! {
    async fn it_shows_what_to_register_and_tests_it(stage: Stage of ["kakao"]) {
        let browser = Browser::default();
        let shown = page(&stage, &browser).await;
        let redirect_uri = stage.server.at("/upstream/kakao/callback");
        assert_eq!(shown.values("#redirect-kakao", "value"), [redirect_uri]);
        let tested = browser.submit(&shown, "test-kakao", &[]).await;
        assert!(tested.text("#finding").unwrap().contains("맞아요"), "{}", tested.body);
        stage.mapae(&["upstream", "remove", "kakao"]).await;
        stage.add("kakao", "kakao", Some("wrong")).await;
        let tested = browser.submit(&shown, "test-kakao", &[]).await;
        let finding = tested.text("#finding").unwrap();
        assert!(finding.contains("클라이언트 시크릿") && finding.contains("KOE010"), "{finding}");
        assert!(!tested.body.contains("mapaekakaoclientsecret"), "no page shows a secret");
    }

    async fn it_switches_a_provider_off_and_on(stage: Stage of ["kakao"]) {
        let browser = Browser::default();
        let shown = page(&stage, &browser).await;
        let off = browser.follow(browser.submit(&shown, "off-kakao", &[]).await).await;
        assert!(off.has("on-kakao"), "{} {}", off.status, off.body);
        assert!(!stage.door(&Browser::default()).await.has("upstream-kakao"));
        let on = browser.follow(browser.submit(&off, "on-kakao", &[]).await).await;
        assert!(on.has("off-kakao"));
        assert!(stage.door(&Browser::default()).await.has("upstream-kakao"));
    }

    async fn ad_01_whoever_does_not_run_the_server_finds_no_such_page(stage: Stage of ["kakao"]) {
        let user = stage.server.user("hong@example.com").await;
        let browser = Browser::default();
        let door = stage.door(&browser).await;
        let account = by_password(&browser, &door, &user.email, PASSWORD).await;
        assert_eq!(browser.open(&stage.server.at("/console/upstreams")).await.status, 404);
        let csrf = account.values("input[name=csrf]", "value").pop().unwrap();
        for part in ["test", "state"] {
            let fields = [("csrf".to_owned(), csrf.clone()), ("state".to_owned(), "off".to_owned())];
            let action = format!("/console/upstreams/kakao/{part}");
            assert_eq!(browser.post(&action, &account, &fields).await.status, 404, "{part}");
        }
        assert!(stage.door(&Browser::default()).await.has("upstream-kakao"));
    }
}
