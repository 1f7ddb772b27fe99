//! An app signs somebody in here, who signs in through a provider: any app has Kakao login by speaking OpenID Connect.

use mapae_client::{CallbackResponse, ClientRegistration, LoginRequest, Provider, ProviderSettings};
use mapae_protocol::base64url;
use mapae_testkit::{AppSpec, Authorization, Browser, Page};
use serde_json::Value;

use super::stage::{Stage, for_each_engine, sign_out, sign_up};

async fn to_the_app(stage: &Stage, browser: &Browser, authorization: &Authorization, who: &str) -> Page {
    to_the_app_by(stage, browser, authorization, ("kakao", who, &["account_email"])).await
}

async fn to_the_app_by(
    stage: &Stage,
    browser: &Browser,
    authorization: &Authorization,
    (provider, who, items): (&str, &str, &[&str]),
) -> Page {
    let door = browser.visit(&authorization.address(&stage.server)).await;
    let mut page = stage.through(browser, &door, provider, (who, items)).await;
    if page.has("have-account") {
        page = sign_up(browser, &page, who).await;
    }
    if page.has("consent-approve") {
        page = browser.submit(&page, "consent-approve", &[("all", "1")]).await;
    }
    page
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64url::decode(payload).unwrap()).unwrap()
}

for_each_engine! {
    async fn from_the_apps_request_through_kakao_to_tokens(stage: Stage of ["kakao"]) {
        let app = stage.server.register(AppSpec::default()).await;
        let browser = Browser::default();
        let authorization = Authorization::of(&app, "openid profile email");
        let page = to_the_app(&stage, &browser, &authorization, "ryan").await;
        let code = page.answered("code").unwrap_or_else(|| panic!("{} {}", page.status, page.body));
        assert_eq!(page.answered("state").as_deref(), Some("af0ifjsldkj"));
        let tokens = stage.server.redeem(&app, &code, &authorization.verifier).await;
        let id_token = claims(&tokens.text("id_token"));
        assert_eq!(id_token["acr"], "0", "nothing was checked here");
        assert!(id_token.get("amr").is_none_or(|amr| amr.as_array().is_some_and(|amr| !amr.contains(&"pwd".into()))));
        assert!(id_token["auth_time"].as_i64().unwrap() <= stage.server.now().unix());
        assert_ne!(id_token["sub"], "1376016924429759228", "the provider's name for the person stays here");
        let told = stage.server.userinfo(&tokens.text("access_token")).await;
        assert_eq!((told.text("email"), told.json["email_verified"].as_bool()), ("ryan@example.test".into(), Some(true)));
    }

    async fn an_app_is_told_no_address_of_who_has_none(stage: Stage of ["kakao"]) {
        let app = stage.server.register(AppSpec::default()).await;
        let authorization = Authorization::of(&app, "openid profile email");
        let page = to_the_app(&stage, &Browser::default(), &authorization, "muzi").await;
        let tokens = stage.server.redeem(&app, &page.answered("code").unwrap(), &authorization.verifier).await;
        let told = stage.server.userinfo(&tokens.text("access_token")).await;
        assert!(told.json.get("email").is_none() && told.json.get("email_verified").is_none(), "{}", told.json);
    }

    async fn az_29_prompt_login_and_max_age_ask_the_provider_anew(stage: Stage of ["kakao"]) {
        let app = stage.server.register(AppSpec::default()).await;
        let browser = Browser::default();
        to_the_app(&stage, &browser, &Authorization::of(&app, "openid"), "ryan").await;
        for (name, value) in [("prompt", "login"), ("max_age", "60")] {
            stage.advance(3_600);
            let authorization = Authorization::of(&app, "openid").with(name, value);
            let door = browser.visit(&authorization.address(&stage.server)).await;
            assert!(door.has("again") && door.has("upstream-kakao"), "{name}: {} {}", door.status, door.body);
            let left = stage.press(&browser, &door, "kakao").await;
            assert_eq!(left.answered("prompt").as_deref(), Some("login"), "by the provider's own means");
            let back = stage.at_the_provider(&browser, &left, ("ryan", &[])).await;
            let page = browser.visit(back.as_str()).await;
            let code = page.answered("code").unwrap_or_else(|| panic!("{name}: {} {}", page.status, page.body));
            let tokens = stage.server.redeem(&app, &code, &authorization.verifier).await;
            let auth_time = claims(&tokens.text("id_token"))["auth_time"].as_i64().unwrap();
            assert!(stage.server.now().unix() - auth_time < 60, "{name}: it is a fresh one");
        }
    }

    /// Whoever sits at a browser that was left open passes there without a word.
    async fn az_29_lk_09_a_silent_pass_at_a_provider_that_cannot_be_asked_meets_no_max_age(stage: Stage of ["apple"]) {
        let app = stage.server.register(AppSpec::default()).await;
        let browser = Browser::default();
        let page = to_the_app_by(&stage, &browser, &Authorization::of(&app, "openid"), ("apple", "haru", &[])).await;
        assert!(page.answered("code").is_some(), "{} {}", page.status, page.body);
        for confirms in [false, true] {
            sign_out(&stage, &browser).await;
            stage.advance(3_600);
            let mut account = stage.enter(&browser, "apple", ("haru", &[])).await;
            if confirms {
                stage.advance(3_600);
                account = stage.door(&browser).await;
                let confirm = account.values("#confirm-ways", "href").pop().unwrap();
                let page = browser.visit(account.address.join(&confirm).unwrap().as_str()).await;
                account = stage.through(&browser, &page, "apple", ("haru", &[])).await;
            }
            assert!(!account.has("confirm-ways"), "one's own page is content with it: {}", account.body);
            for (name, value) in [("max_age", "60"), ("prompt", "login")] {
                let asked = Authorization::of(&app, "openid").with(name, value);
                let page = browser.visit(&asked.address(&stage.server)).await;
                assert!(page.has("again"), "{name} {confirms}: {} {}", page.status, page.body);
                assert!(!page.has("upstream-apple"), "{name} {confirms}: it cannot be asked anew");
            }
            let easy = Authorization::of(&app, "openid");
            let page = browser.visit(&easy.address(&stage.server)).await;
            assert!(page.answered("code").is_some(), "who asks for nothing is content: {}", page.body);
        }
    }

    async fn our_own_client_logs_in_with_kakao_by_speaking_openid_connect_to_us(stage: Stage of ["kakao"]) {
        let app = stage.server.register(AppSpec::default()).await;
        let registration = ClientRegistration::new(&app.client_id, &app.redirect_uri)
            .with_secret(app.client_secret.clone().unwrap())
            .with_scopes("openid profile email");
        let settings = ProviderSettings::new("mapae").for_development();
        let mapae = Provider::discover(stage.server.issuer(), registration, settings).unwrap();
        let mut names = Vec::new();
        for _ in 0..2 {
            let browser = Browser::default();
            let started = mapae.start(&LoginRequest::new(), stage.server.now()).await.unwrap();
            let door = browser.visit(&started.authorization_url).await;
            let mut page = stage.through(&browser, &door, "kakao", ("ryan", &["account_email"])).await;
            if page.has("have-account") {
                page = sign_up(&browser, &page, "라이언").await;
            }
            if page.has("consent-approve") {
                page = browser.submit(&page, "consent-approve", &[("all", "1")]).await;
            }
            let back = page.location().unwrap_or_else(|| panic!("{} {}", page.status, page.body));
            let response = CallbackResponse::parse(back.query()).unwrap();
            let completed = mapae.finish(started.pending, &response, stage.server.now()).await.unwrap();
            let identity = completed.identity;
            assert_eq!((identity.person().issuer(), identity.name()), (stage.server.issuer(), Some("라이언")));
            let email = identity.email().unwrap();
            assert!(email.address == "ryan@example.test" && email.is_verified());
            assert_eq!(identity.acr(), Some("0"));
            names.push(identity.person().clone());
        }
        assert_eq!(names[0], names[1], "the same person both times");
    }
}
