//! PKCE — RFC 7636 §4.3, §4.4.1, §4.6; RFC 9700 §2.1.1.

use mapae_testkit::{AppSpec, Authorization, Browser, TestServer};

use super::calendar;

#[tokio::test]
async fn az_23_az_24_pkce_with_s256_is_required() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let good = Authorization::of(&app, "openid");
    for bad in [
        good.clone().with("code_challenge", "").with("code_challenge_method", ""),
        good.clone().with("code_challenge_method", "plain"),
        good.clone().with("code_challenge_method", ""),
        good.clone().with("code_challenge", "short"),
    ] {
        let page = Browser::default().visit(&bad.address(&server)).await;
        assert_eq!(page.answered("error").as_deref(), Some("invalid_request"), "{:?}", bad.parameters);
        assert_eq!(page.answered("state").as_deref(), Some("af0ifjsldkj"));
        assert_eq!(page.answered("iss").as_deref(), Some(server.issuer()));
    }
}

#[tokio::test]
async fn co_07_co_09_pkce_cannot_be_left_out_or_slipped_in() {
    let server = TestServer::start().await;
    let relaxed = server.register(AppSpec { pkce_required: false, ..AppSpec::default() }).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let form = |code: String, verifier: Option<String>| {
        let (server, app) = (&server, &relaxed);
        async move {
            let mut form = vec![
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", &app.redirect_uri),
            ];
            if let Some(verifier) = &verifier {
                form.push(("code_verifier", verifier));
            }
            server.token(app, &form).await
        }
    };
    let with = Authorization::of(&relaxed, "openid");
    let code = server.code(&browser, &user, &with).await;
    assert_eq!(form(code, None).await.error(), "invalid_grant", "a challenge was sent");
    let without = with.clone().with("code_challenge", "").with("code_challenge_method", "");
    let code = server.code(&browser, &user, &without).await;
    assert_eq!(
        form(code.clone(), Some(with.verifier)).await.error(),
        "invalid_grant",
        "no challenge was sent"
    );
    assert_eq!(form(code, None).await.status, 200);
}
