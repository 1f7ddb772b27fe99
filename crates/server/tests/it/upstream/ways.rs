//! Ways to sign in on one's account page: seen, added, removed.

use mapae::store::identities;
use mapae_testkit::{Browser, Page, UserFixture};

use super::stage::{PASSWORD, Stage, by_password, for_each_engine};

async fn signed_in(stage: &Stage, browser: &Browser, user: &UserFixture) -> Page {
    let door = stage.door(browser).await;
    by_password(browser, &door, &user.email, PASSWORD).await
}

/// Presses the button that removes the first provider.
async fn remove(browser: &Browser, page: &Page) -> Page {
    let id =
        page.values("[id^=remove-idn_]", "id").pop().unwrap_or_else(|| panic!("no button: {}", page.body));
    browser.follow(browser.submit(page, &id, &[]).await).await
}

for_each_engine! {
    async fn lk_03_the_owner_adds_a_way_and_removes_it(stage: Stage of ["kakao"]) {
        let user = stage.server.user("hong@example.com").await;
        let browser = Browser::default();
        let account = signed_in(&stage, &browser, &user).await;
        let account = stage.through(&browser, &account, "kakao", ("muzi", &[])).await;
        assert!(account.has("notice") && account.body.contains("무지"), "{} {}", account.status, account.body);
        let elsewhere = Browser::default();
        stage.enter(&elsewhere, "kakao", ("muzi", &[])).await;
        assert_eq!(stage.accounts().await.len(), 1);
        let account = remove(&browser, &stage.door(&browser).await).await;
        assert!(account.has("notice") && !account.body.contains("무지"), "{}", account.body);
        assert!(stage.door(&elsewhere).await.has("login-submit"), "whoever else had it is out");
        let page = stage.come(&Browser::default(), "kakao", ("muzi", &[])).await;
        assert!(page.has("linking"), "it comes back by its owner's hand only: {}", page.body);
    }

    async fn lk_03_the_owner_is_told_by_mail_of_a_way_more_and_of_a_way_less(stage: Stage of ["kakao"]) {
        let user = stage.server.user_who_speaks("hong@example.com", Some("en")).await;
        let browser = Browser::default();
        let account = signed_in(&stage, &browser, &user).await;
        assert_eq!(stage.server.mails_to(&user.email).await.len(), 0);
        let account = stage.through(&browser, &account, "kakao", ("muzi", &[])).await;
        assert!(account.has("notice"), "{} {}", account.status, account.body);
        let mails = stage.server.mails_to(&user.email).await;
        let [added] = mails.as_slice() else { panic!("{mails:?}") };
        assert_eq!(added.subject, "A way to sign in was added", "in the language of the account, not of the page");
        assert!(added.text.contains("Kakao") && added.text.contains(&stage.server.at("/account")), "{added:?}");
        remove(&browser, &stage.door(&browser).await).await;
        let mails = stage.server.mails_to(&user.email).await;
        assert!(mails.len() == 2 && mails.iter().any(|mail| mail.subject == "A way to sign in was removed"), "{mails:?}");
    }

    async fn nobody_is_written_to_who_has_no_address_or_has_just_come(stage: Stage of ["kakao", "naver"]) {
        let browser = Browser::default();
        let account = stage.enter(&browser, "kakao", ("muzi", &[])).await;
        stage.through(&browser, &account, "naver", ("yuna", &[])).await;
        remove(&browser, &stage.door(&browser).await).await;
        stage.enter(&Browser::default(), "naver", ("haneul", &[])).await;
        assert_eq!(stage.server.mails().await.len(), 0);
    }

    async fn lk_10_the_last_way_in_stays(stage: Stage of ["kakao", "naver"]) {
        let browser = Browser::default();
        let account = stage.enter(&browser, "kakao", ("ryan", &["account_email"])).await;
        assert!(!account.body.contains("id=\"remove-idn_"), "the only one has no button");
        stage.advance(1);
        let forged = {
            let added = stage.through(&browser, &account, "naver", ("yuna", &[])).await;
            assert!(added.has("notice"), "{}", added.body);
            stage.door(&browser).await
        };
        let first = remove(&browser, &forged).await;
        assert!(first.has("notice"), "{}", first.body);
        // A page that was open before has the other button still.
        let ids = forged.values("[id^=remove-idn_]", "id");
        let last = browser.follow(browser.submit(&forged, &ids[0], &[]).await).await;
        assert!(last.has("trouble"), "{} {}", last.status, last.body);
        let out = Browser::default();
        let page = stage.come(&out, "kakao", ("ryan", &[])).await;
        assert!(page.has("services"), "{}", page.body);
    }

    async fn lk_10_of_two_removals_at_once_one_is_refused(stage: Stage of ["kakao", "naver"]) {
        let browser = Browser::default();
        let account = stage.enter(&browser, "kakao", ("ryan", &["account_email"])).await;
        let user = stage.accounts().await.remove(0).user.id;
        let left = async || identities::of_user(stage.server.app().db(), &user).await.unwrap().len();
        let mut added = stage.through(&browser, &account, "naver", ("yuna", &[])).await;
        for _ in 0..8 {
            assert!(added.has("notice"), "{}", added.body);
            let page = stage.door(&browser).await;
            let ids = page.values("[id^=remove-idn_]", "id");
            assert_eq!(ids.len(), 2, "{}", page.body);
            tokio::join!(browser.submit(&page, &ids[0], &[]), browser.submit(&page, &ids[1], &[]));
            assert_eq!(left().await, 1);
            // The one that is gone comes back.
            let door = stage.door(&browser).await;
            let (gone, who) = if door.has("upstream-kakao") { ("kakao", "ryan") } else { ("naver", "yuna") };
            added = stage.through(&browser, &door, gone, (who, &[])).await;
        }
        assert_eq!(left().await, 2);
    }

    async fn lk_03_a_sign_in_of_long_ago_changes_nothing(stage: Stage of ["kakao"]) {
        let user = stage.server.user("hong@example.com").await;
        let browser = Browser::default();
        let open = signed_in(&stage, &browser, &user).await;
        stage.advance(601);
        let account = stage.door(&browser).await;
        assert!(account.has("confirm-ways") && !account.has("upstream-kakao"), "{}", account.body);
        // A page that was open before still has the button; what comes of it is refused.
        let late = stage.through(&browser, &open, "kakao", ("muzi", &[])).await;
        assert!(late.has("trouble"), "{} {}", late.status, late.body);
        let confirm = account.values("#confirm-ways", "href").pop().unwrap();
        let page = browser.visit(account.address.join(&confirm).unwrap().as_str()).await;
        assert!(page.has("again"), "{}", page.body);
        let account = by_password(&browser, &page, &user.email, PASSWORD).await;
        assert!(account.has("upstream-kakao"), "{}", account.body);
    }

    async fn lk_04_rp_04_what_one_began_another_does_not_finish(stage: Stage of ["kakao"]) {
        let one = stage.server.user("one@example.com").await;
        let two = stage.server.user("two@example.com").await;
        let browser = Browser::default();
        let account = signed_in(&stage, &browser, &one).await;
        let left = stage.press(&browser, &account, "kakao").await;
        let back = stage.at_the_provider(&browser, &left, ("muzi", &[])).await;
        let door = browser.visit(&stage.server.at("/sign-out")).await;
        browser.follow(browser.submit(&door, "logout-confirm", &[]).await).await;
        signed_in(&stage, &browser, &two).await;
        let page = browser.visit(back.as_str()).await;
        assert!(page.has("trouble"), "{} {}", page.status, page.body);
        let fresh = stage.come(&Browser::default(), "kakao", ("muzi", &[])).await;
        assert!(fresh.has("have-account"), "it opens nobody's account");
    }

    async fn an_identity_of_somebody_else_cannot_be_added(stage: Stage of ["kakao"]) {
        stage.enter(&Browser::default(), "kakao", ("muzi", &[])).await;
        let user = stage.server.user("hong@example.com").await;
        let browser = Browser::default();
        let account = signed_in(&stage, &browser, &user).await;
        let page = stage.through(&browser, &account, "kakao", ("muzi", &[])).await;
        assert!(page.text("#trouble").unwrap().contains("다른 마패 계정"), "{}", page.body);
    }

    async fn who_has_no_password_confirms_with_their_provider(stage: Stage of ["kakao", "naver"]) {
        let browser = Browser::default();
        stage.enter(&browser, "kakao", ("muzi", &[])).await;
        stage.advance(3_600);
        let account = stage.door(&browser).await;
        let confirm = account.values("#confirm-ways", "href").pop().unwrap();
        let page = browser.visit(account.address.join(&confirm).unwrap().as_str()).await;
        assert!(page.has("upstream-kakao") && !page.has("login-submit"), "there is nothing to type: {}", page.body);
        let left = stage.press(&browser, &page, "kakao").await;
        assert_eq!(left.answered("prompt").as_deref(), Some("login"));
        let back = stage.at_the_provider(&browser, &left, ("muzi", &[])).await;
        let account = browser.visit(back.as_str()).await;
        assert!(account.has("upstream-naver") && !account.has("confirm-ways"), "{} {}", account.status, account.body);
        assert!(!account.has("change-password"), "there is none to change");
    }
}
