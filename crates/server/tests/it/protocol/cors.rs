//! Browser apps on their own origins — threats TO-21, UI-08.

use mapae_testkit::{AppSpec, Authorization, Browser, TestServer, client::send};

#[tokio::test]
async fn to_21_only_the_apps_own_origins_may_read_and_never_with_cookies() {
    let server = TestServer::start().await;
    let spec = AppSpec {
        public: true,
        redirect_uris: vec!["https://spa.example/cb".to_owned()],
        origins: vec!["https://spa.example".to_owned()],
        ..AppSpec::default()
    };
    let app = server.register(spec).await;
    let other = AppSpec { origins: vec!["https://other.example".to_owned()], ..AppSpec::default() };
    server.register(other).await;
    let http = mapae_testkit::http();
    let preflight = |origin: &'static str, path: &str| {
        let request = http.request(reqwest::Method::OPTIONS, server.at(path)).header("origin", origin);
        send(request.header("access-control-request-method", "POST"))
    };
    for path in ["/token", "/userinfo", "/revoke"] {
        let allowed = preflight("https://spa.example", path).await;
        assert_eq!(allowed.headers["access-control-allow-origin"], "https://spa.example");
        assert!(!allowed.headers.contains_key("access-control-allow-credentials"));
        assert!(
            !preflight("https://evil.example", path)
                .await
                .headers
                .contains_key("access-control-allow-origin")
        );
    }
    let user = server.user("hong@example.com").await;
    let authorization = Authorization::of(&app, "openid");
    let code = server.code(&Browser::default(), &user, &authorization).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", &app.client_id),
        ("code", &code),
        ("redirect_uri", &app.redirect_uri),
        ("code_verifier", &authorization.verifier),
    ];
    let from_other =
        send(http.post(server.at("/token")).header("origin", "https://other.example").form(&form)).await;
    assert!(
        !from_other.headers.contains_key("access-control-allow-origin"),
        "registered, but by another app"
    );
    let authorize =
        send(http.get(authorization.address(&server)).header("origin", "https://spa.example")).await;
    assert!(!authorize.headers.contains_key("access-control-allow-origin"));
    let token = from_other.text("access_token");
    let told =
        send(http.get(server.at("/userinfo")).bearer_auth(&token).header("origin", "https://spa.example"))
            .await;
    assert_eq!(told.headers["access-control-allow-origin"], "https://spa.example");
    let hidden =
        send(http.get(server.at("/userinfo")).bearer_auth(&token).header("origin", "https://other.example"))
            .await;
    assert!(!hidden.headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn to_21_an_error_before_the_app_is_known_can_be_read_by_the_page_of_any_app() {
    let server = TestServer::start().await;
    let origins = vec!["https://spa.example".to_owned()];
    server.register(AppSpec { origins, ..AppSpec::default() }).await;
    let http = mapae_testkit::http();
    for (origin, readable) in [("https://spa.example", true), ("https://evil.example", false)] {
        for path in ["/token", "/revoke"] {
            for form in
                [[("client_id", "app_nobody"), ("token", "x")], [("client_id", "a"), ("client_id", "b")]]
            {
                let refused = send(http.post(server.at(path)).header("origin", origin).form(&form)).await;
                assert!(refused.status.is_client_error());
                assert_eq!(
                    refused.headers.contains_key("access-control-allow-origin"),
                    readable,
                    "{path} {form:?}"
                );
            }
        }
    }
}
