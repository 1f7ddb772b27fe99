//! Every page and a rehearsed diagram, without any server: for designers, and for the tests that look at all of
//! them. See `examples/demo_preview.rs`.

mod play;
mod rehearsal;
mod social;

pub use rehearsal::{SECRETS as REHEARSED_SECRETS, rehearse};

use crate::site;

/// A page in one state and one language.
#[derive(Clone, Debug)]
pub struct Sample {
    /// `page.state.language`
    pub name: String,
    /// The document.
    pub html: String,
}

/// Every page in every state, in both languages.
#[must_use]
pub fn pages() -> Vec<Sample> {
    site::samples().into_iter().map(|(name, html)| Sample { name, html }).collect()
}

/// Every file that pages refer to: its address, its content.
#[must_use]
pub fn assets() -> Vec<(&'static str, &'static str)> {
    site::ASSETS.iter().map(|asset| (asset.address(), &*asset.body)).collect()
}
