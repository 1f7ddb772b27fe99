//! What comes back from a provider, or says that it does.

use mapae_testkit::Browser;

use super::stage::{for_each_engine, sign_up};

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

    async fn rp_19_a_browser_that_leaves_a_thousand_times_keeps_sixteen_places(stage: Stage of ["kakao"]) {
        let browser = Browser::default();
        let door = stage.door(&browser).await;
        let mut refused = 0;
        for _ in 0..20 {
            let left = stage.press(&browser, &door, "kakao").await;
            refused += usize::from(left.status == 429);
        }
        assert_eq!(refused, 4, "as many as a browser may have pending");
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
}
