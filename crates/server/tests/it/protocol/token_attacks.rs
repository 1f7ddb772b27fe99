//! Attacks on the back channel: codes, refresh tokens, what is answered and what is kept.

use mapae_protocol::time::Seconds;
use mapae_testkit::{Authorization, Browser, TestServer, client::send};
use serde_json::json;

use super::{
    calendar, claims, forged, sign_in,
    token_exchange::{exchange, service},
};
use crate::store::sqlite_file;

#[tokio::test]
async fn co_10_somebody_elses_code_does_not_fit_ones_own_request() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let victim = server.user("hong@example.com").await;
    let theirs = Authorization::of(&app, "openid");
    let stolen = server.code(&Browser::default(), &victim, &theirs).await;
    let mine = Authorization::of(&app, "openid");
    assert_eq!(server.redeem(&app, &stolen, &mine.verifier).await.error(), "invalid_grant");
    assert_eq!(server.redeem(&app, &stolen, &theirs.verifier).await.status, 200);
}

#[tokio::test]
async fn co_13_a_redemption_gets_no_more_than_was_agreed() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    server.register_api("https://mail.example", &["mail.read"], false).await;
    let user = server.user("hong@example.com").await;
    let authorization = Authorization::of(&app, "openid calendar.read");
    let code = server.code(&Browser::default(), &user, &authorization).await;
    let form = |extra: (&'static str, &'static str)| {
        let (server, app, code, verifier) = (&server, &app, &code, &authorization.verifier);
        async move {
            let form = [
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
                ("redirect_uri", &app.redirect_uri),
                ("code_verifier", verifier),
                extra,
            ];
            server.token(app, &form).await
        }
    };
    for resource in ["https://mail.example", "https://nobody.example", "https://calendar.example/#x"] {
        assert_eq!(form(("resource", resource)).await.error(), "invalid_target", "{resource}");
    }
    let tokens = form(("scope", "openid calendar.read calendar.write")).await;
    assert_eq!(tokens.text("scope"), "calendar.read openid");
}

#[tokio::test]
async fn co_04_co_15_nothing_but_a_code_is_a_code() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let signed_in = sign_in(&server, &app, "openid").await;
    let tokens = &signed_in.tokens;
    let page = signed_in
        .browser
        .visit(&Authorization::of(&app, "openid").with("prompt", "login").address(&server))
        .await;
    let step = page.form("login-submit").1.into_iter().find(|(name, _)| name == "step").unwrap().1;
    let verifier = "a".repeat(43);
    for text in
        [tokens.text("refresh_token"), tokens.text("access_token"), tokens.text("id_token"), step.clone()]
    {
        assert_eq!(server.redeem(&app, &text, &verifier).await.error(), "invalid_grant");
    }
    for text in ["x", "a.b", ".", &"A".repeat(512), &"A".repeat(60_000), "%00"] {
        assert_eq!(server.redeem(&app, text, &verifier).await.error(), "invalid_grant");
    }
    let authorization = Authorization::of(&app, "openid");
    let code = signed_in.browser.visit(&authorization.address(&server)).await.answered("code").unwrap();
    for text in [code.as_str(), step.as_str(), &tokens.text("access_token")] {
        assert_eq!(server.refresh(&app, text).await.error(), "invalid_grant");
    }
}

#[tokio::test]
async fn co_15_what_does_not_open_as_a_code_is_asked_nobody() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let signed_in = sign_in(&server, &app, "openid").await;
    let authorization = Authorization::of(&app, "openid");
    let code = signed_in.browser.visit(&authorization.address(&server)).await.answered("code").unwrap();
    sqlite_file::hide(&server.data().join("mapae.db"), &["grants", "code_details", "users", "sessions"]);
    for text in ["x", &"A".repeat(code.len()), &forged(&code), &signed_in.tokens.text("refresh_token")] {
        let refused = server.redeem(&app, text, &authorization.verifier).await;
        assert_eq!((refused.status.as_u16(), refused.error()), (400, "invalid_grant"), "{text}");
    }
    let asked = server.redeem(&app, &code, &authorization.verifier).await;
    assert!(asked.status.is_server_error(), "a code is looked up: {} {}", asked.status, asked.json);
}

#[tokio::test]
async fn tx_01_an_exchange_that_its_own_request_rules_out_is_asked_nobody() {
    let server = TestServer::start().await;
    let (api, app) = calendar(&server, false).await;
    let subject = sign_in(&server, &app, "openid calendar.read").await.tokens.text("access_token");
    let service = service(&server, &api, &["calendar.read"]).await;
    let tables = ["exchange_permissions", "grants", "revoked_tokens"];
    sqlite_file::hide(&server.data().join("mapae.db"), &tables);
    let other = "https://other.example.com";
    for targets in [&[("audience", other)][..], &[("audience", other), ("resource", "https://api.example")]] {
        let refused = exchange(&server, &service, &subject, targets).await;
        assert_eq!((refused.status.as_u16(), refused.error()), (400, "invalid_target"), "{targets:?}");
    }
    let asked = exchange(&server, &service, &subject, &[]).await;
    assert!(asked.status.is_server_error(), "a permission is looked up: {} {}", asked.status, asked.json);
}

#[tokio::test]
async fn to_20_to_22_nothing_of_the_back_channel_is_cached_or_echoed() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let secret = app.client_secret.as_deref().unwrap();
    let probe = "<script>'\"%00 probe-7319";
    for path in ["/token", "/introspect", "/revoke", "/revocations", "/userinfo"] {
        for credential in [None, Some((app.client_id.as_str(), secret)), Some((probe, probe))] {
            let form = [
                ("grant_type", probe),
                ("token", probe),
                ("code", probe),
                ("scope", probe),
                ("after", probe),
            ];
            let answer = server.post(path, credential, &form).await;
            assert_eq!(answer.headers["cache-control"], "no-store", "{path}");
            let old = answer.headers.get("pragma").is_some_and(|value| value == "no-cache");
            assert!(old || answer.json.is_null(), "{path}: also for caches of HTTP/1.0");
            assert!(answer.status.as_u16() < 500, "{path}");
            let text = format!("{} {:?}", answer.json, answer.headers);
            assert!(!text.contains("probe-7319") && !text.contains(secret), "{path}: {text}");
        }
    }
}

#[tokio::test]
async fn to_23_az_35_unknown_parameters_are_ignored_and_never_called() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let trap = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", trap.local_addr().unwrap());
    let user = server.user("hong@example.com").await;
    let names = ["client_session_host", "callback", "webhook", "sector_identifier_uri", "jwks_uri", "foo"];
    let authorization =
        names.iter().fold(Authorization::of(&app, "openid"), |request, name| request.with(name, &address));
    let code = server.code(&Browser::default(), &user, &authorization).await;
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", &app.redirect_uri),
        ("code_verifier", &authorization.verifier),
    ];
    form.extend(names.iter().map(|name| (*name, address.as_str())));
    assert_eq!(server.token(&app, &form).await.status, 200);
    let called = futures_util::FutureExt::now_or_never(trap.accept());
    assert!(called.is_none(), "the server called an address out of a request");
}

#[tokio::test]
async fn re_03_a_rotated_token_is_as_dead_on_another_node() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let tokens = sign_in(&server, &app, "openid").await.tokens;
    let first = tokens.text("refresh_token");
    server.refresh(&app, &first).await.text("refresh_token");
    server.advance(Seconds::seconds(11));
    let node = server.second_node().await;
    assert_eq!(node.refresh(&app, &first).await.error(), "invalid_grant");
}

/// RFC 6819 §5.1.4.
#[tokio::test]
async fn re_10_db_07_a_copy_of_the_database_is_worth_nothing() {
    let server = TestServer::start().await;
    let (api, app) = calendar(&server, false).await;
    let signed_in = sign_in(&server, &app, "openid offline_access calendar.read").await;
    let tokens = &signed_in.tokens;
    let second = server.refresh(&app, &tokens.text("refresh_token")).await;
    let mut kept = Vec::new();
    for file in std::fs::read_dir(server.data()).unwrap() {
        let path = file.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("mapae.db") {
            kept.extend(std::fs::read(path).unwrap());
        }
    }
    let dump = String::from_utf8_lossy(&kept);
    assert!(dump.contains(&app.client_id), "the dump is not empty");
    let secrets = [
        tokens.text("refresh_token"),
        tokens.text("access_token"),
        second.text("refresh_token"),
        app.client_secret.clone().unwrap(),
        api.client_secret.clone(),
        signed_in.user.password.clone(),
    ];
    for secret in secrets {
        assert!(!dump.contains(&secret), "{secret}");
        let tail = &secret[secret.len().saturating_sub(20)..];
        assert!(!dump.contains(tail), "not even the end of it");
    }
}

#[tokio::test]
async fn re_11_the_id_token_of_a_refresh_tells_of_the_same_sign_in() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let tokens = sign_in(&server, &app, "openid").await.tokens;
    server.advance(Seconds::seconds(100));
    let next = server.refresh(&app, &tokens.text("refresh_token")).await;
    let (first, second) = (claims(&tokens.text("id_token")), claims(&next.text("id_token")));
    for claim in ["iss", "sub", "aud", "auth_time", "sid", "acr", "amr"] {
        assert_eq!(first[claim], second[claim], "{claim}");
    }
    assert_ne!(first["iat"], second["iat"]);
    assert_eq!(second.get("nonce"), None, "OIDC Core §12.2");
    assert_eq!(second["aud"], json!(app.client_id));
}

#[tokio::test]
async fn ui_08_userinfo_does_not_know_cookies() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let signed_in = sign_in(&server, &app, "openid").await;
    assert_eq!(signed_in.browser.open(&server.at("/userinfo")).await.status, 401);
}

#[tokio::test]
async fn me_06_other_spellings_of_the_well_known_path_are_not_found() {
    let server = TestServer::start().await;
    for path in [
        "/.well-known/openid-configuration/",
        "/.well-known/openid-configuration/tenant",
        "/tenant/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/tenant",
        "/.well-known//openid-configuration",
        "/.WELL-KNOWN/openid-configuration",
    ] {
        let answer = send(mapae_testkit::http().get(server.at(path))).await;
        assert_eq!(answer.status, 404, "{path}");
    }
}
