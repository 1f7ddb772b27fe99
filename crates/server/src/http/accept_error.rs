//! What to do when the system gives no connection — threats OP-14.

use std::{io, time::Duration};

/// The system needs a moment to get file descriptors or memory back.
const PAUSE: Duration = Duration::from_millis(250);

/// How long to wait before the next try. A connection that its client gave up before it was taken concerns
/// nobody; anything else is trouble of the whole machine, and trying again at once would make it worse.
pub(super) fn pause_after(error: &io::Error) -> Option<Duration> {
    match error.kind() {
        io::ErrorKind::ConnectionAborted
        | io::ErrorKind::ConnectionRefused
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::Interrupted => None,
        _ => Some(PAUSE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trouble_of_the_machine_pauses() {
        assert_eq!(pause_after(&io::ErrorKind::ConnectionAborted.into()), None);
        assert_eq!(pause_after(&io::ErrorKind::ConnectionReset.into()), None);
        assert!(pause_after(&io::ErrorKind::OutOfMemory.into()).is_some());
        #[cfg(target_os = "linux")]
        for number in [23, 24, 105, 12] {
            // ENFILE, EMFILE, ENOBUFS, ENOMEM
            assert!(pause_after(&io::Error::from_raw_os_error(number)).is_some(), "{number}");
        }
    }
}
