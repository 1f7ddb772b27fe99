//! Requests that the client has signed, and answers that the issuer signs — RFC 9101 §6, JARM §2.1.

use std::sync::Arc;

use mapae_protocol::{
    authorization::request_object::{self, Expectations},
    client_jwt::ClientKeys,
    jose::{Algorithm, HeaderType, JwkSet, SigningKey},
    params::{self, Limits, Params},
    time::{Leeway, Timestamp},
};
use serde_json::{Value, json};

use super::Issuer;

impl Issuer {
    /// Says from now on that it takes signed requests, pushed or not, and signs its answers; and what `edit` wants.
    pub(crate) fn knows_signing(&self, edit: impl Fn(&mut Value) + Send + Sync + 'static) {
        let par = format!("{}/par", self.url());
        self.behave().metadata = Some(Arc::new(move |document| {
            document["response_modes_supported"] = json!(["query", "jwt", "form_post.jwt"]);
            document["request_parameter_supported"] = json!(true);
            document["request_object_signing_alg_values_supported"] = json!(["RS256", "ES256", "none"]);
            document["pushed_authorization_request_endpoint"] = json!(par);
            edit(document);
        }));
    }

    /// What the claims of the right answer to a request are, to which the person has agreed.
    pub(crate) fn right_answer(&self, authorization_url: &str, subject: &str) -> Value {
        let query = self.approve(authorization_url, subject);
        let said = Params::parse(query.as_bytes(), Limits::REQUEST).unwrap();
        let mut claims = json!({ "aud": "client-1", "exp": self.0.clock.unix() + 600 });
        for (name, value) in said.iter() {
            claims[name] = json!(value);
        }
        claims
    }

    /// The query with which the browser brings these claims back.
    pub(crate) fn signed_answer(&self, claims: &Value) -> String {
        format!("response={}", self.sign(HeaderType::Jwt, claims))
    }

    /// What everybody knows of its key.
    pub(crate) fn public_key(&self) -> String {
        serde_json::to_string(self.0.key.lock().unwrap().public_jwk()).unwrap()
    }

    /// The parameters that the client has signed with this key, judged as strictly as any server may.
    pub(crate) fn opened(&self, object: &str, key: &SigningKey) -> Params {
        let keys = JwkSet::new(vec![key.public_jwk().clone()]);
        let expected = Expectations {
            client_id: "client-1",
            issuer: self.url(),
            now: Timestamp::from_unix(self.0.clock.unix()),
            leeway: Leeway::NONE,
            dated: true,
        };
        let public = ClientKeys::Public { keys: &keys, algorithms: &[Algorithm::Es256] };
        request_object::verify(object, public, &expected).unwrap()
    }

    /// The address as if nothing in it were signed.
    pub(crate) fn unfolded(&self, asked: &Params) -> String {
        format!("{}/authorize?{}", self.url(), params::encode(asked.iter()))
    }
}
