//! Test parts: a server on an ephemeral port, a browser that follows forms, a PostgreSQL of its own, free ports, patience.
//!
//! Nothing here stands in for a part of the product: the server is the real one behind a real socket, and
//! what a test may turn is its clock.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test part fails by panicking, with what it expected"
)]

#[cfg(feature = "server")]
pub mod browser;
#[cfg(feature = "server")]
pub mod client;
#[cfg(feature = "server")]
pub mod fixtures;
#[cfg(feature = "server")]
pub mod gateway;
#[cfg(feature = "server")]
pub mod mailbox;
#[cfg(feature = "server")]
pub mod npm;
#[cfg(feature = "server")]
pub mod pem;
pub mod ports;
pub mod postgres;
#[cfg(feature = "server")]
pub mod server;
pub mod waiting;
#[cfg(feature = "server")]
pub mod words;

#[cfg(feature = "server")]
pub use browser::{Browser, Page};
#[cfg(feature = "server")]
pub use client::{Answer, Authorization, http};
#[cfg(feature = "server")]
pub use fixtures::{ApiFixture, AppFixture, AppSpec, UserFixture};
#[cfg(feature = "server")]
pub use gateway::{Gateway, Mood};
#[cfg(feature = "server")]
pub use mailbox::Mail;
#[cfg(feature = "server")]
pub use npm::npm_folder;
#[cfg(feature = "server")]
pub use pem::pem;
pub use ports::{free_port, free_ports};
#[cfg(feature = "server")]
pub use server::{Engine, Options, TestServer};
pub use waiting::until;
