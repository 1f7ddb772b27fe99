//! What a developer chooses about keys, proofs and profiles, in the console and without scripts.

use mapae_protocol::jose::{Algorithm, SigningKey};
use mapae_testkit::{Engine, Page, TestServer};
use serde_json::{Value, json};

use super::{Developer, developer, kept, led_to};
use crate::protocol::client_assertions::{Signer, key_set, present};

const BUTTON: &str = "save-security";

fn member(page: &mapae::store::apps::RegisteredApp, name: &str) -> Option<Value> {
    page.lists.metadata.get(name).map(|text| serde_json::from_str(text).unwrap())
}

/// Everything that the page says is wrong.
fn wrong(page: &Page) -> Vec<String> {
    assert_eq!(page.status, 422, "{}", page.body);
    page.texts("#problem li")
}

async fn save(developer: &Developer, server: &TestServer, id: &str, fields: &[(&str, &str)]) -> Page {
    developer.save(server, id, BUTTON, fields).await
}

#[tokio::test]
async fn an_app_that_signs_with_a_key_of_its_own_pastes_it_and_has_no_secret() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let developer = developer(&server, "dev@example.com").await;
        let app = developer.register(&server, "나의 서비스").await;
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let keys = key_set(&[&key]).to_string();
        let fields = [("auth_method", "private_key_jwt"), ("jwks", keys.as_str())];
        let saved = save(&developer, &server, &app.client_id, &fields).await;
        assert_eq!(led_to(&saved), format!("/console/apps/{}?done=saved", app.client_id));
        server.app().catch_up().await.unwrap();
        let secret = server.redeem(&app, "x", "x").await;
        assert_eq!((secret.status.as_u16(), secret.error()), (401, "invalid_client"));
        assert!(kept(&server, &app.client_id).await.secrets.is_empty());
        let signer = Signer { app: app.clone(), key };
        let form = [("grant_type", "authorization_code"), ("code", "x")];
        assert_eq!(present(&server, "/token", &signer.fresh(&server), &form).await.error(), "invalid_grant");
        let page = developer.page(&server, &app.client_id).await;
        assert!(!page.has("secret-rotate"), "no secret to rotate");
        let shown: Value = serde_json::from_str(&page.text("#jwks").unwrap()).unwrap();
        assert_eq!(shown, key_set(&[&signer.key]));
        // Back to a secret: it is a new one, and shown.
        let fields = [("auth_method", "client_secret_basic"), ("jwks", "")];
        let back = save(&developer, &server, &app.client_id, &fields).await;
        assert!(back.text("#client-secret").is_some_and(|secret| Some(secret) != app.client_secret));
        // And one that signs is yet another.
        let signing =
            save(&developer, &server, &app.client_id, &[("auth_method", "client_secret_jwt")]).await;
        assert!(signing.has("client-secret"), "{}", signing.body);
        let kept = kept(&server, &app.client_id).await;
        assert!(kept.secrets.iter().any(|secret| secret.sealed.is_some()));
        assert_eq!(member(&kept, "jwks"), None);
    }
}

#[tokio::test]
async fn dc_09_keys_that_cannot_be_used_are_told_beside_their_field_and_kept_nowhere() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    let app = developer.register(&server, "나의 서비스").await;
    let before = kept(&server, &app.client_id).await;
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let good = key_set(&[&key]).to_string();
    let mut private = key_set(&[&key]);
    private["keys"][0]["d"] = json!("AAAA");
    let private = private.to_string();
    let by_key = ("auth_method", "private_key_jwt");
    for (fields, label) in [
        (vec![by_key], "Public keys (JWKS)"),
        (vec![by_key, ("jwks", "{\"keys\": [")], "Public keys (JWKS)"),
        (vec![by_key, ("jwks", "{\"keys\": []}")], "Public keys (JWKS)"),
        (vec![by_key, ("jwks", private.as_str())], "Public keys (JWKS)"),
        (vec![by_key, ("jwks_uri", "http://my.example/keys")], "Address of the public keys"),
        (vec![by_key, ("jwks_uri", "javascript:alert(1)")], "Address of the public keys"),
        (
            vec![by_key, ("jwks", good.as_str()), ("jwks_uri", "https://my.example/keys")],
            "Public keys (JWKS)",
        ),
        (vec![("profile", "fapi2_security")], "Public keys (JWKS)"),
        (vec![("auth_method", "client_secret_post"), ("profile", "fapi2_security")], "Security"),
    ] {
        let page = save(&developer, &server, &app.client_id, &fields).await;
        let told = wrong(&page);
        assert!(told.iter().any(|line| line.starts_with(label)), "{fields:?}: {told:?}");
        for (name, value) in fields.iter().filter(|(name, _)| *name == "jwks_uri") {
            assert_eq!(page.values("#jwks_uri", "value"), [*value], "{name} is there again");
        }
    }
    for (name, value) in [("auth_method", "none"), ("profile", "fapi1"), ("tokens", "x"), ("requests", "x")] {
        assert_eq!(save(&developer, &server, &app.client_id, &[(name, value)]).await.status, 400, "{name}");
    }
    assert_eq!(kept(&server, &app.client_id).await, before);
}

#[tokio::test]
async fn fapi_a_profile_switches_everything_on_and_every_form_keeps_to_it() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    let app = developer.register(&server, "은행").await;
    let keys = key_set(&[&SigningKey::generate(Algorithm::Es256).unwrap()]).to_string();
    let fields = [("profile", "fapi2_message_signing"), ("jwks", keys.as_str())];
    let epoch = kept(&server, &app.client_id).await.app.epoch;
    save(&developer, &server, &app.client_id, &fields).await;
    let bank = kept(&server, &app.client_id).await;
    let settings = &bank.app.settings;
    assert_eq!(settings.token_endpoint_auth_method.as_deref(), Some("private_key_jwt"));
    assert!(settings.pkce_required && !settings.rotate_refresh && settings.id_token_alg == "ES256");
    for name in
        ["dpop_bound_access_tokens", "require_pushed_authorization_requests", "require_signed_request_object"]
    {
        assert_eq!(member(&bank, name), Some(json!(true)), "{name}");
    }
    assert_eq!(bank.app.epoch, epoch + 1, "what was issued before ends");
    let page = developer.page(&server, &app.client_id).await;
    let ticked = page.values("#security input[checked]", "id");
    let on = [
        "auth-key-jwt",
        "pkce-required",
        "refresh-keep",
        "requests-signed",
        "tokens-bound",
        "profile-signing",
    ];
    assert_eq!(ticked, on);
    let local = [("redirect_uris", "https://my.example/callback\nhttp://localhost:3000/callback")];
    let refused = developer.save(&server, &app.client_id, "save-addresses", &local).await;
    assert!(wrong(&refused)[0].contains("number 2"), "{:?}", wrong(&refused));
    let public = developer.save(&server, &app.client_id, "save-general", &[("kind", "public")]).await;
    assert!(wrong(&public)[0].contains("server apps"), "{:?}", wrong(&public));
    let loose = [("tokens", "any"), ("requests", "any"), ("pkce", "optional"), ("refresh_tokens", "rotate")];
    save(&developer, &server, &app.client_id, &loose).await;
    assert_eq!(kept(&server, &app.client_id).await.lists, bank.lists, "the profile has them on");
    save(&developer, &server, &app.client_id, &[("profile", "none"), ("tokens", "any")]).await;
    let free = kept(&server, &app.client_id).await;
    assert_eq!((member(&free, "fapi_profile"), member(&free, "dpop_bound_access_tokens")), (None, None));
    assert_eq!(free.app.epoch, bank.app.epoch, "what was issued by stricter rules stays");
}

/// RFC 9449 §5.2.
#[tokio::test]
async fn po_01_the_developer_of_a_public_app_binds_its_tokens_to_a_key_and_chooses_nothing_else() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let developer = developer(&server, "dev@example.com").await;
        let app = developer.register_public(&server, "내 앱", "http://127.0.0.1/callback").await;
        let id = app.client_id.as_str();
        let page = developer.page(&server, id).await;
        assert_eq!(page.values("#security input[type=radio]", "id"), ["tokens-any", "tokens-bound"]);
        assert_eq!(page.values("#security input[checked]", "id"), ["tokens-any"]);
        let before = kept(&server, id).await;
        for (name, value) in [
            ("auth_method", "client_secret_basic"),
            ("jwks", "{}"),
            ("jwks_uri", "https://a.example/keys"),
            ("pkce", "optional"),
            ("refresh_tokens", "keep"),
            ("requests", "signed"),
            ("profile", "fapi2_security"),
            ("tokens", "x"),
        ] {
            let answer = save(&developer, &server, id, &[(name, value)]).await;
            assert_eq!(answer.status, 400, "{name}");
        }
        assert_eq!(kept(&server, id).await, before);
        led_to(&save(&developer, &server, id, &[("tokens", "bound")]).await);
        assert_eq!(member(&kept(&server, id).await, "dpop_bound_access_tokens"), Some(json!(true)));
        server.app().catch_up().await.unwrap();
        let refused = server.redeem(&app, "x", "x").await;
        assert_eq!(refused.error(), "invalid_dpop_proof", "it needs a proof now");
        let page = developer.page(&server, id).await;
        assert_eq!(page.values("#security input[checked]", "id"), ["tokens-bound"]);
        led_to(&save(&developer, &server, id, &[("tokens", "any")]).await);
        assert_eq!(kept(&server, id).await.lists, before.lists);
    }
}
