//! Watching the back channel: what this client and a provider say to each other.
//!
//! An application gives an [`Observer`] to a provider and is told of every exchange after it ended, for a log,
//! a metric or a diagram. Masking happens here: no secret ever reaches an observer.

mod mask;

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

pub use mask::mask;
pub(crate) use mask::{Hidden, address, answer, header, parameter};

use crate::http_error::HttpError;

/// Is told of every exchange with a provider.
pub trait Observer: Send + Sync {
    /// An exchange has ended. Called on the task that made it: be quick, hand long work on.
    fn exchanged(&self, exchange: &Exchange);

    /// It was decided which account somebody gets who came from the provider. The same holds.
    fn judged(&self, judgement: &Judgement) {
        let _ = judgement;
    }

    /// The service has answered its own front end, which asked for tokens of the service's own. The same holds.
    fn issued(&self, issuance: &Issuance) {
        let _ = issuance;
    }
}

/// Which account somebody gets, and by which rule; who it is, is masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// The provider, by the name that the application gave to it.
    pub provider: String,
    /// What stands in for the person's subject: the same for the same person.
    pub person: String,
    /// What is done ([`Action::as_str`](crate::linking::Action::as_str)).
    pub action: &'static str,
    /// Why ([`Rule::as_str`](crate::linking::Rule::as_str)).
    pub rule: &'static str,
}

/// What the front end asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IssuanceKind {
    /// The first tokens, for the one-time code of a login.
    HandOver,
    /// The next ones, for a refresh token.
    Renewal,
}

/// One request of the front end for tokens of the service's own, secrets masked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Issuance {
    /// What it asked for.
    pub kind: IssuanceKind,
    /// What it showed, whether in the body or in a cookie.
    pub parameters: Vec<(String, String)>,
    /// The HTTP status code of the answer.
    pub status: u16,
    /// The answer.
    pub body: Value,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
}

/// What an exchange was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The provider's metadata (OIDC Discovery §4.1).
    Discovery,
    /// The provider's signing keys (RFC 7517 §5).
    Keys,
    /// The authorization request, before the browser is sent with what stands for it (RFC 9126 §2).
    PushedRequest,
    /// The authorization code for tokens (RFC 6749 §4.1.3).
    Redemption,
    /// A refresh token for a new access token (RFC 6749 §6).
    Refresh,
    /// Who the person is (OIDC Core §5.3.1).
    UserInfo,
    /// The end of what the person granted (RFC 7009 §2.1, or the provider's own way).
    Unlink,
}

/// One request and what came of it, secrets masked.
///
/// Personal data of the UserInfo answer is no secret and is shown: whoever keeps exchanges keeps personal data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exchange {
    /// What it was for.
    pub purpose: Purpose,
    /// The HTTP method.
    pub method: String,
    /// The address; it never carries a secret.
    pub url: String,
    /// The request's headers that matter to the protocol.
    pub headers: Vec<(String, String)>,
    /// The parameters of the request's form.
    pub parameters: Vec<(String, String)>,
    /// What came back.
    pub outcome: Outcome,
    /// From the first byte sent to the last byte received, in milliseconds.
    pub milliseconds: u64,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// There was an answer.
    Answered {
        /// The HTTP status code.
        status: u16,
        /// The answer's headers that matter to the protocol.
        headers: Vec<(String, String)>,
        /// The answer, if it was JSON; otherwise `null`.
        body: Value,
    },
    /// There was none that could be used.
    Failed {
        /// Why not.
        reason: String,
    },
}

impl Outcome {
    pub(crate) fn failed(error: HttpError) -> Self {
        Self::Failed { reason: error.to_string() }
    }
}

pub(crate) fn milliseconds(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}
