//! What the log must hold, and what it must not — threats SE-20, SE-30, OP-09.

use std::{
    io,
    sync::{Arc, Mutex},
};

use mapae_protocol::token_exchange::ACCESS_TOKEN;
use mapae_testkit::{AppSpec, Authorization, Browser, TestServer};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use super::{NEW_PASSWORD, PASSWORD, account, link};
use crate::protocol::{
    dpop::{self, Key},
    sign_in, token_exchange,
};

/// Keeps what is written.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Kept {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// What this thread logs from now on. The server of a test runs on the test's one thread.
fn listen() -> (Kept, impl Drop) {
    let kept = Kept::default();
    let subscriber = tracing_subscriber::fmt().with_env_filter(EnvFilter::new("mapae=trace"));
    let subscriber = subscriber.with_ansi(false).with_writer(kept.clone());
    (kept, tracing::subscriber::set_default(subscriber.finish()))
}

#[tokio::test]
async fn op_09_the_id_of_an_answer_leads_to_its_line_of_the_log() {
    // With one subscriber alone, a place in the code that another test's thread comes to first counts as never heard.
    let _second = tracing::Dispatch::new(tracing_subscriber::fmt().with_writer(io::sink).finish());
    let (kept, _listening) = listen();
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let user = server.user("hong@example.com").await;
    let authorization = Authorization::of(&app, "openid");
    let code = server.code(&Browser::default(), &user, &authorization).await;
    let tokens = server.redeem(&app, &code, &authorization.verifier).await;
    let mut answers = vec![("a refusal", 400, server.redeem(&app, &code, "wrong").await)];
    let break_it = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(\
                    'ALTER TABLE grants RENAME TO a; ALTER TABLE app_icons RENAME TO b;')";
    let broken = std::process::Command::new("python3")
        .args(["-c", break_it])
        .arg(server.data().join("mapae.db"))
        .status()
        .unwrap();
    assert!(broken.success());
    let icon = server.at(&format!("/icons/{}/{}.png", app.client_id, "A".repeat(43)));
    answers.extend([
        ("the token endpoint", 500, server.redeem(&app, &code, &authorization.verifier).await),
        ("userinfo", 500, server.userinfo(&tokens.text("access_token")).await),
        ("an icon", 500, mapae_testkit::client::send(mapae_testkit::http().get(icon)).await),
    ]);
    let log = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    for (what, status, answer) in answers {
        assert_eq!(answer.status, status, "{what}");
        let id = answer.headers["x-request-id"].to_str().unwrap();
        let lines = log.lines().filter(|line| line.contains(&format!("request_id={id}")));
        assert_eq!(lines.filter(|line| !line.contains("answered")).count(), 1, "{what} {id}:\n{log}");
    }
}

#[tokio::test]
async fn se_20_se_30_tokens_passwords_and_cookies_are_never_logged() {
    // With one subscriber alone, a place in the code that another test's thread comes to first counts as never heard.
    let _second = tracing::Dispatch::new(tracing_subscriber::fmt().with_writer(io::sink).finish());
    let (kept, _listening) = listen();
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let browser = Browser::default();
    let sign_up = link(&server, &browser, "/sign-up", "hong@example.com").await;
    let form = browser.visit(&sign_up).await;
    let refused = browser.submit(&form, "login-submit", &[("name", ""), ("password", PASSWORD)]).await;
    let done = browser.submit(&refused, "login-submit", &[("name", "홍"), ("password", PASSWORD)]).await;
    let cookie = done.headers["set-cookie"].to_str().unwrap().to_owned();
    browser.submit(&form, "login-submit", &[("name", "홍"), ("password", PASSWORD)]).await;
    let reset = link(&server, &browser, "/password/forgot", "hong@example.com").await;
    let form = browser.visit(&reset).await;
    browser.submit(&form, "login-submit", &[("password", NEW_PASSWORD)]).await;
    let password = NEW_PASSWORD.to_owned();
    let user =
        mapae_testkit::UserFixture { id: String::new(), email: "hong@example.com".to_owned(), password };
    let page = account(&server, &browser, &user).await;
    let csrf = page.values("input[name=csrf]", "value").remove(0);
    let authorization = Authorization::of(&app, "openid email");
    let code = server.code(&browser, &user, &authorization).await;
    let tokens = server.redeem(&app, &code, &authorization.verifier).await;
    let log = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("/sign-up/finish"), "the log was heard");
    let token = |link: &str| link.split_once("token=").unwrap().1.to_owned();
    let session = cookie.split(['=', ';']).nth(1).unwrap().to_owned();
    for secret in [
        token(&sign_up),
        token(&reset),
        PASSWORD.to_owned(),
        NEW_PASSWORD.to_owned(),
        session,
        csrf,
        code,
        tokens.text("access_token"),
        tokens.text("refresh_token"),
        app.client_secret.unwrap(),
    ] {
        let found = log.lines().find(|line| line.contains(&secret));
        assert!(found.is_none(), "{found:?}");
    }
}

/// The lines that say what happened, each without its time and request id.
fn told(kept: &Kept) -> Vec<String> {
    let log = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    let lines = log.lines().filter(|line| line.contains("mapae::audit"));
    lines
        .map(|line| {
            assert!(line.contains(" INFO ") && line.contains("request_id="), "{line}");
            let (_, text) = line.split_once("mapae::audit: ").unwrap();
            text.split(' ').filter(|word| !word.starts_with("request_id=")).collect::<Vec<_>>().join(" ")
        })
        .collect()
}

#[tokio::test]
async fn se_30_sign_ins_refusals_and_changes_are_worth_a_line_and_name_nobody_but_by_id() {
    // With one subscriber alone, a place in the code that another test's thread comes to first counts as never heard.
    let _second = tracing::Dispatch::new(tracing_subscriber::fmt().with_writer(io::sink).finish());
    let (kept, _listening) = listen();
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let page = browser.visit(&server.at("/sign-in")).await;
    let try_with = async |email: &str, password: &str| {
        browser.submit(&page, "login-submit", &[("email", email), ("password", password)]).await
    };
    try_with("nobody@example.com", "x\nINFO mapae::audit: signed in").await;
    try_with(&user.email, "a wrong guess").await;
    try_with(&user.email, &user.password).await;
    let authorization = Authorization::of(&app, "openid");
    let code = server.code(&browser, &user, &authorization).await;
    let wrong = mapae_testkit::AppFixture { client_secret: Some("wrong".to_owned()), ..app.clone() };
    assert_eq!(server.redeem(&wrong, &code, &authorization.verifier).await.status, 401);
    let nobody = mapae_testkit::AppFixture { client_id: "app_none".to_owned(), ..app.clone() };
    assert_eq!(server.redeem(&nobody, &code, &authorization.verifier).await.status, 401);
    let page = account(&server, &browser, &user).await;
    let service = server.at(&page.values("#services a", "href")[0]);
    let confirm = browser.visit(&format!("{service}/disconnect")).await;
    browser.submit(&confirm, "disconnect-confirm", &[]).await;
    let confirm = browser.visit(&server.at("/sign-out")).await;
    browser.submit(&confirm, "logout-confirm", &[]).await;
    let (user_id, app_id) = (&user.id, &app.client_id);
    let expected = [
        "wrong password".to_owned(),
        format!("wrong password user=\"{user_id}\""),
        format!("signed in user=\"{user_id}\""),
        format!("consent given user=\"{user_id}\" app=\"{app_id}\""),
        format!("client authentication refused app=\"{app_id}\""),
        "client authentication refused".to_owned(),
        format!("consent withdrawn: the app is disconnected user=\"{user_id}\" app=\"{app_id}\""),
        format!("signed out user=\"{user_id}\""),
    ];
    assert_eq!(told(&kept), expected);
    let log = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    for secret in ["hong@example.com", "nobody@example.com", "app_none", "a wrong guess"] {
        let line = log.lines().find(|line| line.contains("mapae::audit") && line.contains(secret));
        assert!(line.is_none(), "{line:?}");
    }
}

#[tokio::test]
async fn se_30_po_04_of_two_exchanges_with_one_proof_one_is_made_and_one_is_told_of() {
    // With one subscriber alone, a place in the code that another test's thread comes to first counts as never heard.
    let _second = tracing::Dispatch::new(tracing_subscriber::fmt().with_writer(io::sink).finish());
    let (kept, _listening) = listen();
    let server = TestServer::start().await;
    let api = server.register_api("https://calendar.example", &["calendar.read"], false).await;
    let optional = vec!["calendar.read".to_owned()];
    let app = server.register(AppSpec { optional, ..AppSpec::default() }).await;
    let subject = sign_in(&server, &app, "openid calendar.read").await.tokens.text("access_token");
    let service = token_exchange::service(&server, &api, &["calendar.read"]).await;
    let proof = Key::fresh().proof(&server, "/token");
    let form = [
        ("grant_type", token_exchange::TOKEN_EXCHANGE),
        ("subject_token", subject.as_str()),
        ("subject_token_type", ACCESS_TOKEN),
    ];
    let proofs = [proof.as_str()];
    let (first, second) = tokio::join!(
        dpop::post(&server, &service, "/token", &proofs, &form),
        dpop::post(&server, &service, "/token", &proofs, &form),
    );
    let mut outcomes = [(first.status.as_u16(), first.error()), (second.status.as_u16(), second.error())];
    outcomes.sort_unstable();
    assert_eq!(outcomes, [(200, ""), (400, "invalid_dpop_proof")]);
    let log = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    let told: Vec<_> = log.lines().filter(|line| line.contains("a token exchanged")).collect();
    let [line] = told.as_slice() else { panic!("{told:#?}") };
    assert!(line.contains("mapae::audit") && line.contains(&service.client_id), "{line}");
    let refused = if first.status == 200 { second } else { first };
    let id = refused.headers["x-request-id"].to_str().unwrap();
    assert!(
        line.contains("request_id=") && !line.contains(id),
        "it is that of the one that was made: {line}"
    );
}
