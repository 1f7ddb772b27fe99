//! The server's nonces — RFC 9449 §8, §9.

use mapae_protocol::time::Seconds;
use mapae_testkit::{Answer, AppSpec, Authorization, TestServer};

use super::{Key, MACHINE, Person, bound, post, redeem, userinfo};

fn machine() -> AppSpec {
    AppSpec {
        redirect_uris: Vec::new(),
        grant_types: "client_credentials".to_owned(),
        required: vec!["calendar.read".to_owned()],
        optional: Vec::new(),
        ..bound()
    }
}

fn nonce(answer: &Answer) -> Option<String> {
    answer.headers.get("dpop-nonce").map(|nonce| nonce.to_str().unwrap().to_owned())
}

/// RFC 9449 §5.2, §8.1.
#[tokio::test]
async fn po_09_an_app_that_registered_for_bound_tokens_must_have_the_nonce() {
    let server = TestServer::start().await;
    server.register_api("https://calendar.example", &["calendar.read"], false).await;
    let app = server.register(machine()).await;
    let other = TestServer::start().await;
    other.register_api("https://calendar.example", &["calendar.read"], false).await;
    let foreign_app = other.register(machine()).await;
    let key = Key::fresh();
    let ask = async |nonce: Option<&str>| {
        post(&server, &app, "/token", &[&key.with_nonce(&server, "/token", nonce)], MACHINE).await
    };
    let first = ask(None).await;
    assert_eq!((first.status.as_u16(), first.error()), (400, "use_dpop_nonce"));
    let given = nonce(&first).unwrap();
    let foreign = post(&other, &foreign_app, "/token", &[&key.proof(&other, "/token")], MACHINE).await;
    let foreign = nonce(&foreign).unwrap();
    let forged = given.chars().rev().collect::<String>();
    for bad in ["x", forged.as_str(), foreign.as_str(), &given[..given.len() - 1]] {
        let refused = ask(Some(bad)).await;
        assert_eq!(refused.error(), "use_dpop_nonce", "{bad}");
        let fresh = nonce(&refused).unwrap();
        assert_eq!(ask(Some(&fresh)).await.status, 200, "with the one that came with the refusal");
    }
    let good = ask(Some(&given)).await;
    assert_eq!((good.status.as_u16(), nonce(&good)), (200, None), "good for some minutes");
    server.advance(Seconds::seconds(200));
    let nearly_over = ask(Some(&given)).await;
    assert_eq!(nearly_over.status, 200);
    let next = nonce(&nearly_over).expect("the next one comes in time");
    server.advance(Seconds::seconds(100));
    assert_eq!(ask(Some(&given)).await.error(), "use_dpop_nonce", "old");
    assert_eq!(ask(Some(&next)).await.status, 200);
}

#[tokio::test]
async fn po_09_every_node_takes_the_nonces_of_every_other() {
    let server = TestServer::start().await;
    server.register_api("https://calendar.example", &["calendar.read"], false).await;
    let app = server.register(machine()).await;
    let node = server.twin().await;
    let key = Key::fresh();
    node.app().catch_up().await.unwrap();
    let refused = post(&node, &app, "/token", &[&key.proof(&server, "/token")], MACHINE).await;
    let given = nonce(&refused).unwrap_or_else(|| panic!("{}", refused.json));
    let proof = key.with_nonce(&server, "/token", Some(&given));
    assert_eq!(post(&server, &app, "/token", &[&proof], MACHINE).await.status, 200);
}

/// RFC 9449 §11.3: who was given one would have to have one from then on, and nobody remembers who was.
#[tokio::test]
async fn po_09_an_app_that_did_not_register_is_given_no_nonce() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let registered = server.register(bound()).await;
    let person = Person::of(&server).await;
    let key = Key::fresh();
    let form = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    let refused = post(&server, &registered, "/token", &[&key.proof(&server, "/token")], &form).await;
    let given = nonce(&refused).unwrap();
    // Neither of somebody else's nor of our own that is too old does it hear.
    server.advance(Seconds::minutes(6));
    for said in [None, Some("from-elsewhere"), Some(given.as_str())] {
        let authorization = Authorization::of(&app, "openid");
        let code = person.code(&server, &authorization).await;
        let proof = key.with_nonce(&server, "/token", said);
        let tokens = redeem(&server, &app, (&code, &authorization.verifier), &proof).await;
        assert_eq!((tokens.status.as_u16(), nonce(&tokens)), (200, None), "{said:?}: {}", tokens.json);
        let token = tokens.text("access_token");
        let told = userinfo(&server, "DPoP", &token, &[&key.for_token(&server, &token, said)]).await;
        assert_eq!((told.status.as_u16(), nonce(&told)), (200, None), "{said:?}");
    }
}

#[tokio::test]
async fn po_09_at_userinfo_and_for_pushed_requests() {
    let server = TestServer::start().await;
    let app = server.register(bound()).await;
    let person = Person::of(&server).await;
    let key = Key::fresh();
    let authorization = Authorization::of(&app, "openid");
    let form: Vec<(&str, &str)> =
        authorization.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let pushed = post(&server, &app, "/par", &[&key.proof(&server, "/par")], &form).await;
    assert_eq!((pushed.status.as_u16(), pushed.error()), (400, "use_dpop_nonce"));
    let given = nonce(&pushed).unwrap();
    let proof = key.with_nonce(&server, "/par", Some(&given));
    assert_eq!(post(&server, &app, "/par", &[&proof], &form).await.status, 201);
    assert_eq!(post(&server, &app, "/par", &[], &form).await.status, 201, "pushing needs no proof");
    let code = person.code(&server, &authorization).await;
    let proof = key.with_nonce(&server, "/token", Some(&given));
    let tokens = redeem(&server, &app, (&code, &authorization.verifier), &proof).await;
    let token = tokens.text("access_token");
    let without = userinfo(&server, "DPoP", &token, &[&key.for_token(&server, &token, None)]).await;
    assert_eq!(without.status, 401);
    let challenge = without.headers["www-authenticate"].to_str().unwrap();
    assert!(challenge.starts_with(r#"DPoP error="use_dpop_nonce""#), "{challenge}");
    let fresh = nonce(&without).unwrap();
    let told = userinfo(&server, "DPoP", &token, &[&key.for_token(&server, &token, Some(&fresh))]).await;
    assert_eq!((told.status.as_u16(), nonce(&told)), (200, None));
    server.advance(Seconds::seconds(200));
    let late = userinfo(&server, "DPoP", &token, &[&key.for_token(&server, &token, Some(&fresh))]).await;
    assert_eq!((late.status.as_u16(), nonce(&late).is_some()), (200, true));
}
