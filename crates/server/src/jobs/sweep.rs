//! Making room: rows whose time has long been over. Nothing depends on it but the size of the database.

use async_trait::async_trait;
use mapae_protocol::time::Seconds;

use super::{Job, JobError};
use crate::{
    app::App,
    fault::Fault,
    store::sweep::{self, SLACK},
};

/// An API that was away for less finds in the feed all that it missed, also when access tokens became
/// shorter by a change of the settings: a day is the longest life that the settings allow.
const FEED_KEPT: Seconds = Seconds::days(1);

/// Removes what is over, in small commits.
#[derive(Debug)]
pub(super) struct Sweep;

#[async_trait]
impl Job for Sweep {
    fn name(&self) -> &'static str {
        "sweep"
    }

    async fn run(&self, app: &App) -> Result<(), JobError> {
        let feed_kept = Seconds::seconds(u32::try_from(FEED_KEPT.get() + SLACK.get()).unwrap_or(u32::MAX));
        // A clock that is wrong must not decide what is over.
        let now = app.issuing_time()?;
        if !app.other_clocks().may_remove() {
            return Ok(());
        }
        sweep::run(app.db(), feed_kept, now).await.map_err(Fault::from)?;
        // As long as somebody may be signed in by a token of theirs, who signs out with that as a hint.
        let hints_kept = app.config().sessions.absolute;
        sweep::forget_signing_keys(app.db(), hints_kept, now).await.map_err(Fault::from)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use mapae_protocol::{
        jose::{Algorithm, HeaderType},
        time::Timestamp,
    };
    use serde_json::json;

    use super::*;
    use crate::{
        clock::Clock,
        interaction::IdTokenHint,
        jobs::{high_water_mark::HighWaterMark, tests::server},
        keys::{Present, Takeover, load, rotation},
        store::{keys, tokens},
    };

    #[tokio::test]
    async fn what_is_over_goes_and_what_is_not_stays() {
        let now = Timestamp::from_unix(1_800_000_000);
        let (app, _folder) = server(Clock::manual(now)).await;
        for (jti, expires_at) in
            [("old", now.minus(Seconds::days(1))), ("young", now.plus(Seconds::minutes(5)))]
        {
            app.commit(tokens::revoke(jti, expires_at, now)).await.unwrap();
        }
        Sweep.run(&app).await.unwrap();
        let old = async || tokens::facts(app.db(), &[], "old").await.unwrap().revoked;
        assert!(old().await, "whether other servers run is not known yet");
        for _ in 0..3 {
            HighWaterMark.run(&app).await.unwrap();
        }
        Sweep.run(&app).await.unwrap();
        for (jti, kept) in [("old", false), ("young", true)] {
            assert_eq!(tokens::facts(app.db(), &[], jti).await.unwrap().revoked, kept, "{jti}");
        }
    }

    async fn swept(app: &App) {
        for _ in 0..3 {
            HighWaterMark.run(app).await.unwrap();
        }
        Sweep.run(app).await.unwrap();
    }

    /// OIDC RP-Initiated Logout §2, §4.
    #[tokio::test]
    async fn me_04_an_id_token_of_a_session_is_a_hint_after_its_key_is_over_and_after_an_emergency_not() {
        let clock = Clock::manual(Timestamp::from_unix(1_800_000_000));
        let (app, _folder) = server(clock.clone()).await;
        let said = json!({ "iss": app.issuer().as_str(), "sub": "s", "aud": "app", "exp": 1, "iat": 1 });
        let is_hint = |token: &str| IdTokenHint::claims(token, &app, &app.keys().current()).is_some();
        let sign = || {
            let keys = app.keys().current();
            let key = keys.signing_key(Algorithm::Rs256).unwrap();
            (key.kid().to_owned(), key.sign(HeaderType::Jwt, &said).unwrap())
        };
        let rotated = async |takeover| {
            let present = Present::read_all(app.db()).await.unwrap();
            let unit = rotation(&present, app.master_key(), app.config(), takeover, app.now()).unwrap();
            app.commit(unit).await.unwrap();
        };
        let (kid, hint) = sign();
        rotated(Takeover::Planned).await;
        let is_published = || app.keys().current().published().find(&kid).is_some();
        clock.advance(Seconds::minutes(10));
        app.changes().follow(&app).await.unwrap();
        assert!(is_published(), "what it signed is not over");
        clock.advance(Seconds::days(2));
        app.changes().follow(&app).await.unwrap();
        assert!(!is_published(), "nothing else has happened");
        swept(&app).await;
        assert!(app.keys().current().published().find(&kid).is_none() && is_hint(&hint));
        let all = keys::not_withdrawn(app.db()).await.unwrap();
        let left = all.iter().find(|key| key.kid == kid).unwrap();
        assert!(left.private_wrapped.expose().is_empty(), "nobody signs with it any more");
        // Where the clock is behind, the end of that key is still to come.
        let before = left.life.expires_at.unwrap().minus(Seconds::minutes(1));
        let behind = load(app.db(), app.master_key(), before).await.unwrap();
        assert!(behind.published().find(&kid).is_none() && behind.former().find(&kid).is_some());

        let stolen = [hint, sign().1];
        rotated(Takeover::Emergency).await;
        app.changes().follow(&app).await.unwrap();
        assert!(!stolen.iter().any(|token| is_hint(token)), "of every age");

        let (kid, hint) = sign();
        rotated(Takeover::Planned).await;
        for (days, expected) in [(2, true), (40, false)] {
            clock.advance(Seconds::days(days));
            swept(&app).await;
            let all = keys::not_withdrawn(app.db()).await.unwrap();
            assert_eq!(all.iter().any(|key| key.kid == kid), expected, "{days}");
            // What makes every node read its keys again.
            rotated(Takeover::Planned).await;
            app.changes().follow(&app).await.unwrap();
            assert_eq!(is_hint(&hint), expected, "{days}");
        }
    }
}
