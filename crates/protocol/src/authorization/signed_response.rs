//! The authorization response as a JWT — JARM §2.1, §2.4.

mod reading;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::issuer::Issuer;
use crate::time::{Seconds, Timestamp};

pub use reading::{Error, Expectations, claimed_state, verify};

/// The one parameter of a signed response.
pub const RESPONSE: &str = "response";

/// For how long a signed response may be good (JARM §2.1).
pub const MAX_LIFE: Seconds = Seconds::minutes(10);

/// What the JWT says. It has neither `sub` nor `iat`: nobody can take it for an ID token.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SignedResponse<'a> {
    iss: &'a str,
    aud: &'a str,
    exp: Timestamp,
    #[serde(flatten)]
    parameters: Map<String, Value>,
}

impl<'a> SignedResponse<'a> {
    /// These parameters for this client, good until `exp`: [`MAX_LIFE`] at most.
    #[must_use]
    pub fn new(
        issuer: &'a Issuer,
        client_id: &'a str,
        exp: Timestamp,
        parameters: super::response::Parameters,
    ) -> Self {
        // `iss` is a claim of its own.
        let own = parameters.into_iter().filter(|(name, _)| *name != "iss");
        let parameters = own.map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
        Self { iss: issuer.as_str(), aud: client_id, exp, parameters }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorization::response;

    /// JARM §2.1.
    #[test]
    fn jarm_2_1_the_parameters_are_claims_beside_who_answers_whom() {
        let issuer = Issuer::parse("https://as.example.com").unwrap();
        let parameters = response::success("c", Some("s"), &issuer);
        let response = SignedResponse::new(&issuer, "app_1", Timestamp::from_unix(1_800_000_600), parameters);
        assert_eq!(
            serde_json::to_value(&response).unwrap(),
            serde_json::json!({
                "iss": "https://as.example.com", "aud": "app_1", "exp": 1_800_000_600, "code": "c", "state": "s"
            })
        );
    }
}
