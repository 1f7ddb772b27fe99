//! What pages show of apps and people.

use crate::{
    pages::{at, shown::Shown},
    store::apps::Standing,
};

/// An app as people see it.
#[derive(Debug, Clone)]
pub struct AppCard {
    /// Its name.
    pub name: Shown,
    /// Address of its icon on this origin (never anybody else's: the page would tell them who looks at it).
    pub icon: Option<String>,
    /// Where it leads: an origin, the private scheme of a native app, or the host of a homepage; the person's best
    /// hint against a borrowed name.
    pub leads_to: Option<Shown>,
    /// Whether it is verified.
    pub standing: Standing,
    /// Its privacy policy, an address that was judged when it was registered.
    pub policy: Option<String>,
    /// Its terms of service.
    pub terms: Option<String>,
}

impl AppCard {
    /// An app of which only the name is known.
    pub fn named(name: &str) -> Self {
        Self {
            name: Shown::name(name),
            icon: None,
            leads_to: None,
            standing: Standing::Verified,
            policy: None,
            terms: None,
        }
    }

    /// Whether to warn that nobody has checked this app.
    pub fn unverified(&self) -> bool {
        self.standing == Standing::Unverified
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
