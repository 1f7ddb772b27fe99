//! What a simulator can be told before it starts.

use std::net::{Ipv4Addr, SocketAddr};

use crate::{App, Clock, Person};

/// What a simulator can be told before it starts. The default listens on a free port of this machine.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen; other machines reach only what is not loopback.
    pub listen: SocketAddr,
    /// The address under which it is reached, without a slash at the end; default `http://localhost:PORT`.
    pub public_url: Option<String>,
    /// The issuer that its tokens name.
    pub issuer: IssuerName,
    /// Its clock.
    pub clock: Clock,
    /// Apps besides the default one; one with its `client_id` replaces it.
    pub apps: Vec<App>,
    /// Redirect URIs that the default app has besides its own.
    pub redirect_uris: Vec<String>,
    /// People besides the seeded ones; one of the same name replaces its namesake.
    pub people: Vec<Person>,
    /// Whether a `client_id` that nobody registered is taken for a copy of the default app, with any secret and
    /// any redirect URI.
    pub any_client: bool,
    /// Changed [facts](crate::Fact), by name.
    pub facts: Vec<(String, String)>,
}

/// The issuer that tokens and discovery name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum IssuerName {
    /// The simulator's own address, so that clients that discover need no exception.
    #[default]
    Simulator,
    /// The provider's real issuer: `https://kauth.kakao.com`. The keys stay the simulator's.
    Real,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            public_url: None,
            issuer: IssuerName::default(),
            clock: Clock::system(),
            apps: Vec::new(),
            redirect_uris: Vec::new(),
            people: Vec::new(),
            any_client: false,
            facts: Vec::new(),
        }
    }
}
