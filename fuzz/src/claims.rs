//! What verified tokens say: the rules of each kind, for claims of any form.

use mapae_protocol::{
    access_token,
    authorization::{request_object, signed_response},
    client_assertion,
    client_jwt::ClientKeys,
    dpop::{self, Address, Proof},
    id_token,
    jose::{Algorithm, HeaderType},
    logout_token, strict_json,
    time::{Leeway, Seconds},
};
use serde_json::{Map, Value};

use crate::{
    property::{fixed, two},
    signer::{NOW, SIGNER, Signer},
};

const ISSUER: &str = "https://issuer.example";
const CLIENT: &str = "app_1";
const API: &str = "https://api.example";
const LEEWAY: Leeway = Leeway::seconds(30);

fn said(claims: &[u8]) -> Map<String, Value> {
    strict_json::parse_object(claims, claims.len()).unwrap_or_default()
}

fn names(claims: &Map<String, Value>, recipient: &str) -> bool {
    match claims.get("aud") {
        Some(Value::Array(all)) => all.iter().any(|one| one == recipient),
        one => one.is_some_and(|one| one == recipient),
    }
}

/// Not over at [`NOW`], as far as clocks may differ.
fn lasts(claims: &Map<String, Value>) -> bool {
    claims.get("exp").and_then(Value::as_f64).is_some_and(|end| end + 30.0 >= 1_793_000_000.0)
}

fn is(claims: &Map<String, Value>, name: &str, value: &str) -> bool {
    claims.get(name).is_some_and(|said| said == value)
}

/// An ID token that is accepted is this issuer's, for this app, and lasts.
pub(crate) fn id_token(bytes: &[u8]) {
    let Some(signer) = SIGNER.as_ref() else { return };
    let expected = id_token::Expectations {
        issuer: ISSUER,
        client_id: CLIENT,
        nonce: Some("n"),
        access_token: None,
        code: None,
        max_age: Some(Seconds::minutes(5)),
        algorithms: Algorithm::ALL,
        now: NOW,
        leeway: LEEWAY,
    };
    let token = signer.typed("JWT", bytes);
    match id_token::verify(&token, &signer.keys, &expected) {
        Ok(read) => {
            let said = said(bytes);
            assert!(
                is(&said, "iss", ISSUER) && names(&said, CLIENT) && lasts(&said) && is(&said, "nonce", "n")
            );
            assert!(is(&said, "sub", &read.sub) && !read.sub.is_empty());
        }
        Err(error) => fixed(&error, &token),
    }
}

/// A logout token that is accepted names who is signed out, and is no ID token.
pub(crate) fn logout_token(bytes: &[u8]) {
    let Some(signer) = SIGNER.as_ref() else { return };
    let expected = logout_token::Expectations {
        issuer: ISSUER,
        client_id: CLIENT,
        algorithms: Algorithm::ALL,
        max_age: Seconds::minutes(5),
        now: NOW,
        leeway: LEEWAY,
    };
    let token = signer.typed(HeaderType::LogoutToken.as_str(), bytes);
    match logout_token::verify(&token, &signer.keys, &expected) {
        Ok(_) => {
            let said = said(bytes);
            assert!(is(&said, "iss", ISSUER) && names(&said, CLIENT) && lasts(&said));
            assert!(!said.contains_key("nonce") && said.contains_key("events"));
            assert!(said.contains_key("sub") || said.contains_key("sid"));
        }
        Err(error) => fixed(&error, &token),
    }
}

/// An access token that is accepted is for this API and of this issuer.
pub(crate) fn access_token(bytes: &[u8]) {
    let Some(signer) = SIGNER.as_ref() else { return };
    let expected = access_token::Expectations { issuer: ISSUER, audience: API, now: NOW, leeway: LEEWAY };
    let token = signer.typed(HeaderType::AccessToken.as_str(), bytes);
    match access_token::verify_at_jwt(&token, &signer.keys, &expected) {
        Ok(_) => {
            let said = said(bytes);
            assert!(is(&said, "iss", ISSUER) && names(&said, API) && lasts(&said));
            assert!(!said.contains_key("cnf"), "a bound token was taken without its key");
        }
        Err(error) => fixed(&error, &token),
    }
}

/// An assertion that is accepted is the client's own, for this server alone.
pub(crate) fn client_assertion(bytes: &[u8]) {
    let Some(signer) = SIGNER.as_ref() else { return };
    let expected = client_assertion::Expectations {
        client_id: CLIENT,
        issuer: ISSUER,
        token_endpoint: None,
        now: NOW,
        leeway: LEEWAY,
    };
    let keys = ClientKeys::Public { keys: &signer.keys, algorithms: Algorithm::ALL };
    let token = signer.typed("JWT", bytes);
    match client_assertion::verify(&token, keys, &expected) {
        Ok(_) => {
            let said = said(bytes);
            assert!(is(&said, "iss", CLIENT) && is(&said, "sub", CLIENT) && lasts(&said));
            assert!(said.get("jti").and_then(Value::as_str).is_some_and(|jti| !jti.is_empty()));
            let only = match said.get("aud") {
                Some(Value::Array(all)) => all.iter().all(|one| one == ISSUER) && !all.is_empty(),
                _ => names(&said, ISSUER),
            };
            assert!(only, "an assertion for strangers, too");
        }
        Err(error) => fixed(&error, &token),
    }
}

/// A request object that is accepted holds its app's parameters, and each as it stands there.
pub(crate) fn request_object(bytes: &[u8]) {
    let Some(signer) = SIGNER.as_ref() else { return };
    let expected = request_object::Expectations {
        client_id: CLIENT,
        issuer: ISSUER,
        now: NOW,
        leeway: LEEWAY,
        dated: false,
    };
    let keys = ClientKeys::Public { keys: &signer.keys, algorithms: Algorithm::ALL };
    let token = signer.typed(HeaderType::RequestObject.as_str(), bytes);
    match request_object::verify(&token, keys, &expected) {
        Ok(params) => {
            let said = said(bytes);
            assert!(is(&said, "client_id", CLIENT) && (!said.contains_key("aud") || names(&said, ISSUER)));
            assert!(!said.contains_key("exp") || lasts(&said));
            assert!(params.all("request").next().is_none() && params.all("request_uri").next().is_none());
            for (name, value) in params.iter() {
                assert!(said.contains_key(name), "{name} stands nowhere");
                let texts = said.get(name).and_then(Value::as_str);
                assert!(texts.is_none_or(|text| text == value), "{name} is another");
            }
        }
        Err(error) => fixed(&error, &token),
    }
}

/// A signed answer that is accepted is this issuer's to this client, and holds each parameter as it stands there.
pub(crate) fn signed_answer(bytes: &[u8]) {
    let Some(signer) = SIGNER.as_ref() else { return };
    let expected = signed_response::Expectations {
        issuer: ISSUER,
        client_id: CLIENT,
        algorithms: Algorithm::ALL,
        now: NOW,
        leeway: LEEWAY,
    };
    let token = signer.typed(HeaderType::Jwt.as_str(), bytes);
    match signed_response::verify(&token, &signer.keys, &expected) {
        Ok(params) => {
            let said = said(bytes);
            assert!(is(&said, "iss", ISSUER) && names(&said, CLIENT) && lasts(&said));
            assert!(!said.contains_key("sub"));
            for (name, value) in params.iter() {
                let texts = said.get(name).and_then(Value::as_str);
                assert!(
                    said.contains_key(name) && texts.is_none_or(|text| text == value),
                    "{name} is another"
                );
            }
            let state = said.get("state").and_then(Value::as_str).filter(|state| !state.is_empty());
            assert_eq!(signed_response::claimed_state(&token).as_deref(), state);
        }
        Err(error) => fixed(&error, &token),
    }
}

/// A proof that is accepted is of this request, made now, by the key that it brings.
pub(crate) fn dpop_proof(bytes: &[u8]) {
    let (header, claims) = two(bytes);
    let Some(signer) = SIGNER.as_ref() else { return };
    let Some(address) = Address::at("https://api.example", "/things") else { return };
    let expected = dpop::Expectations { method: "GET", address: &address, access_token: None, now: NOW };
    proof(signer, header, claims, &expected);
    let usual = format!(r#"{{"alg":"EdDSA","typ":"dpop+jwt","jwk":{}}}"#, signer.jwk);
    proof(signer, usual.as_bytes(), claims, &expected);
    let raw = std::str::from_utf8(bytes).unwrap_or_default();
    assert!(Proof::verify(raw, &expected).is_err() || raw.split('.').count() == 3);
}

fn proof(signer: &Signer, header: &[u8], claims: &[u8], expected: &dpop::Expectations<'_>) {
    let token = signer.token(header, claims);
    match Proof::verify(&token, expected) {
        Ok(proof) => {
            let (header, said) = (said(header), said(claims));
            // RFC 7515 §4.1.9: without regard to case, and `application/` may be left out.
            let typ = header.get("typ").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
            let name = typ.strip_prefix("application/").unwrap_or(&typ);
            assert_eq!(name, HeaderType::DpopProof.as_str(), "another kind of token");
            assert!(is(&said, "htm", "GET") && said.get("htu").is_some_and(Value::is_string));
            assert_eq!(said.get("nonce").and_then(Value::as_str), proof.nonce());
            assert_eq!(
                proof.use_id(),
                Proof::verify(&token, expected).map(|again| again.use_id()).unwrap_or_default()
            );
        }
        Err(error) => fixed(&error, &token),
    }
}
