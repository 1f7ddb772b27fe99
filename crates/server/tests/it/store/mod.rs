//! The store: one suite, run on each engine.

mod backend;
pub(crate) mod beneath;
pub(crate) mod broken;
mod cutter;
mod seed;

mod consents;
mod console;
mod feed;
mod filled;
mod identities;
mod issuer;
mod keys;
mod lived;
mod mails;
mod outages;
mod people;
mod races;
mod registry;
mod retries;
mod revocations;
mod schema;
mod short_lived;
mod sweep;
mod units;
