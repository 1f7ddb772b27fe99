//! Ways to sign in on one's account page: seen, added, removed.

use mapae::store::identities;
use mapae_testkit::{Browser, Page, UserFixture};

use super::{
    stage::{PASSWORD, Stage, by_password, for_each_engine, sign_out},
    stranger::Stranger,
};

pub(super) async fn signed_in(stage: &Stage, browser: &Browser, user: &UserFixture) -> Page {
    let door = stage.door(browser).await;
    by_password(browser, &door, &user.email, PASSWORD).await
}

/// Presses the button that removes the first provider.
pub(super) async fn remove(browser: &Browser, page: &Page) -> Page {
    let id =
        page.values("[id^=remove-idn_]", "id").pop().unwrap_or_else(|| panic!("no button: {}", page.body));
    browser.follow(browser.submit(page, &id, &[]).await).await
}

/// The name of somebody's way by this provider.
pub(super) async fn way_of(stage: &Stage, upstream: &str) -> String {
    let user = stage.accounts().await.remove(0).user.id;
    let ways = identities::of_user(stage.server.app().db(), &user).await.unwrap();
    ways.into_iter().find(|way| way.upstream == upstream).unwrap().id
}

/// Proves on the account's page, at a provider, who they are.
async fn confirm(stage: &Stage, browser: &Browser, account: &Page, (provider, who): (&str, &str)) -> Page {
    let confirm = account.values("#confirm-ways", "href").pop().unwrap();
    let page = browser.visit(account.address.join(&confirm).unwrap().as_str()).await;
    let left = stage.press(browser, &page, provider).await;
    let back = stage.at_the_provider(browser, &left, (who, &[])).await;
    browser.visit(back.as_str()).await
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

    async fn lk_01_the_owner_is_told_by_mail_of_a_way_that_was_linked_by_a_proof(stage: Stage of ["kakao"]) {
        let owner = stage.server.user_who_speaks("ryan@example.test", Some("en")).await;
        let browser = Browser::default();
        let page = stage.come(&browser, "kakao", ("ryan", &["account_email"])).await;
        assert!(page.has("linking"), "{} {}", page.status, page.body);
        let wrong = by_password(&browser, &page, &owner.email, "wrong password").await;
        assert_eq!(stage.server.mails_to(&owner.email).await.len(), 0, "who proves nothing causes no mail");
        let account = by_password(&browser, &wrong, &owner.email, PASSWORD).await;
        assert!(account.has("services"), "{} {}", account.status, account.body);
        let mails = stage.server.mails_to(&owner.email).await;
        let [added] = mails.as_slice() else { panic!("{mails:?}") };
        assert_eq!(added.subject, "A way to sign in was added");
        assert!(added.text.contains("Kakao") && added.text.contains(&stage.server.at("/account")), "{added:?}");
        // The same by hand, where no address led there.
        let other = stage.server.user("hong@example.com").await;
        let browser = Browser::default();
        let page = stage.come(&browser, "kakao", ("muzi", &[])).await;
        let href = page.values("#have-account", "href").pop().unwrap();
        let page = browser.visit(page.address.join(&href).unwrap().as_str()).await;
        by_password(&browser, &page, &other.email, PASSWORD).await;
        assert_eq!(stage.server.mails_to(&other.email).await.len(), 1);
        // Whoever signs in by it from then on causes none.
        stage.enter(&Browser::default(), "kakao", ("ryan", &[])).await;
        assert_eq!(stage.server.mails_to(&owner.email).await.len(), 1);
    }

    async fn lk_01_who_proves_another_account_than_the_one_that_was_named_links_nothing(stage: Stage of ["kakao"]) {
        stage.server.user("ryan@example.test").await;
        let other = stage.server.user("kim@example.com").await;
        let browser = Browser::default();
        let page = stage.come(&browser, "kakao", ("ryan", &["account_email"])).await;
        assert!(page.has("linking"), "{} {}", page.status, page.body);
        let account = by_password(&browser, &page, &other.email, PASSWORD).await;
        assert!(account.has("services"), "they are in: {} {}", account.status, account.body);
        let ways = identities::of_user(stage.server.app().db(), &other.id).await.unwrap();
        assert!(ways.is_empty() && stage.server.mails_to(&other.email).await.is_empty(), "{ways:?}");
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

    async fn who_has_an_address_and_no_password_is_shown_no_field_for_one(stage: Stage of ["google"]) {
        let browser = Browser::default();
        stage.enter(&browser, "google", ("jiwoo", &[])).await;
        assert!(stage.accounts().await.remove(0).user.email.is_some());
        stage.advance(3_600);
        let account = stage.door(&browser).await;
        let confirm = account.values("#confirm-ways", "href").pop().unwrap();
        let page = browser.visit(account.address.join(&confirm).unwrap().as_str()).await;
        assert!(page.has("upstream-google") && !page.has("password") && !page.has("login-submit"), "{}", page.body);
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
        sign_out(&stage, &browser).await;
        signed_in(&stage, &browser, &two).await;
        let page = browser.visit(back.as_str()).await;
        assert!(page.has("trouble"), "{} {}", page.status, page.body);
        let fresh = stage.come(&Browser::default(), "kakao", ("muzi", &[])).await;
        assert!(fresh.has("have-account"), "it opens nobody's account");
    }

    /// On a computer that people share, whoever used the provider last is who comes back.
    async fn lk_04_whom_a_provider_sends_back_is_named_before_they_are_added(stage: Stage of ["naver", "apple"]) {
        let user = stage.server.user("hong@example.com").await;
        let browser = Browser::default();
        // Somebody else was here before, and is signed in there still.
        for (name, who) in [("naver", "yuna"), ("apple", "haru")] {
            let page = stage.come(&browser, name, (who, &[])).await;
            assert!(page.has("have-account"), "{} {}", page.status, page.body);
        }
        let account = signed_in(&stage, &browser, &user).await;
        let left = stage.press(&browser, &account, "naver").await;
        assert_eq!(left.answered("auth_type").as_deref(), Some("reauthenticate"), "Naver asks who sits here");
        for (name, who, shown) in [("naver", "yuna", "네이버 계정"), ("apple", "haru", "Apple 계정")] {
            let left = stage.press(&browser, &account, name).await;
            let back = stage.at_the_provider(&browser, &left, (who, &[])).await;
            let page = browser.visit(back.as_str()).await;
            assert!(page.has("connect-submit") && page.body.contains(shown), "{} {}", page.status, page.body);
            let named = page.values("#account", "value").remove(0);
            assert!(!named.is_empty());
            let ways = async || identities::of_user(stage.server.app().db(), &user.id).await.unwrap();
            let before = ways().await.len();
            assert!(ways().await.iter().all(|way| way.upstream != name), "nothing is written yet");
            let added = browser.follow(browser.submit(&page, "connect-submit", &[]).await).await;
            assert!(added.has("notice"), "{} {}", added.status, added.body);
            assert_eq!(ways().await.len(), before + 1);
            // What was pressed once is used up.
            let again = browser.submit(&page, "connect-submit", &[]).await;
            assert_ne!(again.status, 303, "{}", again.body);
        }
        assert_eq!(stage.server.mails_to(&user.email).await.len(), 2);
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

    async fn lk_03_a_sign_in_that_passes_without_a_page_proves_nothing(stage: Stage of ["naver", "kakao"]) {
        let browser = Browser::default();
        stage.enter(&browser, "naver", ("yuna", &[])).await;
        stage.advance(3_600);
        sign_out(&stage, &browser).await;
        let door = stage.door(&browser).await;
        let left = stage.press(&browser, &door, "naver").await;
        let there = browser.visit(left.location().unwrap().as_str()).await;
        let back = there.location().expect("Naver knows the browser and shows no page");
        let account = browser.visit(back.as_str()).await;
        assert!(account.has("services"), "in is who sits there, {} {}", account.status, account.body);
        assert!(account.has("confirm-ways") && !account.has("upstream-kakao"), "and no more: {}", account.body);
        let confirm = account.values("#confirm-ways", "href").pop().unwrap();
        let page = browser.visit(account.address.join(&confirm).unwrap().as_str()).await;
        let account = stage.through(&browser, &page, "naver", ("yuna", &[])).await;
        assert!(account.has("upstream-kakao") && !account.has("confirm-ways"), "{}", account.body);
    }

    async fn lk_03_who_waits_is_linked_by_a_new_sign_in_only(stage: Stage of ["naver", "kakao"]) {
        let browser = Browser::default();
        stage.enter(&browser, "naver", ("yuna", &[])).await;
        sign_out(&stage, &browser).await;
        let page = stage.come(&browser, "kakao", ("muzi", &[])).await;
        let href = page.values("#have-account", "href").pop().unwrap();
        let page = browser.visit(page.address.join(&href).unwrap().as_str()).await;
        let left = stage.press(&browser, &page, "naver").await;
        assert_eq!(left.answered("auth_type").as_deref(), Some("reauthenticate"));
        let there = browser.visit(left.location().unwrap().as_str()).await;
        assert!(there.location().is_none(), "Naver asks who sits there: {:?}", there.location());
    }

    async fn lk_07_a_removed_way_is_told_to_nobody_but_the_issuer_that_gave_it(stage: Stage of ["kakao", "naver"]) {
        let browser = Browser::default();
        let account = stage.enter(&browser, "kakao", ("ryan", &["account_email"])).await;
        stage.through(&browser, &account, "naver", ("yuna", &[])).await;
        stage.mapae(&["upstream", "remove", "kakao"]).await;
        let stranger = Stranger::listen().await;
        stranger.take_the_name_of(&stage, "kakao").await;
        let page = stage.door(&browser).await;
        let kakao = way_of(&stage, "kakao").await;
        let page = browser.follow(browser.submit(&page, &format!("remove-{kakao}"), &[]).await).await;
        assert!(page.has("notice"), "{} {}", page.status, page.body);
        assert!(!stage.door(&browser).await.body.contains(&kakao));
        // What is told is told behind the request's back, and long before a whole sign-in is over.
        let next = Browser::default();
        let door = stage.door(&next).await;
        let state = stage.press(&next, &door, "kakao").await.answered("state").unwrap();
        next.visit(&stage.server.at(&format!("/upstream/kakao/callback?code=c&state={state}"))).await;
        let heard = stranger.heard();
        assert!(heard.iter().any(|said| said.starts_with("/oauth/token")), "{heard:?}");
        assert!(!heard.iter().any(|said| said.contains("unlink")), "{heard:?}");
    }

    async fn lk_12_the_provider_is_told_of_a_removed_way_also_when_its_tokens_are_old(stage: Stage of ["kakao", "naver"]) {
        let browser = Browser::default();
        let account = stage.enter(&browser, "kakao", ("ryan", &["account_email"])).await;
        stage.through(&browser, &account, "naver", ("yuna", &[])).await;
        assert_eq!(stage.linked_at("kakao").await, ["ryan"]);
        stage.advance(7 * 3_600);
        let later = Browser::default();
        let page = stage.enter(&later, "naver", ("yuna", &[])).await;
        let page = confirm(&stage, &later, &page, ("naver", "yuna")).await;
        let kakao = way_of(&stage, "kakao").await;
        let page = later.follow(later.submit(&page, &format!("remove-{kakao}"), &[]).await).await;
        assert!(page.has("notice"), "{} {}", page.status, page.body);
        // Behind the request's back.
        let told = async {
            while !stage.linked_at("kakao").await.is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), told).await.expect("Kakao is told");
    }

    /// How old Apple's sign-in is, nobody can change: it counts as it is.
    async fn lk_03_a_sign_in_counts_at_a_provider_that_cannot_be_asked_anew(stage: Stage of ["apple"]) {
        let browser = Browser::default();
        stage.enter(&browser, "apple", ("haru", &[])).await;
        stage.advance(3_600);
        let account = stage.door(&browser).await;
        let confirm = account.values("#confirm-ways", "href").pop().unwrap();
        let page = browser.visit(account.address.join(&confirm).unwrap().as_str()).await;
        assert!(page.has("upstream-apple"), "{}", page.body);
        let account = stage.through(&browser, &page, "apple", ("haru", &[])).await;
        assert!(account.has("services") && !account.has("confirm-ways"), "{} {}", account.status, account.body);
    }

    async fn lk_10_a_way_that_opens_nothing_is_not_the_one_that_stays(stage: Stage of ["kakao", "naver"]) {
        let browser = Browser::default();
        let account = stage.enter(&browser, "kakao", ("ryan", &["account_email"])).await;
        stage.through(&browser, &account, "naver", ("yuna", &[])).await;
        let before = stage.door(&browser).await;
        let (kakao, naver) = (way_of(&stage, "kakao").await, way_of(&stage, "naver").await);
        stage.mapae(&["upstream", "disable", "kakao"]).await;
        let page = stage.door(&browser).await;
        let buttons = page.values("[id^=remove-idn_]", "id");
        assert_eq!(buttons, [format!("remove-{kakao}")], "the other is the only one that opens the account");
        let page = browser.follow(browser.submit(&before, &format!("remove-{naver}"), &[]).await).await;
        assert!(page.has("trouble"), "{} {}", page.status, page.body);
        let page = browser.follow(browser.submit(&before, &format!("remove-{kakao}"), &[]).await).await;
        assert!(page.has("notice"), "{} {}", page.status, page.body);
    }
}
