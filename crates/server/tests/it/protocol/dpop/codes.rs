//! Codes that are bound to a key — RFC 9449 §10, §10.1.

use mapae_testkit::{AppSpec, Authorization, TestServer};

use super::{Key, Person, answered, post, public, redeem, userinfo};
use crate::engines::for_each_engine;

fn form(authorization: &Authorization) -> Vec<(&str, &str)> {
    authorization.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn begin(server: &TestServer, client_id: &str, request_uri: &str) -> String {
    let pairs = [("client_id", client_id), ("request_uri", request_uri)];
    server.at(&format!("/authorize?{}", mapae_protocol::params::encode(pairs)))
}

for_each_engine! {
    async fn po_07_a_code_that_names_a_key_is_redeemed_with_that_key_alone(server: TestServer) {
        let app = server.register(public()).await;
        let person = Person::of(&server).await;
        let (key, other) = (Key::fresh(), Key::fresh());
        let authorization = Authorization::of(&app, "openid").with("dpop_jkt", &key.thumbprint());
        let code = person.code(&server, &authorization).await;
        let verifier = authorization.verifier.as_str();
        assert_eq!(server.redeem(&app, &code, verifier).await.error(), "invalid_grant");
        let stolen = redeem(&server, &app, (&code, verifier), &other.proof(&server, "/token")).await;
        assert_eq!(stolen.error(), "invalid_grant");
        let own = redeem(&server, &app, (&code, verifier), &key.proof(&server, "/token")).await;
        assert_eq!((own.status.as_u16(), own.text("token_type").as_str()), (200, "DPoP"), "it was not burnt");
        // Once redeemed, who has not the key cannot end what it gave.
        assert_eq!(server.redeem(&app, &code, verifier).await.error(), "invalid_grant");
        let token = own.text("access_token");
        let proof = key.for_token(&server, &token, None);
        assert_eq!(userinfo(&server, "DPoP", &token, &[&proof]).await.status, 200);
    }

    async fn rfc9449_10_1_who_pushes_with_a_proof_binds_the_code(server: TestServer) {
        let app = server.register(AppSpec::default()).await;
        let person = Person::of(&server).await;
        let (key, other) = (Key::fresh(), Key::fresh());
        let authorization = Authorization::of(&app, "openid");
        let proof = key.proof(&server, "/par");
        let pushed = post(&server, &app, "/par", &[&proof], &form(&authorization)).await;
        assert_eq!(pushed.status, 201, "{}", pushed.json);
        let again = post(&server, &app, "/par", &[&proof], &form(&authorization)).await;
        assert_eq!(again.error(), "invalid_dpop_proof", "a proof is good once here, too");
        let address = begin(&server, &app.client_id, &pushed.text("request_uri"));
        let code = answered(&person, &address).await.answered("code").unwrap();
        let verifier = authorization.verifier.as_str();
        let stolen = redeem(&server, &app, (&code, verifier), &other.proof(&server, "/token")).await;
        assert_eq!(stolen.error(), "invalid_grant");
        let own = redeem(&server, &app, (&code, verifier), &key.proof(&server, "/token")).await;
        assert_eq!(own.status, 200, "{}", own.json);
    }
}

#[tokio::test]
async fn rfc9449_10_1_a_pushed_request_contradicts_its_proof_in_nothing() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let (key, other) = (Key::fresh(), Key::fresh());
    let plain = Authorization::of(&app, "openid");
    let same = plain.clone().with("dpop_jkt", &key.thumbprint());
    let contradicting = plain.clone().with("dpop_jkt", &other.thumbprint());
    let push = async |authorization: &Authorization, proofs: &[&str]| {
        post(&server, &app, "/par", proofs, &form(authorization)).await
    };
    assert_eq!(push(&same, &[&key.proof(&server, "/par")]).await.status, 201);
    assert_eq!(push(&same, &[]).await.status, 201, "the parameter alone binds, too");
    let refused = push(&contradicting, &[&key.proof(&server, "/par")]).await;
    assert_eq!((refused.status.as_u16(), refused.error()), (400, "invalid_dpop_proof"));
    let elsewhere = push(&plain, &[&key.proof(&server, "/token")]).await;
    assert_eq!(elsewhere.error(), "invalid_dpop_proof", "a proof for the token endpoint");
    let proof = key.proof(&server, "/par");
    let wrong = push(&plain.clone().with("response_type", "token"), &[&proof]).await;
    assert_eq!(wrong.error(), "unsupported_response_type");
    assert_eq!(push(&plain, &[&proof]).await.error(), "invalid_dpop_proof", "used by what was refused");
    for malformed in ["x", "", &key.thumbprint()[1..], &format!("{}=", key.thumbprint())] {
        let answer = push(&plain.clone().with("dpop_jkt", malformed), &[]).await;
        let expected = if malformed.is_empty() { "" } else { "invalid_request" };
        assert_eq!(answer.error(), expected, "{malformed}");
    }
    let person = Person::of(&server).await;
    let page = server.authorize(&person.browser, &person.user, &plain.with("dpop_jkt", "x")).await;
    assert_eq!(page.answered("error").as_deref(), Some("invalid_request"));
}
