//! A password that is set by mail, and the ways into the account that somebody else has made — LK-02, decisions 0185 and 0233.

use mapae::store::identities;
use mapae_testkit::Browser;

use super::{
    stage::{PASSWORD, by_password, for_each_engine},
    ways::{signed_in, way_of},
};
use crate::store::broken;

for_each_engine! {
    async fn lk_02_whoever_sets_a_password_by_mail_sees_the_other_ways_and_removes_those_of_strangers(stage: Stage of ["kakao", "naver"]) {
        let user = stage.server.user("hong@example.com").await;
        let (thief, owner) = (Browser::default(), Browser::default());
        let account = signed_in(&stage, &thief, &user).await;
        let account = stage.through(&thief, &account, "kakao", ("muzi", &[])).await;
        stage.through(&thief, &account, "naver", ("yuna", &[])).await;
        let link = crate::people::link(&stage.server, &owner, "/password/forgot", &user.email).await;
        let form = owner.visit(&link).await;
        assert!(form.has("other-ways") && form.body.contains("무지") && form.body.contains("연결 해제"), "{}", form.body);
        let strangers = way_of(&stage, "kakao").await;
        let short = owner.submit(&form, "login-submit", &[("password", "short"), ("remove", &strangers)]).await;
        assert_eq!(short.values("[name=remove][checked]", "value"), [strangers.as_str()], "what was chosen stays chosen");
        let fields = [("password", "a new and longer one"), ("remove", strangers.as_str())];
        let done = owner.follow(owner.submit(&form, "login-submit", &fields).await).await;
        assert!(done.has("services") && !done.body.contains("무지"), "{} {}", done.status, done.body);
        let page = stage.come(&Browser::default(), "kakao", ("muzi", &[])).await;
        assert!(!page.has("services"), "it opens the account no more: {}", page.body);
        stage.enter(&Browser::default(), "naver", ("yuna", &[])).await;
        assert_eq!(stage.accounts().await.len(), 1, "and what was left stays");
    }

    async fn lk_02_a_way_that_was_made_after_the_page_was_shown_is_shown_before_the_password_is_set(stage: Stage of ["kakao"]) {
        let user = stage.server.user("hong@example.com").await;
        let (thief, owner) = (Browser::default(), Browser::default());
        let account = signed_in(&stage, &thief, &user).await;
        let link = crate::people::link(&stage.server, &owner, "/password/forgot", &user.email).await;
        let form = owner.visit(&link).await;
        assert!(!form.has("other-ways"), "{}", form.body);
        stage.through(&thief, &account, "kakao", ("muzi", &[])).await;
        let again = owner.submit(&form, "login-submit", &[("password", "a new and longer one")]).await;
        assert!(again.has("trouble") && again.body.contains("무지"), "{} {}", again.status, again.body);
        assert_eq!(again.status, 409);
        assert!(stage.door(&thief).await.has("services"), "nothing has ended yet");
        let strangers = way_of(&stage, "kakao").await;
        let fields = [("password", "a new and longer one"), ("remove", strangers.as_str())];
        let done = owner.follow(owner.submit(&again, "login-submit", &fields).await).await;
        assert!(done.has("services") && !done.body.contains("무지"), "{} {}", done.status, done.body);
        assert!(!stage.door(&thief).await.has("services"));
    }

    async fn lk_02_mx_02_a_way_that_is_added_in_the_moment_of_a_reset_is_not_passed_over(stage: Stage of ["kakao"]) {
        let user = stage.server.user("hong@example.com").await;
        let owner = Browser::default();
        let link = crate::people::link(&stage.server, &owner, "/password/forgot", &user.email).await;
        let form = owner.visit(&link).await;
        broken::add_ways_to_resets(&stage.server).await;
        let again = owner.submit(&form, "login-submit", &[("password", "a new and longer one")]).await;
        assert!(again.status == 200 && again.has("login-submit"), "{} {}", again.status, again.body);
        broken::leave_resets_alone(&stage.server).await;
        let door = stage.door(&Browser::default()).await;
        let refused = by_password(&Browser::default(), &door, &user.email, "a new and longer one").await;
        assert!(!refused.has("services"), "nothing has changed: {}", refused.body);
        let done = owner.submit(&again, "login-submit", &[("password", "a new and longer one")]).await;
        assert_eq!(done.status, 303, "and the link is not used up");
    }

    /// Whoever had the account adds a way by the session that ends, while its owner sets a password.
    async fn lk_02_lk_03_mx_02_of_a_way_and_a_reset_at_once_no_way_is_left_that_was_not_shown(stage: Stage of ["kakao"]) {
        let user = stage.server.user("hong@example.com").await;
        let mut password = PASSWORD.to_owned();
        for round in 0..6 {
            let (thief, owner) = (Browser::default(), Browser::default());
            let door = stage.door(&thief).await;
            let account = by_password(&thief, &door, &user.email, &password).await;
            let left = stage.press(&thief, &account, "kakao").await;
            let back = stage.at_the_provider(&thief, &left, ("muzi", &[])).await;
            let shown = thief.visit(back.as_str()).await;
            assert!(shown.has("connect-submit"), "{} {}", shown.status, shown.body);
            stage.advance(61);
            let link = crate::people::link(&stage.server, &owner, "/password/forgot", &user.email).await;
            let form = owner.visit(&link).await;
            let new = format!("a new and longer one {round}");
            let fields = [("password", new.as_str())];
            let (linked, set) = tokio::join!(
                thief.submit(&shown, "connect-submit", &[]),
                owner.submit(&form, "login-submit", &fields)
            );
            let ways = identities::of_user(stage.server.app().db(), &user.id).await.unwrap();
            match set.status.as_u16() {
                303 => {
                    assert!(ways.is_empty(), "{round}: it was on no page: {ways:?}");
                    assert!(matches!(linked.status.as_u16(), 303 | 400..500), "{} {}", linked.status, linked.body);
                }
                409 => {
                    assert!(set.body.contains("무지"), "{}", set.body);
                    let fields = [("password", new.as_str()), ("remove", ways[0].id.as_str())];
                    assert_eq!(owner.submit(&set, "login-submit", &fields).await.status, 303);
                }
                other => panic!("{other} {}", set.body),
            }
            assert!(identities::of_user(stage.server.app().db(), &user.id).await.unwrap().is_empty());
            assert!(!stage.door(&thief).await.has("services"), "{round}: whoever was there before is out");
            // A month later, what was removed is forgotten.
            stage.advance(31 * 86_400);
            password = new;
        }
    }
}
