//! What an app on a profile may ask, and how it is answered — FAPI 2.0 §5.3.2.2, FAPI 2.0 Message Signing §5.3.1, §5.4.1.

use mapae_protocol::jose::HeaderType;
use mapae_testkit::{Browser, Engine, TestServer};
use serde_json::{Value, json};

use super::{super::claims, Bank, MESSAGE_SIGNING, PROFILES, SECURITY, agree, is_page, pairs, with_rsa};

#[tokio::test]
async fn fapi_a_pushed_request_is_answered_with_a_code_and_the_issuer() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        for profile in PROFILES {
            let bank = Bank::open(&server, profile).await;
            let user = server.user(&format!("{profile}@example.com")).await;
            let asked = bank.asked().with("state", &"s".repeat(1_200)).with("nonce", &"n".repeat(64));
            let pushed = bank.push(&server, &asked).await;
            assert_eq!(pushed.status, 201, "{}", pushed.json);
            let life = pushed.json["expires_in"].as_i64().unwrap();
            assert!((1..600).contains(&life), "{life}");
            let browser = Browser::default();
            let address = bank.address_of(&server, &pushed.text("request_uri"));
            let page = agree(&browser, &user, &address).await;
            assert_eq!(page.status, 303, "no 307, which would repeat a form");
            let answer = bank.answer(&page);
            assert_eq!(
                (&answer["iss"], answer["state"].as_str().unwrap().len()),
                (&json!(server.issuer()), 1_200)
            );
            let tokens = bank.redeem(&server, answer["code"].as_str().unwrap(), &asked.verifier).await;
            assert_eq!(tokens.status, 200, "{}", tokens.json);
            assert_eq!(claims(&tokens.text("id_token"))["nonce"], "n".repeat(64));
            // An error, too, says who answers.
            let silent = bank.asked().with("prompt", "none").with("max_age", "0");
            let page = browser.visit(&bank.address(&server, &silent).await).await;
            let answer = bank.answer(&page);
            assert_eq!(
                (&answer["iss"], &answer["error"]),
                (&json!(server.issuer()), &json!("login_required"))
            );
        }
    }
}

#[tokio::test]
async fn pa_09_what_was_not_pushed_leads_nowhere() {
    let server = TestServer::start().await;
    for profile in PROFILES {
        let bank = Bank::open(&server, profile).await;
        let asked = bank.asked();
        is_page(&Browser::default().visit(&asked.address(&server)).await);
        let signed = bank.signed(&bank.object(&server, &asked));
        let query = [&pairs(&signed)[..], &[("client_id", bank.client_id())]].concat();
        let address = server.at(&format!("/authorize?{}", mapae_protocol::params::encode(query)));
        is_page(&Browser::default().visit(&address).await);
    }
}

#[tokio::test]
async fn pa_01_pa_03_pa_16_a_request_that_lacks_something_is_not_kept() {
    let server = TestServer::start().await;
    for profile in PROFILES {
        let bank = Bank::open(&server, profile).await;
        let form = bank.asked().parameters;
        let anonymous = server.post("/par", None, &pairs(&form)).await;
        assert_eq!((anonymous.status.as_u16(), anonymous.error()), (401, "invalid_client"));
        for (name, value, error) in [
            ("code_challenge", "", "invalid_request"),
            ("code_challenge_method", "plain", "invalid_request"),
            ("code_challenge_method", "", "invalid_request"),
            ("redirect_uri", "", "invalid_request"),
            ("redirect_uri", "http://app.example.com/cb", "invalid_request"),
            ("response_type", "code id_token", "unsupported_response_type"),
            ("response_type", "token", "unsupported_response_type"),
        ] {
            let refused = bank.push(&server, &bank.asked().with(name, value)).await;
            assert_eq!((refused.status.as_u16(), refused.error()), (400, error), "{profile} {name}={value}");
        }
    }
}

#[tokio::test]
async fn pa_10_messages_are_signed_in_both_directions() {
    let server = TestServer::start().await;
    let (bank, rsa) = with_rsa(&server, MESSAGE_SIGNING).await;
    let plain = bank.asked().parameters;
    let refused = bank.post(&server, "/par", &pairs(&plain)).await;
    assert_eq!((refused.status.as_u16(), refused.error()), (400, "invalid_request"), "unsigned");
    for mode in ["", "query", "fragment", "form_post"] {
        let refused = bank.push(&server, &bank.asked().with("response_mode", mode)).await;
        assert_eq!((refused.status.as_u16(), refused.error()), (400, "invalid_request"), "{mode:?}");
    }
    for mode in ["jwt", "query.jwt", "fragment.jwt", "form_post.jwt"] {
        assert_eq!(bank.push(&server, &bank.asked().with("response_mode", mode)).await.status, 201, "{mode}");
    }
    let asked = bank.asked();
    let now = server.now().unix();
    let pushed = async |changes: &[(&str, Value)]| {
        let mut claims = bank.object(&server, &asked);
        for (name, value) in changes {
            claims[*name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        bank.post(&server, "/par", &pairs(&bank.signed(&claims))).await
    };
    for good in [
        vec![],
        vec![("nbf", json!(now + 10)), ("iat", json!(now + 10))],
        vec![("nbf", json!(now - 3_590)), ("exp", json!(now + 10))],
        vec![("exp", json!(now + 3_600))],
        vec![("aud", json!([server.issuer(), "https://other.example"]))],
    ] {
        let answer = pushed(&good).await;
        assert_eq!(answer.status, 201, "{good:?} {}", answer.json);
    }
    for wrong in [
        vec![("nbf", Value::Null)],
        vec![("exp", Value::Null)],
        vec![("aud", Value::Null)],
        vec![("aud", json!(server.at("/par")))],
        vec![("nbf", json!(now + 61))],
        vec![("iat", json!(now + 61))],
        vec![("nbf", json!(now - 3_611)), ("exp", json!(now - 10))],
        vec![("exp", json!(now + 3_601))],
        vec![("exp", json!(now - 11))],
    ] {
        let refused = pushed(&wrong).await;
        assert_eq!((refused.status.as_u16(), refused.error()), (400, "invalid_request_object"), "{wrong:?}");
    }
    let by_rsa = rsa.sign(HeaderType::RequestObject, &bank.object(&server, &asked)).unwrap();
    let refused = bank.post(&server, "/par", &[("request", by_rsa.as_str())]).await;
    assert_eq!((refused.status.as_u16(), refused.error()), (400, "invalid_request_object"), "RS256");
}

#[tokio::test]
async fn to_09_to_10_to_12_an_assertion_is_for_the_issuer_and_signed_as_the_profile_says() {
    let server = TestServer::start().await;
    let (bank, rsa) = with_rsa(&server, SECURITY).await;
    let (signer, now) = (&bank.signer, server.now().unix());
    let form = bank.asked().parameters;
    let shown = async |assertion: &str| {
        bank.present(&server, "/par", (assertion, None), &pairs(&form)).await.status.as_u16()
    };
    for (name, value) in [("jti", json!("a")), ("iat", json!(now + 10)), ("nbf", json!(now + 10))] {
        assert_eq!(shown(&signer.with(&server, name, value)).await, 201, "{name}");
    }
    for (name, value) in [
        ("aud", json!([server.issuer()])),
        ("aud", json!(server.at("/token"))),
        ("aud", json!(server.at("/par"))),
        ("aud", json!([server.issuer(), "https://other.example"])),
        ("exp", Value::Null),
        ("exp", json!(now - 11)),
        ("iat", json!(now + 61)),
        ("nbf", json!(now + 61)),
    ] {
        assert_eq!(shown(&signer.with(&server, name, value.clone())).await, 401, "{name} {value}");
    }
    let by_rsa = rsa.sign(HeaderType::Jwt, &super::super::client_assertions::good(&server, &signer.app));
    assert_eq!(shown(&by_rsa.unwrap()).await, 401, "RS256");
}
