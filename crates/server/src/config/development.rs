//! For whom a server is, by its issuer.

use super::Site;

/// Whether this server is one to develop against: nobody but this machine reaches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Development {
    Yes,
    No,
}

impl Development {
    /// A loopback issuer is for development; any other is for people.
    pub(crate) fn of(site: &Site) -> Self {
        if site.is_loopback() { Self::Yes } else { Self::No }
    }
}
