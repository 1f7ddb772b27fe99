//! Signed authorization responses — JARM §2.

use mapae_protocol::{
    jose::{HeaderType, JwkSet, Unverified},
    params::{Limits, Params},
};
use mapae_testkit::{AppFixture, AppSpec, Authorization, Page, TestServer};
use serde_json::{Value, json};

use super::sign_in;

const MODES: [&str; 4] = ["jwt", "query.jwt", "fragment.jwt", "form_post.jwt"];

/// The parameters that a page sends to the app, by whatever carries them.
pub(super) fn sent(page: &Page) -> Vec<(String, String)> {
    let Some(address) = page.location() else {
        let fields = page.values("form input[type=hidden]", "name");
        return fields.into_iter().zip(page.values("form input[type=hidden]", "value")).collect();
    };
    let carried = address.fragment().or_else(|| address.query()).unwrap_or_default().to_owned();
    let params = Params::parse(carried.as_bytes(), Limits::REQUEST).unwrap();
    params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

async fn read(server: &TestServer, app: &AppFixture, page: &Page) -> Value {
    let sent = sent(page);
    let [(name, jwt)] = &sent[..] else { panic!("one parameter and no other: {sent:?}") };
    assert_eq!(name, "response");
    let keys = mapae_testkit::http().get(server.at("/jwks")).send().await.unwrap().bytes().await.unwrap();
    let unverified = Unverified::parse(jwt).unwrap();
    assert!(unverified.is_typed(HeaderType::Jwt));
    let keys = JwkSet::parse(&keys).unwrap();
    let claims: Value = unverified.verify_with(&keys).unwrap().claims(&["iss", "aud", "exp"]).unwrap();
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!(server.issuer()), &json!(app.client_id)));
    let life = claims["exp"].as_i64().unwrap() - server.now().unix();
    assert!((1..=600).contains(&life), "{life}");
    claims
}

/// JARM §2.3.
/// JARM §2.3.4, §3.
#[tokio::test]
async fn jarm_2_3_a_code_and_an_error_travel_as_one_signed_parameter() {
    for algorithm in ["RS256", "ES256", "PS256", "EdDSA"] {
        let server = TestServer::start().await;
        let metadata = [("authorization_signed_response_alg".to_owned(), json!(algorithm))].into();
        let app = server.register(AppSpec { metadata, ..AppSpec::default() }).await;
        let signed_in = sign_in(&server, &app, "openid").await;
        for mode in MODES {
            let asked =
                Authorization::of(&app, "openid").with("response_mode", mode).with("state", "상태 1&2");
            let page = signed_in.browser.visit(&asked.address(&server)).await;
            let answer = read(&server, &app, &page).await;
            assert_eq!((&answer["state"], answer.get("error")), (&json!("상태 1&2"), None), "{mode}");
            let tokens = server.redeem(&app, answer["code"].as_str().unwrap(), &asked.verifier).await;
            assert_eq!(tokens.status, 200, "{mode}: {}", tokens.json);
            let refused = asked.with("prompt", "none").with("max_age", "0");
            let page = signed_in.browser.visit(&refused.address(&server)).await;
            let answer = read(&server, &app, &page).await;
            assert_eq!((&answer["error"], answer.get("code")), (&json!("login_required"), None), "{mode}");
            assert_eq!(answer["state"], "상태 1&2", "{mode}");
        }
    }
}

#[tokio::test]
async fn jo_14_a_signed_response_is_no_id_token_and_no_access_token() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let signed_in = sign_in(&server, &app, "openid").await;
    let asked = Authorization::of(&app, "openid").with("response_mode", "jwt");
    let page = signed_in.browser.visit(&asked.address(&server)).await;
    let (_, jwt) = sent(&page).remove(0);
    assert_eq!(server.userinfo(&jwt).await.status, 401);
    let hint = Authorization::of(&app, "openid").with("id_token_hint", &jwt).with("prompt", "none");
    let page = signed_in.browser.visit(&hint.address(&server)).await;
    assert_eq!(page.answered("error").as_deref(), Some("login_required"));
}
