//! An app leads straight to a provider: `upstream=kakao` does what the button does, and no more — AZ-12, SE-05.

use mapae_testkit::{AppSpec, Authorization, Browser, Page};

use super::stage::{Stage, by_password, for_each_engine, sign_up};

/// Where an authorization request with these further parameters leads first.
async fn asked(stage: &Stage, browser: &Browser, request: &Authorization, more: &[(&str, &str)]) -> Page {
    let mut request = request.clone();
    request.parameters.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    browser.open(&request.address(&stage.server)).await
}

fn leads_to(page: &Page) -> String {
    page.location().map(|location| location.path().to_owned()).unwrap_or_default()
}

for_each_engine! {
    async fn who_must_sign_in_is_at_the_provider_at_once_and_comes_back_to_the_app(stage: Stage of ["kakao", "naver"]) {
        let app = stage.server.register(AppSpec::default()).await;
        let (browser, request) = (Browser::default(), Authorization::of(&app, "openid"));
        let first = asked(&stage, &browser, &request, &[("upstream", "kakao")]).await;
        assert_eq!(leads_to(&first), "/upstream/kakao/start");
        let left = browser.open(first.location().unwrap().as_str()).await;
        let back = stage.at_the_provider(&browser, &left, ("ryan", &[])).await;
        let page = browser.visit(back.as_str()).await;
        let consent = sign_up(&browser, &page, "라이언").await;
        let done = browser.submit(&consent, "consent-approve", &[("all", "1")]).await;
        assert!(done.answered("code").is_some(), "{:?}", done.location());

        // Signed in already: nobody is switched, and nobody leaves.
        for wished in ["kakao", "naver"] {
            let page = asked(&stage, &browser, &request, &[("upstream", wished)]).await;
            assert!(page.answered("code").is_some(), "{wished}: {:?}", page.location());
        }
        for (name, value) in [("prompt", "login"), ("max_age", "0")] {
            let page = asked(&stage, &browser, &request, &[("upstream", "naver"), (name, value)]).await;
            assert_eq!(leads_to(&page), "/sign-in", "{name}: whoever is there proves it as they choose");
        }
        let page = asked(&stage, &browser, &request, &[("upstream", "naver"), ("prompt", "select_account")]).await;
        assert_eq!(leads_to(&page), "/select-account");
        assert_eq!(stage.accounts().await.len(), 1);
    }

    async fn oidc_core_5_5_1_1_a_surer_sign_in_is_asked_for_on_a_page_and_no_provider_pretends_to_be_one(stage: Stage of ["kakao"]) {
        let app = stage.server.register(AppSpec::default()).await;
        let (browser, request) = (Browser::default(), Authorization::of(&app, "openid"));
        let first = asked(&stage, &browser, &request, &[("upstream", "kakao")]).await;
        let left = browser.open(first.location().unwrap().as_str()).await;
        let back = stage.at_the_provider(&browser, &left, ("ryan", &[])).await;
        let page = browser.visit(back.as_str()).await;
        let consent = sign_up(&browser, &page, "라이언").await;
        browser.submit(&consent, "consent-approve", &[("all", "1")]).await;
        let surer = request.clone().with("acr_values", "1");
        let page = browser.visit(&surer.address(&stage.server)).await;
        assert!(page.has("again") && page.has("upstream-kakao"), "a page, and not a circle: {} {}", page.status, page.body);
        assert!(browser.visit(&surer.with("prompt", "none").address(&stage.server)).await.answered("code").is_some());
        let essential = r#"{"id_token":{"acr":{"essential":true,"value":"1"}}}"#;
        let insists = request.with("claims", essential);
        let page = browser.visit(&insists.address(&stage.server)).await;
        assert!(page.has("again") && !page.has("upstream-kakao"), "no provider gives that: {}", page.body);
        let straight = asked(&stage, &Browser::default(), &insists, &[("upstream", "kakao")]).await;
        assert_eq!(leads_to(&straight), "/sign-in");
    }

    async fn az_12_a_name_that_is_no_button_leads_to_the_page_and_nowhere_else(stage: Stage of ["kakao", "google"]) {
        let app = stage.server.register(AppSpec::default()).await;
        let request = Authorization::of(&app, "openid");
        stage.mapae(&["upstream", "disable", "kakao"]).await;
        for wished in ["kakao", "naver", "", "https://evil.example", "//evil.example", "../account", "google/start?x="] {
            let page = asked(&stage, &Browser::default(), &request, &[("upstream", wished)]).await;
            assert_eq!(leads_to(&page), "/sign-in", "{wished}");
        }
        let twice = asked(&stage, &Browser::default(), &request, &[("upstream", "google"), ("upstream", "google")]).await;
        assert_eq!(leads_to(&twice), "/sign-in");
        let silent = asked(&stage, &Browser::default(), &request, &[("upstream", "google"), ("prompt", "none")]).await;
        assert_eq!(silent.answered("error").as_deref(), Some("login_required"));
        let new = asked(&stage, &Browser::default(), &request, &[("upstream", "google"), ("prompt", "create")]).await;
        assert_eq!(leads_to(&new), "/sign-up");
        // Inside another app there is no such button.
        let mut inside = request.clone();
        inside.parameters.push(("upstream".to_owned(), "google".to_owned()));
        let inside = Browser::default().client().get(inside.address(&stage.server)).header("user-agent", "KAKAOTALK 25.9.0");
        let inside = inside.send().await.unwrap();
        assert!(inside.headers()["location"].to_str().unwrap().contains("/sign-in?"));
    }

    async fn who_cancels_there_chooses_another_way_and_goes_round_in_no_circle(stage: Stage of ["kakao"]) {
        let app = stage.server.register(AppSpec::default()).await;
        let user = stage.server.user("hong@example.com").await;
        let (browser, request) = (Browser::default(), Authorization::of(&app, "openid"));
        let first = asked(&stage, &browser, &request, &[("upstream", "kakao")]).await;
        let left = browser.open(first.location().unwrap().as_str()).await;
        let back = stage.at_the_provider(&browser, &left, ("ryan", &["cancel"])).await;
        let page = browser.visit(back.as_str()).await;
        assert!(page.has("trouble") && page.has("upstream-kakao"), "{} {}", page.status, page.body);
        let consent = by_password(&browser, &page, &user.email, &user.password).await;
        let done = browser.submit(&consent, "consent-approve", &[("all", "1")]).await;
        assert!(done.answered("code").is_some(), "{:?}", done.location());
    }
}
