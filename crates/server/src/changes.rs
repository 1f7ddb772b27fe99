//! Following what other processes change: apps, APIs, keys, revocations.
//!
//! Two counters tell. They are read after each of our own writes that moves one, and a few times a second
//! for those of others (another node, the command line), so that every process is right within a second.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use mapae_protocol::time::{Seconds, Timestamp};
use tokio::sync::watch;

use crate::{
    app::App,
    catalog::Apis,
    clock::Clock,
    fault::Fault,
    keys::{self, KeySet},
    store::counters::{self, Counters},
    upstream::{self, Upstream},
};

/// How often the counters are read.
const PERIOD: Duration = Duration::from_millis(200);

/// Memory that is older is not relied on: the database may be away, and others go on without us.
const TRUSTED: Duration = Duration::from_secs(5);

/// The same by the clock of the machine, which counts whole seconds, and those in which the machine sleeps.
const SLEPT: Seconds = Seconds::seconds(6);

/// Where the two counters stand, as far as this process has followed.
#[derive(Debug)]
pub(crate) struct Changes {
    /// The generation that was taken over last. Held while memory is written, never while anything is read.
    catalog: Mutex<i64>,
    feed: watch::Sender<i64>,
    started: Instant,
    /// Milliseconds after the start: memory is no older than the database was then.
    followed: AtomicU64,
    /// The same by the clock of the machine, in seconds since 1970: the other one stands still while the machine sleeps.
    seen: AtomicI64,
}

/// What is read whole whenever the catalogue moves.
struct Catalogue {
    apis: Apis,
    upstreams: Vec<Arc<Upstream>>,
}

impl Catalogue {
    async fn read(app: &App) -> Result<Self, Fault> {
        let before = app.upstreams().all();
        let upstreams = upstream::read(app.db(), app.master_key(), app.config(), &before).await?;
        Ok(Self { apis: app.catalog().read_apis().await?, upstreams })
    }
}

impl Changes {
    pub(crate) fn new(counters: &Counters) -> Self {
        Self {
            catalog: Mutex::new(counters.catalog),
            feed: watch::Sender::new(counters.feed),
            started: Instant::now(),
            followed: AtomicU64::new(0),
            seen: AtomicI64::new(Clock::System.now().unix()),
        }
    }

    /// Wakes whoever waits for the feed to grow.
    pub(crate) fn feed(&self) -> watch::Receiver<i64> {
        self.feed.subscribe()
    }

    /// Fails where others may have changed apps, APIs or keys more than a few seconds ago, and the database does not answer
    /// whether they have: for who decides by memory alone. An app that was blocked meanwhile would get tokens that live
    /// longer than APIs remember that it was (TO-18).
    pub(crate) async fn require_present(&self, app: &App) -> Result<(), Fault> {
        let followed = Duration::from_millis(self.followed.load(Ordering::Acquire));
        let seen = Timestamp::from_unix(self.seen.load(Ordering::Acquire));
        let asleep = Clock::System.now().since(seen) > SLEPT;
        if asleep || self.started.elapsed().saturating_sub(followed) > TRUSTED {
            self.follow(app).await?;
        }
        Ok(())
    }

    /// Reads the counters and takes over what moved. Whoever is told by the feed that a key has ended finds the set
    /// without it.
    pub(crate) async fn follow(&self, app: &App) -> Result<Moved, Fault> {
        let (asked, seen) = (self.started.elapsed(), Clock::System.now().unix());
        let Counters { catalog, feed, .. } = counters::read(app.db()).await?;
        let now = app.now();
        let moved = app.catalog().generation() != catalog;
        let mut taken = Moved::Nothing;
        if moved || app.keys().current().is_outdated(now) {
            // What is read now is of this generation or a later one.
            let keys = keys::load(app.db(), app.master_key(), now).await?;
            let catalogue = if moved { Some(Catalogue::read(app).await?) } else { None };
            taken = self.take_over(app, catalog, keys, catalogue);
        }
        self.feed.send_if_modified(|seen| {
            let grown = feed > *seen;
            *seen = feed.max(*seen);
            grown
        });
        self.seen.store(seen, Ordering::Release);
        self.followed.fetch_max(u64::try_from(asked.as_millis()).unwrap_or(u64::MAX), Ordering::Release);
        Ok(taken)
    }

    /// Unless somebody else has taken over a later generation meanwhile.
    fn take_over(&self, app: &App, generation: i64, keys: KeySet, catalogue: Option<Catalogue>) -> Moved {
        let mut last = self.catalog.lock().unwrap_or_else(PoisonError::into_inner);
        if generation < *last {
            return Moved::Nothing;
        }
        *last = generation;
        if app.keys().current().shares_no_key_with(&keys) {
            tracing::warn!("the keys are replaced in an emergency: what the former ones made is void");
        }
        app.keys().replace(keys);
        match catalogue {
            Some(Catalogue { apis, upstreams }) if app.catalog().generation() != generation => {
                app.upstreams().replace(upstreams);
                app.catalog().advance(generation, apis);
                Moved::Catalog
            }
            Some(_) | None => Moved::Nothing,
        }
    }
}

/// What was taken over from the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moved {
    Nothing,
    /// Apps, APIs or keys.
    Catalog,
}

/// Follows until the app is dropped.
pub(crate) async fn watch(app: crate::app::WeakApp) {
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing = false;
    // What has moved by the first look was written by the start itself.
    let mut begun = false;
    loop {
        ticks.tick().await;
        let Some(app) = app.upgrade() else { return };
        let result = app.changes().follow(&app).await;
        // Said once when it begins and once when it ends, not five times a second.
        match (&result, failing) {
            (Err(error), false) => {
                tracing::error!(error = error as &dyn std::error::Error, "cannot follow changes");
            }
            (Ok(_), true) => tracing::info!("following changes again"),
            _ => {}
        }
        // Our own are followed where they are written, and told there: this is mostly the command line or a node.
        if begun && matches!(result, Ok(Moved::Catalog)) {
            tracing::info!("apps, APIs or keys were changed elsewhere");
        }
        failing = result.is_err();
        begun = true;
    }
}

#[cfg(test)]
mod tests {
    use mapae_protocol::time::Timestamp;

    use crate::{
        clock::Clock,
        jobs::tests::server,
        keys::{self, Present, Takeover},
    };

    /// Another node rotates, and seals something before this one has looked.
    #[tokio::test]
    async fn me_04_what_another_node_sealed_under_a_new_key_is_opened_here_at_once() {
        let (app, _folder) = server(Clock::manual(Timestamp::from_unix(1_800_000_000))).await;
        let (db, master, now) = (app.db(), app.master_key(), app.now());
        for takeover in [Takeover::Planned, Takeover::Emergency] {
            let before = app.keys().current().seals.codes.seal(b"before", b"");
            let present = Present::read(db, now).await.unwrap();
            db.commit(keys::rotation(&present, master, app.config(), takeover, now).unwrap()).await.unwrap();
            let there = keys::load(db, master, now).await.unwrap().seals.codes.seal(b"there", b"");
            let keys = app.keys_for(&there).await.unwrap();
            assert_eq!(keys.seals.codes.open(&there, b"").unwrap(), b"there");
            let opened = keys.seals.codes.open(&before, b"");
            assert_eq!(
                opened.is_ok(),
                takeover == Takeover::Planned,
                "an emergency ends what was sealed before"
            );
        }
        assert!(app.keys_for("nonsense").await.is_ok());
    }
}
