//! The developer console: one's own apps.

pub mod addresses;
pub mod app;
pub mod delete_app;
pub mod home;
pub mod items;
pub mod new_app;
pub mod secret;
pub mod security;
pub mod snippet;

use crate::pages::look::AppCard;

/// An app as its owner sees it.
#[derive(Debug, Clone)]
pub struct ConsoleApp {
    /// Its `client_id`.
    pub id: String,
    /// How people see it.
    pub card: AppCard,
    /// Whether it is a public client (RFC 6749 §2.1), which has no secret.
    pub public: bool,
    /// Whether it acts for itself only and sends nobody to sign in (RFC 6749 §4.4).
    pub machine: bool,
    /// Whether it is switched off.
    pub disabled: bool,
}

impl ConsoleApp {
    /// What kind of app it is.
    fn kind_key(&self) -> &'static str {
        match (self.machine, self.public) {
            (true, _) => "app.machine",
            (false, true) => "app.public",
            (false, false) => "app.confidential",
        }
    }
}
