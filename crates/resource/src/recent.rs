//! A bounded memory of what was seen lately, by the SHA-256 of a token: two generations of entries, of which
//! the older is dropped whole when the younger is full. Whatever is used stays; nothing grows.

use std::{
    collections::HashMap,
    fmt, mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The SHA-256 of a whole token: what a token is remembered by.
pub(crate) type TokenHash = [u8; 32];

/// At most `2 × half` entries.
pub(crate) struct Recent<V> {
    generations: Mutex<Generations<V>>,
    half: usize,
}

struct Generations<V> {
    young: HashMap<TokenHash, V>,
    old: HashMap<TokenHash, V>,
}

impl<V: Clone> Recent<V> {
    pub(crate) fn new(half: usize) -> Self {
        Self {
            generations: Mutex::new(Generations { young: HashMap::new(), old: HashMap::new() }),
            half: half.max(1),
        }
    }

    /// What is remembered of this token.
    pub(crate) fn find(&self, token: &TokenHash) -> Option<V> {
        let mut generations = self.lock();
        if let Some(value) = generations.young.get(token) {
            return Some(value.clone());
        }
        let value = generations.old.remove(token)?;
        generations.keep(*token, value.clone(), self.half);
        Some(value)
    }

    pub(crate) fn remember(&self, token: TokenHash, value: V) {
        self.lock().keep(token, value, self.half);
    }

    pub(crate) fn forget(&self, token: &TokenHash) {
        let mut generations = self.lock();
        generations.young.remove(token);
        generations.old.remove(token);
    }

    fn lock(&self) -> MutexGuard<'_, Generations<V>> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Generations<V> {
    fn keep(&mut self, token: TokenHash, value: V, half: usize) {
        self.old.remove(&token);
        if self.young.len() >= half {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(token, value);
    }
}

impl<V> fmt::Debug for Recent<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recent").field("half", &self.half).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(n: u32) -> TokenHash {
        let mut hash = [0; 32];
        hash[..4].copy_from_slice(&n.to_be_bytes());
        hash
    }

    #[test]
    fn what_is_used_stays_and_the_rest_is_bounded() {
        let recent = Recent::new(10);
        for n in 0..1_000 {
            recent.remember(token(n), n);
            assert_eq!(recent.find(&token(0)), Some(0), "used with every step");
            let generations = recent.lock();
            assert!(generations.young.len() + generations.old.len() <= 20);
        }
        assert_eq!(recent.find(&token(999)), Some(999));
        assert_eq!(recent.find(&token(500)), None);
    }

    #[test]
    fn an_entry_is_replaced_and_forgotten_in_both_generations() {
        let recent = Recent::new(1);
        recent.remember(token(1), "first");
        recent.remember(token(2), "pushes 1 into the old generation");
        recent.remember(token(1), "second");
        assert_eq!(recent.find(&token(1)), Some("second"));
        recent.remember(token(2), "again");
        recent.forget(&token(1));
        assert_eq!(recent.find(&token(1)), None);
    }
}
