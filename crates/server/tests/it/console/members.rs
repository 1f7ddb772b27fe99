//! What an app registers beyond what every app has, in the console and without scripts — OIDC Registration §2.

use mapae_protocol::jose::{Algorithm, SigningKey};
use mapae_testkit::{AppFixture, Authorization, Browser, Engine, Page, TestServer};
use serde_json::{Value, json};

use super::{Developer, developer, kept, led_to};
use crate::protocol::client_assertions::key_set;

/// Each form with everything that it can say.
const EVERYTHING: [(&str, &[(&str, &str)]); 4] = [
    (
        "save-signing-out",
        &[
            ("post_logout_redirect_uris", "https://my.example/bye\r\n\r\n  https://my.example/bye?x  "),
            ("backchannel_logout_uri", " https://logout.example/told "),
            ("backchannel_logout_session_required", "on"),
            ("frontchannel_logout_uri", "https://my.example/frame"),
            ("frontchannel_logout_session_required", "on"),
        ],
    ),
    (
        "save-requests",
        &[
            ("require_pushed_authorization_requests", "on"),
            ("request_object_signing_alg", "ES256"),
            ("request_uris", "https://my.example/r/1\nhttps://my.example/r/2"),
            ("default_max_age", "3600"),
            ("default_acr_values", "1  0"),
        ],
    ),
    (
        "save-tokens",
        &[
            ("id_token_signed_response_alg", "EdDSA"),
            ("userinfo_signed_response_alg", "ES256"),
            ("authorization_signed_response_alg", "PS256"),
            ("token_endpoint_auth_signing_alg", "HS256"),
        ],
    ),
    (
        "save-links",
        &[
            ("policy_uri", "https://my.example/privacy"),
            ("tos_uri", "https://my.example/terms"),
            ("initiate_login_uri", "https://start.example/login"),
            ("contacts", "dev@my.example\nops@my.example"),
        ],
    ),
];

async fn member(server: &TestServer, id: &str, name: &str) -> Option<Value> {
    kept(server, id).await.lists.metadata.get(name).map(|text| serde_json::from_str(text).unwrap())
}

/// Everything that the page says is wrong.
fn wrong(page: &Page) -> Vec<String> {
    assert_eq!(page.status, 422, "{}", page.body);
    page.texts("#problem li")
}

async fn registered(server: &TestServer) -> (Developer, AppFixture) {
    let developer = developer(server, "dev@example.com").await;
    let app = developer.register(server, "나의 서비스").await;
    (developer, app)
}

#[tokio::test]
async fn oidc_registration_2_everything_is_saved_shown_again_and_taken_back() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let (developer, app) = registered(&server).await;
        let id = app.client_id.as_str();
        let before = kept(&server, id).await;
        for (button, fields) in EVERYTHING {
            let saved = developer.save(&server, id, button, fields).await;
            assert_eq!(led_to(&saved), format!("/console/apps/{id}?done=saved"), "{engine:?} {button}");
        }
        let expected = [
            ("post_logout_redirect_uris", json!(["https://my.example/bye", "https://my.example/bye?x"])),
            ("backchannel_logout_uri", json!("https://logout.example/told")),
            ("backchannel_logout_session_required", json!(true)),
            ("frontchannel_logout_uri", json!("https://my.example/frame")),
            ("frontchannel_logout_session_required", json!(true)),
            ("require_pushed_authorization_requests", json!(true)),
            ("request_object_signing_alg", json!("ES256")),
            ("request_uris", json!(["https://my.example/r/1", "https://my.example/r/2"])),
            ("default_max_age", json!(3600)),
            ("default_acr_values", json!(["1", "0"])),
            ("userinfo_signed_response_alg", json!("ES256")),
            ("authorization_signed_response_alg", json!("PS256")),
            ("token_endpoint_auth_signing_alg", json!("HS256")),
            ("policy_uri", json!("https://my.example/privacy")),
            ("tos_uri", json!("https://my.example/terms")),
            ("initiate_login_uri", json!("https://start.example/login")),
            ("contacts", json!(["dev@my.example", "ops@my.example"])),
        ];
        for (name, value) in &expected {
            assert_eq!(member(&server, id, name).await.as_ref(), Some(value), "{engine:?} {name}");
        }
        let full = kept(&server, id).await;
        assert_eq!(full.lists.metadata.len(), expected.len(), "{engine:?}: and nothing else");
        assert_eq!(full.app.settings.id_token_alg, "EdDSA", "{engine:?}");
        let page = developer.page(&server, id).await;
        assert_eq!(page.text("#request_uris").unwrap(), "https://my.example/r/1\nhttps://my.example/r/2");
        assert_eq!(page.values("#default_max_age", "value"), ["3600"], "{engine:?}");
        assert_eq!(page.values("#default_acr_values", "value"), ["1 0"], "{engine:?}");
        assert!(page.has("policy_uri") && !page.has("problem"), "{engine:?}");
        // Saved as it is shown, nothing changes; emptied, everything is as before.
        for (button, fields) in EVERYTHING {
            let before = kept(&server, id).await;
            led_to(&developer.save(&server, id, button, &[]).await);
            assert_eq!(kept(&server, id).await, before, "{engine:?} {button}");
            let empty: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (*name, back(name, value))).collect();
            led_to(&developer.save(&server, id, button, &empty).await);
        }
        let after = kept(&server, id).await;
        assert_eq!((after.lists, after.app.settings), (before.lists, before.app.settings), "{engine:?}");
    }
}

/// What a field holds when nothing is registered.
fn back(name: &str, value: &str) -> &'static str {
    match (name, value) {
        ("id_token_signed_response_alg", _) => "RS256",
        (_, "on") => "off",
        (name, _) if name.ends_with("_alg") => "none",
        _ => "",
    }
}

#[tokio::test]
async fn lo_02_where_people_go_after_they_signed_out_is_in_force_at_once() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let (developer, app) = registered(&server).await;
        let person = server.user("hong@example.com").await;
        let authorization = Authorization::of(&app, "openid");
        for (uri, registered) in [("https://my.example/bye", true), ("https://my.example/other", false)] {
            let fields = [("post_logout_redirect_uris", "https://my.example/bye")];
            led_to(&developer.save(&server, &app.client_id, "save-signing-out", &fields).await);
            let browser = Browser::default();
            let code = server.code(&browser, &person, &authorization).await;
            let tokens = server.redeem(&app, &code, &authorization.verifier).await;
            let hint = tokens.text("id_token");
            let query = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", uri), ("state", "x")];
            let query = mapae_protocol::params::encode(query);
            let answer = browser.open(&server.at(&format!("/logout?{query}"))).await;
            let led = answer.location().map(String::from);
            let expected = registered.then(|| format!("{uri}?state=x"));
            assert_eq!(led, expected, "{engine:?} {uri}");
        }
    }
}

const SCRIPT: &str = "javascript:alert(1)//\"><script>";

/// The button of a form, a field of it, what is typed there, and what is said of that.
const WRONG: &[(&str, &str, &str, &str)] = &[
    ("save-signing-out", "post_logout_redirect_uris", "https://my.example/\nhttps://*.my.example/", "Line 2"),
    ("save-signing-out", "post_logout_redirect_uris", "http://my.example/bye", "Try https://my.example/bye"),
    ("save-signing-out", "post_logout_redirect_uris", "https://my.example/#x", "Line 1"),
    ("save-signing-out", "post_logout_redirect_uris", "com.example.app:/bye", "Line 1: Only public apps"),
    ("save-signing-out", "backchannel_logout_uri", "http://my.example/", "https"),
    ("save-signing-out", "backchannel_logout_uri", SCRIPT, ""),
    ("save-signing-out", "frontchannel_logout_uri", "https://evil.example/", "one of the redirect URIs"),
    ("save-requests", "request_uris", "https://my.example/\nfile:///etc/passwd", "Line 2"),
    ("save-requests", "default_max_age", "an hour", "0 to 31,536,000"),
    ("save-requests", "default_max_age", "-1", "0 to 31,536,000"),
    ("save-requests", "default_max_age", "99999999999999999999", "0 to 31,536,000"),
    ("save-requests", "default_acr_values", "gold 1", "0, 1"),
    ("save-links", "policy_uri", "my.example/privacy", ""),
    ("save-links", "tos_uri", SCRIPT, ""),
    ("save-links", "initiate_login_uri", "https://a@my.example/", ""),
    ("save-links", "contacts", "dev@my.example\nnobody", "Line 2"),
    ("save-links", "contacts", "a@b.c\na@b.c\na@b.c\na@b.c\na@b.c\na@b.c\na@b.c\na@b.c\na@b.c", "up to 8"),
];

#[tokio::test]
async fn az_12_lo_08_what_cannot_be_registered_is_told_beside_its_field_and_nothing_typed_is_lost() {
    let server = TestServer::start().await;
    let (developer, app) = registered(&server).await;
    let id = app.client_id.as_str();
    let before = kept(&server, id).await;
    let many: String = (0..33).map(|n| format!("https://my.example/{n}\n")).collect();
    let too_many = ("save-signing-out", "post_logout_redirect_uris", many.trim(), "up to 32");
    for (button, name, typed, told) in WRONG.iter().copied().chain([too_many]) {
        let page = developer.save(&server, id, button, &[(name, typed)]).await;
        let wrong = wrong(&page);
        assert_eq!(wrong.len(), 1, "{name} {typed}: {wrong:?}");
        assert!(wrong[0].contains(told), "{name} {typed}: {wrong:?}");
        assert!(page.text(&format!("#{name}-wrong")).is_some_and(|text| text.contains(told)), "{name}");
        assert_eq!(page.values("#problem a", "href"), [format!("#{name}")]);
        let shown = page.values(&format!("input#{name}"), "value").pop();
        let shown = shown.or_else(|| page.text(&format!("#{name}")));
        assert_eq!(shown.as_deref(), Some(typed), "{name} is there again");
        assert_eq!(page.values("details.more[open]", "open").len(), 1, "{name}: it is not folded");
        assert!(!page.body.contains("><script>"), "{name}: it is text");
    }
    assert_eq!(kept(&server, id).await, before);
    for (button, name, value) in [
        ("save-tokens", "id_token_signed_response_alg", "none"),
        ("save-tokens", "id_token_signed_response_alg", "HS256"),
        ("save-tokens", "userinfo_signed_response_alg", ""),
        ("save-tokens", "token_endpoint_auth_signing_alg", "HS512"),
        ("save-requests", "require_pushed_authorization_requests", "true"),
        ("save-signing-out", "policy_uri", "https://my.example/"),
        ("save-links", "fapi_profile", "fapi2_security"),
    ] {
        assert_eq!(developer.save(&server, id, button, &[(name, value)]).await.status, 400, "{name} {value}");
    }
    assert_eq!(kept(&server, id).await, before);
}

#[tokio::test]
async fn a_public_app_may_go_back_to_a_scheme_of_its_own_after_signing_out() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    let app = developer.register_public(&server, "App", "com.example.app:/callback").await;
    let fields = [("post_logout_redirect_uris", "com.example.app:/bye")];
    led_to(&developer.save(&server, &app.client_id, "save-signing-out", &fields).await);
    assert_eq!(
        member(&server, &app.client_id, "post_logout_redirect_uris").await,
        Some(json!(["com.example.app:/bye"]))
    );
    let page =
        developer.save(&server, &app.client_id, "save-requests", &[("request_object_signing_alg", "HS256")]);
    let page = page.await;
    assert!(wrong(&page)[0].starts_with("Request objects"), "it has no secret: {:?}", wrong(&page));
}

#[tokio::test]
async fn to_04_what_an_app_signs_with_fits_how_it_proves_itself() {
    let server = TestServer::start().await;
    let (developer, app) = registered(&server).await;
    let id = app.client_id.as_str();
    let keys = key_set(&[&SigningKey::generate(Algorithm::Es256).unwrap()]).to_string();
    let by_key = [("auth_method", "private_key_jwt"), ("jwks", keys.as_str())];
    led_to(&developer.save(&server, id, "save-security", &by_key).await);
    let shared = [("token_endpoint_auth_signing_alg", "HS256")];
    let page = developer.save(&server, id, "save-tokens", &shared).await;
    assert!(page.has("token_endpoint_auth_signing_alg-wrong"), "{:?}", wrong(&page));
    assert_eq!(
        page.values("#token_endpoint_auth_signing_alg input[checked]", "value"),
        ["HS256"],
        "as it was chosen"
    );
    led_to(
        &developer.save(&server, id, "save-tokens", &[("token_endpoint_auth_signing_alg", "ES256")]).await,
    );
    let back = [("auth_method", "client_secret_jwt"), ("jwks", "")];
    let page = developer.save(&server, id, "save-security", &back).await;
    assert!(wrong(&page).iter().any(|line| line.contains("Tokens and signatures")), "{:?}", wrong(&page));
    // Request objects that the secret signs need one that this server knows: it is made, and shown once.
    led_to(&developer.save(&server, id, "save-tokens", &[("token_endpoint_auth_signing_alg", "none")]).await);
    let back = [("auth_method", "client_secret_basic"), ("jwks", "")];
    assert!(developer.save(&server, id, "save-security", &back).await.has("client-secret"));
    let signs = [("request_object_signing_alg", "HS256")];
    let shown = developer.save(&server, id, "save-requests", &signs).await;
    assert!(shown.has("client-secret"), "{}", shown.body);
    let now = server.now();
    let record = kept(&server, id).await;
    assert!(record.secrets.iter().any(|secret| secret.valid(now) && secret.sealed.is_some()));
    assert_eq!(record.secrets.iter().filter(|secret| secret.valid(now)).count(), 1);
}

#[tokio::test]
async fn fapi_a_profile_holds_in_every_form_and_what_it_leaves_on_can_be_switched_off() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let (developer, app) = registered(&server).await;
        let id = app.client_id.as_str();
        let pushed = "require_pushed_authorization_requests";
        led_to(
            &developer.save(&server, id, "save-tokens", &[("userinfo_signed_response_alg", "RS256")]).await,
        );
        let keys = key_set(&[&SigningKey::generate(Algorithm::Es256).unwrap()]).to_string();
        let bank = [("profile", "fapi2_security"), ("jwks", keys.as_str())];
        let page = developer.save(&server, id, "save-security", &bank).await;
        assert!(page.has("userinfo_signed_response_alg-wrong"), "{engine:?} {:?}", wrong(&page));
        led_to(
            &developer.save(&server, id, "save-tokens", &[("userinfo_signed_response_alg", "none")]).await,
        );
        let older = developer.page(&server, id).await;
        led_to(&developer.save(&server, id, "save-security", &bank).await);
        assert_eq!(kept(&server, id).await.app.settings.id_token_alg, "ES256", "{engine:?}");
        for (name, value) in [
            ("id_token_signed_response_alg", "RS256"),
            ("userinfo_signed_response_alg", "RS256"),
            ("authorization_signed_response_alg", "RS256"),
        ] {
            let page = developer.save(&server, id, "save-tokens", &[(name, value)]).await;
            assert!(page.has(&format!("{name}-wrong")), "{engine:?} {name}: {:?}", wrong(&page));
            assert_eq!(page.values(&format!("#{name} input[checked]"), "value"), [value], "{engine:?}");
        }
        let page = developer.page(&server, id).await;
        assert!(page.has(&format!("{pushed}-fixed")), "{engine:?}");
        assert!(page.values(&format!("#{pushed} input"), "name").is_empty(), "{engine:?}: nobody chooses");
        // A page from before the profile had the choice; the profile has it on all the same.
        led_to(&developer.browser.submit(&older, "save-requests", &[(pushed, "off")]).await);
        assert_eq!(member(&server, id, pushed).await, Some(json!(true)), "{engine:?}");
        let of_profile = developer.page(&server, id).await;
        led_to(
            &developer.save(&server, id, "save-security", &[("profile", "none"), ("tokens", "any")]).await,
        );
        assert_eq!(
            member(&server, id, pushed).await,
            Some(json!(true)),
            "{engine:?}: until it is taken back"
        );
        // A page from the profile's time says nothing of it.
        led_to(&developer.browser.submit(&of_profile, "save-requests", &[("default_max_age", "60")]).await);
        assert_eq!(member(&server, id, pushed).await, Some(json!(true)), "{engine:?}");
        led_to(&developer.save(&server, id, "save-requests", &[(pushed, "off")]).await);
        assert_eq!(member(&server, id, pushed).await, None, "{engine:?}");
        assert_eq!(member(&server, id, "default_max_age").await, Some(json!(60)), "{engine:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_tabs_that_change_different_parts_lose_nothing_of_each_other() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let (developer, app) = registered(&server).await;
        let id = app.client_id.as_str();
        let (one, other) = (developer.page(&server, id).await, developer.page(&server, id).await);
        let (links, tokens, logout) = tokio::join!(
            developer.browser.submit(&one, "save-links", &[("policy_uri", "https://my.example/privacy")]),
            developer.browser.submit(&other, "save-tokens", &[("id_token_signed_response_alg", "ES256")]),
            developer.browser.submit(
                &other,
                "save-signing-out",
                &[("backchannel_logout_uri", "https://a.example/")]
            ),
        );
        assert_eq!([links, tokens, logout].map(|page| page.status.as_u16()), [303; 3], "{engine:?}");
        let record = kept(&server, id).await;
        assert_eq!(record.app.settings.id_token_alg, "ES256", "{engine:?}");
        assert_eq!(record.lists.metadata.len(), 2, "{engine:?}: {:?}", record.lists.metadata);
        // Of the same part the later one counts, as it stood on its page.
        led_to(
            &developer.browser.submit(&other, "save-links", &[("tos_uri", "https://my.example/terms")]).await,
        );
        assert_eq!(member(&server, id, "policy_uri").await, None, "{engine:?}");
        assert_eq!(
            member(&server, id, "tos_uri").await,
            Some(json!("https://my.example/terms")),
            "{engine:?}"
        );
    }
}
