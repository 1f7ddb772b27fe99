//! Signing out at the wish of an app — OIDC RP-Initiated Logout §2, §3; threats LO-01 … LO-04, LO-11.

use std::collections::BTreeMap;

use mapae_protocol::{base64url, params, time::Seconds};
use mapae_testkit::{AppFixture, AppSpec, Browser, Page, TestServer};
use serde_json::json;

use super::{SignedIn, sign_in};

const BYE: &str = "https://app.example.com/bye?from=mapae";

async fn app(server: &TestServer) -> AppFixture {
    let metadata = BTreeMap::from([("post_logout_redirect_uris".to_owned(), json!([BYE]))]);
    server.register(AppSpec { metadata, ..AppSpec::default() }).await
}

fn logout(server: &TestServer, query: &[(&str, &str)]) -> String {
    server.at(&format!("/logout?{}", params::encode(query.iter().copied())))
}

/// Whether the browser is still signed in.
async fn is_in(server: &TestServer, browser: &Browser) -> bool {
    !browser.visit(&server.at("/account")).await.has("login-submit")
}

fn leads_to(page: &Page) -> Option<String> {
    page.location().map(String::from)
}

#[tokio::test]
async fn az_41_lo_11_an_app_that_shows_the_id_token_of_the_session_ends_it_and_people_are_led_on() {
    let server = TestServer::start().await;
    let app = app(&server).await;
    let SignedIn { browser, tokens, .. } = sign_in(&server, &app, "openid").await;
    // AZ-41: what nobody sees ends nothing, be it proven or not.
    let hint = tokens.text("id_token");
    let unseen = logout(&server, &[("id_token_hint", hint.as_str())]);
    let kinds: [(&str, &[(&str, &str)]); 4] = [
        ("HEAD", &[]),
        ("GET", &[("sec-purpose", "prefetch")]),
        ("GET", &[("sec-fetch-dest", "image"), ("sec-fetch-mode", "no-cors")]),
        ("GET", &[("sec-fetch-dest", "empty"), ("sec-fetch-mode", "cors")]),
    ];
    for (method, headers) in kinds {
        assert_eq!(browser.send(method, &unseen, headers, vec![]).await.status, 204, "{method} {headers:?}");
    }
    assert!(is_in(&server, &browser).await);
    // An ID token says who it was for long after it has expired (OIDC RP-Initiated Logout §4).
    server.advance(Seconds::hours(2));
    let query = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE), ("state", "a b&c=1")];
    let answer = browser.open(&logout(&server, &query)).await;
    assert_eq!(answer.status, 303);
    assert_eq!(leads_to(&answer).unwrap(), format!("{BYE}&state=a+b%26c%3D1"));
    assert!(!is_in(&server, &browser).await);
    let refused = server.refresh(&app, &tokens.text("refresh_token")).await;
    assert_eq!(refused.status, 400, "what was bound to the session ended with it");
    // LO-11: asked once more, there is nothing left to end.
    let again = browser.open(&logout(&server, &query)).await;
    assert_eq!(again.status.as_u16(), 303);
}

#[tokio::test]
async fn lo_01_lo_03_without_proof_of_the_session_the_person_is_asked() {
    let server = TestServer::start().await;
    let app = app(&server).await;
    let SignedIn { browser, tokens, user } = sign_in(&server, &app, "openid").await;
    let elsewhere = Browser::default();
    server.code(&elsewhere, &user, &mapae_testkit::Authorization::of(&app, "openid")).await;
    let own = tokens.text("id_token");
    let forged = format!("{}.{}.", base64url::encode(br#"{"alg":"none"}"#), own.split('.').nth(1).unwrap());
    for (what, in_browser, hint) in [
        ("no hint", &browser, ""),
        ("LO-03 forged", &browser, forged.as_str()),
        ("LO-03 of another browser of the same person", &elsewhere, own.as_str()),
        ("an access token", &browser, &tokens.text("access_token")),
    ] {
        let query = [
            ("id_token_hint", hint),
            ("client_id", &app.client_id),
            ("post_logout_redirect_uri", BYE),
            ("state", "xyz"),
        ];
        let page = in_browser.open(&logout(&server, &query)).await;
        assert_eq!((page.status.as_u16(), page.location()), (200, None), "{what}");
        assert!(page.has("logout-confirm"), "{what}");
        assert!(is_in(&server, in_browser).await, "{what}");
    }
    // From a page of another site the browser sends no cookie with a POST: it is sent round.
    let body = params::encode([("client_id", app.client_id.as_str())]).into_bytes();
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "cross-site")];
    let posted = browser.send("POST", &server.at("/logout"), &headers, body).await;
    assert_eq!(posted.status, 303);
    let page = browser.follow(posted).await;
    assert!(page.has("logout-confirm"));
    assert!(is_in(&server, &browser).await);
}

#[tokio::test]
async fn whoever_is_asked_and_says_yes_is_led_on_with_the_state() {
    let server = TestServer::start().await;
    let app = app(&server).await;
    let SignedIn { browser, .. } = sign_in(&server, &app, "openid").await;
    let query = [("client_id", app.client_id.as_str()), ("post_logout_redirect_uri", BYE), ("state", "xyz")];
    let page = browser.visit(&logout(&server, &query)).await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(!policy.contains("form-action"), "the app may send the browser on: {policy}");
    // The page can be read in another language without losing what was asked.
    let english = page.values("a[hreflang=en]", "href").remove(0);
    let english = browser.visit(page.address.join(&english).unwrap().as_str()).await;
    let answer = browser.submit(&english, "logout-confirm", &[]).await;
    assert_eq!(leads_to(&answer).unwrap(), format!("{BYE}&state=xyz"));
    assert!(!is_in(&server, &browser).await);
    let twice = browser.submit(&english, "logout-confirm", &[]).await;
    assert_eq!(twice.status.as_u16(), 303, "LO-11: a form that is sent twice ends nothing twice");
}

#[tokio::test]
async fn lo_02_nobody_is_led_to_an_address_that_is_not_registered() {
    let server = TestServer::start().await;
    let app = app(&server).await;
    let other = server.register(AppSpec::default()).await;
    let SignedIn { browser, tokens, .. } = sign_in(&server, &app, "openid").await;
    let hint = tokens.text("id_token");
    let wrong = [
        "https://app.example.com/bye",
        "https://app.example.com/bye?from=mapae&x=1",
        "https://app.example.com/bye?from=mapa",
        "https://app.example.com/cb",
        "https://evil.example/",
        "javascript:alert(1)",
        "//evil.example",
    ];
    for uri in wrong {
        for who in [("id_token_hint", hint.as_str()), ("client_id", app.client_id.as_str())] {
            let page = browser.open(&logout(&server, &[who, ("post_logout_redirect_uri", uri)])).await;
            assert_eq!((page.status.as_u16(), page.location()), (400, None), "{uri}");
            assert!(!page.body.contains("evil.example"), "{uri}");
        }
    }
    for query in [
        vec![("post_logout_redirect_uri", BYE)],
        vec![("client_id", other.client_id.as_str()), ("post_logout_redirect_uri", BYE)],
        vec![("client_id", "app_unknown"), ("post_logout_redirect_uri", BYE)],
        vec![("client_id", other.client_id.as_str()), ("id_token_hint", hint.as_str())],
        vec![("client_id", "app_unknown")],
        vec![("state", "a"), ("state", "b")],
    ] {
        let page = browser.open(&logout(&server, &query)).await;
        assert_eq!((page.status.as_u16(), page.location()), (400, None), "{query:?}");
    }
    assert!(is_in(&server, &browser).await, "nothing of that has signed anybody out");
}

#[tokio::test]
async fn lo_04_a_state_is_text_wherever_it_stands() {
    let server = TestServer::start().await;
    let app = app(&server).await;
    let SignedIn { browser, tokens, .. } = sign_in(&server, &app, "openid").await;
    let state = "\"><script>alert(1)</script>";
    let query =
        |state| [("client_id", app.client_id.as_str()), ("post_logout_redirect_uri", BYE), ("state", state)];
    let page = browser.visit(&logout(&server, &query(state))).await;
    assert!(!page.body.contains("<script>alert"), "{}", page.body);
    // A form writes line ends in its own way; an address does not.
    let split = "x\r\nSet-Cookie: a=b";
    let hint = tokens.text("id_token");
    let hinted = [&query(split)[..], &[("id_token_hint", hint.as_str())]].concat();
    for (answer, state) in [
        (Browser::default().open(&logout(&server, &query(split))).await, split),
        (browser.submit(&page, "logout-confirm", &[]).await, state),
        (browser.open(&logout(&server, &hinted)).await, split),
    ] {
        assert_eq!(answer.answered("state").as_deref(), Some(state));
        let cookies = answer.headers.get_all("set-cookie");
        assert!(cookies.iter().all(|cookie| !cookie.to_str().unwrap().starts_with("a=b")));
    }
}

#[tokio::test]
async fn az_37_nobody_who_is_not_signed_in_is_sent_on_to_an_app_that_nobody_vouches_for() {
    let server = TestServer::start().await;
    let app = app(&server).await;
    let developer = server.user("dev@example.com").await;
    let query = [("client_id", app.client_id.as_str()), ("post_logout_redirect_uri", BYE)];
    let verified = Browser::default().open(&logout(&server, &query)).await;
    assert_eq!(leads_to(&verified).as_deref(), Some(BYE), "the operator's own app");
    server.write(mapae::store::apps::give_to(&app.client_id, &developer.id, server.now())).await;
    let page = Browser::default().open(&logout(&server, &query)).await;
    assert_eq!((page.status.as_u16(), page.location()), (200, None));
    assert_eq!(page.values("#back-to-app", "href"), [BYE]);
    assert_eq!(page.text("#leads-to").as_deref(), Some("https://app.example.com"));
}
