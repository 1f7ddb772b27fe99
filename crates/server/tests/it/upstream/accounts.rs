//! Which account somebody gets who comes from a provider.

use mapae::store::{identities, users};
use mapae_simulators::{App, Command};
use mapae_testkit::{Browser, Page};

use super::stage::{PASSWORD, Stage, by_password, for_each_engine, sign_out, sign_up, written};

/// Whose account a page of an account is.
async fn identity_of(stage: &Stage, subject: &str) -> Option<identities::Identity> {
    let issuer = stage.simulator("kakao").base_url().to_owned();
    identities::find(stage.server.app().db(), &issuer, subject).await.unwrap()
}

const RYAN: &str = "1376016924429759228";

for_each_engine! {
    async fn lk_01_an_address_that_is_taken_opens_nothing_until_its_account_is_proved(stage: Stage of ["kakao"]) {
        let owner = stage.server.user("ryan@example.test").await;
        let browser = Browser::default();
        let page = stage.come(&browser, "kakao", ("ryan", &["account_email"])).await;
        assert!(page.has("linking") && page.has("login-submit"), "{} {}", page.status, page.body);
        assert!(identity_of(&stage, RYAN).await.is_none());
        let wrong = by_password(&browser, &page, &owner.email, "wrong password").await;
        assert!(wrong.has("problem") && wrong.has("linking"));
        assert!(identity_of(&stage, RYAN).await.is_none(), "who cannot prove it gets nothing");
        let account = by_password(&browser, &wrong, &owner.email, PASSWORD).await;
        assert!(account.has("services"), "{} {}", account.status, account.body);
        assert_eq!(identity_of(&stage, RYAN).await.unwrap().user_id, owner.id);
        stage.enter(&Browser::default(), "kakao", ("ryan", &[])).await;
        assert_eq!(stage.accounts().await.len(), 1, "from then on it opens that account");
    }

    async fn lk_01_an_address_that_nobody_checked_says_nothing(stage: Stage of ["kakao"]) {
        let owner = stage.server.user("apeach@example.test").await;
        let browser = Browser::default();
        let page = stage.come(&browser, "kakao", ("apeach", &["account_email"])).await;
        assert!(page.has("have-account") && !page.has("email") && !page.has("linking"), "{}", page.body);
        sign_up(&browser, &page, "어피치").await;
        let made = identity_of(&stage, "9007199254740993").await.unwrap();
        assert_ne!(made.user_id, owner.id);
        let made = users::by_id(stage.server.app().db(), &made.user_id).await.unwrap().unwrap();
        assert_eq!(made.user.email, None, "an address that nobody proved is not noted");
    }

    async fn who_has_an_account_connects_it_instead_of_making_another(stage: Stage of ["kakao"]) {
        let owner = stage.server.user("hong@example.com").await;
        let browser = Browser::default();
        let page = stage.come(&browser, "kakao", ("muzi", &[])).await;
        let href = page.values("#have-account", "href").pop().unwrap();
        let page = browser.visit(page.address.join(&href).unwrap().as_str()).await;
        assert!(page.has("linking"), "{} {}", page.status, page.body);
        by_password(&browser, &page, &owner.email, PASSWORD).await;
        assert_eq!(identity_of(&stage, "4029384756").await.unwrap().user_id, owner.id);
        assert_eq!(stage.accounts().await.len(), 1);
    }

    async fn lk_05_two_sign_ups_of_one_person_at_once_make_one_account(stage: Stage of ["kakao"]) {
        let mut open: Vec<(Browser, Page)> = Vec::new();
        for _ in 0..4 {
            let browser = Browser::default();
            let page = stage.come(&browser, "kakao", ("ryan", &["account_email"])).await;
            open.push((browser, page));
        }
        let tasks = open.iter().map(|(browser, page)| {
            let (browser, page) = (browser.clone(), page.clone());
            tokio::spawn(async move { sign_up(&browser, &page, "라이언").await })
        });
        let tasks: Vec<_> = tasks.collect();
        for task in tasks {
            let page = task.await.unwrap();
            assert!(page.has("services"), "everybody is in: {} {}", page.status, page.body);
        }
        assert_eq!(stage.accounts().await.len(), 1);
    }

    async fn who_is_disabled_stays_out_whatever_the_provider_says(stage: Stage of ["kakao"]) {
        stage.enter(&Browser::default(), "kakao", ("ryan", &["account_email"])).await;
        let browser = Browser::default();
        let door = stage.door(&browser).await;
        let left = stage.press(&browser, &door, "kakao").await;
        let back = stage.at_the_provider(&browser, &left, ("ryan", &[])).await;
        stage.mapae(&["user", "disable", "ryan@example.test"]).await;
        let page = browser.visit(back.as_str()).await;
        assert!(page.text("#trouble").unwrap().contains("중지"), "{}", page.body);
    }

    async fn rp_11_another_address_is_the_same_person_and_the_same_address_another(stage: Stage of ["kakao"]) {
        let first = Browser::default();
        stage.enter(&first, "kakao", ("ryan", &["account_email"])).await;
        let change = Command::ChangeEmail {
            person: "ryan".to_owned(), email: Some("lion@example.test".to_owned()), verified: None, valid: None,
        };
        stage.simulator("kakao").control(change).await.unwrap();
        let change = Command::ChangeEmail {
            person: "minji".to_owned(), email: Some("ryan@example.test".to_owned()), verified: None, valid: None,
        };
        stage.simulator("kakao").control(change).await.unwrap();
        stage.enter(&Browser::default(), "kakao", ("ryan", &[])).await;
        assert_eq!(stage.accounts().await.len(), 1);
        let page = stage.come(&Browser::default(), "kakao", ("minji", &["account_email"])).await;
        assert!(page.has("linking"), "a recycled address opens nothing: {}", page.body);
    }

    async fn lk_07_a_provider_that_was_removed_and_added_again_opens_the_same_accounts(stage: Stage of ["kakao"]) {
        stage.enter(&Browser::default(), "kakao", ("ryan", &[])).await;
        stage.mapae(&["upstream", "remove", "kakao"]).await;
        stage.add("kakao", "kakao", None).await;
        stage.enter(&Browser::default(), "kakao", ("ryan", &[])).await;
        assert_eq!(stage.accounts().await.len(), 1);
    }

    async fn the_sign_up_step_ends_after_half_an_hour_and_works_once(stage: Stage of ["kakao"]) {
        let browser = Browser::default();
        let page = stage.come(&browser, "kakao", ("ryan", &[])).await;
        let account = sign_up(&browser, &page, "라이언").await;
        assert!(account.has("services"));
        let again = browser.submit(&page, "login-submit", &[("name", "둘")]).await;
        assert_eq!(again.status, 400, "the form works once");
        let late = Browser::default();
        let page = stage.come(&late, "kakao", ("muzi", &[])).await;
        stage.advance(1_801);
        assert_eq!(late.submit(&page, "login-submit", &[("name", "무지")]).await.status, 400);
        assert_eq!(stage.accounts().await.len(), 1);
    }

    /// Kakao numbers people for each app: the same number is somebody else there.
    async fn lk_07_another_client_id_opens_nobodys_account(stage: Stage of ["kakao"]) {
        stage.enter(&Browser::default(), "kakao", ("ryan", &[])).await;
        let own = stage.simulator("kakao").app();
        let other = App { client_id: "anotherappofkakao000000000000001".to_owned(), ..own.clone() };
        stage.simulator("kakao").control(Command::App(Box::new(other.clone()))).await.unwrap();
        stage.mapae(&["upstream", "remove", "kakao"]).await;
        let secret = written(stage.server.data(), "other-secret", &other.client_secret.unwrap());
        let base = stage.simulator("kakao").base_url().to_owned();
        let words = ["upstream", "add", "kakao", "--client-id", &other.client_id, "--client-secret-file", &secret];
        stage.mapae(&[&words[..], &["--base-url", &base]].concat()).await;
        let browser = Browser::default();
        let page = stage.come(&browser, "kakao", ("ryan", &[])).await;
        assert!(page.has("trouble") && page.body.contains("새로 설정"), "{} {}", page.status, page.body);
        assert!(stage.door(&browser).await.has("login-submit") && stage.accounts().await.len() == 1);
        stage.mapae(&["upstream", "remove", "kakao"]).await;
        stage.add("kakao", "kakao", None).await;
        stage.enter(&Browser::default(), "kakao", ("ryan", &[])).await;
        assert_eq!(stage.accounts().await.len(), 1, "and as it was before, it is theirs");
    }

    async fn a_name_that_nobody_can_read_is_asked_again(stage: Stage of ["kakao"]) {
        let browser = Browser::default();
        let page = stage.come(&browser, "kakao", ("ryan", &[])).await;
        for name in ["", "  ", "a\u{202e}b"] {
            let answer = browser.submit(&page, "login-submit", &[("name", name)]).await;
            assert_eq!(answer.status, 422, "{name:?}");
        }
        assert!(stage.accounts().await.is_empty());
    }

    async fn rp_21_what_proves_us_at_a_provider_is_sealed(stage: Stage of ["kakao"]) {
        stage.enter(&Browser::default(), "kakao", ("ryan", &[])).await;
        let app = stage.simulator("kakao").app();
        let kept = stage.kept().await;
        assert!(kept.contains(&app.client_id), "the provider is in what was read");
        for secret in [app.client_secret.unwrap(), app.admin_key.unwrap()] {
            assert!(!kept.contains(&secret));
        }
        let row = identity_of(&stage, RYAN).await.unwrap();
        assert!(row.tokens.is_some());
    }

    async fn what_ends_between_leaving_and_coming_back_has_ended(stage: Stage of ["kakao"]) {
        let user = stage.server.user("hong@example.com").await;
        let owner = Browser::default();
        let door = stage.door(&owner).await;
        let account = by_password(&owner, &door, &user.email, PASSWORD).await;
        let account = stage.through(&owner, &account, "kakao", ("muzi", &[])).await;
        // Somebody is on their way with it while its owner takes it off.
        let other = Browser::default();
        let door = stage.door(&other).await;
        let left = stage.press(&other, &door, "kakao").await;
        let back = stage.at_the_provider(&other, &left, ("muzi", &[])).await;
        let button = account.values("[id^=remove-idn_]", "id").pop().unwrap();
        owner.submit(&account, &button, &[]).await;
        // The provider was told, too: its code may be over by now. In either case nobody is in.
        let page = other.visit(back.as_str()).await;
        assert!(page.has("linking") || page.has("trouble"), "{} {}", page.status, page.body);
        assert!(stage.door(&other).await.has("login-submit"), "it opens nothing any more");
        let page = stage.come(&other, "kakao", ("muzi", &[])).await;
        assert!(page.has("linking"), "{} {}", page.status, page.body);
        // And somebody proves an account that is closed while they type.
        stage.mapae(&["user", "disable", &user.email]).await;
        let page = by_password(&other, &page, &user.email, PASSWORD).await;
        assert!(page.has("problem"), "{}", page.body);
        assert!(identity_of(&stage, "4029384756").await.unwrap().removed_at.is_some());
    }

    async fn rp_01_a_sign_up_form_left_open_signs_nobody_in_after_signing_out(stage: Stage of ["kakao"]) {
        let browser = Browser::default();
        let one = stage.come(&browser, "kakao", ("ryan", &["account_email"])).await;
        let two = stage.come(&browser, "kakao", ("ryan", &[])).await;
        let three = stage.come(&browser, "kakao", ("ryan", &[])).await;
        assert!(one.has("have-account") && two.has("have-account") && three.has("have-account"));
        assert!(sign_up(&browser, &one, "라이언").await.has("services"));
        assert!(sign_up(&browser, &two, "라이언").await.has("services"), "who has two tabs is in by either");
        assert_eq!(browser.submit(&two, "login-submit", &[("name", "라이언")]).await.status, 400, "and once");
        sign_out(&stage, &browser).await;
        let next = browser.submit(&three, "login-submit", &[("name", "다음 사람")]).await;
        assert_eq!(next.status, 400, "whoever sits there next is nobody: {}", next.body);
        assert!(stage.door(&browser).await.has("login-submit"));
    }

    async fn rp_01_a_sign_up_form_left_open_begins_nothing_that_was_ended_since(stage: Stage of ["kakao"]) {
        let (owner, thief) = (Browser::default(), Browser::default());
        let waiting = stage.come(&thief, "kakao", ("ryan", &[])).await;
        stage.enter(&owner, "kakao", ("ryan", &[])).await;
        let issuer = stage.simulator("kakao").base_url().to_owned();
        let row = identities::find(stage.server.app().db(), &issuer, RYAN).await.unwrap().unwrap();
        stage.server.write(users::end_everything(&row.user_id, stage.server.now())).await;
        let late = thief.submit(&waiting, "login-submit", &[("name", "도둑")]).await;
        assert_eq!(late.status, 400, "{}", late.body);
        assert!(stage.door(&thief).await.has("login-submit"));
    }
}
