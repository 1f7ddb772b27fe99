//! What an attempt to prove a password is charged to — NIST SP 800-63B-4 §3.2.2; threats SE-12, SE-13.
//!
//! Guessing is bounded for each account, wherever it comes from. So that strangers who use that up lock nobody out,
//! a browser in which the account's owner has signed in before has a budget of its own; and one source alone
//! cannot use it up at all. Whoever is caught by it in a new browser can choose a new password by mail.

use mapae_protocol::time::Timestamp;

use super::throttle::{ACCOUNT, ACCOUNT_SOURCE, OWN_BROWSER, SOURCE, Throttle, Throttled};
use crate::http::ClientAddress;

/// One attempt, by those to whom it is charged.
#[derive(Debug)]
pub(crate) enum Guess {
    /// In a browser of the account's owner.
    OwnBrowser(String),
    /// Anywhere else.
    Stranger { source: String, account: String },
}

impl Guess {
    /// An attempt on `account` by its canonical address, in the owner's browser of this name if it is one.
    pub(crate) fn new(own_browser: Option<String>, client: ClientAddress, account: &str) -> Self {
        let stranger =
            || Self::Stranger { source: client.throttle_key().to_string(), account: account.to_owned() };
        own_browser.map_or_else(stranger, Self::OwnBrowser)
    }

    /// Charges it, before the password is checked. What stops it first is not charged to the account at large.
    pub(crate) fn charge(&self, throttle: &Throttle, now: Timestamp) -> Result<(), Throttled> {
        match self {
            Self::OwnBrowser(name) => throttle.charge(OWN_BROWSER, name, now),
            Self::Stranger { source, account } => {
                throttle.charge(SOURCE, source, now)?;
                throttle.charge(ACCOUNT_SOURCE, &both(source, account), now)?;
                throttle.charge(ACCOUNT, account, now)
            }
        }
    }

    /// Gives back what a right password was charged, and forgets the wrong ones from the same place. What others
    /// have tried on the account stays counted.
    pub(crate) fn succeeded(&self, throttle: &Throttle) {
        match self {
            Self::OwnBrowser(name) => throttle.clear(OWN_BROWSER, name),
            Self::Stranger { source, account } => {
                throttle.refund(SOURCE, source);
                throttle.clear(ACCOUNT_SOURCE, &both(source, account));
                throttle.refund(ACCOUNT, account);
            }
        }
    }
}

fn both(source: &str, account: &str) -> String {
    format!("{source} {account}")
}
