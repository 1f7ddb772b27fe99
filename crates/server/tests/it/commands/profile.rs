//! `mapae app create --profile`, `mapae app update --profile` — FAPI 2.0 §5.3.2, §5.4.1.

use mapae::store::apps;
use mapae_protocol::jose::{Algorithm, SigningKey};
use serde_json::json;

use super::installation::{on_each_engine, text, texts};

on_each_engine! {
    async fn fapi_a_profile_is_one_option_and_says_which_rule_is_broken(mapae: Installation) {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.json");
        std::fs::write(&file, json!({ "keys": [key.public_jwk()] }).to_string()).unwrap();
        let on = ["--profile", "fapi2_security"];
        let keys = ["--jwks-file", file.to_str().unwrap()];
        let bank = ["app", "create", "--name", "은행", "--redirect-uri", "https://bank.example/cb"];
        for (words, rule, help) in [
            (&[][..], "private_key_jwt needs the app's public keys: jwks, or jwks_uri.", "Add --jwks-file or --jwks-uri."),
            (
                &["--auth-method", "client_secret_basic"],
                "FAPI 2.0 §5.3.2.1 wants private_key_jwt as token_endpoint_auth_method.",
                "Add --auth-method private_key_jwt.",
            ),
            (&["--pkce", "optional"], "FAPI 2.0 §5.3.2.2 wants PKCE in every request.", "Leave --pkce out."),
            (
                &["--refresh-tokens", "rotate"],
                "FAPI 2.0 §5.3.2.1 forbids that refresh tokens rotate.",
                "Leave --refresh-tokens out.",
            ),
            (
                &["--id-token-alg", "RS256"],
                "FAPI 2.0 §5.4.1 wants ES256, PS256 or EdDSA as id_token_signed_response_alg.",
                "Add --id-token-alg ES256.",
            ),
            (
                &["--public"],
                "FAPI 2.0 §5.3.2.1 is for apps that prove who they are, and this one is public.",
                "Leave --public out, or take the profile back with --profile none.",
            ),
            (
                &["--redirect-uri", "http://localhost:3000/cb"],
                "FAPI 2.0 §5.3.2.2 wants https in every redirect URI, and number 2 is none.",
                "Write --redirect-uri with https addresses alone: localhost is none either.",
            ),
            (
                &["--metadata", "dpop_bound_access_tokens=false"],
                "the profile switches dpop_bound_access_tokens on, and it is registered as false.",
                "Write --metadata dpop_bound_access_tokens=true.",
            ),
        ] {
            let keyed = if words.is_empty() { &[][..] } else { &keys[..] };
            let refused = mapae.refused(&[&bank[..], &on, keyed, words].concat());
            assert_eq!(texts(&refused["mistakes"], "wrong"), [rule], "{words:?}");
            assert_eq!(texts(&refused["mistakes"], "instead"), [help], "{words:?}");
        }
        let made = mapae.json(&[&bank[..], &on, &keys].concat());
        assert_eq!((&made["token_endpoint_auth_method"], made.get("client_secret")), (&json!("private_key_jwt"), None));
        assert_eq!(made["metadata"]["fapi_profile"], "fapi2_security");
        assert_eq!(made["metadata"]["dpop_bound_access_tokens"], true);
        let id = text(&made, "client_id");
        let epoch = async || apps::find(&mapae.db(), &id).await.unwrap().unwrap().app.epoch;
        let before = epoch().await;
        let signing = mapae.json(&["app", "update", &id, "--profile", "fapi2_message_signing"]);
        assert_eq!(signing["metadata"]["require_signed_request_object"], true);
        assert_eq!(epoch().await, before + 1, "what was made by looser rules ends");
        let free = mapae.json(&["app", "update", &id, "--profile", "none"]);
        assert_eq!(free["metadata"].get("fapi_profile"), None);
        assert_eq!(epoch().await, before + 1);
    }
}
