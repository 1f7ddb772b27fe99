//! Pushed authorization requests — RFC 9126.

use futures_util::future::join_all;
use mapae_protocol::time::Seconds;
use mapae_testkit::{
    Answer, AppFixture, AppSpec, Authorization, Browser, Engine, Options, Page, TestServer, client::send,
};
use serde_json::json;

use super::{sign_in, to_consent};

const URN: &str = "urn:ietf:params:oauth:request_uri:";

async fn push(server: &TestServer, app: &AppFixture, form: &[(&str, &str)]) -> Answer {
    let secret = app.client_secret.as_deref();
    server.post("/par", secret.map(|secret| (app.client_id.as_str(), secret)), form).await
}

fn form(authorization: &Authorization) -> Vec<(&str, &str)> {
    authorization.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// Pushes a request; the address with which a browser begins.
async fn pushed(server: &TestServer, app: &AppFixture, authorization: &Authorization) -> String {
    let answer = push(server, app, &form(authorization)).await;
    assert_eq!(answer.status, 201, "{}", answer.json);
    address(server, &app.client_id, &answer.text("request_uri"))
}

fn address(server: &TestServer, client_id: &str, request_uri: &str) -> String {
    let pairs = [("client_id", client_id), ("request_uri", request_uri)];
    server.at(&format!("/authorize?{}", mapae_protocol::params::encode(pairs)))
}

/// A page of ours that leads nowhere.
fn is_over(page: &Page) {
    assert_eq!((page.status.as_u16(), page.location()), (400, None), "{}", page.body);
}

#[tokio::test]
async fn rfc9126_2_a_pushed_request_is_begun_with_by_its_reference_alone() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let user = server.user("hong@example.com").await;
    let authorization =
        Authorization::of(&app, "openid email").with("state", "밀어 넣은 것").with("nonce", "n-1");
    let answer = push(&server, &app, &form(&authorization)).await;
    assert_eq!((answer.status.as_u16(), &answer.json["expires_in"]), (201, &json!(90)));
    assert_eq!(answer.headers["cache-control"], "no-store");
    let reference = answer.text("request_uri");
    assert!(reference.starts_with(URN) && reference.len() == URN.len() + 43, "{reference}");
    let mut begin = address(&server, &app.client_id, &reference);
    // RFC 9101 §5: what stands beside it does not count.
    begin.push_str("&scope=openid+profile&state=other&redirect_uri=https%3A%2F%2Fevil.example&prompt=none&response_type=token");
    let browser = Browser::default();
    let sign_in = browser.visit(&begin).await;
    assert!(sign_in.has("login-submit"), "{}", sign_in.body);
    let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
    let consent = browser.follow(browser.submit(&sign_in, "login-submit", &fields).await).await;
    let answered = browser.submit(&consent, "consent-approve", &[("all", "1")]).await;
    assert_eq!(answered.answered("state").as_deref(), Some("밀어 넣은 것"));
    let tokens = server.redeem(&app, &answered.answered("code").unwrap(), &authorization.verifier).await;
    assert_eq!((tokens.status.as_u16(), tokens.text("scope").as_str()), (200, "email openid"));
    assert_eq!(super::claims(&tokens.text("id_token"))["nonce"], "n-1");
}

#[tokio::test]
async fn pa_01_pa_02_pa_03_pa_16_who_pushes_proves_who_it_is_and_hears_what_is_wrong() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let good = Authorization::of(&app, "openid");
    let anonymous = server.post("/par", None, &form(&good)).await;
    assert_eq!((anonymous.status.as_u16(), anonymous.error()), (401, "invalid_client"));
    let nameless: Vec<_> = form(&good).into_iter().filter(|(name, _)| *name != "client_id").collect();
    let wrong = server.post("/par", Some((&app.client_id, "wrong")), &nameless).await;
    let unknown = server.post("/par", Some(("app_nobody", "wrong")), &nameless).await;
    assert_eq!((wrong.status, &wrong.json), (unknown.status, &unknown.json), "no oracle");
    let http = mapae_testkit::http();
    assert_eq!(http.get(server.at("/par")).send().await.unwrap().status(), 405);
    let query = http.post(server.at("/par?scope=openid")).form(&form(&good)).send().await.unwrap();
    assert_eq!(query.status(), 400);
    for (name, value, error) in [
        ("request_uri", "urn:ietf:params:oauth:request_uri:x", "invalid_request"),
        ("redirect_uri", "https://evil.example/cb", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "", "invalid_request"),
        ("scope", "openid calendar.nothing", "none"),
        ("scope", "calendar.nothing", "invalid_scope"),
        ("scope", "openid\"", "invalid_scope"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("prompt", "none login", "invalid_request"),
        ("resource", "https://nobody.example", "invalid_target"),
        ("claims", "x", "invalid_request"),
        ("request", "a.b.c", "request_not_supported"),
        ("client_id", "app_other", "invalid_request"),
    ] {
        let answer = push(&server, &app, &form(&good.clone().with(name, value))).await;
        let found = if answer.status == 201 { "none" } else { answer.error() };
        assert_eq!(found, error, "{name}={value}: {}", answer.json);
        assert!(!answer.json.to_string().contains("evil"), "nothing of it is echoed");
    }
    let twice = [form(&good), vec![("scope", "openid")]].concat();
    assert_eq!(push(&server, &app, &twice).await.error(), "invalid_request");
    let kept = push(&server, &app, &[form(&good), vec![("client_secret", "x")]].concat()).await;
    assert_ne!(kept.status, 201, "two ways to say who it is");
}

#[tokio::test]
async fn pa_04_pa_06_pa_07_pa_13_a_reference_leads_its_own_app_for_a_short_while() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let other = server.register(AppSpec::default()).await;
    let authorization = Authorization::of(&app, "openid");
    let answer = push(&server, &app, &form(&authorization)).await;
    let reference = answer.text("request_uri");
    let begin = async |client_id: &str, reference: &str| {
        Browser::default().visit(&address(&server, client_id, reference)).await
    };
    assert!(begin(&app.client_id, &reference).await.has("login-submit"));
    assert!(begin(&app.client_id, &reference).await.has("login-submit"), "a page may be loaded again");
    for client_id in [other.client_id.as_str(), "app_nobody"] {
        is_over(&begin(client_id, &reference).await);
    }
    is_over(&Browser::default().visit(&server.at(&format!("/authorize?request_uri={reference}"))).await);
    is_over(&begin(&app.client_id, &format!("{URN}{}", "A".repeat(43))).await);
    let foreign = begin(&app.client_id, "https://app.example.com/request.jwt").await;
    assert_eq!(foreign.answered("error").as_deref(), Some("request_uri_not_supported"), "PA-13");
    server.advance(Seconds::seconds(89));
    assert!(begin(&app.client_id, &reference).await.has("login-submit"));
    server.advance(Seconds::seconds(1));
    is_over(&begin(&app.client_id, &reference).await);
}

#[tokio::test]
async fn pa_05_a_request_is_answered_once_on_every_path() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let app = server.register(AppSpec::default()).await;
        let signed_in = sign_in(&server, &app, "openid").await;
        let (browser, user) = (&signed_in.browser, &signed_in.user);
        let plain = Authorization::of(&app, "openid");
        // At once, by a silent request, with a code and with an error.
        for (parameters, answered) in [
            (vec![], "code"),
            (vec![("prompt", "none")], "code"),
            (vec![("prompt", "none"), ("max_age", "0")], "error"),
        ] {
            let asked = parameters.iter().fold(plain.clone(), |asked, (name, value)| asked.with(name, value));
            let begin = pushed(&server, &app, &asked).await;
            assert!(browser.visit(&begin).await.answered(answered).is_some(), "{engine:?} {parameters:?}");
            is_over(&browser.visit(&begin).await);
        }
        // By a page, and by going back to it.
        for (button, answered) in [("consent-approve", "code"), ("consent-deny", "error")] {
            let asked = plain.clone().with("prompt", "consent");
            let begin = pushed(&server, &app, &asked).await;
            let consent = browser.visit(&begin).await;
            let twin = browser.visit(&begin).await;
            assert!(browser.submit(&consent, button, &[]).await.answered(answered).is_some());
            for again in [&consent, &twin] {
                let page = browser.submit(again, "consent-approve", &[]).await;
                assert_eq!(page.answered("code"), None, "{engine:?} {button}: going back: {}", page.body);
                let page = browser.submit(again, "consent-deny", &[]).await;
                assert_eq!(
                    page.answered("error"),
                    None,
                    "{engine:?} {button}: nor with an error: {}",
                    page.body
                );
            }
            is_over(&browser.visit(&begin).await);
        }
        // By many at once.
        let begin = pushed(&server, &app, &plain).await;
        let pages = join_all((0..8).map(|_| browser.visit(&begin))).await;
        assert_eq!(pages.iter().filter(|page| page.answered("code").is_some()).count(), 1, "{engine:?}");
        // Somebody who has begun in time may take theirs to sign in.
        let begin = pushed(&server, &app, &plain).await;
        let stranger = Browser::default();
        let page = stranger.visit(&begin).await;
        server.advance(Seconds::minutes(5));
        let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
        let page = stranger.follow(stranger.submit(&page, "login-submit", &fields).await).await;
        assert!(page.answered("code").is_some(), "{engine:?}: {}", page.body);
    }
}

#[tokio::test]
async fn pa_05_what_has_ended_between_pushing_and_beginning_is_not_begun_with() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let signed_in = sign_in(&server, &app, "openid").await;
    let begin = pushed(&server, &app, &Authorization::of(&app, "openid")).await;
    server.write(mapae::store::apps::disable(&app.client_id, server.now())).await;
    is_over(&signed_in.browser.visit(&begin).await);
}

#[tokio::test]
async fn pa_09_an_app_that_pushes_every_request_is_asked_for_by_no_other() {
    let server = TestServer::start().await;
    let metadata = [("require_pushed_authorization_requests".to_owned(), json!(true))].into();
    let app = server.register(AppSpec { metadata, ..AppSpec::default() }).await;
    let authorization = Authorization::of(&app, "openid");
    is_over(&Browser::default().visit(&authorization.address(&server)).await);
    let begin = pushed(&server, &app, &authorization).await;
    let page = Browser::default().visit(&begin).await;
    assert!(page.has("login-submit"), "{}", page.body);
    let metadata = send(mapae_testkit::http().get(server.at("/.well-known/openid-configuration"))).await.json;
    assert_eq!(metadata["pushed_authorization_request_endpoint"], server.at("/par"));
}

#[tokio::test]
async fn pa_02_of_a_request_no_more_is_kept_than_an_address_could_carry() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let (padding, good) = ("x".repeat(30_000), Authorization::of(&app, "openid"));
    let padded = push(&server, &app, &[form(&good), vec![("padding", padding.as_str())]].concat()).await;
    assert_eq!(padded.error(), "invalid_request");
}

#[tokio::test]
async fn pa_02_a_public_app_pushes_as_often_as_one_source_may() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec { public: true, ..AppSpec::default() }).await;
    let authorization = Authorization::of(&app, "openid");
    let mut last = 201;
    for _ in 0..310 {
        last = push(&server, &app, &form(&authorization)).await.status.as_u16();
        if last != 201 {
            break;
        }
    }
    assert_eq!(last, 429);
    let user = server.user("hong@example.com").await;
    to_consent(&server, &Browser::default(), &user, &authorization).await;
}

#[tokio::test]
async fn pa_02_many_networks_together_keep_no_more_than_there_is_room_for() {
    let settings = vec![("MAPAE_TRUSTED_PROXIES".to_owned(), "127.0.0.1".to_owned())];
    let server = TestServer::start_with(Options { settings, ..Options::default() }).await;
    let app = server.register(AppSpec { public: true, ..AppSpec::default() }).await;
    let (good, padding) = (Authorization::of(&app, "openid"), "x".repeat(23_000));
    let http = mapae_testkit::http();
    let push = async |form: &[(&str, &str)], from: String| {
        let request = http.post(server.at("/par")).header("x-forwarded-for", from).form(form);
        request.send().await.unwrap().status().as_u16()
    };
    let long = [form(&good), vec![("padding", padding.as_str())]].concat();
    let mut kept = 0;
    // As many as a third of the room, which a network has at most that has many networks.
    while push(&long, format!("2001:db8:{:x}:{:x}::1", kept / 8, kept % 8)).await == 201 {
        kept += 1;
        assert!(kept < 2_000, "there is no end");
    }
    assert!(kept > 1_500, "{kept}");
    assert_eq!(push(&long, "198.51.100.7".to_owned()).await, 201, "others have their share");
    assert_eq!(push(&form(&good), "2001:db9::1".to_owned()).await, 201);
}
