//! How many there are at a time of something: in all, and of one name — DC-04.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Counts them. It never remembers more names than there are turns, held or waited for.
#[derive(Clone, Debug)]
pub(crate) struct Turns(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    in_all: Arc<Semaphore>,
    per_name: usize,
    names: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// One that is counted, from before it has its turn until it is over.
#[derive(Debug)]
pub(crate) struct Turn {
    turns: Turns,
    name: String,
    held: Option<(OwnedSemaphorePermit, OwnedSemaphorePermit)>,
}

impl Turns {
    pub(crate) fn new(in_all: usize, per_name: usize) -> Self {
        let in_all = Arc::new(Semaphore::new(in_all));
        Self(Arc::new(Counted { in_all, per_name, names: Mutex::default() }))
    }

    /// Waits for a turn. The name's comes first: who waits for a slow one keeps nobody from the others.
    pub(crate) async fn take(&self, name: &str) -> Turn {
        let mut turn = Turn { turns: self.clone(), name: name.to_owned(), held: None };
        let of_name = self.of_name(name);
        // They are never closed, so there is always a turn to wait for.
        if let Ok(mine) = of_name.acquire_owned().await
            && let Ok(one) = Arc::clone(&self.0.in_all).acquire_owned().await
        {
            turn.held = Some((mine, one));
        }
        turn
    }

    fn of_name(&self, name: &str) -> Arc<Semaphore> {
        let mut names = self.0.names.lock().unwrap_or_else(PoisonError::into_inner);
        let known = names.entry(name.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(self.0.per_name)));
        Arc::clone(known)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.held = None;
        let mut names = self.turns.0.names.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever waits holds it too, so a name that is held by the table alone is one that nobody asks for.
        if names.get(&self.name).is_some_and(|of_name| Arc::strong_count(of_name) == 1) {
            names.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn dc_04_one_name_gets_its_share_and_takes_nothing_from_others() {
        let turns = Turns::new(3, 2);
        let take = |name| turns.take(name).now_or_never();
        let (first, second) = (take("a.example").unwrap(), take("a.example").unwrap());
        let mut waiting = Box::pin(turns.take("a.example"));
        assert!((&mut waiting).now_or_never().is_none());
        let other = take("b.example").expect("who waits for a name keeps no place in all");
        assert!(take("c.example").is_none(), "three in all");
        drop(first);
        let third = (&mut waiting).now_or_never().expect("its turn has come");
        drop((second, third, other));
        drop(waiting);
        assert!(turns.0.names.lock().unwrap().is_empty(), "nothing is remembered");
        assert_eq!(turns.0.in_all.available_permits(), 3);
    }

    #[test]
    fn dc_04_who_gives_up_waiting_leaves_nothing_behind() {
        let turns = Turns::new(1, 1);
        let one = turns.take("a.example").now_or_never().unwrap();
        assert!(turns.take("b.example").now_or_never().is_none());
        assert_eq!(turns.0.names.lock().unwrap().len(), 1);
        drop(one);
        assert!(turns.take("b.example").now_or_never().is_some());
    }
}
