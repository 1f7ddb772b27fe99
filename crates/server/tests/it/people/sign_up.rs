//! Signing up by mail.

use mapae::store::{
    Unit,
    links::{self, Link, Purpose},
};
use mapae_protocol::{digest::sha256_base64url, random, time::Seconds};
use mapae_testkit::{AppSpec, Authorization, Browser, Page, TestServer};

use super::{
    NEW_PASSWORD, PASSWORD, all_open, all_submit, ask, for_each_engine, gets_in, is_in, link, sign_in,
    stored, winners,
};

const FIELDS: [(&str, &str); 2] = [("name", "홍길동"), ("password", PASSWORD)];

/// A link that was mailed, past the queue: two may be alive at once only for a moment.
async fn planted(server: &TestServer, email: &str) -> String {
    let token = random::token();
    let expires_at = server.now().plus(Seconds::hours(1));
    let link = Link { email: email.to_owned(), user_id: None, user_epoch: None, payload: None, expires_at };
    let hash = sha256_base64url(&token).into();
    server.write(Unit::from(links::insert(&hash, Purpose::SignUp, &link, server.now()))).await;
    server.at(&format!("/sign-up/finish?token={token}"))
}

for_each_engine! {
    async fn a_person_signs_up_by_mail_and_is_in(server: TestServer) {
        let browser = Browser::default();
        let sent = ask(&server, &browser, "/sign-up", "Hong@Example.com").await;
        assert!(sent.body.contains("24시간"), "{}", sent.body);
        let mails = server.mails().await;
        assert_eq!(mails.len(), 1);
        assert_eq!((mails[0].to.as_str(), mails[0].subject.as_str()), ("hong@example.com", "마패 가입을 마쳐 주세요"));
        assert!(mails[0].text.contains("24시간"), "{}", mails[0].text);
        assert!(stored(&server, "hong@example.com").await.is_none(), "nothing before the address is proven");
        let form = browser.visit(&mails[0].link()).await;
        assert_eq!(form.headers["referrer-policy"], "no-referrer");
        let done = browser.submit(&form, "login-submit", &FIELDS).await;
        assert_eq!(done.status, 303);
        let account = browser.follow(done).await;
        assert_eq!(account.text("h1").as_deref(), Some("홍길동"));
        let stored = stored(&server, "hong@example.com").await.unwrap();
        assert!(stored.user.email_verified && !stored.user.operator);
        assert_eq!(stored.user.locale.as_deref(), Some("ko"));
        assert!(gets_in(&server, "HONG@example.com", PASSWORD).await);
    }

    async fn lk_02_two_sign_ups_of_one_address_at_once_make_one_account(server: TestServer) {
        let links = [planted(&server, "hong@example.com").await, planted(&server, "hong@example.com").await];
        let open = all_open((0..8).map(|n| links[n % 2].clone())).await;
        let password = |n: usize| format!("correct horse battery {n}");
        let fields = |n| vec![("name", "홍길동".to_owned()), ("password", password(n))];
        let answers = all_submit(&open, "login-submit", fields).await;
        let won = winners(&server, &open, &answers).await;
        assert_eq!(won.len(), 1);
        assert!(gets_in(&server, "hong@example.com", &password(won[0])).await);
    }
}

#[tokio::test]
async fn a_sign_up_on_the_way_to_an_app_ends_at_the_app() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let browser = Browser::default();
    let sign_in = browser.visit(&Authorization::of(&app, "openid").address(&server)).await;
    let sign_up = sign_in.address.join(&sign_in.values("#sign-up", "href")[0]).unwrap();
    let form = browser.visit(sign_up.as_str()).await;
    assert!(form.body.contains("시험 앱") || form.has("email"));
    browser.submit(&form, "login-submit", &[("email", "hong@example.com")]).await;
    let link = server.link_to("hong@example.com").await;
    let mail = server.mails_to("hong@example.com").await.remove(0);
    assert!(mail.text.contains("시험 앱"), "it names the service: {}", mail.text);
    let form = browser.visit(&link).await;
    let policy = form.headers["content-security-policy"].to_str().unwrap().to_owned();
    assert!(!policy.contains("form-action"), "the app may send the browser on: {policy}");
    let consent = browser.follow(browser.submit(&form, "login-submit", &FIELDS).await).await;
    let back = browser.submit(&consent, "consent-approve", &[("all", "1")]).await;
    assert!(back.answered("code").is_some(), "{:?}", back.location());
}

#[tokio::test]
async fn se_02_in_another_browser_a_sign_up_ends_at_the_account() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let attacker = Browser::default();
    let sign_in = attacker.visit(&Authorization::of(&app, "openid").address(&server)).await;
    let sign_up = sign_in.address.join(&sign_in.values("#sign-up", "href")[0]).unwrap();
    let form = attacker.visit(sign_up.as_str()).await;
    attacker.submit(&form, "login-submit", &[("email", "victim@example.com")]).await;
    let victim = Browser::default();
    let form = victim.visit(&server.link_to("victim@example.com").await).await;
    let policy = form.headers["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("form-action 'self';"), "{policy}");
    let done = victim.submit(&form, "login-submit", &FIELDS).await;
    assert_eq!(done.location().unwrap().path(), "/account");
    assert!(!is_in(&server, &attacker).await);
}

#[tokio::test]
async fn lk_02_whoever_asked_first_for_an_address_has_nothing_of_it() {
    let server = TestServer::start().await;
    let (attacker, victim) = (Browser::default(), Browser::default());
    let asked = ask(&server, &attacker, "/sign-up", "victim@example.com").await;
    let first = server.link_to("victim@example.com").await;
    server.advance(Seconds::minutes(1));
    let second = link(&server, &victim, "/sign-up", "victim@example.com").await;
    assert_eq!(victim.visit(&first).await.status, 410);
    let form = victim.visit(&second).await;
    victim.submit(&form, "login-submit", &FIELDS).await;
    assert!(is_in(&server, &victim).await && !is_in(&server, &attacker).await);
    // Nothing that the attacker has seen leads to the account.
    let token = asked.values("input[name=step]", "value").remove(0);
    let guess = server.at(&format!("/sign-up/finish?token={token}"));
    assert_eq!(attacker.visit(&guess).await.status, 410);
}

#[tokio::test]
async fn se_32_an_empty_or_partial_form_changes_nothing() {
    let server = TestServer::start().await;
    let browser = Browser::default();
    let link = link(&server, &browser, "/sign-up", "hong@example.com").await;
    let form = browser.visit(&link).await;
    let (action, fields) = form.form("login-submit");
    let only = |names: &[&str]| -> Vec<(String, String)> {
        fields.iter().filter(|(name, _)| names.contains(&name.as_str())).cloned().collect()
    };
    let post =
        async |fields: Vec<(String, String)>| browser.post(&action, &form, &fields).await.status.as_u16();
    assert_eq!(post(Vec::new()).await, 403);
    assert_eq!(post(only(&["token"])).await, 403);
    assert_eq!(post(only(&["csrf"])).await, 410);
    assert_eq!(post(only(&["csrf", "token"])).await, 422);
    let mut twice = only(&["csrf", "token"]);
    twice.extend([("name".to_owned(), "a".to_owned()), ("name".to_owned(), "b".to_owned())]);
    assert_eq!(post(twice).await, 400);
    assert!(stored(&server, "hong@example.com").await.is_none());
    let done = browser.submit(&form, "login-submit", &FIELDS).await;
    assert_eq!(done.status, 303, "the link is still good");
}

#[tokio::test]
async fn se_18_passwords_are_checked_before_they_are_hashed_and_never_shown_again() {
    let server = TestServer::start().await;
    let browser = Browser::default();
    let link = link(&server, &browser, "/sign-up", "honggildong@example.com").await;
    let form = browser.visit(&link).await;
    let long = "x".repeat(129);
    for (name, password, wrong) in [
        ("홍길동", "short", "password"),
        ("홍길동", long.as_str(), "password"),
        ("홍길동", "password1", "password"),
        ("홍길동", "Honggildong1", "password"),
        ("", PASSWORD, "name"),
        ("x\u{202E}y", PASSWORD, "name"),
    ] {
        let page = browser.submit(&form, "login-submit", &[("name", name), ("password", password)]).await;
        assert_eq!(page.status, 422, "{name} {password}");
        assert_eq!(page.values("[aria-invalid]", "name"), [wrong], "{name} {password}");
        assert!(page.values("#password", "value").is_empty(), "{}", page.body);
        assert_eq!(page.values("#name", "value"), [name]);
    }
    assert!(stored(&server, "honggildong@example.com").await.is_none());
}

#[tokio::test]
async fn se_28_a_person_who_signs_up_takes_the_place_of_who_was_in() {
    let server = TestServer::start().await;
    let user = server.user("kim@example.com").await;
    let browser = Browser::default();
    super::account(&server, &browser, &user).await;
    let link = link(&server, &browser, "/sign-up", "hong@example.com").await;
    let form = browser.visit(&link).await;
    let page = browser.follow(browser.submit(&form, "login-submit", &FIELDS).await).await;
    assert_eq!(page.text(".head p").as_deref(), Some("hong@example.com"));
    let living = mapae::store::sessions::list(server.app().db(), &user.id, server.now()).await.unwrap();
    assert!(living.is_empty(), "the earlier session has ended");
}

#[tokio::test]
async fn the_password_of_a_sign_up_is_the_one_that_was_typed() {
    let server = TestServer::start().await;
    let browser = Browser::default();
    let link = link(&server, &browser, "/sign-up", "hong@example.com").await;
    let form: Page = browser.visit(&link).await;
    browser.submit(&form, "login-submit", &[("name", "홍"), ("password", NEW_PASSWORD)]).await;
    let fresh = Browser::default();
    let page = fresh.visit(&server.at("/sign-in")).await;
    assert!(!sign_in(&fresh, &page, "hong@example.com", PASSWORD).await.has("change-password"));
    assert!(gets_in(&server, "hong@example.com", NEW_PASSWORD).await);
}

/// OIDC Prompt Create §4.
#[tokio::test]
async fn an_app_can_ask_for_a_new_account_and_whoever_has_one_signs_in_from_there() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let asked = Authorization::of(&app, "openid").with("prompt", "create");
    let newcomer = Browser::default();
    let form = newcomer.visit(&asked.address(&server)).await;
    assert_eq!(form.address.path(), "/sign-up");
    newcomer.submit(&form, "login-submit", &[("email", "hong@example.com")]).await;
    let form = newcomer.visit(&server.link_to("hong@example.com").await).await;
    let consent = newcomer.follow(newcomer.submit(&form, "login-submit", &FIELDS).await).await;
    let back = newcomer.submit(&consent, "consent-approve", &[]).await;
    assert!(back.answered("code").is_some(), "{:?}", back.location());

    // Somebody who is signed in is asked as well: the app wants a new account, and the person decides.
    let member = server.user("kim@example.com").await;
    let browser = Browser::default();
    server.code(&browser, &member, &Authorization::of(&app, "openid")).await;
    let form = browser.visit(&asked.address(&server)).await;
    assert_eq!(form.address.path(), "/sign-up");
    let sign_in = form.address.join(&form.values("#sign-in", "href")[0]).unwrap();
    let page = browser.visit(sign_in.as_str()).await;
    let fields = [("email", member.email.as_str()), ("password", member.password.as_str())];
    let back = browser.follow(browser.submit(&page, "login-submit", &fields).await).await;
    assert!(back.answered("code").is_some(), "{} {}", back.address, back.body);

    let silent = Authorization::of(&app, "openid").with("prompt", "none create");
    let refused = browser.visit(&silent.address(&server)).await;
    assert_eq!(refused.answered("error").as_deref(), Some("invalid_request"));
}
