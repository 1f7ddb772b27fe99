//! An app on a device is as strict about a sign-in through a provider as one that asks for codes — OIDC Registration §2
//! (`default_max_age`), RFC 8628 §3.3; threats DE-09, LK-09.

use mapae_testkit::{AppFixture, AppSpec, Browser};
use serde_json::json;

use super::stage::{Stage, for_each_engine, sign_out, sign_up};
use crate::protocol::{
    claims,
    device::{begin, television, type_code},
};

/// An app of televisions that is content with sign-ins of at most this age, in seconds.
async fn strict(stage: &Stage, max_age: u32) -> AppFixture {
    let metadata = [("default_max_age".to_owned(), json!(max_age))].into();
    stage.server.register(AppSpec { metadata, ..television() }).await
}

for_each_engine! {
    /// Whoever sits at a browser that was left open passes at the provider without a word.
    async fn de_09_lk_09_a_silent_pass_is_no_fresh_sign_in_for_a_device(stage: Stage of ["naver", "apple"]) {
        let browser = Browser::default();
        stage.enter(&browser, "naver", ("yuna", &[])).await;
        for max_age in [0, 60] {
            let app = strict(&stage, max_age).await;
            sign_out(&stage, &browser).await;
            stage.advance(3_600);
            stage.enter(&browser, "naver", ("yuna", &[])).await;
            let device = begin(&stage.server, &app, "openid").await;
            let page = type_code(&stage.server, &browser, &device.user_code).await;
            assert!(page.has("again"), "{max_age}: somebody came a moment ago: {} {}", page.status, page.body);
            assert!(!page.has("upstream-apple"), "{max_age}: it cannot be asked anew");
            let naver = page.values("#upstream-naver", "href").pop().unwrap();
            let apple = page.address.join(&naver.replace("/naver/", "/apple/")).unwrap();
            let refused = browser.visit(apple.as_str()).await;
            assert!(refused.has("trouble") && refused.has("again"), "{max_age}: nor by hand: {}", refused.body);
            let left = stage.press(&browser, &page, "naver").await;
            assert_eq!(left.answered("auth_type").as_deref(), Some("reauthenticate"), "{max_age}");
            let back = stage.at_the_provider(&browser, &left, ("yuna", &[])).await;
            let proved_at = stage.server.now().unix();
            let confirm = browser.visit(back.as_str()).await;
            assert!(confirm.has("device-allow"), "{max_age}: {} {}", confirm.status, confirm.body);
            stage.advance(90);
            let done = browser.submit(&confirm, "device-allow", &[]).await;
            assert!(done.has("done"), "{max_age}: who proved it on the way may take their time: {}", done.body);
            let told = claims(&device.poll(&stage.server).await.text("id_token"));
            assert_eq!(told["auth_time"], proved_at, "{max_age}");
        }
    }

    async fn de_09_lk_09_who_has_no_other_way_than_apple_meets_no_max_age_of_a_device(stage: Stage of ["apple"]) {
        let (strict, easy) = (strict(&stage, 60).await, stage.server.register(television()).await);
        let browser = Browser::default();
        stage.enter(&browser, "apple", ("haru", &[])).await;
        sign_out(&stage, &browser).await;
        // It says when they signed in there, and has let them pass since.
        stage.advance(3_600);
        stage.enter(&browser, "apple", ("haru", &[])).await;
        for browser in [&browser, &Browser::default()] {
            let device = begin(&stage.server, &strict, "openid").await;
            let page = type_code(&stage.server, browser, &device.user_code).await;
            assert!(page.has("password") && !page.has("upstream-apple"), "{} {}", page.status, page.body);
        }
        // Who asks for nothing is content.
        let device = begin(&stage.server, &easy, "openid").await;
        assert!(type_code(&stage.server, &browser, &device.user_code).await.has("device-allow"));
        let (newcomer, device) = (Browser::default(), begin(&stage.server, &easy, "openid").await);
        let page = type_code(&stage.server, &newcomer, &device.user_code).await;
        let page = stage.through(&newcomer, &page, "apple", ("haru", &[])).await;
        let page = if page.has("have-account") { sign_up(&newcomer, &page, "haru").await } else { page };
        assert!(page.has("device-allow"), "{} {}", page.status, page.body);
    }
}
