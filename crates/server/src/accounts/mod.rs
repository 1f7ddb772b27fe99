//! People: addresses, passwords, sessions of their browsers, and the mails that prove a mailbox.

pub(crate) mod fetches;
pub(crate) mod guess;
pub(crate) mod known_browser;
pub(crate) mod known_claims;
mod mailbox;
pub(crate) mod mailed_link;
pub(crate) mod name;
mod passwords;
pub(crate) mod post_office;
pub(crate) mod rows;
pub(crate) mod session;
pub(crate) mod shares;
pub(crate) mod throttle;
pub(crate) mod turns;
pub(crate) mod typed;
mod weak;

pub use mailbox::{Draft, Letter, Mailbox};
pub use mapae_protocol::email_address::EmailAddress;
pub use name::NameMistake;
pub use passwords::{HashError, InvalidPassword, MAX_CHARS, MIN_CHARS, NewPassword, Passwords};
