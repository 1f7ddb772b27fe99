//! Userinfo — OIDC Core §5.3, RFC 6750.

use mapae_testkit::{TestServer, client::send};
use serde_json::json;

use super::{calendar, claims, sign_in};

#[tokio::test]
async fn oidc_core_5_4_each_scope_tells_its_claims() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let tokens = sign_in(&server, &app, "openid profile email").await.tokens;
    let told = server.userinfo(&tokens.text("access_token")).await;
    assert_eq!(told.headers["cache-control"], "no-store");
    let sub = claims(&tokens.text("id_token"))["sub"].clone();
    let updated_at = told.json["updated_at"].clone();
    let expected = json!({
        "sub": sub, "name": "홍길동", "updated_at": updated_at, "email": "hong@example.com", "email_verified": true
    });
    assert_eq!(told.json, expected);
    let post = mapae_testkit::http()
        .post(server.at("/userinfo"))
        .form(&[("access_token", tokens.text("access_token"))]);
    assert_eq!(send(post).await.json, expected, "RFC 6750 §2.2");
}

/// OIDC Core §5.3.1.
#[tokio::test]
async fn ui_01_ui_02_ui_03_ui_07_everything_but_a_living_openid_token_in_one_place_is_refused() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let signed_in = sign_in(&server, &app, "openid calendar.read").await;
    let tokens = &signed_in.tokens;
    let access = tokens.text("access_token");
    let http = mapae_testkit::http();
    let none = send(http.get(server.at("/userinfo"))).await;
    assert_eq!((none.status.as_u16(), none.headers["www-authenticate"].to_str().unwrap()), (401, "Bearer"));
    for wrong in [tokens.text("id_token"), tokens.text("refresh_token"), "garbage".to_owned()] {
        let refused = server.userinfo(&wrong).await;
        assert_eq!((refused.status.as_u16(), refused.error()), (401, "invalid_token"));
        assert!(refused.headers["www-authenticate"].to_str().unwrap().contains("error=\"invalid_token\""));
    }
    let query = send(http.get(server.at(&format!("/userinfo?access_token={access}")))).await;
    assert_eq!((query.status.as_u16(), query.error()), (400, "invalid_request"));
    let twice = http.post(server.at("/userinfo")).bearer_auth(&access).form(&[("access_token", &access)]);
    assert_eq!(send(twice).await.status, 400);
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &tokens.text("refresh_token")),
        ("scope", "calendar.read"),
    ];
    let narrow = server.token(&app, &form).await.text("access_token");
    let insufficient = server.userinfo(&narrow).await;
    assert_eq!((insufficient.status.as_u16(), insufficient.error()), (403, "insufficient_scope"));
    server.write(mapae::store::users::disable(&signed_in.user.id, server.now())).await;
    assert_eq!(server.userinfo(&access).await.status, 401, "the person is disabled");
}
