//! Following what other processes change: apps, APIs, keys, revocations.
//!
//! Two counters tell. They are read after each of our own writes that moves one, and a few times a second
//! for those of others (another node, the command line), so that every process is right within a second.

use std::time::Duration;

use tokio::sync::{Mutex, watch};

use crate::{
    app::App,
    fault::Fault,
    keys,
    store::counters::{self, Counters},
};

/// How often the counters are read.
const PERIOD: Duration = Duration::from_millis(200);

/// Where the two counters stand, as far as this process has followed.
#[derive(Debug)]
pub(crate) struct Changes {
    /// One refresh at a time; what it holds is the catalogue's generation.
    catalog: Mutex<i64>,
    feed: watch::Sender<i64>,
}

impl Changes {
    pub(crate) fn new(counters: &Counters) -> Self {
        Self { catalog: Mutex::new(counters.catalog), feed: watch::Sender::new(counters.feed) }
    }

    /// Wakes whoever waits for the feed to grow.
    pub(crate) fn feed(&self) -> watch::Receiver<i64> {
        self.feed.subscribe()
    }

    /// Reads the counters and takes over what moved.
    pub(crate) async fn follow(&self, app: &App) -> Result<(), Fault> {
        let counters = counters::read(app.db()).await?;
        self.feed.send_if_modified(|seen| std::mem::replace(seen, counters.feed) != counters.feed);
        let mut seen = self.catalog.lock().await;
        if *seen != counters.catalog {
            app.catalog().advance(counters.catalog).await?;
        }
        let now = app.now();
        if *seen != counters.catalog || app.keys().current().is_outdated(now) {
            app.keys().replace(keys::load(app.db(), app.master_key(), now).await?);
        }
        *seen = counters.catalog;
        Ok(())
    }
}

/// Follows until the app is dropped.
pub(crate) async fn watch(app: crate::app::WeakApp) {
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        ticks.tick().await;
        let Some(app) = app.upgrade() else { return };
        let result = app.changes().follow(&app).await;
        // Said once when it begins and once when it ends, not five times a second.
        match (&result, failing) {
            (Err(error), false) => {
                tracing::error!(error = error as &dyn std::error::Error, "cannot follow changes");
            }
            (Ok(()), true) => tracing::info!("following changes again"),
            _ => {}
        }
        failing = result.is_err();
    }
}
