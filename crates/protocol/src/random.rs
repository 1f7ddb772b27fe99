//! Unguessable values — RFC 6749 §10.10.
//!
//! The source is the operating system's, through aws-lc. It cannot fail in a way that a caller could
//! handle: aws-lc itself ends the process when the system gives no randomness (`RAND_bytes`), because
//! a server that goes on without it issues guessable codes. For the error that the binding's type still
//! allows, this module does the same, so that no caller has a path on which a value is not random.

use std::{
    hash::{BuildHasher as _, RandomState},
    process, thread,
};

use aws_lc_rs::rand;

use crate::base64url;

/// Makes the source ready, on a thread of its own: before the first random byte of a process aws-lc gathers the jitter
/// of the processor as a second source beside the system's, which takes some 40 ms. Whoever needs one earlier waits for it.
pub fn prepare() {
    // Without a thread the first who needs one does it.
    drop(thread::Builder::new().name("random".to_owned()).spawn(bytes::<1>));
}

/// `N` random bytes.
///
/// Ends the process if the system has no randomness to give (see the module's text).
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if rand::fill(&mut bytes).is_err() {
        process::abort();
    }
    bytes
}

/// A number that others hardly ever draw, and that is no secret: it names or spreads something. It is drawn from what the
/// standard library has of the system's randomness, and so waits for nothing.
#[must_use]
pub fn number() -> u64 {
    RandomState::new().hash_one(())
}

/// `N` random bytes as base64url text.
#[must_use]
pub fn text<const N: usize>() -> String {
    base64url::encode(bytes::<N>())
}

/// A value of 256 random bits as base64url text (43 characters): a token, secret, state or nonce.
#[must_use]
pub fn token() -> String {
    text::<32>()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn jo_17_values_do_not_repeat() {
        let seen: HashSet<String> = (0..10_000).map(|_| token()).collect();
        assert_eq!(seen.len(), 10_000);
        assert!(seen.iter().all(|token| token.len() == 43));
        assert_eq!(text::<16>().len(), 22);
    }

    #[test]
    fn numbers_do_not_repeat() {
        let seen: HashSet<u64> = (0..10_000).map(|_| number()).collect();
        assert_eq!(seen.len(), 10_000);
    }

    #[test]
    fn every_bit_is_used() {
        let (mut ones, mut zeros) = ([0_u8; 16], [0xff_u8; 16]);
        for _ in 0..200 {
            for (at, byte) in bytes::<16>().into_iter().enumerate() {
                ones[at] |= byte;
                zeros[at] &= byte;
            }
        }
        assert_eq!((ones, zeros), ([0xff; 16], [0; 16]));
    }
}
