//! What a provider says of somebody gives them no role here, and what it says of its sign-in no strength.

use mapae_protocol::base64url;
use mapae_testkit::{AppSpec, Authorization, Browser, Page};
use serde_json::Value;

use super::{
    stage::{PASSWORD, Stage, by_password, for_each_engine, sign_up},
    stranger::Stranger,
};

/// Everything that a program might take for a role, or for proof.
const BOASTS: &str = r#""operator":true,"role":"admin","roles":["operator"],"groups":["operators"],"hd":"corp.example",
    "acr":"1","amr":["pwd","mfa","hwk"],"auth_time":1"#;

/// Somebody whom a provider praises, with an address that it says to have checked.
async fn praised(stage: &Stage, address: &str) -> Stranger {
    let stranger = Stranger::listen().await;
    stranger.take_the_name_of(stage, "kakao").await;
    let account = format!(
        r#"{{"email":"{address}","is_email_valid":true,"is_email_verified":true,{BOASTS},"profile":{{"nickname":"root",{BOASTS}}}}}"#
    );
    stranger.says(&format!(r#"{{"id":7,{BOASTS},"kakao_account":{account}}}"#));
    stranger
}

/// Through the provider, which asks nothing.
async fn through(stage: &Stage, browser: &Browser, page: &Page) -> Page {
    let state = stage.press(browser, page, "kakao").await.answered("state").unwrap();
    let back = format!("/upstream/kakao/callback?code=c&state={state}");
    browser.follow(browser.visit(&stage.server.at(&back)).await).await
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64url::decode(payload).unwrap()).unwrap()
}

for_each_engine! {
    async fn lk_13_nobody_is_an_operator_by_a_providers_word(stage: Stage of []) {
        let operator = stage.server.operator("root@corp.example").await;
        praised(&stage, "other@corp.example").await;
        let browser = Browser::default();
        let door = stage.door(&browser).await;
        let page = through(&stage, &browser, &door).await;
        let account = sign_up(&browser, &page, "root").await;
        assert!(account.has("services"), "{} {}", account.status, account.body);
        let made = stage.accounts().await.into_iter().find(|account| account.user.id != operator.id).unwrap().user;
        assert!(!made.operator && made.email.as_deref() == Some("other@corp.example"), "{made:?}");
        assert_eq!(browser.visit(&stage.server.at("/console/upstreams")).await.status, 404);
    }

    async fn lk_13_an_operators_address_gives_nobody_their_role(stage: Stage of []) {
        let operator = stage.server.operator("root@corp.example").await;
        praised(&stage, "root@corp.example").await;
        let browser = Browser::default();
        let door = stage.door(&browser).await;
        let page = through(&stage, &browser, &door).await;
        assert!(page.has("linking"), "{} {}", page.status, page.body);
        for path in ["/account", "/console/upstreams"] {
            assert!(browser.visit(&stage.server.at(path)).await.has("login-submit"), "{path}: nobody is signed in");
        }
        let wrong = by_password(&browser, &page, &operator.email, "a guess").await;
        assert!(wrong.has("problem"), "{}", wrong.body);
        assert_eq!(stage.accounts().await.len(), 1);
    }

    async fn lk_09_a_providers_sign_in_is_the_lowest_level_whatever_it_says_of_itself(stage: Stage of []) {
        praised(&stage, "a@corp.example").await;
        let app = stage.server.register(AppSpec::default()).await;
        let browser = Browser::default();
        let authorization = Authorization::of(&app, "openid");
        let door = browser.visit(&authorization.address(&stage.server)).await;
        let page = through(&stage, &browser, &door).await;
        let page = sign_up(&browser, &page, "root").await;
        let page = browser.submit(&page, "consent-approve", &[]).await;
        let tokens = stage.server.redeem(&app, &page.answered("code").unwrap(), &authorization.verifier).await;
        let said = claims(&tokens.text("id_token"));
        assert_eq!(said["acr"], "0", "nothing was checked here: {said}");
        assert!(said.get("amr").is_none_or(|amr| amr == &serde_json::json!([])), "nobody signed it: {said}");
        assert!(said["auth_time"].as_i64().unwrap() > 1, "nor that: {said}");
        // Where this server itself checks something, it is another level.
        let user = stage.server.user("hong@example.com").await;
        let own = Browser::default();
        let door = own.visit(&authorization.address(&stage.server)).await;
        let page = by_password(&own, &door, &user.email, PASSWORD).await;
        let page = own.submit(&page, "consent-approve", &[]).await;
        let tokens = stage.server.redeem(&app, &page.answered("code").unwrap(), &authorization.verifier).await;
        assert_eq!(claims(&tokens.text("id_token"))["acr"], "1");
    }
}
