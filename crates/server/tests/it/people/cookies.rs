//! The cookie of a session — threats SE-01, SE-25, SE-26.

use mapae_testkit::{Browser, Page, TestServer, UserFixture};
use reqwest::{StatusCode, redirect::Policy};

use super::account;

/// Asks for one's account with cookies of one's own making.
async fn account_with(server: &TestServer, cookies: &[&str]) -> StatusCode {
    let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let mut request = client.get(server.at("/account"));
    for cookie in cookies {
        request = request.header("cookie", *cookie);
    }
    request.send().await.unwrap().status()
}

/// Signs in by hand: the answer that brings the cookie.
async fn signed_in(server: &TestServer, browser: &Browser, user: &UserFixture) -> Page {
    let page = browser.visit(&server.at("/sign-in?account=other")).await;
    browser.submit(&page, "login-submit", &[("email", &user.email), ("password", &user.password)]).await
}

/// The `Set-Cookie` of the session.
fn set_cookie(page: &Page) -> String {
    let all = page.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap().to_owned());
    let mut sessions: Vec<String> = all.filter(|line| line.starts_with("mapae_session")).collect();
    assert_eq!(sessions.len(), 1, "{sessions:?}");
    sessions.remove(0)
}

fn pair(set_cookie: &str) -> &str {
    set_cookie.split(';').next().unwrap()
}

#[tokio::test]
async fn se_01_a_planted_session_is_not_the_one_in_which_somebody_signs_in() {
    let server = TestServer::start().await;
    let (victim, evil) = (server.user("hong@example.com").await, server.user("evil@example.com").await);
    let made_up = "x".repeat(43);
    let port = server.issuer().rsplit_once(':').unwrap().1;
    let living = set_cookie(&signed_in(&server, &Browser::default(), &evil).await);
    for planted in [format!("mapae_session_{port}={made_up}"), pair(&living).to_owned()] {
        // The victim's browser has the planted cookie all along; its own jar holds the rest.
        let browser = Browser::default();
        let page = browser.visit(&server.at("/sign-in?account=other")).await;
        let (action, fields) = page.form("login-submit");
        let browser_cookie = pair(page.headers["set-cookie"].to_str().unwrap()).to_owned();
        let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        let mut fields = fields;
        fields.retain(|(name, _)| name != "email" && name != "password");
        fields.push(("email".to_owned(), victim.email.clone()));
        fields.push(("password".to_owned(), victim.password.clone()));
        let request = client.post(server.at(&action)).form(&fields);
        let request = request.header("cookie", format!("{browser_cookie}; {planted}"));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 303);
        let mut lines =
            answer.headers().get_all("set-cookie").iter().map(|line| line.to_str().unwrap().to_owned());
        let given = lines.find(|line| line.starts_with("mapae_session")).unwrap();
        assert_ne!(pair(&given), planted);
        assert_eq!(account_with(&server, &[pair(&given)]).await, 200);
        assert_eq!(account_with(&server, &[&planted]).await, 303, "the planted one is worth nothing");
    }
}

#[tokio::test]
async fn se_04_a_form_of_another_site_ends_no_sign_in_that_is_under_way() {
    let server = TestServer::start().await;
    let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    for (address, status) in [("/authorize", 303), ("/logout", 303), ("/sign-in", 403), ("/nothing", 404)] {
        let request = client.post(server.at(address)).header("origin", "https://evil.example");
        let answer = request.form(&[("client_id", "app")]).send().await.unwrap();
        assert_eq!(answer.status(), status, "{address}");
        assert!(!answer.headers().contains_key("set-cookie"), "{address}: {:?}", answer.headers());
        let shown = client.get(server.at(address)).send().await.unwrap();
        assert!(
            shown.headers().contains_key("set-cookie"),
            "{address}: who comes by a link is known from then on"
        );
    }
}

#[tokio::test]
async fn who_has_lost_all_cookies_comes_from_a_button_to_the_sign_in_page_and_on() {
    let server = TestServer::start().await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let page = account(&server, &browser, &user).await;
    let (action, fields) = page.form("change-password");
    let forgetful = Browser::default();
    let led = forgetful.post(&action, &page, &fields).await;
    let sign_in = forgetful.follow(led).await;
    assert!(sign_in.has("login-submit"), "{} {}", sign_in.status, sign_in.body);
    let typed = [("email", user.email.as_str()), ("password", &user.password)];
    let back = forgetful.submit(&sign_in, "login-submit", &typed).await;
    let back = forgetful.follow(back).await;
    assert_eq!(back.address.path(), "/account", "{}", back.body);
}

#[tokio::test]
async fn se_01_signing_in_again_renews_the_secret() {
    let server = TestServer::start().await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let first = set_cookie(&signed_in(&server, &browser, &user).await);
    let second = set_cookie(&signed_in(&server, &browser, &user).await);
    assert_ne!(pair(&first), pair(&second));
    assert_eq!(account_with(&server, &[pair(&first)]).await, 303);
    assert_eq!(account_with(&server, &[pair(&second)]).await, 200);
}

#[tokio::test]
async fn se_25_the_cookie_is_kept_from_scripts_and_other_sites() {
    let server = TestServer::start().await;
    let user = server.user("hong@example.com").await;
    let cookie = set_cookie(&signed_in(&server, &Browser::default(), &user).await);
    let port = server.issuer().rsplit_once(':').unwrap().1;
    let (value, attributes) = cookie.split_once("; ").unwrap();
    let secret = value.strip_prefix(&format!("mapae_session_{port}=")).expect("named by product and port");
    assert_eq!(secret.len(), 43, "256 random bits");
    assert_eq!(attributes, "Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax");
}

#[tokio::test]
async fn se_25_se_26_two_forged_empty_or_cut_cookies_are_none() {
    let server = TestServer::start().await;
    let user = server.user("hong@example.com").await;
    let cookie = set_cookie(&signed_in(&server, &Browser::default(), &user).await);
    let good = pair(&cookie);
    let (name, secret) = good.split_once('=').unwrap();
    assert_eq!(account_with(&server, &[good]).await, 200);
    let digest = mapae_protocol::base64url::encode(mapae_protocol::digest::sha256(secret.as_bytes()));
    for bad in [
        format!("{name}="),
        format!("{name}={}", &secret[1..]),
        format!("{name}={secret}A"),
        format!("{name}={}", "A".repeat(43)),
        format!("{name}={digest}"),
        format!("{good}; {name}={}", "A".repeat(43)),
        format!("{good}; {good}"),
        format!("x{good}"),
    ] {
        assert_eq!(account_with(&server, &[&bad]).await, 303, "{bad}");
    }
    assert_eq!(account_with(&server, &[good, good]).await, 303, "two headers are two cookies");
}

#[tokio::test]
async fn se_27_a_session_ends_when_its_time_is_over_swept_or_not() {
    let server = TestServer::start().await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    account(&server, &browser, &user).await;
    server.advance(mapae_protocol::time::Seconds::days(14));
    assert!(!super::is_in(&server, &browser).await, "not seen for fourteen days");
}

#[tokio::test]
async fn se_06_se_29_every_page_of_a_person_is_private() {
    let server = TestServer::start().await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    account(&server, &browser, &user).await;
    for path in [
        "/account",
        "/account/services/con_x",
        "/sign-out",
        "/sign-up",
        "/sign-up/finish?token=x",
        "/password/forgot",
        "/password/new?token=x",
        "/setup?token=x",
    ] {
        let page = browser.visit(&server.at(path)).await;
        let header = |name: &str| page.headers.get(name).map_or("", |value| value.to_str().unwrap());
        assert_eq!(header("cache-control"), "no-store", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
        assert!(header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(header("vary").contains("Cookie"), "{path}");
    }
}

#[tokio::test]
async fn se_25_a_neighbours_strange_cookie_keeps_nobody_out() {
    let server = TestServer::start().await;
    let user = server.user("hong@example.com").await;
    let session = set_cookie(&signed_in(&server, &Browser::default(), &user).await);
    let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let line = [b"name=\xed\x95\x9c\xff; ".as_slice(), pair(&session).as_bytes()].concat();
    let strange = reqwest::header::HeaderValue::from_bytes(&line).unwrap();
    let answer = client.get(server.at("/account")).header("cookie", strange).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}
