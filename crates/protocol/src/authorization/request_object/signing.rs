//! An authorization request that a client signs — RFC 9101 §4, FAPI 2.0 Message Signing §5.3.2.

use serde_json::{Map, Value, json};

use super::ABOUT;
use crate::{
    jose::{HeaderType, SignError, SigningKey},
    random,
    time::{Seconds, Timestamp},
};

/// The parameter that is a number in an object and a text outside (OIDC Core §6.1).
const MAX_AGE: &str = "max_age";

/// The parameter that is an object in an object and its text outside (OIDC Core §5.5, §6.1).
const CLAIMS: &str = "claims";

/// Parameters that name another object (RFC 9101 §4).
const NESTED: [&str; 2] = ["request", "request_uri"];

/// Why a request was not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    /// A parameter has the name of a claim about the object, or of another object (RFC 9101 §4).
    #[error("a parameter cannot be in a request object")]
    Reserved,
    /// The key does not sign.
    #[error(transparent)]
    Key(#[from] SignError),
}

/// A request to be signed.
#[derive(Clone, Copy, Debug)]
pub struct NewRequestObject<'a> {
    /// Whose request it is: `iss`. It has no `sub`, and so is no client assertion (RFC 9101 §10.8).
    pub client_id: &'a str,
    /// The issuer identifier of the server that it is for: `aud`.
    pub issuer: &'a str,
    /// All parameters, `client_id` among them. A repeated one is a list.
    pub parameters: &'a [(String, String)],
    /// From when on it is good: `nbf` and `iat`, in seconds.
    pub now: Timestamp,
    /// For how long it is good, in seconds.
    pub life: Seconds,
}

impl NewRequestObject<'_> {
    /// The request as a JWT of the type `oauth-authz-req+jwt`, each time with another `jti`.
    ///
    /// # Errors
    /// [`Unsigned`].
    pub fn sign(&self, key: &SigningKey) -> Result<String, Unsigned> {
        let mut claims: Map<String, Value> = Map::new();
        for (name, value) in self.parameters {
            if ABOUT.contains(&name.as_str()) || NESTED.contains(&name.as_str()) {
                return Err(Unsigned::Reserved);
            }
            let value = member(name, value);
            match claims.get_mut(name) {
                None => drop(claims.insert(name.clone(), value)),
                Some(Value::Array(several)) => several.push(value),
                Some(first) => *first = json!([first.take(), value]),
            }
        }
        let (from, until) = (self.now, self.now.plus(self.life));
        let about = [
            ("iss", json!(self.client_id)),
            ("aud", json!(self.issuer)),
            ("nbf", json!(from.unix())),
            ("iat", json!(from.unix())),
            ("exp", json!(until.unix())),
            ("jti", json!(random::token())),
        ];
        claims.extend(about.map(|(name, value)| (name.to_owned(), value)));
        Ok(key.sign(HeaderType::RequestObject, &claims)?)
    }
}

fn member(name: &str, value: &str) -> Value {
    let structured = match name {
        MAX_AGE => value.parse::<u64>().ok().map(Value::from),
        CLAIMS => serde_json::from_str(value).ok().map(Value::Object),
        _ => None,
    };
    structured.unwrap_or_else(|| json!(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        authorization::request_object::{Expectations, verify},
        base64url, client_assertion,
        client_jwt::ClientKeys,
        jose::{Algorithm, JwkSet},
        time::Leeway,
    };

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn signed(key: &SigningKey, parameters: &[(String, String)]) -> Result<String, Unsigned> {
        let life = Seconds::minutes(1);
        NewRequestObject { client_id: "app", issuer: "https://as.example", parameters, now: NOW, life }
            .sign(key)
    }

    fn part(token: &str, number: usize) -> Value {
        serde_json::from_slice(&base64url::decode(token.split('.').nth(number).unwrap()).unwrap()).unwrap()
    }

    /// RFC 9101 §4, §10.8, FAPI 2.0 Message Signing §5.3.2, OIDC Prompt Create §4.1.
    #[test]
    fn pa_10_pa_14_what_a_client_signs_is_a_request_for_one_server_and_nothing_else() {
        for algorithm in Algorithm::ALL {
            let key = SigningKey::generate(*algorithm).unwrap();
            let keys = JwkSet::new(vec![key.public_jwk().clone()]);
            let public = ClientKeys::Public { keys: &keys, algorithms: Algorithm::ALL };
            let sent = pairs(&[
                ("client_id", "app"),
                ("state", "한"),
                ("max_age", "0"),
                ("prompt", "login consent"),
                ("claims", r#"{"userinfo":{"email":null}}"#),
                ("resource", "https://a.example"),
                ("resource", "https://b.example"),
                ("resource", "https://c.example"),
            ]);
            let object = signed(&key, &sent).unwrap();
            let (header, claims) = (part(&object, 0), part(&object, 1));
            assert_eq!(
                header,
                json!({"typ": "oauth-authz-req+jwt", "alg": algorithm.as_str(), "kid": key.kid()})
            );
            let now = NOW.unix();
            let expected = json!({
                "iss": "app", "aud": "https://as.example", "nbf": now, "iat": now, "exp": now + 60,
                "jti": claims["jti"], "client_id": "app", "state": "한", "max_age": 0,
                "prompt": "login consent",
                "claims": { "userinfo": { "email": null } },
                "resource": ["https://a.example", "https://b.example", "https://c.example"],
            });
            assert_eq!(claims, expected);
            assert_ne!(part(&signed(&key, &sent).unwrap(), 1)["jti"], claims["jti"]);
            let leeway = Leeway::seconds(10);
            let expected = Expectations {
                client_id: "app",
                issuer: "https://as.example",
                now: NOW,
                leeway,
                dated: true,
            };
            let params = verify(&object, public, &expected).unwrap();
            let mut read: Vec<_> =
                params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            let mut sent = sent.clone();
            read.sort();
            sent.sort();
            assert_eq!(read, sent);
            let at = client_assertion::Expectations {
                client_id: "app",
                issuer: "https://as.example",
                token_endpoint: None,
                now: NOW,
                leeway,
            };
            assert!(client_assertion::verify(&object, public, &at).is_err(), "it proves nobody");
        }
    }

    #[test]
    fn pa_12_no_parameter_is_a_claim_about_the_object_or_another_object() {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        for name in ABOUT.into_iter().chain(NESTED) {
            assert_eq!(signed(&key, &pairs(&[(name, "x")])), Err(Unsigned::Reserved), "{name}");
        }
        assert!(signed(&key, &pairs(&[("acr_values", "x")])).is_ok());
        let unreadable = signed(&key, &pairs(&[("claims", "[1]"), ("max_age", "-1")])).unwrap();
        assert_eq!(
            (&part(&unreadable, 1)["claims"], &part(&unreadable, 1)["max_age"]),
            (&json!("[1]"), &json!("-1"))
        );
    }
}
