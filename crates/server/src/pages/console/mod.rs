//! The developer console: one's own apps.

pub mod addresses;
pub mod app;
pub mod delete_app;
pub mod home;
pub mod items;
pub mod new_app;
pub mod secret;
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
    /// Whether it is switched off.
    pub disabled: bool,
}
