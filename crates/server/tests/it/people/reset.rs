//! A forgotten password — threats SE-20, SE-22, SE-27, RE-08.

use mapae::{
    accounts::{NewPassword as Choice, Passwords},
    store::{
        Concealed, Unit, sessions,
        users::{self, NewUser},
    },
};
use mapae_protocol::time::Seconds;
use mapae_testkit::{AppSpec, Authorization, Browser, TestServer};

use super::{
    NEW_PASSWORD, PASSWORD, account, all_open, all_submit, for_each_engine, gets_in, is_in, link, stored,
    winners,
};
use crate::store::broken::{accept_sessions, refuse_sessions};

for_each_engine! {
    async fn se_20_a_reset_ends_everything_and_signs_this_browser_in(server: TestServer) {
        let api = server.register_api("https://calendar.example", &["calendar.read"], false).await;
        let optional = ["offline_access", "calendar.read"].map(str::to_owned).to_vec();
        let app = server.register(AppSpec { optional, ..AppSpec::default() }).await;
        let user = server.user("hong@example.com").await;
        let (elsewhere, browser) = (Browser::default(), Browser::default());
        let authorization = Authorization::of(&app, "openid offline_access calendar.read");
        let code = server.code(&elsewhere, &user, &authorization).await;
        let tokens = server.redeem(&app, &code, &authorization.verifier).await;
        let flying = Authorization::of(&app, "openid");
        let code_in_flight = server.code(&elsewhere, &user, &flying).await;
        let link = link(&server, &browser, "/password/forgot", &user.email).await;
        assert!(server.is_active(&api, &tokens.text("access_token")).await, "asking changes nothing");
        let form = browser.visit(&link).await;
        assert_eq!(form.values("#email", "value"), [user.email.as_str()]);
        let done = browser.submit(&form, "login-submit", &[("password", NEW_PASSWORD)]).await;
        assert_eq!(browser.follow(done).await.address.path(), "/account");
        assert!(is_in(&server, &browser).await && !is_in(&server, &elsewhere).await);
        assert!(!server.is_active(&api, &tokens.text("access_token")).await);
        assert_eq!(server.refresh(&app, &tokens.text("refresh_token")).await.error(), "invalid_grant");
        assert_eq!(server.redeem(&app, &code_in_flight, &flying.verifier).await.error(), "invalid_grant");
        assert!(!gets_in(&server, &user.email, PASSWORD).await && gets_in(&server, &user.email, NEW_PASSWORD).await);
        let told = server.mails_to(&user.email).await;
        assert_eq!(told.last().unwrap().subject, "비밀번호가 바뀌었어요");
    }

    async fn se_27_a_reset_and_the_session_that_it_begins_are_one_write(server: TestServer) {
        let user = server.user("hong@example.com").await;
        let browser = Browser::default();
        let link = link(&server, &browser, "/password/forgot", &user.email).await;
        let form = browser.visit(&link).await;
        let fields = [("password", NEW_PASSWORD)];
        refuse_sessions(&server).await;
        assert_eq!(browser.submit(&form, "login-submit", &fields).await.status, 500);
        accept_sessions(&server).await;
        assert!(gets_in(&server, &user.email, PASSWORD).await, "nothing has changed");
        let done = browser.submit(&form, "login-submit", &fields).await;
        assert_eq!(done.status, 303, "the link is not used up");
        let sessions = sessions::list(server.app().db(), &user.id, server.now()).await.unwrap();
        let epoch = stored(&server, &user.email).await.unwrap().user.epoch;
        assert_eq!(sessions.iter().map(|session| session.user_epoch).collect::<Vec<_>>(), [epoch]);
        assert!(is_in(&server, &browser).await);
        // Whoever raises the epoch that the reset made ends the session that it began.
        server.write(users::set_password(&user.id, epoch, &"$argon2id$other".into(), server.now())).await;
        assert!(!is_in(&server, &browser).await);
    }

    async fn se_20_of_eight_resets_by_one_link_one_succeeds(server: TestServer) {
        let user = server.user("hong@example.com").await;
        let link = link(&server, &Browser::default(), "/password/forgot", &user.email).await;
        let open = all_open(std::iter::repeat_n(link, 8)).await;
        let password = |n: usize| format!("staple of the stable {n}");
        let answers = all_submit(&open, "login-submit", |n| vec![("password", password(n))]).await;
        let won = winners(&server, &open, &answers).await;
        assert_eq!(won.len(), 1);
        assert!(gets_in(&server, &user.email, &password(won[0])).await);
    }

    async fn se_22_a_reset_proves_the_address_and_locks_out_who_was_there_before(server: TestServer) {
        let attacker = Browser::default();
        let planted = unproven(&server, "victim@example.com").await;
        account(&server, &attacker, &planted).await;
        assert!(!stored(&server, &planted.email).await.unwrap().user.email_verified);
        let victim = Browser::default();
        let link = link(&server, &victim, "/password/forgot", &planted.email).await;
        let form = victim.visit(&link).await;
        victim.submit(&form, "login-submit", &[("password", NEW_PASSWORD)]).await;
        assert!(stored(&server, &planted.email).await.unwrap().user.email_verified);
        assert!(is_in(&server, &victim).await && !is_in(&server, &attacker).await);
        assert!(!gets_in(&server, &planted.email, &planted.password).await);
    }
}

/// Somebody made an account with an address that they have not proven.
async fn unproven(server: &TestServer, email: &str) -> mapae_testkit::UserFixture {
    let hash = Passwords::new().hash(Choice::parse(PASSWORD).unwrap()).await.unwrap();
    let user = NewUser {
        id: "usr_planted".to_owned(),
        email: Some(email.to_owned()),
        email_verified: false,
        name: "Somebody".to_owned(),
        locale: None,
        password_hash: Some(Concealed::from(hash)),
        operator: false,
        claims: None,
    };
    server.write(Unit::from(users::insert(&user, server.now()))).await;
    mapae_testkit::UserFixture { id: user.id, email: email.to_owned(), password: PASSWORD.to_owned() }
}

#[tokio::test]
async fn se_22_a_sign_up_link_verifies_no_account_but_its_own() {
    let server = TestServer::start().await;
    let browser = Browser::default();
    let link = link(&server, &browser, "/sign-up", "hong@example.com").await;
    let form = browser.visit(&link).await;
    // Meanwhile somebody makes an account with the address in another way.
    let made = unproven(&server, "hong@example.com").await;
    let fields = [("name", "홍길동"), ("password", NEW_PASSWORD)];
    assert_eq!(browser.submit(&form, "login-submit", &fields).await.status, 410);
    let account = stored(&server, &made.email).await.unwrap();
    assert_eq!((account.user.id.as_str(), account.user.email_verified), ("usr_planted", false));
    assert!(!gets_in(&server, &made.email, NEW_PASSWORD).await);
}

#[tokio::test]
async fn se_20_a_link_dies_with_any_change_of_the_password() {
    let server = TestServer::start().await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let link = link(&server, &Browser::default(), "/password/forgot", &user.email).await;
    let form = browser.visit(&link).await;
    let own = account(&server, &browser, &user).await;
    let fields = [("present_password", user.password.as_str()), ("new_password", NEW_PASSWORD)];
    assert_eq!(browser.submit(&own, "change-password", &fields).await.status, 303);
    assert_eq!(browser.visit(&link).await.status, 410);
    let late = browser.submit(&form, "login-submit", &[("password", "of somebody with an old mail")]).await;
    assert_eq!(late.status, 410);
    assert!(gets_in(&server, &user.email, NEW_PASSWORD).await);
}

#[tokio::test]
async fn se_20_there_is_no_way_around_the_mail() {
    let server = TestServer::start().await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    // The form of a link of the attacker's own, with everything else that could name the victim.
    server.user("evil@example.com").await;
    let link = link(&server, &browser, "/password/forgot", "evil@example.com").await;
    let form = browser.visit(&link).await;
    let (action, fields) = form.form("login-submit");
    for token in ["", "x", user.id.as_str(), user.email.as_str()] {
        let mut fields: Vec<_> = fields.iter().filter(|(name, _)| name != "token").cloned().collect();
        for (name, value) in
            [("token", token), ("password", NEW_PASSWORD), ("email", &user.email), ("user_id", &user.id)]
        {
            fields.push((name.to_owned(), value.to_owned()));
        }
        assert_eq!(browser.post(&action, &form, &fields).await.status, 410, "{token:?}");
    }
    let named = [("password", NEW_PASSWORD), ("email", user.email.as_str()), ("user_id", user.id.as_str())];
    assert_eq!(
        browser.submit(&form, "login-submit", &named).await.status,
        303,
        "it is for evil's own account"
    );
    assert!(gets_in(&server, &user.email, PASSWORD).await);
    assert!(gets_in(&server, "evil@example.com", NEW_PASSWORD).await);
}

#[tokio::test]
async fn a_disabled_person_gets_no_link_and_an_earlier_one_is_dead() {
    let server = TestServer::start().await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let link = link(&server, &browser, "/password/forgot", &user.email).await;
    server.write(users::disable(&user.id, server.now())).await;
    assert_eq!(browser.visit(&link).await.status, 410);
    server.advance(Seconds::minutes(1));
    assert!(super::ask(&server, &browser, "/password/forgot", &user.email).await.has("mail-again"));
    assert_eq!(server.mails_to(&user.email).await.len(), 1);
    server.write(Unit::from(users::enable(&user.id, server.now()))).await;
    assert_eq!(browser.visit(&link).await.status, 410, "what had ended stays dead");
}

#[tokio::test]
async fn a_reset_on_the_way_to_an_app_ends_at_the_app() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let user = server.user("hong@example.com").await;
    server.code(&Browser::default(), &user, &Authorization::of(&app, "openid")).await;
    let browser = Browser::default();
    let sign_in = browser.visit(&Authorization::of(&app, "openid").address(&server)).await;
    let forgot = sign_in.address.join(&sign_in.values("#forgot-password", "href")[0]).unwrap();
    let form = browser.visit(forgot.as_str()).await;
    browser.submit(&form, "login-submit", &[("email", &user.email)]).await;
    let form = browser.visit(&server.link_to(&user.email).await).await;
    // Browsers hold the redirects after a form against the page's policy.
    let policy = form.headers["content-security-policy"].to_str().unwrap().to_owned();
    assert!(!policy.contains("form-action"), "the app may send the browser on: {policy}");
    let done = browser.submit(&form, "login-submit", &[("password", NEW_PASSWORD)]).await;
    assert!(browser.follow(done).await.answered("code").is_some());
}

#[tokio::test]
async fn se_01_a_reset_gives_the_browser_another_session() {
    let server = TestServer::start().await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    account(&server, &browser, &user).await;
    let before = sessions::list(server.app().db(), &user.id, server.now()).await.unwrap();
    let link = link(&server, &browser, "/password/forgot", &user.email).await;
    let form = browser.visit(&link).await;
    browser.submit(&form, "login-submit", &[("password", NEW_PASSWORD)]).await;
    let after = sessions::list(server.app().db(), &user.id, server.now()).await.unwrap();
    assert_eq!((before.len(), after.len()), (1, 1));
    assert_ne!(before[0].id, after[0].id);
    assert!(is_in(&server, &browser).await);
}
