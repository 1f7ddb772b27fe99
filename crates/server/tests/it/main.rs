//! Integration tests: one binary, so that one PostgreSQL serves them all.
//!
//! `#[cfg(test)]` stands for "everything in here is a test": panicking is how it fails, also in the
//! functions that tests share.

#[cfg(test)]
mod commands;
#[cfg(test)]
mod console;
#[cfg(test)]
#[path = "../../../protocol/src/redirect_uri/corpus.rs"]
mod corpus;
#[cfg(test)]
mod delay;
#[cfg(test)]
mod engines;
#[cfg(test)]
mod matrices;
#[cfg(test)]
mod parties;
#[cfg(test)]
mod people;
#[cfg(test)]
mod protocol;
#[cfg(test)]
mod registration;
#[cfg(test)]
mod store;
#[cfg(test)]
mod upstream;
