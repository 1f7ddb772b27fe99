//! What must hold for any bytes that strangers send: one [`Target`] per parser, for libFuzzer and for ordinary tests.
//!
//! A target says more than that nothing panics: what was read is written as it came, what matches was registered, what is
//! refused is refused in fixed words. `cargo xtask fuzz` runs them with bytes of its own invention
//! (`fuzz/libfuzzer`); the test of this crate runs them with the seeds of `fuzz/seeds`, so that they always compile and hold.

mod answers;
mod claims;
mod client;
mod forms;
mod headers;
mod jose;
mod property;
mod requests;
mod sealed;
mod server;
mod signer;
mod targets;
mod uris;

pub use targets::TARGETS;

/// One parser, or a few that read the same bytes, and what must hold of them.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name on the command line, and the folder of its seeds.
    pub name: &'static str,
    /// The files whose parsers it reaches.
    pub reaches: &'static [&'static str],
    /// Panics if something does not hold for these bytes.
    pub run: fn(&[u8]),
}

/// The target of this name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
