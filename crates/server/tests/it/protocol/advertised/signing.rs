//! With which algorithms this server signs, and apps may.

use mapae_protocol::{
    dpop::NewProof,
    jose::{Algorithm, HeaderType, SharedKey, SigningKey},
    params,
    secret::Secret,
};
use mapae_testkit::{AppSpec, Authorization, client::send};
use serde_json::json;

use super::{
    super::{client_assertions::Signer, dpop, request_objects::object, signed_responses::sent},
    World,
    clients::{claiming, credential, redemption},
    header,
};

const UNKNOWN: [&str; 5] = ["none", "HS256", "RS512", "ES384", ""];

pub(super) async fn id_tokens(world: &World, values: &[&str]) {
    for value in values {
        let app = world.registered(json!({ "id_token_signed_response_alg": value })).await;
        let tokens = world.tokens(&app, &Authorization::of(&app, "openid")).await;
        assert_eq!(header(&tokens.text("id_token"))["alg"], *value);
    }
    world.cannot_register("id_token_signed_response_alg", &UNKNOWN).await;
}

pub(super) async fn userinfo(world: &World, values: &[&str]) {
    for value in values {
        let app = world.registered(json!({ "userinfo_signed_response_alg": value })).await;
        let tokens = world.tokens(&app, &Authorization::of(&app, "openid")).await;
        let request = mapae_testkit::http().get(world.server.at("/userinfo"));
        let answer = request.bearer_auth(tokens.text("access_token")).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/jwt");
        assert_eq!(header(&answer.text().await.unwrap())["alg"], *value);
    }
    world.cannot_register("userinfo_signed_response_alg", &UNKNOWN).await;
}

pub(super) async fn responses(world: &World, values: &[&str]) {
    for value in values {
        let app = world.registered(json!({ "authorization_signed_response_alg": value })).await;
        let page = world.asked(&Authorization::of(&app, "openid").with("response_mode", "jwt")).await;
        assert_eq!(header(&sent(&page)[0].1)["alg"], *value);
    }
    world.cannot_register("authorization_signed_response_alg", &UNKNOWN).await;
}

pub(super) async fn request_objects(world: &World, values: &[&str]) {
    let server = &world.server;
    let answered = async |id: &str, object: &str| {
        let query = params::encode([("client_id", id), ("request", object)]);
        let page = world.browser.visit(&server.at(&format!("/authorize?{query}"))).await;
        page.has("consent-approve") || page.answered("code").is_some()
    };
    for value in values {
        let app;
        let object = match Algorithm::parse(value) {
            Some(algorithm) => {
                let signer = Signer::register(server, algorithm, AppSpec::default()).await;
                let claims = object(server, &Authorization::of(&signer.app, "openid"));
                let object = signer.key.sign(HeaderType::RequestObject, &claims).unwrap();
                app = signer.app;
                object
            }
            None => {
                assert_eq!(*value, "HS256", "{value} is advertised, and nobody has said how it is used");
                app = world.registered(json!({ "request_object_signing_alg": "HS256" })).await;
                let claims = object(server, &Authorization::of(&app, "openid"));
                let key = SharedKey::new(&Secret::new(app.client_secret.clone().unwrap())).unwrap();
                key.sign(HeaderType::RequestObject, &claims).unwrap()
            }
        };
        assert!(answered(&app.client_id, &object).await, "{value}");
    }
    let signer = Signer::register(server, Algorithm::Es256, AppSpec::default()).await;
    let claims = object(server, &Authorization::of(&signer.app, "openid"));
    for name in ["none", "RS512", "HS512", "ES384"] {
        let object = claiming(name, &claims);
        let assertion = signer.fresh(server);
        let form = [&credential(&assertion)[..], &[("request", object.as_str())]].concat();
        let refused = server.post("/par", None, &form).await;
        assert_eq!((refused.status.as_u16(), refused.error()), (400, "invalid_request_object"), "{name}");
    }
    world.cannot_register("request_object_signing_alg", &["none", "RS512", "HS512", "ES384"]).await;
}

pub(super) async fn proofs(world: &World, values: &[&str]) {
    let (server, app) = (&world.server, &world.app);
    for value in values {
        let algorithm = Algorithm::parse(value).unwrap_or_else(|| panic!("{value}: a case is missing"));
        let key = SigningKey::generate(algorithm).unwrap();
        let asked = Authorization::of(app, "openid");
        let code = world.asked(&asked).await.answered("code").unwrap();
        let address = server.at("/token");
        let proof = NewProof {
            method: "POST",
            address: &address,
            access_token: None,
            nonce: None,
            now: server.now(),
        };
        let proof = proof.sign(&key).unwrap();
        let tokens = dpop::redeem(server, app, (&code, &asked.verifier), &proof).await;
        assert_eq!((tokens.status.as_u16(), tokens.text("token_type").as_str()), (200, "DPoP"), "{value}");
    }
    for name in ["none", "HS256", "RS512"] {
        let proof =
            claiming(name, &json!({ "jti": "a", "htm": "POST", "htu": server.at("/token"), "iat": 0 }));
        let request = mapae_testkit::http().post(server.at("/token")).header("DPoP", proof);
        let request = request.basic_auth(&app.client_id, app.client_secret.as_ref());
        let refused = send(request.form(&redemption(app, "x", &Authorization::of(app, "openid")))).await;
        assert_eq!((refused.status.as_u16(), refused.error()), (400, "invalid_dpop_proof"), "{name}");
    }
}
