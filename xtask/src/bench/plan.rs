//! What is measured, on whom, and for how long.

/// Those who are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Mapae,
    /// npm `oidc-provider`.
    Peer,
    /// axum handlers that do only what is unavoidable.
    Bare,
}

/// Something that is asked of servers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scenario {
    /// As `mapae-bench measure --scenario` calls it.
    pub(super) name: &'static str,
    /// As people read it.
    pub(super) title: &'static str,
    /// Who can answer it, Mapae first.
    pub(super) who: &'static [Who],
}

/// How long everything takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// After one that does not count.
    pub(super) rounds: usize,
    /// At the beginning of each measurement, in seconds, not measured.
    pub(super) warm_up: f64,
    /// In seconds, where there is no other end.
    pub(super) seconds: f64,
    /// Shown in one measurement, each once.
    pub(super) tokens: usize,
    /// How often the process is started.
    pub(super) starts: usize,
}

impl Who {
    /// As people read it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Mapae => "Mapae",
            Self::Peer => "oidc-provider",
            Self::Bare => "bare",
        }
    }
}

impl Pace {
    pub(super) const FULL: Self = Self { rounds: 7, warm_up: 0.5, seconds: 3.0, tokens: 10_000, starts: 20 };
    pub(super) const QUICK: Self = Self { rounds: 3, warm_up: 0.2, seconds: 1.0, tokens: 1_000, starts: 5 };
}

pub(super) const CLIENT_CREDENTIALS: &str = "client-credentials";
pub(super) const CODE_FLOW: &str = "code-flow";
pub(super) const BOUND_FLOW: &str = "bound-flow";
pub(super) const DEVICE: &str = "device";
pub(super) const TOKEN_EXCHANGE: &str = "token-exchange";
pub(super) const INTROSPECT_OPAQUE: &str = "introspect-opaque";
pub(super) const INTROSPECT_JWT: &str = "introspect-jwt";
pub(super) const USERINFO_OPAQUE: &str = "userinfo-opaque";
pub(super) const USERINFO_JWT: &str = "userinfo-jwt";
pub(super) const DISCOVERY: &str = "discovery";
pub(super) const JWKS: &str = "jwks";

const EVERYBODY: &[Who] = &[Who::Mapae, Who::Peer, Who::Bare];
/// Sealed tokens, and devices that wait, cannot be known without what makes a server one.
const SERVERS: &[Who] = &[Who::Mapae, Who::Peer];
/// The peer neither introspects JWTs, nor takes them at userinfo, nor exchanges them.
const BY_SIGNATURE: &[Who] = &[Who::Mapae, Who::Bare];

/// Everything that is measured, in the order of a round.
pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario { name: CLIENT_CREDENTIALS, title: "Client credentials, ES256 JWT for one API", who: EVERYBODY },
    Scenario {
        name: CODE_FLOW,
        title: "Code flow with PKCE, signed-in browser, remembered consent (two requests)",
        who: EVERYBODY,
    },
    Scenario {
        name: BOUND_FLOW,
        title: "The same with PAR, private_key_jwt and DPoP (three requests)",
        who: EVERYBODY,
    },
    Scenario {
        name: DEVICE,
        title: "Device flow: a device begins and asks once (two requests)",
        who: SERVERS,
    },
    Scenario { name: TOKEN_EXCHANGE, title: "Token exchange of a JWT for a JWT", who: BY_SIGNATURE },
    Scenario { name: INTROSPECT_OPAQUE, title: "Introspection, opaque token", who: SERVERS },
    Scenario { name: INTROSPECT_JWT, title: "Introspection, JWT", who: BY_SIGNATURE },
    Scenario { name: USERINFO_OPAQUE, title: "Userinfo, opaque token", who: SERVERS },
    Scenario { name: USERINFO_JWT, title: "Userinfo, JWT", who: BY_SIGNATURE },
    Scenario { name: DISCOVERY, title: "Discovery document", who: EVERYBODY },
    Scenario { name: JWKS, title: "JWKS", who: EVERYBODY },
];
