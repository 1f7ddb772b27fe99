//! What tests of the vault put into it.

use mapae_protocol::time::Timestamp;

use super::Method;
use crate::{identity::EndUser, return_to::ReturnTo, sign_up::Waiting, tokens::Tokens};

/// A way by which `subject` opens `account`, since `at`.
pub(super) fn method(subject: &str, account: &str, at: i64) -> Method {
    Method {
        person: EndUser::new("https://one.example", subject),
        account: EndUser::new("https://one.example", account),
        provider: "one".to_owned(),
        hint: None,
        given_to: None,
        added_at: Timestamp::from_unix(at),
        removed_at: None,
    }
}

/// Somebody at the sign-up form, until second 200.
pub(super) fn waiting(person: &EndUser) -> Waiting {
    let identity = serde_json::json!({
        "person": { "issuer": person.issuer(), "subject": person.subject() }, "provider": "one",
        "auth_time": null, "acr": null, "amr": [], "claims": {}, "emails": [], "granted": [], "refused": [],
    });
    Waiting {
        identity: serde_json::from_value(identity).unwrap(),
        tokens: tokens(None),
        return_to: ReturnTo::default(),
        expires_at: Timestamp::from_unix(200),
        adding: None,
    }
}

/// Tokens of second 1, which a rejection brought at this second if it did.
pub(super) fn tokens(forced_at: Option<i64>) -> Tokens {
    let tokens = serde_json::json!({
        "access_token": "at", "refresh_token": null, "id_token": null, "nonce": null, "scopes": "", "issued_at": 1,
        "expires_at": null, "forced_at": forced_at,
    });
    Tokens::from_bytes(tokens.to_string().as_bytes()).unwrap()
}
