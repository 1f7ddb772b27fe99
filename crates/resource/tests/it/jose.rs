//! Hostile tokens end to end — RFC 7515 §4, RFC 7515 §5.2, RFC 8725 §3.

use mapae_resource::protocol::{base64url, jose::MAX_TOKEN};
use serde_json::json;

use crate::{api::Api, forge, issuer::Issuer};

const INVALID: &str = "401 invalid_token";

#[tokio::test]
async fn jo_02_a_public_key_is_no_shared_secret() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let (key, claims) = (issuer.signing_key(), issuer.claims().to_string());
    let jwk = serde_json::to_value(key.public_jwk()).unwrap();
    let (x, y) = (jwk["x"].as_str().unwrap(), jwk["y"].as_str().unwrap());
    let point = [&[4][..], &base64url::decode(x).unwrap(), &base64url::decode(y).unwrap()].concat();
    let header = forge::header_with(&key, "alg", json!("HS256"));
    for secret in [jwk.to_string().as_bytes(), &point, &point[1..], x.as_bytes(), b""] {
        assert_eq!(api.events(&forge::mac(secret, &header, &claims)).await.verdict(), INVALID);
    }
}

#[tokio::test]
async fn jo_05_extensions_that_are_demanded_are_not_ignored() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let (key, claims) = (issuer.signing_key(), issuer.claims().to_string());
    for crit in [json!(["exp"]), json!([]), json!(["b64"]), json!("b64"), json!(null), json!(["alg", "alg"])]
    {
        let token = forge::sign(&key, &forge::header_with(&key, "crit", crit.clone()), &claims);
        assert_eq!(api.events(&token).await.verdict(), INVALID, "{crit}");
    }
    for b64 in [json!(false), json!(true)] {
        let token = forge::sign(&key, &forge::header_with(&key, "b64", b64), &claims);
        assert_eq!(api.events(&token).await.verdict(), INVALID);
    }
}

#[tokio::test]
async fn jo_06_signatures_that_are_no_signatures() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let (key, claims) = (issuer.signing_key(), issuer.claims().to_string());
    let header = forge::header_with(&key, "x", json!(1));
    assert_eq!(api.events(&forge::sign(&key, &header, &claims)).await.status, 200);
    let order = base64url::decode("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE").unwrap();
    for signature in [
        vec![0; 64],
        vec![0xff; 64],
        [vec![0; 31], vec![1], vec![0; 32]].concat(),
        [order.clone(), order].concat(),
        vec![1; 63],
        vec![1; 65],
        vec![],
    ] {
        assert_eq!(api.events(&forge::with_signature(&header, &claims, &signature)).await.verdict(), INVALID);
    }
    assert_eq!(api.events(&forge::sign_der(&key, &header, &claims)).await.verdict(), INVALID);
}

#[tokio::test]
async fn jo_12_texts_that_are_almost_tokens() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let token = issuer.token();
    let (header, rest) = token.split_once('.').unwrap();
    let (payload, signature) = rest.split_once('.').unwrap();
    for text in [
        ".".repeat(10_000),
        "..".into(),
        ".".into(),
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!("{header}..{signature}"),
        format!(".{payload}.{signature}"),
        format!("{token}."),
        format!("{token}.{signature}"),
        format!("{header}.{payload}.{signature}A"),
        format!("{header}.{payload}.{signature}=="),
        format!("{header}.{payload}.{}", signature.replace(['-', '_'], "+")) + "+",
        format!("{header}.{payload}.{payload}.{payload}.{signature}"),
        "a".repeat(MAX_TOKEN),
    ] {
        assert_eq!(api.events(&text).await.verdict(), INVALID, "{text:.60}");
    }
    let padded = format!("{header}=.{payload}.{signature}");
    assert_eq!(api.events(&padded).await.verdict(), "400 invalid_request", "not even a bearer token");
    assert_eq!(api.events(&token).await.status, 200);
}

#[tokio::test]
async fn jo_13_json_that_two_readers_read_differently() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let key = issuer.signing_key();
    let header = forge::header_with(&key, "x", json!(1));
    let claims = issuer.claims().to_string();
    let opened = claims.strip_suffix('}').unwrap();
    let deep = format!("{opened},\"x\":{}{}}}", "[".repeat(100_000 / 64), "]".repeat(100_000 / 64));
    for payload in [
        format!("{opened},\"sub\":\"mallory\"}}"),
        format!("{opened},\"aud\":\"{}\"}}", crate::issuer::AUDIENCE),
        format!("{opened},\"x\":{{\"a\":1,\"a\":2}}}}"),
        format!("{opened},\"x\":1e400}}"),
        format!("{opened},\"x\":NaN}}"),
        format!("{opened},\"x\":\"\\ud800\"}}"),
        format!("{claims}{claims}"),
        format!("{claims} x"),
        format!("[{claims}]"),
        format!("\"{}\"", base64url::encode(claims.as_bytes())),
        "null".into(),
        String::new(),
        deep,
    ] {
        let token = forge::sign(&key, &header, &payload);
        assert_eq!(api.events(&token).await.verdict(), INVALID, "{payload:.60}");
    }
    let twice = header.replacen('{', "{\"alg\":\"ES256\",", 1);
    assert_eq!(api.events(&forge::sign(&key, &twice, &claims)).await.verdict(), INVALID);
    let harmless = format!("{opened},\"__proto__\":{{\"sub\":\"mallory\"}}}}");
    let harmless = api.get("/whoami", &forge::sign(&key, &header, &harmless)).await;
    assert_eq!(harmless.json()["sub"], "alice");
}

#[tokio::test]
async fn jo_15_jo_16_other_serialisations_and_nested_tokens() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let key = issuer.signing_key();
    let token = issuer.token();
    let parts: Vec<_> = token.split('.').collect();
    let json = json!({ "protected": parts[0], "payload": parts[1], "signature": parts[2] }).to_string();
    assert_eq!(api.events(&base64url::encode(json.as_bytes())).await.verdict(), INVALID);
    let nested = forge::sign(&key, &forge::header_with(&key, "cty", json!("JWT")), &token);
    assert_eq!(api.events(&nested).await.verdict(), INVALID);
    let detached = format!("{}..{}", parts[0], parts[2]);
    assert_eq!(api.events(&detached).await.verdict(), INVALID);
    assert_eq!(api.handled(), 0);
}

#[tokio::test]
async fn jo_09_jo_10_jo_11_encrypted_tokens_are_no_tokens() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    for header in [
        r#"{"alg":"dir","enc":"A256GCM","zip":"DEF","typ":"at+jwt"}"#,
        r#"{"alg":"PBES2-HS512+A256KW","enc":"A128GCM","p2c":2147483648,"p2s":"AAAA","typ":"at+jwt"}"#,
        r#"{"alg":"RSA1_5","enc":"A128CBC-HS256","typ":"at+jwt"}"#,
        r#"{"alg":"ECDH-ES","enc":"A256GCM","epk":{},"typ":"at+jwt"}"#,
    ] {
        let header = base64url::encode(header.as_bytes());
        for token in
            [format!("{header}.AAAA.AAAA.AAAA.AAAA"), format!("{header}.AAAA.AAAA"), format!("{header}....")]
        {
            assert_eq!(api.events(&token).await.verdict(), INVALID);
        }
    }
}
