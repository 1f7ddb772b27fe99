//! Every value that metadata lists is good at this server, and every other is refused — OIDC Discovery §3, RFC 8414 §2.
//!
//! A member or a value without a case fails: whoever advertises something new says here how it is used.

mod clients;
mod people;
mod signing;
mod switches;

use mapae_testkit::{
    Answer, AppFixture, AppSpec, Authorization, Browser, Options, Page, TestServer, UserFixture, client::send,
};
use serde_json::{Value, json};

use super::calendar;

/// A server with an API, somebody who uses it, and an app that may ask for everything.
struct World {
    server: TestServer,
    api: mapae_testkit::ApiFixture,
    app: AppFixture,
    user: UserFixture,
    browser: Browser,
}

/// About whom every standard claim is known.
const KNOWN: &str = r#"{"given_name":"길동","family_name":"홍","middle_name":"가","nickname":"의적",
    "preferred_username":"hong","profile":"https://hong.example/","picture":"https://hong.example/me.png",
    "website":"https://hong.example/","gender":"male","zoneinfo":"Asia/Seoul","birthdate":"1990-03-01",
    "phone_number":"+82 10-1234-5678","phone_number_verified":true,
    "address":{"formatted":"세종대로 1\n서울"},"locale":"ko-KR"}"#;

impl World {
    async fn new() -> Self {
        let settings = vec![
            ("MAPAE_REGISTRATION__POLICY".to_owned(), "open".to_owned()),
            ("MAPAE_REGISTRATION__VOUCH".to_owned(), "true".to_owned()),
            ("MAPAE_REGISTRATION__CLIENT_DOCUMENTS".to_owned(), "true".to_owned()),
            // The sites of the apps are on this machine.
            ("MAPAE_FETCH__PRIVATE_ADDRESSES".to_owned(), "true".to_owned()),
        ];
        let server = TestServer::start_with(Options { settings, ..Options::default() }).await;
        let (api, _) = calendar(&server, false).await;
        let optional =
            ["profile", "email", "phone", "address", "offline_access", "calendar.read", "calendar.write"];
        let optional = optional.map(str::to_owned).to_vec();
        let back = ("post_logout_redirect_uris".to_owned(), json!(["https://app.example.com/bye"]));
        let app = server.register(AppSpec { optional, metadata: [back].into(), ..AppSpec::default() }).await;
        let user = server.user("hong@example.com").await;
        let known = mapae::store::users::set_claims(&user.id, Some(KNOWN), server.now());
        server.write(known.into()).await;
        let browser = Browser::default();
        server.code(&browser, &user, &Authorization::of(&app, "openid")).await;
        Self { server, api, app, user, browser }
    }

    /// What comes of this request in the browser of the person, who agrees to everything.
    async fn asked(&self, asked: &Authorization) -> Page {
        let page = self.browser.visit(&asked.address(&self.server)).await;
        if page.has("consent-approve") {
            return self.browser.submit(&page, "consent-approve", &[("all", "1")]).await;
        }
        page
    }

    async fn error(&self, asked: &Authorization) -> String {
        let page = self.asked(asked).await;
        page.answered("error").unwrap_or_else(|| panic!("{} {:?}", page.status, page.location()))
    }

    async fn tokens(&self, app: &AppFixture, asked: &Authorization) -> Answer {
        let page = self.asked(asked).await;
        let code = page
            .answered("code")
            .unwrap_or_else(|| panic!("{} {:?} {}", page.status, page.location(), page.body));
        let tokens = self.server.redeem(app, &code, &asked.verifier).await;
        assert_eq!(tokens.status, 200, "{}", tokens.json);
        tokens
    }

    /// A registration with this member besides what every one has.
    async fn register(&self, more: Value) -> Answer {
        let mut said = json!({
            "redirect_uris": ["https://a.example/cb"], "client_name": "나의 앱",
            "grant_types": ["authorization_code", "refresh_token"],
        });
        said.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        send(mapae_testkit::http().post(self.server.at("/register")).json(&said)).await
    }

    async fn registered(&self, more: Value) -> AppFixture {
        let told = self.register(more).await;
        assert_eq!(told.status, 201, "{}", told.json);
        self.server.app().catch_up().await.unwrap();
        AppFixture {
            client_id: told.text("client_id"),
            client_secret: told.json.get("client_secret").and_then(Value::as_str).map(str::to_owned),
            redirect_uri: "https://a.example/cb".to_owned(),
        }
    }

    /// A value of a member that this server cannot do.
    async fn cannot_register(&self, member: &str, values: &[&str]) {
        for value in values {
            let refused = self.register(json!({ (member): value })).await;
            assert_eq!(
                (refused.status.as_u16(), refused.error()),
                (400, "invalid_client_metadata"),
                "{member}={value}"
            );
        }
    }
}

fn texts(list: &[Value]) -> Vec<&str> {
    list.iter().map(|value| value.as_str().expect("text")).collect()
}

/// The header of a JWT, unchecked.
fn header(jwt: &str) -> Value {
    let header = jwt.split('.').next().unwrap();
    serde_json::from_slice(&mapae_protocol::base64url::decode(header).unwrap()).unwrap()
}

#[tokio::test]
async fn me_03_every_advertised_value_works_and_every_other_is_refused() {
    let world = World::new().await;
    let http = mapae_testkit::http();
    let mut seen = Vec::new();
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        let document = send(http.get(world.server.at(path))).await.json;
        for (name, value) in document.as_object().unwrap() {
            // Both documents are one; what is the same in both is tried once.
            if seen.contains(&(name.clone(), value.clone())) {
                continue;
            }
            seen.push((name.clone(), value.clone()));
            Box::pin(tried(&world, name, value)).await;
        }
    }
}

async fn tried(world: &World, name: &str, value: &Value) {
    match value {
        Value::Array(list) => {
            let values = texts(list);
            assert!(!values.is_empty(), "{name} lists nothing");
            listed(world, name, &values).await;
        }
        Value::Bool(true) => switches::yes(world, name).await,
        Value::String(address) => switches::address(world, name, address).await,
        other => panic!("{name} is {other}, and nobody has said what that means"),
    }
}

async fn listed(world: &World, name: &str, values: &[&str]) {
    match name {
        "scopes_supported" => people::scopes(world, values).await,
        "claims_supported" => people::claims(world, values).await,
        "acr_values_supported" => people::acr_values(world, values).await,
        "display_values_supported" => people::displays(world, values).await,
        "prompt_values_supported" => people::prompts(world, values).await,
        "ui_locales_supported" => people::locales(world, values).await,
        "response_types_supported" => people::response_types(world, values).await,
        "response_modes_supported" => people::response_modes(world, values).await,
        "code_challenge_methods_supported" => people::challenge_methods(world, values).await,
        "subject_types_supported" => people::subject_types(world, values).await,
        "grant_types_supported" => clients::grant_types(world, values).await,
        "token_endpoint_auth_methods_supported" => clients::methods(world, "/token", values).await,
        "introspection_endpoint_auth_methods_supported" => {
            clients::methods(world, "/introspect", values).await;
        }
        "revocation_endpoint_auth_methods_supported" => clients::methods(world, "/revoke", values).await,
        "token_endpoint_auth_signing_alg_values_supported" => {
            clients::assertions(world, "/token", values).await;
        }
        "introspection_endpoint_auth_signing_alg_values_supported" => {
            clients::assertions(world, "/introspect", values).await;
        }
        "revocation_endpoint_auth_signing_alg_values_supported" => {
            clients::assertions(world, "/revoke", values).await;
        }
        "id_token_signing_alg_values_supported" => signing::id_tokens(world, values).await,
        "userinfo_signing_alg_values_supported" => signing::userinfo(world, values).await,
        "authorization_signing_alg_values_supported" => signing::responses(world, values).await,
        "request_object_signing_alg_values_supported" => signing::request_objects(world, values).await,
        "dpop_signing_alg_values_supported" => signing::proofs(world, values).await,
        other => panic!("{other} is advertised, and nobody has said how its values are used"),
    }
}
