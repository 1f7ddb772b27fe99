//! What pages show of apps and people.

use crate::pages::{at, shown::Shown};

/// An app as people see it.
#[derive(Debug, Clone)]
pub struct AppCard {
    /// Its name.
    pub name: Shown,
    /// Address of its icon on this origin (never anybody else's: the page would tell them who looks at it).
    pub icon: Option<String>,
    /// Who makes it.
    pub developer: Option<Shown>,
    /// Host where it leads; the person's best hint against a borrowed name.
    pub host: Option<Shown>,
}

impl AppCard {
    /// An app of which only the name is known.
    pub fn named(name: &str) -> Self {
        Self { name: Shown::name(name), icon: None, developer: None, host: None }
    }
}

/// A person as they see themselves.
#[derive(Debug, Clone)]
pub struct Person {
    /// Their name.
    pub name: Shown,
    /// Their e-mail address.
    pub email: Shown,
}

impl Person {
    /// A person by name and address.
    pub fn new(name: &str, email: &str) -> Self {
        Self { name: Shown::name(name), email: Shown::name(email) }
    }
}

/// What stands around a page for a signed-in person.
#[derive(Debug, Clone)]
pub struct Desk {
    /// Who is signed in.
    pub person: Person,
    /// Token for the forms of this page.
    pub csrf: String,
}

impl Desk {
    /// Address of the page on which to sign out.
    pub fn sign_out(&self) -> &'static str {
        at::SIGN_OUT
    }
}
