//! Apps that go over to a profile while codes, tokens and requests are on their way: what was made by looser rules ends.

use mapae_protocol::jose::{Algorithm, SigningKey};
use mapae_testkit::{Answer, AppFixture, Authorization, Browser, Engine, Options, TestServer, client::send};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    super::{
        client_assertions::{Signer, key_set, present},
        dpop::Key,
        to_node,
    },
    Bank, MESSAGE_SIGNING, SECURITY, agree, is_page, pairs,
};
use crate::registration::by_operator;

/// An app that has registered itself, and may manage that.
pub(super) struct Managed {
    pub(super) signer: Signer,
    told: Value,
}

impl Managed {
    pub(super) async fn register(server: &TestServer) -> Self {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let said = json!({
            "redirect_uris": ["https://a.example/cb"], "client_name": "은행",
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "private_key_jwt", "jwks": key_set(&[&key]),
        });
        let told = send(mapae_testkit::http().post(server.at("/register")).json(&said)).await;
        assert_eq!(told.status, 201, "{}", told.json);
        let client_id = told.text("client_id");
        let app =
            AppFixture { client_id, client_secret: None, redirect_uri: "https://a.example/cb".to_owned() };
        Self { signer: Signer { app, key }, told: told.json }
    }

    /// What it registered first, with these members besides, in place of all that is registered; to this very node.
    pub(super) async fn say(&self, node: &TestServer, more: &Value) -> Answer {
        let mut said = self.told.clone();
        let given = ["registration_access_token", "registration_client_uri", "client_id_issued_at"];
        said.as_object_mut().unwrap().retain(|name, _| !given.contains(&name.as_str()));
        said["id_token_signed_response_alg"] = json!("ES256");
        said.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let address = format!("/register/{}", self.signer.app.client_id);
        let token = self.told["registration_access_token"].as_str().unwrap();
        send(to_node(node, Method::PUT, &address).bearer_auth(token).json(&said)).await
    }

    pub(super) async fn go_over(&self, server: &TestServer, profile: &str) {
        let changed = self.say(server, &json!({ "fapi_profile": profile })).await;
        assert_eq!(
            (changed.status.as_u16(), &changed.json["fapi_profile"]),
            (200, &json!(profile)),
            "{}",
            changed.json
        );
        server.app().catch_up().await.unwrap();
    }

    async fn post(&self, server: &TestServer, path: &str, form: &[(&str, &str)]) -> Answer {
        present(server, path, &self.signer.fresh(server), form).await
    }
}

pub(super) async fn open(engine: Engine) -> TestServer {
    let database = TestServer::database_on(engine).await;
    let setting = |name: &str, value: &str| (format!("MAPAE_REGISTRATION__{name}"), value.to_owned());
    let settings = vec![setting("POLICY", "open"), setting("REQUIRE_PKCE", "false")];
    TestServer::start_with(Options { database, settings, ..Options::default() }).await
}

#[tokio::test]
async fn fapi_what_was_made_before_an_app_went_over_ends() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        let managed = Managed::register(&server).await;
        let app = &managed.signer.app;
        let user = server.user("hong@example.com").await;
        let browser = Browser::default();
        let asked = Authorization::of(app, "openid email");
        let code = server.code(&browser, &user, &asked).await;
        let form = |code: &str, verifier: &str| {
            [
                ("grant_type".to_owned(), "authorization_code".to_owned()),
                ("code".to_owned(), code.to_owned()),
                ("redirect_uri".to_owned(), app.redirect_uri.clone()),
                ("code_verifier".to_owned(), verifier.to_owned()),
            ]
        };
        let tokens = managed.post(&server, "/token", &pairs(&form(&code, &asked.verifier))).await;
        assert_eq!((tokens.status.as_u16(), tokens.text("token_type").as_str()), (200, "Bearer"));
        // On their way: a code, a request that was pushed, and a person who looks at a page.
        let flying = Authorization::of(app, "openid email");
        let code = server.code(&browser, &user, &flying).await;
        let pushed = managed.post(&server, "/par", &pairs(&flying.parameters)).await.text("request_uri");
        let looking = Browser::default();
        let sign_in = looking.visit(&Authorization::of(app, "openid email").address(&server)).await;
        assert!(sign_in.has("login-submit"));

        managed.go_over(&server, SECURITY).await;

        let access = tokens.text("access_token");
        assert_eq!(server.userinfo(&access).await.status, 401);
        let bank = Bank { signer: managed.signer, key: Key::fresh(), profile: SECURITY };
        assert_eq!(bank.redeem(&server, &code, &flying.verifier).await.error(), "invalid_grant");
        assert_eq!(bank.refresh(&server, &tokens.text("refresh_token")).await.error(), "invalid_grant");
        is_page(&browser.visit(&bank.address_of(&server, &pushed)).await);
        let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
        is_page(&looking.follow(looking.submit(&sign_in, "login-submit", &fields).await).await);
        bank.tokens(&server, (&browser, &user)).await;
    }
}

#[tokio::test]
async fn fapi_a_request_that_was_pushed_unsigned_is_over_when_messages_must_be_signed() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        let managed = Managed::register(&server).await;
        managed.go_over(&server, SECURITY).await;
        let told = managed.told.clone();
        let bank = Bank { signer: managed.signer, key: Key::fresh(), profile: SECURITY };
        let user = server.user("hong@example.com").await;
        let browser = Browser::default();
        let tokens = bank.tokens(&server, (&browser, &user)).await;
        let unsigned = bank.address(&server, &bank.asked().with("response_mode", "jwt")).await;
        let managed = Managed { signer: bank.signer, told };
        managed.go_over(&server, MESSAGE_SIGNING).await;
        let bank = Bank { signer: managed.signer, profile: MESSAGE_SIGNING, ..bank };
        is_page(&agree(&browser, &user, &unsigned).await);
        assert_eq!(bank.refresh(&server, &tokens.text("refresh_token")).await.error(), "invalid_grant");
        bank.tokens(&server, (&browser, &user)).await;
    }
}

/// RFC 7592 §2.2.
#[tokio::test]
async fn dc_06_an_app_does_not_leave_its_profile_by_itself_whoever_has_put_it_there() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        for by_the_operator in [false, true] {
            let managed = Managed::register(&server).await;
            let id = &managed.signer.app.client_id;
            match by_the_operator {
                true => put_on(&server, id, Some(MESSAGE_SIGNING)).await,
                false => managed.go_over(&server, MESSAGE_SIGNING).await,
            }
            for said in [
                json!({}),
                json!({ "fapi_profile": null }),
                json!({ "fapi_profile": SECURITY, "contacts": ["a@a.example"] }),
            ] {
                let told = managed.say(&server, &said).await;
                assert_eq!(told.status, 200, "{said} {}", told.json);
                for (name, value) in [
                    ("fapi_profile", json!(MESSAGE_SIGNING)),
                    ("require_pushed_authorization_requests", json!(true)),
                    ("require_signed_request_object", json!(true)),
                    ("dpop_bound_access_tokens", json!(true)),
                ] {
                    assert_eq!(told.json[name], value, "{said} {name}");
                }
            }
            for looser in [
                json!({ "token_endpoint_auth_method": "none" }),
                json!({ "token_endpoint_auth_method": "client_secret_basic" }),
                json!({ "dpop_bound_access_tokens": false }),
                json!({ "require_signed_request_object": false }),
                json!({ "id_token_signed_response_alg": "RS256" }),
                json!({ "fapi_profile": "none" }),
            ] {
                let refused = managed.say(&server, &looser).await;
                assert_eq!(
                    (refused.status.as_u16(), refused.error()),
                    (400, "invalid_client_metadata"),
                    "{looser}"
                );
            }
            put_on(&server, id, None).await;
            let free = managed.say(&server, &json!({})).await;
            assert_eq!(
                (free.status.as_u16(), free.json.get("fapi_profile")),
                (200, None),
                "the operator lets it go"
            );
        }
    }
}

/// What the operator's command line does.
async fn put_on(server: &TestServer, id: &str, profile: Option<&str>) {
    by_operator(server, id, &["--profile", profile.unwrap_or("none")]).await;
}
