//! People: addresses, passwords, sessions of their browsers, and the mails that prove a mailbox.

mod email;
mod mailbox;
mod passwords;
pub(crate) mod session;
pub(crate) mod throttle;

pub use email::{Email, InvalidEmail};
pub use mailbox::{Letter, Mailbox};
pub use passwords::{HashError, InvalidPassword, MAX_CHARS, MIN_CHARS, NewPassword, Passwords};
