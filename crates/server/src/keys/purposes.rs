//! One sealed artefact, one purpose, one key, one type: a code can never be taken for a step.

use mapae_protocol::{
    dpop::NONCE_LIFE,
    seal::{Purpose, RootError, SealRoot, Sealer},
    time::Seconds,
    tombstone::Memory,
};

use crate::config::Config;

/// How long a person may take over the pages of one request.
pub(crate) const STEP_LIFE: Seconds = Seconds::hours(1);
/// How long somebody may be away at a provider.
pub(crate) const DEPARTURE_LIFE: Seconds = Seconds::minutes(10);
/// How long the browser may take from a provider's posted answer to the callback.
pub(crate) const ANSWER_LIFE: Seconds = Seconds::minutes(1);
/// How long somebody who came back from a provider may take to get an account.
pub(crate) const ARRIVAL_LIFE: Seconds = Seconds::minutes(30);
/// For how long it is remembered what a provider said has ended: somebody may be there, and then at the sign-up step.
pub(crate) const ON_THE_WAY: Memory = Memory::of_a_way(DEPARTURE_LIFE, ARRIVAL_LIFE);
/// How long a browser is known, before and after anybody has signed in: what is bound to it lives no longer.
pub(crate) const BROWSER_LIFE: Seconds = Seconds::days(30);
/// How long a browser is remembered as one of its owner's.
pub(crate) const KNOWN_BROWSER_LIFE: Seconds = Seconds::days(180);

/// Declares a purpose as an uninhabited type, so that only its name is left at run time, with the life of what is
/// sealed for it.
macro_rules! purposes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, lives $life:expr;)+) => {
        $($(#[$doc])* #[derive(Debug)] pub(crate) enum $name {}
        impl Purpose for $name {
            const NAME: &'static str = $text;
        })+

        /// Every purpose, and for how long after it was made something sealed for it may be opened.
        const LIVES: &[(&str, fn(&Config) -> Seconds)] = &[$(($text, $life),)+];
    };
}

purposes! {
    /// Authorization codes (RFC 6749 §4.1.2).
    AuthorizationCodes = "authorization code", lives |config| config.tokens.code;
    /// A pending authorization request between two pages of one browser.
    Steps = "step", lives |_| STEP_LIFE;
    /// Somebody who left for a provider.
    UpstreamDepartures = "upstream departure", lives |_| DEPARTURE_LIFE;
    /// Somebody who came back from a provider and has no account yet.
    UpstreamArrivals = "upstream arrival", lives |_| ARRIVAL_LIFE;
    /// An answer that a provider's page posted, on its way to the callback.
    UpstreamAnswers = "upstream answer", lives |_| ANSWER_LIFE;
    /// Anti-forgery tokens of all other forms.
    Forms = "form", lives |config| config.sessions.absolute.max(BROWSER_LIFE);
    /// The cookie of a browser in which somebody has signed in before.
    KnownBrowsers = "known browser", lives |_| KNOWN_BROWSER_LIFE;
    /// Refresh tokens (RFC 6749 §1.5).
    RefreshTokens = "refresh token", lives |config| config.tokens.refresh_absolute;
    /// The successor kept for a client that lost the answer to a refresh.
    RefreshSuccessors = "refresh successor", lives |config| config.tokens.refresh_absolute;
    /// Opaque access tokens.
    OpaqueAccessTokens = "access token", lives |config| config.tokens.access_token;
    /// Cursors of the revocation feed: one that is older than its events is answered like none.
    FeedCursors = "feed cursor", lives |config| config.tokens.access_token;
    /// Nonces of proofs of possession (RFC 9449 §8).
    DpopNonces = "dpop nonce", lives |_| NONCE_LIFE;
}

/// For how long after its last use a sealing key must open what it has sealed, whatever that was.
pub(super) fn longest_life(config: &Config) -> Seconds {
    LIVES.iter().map(|(_, life)| life(config)).max().unwrap_or(Seconds::ZERO)
}

/// A sealer for each purpose, built once per key set.
#[derive(Debug)]
pub(crate) struct Seals {
    pub(crate) codes: Sealer<AuthorizationCodes>,
    pub(crate) steps: Sealer<Steps>,
    pub(crate) departures: Sealer<UpstreamDepartures>,
    pub(crate) arrivals: Sealer<UpstreamArrivals>,
    pub(crate) answers: Sealer<UpstreamAnswers>,
    pub(crate) forms: Sealer<Forms>,
    pub(crate) known_browsers: Sealer<KnownBrowsers>,
    pub(crate) refresh_tokens: Sealer<RefreshTokens>,
    pub(crate) access_tokens: Sealer<OpaqueAccessTokens>,
    pub(crate) cursors: Sealer<FeedCursors>,
    pub(crate) dpop_nonces: Sealer<DpopNonces>,
}

impl Seals {
    /// The first root seals, all of them open.
    pub(crate) fn new(roots: &[SealRoot]) -> Result<Self, RootError> {
        Ok(Self {
            codes: Sealer::new(roots)?,
            steps: Sealer::new(roots)?,
            departures: Sealer::new(roots)?,
            arrivals: Sealer::new(roots)?,
            answers: Sealer::new(roots)?,
            forms: Sealer::new(roots)?,
            known_browsers: Sealer::new(roots)?,
            refresh_tokens: Sealer::new(roots)?,
            access_tokens: Sealer::new(roots)?,
            cursors: Sealer::new(roots)?,
            dpop_nonces: Sealer::new(roots)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use mapae_protocol::time::Timestamp;

    use super::*;
    use crate::{
        app::App,
        clock::Clock,
        config::{Environment, Flags},
        jobs::tests::server,
        keys::{self, KeySet, Present, Takeover},
    };

    fn seal_all(keys: &KeySet) -> Vec<(&'static str, String)> {
        let seals = &keys.seals;
        let Seals { codes, steps, departures, arrivals, forms, known_browsers, .. } = seals;
        let Seals { answers, refresh_tokens, access_tokens, cursors, dpop_nonces, .. } = seals;
        vec![
            (AuthorizationCodes::NAME, codes.seal(b"x", b"")),
            (Steps::NAME, steps.seal(b"x", b"")),
            (UpstreamDepartures::NAME, departures.seal(b"x", b"")),
            (UpstreamArrivals::NAME, arrivals.seal(b"x", b"")),
            (UpstreamAnswers::NAME, answers.seal(b"x", b"")),
            (Forms::NAME, forms.seal(b"x", b"")),
            (KnownBrowsers::NAME, known_browsers.seal(b"x", b"")),
            (RefreshTokens::NAME, refresh_tokens.seal(b"x", b"")),
            (OpaqueAccessTokens::NAME, access_tokens.seal(b"x", b"")),
            (FeedCursors::NAME, cursors.seal(b"x", b"")),
            (DpopNonces::NAME, dpop_nonces.seal(b"x", b"")),
        ]
    }

    fn opens(keys: &KeySet, purpose: &str, text: &str) -> bool {
        let seals = &keys.seals;
        match purpose {
            AuthorizationCodes::NAME => seals.codes.open(text, b"").is_ok(),
            Steps::NAME => seals.steps.open(text, b"").is_ok(),
            UpstreamDepartures::NAME => seals.departures.open(text, b"").is_ok(),
            UpstreamArrivals::NAME => seals.arrivals.open(text, b"").is_ok(),
            UpstreamAnswers::NAME => seals.answers.open(text, b"").is_ok(),
            Forms::NAME => seals.forms.open(text, b"").is_ok(),
            KnownBrowsers::NAME => seals.known_browsers.open(text, b"").is_ok(),
            RefreshTokens::NAME => seals.refresh_tokens.open(text, b"").is_ok(),
            OpaqueAccessTokens::NAME => seals.access_tokens.open(text, b"").is_ok(),
            FeedCursors::NAME => seals.cursors.open(text, b"").is_ok(),
            DpopNonces::NAME => seals.dpop_nonces.open(text, b"").is_ok(),
            other => panic!("{other}"),
        }
    }

    /// With refresh tokens that live for a minute only, nothing else may die with them.
    async fn short_lived_refresh() -> (App, tempfile::TempDir) {
        let folder = tempfile::TempDir::new().unwrap();
        let data = folder.path().to_str().map(str::to_owned);
        let mut config = Config::load(&Flags { data, ..Flags::default() }, &Environment::default()).unwrap();
        config.tokens.refresh_absolute = Seconds::minutes(1);
        let clock = Clock::manual(Timestamp::from_unix(1_800_000_000));
        (App::start(config, clock).await.unwrap(), folder)
    }

    #[tokio::test]
    async fn me_04_what_a_retired_key_has_sealed_is_opened_to_the_end_of_its_life() {
        let usual = server(Clock::manual(Timestamp::from_unix(1_800_000_000))).await;
        for (app, _folder) in [usual, short_lived_refresh().await] {
            let (db, master, now) = (app.db(), app.master_key(), app.now());
            let sealed = seal_all(&app.keys().current());
            let present = Present::read(db, now).await.unwrap();
            let unit = keys::rotation(&present, master, app.config(), Takeover::Planned, now).unwrap();
            db.commit(unit).await.unwrap();
            for (purpose, life) in LIVES.iter().filter(|(name, _)| *name != RefreshSuccessors::NAME) {
                let end = now.plus(life(app.config()));
                let keys = keys::load(db, master, end).await.unwrap();
                let (_, text) = sealed.iter().find(|(name, _)| name == purpose).unwrap();
                assert!(opens(&keys, purpose, text), "{purpose}");
            }
            let much_later = now.plus(longest_life(app.config())).plus(Seconds::days(2));
            let keys = keys::load(db, master, much_later).await.unwrap();
            assert!(sealed.iter().all(|(purpose, text)| !opens(&keys, purpose, text)), "and no longer");
        }
    }
}
