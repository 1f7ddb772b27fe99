//! The store: one suite, run on each engine.

mod backend;
pub(crate) mod broken;
mod cutter;
mod seed;
pub(crate) mod sqlite_file;

mod consents;
mod console;
mod data_migrations;
mod feed;
mod identities;
mod issuer;
mod keys;
mod mails;
mod migrations;
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
