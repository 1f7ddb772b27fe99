//! Days, as the calendar on the wall of this machine has them.

use jiff::{Timestamp as Moment, civil::Date, tz::TimeZone};
use mapae_protocol::time::Timestamp;

/// The day of a moment, where this machine stands: the demo runs on the person's own.
pub(crate) fn day_of(now: Timestamp) -> Date {
    let moment = Moment::from_second(now.unix()).unwrap_or(Moment::UNIX_EPOCH);
    moment.to_zoned(TimeZone::system()).date()
}
