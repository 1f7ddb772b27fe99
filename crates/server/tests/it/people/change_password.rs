//! Change of password on the account's page — threats SE-12, SE-27, RE-08.

use mapae::store::sessions;
use mapae_testkit::{AppSpec, Authorization, Browser, TestServer};

use super::{NEW_PASSWORD, account, all_submit, for_each_engine, gets_in, is_in, stored};
use crate::store::broken::{accept_sessions, refuse_sessions};

for_each_engine! {
    async fn se_27_re_08_a_change_of_password_signs_everything_else_out(server: TestServer) {
        let api = server.register_api("https://calendar.example", &["calendar.read"], false).await;
        let optional = ["offline_access", "calendar.read"].map(str::to_owned).to_vec();
        let app = server.register(AppSpec { optional, ..AppSpec::default() }).await;
        let user = server.user("hong@example.com").await;
        let (here, there) = (Browser::default(), Browser::default());
        let authorization = Authorization::of(&app, "openid offline_access calendar.read");
        let code = server.code(&there, &user, &authorization).await;
        let tokens = server.redeem(&app, &code, &authorization.verifier).await;
        let page = account(&server, &here, &user).await;
        let fields = [("present_password", user.password.as_str()), ("new_password", NEW_PASSWORD)];
        let done = here.submit(&page, "change-password", &fields).await;
        assert_eq!(done.location().unwrap().as_str(), server.at("/account?done=password-changed"));
        let page = here.follow(done).await;
        assert!(page.has("notice") && !page.has("end-other-browsers"), "{}", page.body);
        assert!(is_in(&server, &here).await && !is_in(&server, &there).await);
        assert!(!server.is_active(&api, &tokens.text("access_token")).await);
        assert_eq!(server.refresh(&app, &tokens.text("refresh_token")).await.error(), "invalid_grant");
        assert!(!gets_in(&server, &user.email, &user.password).await);
        assert!(gets_in(&server, &user.email, NEW_PASSWORD).await);
        assert_eq!(server.mails_to(&user.email).await[0].subject, "비밀번호가 바뀌었어요");
    }

    async fn se_27_a_password_is_changed_together_with_the_secret_of_the_session_or_not_at_all(server: TestServer) {
        let user = server.user("hong@example.com").await;
        let browser = Browser::default();
        let page = account(&server, &browser, &user).await;
        let fields = [("present_password", user.password.as_str()), ("new_password", NEW_PASSWORD)];
        refuse_sessions(&server).await;
        assert_eq!(browser.submit(&page, "change-password", &fields).await.status, 500);
        accept_sessions(&server).await;
        assert!(gets_in(&server, &user.email, &user.password).await, "nothing has changed");
        assert!(server.mails().await.is_empty());
        assert!(is_in(&server, &browser).await);
        assert_eq!(browser.submit(&page, "change-password", &fields).await.status, 303);
        assert!(gets_in(&server, &user.email, NEW_PASSWORD).await);
    }

    async fn of_two_changes_at_once_one_counts(server: TestServer) {
        let user = server.user("hong@example.com").await;
        let mut open = Vec::new();
        for _ in 0..4 {
            let browser = Browser::default();
            let page = account(&server, &browser, &user).await;
            open.push((browser, page));
        }
        let new = |n: usize| format!("staple of the stable {n}");
        let fields = |n| vec![("present_password", user.password.clone()), ("new_password", new(n))];
        let answers = all_submit(&open, "change-password", fields).await;
        let mut won = Vec::new();
        for (n, ((browser, _), answer)) in open.iter().zip(answers).enumerate() {
            let changed = answer.location().is_some_and(|to| to.query() == Some("done=password-changed"));
            assert_eq!(is_in(&server, browser).await, changed, "who did not change it is signed out");
            won.extend(changed.then_some(n));
        }
        assert_eq!(won.len(), 1);
        assert!(gets_in(&server, &user.email, &new(won[0])).await);
    }
}

#[tokio::test]
async fn the_present_password_is_asked_and_the_new_one_is_looked_at() {
    let server = TestServer::start().await;
    let user = server.user("hong.gildong@example.com").await;
    let browser = Browser::default();
    let page = account(&server, &browser, &user).await;
    let present = user.password.as_str();
    for (given, new, field) in [
        ("wrong password", NEW_PASSWORD, "present_password"),
        ("", NEW_PASSWORD, "present_password"),
        (present, "short", "new_password"),
        (present, "qwer1234", "new_password"),
        (present, "hong.gildong!", "new_password"),
        (present, present, "new_password"),
        (present, "", "new_password"),
    ] {
        let answer = browser
            .submit(&page, "change-password", &[("present_password", given), ("new_password", new)])
            .await;
        assert_eq!(answer.status, 422, "{given} {new}");
        assert_eq!(answer.values("[aria-invalid]", "name"), [field], "{given} {new}");
        assert!(!answer.body.contains(NEW_PASSWORD) && !answer.body.contains(present));
    }
    assert!(gets_in(&server, &user.email, present).await);
    assert!(server.mails().await.is_empty());
}

#[tokio::test]
async fn se_12_guessing_the_present_password_is_slowed() {
    let server = TestServer::start().await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let page = account(&server, &browser, &user).await;
    let guess = [("present_password", "a wrong guess"), ("new_password", NEW_PASSWORD)];
    for _ in 0..10 {
        assert_eq!(browser.submit(&page, "change-password", &guess).await.status, 422);
    }
    let right = [("present_password", user.password.as_str()), ("new_password", NEW_PASSWORD)];
    let refused = browser.submit(&page, "change-password", &right).await;
    assert_eq!(refused.status, 429);
    assert!(refused.has("problem"));
    assert_eq!(refused.headers["retry-after"], "60");
    assert!(is_in(&server, &browser).await);
    server.advance(mapae_protocol::time::Seconds::minutes(1));
    assert_eq!(browser.submit(&page, "change-password", &right).await.status, 303);
}

#[tokio::test]
async fn se_01_the_session_goes_on_under_another_secret() {
    let server = TestServer::start().await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let sign_in = browser.visit(&server.at("/sign-in")).await;
    let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
    let answer = browser.submit(&sign_in, "login-submit", &fields).await;
    let cookie = answer.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let with_copy = async || {
        let request = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        request.get(server.at("/account")).header("cookie", &cookie).send().await.unwrap().status()
    };
    let page = browser.follow(answer).await;
    assert_eq!(with_copy().await, 200);
    let before = sessions::list(server.app().db(), &user.id, server.now()).await.unwrap();
    let fields = [("present_password", user.password.as_str()), ("new_password", NEW_PASSWORD)];
    assert_eq!(browser.submit(&page, "change-password", &fields).await.status, 303);
    assert_eq!(with_copy().await, 303, "a copy of the cookie is worth nothing");
    assert!(is_in(&server, &browser).await);
    let after = sessions::list(server.app().db(), &user.id, server.now()).await.unwrap();
    assert_eq!(before[0].id, after[0].id);
    assert_eq!(after[0].user_epoch, stored(&server, &user.email).await.unwrap().user.epoch);
}
