//! One sealed artefact, one purpose, one key, one type: a code can never be taken for a step.

use mapae_protocol::seal::{Purpose, RootError, SealRoot, Sealer};

/// Declares a purpose as an uninhabited type, so that only its name is left at run time.
macro_rules! purposes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {
        $($(#[$doc])* #[derive(Debug)] pub(crate) enum $name {}
        impl Purpose for $name {
            const NAME: &'static str = $text;
        })+
    };
}

purposes! {
    /// Authorization codes (RFC 6749 §4.1.2).
    AuthorizationCodes = "authorization code";
    /// A pending authorization request between two pages of one browser.
    Steps = "step";
    /// Somebody who left for a provider.
    UpstreamDepartures = "upstream departure";
    /// Somebody who came back from a provider and has no account yet.
    UpstreamArrivals = "upstream arrival";
    /// Anti-forgery tokens of all other forms.
    Forms = "form";
    /// The cookie of a browser in which somebody has signed in before.
    KnownBrowsers = "known browser";
    /// Refresh tokens (RFC 6749 §1.5).
    RefreshTokens = "refresh token";
    /// The successor kept for a client that lost the answer to a refresh.
    RefreshSuccessors = "refresh successor";
    /// Opaque access tokens.
    OpaqueAccessTokens = "access token";
    /// Cursors of the revocation feed.
    FeedCursors = "feed cursor";
}

/// A sealer for each purpose, built once per key set.
#[derive(Debug)]
pub(crate) struct Seals {
    pub(crate) codes: Sealer<AuthorizationCodes>,
    pub(crate) steps: Sealer<Steps>,
    pub(crate) departures: Sealer<UpstreamDepartures>,
    pub(crate) arrivals: Sealer<UpstreamArrivals>,
    pub(crate) forms: Sealer<Forms>,
    pub(crate) known_browsers: Sealer<KnownBrowsers>,
    pub(crate) refresh_tokens: Sealer<RefreshTokens>,
    pub(crate) access_tokens: Sealer<OpaqueAccessTokens>,
    pub(crate) cursors: Sealer<FeedCursors>,
}

impl Seals {
    /// The first root seals, all of them open.
    pub(crate) fn new(roots: &[SealRoot]) -> Result<Self, RootError> {
        Ok(Self {
            codes: Sealer::new(roots)?,
            steps: Sealer::new(roots)?,
            departures: Sealer::new(roots)?,
            arrivals: Sealer::new(roots)?,
            forms: Sealer::new(roots)?,
            known_browsers: Sealer::new(roots)?,
            refresh_tokens: Sealer::new(roots)?,
            access_tokens: Sealer::new(roots)?,
            cursors: Sealer::new(roots)?,
        })
    }
}
