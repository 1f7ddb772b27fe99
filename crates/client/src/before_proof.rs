//! What a proof that the application takes by itself is held to.

use crate::identity::EndUser;

/// An account as it was before its owner proved it to the application itself
/// ([`Client::before_proof`](crate::Client::before_proof)). What comes of the proof is written only while that has not changed.
#[derive(Clone, Debug)]
#[must_use]
pub struct BeforeProof {
    pub(crate) account: EndUser,
    /// How often something about it was changed on which a proof depends.
    pub(crate) changes: i64,
}

impl BeforeProof {
    /// The account, by the identity that founded it.
    #[must_use]
    pub const fn account(&self) -> &EndUser {
        &self.account
    }
}
