//! MX-03: every field that takes an address × the corpus of hostile addresses.

use std::collections::BTreeSet;

use mapae_testkit::{AppFixture, AppSpec, Authorization, Browser, TestServer};

use crate::{
    console::{developer, kept},
    corpus::CORPUS,
    engines::for_each_engine,
};

/// What the app of these tests has registered.
const REGISTERED: [&str; 3] =
    ["https://app.example.com/cb?x=1", "http://127.0.0.1/cb", "com.example.app:/cb"];
const API: &str = "https://app.example.com/cb?x=1";

async fn app(server: &TestServer, public: bool) -> AppFixture {
    let redirect_uris = REGISTERED.map(str::to_owned).to_vec();
    server.register(AppSpec { public, redirect_uris, ..AppSpec::default() }).await
}

/// Accepted by the letter: what was registered or, for a native app, that address of this machine with a port.
fn is_registered(text: &str, public: bool) -> bool {
    let port = text.strip_prefix("http://127.0.0.1:").and_then(|rest| rest.strip_suffix("/cb"));
    let any_port = port.is_some_and(|port| {
        !port.starts_with('0')
            && port.bytes().all(|byte| byte.is_ascii_digit())
            && port.parse::<u16>().is_ok()
    });
    REGISTERED.contains(&text) || public && any_port
}

/// An independent reading: a browser goes where the text says, and nowhere else.
fn safe_to_follow(text: &str) {
    let url = url::Url::parse(text).expect("an address");
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    assert!(url.scheme() == "https" || url.scheme() == "http" && here, "{text:?}");
    assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none(), "{text:?}");
    let host = url.host_str().expect("a host");
    let (_, rest) = text.split_once("://").expect("the scheme as it is written");
    let written = rest.get(..host.len()).unwrap_or_default();
    assert!(written.eq_ignore_ascii_case(host), "{text:?} leads to {host}");
    assert!(matches!(rest.as_bytes().get(host.len()), None | Some(b'/' | b':' | b'?')), "{text:?}");
}

for_each_engine! {
    async fn mx_03_redirect_uri_of_an_authorization_request(server: TestServer) {
        for public in [false, true] {
            let app = app(&server, public).await;
            for text in CORPUS.iter().filter(|text| !text.is_empty()) {
                let authorization = Authorization::of(&app, "openid").with("redirect_uri", text);
                let page = Browser::default().open(&authorization.address(&server)).await;
                if is_registered(text, public) {
                    assert_eq!(page.status, 303, "{text:?} {public}");
                } else {
                    assert_eq!((page.status.as_u16(), page.location()), (400, None), "{text:?} {public}");
                    assert!(!page.body.contains("login-submit"), "{text:?} {public}");
                }
            }
        }
    }

    async fn mx_03_redirect_uri_of_a_redemption(server: TestServer) {
        let app = app(&server, false).await;
        let user = server.user("hong@example.com").await;
        let authorization = Authorization::of(&app, "openid");
        let code = server.code(&Browser::default(), &user, &authorization).await;
        for text in CORPUS.iter().filter(|text| **text != REGISTERED[0]) {
            let elsewhere = AppFixture { redirect_uri: (*text).to_owned(), ..app.clone() };
            let answer = server.redeem(&elsewhere, &code, &authorization.verifier).await;
            let expected = ["invalid_grant", "invalid_request"];
            assert!(answer.status == 400 && expected.contains(&answer.error()), "{text:?}: {}", answer.json);
        }
        assert_eq!(server.redeem(&app, &code, &authorization.verifier).await.status, 200, "it was not burnt");
    }

    async fn mx_03_resource_at_both_endpoints(server: TestServer) {
        server.register_api(API, &["calendar.read"], false).await;
        let optional = vec!["calendar.read".to_owned()];
        let app = server.register(AppSpec { optional: optional.clone(), ..AppSpec::default() }).await;
        let machine = AppSpec {
            grant_types: "client_credentials".to_owned(),
            required: optional,
            optional: vec![],
            redirect_uris: vec![],
            ..AppSpec::default()
        };
        let machine = server.register(machine).await;
        for text in CORPUS.iter().filter(|text| !text.is_empty()) {
            let authorization = Authorization::of(&app, "openid calendar.read").with("resource", text);
            let page = Browser::default().open(&authorization.address(&server)).await;
            let form = [("grant_type", "client_credentials"), ("scope", "calendar.read"), ("resource", text)];
            let answer = server.token(&machine, &form).await;
            if *text == API {
                assert_eq!((page.answered("error"), answer.status.as_u16()), (None, 200), "{text:?}");
            } else if text.contains('\0') {
                // No value of anything: the whole request is none.
                assert_eq!((page.status.as_u16(), page.location()), (400, None), "{text:?}");
                assert_eq!((answer.status.as_u16(), answer.error()), (400, "invalid_request"), "{text:?}");
            } else {
                assert_eq!(page.answered("error").as_deref(), Some("invalid_target"), "{text:?}: {}", page.body);
                assert_eq!((answer.status.as_u16(), answer.error()), (400, "invalid_target"), "{text:?}");
            }
        }
    }

    async fn mx_03_addresses_in_the_console(server: TestServer) {
        let developer = developer(&server, "dev@example.com").await;
        let app = developer.register(&server, "나의 서비스").await;
        let page = developer.page(&server, &app.client_id).await;
        let mut accepted = BTreeSet::new();
        for text in CORPUS.iter().filter(|text| !text.trim().is_empty()) {
            let typed = text.trim();
            let before = kept(&server, &app.client_id).await;
            let name = [("name", "나의 서비스"), ("homepage", *text)];
            let answer = developer.browser.submit(&page, "save-general", &name).await;
            let homepage = kept(&server, &app.client_id).await.app.settings.homepage;
            if answer.status == 303 {
                assert_eq!(homepage.as_deref(), Some(typed), "{text:?}: another address than the one typed");
                safe_to_follow(typed);
                accepted.insert(("homepage", typed));
            } else {
                assert_eq!(homepage, before.app.settings.homepage, "{text:?} changed something");
            }
            let addresses = [("redirect_uris", app.redirect_uri.as_str()), ("origins", *text)];
            let answer = developer.browser.submit(&page, "save-addresses", &addresses).await;
            let origins = kept(&server, &app.client_id).await.lists.origins;
            if answer.status == 303 {
                let origin = url::Url::parse(typed).expect("an address").origin().ascii_serialization();
                assert_eq!(origins, [origin.as_str()], "{text:?}: another origin than the one typed");
                assert_eq!(typed, origin, "{text:?}");
                accepted.insert(("origin", typed));
            } else {
                assert!([400, 422].contains(&answer.status.as_u16()), "{text:?}: {}", answer.status);
                assert_eq!(origins, before.lists.origins, "{text:?} changed something");
            }
        }
        assert!(accepted.len() < CORPUS.len() / 2, "{accepted:?}");
    }

    async fn mx_03_origin_and_host_of_a_request(server: TestServer) {
        let registered = "https://app.example.com";
        let public = AppSpec { public: true, origins: vec![registered.to_owned()], ..AppSpec::default() };
        let app = server.register(public).await;
        let form = [("grant_type", "authorization_code"), ("client_id", app.client_id.as_str()), ("code", "x")];
        let good = mapae_testkit::http().post(server.at("/token")).form(&form).header("origin", registered);
        let good = good.send().await.expect("an answer");
        assert_eq!(good.headers()["access-control-allow-origin"], registered);
        for text in CORPUS.iter().chain(&["null", "*", "https://app.example.com, https://evil.test"]) {
            // What no client can put into a header does not arrive.
            let Ok(value) = reqwest::header::HeaderValue::from_str(text) else { continue };
            let request = mapae_testkit::http().post(server.at("/token")).form(&form);
            let Ok(answer) = request.header("origin", value.clone()).send().await else { continue };
            assert_eq!(answer.headers().get("access-control-allow-origin"), None, "{text:?} may read answers");

            let metadata = server.at("/.well-known/openid-configuration");
            let request = mapae_testkit::http().get(&metadata).header("host", value);
            let Ok(answer) = request.send().await else { continue };
            let status = answer.status().as_u16();
            let body = answer.text().await.expect("text");
            if status == 200 {
                let document: serde_json::Value = serde_json::from_str(&body).expect("JSON");
                assert_eq!(document["issuer"], server.issuer(), "{text:?} as host");
            } else {
                assert!([400, 421].contains(&status), "{text:?} as host: {status}");
            }
            assert!(
                !body.contains("evil.test") && !body.contains("app.example.com"),
                "{text:?} is echoed: {body}"
            );
        }
    }
}
