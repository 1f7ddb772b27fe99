//! What comes back from a provider, or says that it does.

use mapae_simulators::Command;
use mapae_testkit::{AppSpec, Authorization, Browser};

use super::{
    stage::{PASSWORD, by_password, for_each_engine, sign_up},
    stranger::Stranger,
};

for_each_engine! {
    async fn rp_01_an_answer_works_once_and_in_the_browser_that_left(stage: Stage of ["kakao", "naver"]) {
        let (browser, other) = (Browser::default(), Browser::default());
        let door = stage.door(&browser).await;
        let left = stage.press(&browser, &door, "kakao").await;
        let back = stage.at_the_provider(&browser, &left, ("ryan", &[])).await;
        stage.door(&other).await;
        // Another browser, no state, another state, and the other provider's address: nothing happens to the person.
        assert_eq!(other.visit(back.as_str()).await.status, 400);
        let callback = stage.server.at("/upstream/kakao/callback");
        for query in ["", "code=x", "code=x&state=", "code=x&state=y", "state=y&state=y&code=x", "error=access_denied", "error=x&state=y"] {
            assert_eq!(browser.open(&format!("{callback}?{query}")).await.status, 400, "{query}");
        }
        let page = browser.visit(back.as_str()).await;
        assert!(page.has("have-account"), "what strangers sent has ended nothing: {}", page.body);
        assert_eq!(browser.visit(back.as_str()).await.status, 400, "and once");
        sign_up(&browser, &page, "라이언").await;
        assert_eq!(stage.accounts().await.len(), 1);
    }

    /// RFC 9110 §9.3.2.
    async fn rp_01_a_head_uses_no_answer_up(stage: Stage of ["kakao"]) {
        let browser = Browser::default();
        let door = stage.door(&browser).await;
        let left = stage.press(&browser, &door, "kakao").await;
        let back = stage.at_the_provider(&browser, &left, ("ryan", &[])).await;
        let asked = browser.send("HEAD", back.as_str(), &[], Vec::new()).await;
        assert_eq!((asked.status.as_u16(), asked.headers.get("set-cookie")), (200, None));
        assert!(browser.visit(back.as_str()).await.has("have-account"), "the answer is as good as before");
    }

    async fn rp_15_what_apple_posts_is_in_no_address_and_counts_in_one_browser(stage: Stage of ["apple"]) {
        let (browser, other) = (Browser::default(), Browser::default());
        let door = stage.door(&browser).await;
        let left = stage.press(&browser, &door, "apple").await;
        let back = stage.at_the_provider(&browser, &left, ("haru", &[])).await;
        stage.door(&other).await;
        assert_eq!(other.visit(back.as_str()).await.status, 400, "without the cookie it is no answer");
        let state = left.answered("state").unwrap();
        let forged = format!("{back}?code=c&state={state}");
        assert_eq!(other.visit(&forged).await.status, 400, "nor is what stands in the address");
        let page = browser.visit(back.as_str()).await;
        assert!(page.has("have-account"), "{} {}", page.status, page.body);
        assert!(!browser.cookies(&stage.server.at("/")).contains("mapae_answer"), "and it is gone");
    }

    async fn rp_03_an_answer_counts_only_for_the_provider_that_was_asked(stage: Stage of ["kakao", "naver"]) {
        let browser = Browser::default();
        let door = stage.door(&browser).await;
        let left = stage.press(&browser, &door, "kakao").await;
        let mut back = stage.at_the_provider(&browser, &left, ("ryan", &[])).await;
        back.set_path("/upstream/naver/callback");
        let page = browser.visit(back.as_str()).await;
        assert!(page.has("trouble"), "{} {}", page.status, page.body);
        assert!(stage.accounts().await.is_empty());
    }

    async fn rp_01_the_answer_of_somebody_who_took_too_long(stage: Stage of ["kakao"]) {
        let browser = Browser::default();
        let door = stage.door(&browser).await;
        let left = stage.press(&browser, &door, "kakao").await;
        let back = stage.at_the_provider(&browser, &left, ("ryan", &[])).await;
        stage.advance(601);
        assert_eq!(browser.visit(back.as_str()).await.status, 400);
        assert!(stage.accounts().await.is_empty());
    }

    async fn rp_14_rp_16_what_the_provider_says_is_shown_to_nobody(stage: Stage of ["kakao"]) {
        let browser = Browser::default();
        let door = stage.door(&browser).await;
        let left = stage.press(&browser, &door, "kakao").await;
        let state = left.answered("state").unwrap();
        let evil = "%3Cscript%3Ealert(1)%3C/script%3E";
        let address = format!("/upstream/kakao/callback?error={evil}&error_description={evil}&state={state}");
        let answer = browser.open(&stage.server.at(&address)).await;
        assert_eq!(answer.status, 303, "at once to a clean address");
        let page = browser.follow(answer).await;
        assert!(page.has("trouble") && !page.body.contains("alert(1)"), "{}", page.body);
    }

    /// Facebook's dialog has no `error`: a number and a text, which are for nobody's eyes.
    async fn rp_14_who_is_refused_in_words_of_the_provider_is_back_where_they_chose_it(stage: Stage of ["facebook"]) {
        let fact = Command::Fact { name: "dialog_error".to_owned(), value: "1349126".to_owned() };
        stage.simulator("facebook").control(fact).await.unwrap();
        let app = stage.server.register(AppSpec::default()).await;
        let user = stage.server.user("hong@example.com").await;
        for (language, words) in [
            ("ko", ["지금은 Facebook 로그인을 쓸 수 없어요.", "운영자에게 알려"]),
            ("en", ["Facebook", "operator"]),
        ] {
            let browser = Browser::default();
            let authorization = Authorization::of(&app, "openid");
            let address = format!("{}&ui_locales={language}", authorization.address(&stage.server));
            let door = browser.visit(&address).await;
            let page = stage.through(&browser, &door, "facebook", ("sora", &[])).await;
            assert!(page.has("trouble") && page.status == 200, "{} {}", page.status, page.body);
            let said = page.text("#trouble").unwrap();
            assert!(words.iter().all(|word| said.contains(word)), "{said}");
            for theirs in ["1349126", "development mode", "error_"] {
                assert!(!page.body.contains(theirs) && !page.address.as_str().contains(theirs), "{}", page.address);
            }
            // The way to the app is still there.
            let page = by_password(&browser, &page, &user.email, PASSWORD).await;
            let page = if page.has("consent-approve") { browser.submit(&page, "consent-approve", &[]).await } else { page };
            assert!(page.answered("code").is_some(), "{} {}", page.status, page.body);
        }
        assert_eq!(stage.accounts().await.len(), 1, "nobody came in by it");
    }

    /// What is neither a code nor a refusal is an answer all the same: it is used up, and nobody is left with a bare page.
    async fn rp_01_an_answer_that_says_nothing_leads_back_and_works_once(stage: Stage of ["kakao"]) {
        let browser = Browser::default();
        let door = stage.door(&browser).await;
        let left = stage.press(&browser, &door, "kakao").await;
        let address = stage.server.at(&format!("/upstream/kakao/callback?state={}", left.answered("state").unwrap()));
        let page = browser.visit(&address).await;
        assert!(page.has("trouble") && page.has("upstream-kakao"), "{} {}", page.status, page.body);
        assert_eq!(browser.visit(&address).await.status, 400, "and once");
    }

    async fn rp_19_a_browser_that_leaves_a_thousand_times_keeps_sixteen_places(stage: Stage of ["kakao"]) {
        let browser = Browser::default();
        let door = stage.door(&browser).await;
        let mut left = Vec::new();
        for _ in 0..20 {
            left.push(stage.press(&browser, &door, "kakao").await);
            stage.advance(1);
        }
        assert!(left.iter().all(|left| left.status == 303), "nobody is locked out of the seventeenth");
        let first = stage.at_the_provider(&browser, &left[0], ("ryan", &[])).await;
        assert_eq!(browser.visit(first.as_str()).await.status, 400, "the oldest gave way");
        let last = stage.at_the_provider(&browser, &left[19], ("ryan", &[])).await;
        assert!(browser.visit(last.as_str()).await.has("have-account"));
        stage.enter(&Browser::default(), "kakao", ("ryan", &[])).await;
    }

    async fn a_step_of_another_browser_leads_nowhere(stage: Stage of ["kakao"]) {
        let (browser, other) = (Browser::default(), Browser::default());
        let door = stage.door(&browser).await;
        stage.door(&other).await;
        assert_eq!(stage.press(&other, &door, "kakao").await.status, 400);
        let start = stage.server.at("/upstream/kakao/start");
        assert_eq!(browser.open(&start).await.status, 400);
    }

    async fn rp_03_lk_07_a_code_does_not_go_to_a_provider_that_was_given_the_name_meanwhile(stage: Stage of ["kakao"]) {
        let browser = Browser::default();
        let door = stage.door(&browser).await;
        let left = stage.press(&browser, &door, "kakao").await;
        let back = stage.at_the_provider(&browser, &left, ("ryan", &[])).await;
        stage.mapae(&["upstream", "remove", "kakao"]).await;
        let stranger = Stranger::listen().await;
        stranger.take_the_name_of(&stage, "kakao").await;
        let page = browser.visit(back.as_str()).await;
        assert!(page.has("trouble"), "{} {}", page.status, page.body);
        assert_eq!(stranger.heard(), Vec::<String>::new(), "neither the code nor the verifier");
    }

    async fn rp_18_whatever_a_provider_says_of_somebody_is_a_page_and_no_failure(stage: Stage of ["kakao"]) {
        let stranger = Stranger::listen().await;
        stranger.speak_as(&stage, "kakao", "odd").await;
        let long = "x".repeat(40_000);
        let named = |id: u64, name: &str| format!(r#"{{"id":{id},"kakao_account":{{"profile":{{"nickname":"{name}"}}}}}}"#);
        for (profile, has_account) in [
            (named(1, "<script>alert(1)</script>"), true),
            (named(2, r"a\u0000b\r\nSet-Cookie: a=b"), true),
            (named(3, r"\u202Eevil\u200b"), true),
            (named(4, &long), true),
            (named(u64::MAX, "끝"), true),
            (named(9_007_199_254_740_993, "큰 수"), true),
            (r#"{"id":7,"id":8}"#.to_owned(), false),
            (r#"{"id":18446744073709551616}"#.to_owned(), false),
            (r#"{"id":"a\u0000b"}"#.to_owned(), false),
            (format!(r#"{{"id":"{long}"}}"#), false),
            (r#"{"id":1e5}"#.to_owned(), false),
            ("[]".to_owned(), false),
            ("{".to_owned(), false),
        ] {
            stranger.says(&profile);
            let browser = Browser::default();
            let door = stage.door(&browser).await;
            let state = stage.press(&browser, &door, "odd").await.answered("state").unwrap();
            let page = browser.visit(&stage.server.at(&format!("/upstream/odd/callback?code=c&state={state}"))).await;
            let shown: String = profile.chars().take(60).collect();
            assert_eq!((page.status == 200, page.has("have-account")), (true, has_account), "{shown} {}", page.body);
            if has_account {
                let account = sign_up(&browser, &page, "이름").await;
                assert!(account.has("services"), "{shown} {} {}", account.status, account.body);
                assert!(!account.body.contains("<script>alert") && !account.body.contains('\u{202e}'), "{shown}");
            }
        }
    }
}
