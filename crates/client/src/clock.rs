//! Where "now" comes from.

use std::{fmt, sync::Arc};

use mapae_protocol::time::{Seconds, Timestamp};

/// How far ahead a moment that was noted may lie: a login goes by the time at which it began, while others go by a later one.
const AHEAD: Seconds = Seconds::seconds(30);

/// Whether a moment that was noted in this process lies so far ahead that the clock was set back since. It says nothing then of
/// how long ago it was.
pub(crate) fn was_set_back(noted: Timestamp, now: Timestamp) -> bool {
    noted > now.plus(AHEAD)
}

/// The clock of a client: the only place of this crate that reads the system's time.
///
/// Everything else takes a [`Timestamp`] as an argument. Tests make a clock that they move themselves.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::new(system_time)
    }

    /// A clock that asks `now`.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The present second.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn system_time() -> Timestamp {
    // A clock before 1970 is taken for 1970: everything signed since then lies in the future and is refused.
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix(i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX))
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
