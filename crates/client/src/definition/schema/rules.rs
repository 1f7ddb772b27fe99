//! What a provider's errors and notices mean.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::{definition::Place, notice::EventKind};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorRule {
    /// Absent: wherever it comes from.
    pub(crate) place: Option<Place>,
    pub(crate) at: String,
    #[serde(default)]
    pub(crate) is: Vec<Value>,
    /// The first and the last of whole numbers that are meant as well.
    pub(crate) within: Option<[i64; 2]>,
    /// A further text that must occur: pointer and part.
    pub(crate) says: Option<Says>,
    pub(crate) class: RuleClass,
    pub(crate) setting: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Says {
    pub(crate) at: String,
    pub(crate) part: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RuleClass {
    Cancelled,
    Restart,
    Reconsent,
    Interaction,
    SignInAgain,
    Configuration,
    Unavailable,
    RateLimited,
    Denied,
}

/// A notice that the provider sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoticeRule {
    pub(crate) name: String,
    pub(crate) proof: NoticeProof,
    /// Answered when it was taken.
    status: u16,
    /// The name of the credential in the header, and what stands before it.
    #[serde(default)]
    pub(crate) credential: String,
    #[serde(default)]
    pub(crate) prefix: String,
    /// Parameters that must equal credentials.
    #[serde(default)]
    pub(crate) checks: BTreeMap<String, String>,
    /// The parameter that names the person.
    #[serde(default)]
    pub(crate) subject: String,
    /// What it means, where it means one thing.
    pub(crate) kind: Option<EventKind>,
    /// What each event means.
    #[serde(default)]
    pub(crate) kinds: BTreeMap<String, EventKind>,
    /// The page of the service that shows what became of a deletion.
    pub(crate) deletion_page: Option<String>,
}

impl NoticeRule {
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK)
    }
}

/// How a notice is proved to be the provider's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NoticeProof {
    /// A secret in the `Authorization` header.
    SharedHeader,
    /// A security event token (RFC 8417).
    SignedToken,
    /// Facebook's `signed_request`.
    SignedRequest,
    /// Naver's signature and encrypted id.
    Naver,
    /// A signed token in JSON, whose `events` is JSON once more (Apple).
    Apple,
}

impl NoticeProof {
    /// Whether one notice can tell of different things.
    pub(crate) const fn names_events(self) -> bool {
        matches!(self, Self::SignedToken | Self::Apple)
    }
}
