//! A short name for each request: in the log, and on the page that a person may quote to support.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use http::HeaderValue;
use mapae_protocol::random;
use tracing::field::{DisplayValue, display};

/// Without the letters that people take for others (i, l, o, u).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Digits of 64 bits in base 32.
const LENGTH: usize = 13;

/// The name of one request: 13 letters and digits. It is no secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId(u64);

tokio::task_local! {
    /// The request that this task answers.
    static CURRENT: RequestId;
}

impl RequestId {
    /// One that is always the same.
    #[cfg(test)]
    pub(crate) const SAMPLE: Self = Self(0);

    /// The request that is being answered, for the log: what goes wrong deep inside is told under the name that the
    /// peer reads in `x-request-id`. It costs nothing until somebody asks.
    pub(crate) fn current() -> Option<DisplayValue<Self>> {
        CURRENT.try_with(|id| display(*id)).ok()
    }

    /// Answers the request under this name.
    pub(super) fn around<F: Future>(self, answer: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, answer)
    }

    fn text(self) -> [u8; LENGTH] {
        let mut text = [b'0'; LENGTH];
        let mut rest = self.0;
        for letter in text.iter_mut().rev() {
            *letter = ALPHABET.get((rest & 31) as usize).copied().unwrap_or(b'0');
            rest >>= 5;
        }
        text
    }

    /// The name as a header says it.
    pub(super) fn header_value(self) -> Option<HeaderValue> {
        HeaderValue::from_bytes(&self.text()).ok()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.text()).unwrap_or_default())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Gives names: a counter that starts at random and is shuffled, so that no two requests of a process share
/// one, those of two processes hardly ever do, and drawing one costs no randomness.
#[derive(Debug)]
pub(super) struct RequestIds {
    next: AtomicU64,
}

impl RequestIds {
    pub(super) fn new() -> Self {
        Self { next: AtomicU64::new(random::number()) }
    }

    pub(super) fn issue(&self) -> RequestId {
        RequestId(shuffle(self.next.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed)))
    }
}

/// The finalizer of SplitMix64: different numbers stay different, neighbours look unlike.
fn shuffle(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_differ() {
        let ids = RequestIds::new();
        let names: HashSet<String> = (0..10_000).map(|_| ids.issue().to_string()).collect();
        assert_eq!(names.len(), 10_000);
        assert!(
            names
                .iter()
                .all(|name| name.len() == LENGTH && name.bytes().all(|byte| ALPHABET.contains(&byte)))
        );
    }

    #[test]
    fn all_64_bits_are_written() {
        assert_eq!(RequestId(0).to_string(), "0000000000000");
        assert_eq!(RequestId(u64::MAX).to_string(), "fzzzzzzzzzzzz");
        assert_eq!(RequestId(33).header_value().unwrap(), "0000000000011");
    }
}
