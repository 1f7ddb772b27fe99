//! A point in time as pages tell it: relative to now, so that no time zone has to be guessed.

use jiff::tz::TimeZone;

/// A point in time and the time of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    at: i64,
    now: i64,
}

impl Moment {
    /// Both in Unix seconds.
    pub const fn new(at: i64, now: i64) -> Self {
        Self { at, now }
    }

    /// Seconds since then; 0 when it is still to come.
    pub fn seconds_passed(&self) -> i64 {
        self.now.saturating_sub(self.at).max(0)
    }

    /// Seconds until then; 0 when it has passed.
    pub fn seconds_left(&self) -> u64 {
        u64::try_from(self.at.saturating_sub(self.now)).unwrap_or(0)
    }

    /// For `<time datetime>`: RFC 3339 in UTC.
    pub fn machine(&self) -> String {
        self.format("%Y-%m-%dT%H:%M:%SZ")
    }

    /// Formatted in UTC; empty for a time outside the calendar.
    pub(in crate::pages) fn format(&self, pattern: &str) -> String {
        jiff::Timestamp::from_second(self.at)
            .map(|at| at.to_zoned(TimeZone::UTC).strftime(pattern).to_string())
            .unwrap_or_default()
    }
}
