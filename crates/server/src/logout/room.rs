//! Who is told next of a logout, and how many at once — threat LO-07, decision 0269.
//!
//! Apps that nobody has verified share their room by site and by owner: whoever has many that do not answer keeps waiting
//! nobody but themselves.

use std::{collections::HashMap, hash::Hash};

use url::{Host, Url};

use crate::{
    fetch::site,
    store::logout_notices::{Due, LogoutNotice},
};

/// How many notices are carried at once.
const MAX_AT_ONCE: usize = 32;
/// How many of them to apps that nobody has verified: the others always find room.
const MAX_TO_STRANGERS: usize = 24;
/// How often one app is told at once.
pub(super) const MAX_PER_APP: usize = 4;
/// How many apps of one site, or of one owner, that nobody has verified.
const MAX_PER_SHARE: usize = 4;

/// What apps have in common that nobody has verified.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Share {
    /// Somebody has registered this name.
    Site(String),
    /// Addresses without a name: anybody can write down any.
    Nameless,
    Owner(String),
}

/// What carrying a notice takes.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) app_id: String,
    host: String,
    shares: Vec<Share>,
    pub(super) verified: bool,
}

impl Place {
    fn of(due: &Due) -> Self {
        let app_id = due.notice.app_id.clone();
        let address = due.address.as_deref().and_then(|json| serde_json::from_str::<String>(json).ok());
        let url = address.and_then(|address| Url::parse(&address).ok());
        let (host, share) = match url.as_ref().and_then(Url::host) {
            Some(Host::Domain(name)) => (name.to_owned(), Some(Share::Site(site::of_name(name)))),
            Some(address) => (address.to_string(), Some(Share::Nameless)),
            // There is nobody to be told.
            None => (app_id.clone(), None),
        };
        let shares = share.into_iter().chain(due.owner_id.clone().map(Share::Owner));
        Self { app_id, host, shares: shares.collect(), verified: due.verified }
    }
}

/// Whether a notice has its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Now,
    /// All is taken, or what its app may have.
    Later,
    /// Its site or its owner has no room, by other apps than its own.
    Crowded,
}

/// The notices that are carried, by what carries them.
#[derive(Debug)]
pub(super) struct Room<K> {
    taken: HashMap<K, Place>,
}

impl<K> Default for Room<K> {
    fn default() -> Self {
        Self { taken: HashMap::new() }
    }
}

impl<K: Eq + Hash> Room<K> {
    pub(super) fn is_full(&self) -> bool {
        self.taken.len() >= MAX_AT_ONCE
    }

    /// What is due, in the order in which it is carried: first to what the operator has verified, then who is not being told
    /// already, and one host after another.
    pub(super) fn in_turn(&self, due: Vec<Due>) -> Vec<(LogoutNotice, Place)> {
        let mut at_host: HashMap<String, usize> = HashMap::new();
        let mut waiting: Vec<_> = due
            .into_iter()
            .map(|due| {
                let place = Place::of(&due);
                let before = at_host
                    .entry(place.host.clone())
                    .or_insert_with(|| self.count(|taken| taken.host == place.host));
                *before += 1;
                let order = (!place.verified, self.of_app(&place), *before);
                (order, due.notice, place)
            })
            .collect();
        waiting.sort_by_key(|(order, ..)| *order);
        waiting.into_iter().map(|(_, notice, place)| (notice, place)).collect()
    }

    /// Whether there is room for this one.
    pub(super) fn turn(&self, place: &Place) -> Turn {
        let of_app = self.of_app(place);
        if self.is_full() || of_app >= MAX_PER_APP {
            return Turn::Later;
        }
        if place.verified {
            return Turn::Now;
        }
        let has_room = |share: &Share| self.strangers(|taken| taken.shares.contains(share)) < MAX_PER_SHARE;
        if !place.shares.iter().all(has_room) {
            return if of_app == 0 { Turn::Crowded } else { Turn::Later };
        }
        if self.strangers(|_| true) < MAX_TO_STRANGERS { Turn::Now } else { Turn::Later }
    }

    pub(super) fn enter(&mut self, key: K, place: Place) {
        self.taken.insert(key, place);
    }

    pub(super) fn leave(&mut self, key: &K) -> Option<Place> {
        self.taken.remove(key)
    }

    fn of_app(&self, place: &Place) -> usize {
        self.count(|taken| taken.app_id == place.app_id)
    }

    fn strangers(&self, which: impl Fn(&Place) -> bool) -> usize {
        self.count(|taken| !taken.verified && which(taken))
    }

    fn count(&self, which: impl Fn(&Place) -> bool) -> usize {
        self.taken.values().filter(|taken| which(taken)).count()
    }
}

#[cfg(test)]
mod tests {
    use mapae_protocol::time::Timestamp;

    use super::*;

    /// A notice for an app of this name that is told there, and that nobody has verified.
    fn stranger(app_id: &str, address: &str) -> Due {
        let notice = LogoutNotice {
            id: format!("ses_1:1:{app_id}"),
            app_id: app_id.to_owned(),
            user_id: "usr_1".to_owned(),
            session_id: Some("ses_1".to_owned()),
            everything: false,
            attempts: 0,
            expires_at: Timestamp::from_unix(1_800_000_000),
        };
        Due { notice, verified: false, owner_id: None, address: Some(format!("\"{address}\"")) }
    }

    fn verified(app_id: &str, address: &str) -> Due {
        Due { verified: true, ..stranger(app_id, address) }
    }

    fn many(how_many: usize, one: impl Fn(usize) -> Due) -> impl Iterator<Item = Due> {
        (0..how_many).map(one)
    }

    /// Carries what has its turn, and never comes to an end with it: whose turn it was.
    fn carried(room: &mut Room<String>, due: impl IntoIterator<Item = Due>) -> Vec<String> {
        let mut carried = Vec::new();
        for (notice, place) in room.in_turn(due.into_iter().collect()) {
            if room.turn(&place) == Turn::Now {
                room.enter(notice.id, place);
                carried.push(notice.app_id);
            }
        }
        carried
    }

    fn turn(room: &Room<String>, due: &Due) -> Turn {
        room.turn(&Place::of(due))
    }

    #[test]
    fn lo_07_a_crowd_of_one_site_takes_its_share_however_many_names_it_has() {
        let crowd =
            || many(1_000, |n| stranger(&format!("evil{n}"), &format!("https://h{n}.evil.example/x")));
        let mut room = Room::default();
        let due = crowd().chain([stranger("good", "https://app.good.example/x")]);
        let carried_now = carried(&mut room, due);
        assert!(carried_now.contains(&"good".to_owned()), "{carried_now:?}");
        assert_eq!(carried_now.len(), MAX_PER_SHARE + 1);
        assert_eq!(carried(&mut room, crowd()), Vec::<String>::new(), "nor more of it later");
        let one_more = stranger("evil", "https://evil.example/");
        assert_eq!(turn(&room, &one_more), Turn::Crowded);
        assert_eq!(turn(&room, &stranger("evil0", "https://h0.evil.example/x")), Turn::Later);
        room.leave(&"ses_1:1:evil0".to_owned()).unwrap();
        assert_eq!(turn(&room, &one_more), Turn::Now, "when one has come to an end");
    }

    #[test]
    fn lo_07_one_owner_and_addresses_without_a_name_have_one_share_whatever_the_sites() {
        let mut room = Room::default();
        let owned = many(100, |n| Due {
            owner_id: Some("usr_evil".to_owned()),
            ..stranger(&format!("evil{n}"), &format!("https://evil{n}.example:81/"))
        });
        assert_eq!(carried(&mut room, owned).len(), MAX_PER_SHARE);
        let nameless = many(100, |n| stranger(&format!("bare{n}"), &format!("https://203.0.113.{n}/")))
            .chain(many(100, |n| stranger(&format!("six{n}"), &format!("https://[2001:db8::{n}]/"))));
        assert_eq!(carried(&mut room, nameless).len(), MAX_PER_SHARE);
        assert_eq!(turn(&room, &stranger("good", "https://good.example/")), Turn::Now);
    }

    #[test]
    fn lo_07_strangers_of_any_number_leave_room_for_who_is_verified() {
        let mut room = Room::default();
        let sites = many(100, |n| stranger(&format!("app{n}"), &format!("https://evil{n}.example/")));
        assert_eq!(carried(&mut room, sites).len(), MAX_TO_STRANGERS);
        let ours = |n: usize| verified(&format!("ours{n}"), "https://ours.example/");
        let at_one_site = MAX_AT_ONCE - MAX_TO_STRANGERS;
        assert_eq!(carried(&mut room, many(100, ours)).len(), at_one_site, "with no share of a site");
        assert!(room.is_full());
        let mut room = Room::default();
        let both = many(100, |n| stranger(&format!("app{n}"), &format!("https://evil{n}.example/")))
            .chain(many(MAX_AT_ONCE, ours));
        let first = carried(&mut room, both);
        assert!(
            first.iter().all(|app| app.starts_with("ours")) && room.is_full(),
            "they come first: {first:?}"
        );
    }

    #[test]
    fn lo_07_one_host_after_another_and_who_is_not_being_told_first() {
        let mut room = Room::default();
        let shared = many(500, |n| stranger(&format!("evil{n}"), "https://evil.platform.example/"));
        let due = shared.chain([stranger("good", "https://good.platform.example/")]);
        assert!(carried(&mut room, due).contains(&"good".to_owned()), "at a site of many");
        let mut room = Room::default();
        let again = |id: usize| {
            let mut due = verified("busy", "https://busy.example/");
            due.notice.id = format!("ses_{id}");
            due
        };
        assert_eq!(carried(&mut room, many(10, again)).len(), MAX_PER_APP);
        let waiting = room.in_turn(vec![again(11), verified("idle", "https://idle.example/")]);
        assert_eq!(waiting[0].0.app_id, "idle");
        assert_eq!(turn(&room, &again(11)), Turn::Later);
    }
}
