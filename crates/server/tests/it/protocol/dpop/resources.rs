//! Bound tokens at our own resources — RFC 9449 §7.

use mapae_protocol::dpop::NewProof;
use mapae_testkit::{Answer, AppSpec, TestServer, client::send};

use super::{Key, Person, public, userinfo};
use crate::engines::for_each_engine;

fn challenges(answer: &Answer) -> Vec<String> {
    let values = answer.headers.get_all("www-authenticate").iter();
    values.map(|value| value.to_str().unwrap().to_owned()).collect()
}

const ALGS: &str = r#"DPoP algs="ES256 RS256 PS256 EdDSA""#;

for_each_engine! {
    async fn rfc9449_7_userinfo_takes_a_bound_token_with_its_proof_once(server: TestServer) {
        let app = server.register(public()).await;
        let person = Person::of(&server).await;
        let key = Key::fresh();
        let token = person.tokens(&server, &app, &key).await.text("access_token");
        let proof = key.for_token(&server, &token, None);
        let told = userinfo(&server, "DPoP", &token, &[&proof]).await;
        assert_eq!((told.status.as_u16(), told.text("email").as_str()), (200, "hong@example.com"));
        let again = userinfo(&server, "dpop", &token, &[&proof]).await;
        assert_eq!((again.status.as_u16(), again.error()), (401, "invalid_dpop_proof"), "po_04 here, too");
        let fresh = key.for_token(&server, &token, None);
        assert_eq!(userinfo(&server, "dPOP", &token, &[&fresh]).await.status, 200);
        server.write(mapae::store::apps::disable(&app.client_id, server.now())).await;
        let dead = userinfo(&server, "DPoP", &token, &[&key.for_token(&server, &token, None)]).await;
        assert_eq!((dead.status.as_u16(), dead.error()), (401, "invalid_token"), "a good proof revives nothing");
    }
}

#[tokio::test]
async fn ui_04_po_08_a_bound_token_is_no_bearer_token_and_the_other_way_round() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let person = Person::of(&server).await;
    let key = Key::fresh();
    let token = person.tokens(&server, &app, &key).await.text("access_token");
    let proof = || key.for_token(&server, &token, None);
    for proofs in [vec![], vec![proof()]] {
        let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
        let answer = userinfo(&server, "Bearer", &token, &proofs).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (401, "invalid_token"));
        let [bearer, dpop] = challenges(&answer).try_into().unwrap();
        assert!(bearer.starts_with(r#"Bearer error="invalid_token""#), "{bearer}");
        assert_eq!(dpop, ALGS);
    }
    let posted = mapae_testkit::http().post(server.at("/userinfo")).form(&[("access_token", token.as_str())]);
    assert_eq!(send(posted).await.status, 401, "nor in a form");
    let unbound =
        crate::protocol::sign_in_as(&server, &app, &person.user, "openid").await.text("access_token");
    let answer = userinfo(&server, "DPoP", &unbound, &[&key.for_token(&server, &unbound, None)]).await;
    assert_eq!((answer.status.as_u16(), answer.error()), (401, "invalid_token"));
    let [only] = challenges(&answer).try_into().unwrap();
    assert!(only.starts_with(r#"DPoP error="invalid_token""#) && only.contains("algs="), "{only}");
    assert_eq!(userinfo(&server, "Bearer", &unbound, &[]).await.status, 200);
    let nothing = send(mapae_testkit::http().get(server.at("/userinfo"))).await;
    assert_eq!(challenges(&nothing), ["Bearer", ALGS]);
}

#[tokio::test]
async fn po_01_po_03_po_06_po_07_the_proof_is_for_this_request_this_token_and_its_key() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let person = Person::of(&server).await;
    let (key, other) = (Key::fresh(), Key::fresh());
    let token = person.tokens(&server, &app, &key).await.text("access_token");
    let address = server.at("/userinfo");
    let made = |method: &str, address: &str, access_token: Option<&str>| {
        NewProof { method, address, access_token, nonce: None, now: server.now() }.sign(&key.0).unwrap()
    };
    let ath_missing = made("GET", &address, None);
    let ath_of_another = made("GET", &address, Some("another"));
    let another_method = made("POST", &address, Some(&token));
    let another_address = made("GET", &server.at("/token"), Some(&token));
    let good = made("GET", &address, Some(&token));
    for (proofs, error) in [
        (&[][..], "invalid_dpop_proof"),
        (&[good.as_str(), good.as_str()], "invalid_dpop_proof"),
        (&["x"], "invalid_dpop_proof"),
        (&[ath_missing.as_str()], "invalid_dpop_proof"),
        (&[ath_of_another.as_str()], "invalid_dpop_proof"),
        (&[another_method.as_str()], "invalid_dpop_proof"),
        (&[another_address.as_str()], "invalid_dpop_proof"),
        (&[other.for_token(&server, &token, None).as_str()], "invalid_token"),
    ] {
        let answer = userinfo(&server, "DPoP", &token, proofs).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (401, error), "{proofs:?}");
        assert!(challenges(&answer)[0].starts_with(&format!("DPoP error=\"{error}\"")));
    }
    assert_eq!(userinfo(&server, "DPoP", &token, &[&good]).await.status, 200, "none of it used the good one");
}

#[tokio::test]
async fn rfc9449_5_1_browser_apps_send_proofs_and_read_nonces() {
    let server = TestServer::start().await;
    let origin = "https://app.example.com";
    let app = server.register(AppSpec { origins: vec![origin.to_owned()], ..super::bound() }).await;
    let preflight = mapae_testkit::http()
        .request(reqwest::Method::OPTIONS, server.at("/token"))
        .header("Origin", origin)
        .header("Access-Control-Request-Headers", "dpop");
    let preflight = send(preflight).await;
    assert!(preflight.headers["access-control-allow-headers"].to_str().unwrap().contains("dpop"));
    let key = Key::fresh();
    let request = mapae_testkit::http()
        .post(server.at("/token"))
        .header("Origin", origin)
        .header("DPoP", key.proof(&server, "/token"))
        .basic_auth(&app.client_id, app.client_secret.as_deref())
        .form(&[("grant_type", "refresh_token"), ("refresh_token", "x")]);
    let refused = send(request).await;
    assert_eq!(refused.error(), "use_dpop_nonce");
    assert!(refused.headers.contains_key("dpop-nonce"));
    assert!(refused.headers["access-control-expose-headers"].to_str().unwrap().contains("dpop-nonce"));
    let discovery =
        send(mapae_testkit::http().get(server.at("/.well-known/oauth-authorization-server"))).await;
    let algorithms = ["ES256", "RS256", "PS256", "EdDSA"].map(serde_json::Value::from);
    assert_eq!(
        discovery.json["dpop_signing_alg_values_supported"],
        serde_json::Value::from(algorithms.to_vec())
    );
}
