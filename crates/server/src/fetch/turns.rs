//! How many fetches there are at a time: in all, and to one host — DC-04.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Counts fetches. It never remembers more hosts than there are fetches.
#[derive(Clone, Debug)]
pub(crate) struct Turns(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    in_all: Arc<Semaphore>,
    per_host: usize,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// One counted fetch, from before it has its turn until it is over.
#[derive(Debug)]
pub(crate) struct Turn {
    turns: Turns,
    host: String,
    held: Option<(OwnedSemaphorePermit, OwnedSemaphorePermit)>,
}

impl Turns {
    pub(crate) fn new(in_all: usize, per_host: usize) -> Self {
        let in_all = Arc::new(Semaphore::new(in_all));
        Self(Arc::new(Counted { in_all, per_host, hosts: Mutex::default() }))
    }

    /// Waits for a turn. The host's comes first: who waits for a slow host keeps nobody from the others.
    pub(crate) async fn take(&self, host: &str) -> Turn {
        let mut turn = Turn { turns: self.clone(), host: host.to_owned(), held: None };
        let of_host = self.of_host(host);
        // They are never closed, so there is always a turn to wait for.
        if let Ok(mine) = of_host.acquire_owned().await
            && let Ok(one) = Arc::clone(&self.0.in_all).acquire_owned().await
        {
            turn.held = Some((mine, one));
        }
        turn
    }

    fn of_host(&self, host: &str) -> Arc<Semaphore> {
        let mut hosts = self.0.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let known = hosts.entry(host.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(self.0.per_host)));
        Arc::clone(known)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.held = None;
        let mut hosts = self.turns.0.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever waits holds it too, so a host that is held by the table alone is one that nobody asks for.
        if hosts.get(&self.host).is_some_and(|of_host| Arc::strong_count(of_host) == 1) {
            hosts.remove(&self.host);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn dc_04_one_host_gets_its_share_and_takes_nothing_from_others() {
        let turns = Turns::new(3, 2);
        let take = |host| turns.take(host).now_or_never();
        let (first, second) = (take("a.example").unwrap(), take("a.example").unwrap());
        let mut waiting = Box::pin(turns.take("a.example"));
        assert!((&mut waiting).now_or_never().is_none());
        let other = take("b.example").expect("who waits for a host keeps no place in all");
        assert!(take("c.example").is_none(), "three in all");
        drop(first);
        let third = (&mut waiting).now_or_never().expect("its turn has come");
        drop((second, third, other));
        drop(waiting);
        assert!(turns.0.hosts.lock().unwrap().is_empty(), "nothing is remembered");
        assert_eq!(turns.0.in_all.available_permits(), 3);
    }

    #[test]
    fn dc_04_who_gives_up_waiting_leaves_nothing_behind() {
        let turns = Turns::new(1, 1);
        let one = turns.take("a.example").now_or_never().unwrap();
        assert!(turns.take("b.example").now_or_never().is_none());
        assert_eq!(turns.0.hosts.lock().unwrap().len(), 1);
        drop(one);
        assert!(turns.take("b.example").now_or_never().is_some());
    }
}
