//! Points and spans of time, NumericDate — RFC 7519 §2.
//!
//! Nothing here reads a clock: "now" is always an argument, so every rule about time can be tested
//! at its exact edge.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

/// The last second of the year 9999: nothing that comes from outside may name a later one.
const LATEST: i64 = 253_402_300_799;

/// A point in time in whole Unix seconds.
///
/// Deserializing accepts integers between 1970 and the end of the year 9999 only. A date that is a
/// string, has a fraction, is negative or absurdly large is an attack or a bug, never a
/// token that lives for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The point `seconds` after (or, negative, before) 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// The point that is `span` later; stops at the end of the representable range.
    #[must_use]
    pub const fn plus(self, span: Seconds) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The point that is `span` earlier; stops at the start of the representable range.
    #[must_use]
    pub const fn minus(self, span: Seconds) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// How long ago `earlier` was; zero when it is not in the past (clocks of two nodes differ).
    #[must_use]
    pub const fn since(self, earlier: Self) -> Seconds {
        let span = self.0.saturating_sub(earlier.0);
        if span < 0 { Seconds::ZERO } else { Seconds(span) }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match i64::deserialize(deserializer)? {
            seconds @ 0..=LATEST => Ok(Self(seconds)),
            _ => Err(de::Error::custom("a date must lie between the years 1970 and 9999")),
        }
    }
}

/// A span of whole seconds, never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Seconds(i64);

impl Seconds {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// `n` seconds.
    #[must_use]
    #[expect(clippy::self_named_constructors, reason = "it stands beside minutes, hours and days")]
    pub const fn seconds(n: u32) -> Self {
        Self(n as i64)
    }

    /// `n` minutes.
    #[must_use]
    pub const fn minutes(n: u32) -> Self {
        Self(n as i64 * 60)
    }

    /// `n` hours.
    #[must_use]
    pub const fn hours(n: u32) -> Self {
        Self(n as i64 * 3_600)
    }

    /// `n` days of 24 hours.
    #[must_use]
    pub const fn days(n: u32) -> Self {
        Self(n as i64 * 86_400)
    }

    /// The span in seconds.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// This span and another one after it.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match i64::deserialize(deserializer)? {
            span @ 0..=LATEST => Ok(Self(span)),
            _ => Err(de::Error::custom("a span of time must be a whole number of seconds, not negative")),
        }
    }
}

/// How far two honest clocks may differ: at most 60 seconds, whatever is asked for.
///
/// A type of its own, because a leeway of an hour would make every short-lived token live an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Leeway(Seconds);

impl Leeway {
    /// Clocks are taken at their word.
    pub const NONE: Self = Self(Seconds::ZERO);

    /// `n` seconds, or 60 if `n` is more.
    #[must_use]
    pub const fn seconds(n: u32) -> Self {
        Self(Seconds::seconds(if n > 60 { 60 } else { n }))
    }

    /// The leeway as a span.
    #[must_use]
    pub const fn span(self) -> Seconds {
        self.0
    }

    /// RFC 7519 §4.1.4: "the current date/time MUST be before the expiration".
    #[must_use]
    pub fn expired(self, expires: Timestamp, now: Timestamp) -> bool {
        now >= expires.plus(self.0)
    }

    /// RFC 7519 §4.1.5: whether `date` still lies in the future.
    #[must_use]
    pub fn in_future(self, date: Timestamp, now: Timestamp) -> bool {
        date > now.plus(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7519 §2.
    #[test]
    fn rs_03_dates_are_integers_in_a_sane_range() {
        let parse = |text: &str| serde_json::from_str::<Timestamp>(text).ok().map(Timestamp::unix);
        assert_eq!(parse("0"), Some(0));
        assert_eq!(parse("1800000000"), Some(1_800_000_000));
        assert_eq!(parse("253402300799"), Some(LATEST));
        for hostile in [
            "-1",
            "253402300800",
            "1.5",
            "1e3",
            "1e400",
            "\"1800000000\"",
            "null",
            "true",
            "18446744073709551615",
        ] {
            assert_eq!(parse(hostile), None, "{hostile}");
        }
    }

    #[test]
    fn arithmetic_saturates() {
        let now = Timestamp::from_unix(100);
        assert_eq!(now.plus(Seconds::minutes(1)).unix(), 160);
        assert_eq!(now.minus(Seconds::hours(1)).unix(), -3_500);
        assert_eq!(Timestamp::from_unix(i64::MAX).plus(Seconds::days(u32::MAX)).unix(), i64::MAX);
        assert_eq!(Timestamp::from_unix(i64::MIN).minus(Seconds::seconds(1)).unix(), i64::MIN);
        assert_eq!(now.since(Timestamp::from_unix(40)), Seconds::seconds(60));
        assert_eq!(now.since(Timestamp::from_unix(140)), Seconds::ZERO);
        assert_eq!(Timestamp::from_unix(i64::MAX).since(Timestamp::from_unix(i64::MIN)).get(), i64::MAX);
    }

    #[test]
    fn spans_are_never_negative() {
        assert!(serde_json::from_str::<Seconds>("-1").is_err());
        assert_eq!(serde_json::from_str::<Seconds>("600").unwrap(), Seconds::minutes(10));
        assert_eq!(serde_json::to_string(&Seconds::hours(2)).unwrap(), "7200");
    }

    #[test]
    fn rs_03_leeway_is_at_most_a_minute() {
        assert_eq!(Leeway::seconds(3_600).span(), Seconds::seconds(60));
        let (now, leeway) = (Timestamp::from_unix(1_000), Leeway::seconds(10));
        assert!(leeway.expired(Timestamp::from_unix(990), now));
        assert!(!leeway.expired(Timestamp::from_unix(991), now));
        assert!(leeway.in_future(Timestamp::from_unix(1_011), now));
        assert!(!leeway.in_future(Timestamp::from_unix(1_010), now));
        assert!(Leeway::NONE.expired(now, now), "a token that expires now has expired");
    }
}
