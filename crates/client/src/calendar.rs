//! Days and times of the Gregorian calendar, in UTC — RFC 3339 §5.6.

use mapae_protocol::time::Timestamp;

/// The day in UTC, as everybody reads it: `2026-11-29`; nothing for times that no calendar reaches.
#[cfg_attr(not(feature = "axum"), expect(dead_code, reason = "pages are part of that feature"))]
pub(crate) fn day(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.unix()).map(|at| at.strftime("%F").to_string()).unwrap_or_default()
}

/// `2026-11-29T09:00:00Z`, also with a fraction, which is left out, or another offset.
pub(crate) fn rfc3339(text: &str) -> Option<Timestamp> {
    let at: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp::from_unix(at.as_second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_the_calendar() {
        for (unix, expected) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (1_796_083_199, "2026-11-30"),
            (4_107_542_400, "2100-03-01"),
            (i64::MAX, ""),
        ] {
            assert_eq!(day(Timestamp::from_unix(unix)), expected, "{unix}");
        }
    }

    /// RFC 3339 §5.6.
    #[test]
    fn times_of_rfc_3339_and_none_that_never_was() {
        for (text, expected) in [
            ("2026-11-30T23:59:59Z", Some(1_796_083_199)),
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29 09:00:00+09:00", Some(951_782_400)),
            ("2000-02-28T19:30:00.123456-04:30", Some(951_782_400)),
            ("2023-06-29T07:39:56Z", Some(1_688_024_396)),
            ("", None),
            ("2026-11-30", None),
            ("2026-11-30T23:59:59", None),
            ("2026-02-31T00:00:00Z", None),
            ("2026-13-30T23:59:59Z", None),
            ("2026-11-30T24:00:00Z", None),
            ("2026-11-30T23:59:59Z junk", None),
            ("２026-11-30T23:59:59Z", None),
        ] {
            assert_eq!(rfc3339(text).map(Timestamp::unix), expected, "{text:?}");
        }
    }
}
