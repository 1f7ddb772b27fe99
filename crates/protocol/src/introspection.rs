//! Token introspection — RFC 7662 §2.2.

use serde::{Deserialize, Serialize, Serializer};

use crate::audience::Audience;
use crate::dpop::Confirmation;
use crate::scope::Scopes;
use crate::strict_json;
use crate::time::Timestamp;
use crate::token_exchange::Actor;

/// What the server knows about a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntrospectionResponse {
    /// The token is not good for this API, whatever the reason; nothing more is said (RFC 7662 §2.2).
    Inactive,
    /// The token is good.
    Active(Box<ActiveToken>),
}

/// What is said about a token that is good (RFC 7662 §2.2, RFC 9068 §2.2, RFC 9470 §6.2).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveToken {
    /// The granted scope.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scopes>,
    /// The client that it was issued to.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// `Bearer`, or `DPoP` for one that is bound to a key (RFC 9449 §6.2); absent for refresh tokens, which no API accepts.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub token_type: Option<String>,
    /// From this second on it is worthless.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub exp: Option<Timestamp>,
    /// When it was issued.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub iat: Option<Timestamp>,
    /// Before this second it is not valid.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub nbf: Option<Timestamp>,
    /// The person, or the client itself.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// The APIs that may accept it.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub aud: Option<Audience>,
    /// Who issued it.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// The token's own id.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// When the person last signed in.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<Timestamp>,
    /// How strong that sign-in was.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// The key to which it is bound (RFC 9449 §6.2).
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// Who acts for the subject (RFC 8693 §4.1).
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub act: Option<Actor>,
}

impl IntrospectionResponse {
    /// Longest response that an API reads, in bytes.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// Reads the body of an answer. Unknown members are ignored.
    ///
    /// # Errors
    /// The body is not a JSON object, says a name twice, lacks `active`, or a member has the wrong type. None of
    /// these is "active".
    pub fn parse(body: &[u8]) -> Result<Self, strict_json::Error> {
        #[derive(Deserialize)]
        struct Verdict {
            active: bool,
        }
        let verdict: Verdict = strict_json::parse_object(body, Self::MAX_BYTES)?;
        if !verdict.active {
            return Ok(Self::Inactive);
        }
        strict_json::parse_object(body, Self::MAX_BYTES).map(|token| Self::Active(Box::new(token)))
    }
}

impl Serialize for IntrospectionResponse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Body<'a> {
            active: bool,
            #[serde(flatten)]
            token: Option<&'a ActiveToken>,
        }
        let token = match self {
            Self::Inactive => None,
            Self::Active(token) => Some(token.as_ref()),
        };
        Body { active: token.is_some(), token }.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn active() -> IntrospectionResponse {
        IntrospectionResponse::Active(Box::new(ActiveToken {
            scope: Some(Scopes::parse("calendar.read openid").unwrap()),
            client_id: Some("app".into()),
            token_type: Some("Bearer".into()),
            exp: Some(Timestamp::from_unix(1_800_000_060)),
            iat: Some(Timestamp::from_unix(1_800_000_000)),
            sub: Some("alice".into()),
            aud: Some(Audience::one("https://api.example.com")),
            iss: Some("https://as.example.com".into()),
            jti: Some("j".into()),
            ..ActiveToken::default()
        }))
    }

    #[test]
    fn in_03_an_inactive_token_is_exactly_that() {
        assert_eq!(serde_json::to_string(&IntrospectionResponse::Inactive).unwrap(), r#"{"active":false}"#);
    }

    #[test]
    fn an_active_token_prints_and_parses() {
        let printed = serde_json::to_string(&active()).unwrap();
        assert_eq!(
            printed,
            r#"{"active":true,"scope":"calendar.read openid","client_id":"app","token_type":"Bearer","exp":1800000060,"iat":1800000000,"sub":"alice","aud":"https://api.example.com","iss":"https://as.example.com","jti":"j"}"#
        );
        assert_eq!(IntrospectionResponse::parse(printed.as_bytes()).unwrap(), active());
    }

    #[test]
    fn rs_12_nothing_malformed_is_active() {
        for body in [
            "",
            "true",
            "[]",
            "[true]",
            "{}",
            "<html>",
            r#"{"active":"true"}"#,
            r#"{"active":1}"#,
            r#"{"active":null}"#,
            r#"{"Active":true}"#,
            r#"{"active":false,"active":true}"#,
            r#"{"active":true,"exp":"1800000000"}"#,
            r#"{"active":true,"exp":1.5}"#,
            r#"{"active":true,"exp":null}"#,
            r#"{"active":true,"exp":-1}"#,
            r#"{"active":true,"cnf":null}"#,
            r#"{"active":true,"cnf":{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}}"#,
            r#"{"active":true,"scope":["a"]}"#,
            r#"{"active":true,"aud":[]}"#,
            r#"{"active":true,"sub":1}"#,
        ] {
            assert!(IntrospectionResponse::parse(body.as_bytes()).is_err(), "{body}");
        }
        // What an inactive token is said to be does not matter.
        let inactive = IntrospectionResponse::parse(br#"{"active":false,"exp":"x"}"#);
        assert_eq!(inactive, Ok(IntrospectionResponse::Inactive));
    }
}
