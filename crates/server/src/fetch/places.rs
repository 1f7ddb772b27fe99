//! Whose fetch is next: few at a time of one site and in all, in turn by who causes them — DC-04.
//!
//! In the order in which they come whoever floods would have all the next turns, too. Here networks take turns, as they do
//! where people wait to sign in.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::accounts::turns::{Full, Place, Turns};

/// Most who wait for their turn in all: the last of them would have it in time if a fetch takes as long as usual.
const MOST_WAITING: usize = 128;
/// Most who wait for one site.
const MOST_WAITING_FOR_A_SITE: usize = 32;

/// Places for fetches. It never remembers more sites than there are fetches.
#[derive(Clone, Debug)]
pub(super) struct Places(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    in_all: Turns,
    of_site: usize,
    sites: Mutex<HashMap<String, Site>>,
}

#[derive(Debug)]
struct Site {
    turns: Turns,
    /// How many wait for it or are there.
    asking: usize,
}

/// One fetch, from before it has its place until it is over.
#[derive(Debug)]
pub(super) struct Fetching {
    places: Places,
    site: String,
    held: Option<(Place, Place)>,
}

impl Places {
    pub(super) fn new(in_all: usize, of_site: usize) -> Self {
        let in_all = Turns::new(in_all, MOST_WAITING);
        Self(Arc::new(Shared { in_all, of_site, sites: Mutex::default() }))
    }

    /// Waits for a place. The site's comes first: who waits for a slow site keeps nobody from the others.
    pub(super) async fn take(&self, site: &str, source: IpAddr) -> Result<Fetching, Full> {
        let of_site = self.of_site(site);
        let mut fetching = Fetching { places: self.clone(), site: site.to_owned(), held: None };
        let mine = of_site.take(source).await?;
        fetching.held = Some((mine, self.0.in_all.take(source).await?));
        Ok(fetching)
    }

    fn of_site(&self, site: &str) -> Turns {
        let mut sites = self.sites();
        let fresh = || Site { turns: Turns::new(self.0.of_site, MOST_WAITING_FOR_A_SITE), asking: 0 };
        let known = sites.entry(site.to_owned()).or_insert_with(fresh);
        known.asking += 1;
        known.turns.clone()
    }

    fn sites(&self) -> MutexGuard<'_, HashMap<String, Site>> {
        self.0.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Fetching {
    fn drop(&mut self) {
        self.held = None;
        let mut sites = self.places.sites();
        if let Some(site) = sites.get_mut(&self.site) {
            site.asking -= 1;
            if site.asking == 0 {
                sites.remove(&self.site);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn from(address: &str) -> IpAddr {
        address.parse().unwrap()
    }

    #[test]
    fn dc_04_one_site_gets_its_share_and_takes_nothing_from_others() {
        let (places, here) = (Places::new(3, 2), from("192.0.2.1"));
        let take = |site| places.take(site, here).now_or_never();
        let (first, second) = (take("a.example").unwrap().unwrap(), take("a.example").unwrap().unwrap());
        let mut waiting = Box::pin(places.take("a.example", here));
        assert!((&mut waiting).now_or_never().is_none());
        let other = take("b.example").expect("who waits for a site keeps no place in all").unwrap();
        assert!(take("c.example").is_none(), "three in all");
        drop(first);
        let third = (&mut waiting).now_or_never().expect("its turn has come").unwrap();
        drop((second, third, other));
        drop(waiting);
        assert!(places.sites().is_empty(), "nothing is remembered");
        let again: Vec<_> = ["a.example", "b.example", "c.example"].map(take).into_iter().collect();
        assert!(again.iter().all(Option::is_some) && take("d.example").is_none(), "no place is lost");
    }

    #[test]
    fn dc_04_who_comes_from_elsewhere_is_next_whatever_flood_waits() {
        let places = Places::new(2, 2);
        let flood = |n: u32| {
            let (site, source) = (format!("{n}.example"), format!("2001:db8:7:{n:x}::1"));
            let places = places.clone();
            Box::pin(async move { places.take(&site, from(&source)).await })
        };
        let held: Vec<_> = (0..2).map(|n| flood(n).now_or_never().unwrap().unwrap()).collect();
        let mut waiting: Vec<_> = (2..1_000).map(flood).collect();
        for one in &mut waiting {
            let outcome = one.as_mut().now_or_never();
            assert!(outcome.is_none_or(|outcome| outcome.is_err()), "nothing is free");
        }
        let mut stranger = Box::pin(places.take("good.example", from("198.51.100.7")));
        assert!((&mut stranger).now_or_never().is_none());
        drop(held);
        assert!(matches!((&mut stranger).now_or_never(), Some(Ok(_))), "one of the two that are free is its");
    }

    #[test]
    fn dc_04_a_flood_at_the_site_of_many_leaves_a_turn_to_the_others() {
        let (places, attacker) = (Places::new(32, 4), from("203.0.113.7"));
        let held: Vec<_> =
            (0..4).map(|_| places.take("hosted.example", attacker).now_or_never().unwrap()).collect();
        let mut waiting: Vec<_> =
            (0..100).map(|_| Box::pin(places.take("hosted.example", attacker))).collect();
        let left = waiting.iter_mut().filter_map(|one| one.as_mut().now_or_never()).count();
        assert_eq!(left, 100 - MOST_WAITING_FOR_A_SITE, "who is too many is told at once");
        let mut other = Box::pin(places.take("hosted.example", from("198.51.100.7")));
        assert!((&mut other).now_or_never().is_none());
        drop(held);
        assert!(matches!((&mut other).now_or_never(), Some(Ok(_))));
    }

    #[test]
    fn dc_04_who_gives_up_waiting_for_a_place_leaves_nothing_behind() {
        let (places, here) = (Places::new(1, 1), from("192.0.2.1"));
        let one = places.take("a.example", here).now_or_never().unwrap().unwrap();
        assert!(places.take("b.example", here).now_or_never().is_none());
        assert!(places.take("a.example", here).now_or_never().is_none());
        assert_eq!(places.sites().len(), 1);
        drop(one);
        assert!(places.take("b.example", here).now_or_never().is_some());
    }
}
