//! The connection between a person and an app.

use std::collections::{BTreeMap, BTreeSet};

use mapae_protocol::time::Timestamp;
use serde::Serialize;

/// What a person agreed to give one app.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Link {
    pub(crate) linked_at: Timestamp,
    /// Consent items that the app may read.
    pub(crate) items: BTreeSet<String>,
    /// Consent items that were asked and refused.
    pub(crate) refused: BTreeSet<String>,
    /// Terms of the service that the person agreed to, by their tags (Kakao).
    pub(crate) terms: BTreeMap<String, TermAgreement>,
    /// Whether the service has completed the connection (Kakao apps with automatic linking off).
    pub(crate) signed_up: bool,
    /// What else the person chose on the consent page (Apple: the name, the relay address).
    pub(crate) choices: BTreeMap<String, String>,
}

/// That somebody agreed to a term.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TermAgreement {
    pub(crate) at: Timestamp,
    /// On which way, in the provider's word.
    pub(crate) by: &'static str,
}

impl Link {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            linked_at: now,
            items: BTreeSet::new(),
            refused: BTreeSet::new(),
            terms: BTreeMap::new(),
            signed_up: true,
            choices: BTreeMap::new(),
        }
    }

    pub(crate) fn agree_to_term(&mut self, tag: &str, by: &'static str, at: Timestamp) {
        self.terms.insert(tag.to_owned(), TermAgreement { at, by });
    }

    pub(crate) fn allows(&self, item: &str) -> bool {
        self.items.contains(item)
    }
}
