//! What happens to a way in between what was read of it and what is written — LK-03, LK-12, MX-02.

use mapae::store::identities;
use mapae_testkit::Browser;

use super::{
    stage::{PASSWORD, by_password, for_each_engine},
    ways::{remove, signed_in},
};
use crate::store::broken;

for_each_engine! {
    async fn lk_03_mx_02_a_way_by_which_somebody_comes_in_that_moment_is_not_removed_without_them(stage: Stage of ["kakao"]) {
        let user = stage.server.user("hong@example.com").await;
        let browser = Browser::default();
        let account = signed_in(&stage, &browser, &user).await;
        stage.through(&browser, &account, "kakao", ("muzi", &[])).await;
        broken::come_by_every_way(&stage.server).await;
        let refused = remove(&browser, &stage.door(&browser).await).await;
        assert_eq!(refused.status, 503, "{}", refused.body);
        broken::come_no_more(&stage.server).await;
        let account = stage.door(&browser).await;
        assert!(account.body.contains("무지"), "nothing has changed: {}", account.body);
        let account = remove(&browser, &account).await;
        assert!(account.has("notice") && !account.body.contains("무지"), "{}", account.body);
    }

    async fn lk_03_mx_02_whoever_comes_by_a_way_while_it_is_removed_is_out(stage: Stage of ["kakao"]) {
        let user = stage.server.user("hong@example.com").await;
        let browser = Browser::default();
        let mut account = signed_in(&stage, &browser, &user).await;
        for round in 0..6 {
            stage.through(&browser, &account, "kakao", ("muzi", &[])).await;
            let thief = Browser::default();
            let left = stage.press(&thief, &stage.door(&thief).await, "kakao").await;
            let back = stage.at_the_provider(&thief, &left, ("muzi", &[])).await;
            let page = stage.door(&browser).await;
            let (removed, _) = tokio::join!(remove(&browser, &page), thief.visit(back.as_str()));
            assert!(removed.has("notice") && !removed.body.contains("무지"), "{round}: {}", removed.body);
            assert!(stage.door(&thief).await.has("login-submit"), "{round}: they are still in");
            account = removed;
        }
    }

    async fn lk_12_lo_10_what_was_forgotten_in_the_moment_of_a_sign_in_stays_forgotten(stage: Stage of ["kakao"]) {
        stage.enter(&Browser::default(), "kakao", ("ryan", &["account_email"])).await;
        let user = stage.accounts().await.remove(0).user.id;
        let way = async || identities::of_user(stage.server.app().db(), &user).await.unwrap().remove(0);
        let forget = identities::forget_what_came(&way().await.id);
        stage.server.write(forget.into()).await;
        let comes_in = async || {
            let browser = Browser::default();
            let left = stage.press(&browser, &stage.door(&browser).await, "kakao").await;
            let back = stage.at_the_provider(&browser, &left, ("ryan", &[])).await;
            browser.visit(back.as_str()).await;
            let (door, kept) = (stage.door(&browser).await, way().await);
            (door.has("services"), kept.tokens.is_some(), !kept.label.is_empty())
        };
        // The provider told, and was heard before anybody looked whose it is.
        broken::end_whoever_comes(&stage.server).await;
        assert_eq!(comes_in().await, (false, false, false));
        broken::end_nobody_who_comes(&stage.server).await;
        // Everything of the account was ended, by whomever.
        broken::end_everything_of_everybody(&stage.server).await;
        assert_eq!(comes_in().await, (false, false, false));
        broken::end_nothing_of_anybody(&stage.server).await;
        assert_eq!(comes_in().await, (true, true, true), "nobody is locked out");
    }

    async fn lk_03_mx_02_a_proof_of_an_account_links_nobody_when_its_session_has_ended(stage: Stage of ["kakao"]) {
        let owner = stage.server.user("ryan@example.test").await;
        let browser = Browser::default();
        let page = stage.come(&browser, "kakao", ("ryan", &["account_email"])).await;
        assert!(page.has("linking"), "{} {}", page.status, page.body);
        broken::end_sessions_as_they_begin(&stage.server).await;
        by_password(&browser, &page, &owner.email, PASSWORD).await;
        let ways = identities::of_user(stage.server.app().db(), &owner.id).await.unwrap();
        assert!(ways.is_empty(), "who takes off the way of a proof takes the proof: {ways:?}");
    }
}
