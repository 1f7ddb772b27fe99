//! Parts for tests against real processes: the program `mapae` as anybody would run it, people and apps that use
//! it over HTTP and note down what they were told, and a checker that reads these notes.
//!
//! Nothing here knows how the server works inside: the checker would say the same about another server.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test part fails by panicking, with what it expected"
)]

pub mod accessible;
pub mod app;
pub mod certificate;
pub mod chance;
pub mod checker;
pub mod chromium;
pub mod demo;
pub mod diagram;
pub mod history;
pub mod person;
pub mod process;
pub mod program;
pub mod records;
pub mod wire;
pub mod worker;
