//! People, mailboxes, providers and accounts, in which attackers do whatever they can.
//!
//! Between what is read and what is written anything else may happen: whoever comes is a [`Flight`] until it lands. What the
//! stores hold a commit to are the [`Guards`] here.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{Holder, Rule},
    flight::Flight,
};

pub(super) type Person = u8;
pub(super) type Mailbox = u8;
/// The name under which a provider is registered.
pub(super) type Slot = u8;

pub(super) const PEOPLE: Person = 3;
pub(super) const MAILBOXES: Mailbox = 3;
pub(super) const SLOTS: Slot = 2;
pub(super) const ISSUERS: u8 = 2;
/// What this service may be called at a provider.
pub(super) const APPS: u8 = 2;

/// A provider as it is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Provider {
    pub(super) issuer: u8,
    pub(super) app: u8,
}

impl Provider {
    /// What it calls one of somebody's accounts there. What one issuer calls one person another calls somebody else; and the
    /// second one has another name for a person at each app.
    fn subject(self, person: Person, which: u8) -> u8 {
        2 * ((person + self.issuer + self.names_people_for().unwrap_or_default()) % PEOPLE) + which
    }

    fn names_people_for(self) -> Option<u8> {
        (self.issuer == 1).then_some(self.app)
    }
}

/// The key of an account: the issuer, and its name for somebody.
pub(super) type Identity = (u8, u8);

#[derive(Clone, Debug)]
pub(super) struct Account {
    /// Who made it, or who made it theirs by the mail to its address.
    pub(super) owner: Person,
    pub(super) address: Option<Mailbox>,
    pub(super) proved: bool,
    /// With a password, which only its owner knows.
    pub(super) password: bool,
    /// Raised when everything that was made before must end.
    pub(super) epoch: u32,
    /// Raised with each way in that is added.
    pub(super) ways: u32,
}

/// What an identity opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) account: u32,
    pub(super) given_to: Option<u8>,
    /// Since it was removed: whether that is remembered still.
    pub(super) removed: Option<bool>,
    pub(super) version: u32,
}

/// Somebody's browser, signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) account: u32,
    pub(super) epoch: u32,
}

/// What a commit is held to. A world without one of them is broken, as `each_guard_is_needed` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Guards {
    /// The identity opens what it opened when it was read.
    pub(super) row: bool,
    /// The address has the holder that was read.
    pub(super) address: bool,
    /// Nothing of the account has ended since.
    pub(super) epoch: bool,
    /// No way into the account was added that the page did not show on which a new password is set.
    pub(super) ways: bool,
    /// The ways that are taken off with an old password are this account's still.
    pub(super) here: bool,
    /// The way that stays is there still when another one is removed.
    pub(super) stays: bool,
    /// The key is the issuer, whatever the provider is called here.
    pub(super) issuer: bool,
    /// A name that a provider gave to another app of ours is nobody's.
    pub(super) app: bool,
}

impl Guards {
    pub(super) const ALL: Self = Self {
        row: true,
        address: true,
        epoch: true,
        ways: true,
        here: true,
        stays: true,
        issuer: true,
        app: true,
    };
}

/// What came of the flights.
#[derive(Clone, Debug, Default)]
pub(super) struct Landed {
    pub(super) rules: BTreeSet<Rule>,
    /// What was overtaken, by the kind of flight.
    pub(super) overtaken: BTreeSet<&'static str>,
}

/// What the world consists of.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) guards: Guards,
    pub(super) accounts: BTreeMap<u32, Account>,
    pub(super) rows: BTreeMap<Identity, Row>,
    pub(super) providers: BTreeMap<Slot, Provider>,
    pub(super) sessions: BTreeMap<Person, Session>,
    /// Who reads a mailbox's mail now.
    pub(super) mailboxes: BTreeMap<Mailbox, Person>,
    /// What providers have checked of addresses, however long ago.
    pub(super) checked: BTreeSet<(Person, Mailbox)>,
    pub(super) resting: BTreeSet<Mailbox>,
    pub(super) flights: Vec<Flight>,
    /// Of accounts and of versions of rows.
    next: u32,
    pub(super) landed: Landed,
}

impl World {
    pub(super) fn new(guards: Guards) -> Self {
        Self {
            guards,
            accounts: BTreeMap::new(),
            rows: BTreeMap::new(),
            providers: (0..SLOTS).map(|slot| (slot, Provider { issuer: slot, app: 0 })).collect(),
            sessions: BTreeMap::new(),
            mailboxes: (0..MAILBOXES).map(|mailbox| (mailbox, mailbox % PEOPLE)).collect(),
            checked: BTreeSet::new(),
            resting: BTreeSet::new(),
            flights: Vec::new(),
            next: 0,
            landed: Landed::default(),
        }
    }

    pub(super) fn number(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    pub(super) fn holder(&self, address: Mailbox) -> Option<Holder<u32>> {
        let has = |account: &&Account| account.address == Some(address);
        let (id, account) = self.accounts.iter().find(|(_, account)| has(account))?;
        Some(Holder { account: *id, proved: account.proved })
    }

    /// Who somebody is at the provider of this name.
    pub(super) fn identity(&self, slot: Slot, person: Person, which: u8) -> Option<(Identity, Option<u8>)> {
        let provider = self.providers.get(&slot)?;
        let key = if self.guards.issuer { provider.issuer } else { slot };
        Some(((key, provider.subject(person, which)), provider.names_people_for()))
    }

    pub(super) fn session_of(&self, person: Person) -> Option<Session> {
        let session = self.sessions.get(&person).copied()?;
        self.accounts.get(&session.account).filter(|account| account.epoch == session.epoch)?;
        Some(session)
    }

    pub(super) fn is_known(&self, row: &Row, given_to: Option<u8>) -> bool {
        let same = row.given_to.zip(given_to).is_none_or(|(then, now)| then == now);
        same || !self.guards.app
    }

    /// The account that somebody gets into who comes so, now.
    pub(super) fn opened(&self, (identity, given_to): (Identity, Option<u8>)) -> Option<u32> {
        let row = self.rows.get(&identity).filter(|row| row.removed.is_none())?;
        self.is_known(row, given_to).then_some(row.account)
    }

    /// Everybody at every provider that is registered, and the account that they get into.
    pub(super) fn entrances(&self) -> impl Iterator<Item = (Person, u32)> {
        let everybody = (0..SLOTS).flat_map(|slot| (0..PEOPLE).map(move |person| (slot, person)));
        let everybody = everybody.flat_map(|(slot, person)| [(slot, person, 0), (slot, person, 1)]);
        everybody.filter_map(|(slot, person, which)| {
            Some((person, self.opened(self.identity(slot, person, which)?)?))
        })
    }

    pub(super) fn living(&self, account: u32) -> impl Iterator<Item = (&Identity, &Row)> {
        self.rows.iter().filter(move |(_, row)| row.account == account && row.removed.is_none())
    }

    pub(super) fn make(&mut self, owner: Person, address: Option<(Mailbox, bool)>, password: bool) -> u32 {
        let (address, proved) = address.map_or((None, false), |(address, proved)| (Some(address), proved));
        let id = self.number();
        self.accounts.insert(id, Account { owner, address, proved, password, epoch: 0, ways: 0 });
        id
    }

    /// Registers by a password with any address, one's own or not.
    pub(super) fn register(&mut self, person: Person, address: Mailbox) {
        if self.holder(address).is_none() && !self.resting.contains(&address) {
            let account = self.make(person, Some((address, false)), true);
            self.sessions.insert(person, Session { account, epoch: 0 });
        }
    }

    /// Answers the mail that a registration sent: for who reads the mailbox and is signed in to the account.
    pub(super) fn prove(&mut self, person: Person, address: Mailbox) {
        let Some(holder) = self.holder(address) else { return };
        let is_here = self.session_of(person).is_some_and(|session| session.account == holder.account);
        if self.mailboxes.get(&address) == Some(&person) && is_here {
            self.accounts.get_mut(&holder.account).unwrap().proved = true;
        }
    }

    /// Signs in by the password of an account of one's own.
    pub(super) fn enter(&mut self, person: Person) {
        let own = self.accounts.iter().rfind(|(_, account)| account.owner == person && account.password);
        if let Some((id, account)) = own {
            self.sessions.insert(person, Session { account: *id, epoch: account.epoch });
        }
    }

    /// A provider sends a mail to an address that somebody gave it, and whoever reads it there says yes.
    pub(super) fn check_at_provider(&mut self, person: Person, address: Mailbox) {
        if self.mailboxes.get(&address) == Some(&person) {
            self.checked.insert((person, address));
        }
    }

    pub(super) fn delete(&mut self, person: Person) {
        let Some(session) = self.session_of(person) else { return };
        let account = self.accounts.remove(&session.account).unwrap();
        self.rows.retain(|_, row| row.account != session.account);
        self.resting.extend(account.address);
    }

    /// The mailbox is given to somebody else.
    pub(super) fn recycle(&mut self, address: Mailbox, to: Person) {
        self.mailboxes.insert(address, to);
    }

    /// A month passes: what was remembered for so long is not any more.
    pub(super) fn month(&mut self) {
        self.resting.clear();
        self.rows.values_mut().for_each(|row| row.removed = row.removed.map(|_| false));
    }

    /// The provider of this name is removed, or there is another one by it.
    pub(super) fn provide(&mut self, slot: Slot, provider: Option<Provider>) {
        match provider {
            Some(provider) => drop(self.providers.insert(slot, provider)),
            None => drop(self.providers.remove(&slot)),
        }
    }

    /// Nobody but its owner gets into an account, by a provider or by a session; it never is without a way in; and an address
    /// is one account's.
    pub(super) fn check(&self) {
        for (person, id) in self.entrances() {
            assert_eq!(
                self.accounts.get(&id).map(|account| account.owner),
                Some(person),
                "a provider opens {id}"
            );
        }
        for person in 0..PEOPLE {
            if let Some(session) = self.session_of(person) {
                assert_eq!(self.accounts[&session.account].owner, person, "a session opens {session:?}");
            }
        }
        let mut addresses = BTreeSet::new();
        for (id, account) in &self.accounts {
            assert!(account.password || self.living(*id).next().is_some(), "no way into {id}: {account:?}");
            if let Some(address) = account.address {
                assert!(addresses.insert(address), "an address is one account's");
            }
        }
    }
}
