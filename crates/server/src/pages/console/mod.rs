//! The developer console: one's own apps.

pub mod addresses;
pub mod app;
pub mod delete_app;
pub mod grants;
pub mod home;
pub mod items;
pub mod members;
pub mod new_app;
pub mod secret;
pub mod security;
pub mod snippet;
pub mod upstreams;

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
    /// Whether it works.
    pub status: AppStatus,
}

/// Whether an app works, and who may change that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppStatus {
    /// It works.
    On,
    /// Its owner has switched it off.
    Off,
    /// The operator has switched it off: its owner cannot switch it on.
    Blocked,
}

impl AppStatus {
    /// What its badge says.
    fn badge_key(self) -> &'static str {
        match self {
            Self::On => "app.on",
            Self::Off => "app.off",
            Self::Blocked => "app.blocked",
        }
    }

    /// What it means.
    fn meaning_key(self) -> &'static str {
        match self {
            Self::On => "app.state_on",
            Self::Off => "app.state_off",
            Self::Blocked => "app.state_blocked",
        }
    }
}

impl ConsoleApp {
    /// Whether people are told that nobody has checked it. Nobody is led to one that acts for itself.
    fn unverified(&self) -> bool {
        !self.machine && self.card.unverified()
    }

    /// What kind of app it is.
    fn kind_key(&self) -> &'static str {
        match (self.machine, self.public) {
            (true, _) => "app.machine",
            (false, true) => "app.public",
            (false, false) => "app.confidential",
        }
    }
}
