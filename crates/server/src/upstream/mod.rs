//! Signing in through a provider: Mapae as its client, and as the provider of its own apps — OIDC Core §3.1, RFC 6749 §4.1.
//!
//! | # | what happens | where |
//! |---|---|---|
//! | 1 | the sign-in page offers the providers | `offer.rs` |
//! | 2 | the browser leaves; what it left with waits in a row, sealed and bound to it | `departure.rs` |
//! | 3 | it comes back, once; every check of [`mapae_client::callback`] | `callback.rs` |
//! | 4 | which account: [`mapae_client::linking::decide`] over facts of the store | `arrival.rs`, `facts.rs` |
//! | 5 | a new person says what they want to be called | `sign_up.rs` |
//! | | who adds a way in sees whose it is | `connect.rs` |
//! | | an account is proved to which who waits is linked | `proved.rs` |
//!
//! The cookie, the session and the tokens are this server's own; of the client crate it uses what speaks to providers and
//! what decides.

mod arrival;
pub(crate) mod callback;
pub(crate) mod connect;
pub(crate) mod departure;
mod facts;
mod hint;
pub(crate) mod letters;
pub(crate) mod notices;
pub(crate) mod offer;
mod proved;
mod refreshing;
mod registry;
mod scope;
mod settings;
pub(crate) mod sign_up;
mod tokens;
mod trouble;
mod waiting;

pub(crate) use arrival::label;
pub(crate) use facts::is_fresh;
pub(crate) use hint::straight;
pub(crate) use offer::{Offer, offer};
pub(crate) use proved::{after_proof, named_account};
pub(crate) use refreshing::{NoToken, working_tokens};
pub(crate) use registry::{Origin, Registry, Upstream, opened, opens, read, sealed};
pub(crate) use scope::{named_by, scope_of, scope_text, scope_token_of};
pub(crate) use settings::read_definition;
pub use settings::{Options, Secrets, UpstreamSettings};
pub(crate) use tokens::unwrap as unwrap_tokens;
pub(crate) use trouble::{Told, told};
pub(crate) use waiting::{Arrival, drop_arrivals, waiting_arrival};
