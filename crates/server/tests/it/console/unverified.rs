//! Apps that nobody has checked: what they can make this server do to people — RFC 9700 §4.11.2.

use mapae::store::verification;
use mapae_testkit::{AppFixture, Authorization, Browser, Page, TestServer};

use super::{Developer, developer, led_to};

/// What a browser is answered for an authorization request that cannot succeed.
async fn asked(server: &TestServer, browser: &Browser, app: &AppFixture) -> Page {
    browser.open(&Authorization::of(app, "nope").address(server)).await
}

fn is_told(page: &Page, app: &AppFixture) -> bool {
    page.location().is_some_and(|to| to.as_str().starts_with(&app.redirect_uri))
}

async fn registered(server: &TestServer) -> (Developer, AppFixture) {
    let developer = developer(server, "dev@example.com").await;
    let app = developer.register(server, "나의 서비스").await;
    (developer, app)
}

#[tokio::test]
async fn az_37_a_stranger_is_not_sent_on_to_an_app_that_nobody_has_checked() {
    let server = TestServer::start().await;
    let (_, app) = registered(&server).await;
    let stranger = Browser::default();
    for (parameter, value, error) in [
        ("scope", "nope", "invalid_scope"),
        ("prompt", "none", "login_required"),
        ("code_challenge", "", "invalid_request"),
        ("request", "x.y.z", "request_not_supported"),
    ] {
        let authorization = Authorization::of(&app, "openid").with(parameter, value);
        let page = stranger.open(&authorization.address(&server)).await;
        assert_eq!((page.status.as_u16(), page.location()), (400, None), "{error}");
        assert!(page.has("unverified") && page.body.contains("my.example"), "{error}: where it leads");
        assert_eq!(page.text("#error").as_deref(), Some(error));
        let onward = page.values("#go-on", "href");
        let onward = url::Url::parse(&onward[0]).unwrap();
        let told: Vec<_> = onward.query_pairs().map(|(name, _)| name.into_owned()).collect();
        assert!(onward.as_str().starts_with(&app.redirect_uri), "{onward}");
        for name in ["error", "state", "iss"] {
            assert!(told.iter().any(|told| told == name), "{error}: {name}");
        }
    }
    let posted = Authorization::of(&app, "nope").with("response_mode", "form_post");
    let page = stranger.open(&posted.address(&server)).await;
    assert!(page.has("go-on") && !page.body.contains("form-post.js"), "nothing is sent by itself");
    assert_eq!(page.form("go-on").0, app.redirect_uri);
}

#[tokio::test]
async fn az_37_who_has_agreed_to_the_app_goes_straight_back_to_it() {
    let server = TestServer::start().await;
    let (_, app) = registered(&server).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    server.code(&browser, &user, &Authorization::of(&app, "openid")).await;
    assert!(is_told(&asked(&server, &browser, &app).await, &app));
    let silently = Authorization::of(&app, "openid").with("prompt", "none");
    assert!(browser.open(&silently.address(&server)).await.answered("code").is_some());
    let again = silently.with("max_age", "0");
    let page = browser.open(&again.address(&server)).await;
    assert_eq!(page.answered("error").as_deref(), Some("login_required"));
    assert_eq!(asked(&server, &Browser::default(), &app).await.status, 400, "others do not");
}

#[tokio::test]
async fn az_37_the_operator_vouches_for_what_they_have_seen() {
    let server = TestServer::start().await;
    let (developer, app) = registered(&server).await;
    let stranger = Browser::default();
    let page = developer.page(&server, &app.client_id).await;
    assert!(page.has("unverified"), "{}", page.body);
    let vouch = async || server.write(verification::verify(&app.client_id, server.now())).await;
    vouch().await;
    assert!(is_told(&asked(&server, &stranger, &app).await, &app));
    assert!(!developer.page(&server, &app.client_id).await.has("unverified"));
    let sign_in = stranger.visit(&Authorization::of(&app, "openid").address(&server)).await;
    assert!(sign_in.has("login-submit") && !sign_in.has("unverified"));
    let uris = format!("{}\nhttps://evil.example/cb", app.redirect_uri);
    for (button, fields) in [
        ("save-addresses", vec![("redirect_uris", uris.as_str())]),
        ("save-general", vec![("name", "다른 서비스")]),
        ("save-links", vec![("policy_uri", "https://evil.example/")]),
        ("save-links", vec![("tos_uri", "https://evil.example/")]),
        ("save-links", vec![("initiate_login_uri", "https://evil.example/")]),
        ("save-signing-out", vec![("post_logout_redirect_uris", "https://evil.example/")]),
    ] {
        led_to(&developer.save(&server, &app.client_id, button, &fields).await);
        assert_eq!(asked(&server, &stranger, &app).await.status, 400, "{button}: another app than was seen");
        vouch().await;
    }
    led_to(
        &developer
            .save(&server, &app.client_id, "save-addresses", &[("origins", "https://my.example")])
            .await,
    );
    led_to(&developer.save(&server, &app.client_id, "save-links", &[("contacts", "a@my.example")]).await);
    led_to(&developer.save(&server, &app.client_id, "save-requests", &[("default_max_age", "60")]).await);
    assert!(is_told(&asked(&server, &stranger, &app).await, &app), "nothing that people see has changed");
    server.write(verification::withdraw(&app.client_id, server.now())).await;
    assert_eq!(asked(&server, &stranger, &app).await.status, 400);
}

#[tokio::test]
async fn se_08_who_agreed_is_asked_again_when_a_developer_makes_another_app_of_it() {
    const ELSEWHERE: &str = "https://evil.example/cb";
    let server = TestServer::start().await;
    let (developer, app) = registered(&server).await;
    let (user, browser) = (server.user("kim@example.com").await, Browser::default());
    let moved = AppFixture { redirect_uri: ELSEWHERE.to_owned(), ..app.clone() };
    let silently = async |app: &AppFixture| {
        browser.open(&Authorization::of(app, "openid").with("prompt", "none").address(&server)).await
    };
    server.code(&browser, &user, &Authorization::of(&app, "openid")).await;
    let uris = format!("{}\n{ELSEWHERE}", app.redirect_uri);
    let fields = [("redirect_uris", uris.as_str())];
    led_to(&developer.save(&server, &app.client_id, "save-addresses", &fields).await);
    assert!(silently(&app).await.answered("code").is_some(), "where they have been nobody is asked");
    let page = silently(&moved).await;
    assert_eq!((page.status.as_u16(), page.location()), (400, None), "a host that they have not seen");
    led_to(&developer.save(&server, &app.client_id, "save-general", &[("name", "다른 서비스")]).await);
    assert_eq!(silently(&app).await.location(), None, "another name");
    server.code(&browser, &user, &Authorization::of(&moved, "openid")).await;
    for app in [&app, &moved] {
        assert!(silently(app).await.answered("code").is_some(), "now they have agreed to this one");
    }
}

#[tokio::test]
async fn az_37_a_mail_to_a_stranger_does_not_name_an_app_that_nobody_has_checked() {
    let server = TestServer::start().await;
    let (_, app) = registered(&server).await;
    let ask = async |email: &str| {
        let browser = Browser::default();
        let sign_in = browser.visit(&Authorization::of(&app, "openid").address(&server)).await;
        let sign_up = sign_in.address.join(&sign_in.values("#sign-up", "href")[0]).unwrap();
        let form = browser.visit(sign_up.as_str()).await;
        browser.submit(&form, "login-submit", &[("email", email)]).await;
        server.mails_to(email).await.remove(0).text
    };
    let mail = ask("one@example.com").await;
    assert!(!mail.contains("나의 서비스"), "{mail}");
    server.write(verification::verify(&app.client_id, server.now())).await;
    let mail = ask("two@example.com").await;
    assert!(mail.contains("나의 서비스"), "{mail}");
}
