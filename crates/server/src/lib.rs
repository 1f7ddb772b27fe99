//! Mapae.
pub mod accounts;
mod app;
mod catalog;
mod changes;
pub mod cli;
mod client_auth;
pub mod clock;
pub mod commands;
pub mod config;
mod endpoints;
mod fault;
mod grant_types;
pub mod http;
mod ids;
mod interaction;
mod issue;
mod jobs;
mod keys;
pub mod log;
pub mod pages;
mod router;
pub mod store;

pub use app::{App, StartError};
pub use router::router;
