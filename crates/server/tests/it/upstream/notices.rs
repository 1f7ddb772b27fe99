//! What providers tell ends everything of the person here, at once.

use mapae_simulators::Command;
use mapae_testkit::{AppSpec, Authorization, Browser};

use super::stage::{Stage, for_each_engine, sign_up};

async fn heard(stage: &Stage, kind: &str, notice: &str) {
    let url = Some(stage.server.at(&format!("/upstream/kakao/notices/{notice}")));
    let command = Command::Webhook { kind: kind.to_owned(), url, method: None, client_id: None };
    stage.simulator("kakao").control(command).await.unwrap();
}

for_each_engine! {
    async fn lk_12_who_unlinks_at_the_provider_is_out_of_everything(stage: Stage of ["kakao"]) {
        heard(&stage, "unlink", "unlink").await;
        let app = stage.server.register(AppSpec { optional: vec!["offline_access".into()], ..AppSpec::default() }).await;
        let browser = Browser::default();
        let authorization = Authorization::of(&app, "openid offline_access");
        let door = browser.visit(&authorization.address(&stage.server)).await;
        let page = stage.through(&browser, &door, "kakao", ("ryan", &["account_email"])).await;
        let page = sign_up(&browser, &page, "라이언").await;
        let page = browser.submit(&page, "consent-approve", &[("all", "1")]).await;
        let tokens = stage.server.redeem(&app, &page.answered("code").unwrap(), &authorization.verifier).await;
        let access_token = tokens.text("access_token");
        assert_eq!(stage.server.userinfo(&access_token).await.status, 200);
        stage.simulator("kakao").control(Command::unlink("ryan")).await.unwrap();
        assert_eq!(stage.server.userinfo(&access_token).await.status, 401);
        let refreshed = stage.server.refresh(&app, &tokens.text("refresh_token")).await;
        assert_eq!(refreshed.error(), "invalid_grant");
        assert!(stage.door(&browser).await.has("login-submit"), "and signed out");
        stage.enter(&Browser::default(), "kakao", ("ryan", &["account_email"])).await;
        assert_eq!(stage.accounts().await.len(), 1, "the account is still theirs");
    }

    async fn a_notice_of_anybody_else_ends_nothing(stage: Stage of ["kakao"]) {
        let browser = Browser::default();
        stage.enter(&browser, "kakao", ("ryan", &[])).await;
        let address = stage.server.at("/upstream/kakao/notices/unlink");
        let client = reqwest::Client::new();
        for (authorization, body, status) in [
            (None, "app_id=1234&user_id=1376016924429759228", 403),
            (Some("KakaoAK wrong"), "app_id=1234&user_id=1376016924429759228", 403),
            (Some("KakaoAK mapaekakaoadminkey00000000000001"), "app_id=9&user_id=1376016924429759228", 403),
            (Some("KakaoAK mapaekakaoadminkey00000000000001"), "app_id=1234", 400),
            (Some("KakaoAK mapaekakaoadminkey00000000000001"), "app_id=1234&user_id=1", 200),
        ] {
            let mut request = client.post(&address).header("content-type", "application/x-www-form-urlencoded").body(body);
            if let Some(authorization) = authorization {
                request = request.header("authorization", authorization);
            }
            assert_eq!(request.send().await.unwrap().status(), status, "{authorization:?} {body}");
        }
        for unknown in ["/upstream/kakao/notices/other", "/upstream/nobody/notices/unlink"] {
            assert_eq!(client.post(stage.server.at(unknown)).send().await.unwrap().status(), 404);
        }
        assert!(stage.door(&browser).await.has("services"), "nothing has ended");
    }
}
