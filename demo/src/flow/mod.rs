//! The live sequence diagram: who says what to whom, drawn as it happens.
//!
//! ```text
//!  requests to a party ──► Tap ──────────┐
//!  the client's back channel ─► BackChannel ─► Journal ─► /flow/events ─► the page
//!  an experiment's own words ────────────┘
//! ```
//!
//! Everything is masked before it is written down ([`mask`]); the sentences live in data files ([`words`]).

mod back_channel;
pub(crate) mod curl;
mod endpoint;
pub(crate) mod hearing;
mod journal;
mod lifeline;
pub mod mask;
pub mod message;
mod outcome;
mod overheard;
pub(crate) mod social;
mod stage;
mod stories;
pub mod stream;
mod tap;
pub mod textbook;
pub mod words;

pub use back_channel::BackChannel;
pub use endpoint::Endpoint;
pub(crate) use endpoint::LOGOUT_NOTICES;
pub use journal::{CAPACITY, Experimenting, Journal, NOISE_CAPACITY};
pub use lifeline::Lifeline;
pub(crate) use outcome::of as outcome_of;
pub use overheard::{Given, Grant, Overheard, SpentCode};
pub use stage::Stage;
pub use stories::{Story, StoryKind};
pub(crate) use tap::SERVICE_AGENT;
pub use tap::{Tap, Tapped};
