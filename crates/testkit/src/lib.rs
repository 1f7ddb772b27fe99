//! Test parts: a server on an ephemeral port, a browser that follows forms, a PostgreSQL of its own.
//!
//! Nothing here stands in for a part of the product: the server is the real one behind a real socket, and
//! what a test may turn is its clock.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test part fails by panicking, with what it expected"
)]

pub mod browser;
pub mod client;
pub mod fixtures;
pub mod gateway;
pub mod mailbox;
pub mod postgres;
pub mod server;

pub use browser::{Browser, Page};
pub use client::{Answer, Authorization};
pub use fixtures::{ApiFixture, AppFixture, AppSpec, UserFixture};
pub use gateway::{Gateway, Mood};
pub use mailbox::Mail;
pub use server::{Engine, Options, TestServer};
