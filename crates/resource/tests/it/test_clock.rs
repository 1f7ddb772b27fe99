//! The machine's clock, set forward at will.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use mapae_resource::{
    Clock, SystemClock,
    protocol::time::{Seconds, Timestamp},
};

#[derive(Debug, Default)]
pub(crate) struct TestClock {
    machine: SystemClock,
    ahead: AtomicU32,
}

impl TestClock {
    pub(crate) fn advance(&self, seconds: u32) {
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    fn ahead(&self) -> u32 {
        self.ahead.load(Ordering::SeqCst)
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.machine.now().plus(Seconds::seconds(self.ahead()))
    }

    fn uptime(&self) -> Duration {
        self.machine.uptime() + Duration::from_secs(self.ahead().into())
    }
}
