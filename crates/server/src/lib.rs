//! The authorization server of Mapae: OAuth 2.0 and OpenID Connect with sign-in, consent, account pages and a
//! developer console, on SQLite or PostgreSQL.
//!
//! Most people run the program, `mapae serve`. It can also live in another one:
//!
//! ```no_run
//! use mapae::{
//!     App,
//!     clock::Clock,
//!     config::{Config, Environment, Flags},
//!     http::{
//!         Stack,
//!         listener::{self, Capacity},
//!     },
//! };
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let flags = Flags { data: Some("./mapae-data".to_owned()), ..Flags::default() };
//!     let config = Config::load(&flags, &Environment::default())?;
//!     let app = App::start(config.clone(), Clock::System).await?;
//!     let stack = Stack::new(mapae::router(app), &config);
//!     let socket = tokio::net::TcpListener::bind("127.0.0.1:9000").await?;
//!     let until = async { drop(tokio::signal::ctrl_c().await) };
//!     listener::serve(socket, stack, Capacity::of(&config), until).await;
//!     Ok(())
//! }
//! ```
//!
//! [`store`] is the database: plain functions over one SQL text for both engines. Whatever is written there is in force
//! in every process that runs on it within a second. [`cli`] and [`commands`] are the program; [`pages`] are what people
//! see. How a request travels through all this is told in `ARCHITECTURE.md`.

mod account;
pub mod accounts;
mod app;
mod app_keys;
mod audit;
mod catalog;
mod changes;
pub mod cli;
mod client_auth;
mod client_document;
pub mod clock;
pub mod commands;
pub mod config;
pub mod console;
mod contention;
mod dpop;
mod endpoints;
mod fault;
mod fetch;
#[doc(hidden)]
pub mod fuzzing;
mod grant_types;
pub mod http;
mod ids;
mod interaction;
mod issue;
mod jobs;
mod keys;
pub mod log;
mod logout;
mod mailed;
pub mod pages;
mod paths;
mod private;
mod registration;
mod router;
pub mod store;
mod terms;
pub mod upstream;

pub use app::{App, StartError};
pub use keys::MasterKeyError;
pub use router::router;
