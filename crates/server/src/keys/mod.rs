//! Keys: what signs tokens, what seals codes and steps, what derives subjects.
//!
//! Private material lives in the store, wrapped under the master key; a [`KeyRing`] holds the unwrapped
//! set in memory and is replaced whole when the catalogue generation moves, so that every node sees a
//! rotation within a second. A key is published before it signs and kept after its last signature
//! (OIDC Core §10.1.1).

mod load;
mod master;
mod purposes;
mod ring;
mod rotation;

pub(crate) use load::{ALGORITHMS, load, load_or_create};
pub use master::MasterKeyError;
pub(crate) use master::{load as load_master_key, load_or_create as load_or_create_master_key};
pub(crate) use purposes::{
    ANSWER_LIFE, ARRIVAL_LIFE, AuthorizationCodes, BROWSER_LIFE, DEPARTURE_LIFE, FeedCursors,
    KNOWN_BROWSER_LIFE, ON_THE_WAY, OpaqueAccessTokens, RefreshSuccessors, RefreshTokens, STEP_LIFE, Seals,
};
pub(crate) use ring::{KeyRing, KeySet};
pub(crate) use rotation::{Present, Takeover, rotation, rotation_of};
