//! How surely a person must have signed in — OIDC Core §3.1.2.1 (`acr_values`), §5.5.1.1, RFC 9470 §4.

use mapae_protocol::authorization::AuthorizationRequest;
use serde::{Deserialize, Serialize};

use crate::accounts::session::ACR_VALUES;

/// The authentication contexts that an app asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AcrWish {
    /// Those of them that exist here, most wanted first.
    values: Vec<String>,
    /// Without one of them there is no answer (OIDC Core §5.5.1.1).
    essential: bool,
}

impl AcrWish {
    /// What a request asks; of an app that registered what it always wants, also what it does not say.
    pub(crate) fn of(request: &AuthorizationRequest, registered: &[String]) -> Option<Self> {
        let claim = request.claims.id_token.of("acr").filter(|claim| !claim.values.is_empty());
        let known = |value: &&str| ACR_VALUES.contains(value);
        let (asked, essential): (Vec<&str>, bool) = match claim {
            Some(claim) => (claim.texts().collect(), claim.essential),
            None if request.acr_values.is_empty() => (registered.iter().map(String::as_str).collect(), false),
            None => (request.acr_values.iter().map(String::as_str).collect(), false),
        };
        let values: Vec<String> = asked.into_iter().filter(known).map(str::to_owned).collect();
        (essential || !values.is_empty()).then_some(Self { values, essential })
    }

    /// What may be said of a sign-in that reached `reached`: the wanted context that it meets. Who did more than was asked
    /// has done what was asked.
    pub(crate) fn met_by(&self, reached: &str) -> Option<&str> {
        let level = |acr: &str| ACR_VALUES.iter().position(|known| *known == acr);
        let exact = self.values.iter().find(|wanted| *wanted == reached);
        let met = exact.or_else(|| self.values.iter().find(|wanted| level(wanted) <= level(reached)));
        met.map(String::as_str)
    }

    /// A sign-in may help: there is a context here that would do.
    pub(crate) fn can_be_met(&self) -> bool {
        !self.values.is_empty()
    }

    /// Whether a sign-in that reaches no more than this is of no use to the app.
    pub(crate) fn rules_out(&self, reached: &str) -> bool {
        self.essential && self.met_by(reached).is_none()
    }

    pub(crate) const fn is_essential(&self) -> bool {
        self.essential
    }
}

#[cfg(test)]
mod tests {
    use mapae_protocol::params::{Limits, Params};

    use super::*;

    fn wish(parameters: &str, registered: &[&str]) -> Option<AcrWish> {
        let text = format!("response_type=code&scope=openid&{parameters}");
        let request = AuthorizationRequest::parse(&Params::parse(text.as_bytes(), Limits::REQUEST).unwrap());
        let registered: Vec<_> = registered.iter().map(|value| (*value).to_owned()).collect();
        AcrWish::of(&request.unwrap(), &registered)
    }

    fn essential(acr: &str) -> String {
        let claims = format!(r#"{{"id_token":{{"acr":{{"essential":true,{acr}}}}}}}"#);
        mapae_protocol::params::encode([("claims", claims.as_str())])
    }

    /// RFC 9470 §4.
    #[test]
    fn oidc_core_5_5_1_1_a_wish_is_what_exists_here_and_only_the_claims_parameter_insists() {
        assert_eq!(wish("", &[]), None);
        assert_eq!(wish("acr_values=urn:gold%20urn:silver", &[]), None, "a wish that nobody can meet");
        let voluntary = wish("acr_values=urn:gold%201", &[]).unwrap();
        assert!(voluntary.can_be_met() && !voluntary.is_essential());
        assert_eq!((voluntary.met_by("1"), voluntary.met_by("0")), (Some("1"), None));
        assert_eq!(wish("", &["1"]), Some(voluntary), "registered");
        let both = wish("acr_values=0%201", &["1"]).unwrap();
        assert_eq!((both.met_by("1"), both.met_by("0")), (Some("1"), Some("0")), "the exact one first");
        assert_eq!(wish("acr_values=0", &[]).unwrap().met_by("1"), Some("0"), "more than was asked");
        let impossible = wish(&essential(r#""value":"urn:gold""#), &["1"]).unwrap();
        assert!(impossible.is_essential() && !impossible.can_be_met());
        let password = wish(&essential(r#""values":["1",2]"#), &[]).unwrap();
        assert!(password.is_essential() && password.can_be_met());
        assert_eq!(
            wish("claims=%7B%22id_token%22:%7B%22acr%22:%7B%22essential%22:true%7D%7D%7D", &[]),
            None,
            "any will do"
        );
        for hostile in ["", "2", "01", " 1"] {
            assert_eq!(password.met_by(hostile), None, "{hostile:?}: no context of ours");
        }
    }
}
