//! End-to-end tests: real processes, real sockets, real databases.
//!
//! `#[cfg(test)]` stands for "everything in here is a test": panicking is how it fails, also in the
//! functions that tests share.

#[cfg(test)]
mod browser;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod durability;
#[cfg(test)]
mod social;
