//! What a test can tell the issuer to do, and what it has heard.

use std::{collections::HashMap, sync::Arc, time::Duration};

use serde_json::Value;
use tokio::sync::Semaphore;

pub(crate) type Edit = Arc<dyn Fn(&mut Value) + Send + Sync>;

/// What an endpoint answers instead of the truth.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Html,
    Huge,
    HugeWithoutLength,
    Stall,
    Redirect,
    Compressed,
    WrongType,
    Malformed,
    Duplicate,
    Deep,
    Broken,
    Json(u16, Value),
}

impl Reply {
    pub(crate) const BROKEN: [Self; 11] = [
        Self::Html,
        Self::Huge,
        Self::HugeWithoutLength,
        Self::Stall,
        Self::Redirect,
        Self::Compressed,
        Self::WrongType,
        Self::Malformed,
        Self::Duplicate,
        Self::Deep,
        Self::Broken,
    ];
}

/// How ID tokens are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Signing {
    #[default]
    Properly,
    AlgNone,
    Hmac,
    UnknownKey,
    AsAccessToken,
    BrokenSignature,
}

#[derive(Default)]
pub(crate) struct Behaviour {
    pub(crate) metadata: Option<Edit>,
    pub(crate) claims: Option<Edit>,
    pub(crate) tokens: Option<Edit>,
    pub(crate) user_info: Option<Edit>,
    /// How long every answer takes.
    pub(crate) takes: Duration,
    pub(crate) replies: HashMap<&'static str, Reply>,
    pub(crate) signing: Signing,
    /// Refreshes wait for a permit before they are answered (after they were done).
    pub(crate) gate: Option<Arc<Semaphore>>,
    /// So many answers to refreshes get lost after they were done.
    pub(crate) lost_answers: usize,
    pub(crate) refreshes_are_dead: bool,
    pub(crate) refreshes_bring_id_tokens: bool,
    /// Wants a nonce in proofs, and takes this long over every answer to a refresh (RFC 9449 §8).
    pub(crate) slow_nonces: Option<Duration>,
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    pub(crate) path: &'static str,
    pub(crate) form: HashMap<String, String>,
    pub(crate) authorization: Option<String>,
    /// Whether a proof of possession came with it (RFC 9449 §4.1).
    pub(crate) proven: bool,
    /// What stood behind the `?` of its address, of a form that was posted.
    pub(crate) query: Option<String>,
}
