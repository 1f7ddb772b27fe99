//! Every rule of the wire with the code and the text that a peer gets — RFC 6749 §4.1.2.1, §5.2, RFC 6750 §3.1.
//!
//! The table is a snapshot, so that any change of what peers see shows in review.

use std::fmt::Debug;

use mapae_protocol::authorization::{self, request_object, target};
use mapae_protocol::error::OAuthError;
use mapae_protocol::{
    bearer, client_authentication, device, dpop, params, revocation_feed, token, token_exchange,
    token_parameter,
};

/// One line per rule. The second reading of the text is the rule's own, for the log: they must be the same.
fn rows<E>(module: &str, rules: &[E]) -> Vec<(String, OAuthError)>
where
    E: Copy + Debug + std::error::Error,
    OAuthError: From<E>,
{
    let row = |rule: &E| {
        let error = OAuthError::from(*rule);
        assert_eq!(error.description, rule.to_string(), "{module} {rule:?}");
        (format!("{module}::{rule:?}"), error)
    };
    rules.iter().map(row).collect()
}

fn table() -> Vec<(String, OAuthError)> {
    [
        rows("params", params::Error::ALL),
        rows("params", &[params::Repeated]),
        rows("authorization", authorization::Error::ALL),
        rows("request_object", request_object::Error::ALL),
        rows("token", token::Error::ALL),
        rows("client_authentication", client_authentication::Error::ALL),
        rows("token_parameter", token_parameter::Error::ALL),
        rows("revocation_feed", revocation_feed::Error::ALL),
        rows("bearer", bearer::Error::ALL),
        rows("dpop", dpop::Error::ALL),
        rows("device", device::Error::ALL),
        rows("device poll", device::PollError::ALL),
        rows("token_exchange", token_exchange::Error::ALL),
    ]
    .concat()
}

#[test]
fn every_rule_has_its_code_and_text() {
    let lines: Vec<_> = table()
        .iter()
        .map(|(rule, OAuthError { code, description })| format!("{rule} → {code}: {description}"))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn to_22_texts_are_fixed_and_in_the_character_set_of_the_rfc() {
    for (rule, error) in table() {
        let allowed = |byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert!(error.description.bytes().all(allowed), "{rule}");
        assert!(!error.description.is_empty() && error.description.len() <= 80, "{rule}");
    }
}

#[test]
fn az_01_what_is_wrong_before_trust_has_no_code() {
    // These have no `From` to an error that could be redirected: a page is all that they can become.
    let lines: Vec<_> = target::Error::ALL.iter().map(|rule| format!("{rule:?} → page: {rule}")).collect();
    insta::assert_snapshot!(lines.join("\n"));
}
