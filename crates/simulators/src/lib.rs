//! Kakao, Naver, Google, Facebook and Apple on this machine: identity providers to develop and test against,
//! without internet and without keys.
//!
//! Each has a port of its own and answers on the real paths with the real parameters, pages, lifetimes, quirks,
//! errors and notifications, as far as the providers' own documents and measurements tell; what is uncertain is a
//! [`Fact`] that can be changed. A program that logs in with the real provider logs in here unchanged except for
//! the base address.
//!
//! ```no_run
//! use mapae_simulators::{Command, Provider, Settings, Simulator};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let kakao = Simulator::start(Provider::Kakao, Settings::default()).await?;
//! println!("{}/oauth/authorize", kakao.base_url());
//! // Somebody presses "unlink" in the settings of their Kakao account.
//! kakao.control(Command::unlink("ryan")).await?;
//! kakao.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! Nothing here is safe to show to strangers: everybody may sign in as anybody and press every button.

mod app;
mod apple;
mod clock;
mod control;
mod dialog;
mod engine;
mod facebook;
mod fact;
mod google;
mod kakao;
mod naver;
mod person;
mod provider;
mod rules;
mod settings;
mod simulator;
mod web;

pub use app::{App, ConsentItem, Requirement, ServiceTerm, Webhook};
pub use clock::Clock;
pub use control::{Command, ControlError, FaultKind, Tokens};
pub use engine::{Delivered, Done};
pub use fact::{Certainty, Fact};
pub use person::{Gender, Person};
pub use provider::Provider;
pub use settings::{IssuerName, Settings};
pub use simulator::{Simulator, StartError};
