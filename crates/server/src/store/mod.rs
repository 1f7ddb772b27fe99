//! What is kept: one file per table, plain SQL that both engines understand, one executor.
//!
//! *Reads* are functions that take a [`Db`] and return typed records. *Writes* are pure functions that
//! return a [`Statement`](db::Statement) or a [`Unit`]; whoever decides puts them together and commits them
//! in one go with [`Db::commit`]. Nothing else writes.
//!
//! Secrets arrive here hashed, sealed or wrapped; plain ones have no place in any table. What expires
//! carries its time and is filtered by it in every query; [`sweep`] only makes room.

pub mod alive;
pub mod apis;
pub mod app_icons;
pub mod app_secrets;
pub mod apps;
pub mod codes;
pub mod consents;
pub mod counters;
pub mod db;
pub mod developers;
pub mod device_requests;
pub mod dpop_proofs;
pub mod exchange_permissions;
pub mod grant_states;
pub mod grants;
pub mod identities;
pub mod initial_access_tokens;
pub mod issuer;
pub mod keys;
pub mod links;
pub mod logout_notices;
pub mod mail_orders;
pub mod pushed_requests;
pub mod registrations;
pub mod revocations;
pub mod server_clocks;
pub mod session_apps;
pub mod sessions;
pub mod steps;
pub mod sweep;
pub mod term_agreements;
pub mod tokens;
pub mod upstream_notices;
pub mod upstream_permissions;
pub mod upstreams;
pub mod used_assertions;
pub mod users;
pub mod verification;

pub use self::db::{CommitError, Concealed, Db, Options, StoreError, Unit};

/// Every statement that the store can execute, for the tests that check them one by one.
pub fn statements() -> impl Iterator<Item = db::Sql> {
    let files = [
        db::STATEMENTS,
        apis::STATEMENTS,
        app_icons::STATEMENTS,
        app_secrets::STATEMENTS,
        apps::STATEMENTS,
        codes::STATEMENTS,
        pushed_requests::STATEMENTS,
        consents::STATEMENTS,
        counters::STATEMENTS,
        developers::STATEMENTS,
        dpop_proofs::STATEMENTS,
        device_requests::STATEMENTS,
        exchange_permissions::STATEMENTS,
        grant_states::STATEMENTS,
        grants::STATEMENTS,
        identities::STATEMENTS,
        initial_access_tokens::STATEMENTS,
        issuer::STATEMENTS,
        keys::STATEMENTS,
        links::STATEMENTS,
        logout_notices::STATEMENTS,
        mail_orders::STATEMENTS,
        registrations::STATEMENTS,
        revocations::STATEMENTS,
        server_clocks::STATEMENTS,
        session_apps::STATEMENTS,
        sessions::STATEMENTS,
        steps::STATEMENTS,
        sweep::STATEMENTS,
        tokens::STATEMENTS,
        term_agreements::STATEMENTS,
        upstream_notices::STATEMENTS,
        upstream_permissions::STATEMENTS,
        upstreams::STATEMENTS,
        used_assertions::STATEMENTS,
        users::STATEMENTS,
        verification::STATEMENTS,
    ];
    files.into_iter().flatten().copied()
}
