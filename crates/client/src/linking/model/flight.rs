//! Whoever is on their way: what was read and decided, and what the commit finds.

use std::collections::BTreeSet;

use super::{
    super::*,
    world::{Account, Guards, Identity, Mailbox, Person, Row, SLOTS, Session, Slot, World},
};

/// Somebody who came back from a provider.
#[derive(Clone, Debug)]
pub(super) struct Coming {
    person: Person,
    identity: Identity,
    given_to: Option<u8>,
    address: Option<(Mailbox, AddressTrust)>,
    purpose: Purpose<u32>,
    fresh: bool,
}

/// What was read for somebody who comes, and decided.
#[derive(Clone, Debug)]
pub(super) struct Read {
    row: Option<Row>,
    holder: Option<Holder<u32>>,
    /// Of the account that the decision names.
    epoch: Option<u32>,
    /// Whether who comes can prove that account, or has its session.
    is_owner: bool,
    decision: Decision<u32>,
}

/// Something that was decided and is not written yet.
#[derive(Clone, Debug)]
pub(super) enum Flight {
    Coming(Coming, Read),
    /// The owner takes a way off; this other one stays, if no password does.
    Removal {
        session: Session,
        identity: Identity,
        row: Row,
        stays: Option<Identity>,
    },
    /// Whoever reads the mail sets a password, and takes off the ways that are not theirs.
    Reset {
        reader: Person,
        account: u32,
        epoch: u32,
        ways: u32,
        gone: Vec<Identity>,
    },
}

impl World {
    /// Somebody comes from a provider, which may say that it checked the address: now, or when the mailbox was theirs.
    pub(super) fn arrive(&mut self, person: Person, (slot, which): (Slot, u8), address: Option<Mailbox>) {
        let Some((identity, given_to)) = self.identity(slot, person, which) else { return };
        let address = address.map(|address| {
            let checked = self.checked.contains(&(person, address));
            (address, if checked { AddressTrust::Verified } else { AddressTrust::Unverified })
        });
        let coming = Coming { person, identity, given_to, address, purpose: Purpose::SignIn, fresh: false };
        self.set_out(coming);
    }

    /// One begins to connect an identity, and the other one finishes with one of theirs.
    pub(super) fn connect(
        &mut self,
        person: Person,
        finisher: Person,
        (slot, which, fresh): (Slot, u8, bool),
    ) {
        let Some(begun_in) = self.session_of(person) else { return };
        let Some((identity, given_to)) = self.identity(slot, finisher, which) else { return };
        let purpose = Purpose::Connect(begun_in.account);
        self.set_out(Coming { person: finisher, identity, given_to, address: None, purpose, fresh });
    }

    fn set_out(&mut self, coming: Coming) {
        if let Some(read) = self.read(&coming) {
            self.flights.push(Flight::Coming(coming, read));
        }
    }

    /// `None`: their name was given to another app, and may be somebody else's.
    fn read(&mut self, coming: &Coming) -> Option<Read> {
        let row = self.rows.get(&coming.identity).copied();
        let living = row.filter(|row| row.removed.is_none());
        if living.is_some_and(|row| !self.is_known(&row, coming.given_to)) {
            return None;
        }
        let present = self.session_of(coming.person);
        let removed = row.filter(|row| row.removed == Some(true));
        let facts = Facts {
            purpose: coming.purpose.clone(),
            present: present.map(|session| Present { account: session.account, fresh: coming.fresh }),
            owner: living.map(|row| row.account),
            owner_is_closed: false,
            removed_from: removed.map(|row| row.account).filter(|id| self.accounts.contains_key(id)),
            address: coming.address.map(|(address, trust)| Address {
                trust,
                holder: self.holder(address),
                rests: self.resting.contains(&address),
            }),
        };
        let decision = decide(&facts);
        self.landed.rules.insert(decision.rule);
        if matches!(decision.action, Action::Link(_)) {
            let same = present.is_some_and(|session| coming.purpose == Purpose::Connect(session.account));
            assert!(coming.fresh && same, "{facts:?}");
        }
        let named = match &decision.action {
            Action::SignIn(id) | Action::Link(id) | Action::ProveThenLink(id) => self.accounts.get(id),
            Action::Create(_) | Action::Refuse => None,
        };
        Some(Read {
            row,
            holder: facts.address.and_then(|address| address.holder),
            epoch: named.map(|account| account.epoch),
            is_owner: named.is_some_and(|account| account.owner == coming.person),
            decision,
        })
    }

    /// Begins to remove a way from the account that one is signed in to: never the last one.
    pub(super) fn remove(&mut self, person: Person, which: usize) {
        let Some(session) = self.session_of(person) else { return };
        let ways: Vec<Identity> = self.living(session.account).map(|(identity, _)| *identity).collect();
        let Some(identity) = ways.get(which % ways.len().max(1)) else { return };
        self.flights.extend(self.removal(session, *identity));
    }

    fn removal(&self, session: Session, identity: Identity) -> Option<Flight> {
        let row = self.rows.get(&identity).filter(|row| row.removed.is_none())?;
        let account = self.accounts.get(&session.account).filter(|_| row.account == session.account)?;
        let stays = self.living(session.account).map(|(other, _)| *other).find(|other| *other != identity);
        let is_safe = account.password || stays.is_some();
        let stays = stays.filter(|_| !account.password);
        is_safe.then_some(Flight::Removal { session, identity, row: *row, stays })
    }

    /// Whoever reads the mailbox opens the page on which the account's password is set anew. Who lets go of a mailbox that
    /// they proved leaves to its next reader what mail opens: that is no matter of linking.
    pub(super) fn reset(&mut self, address: Mailbox) {
        let (Some(holder), Some(reader)) = (self.holder(address), self.mailboxes.get(&address)) else {
            return;
        };
        let account = &self.accounts[&holder.account];
        if !account.proved || account.owner == *reader {
            self.flights.push(self.new_password(*reader, holder.account));
        }
    }

    fn new_password(&self, reader: Person, id: u32) -> Flight {
        let Account { epoch, ways, .. } = self.accounts[&id];
        let own: BTreeSet<Identity> = self.identities_of(reader);
        let gone = self.living(id).map(|(identity, _)| *identity).filter(|way| !own.contains(way)).collect();
        Flight::Reset { reader, account: id, epoch, ways, gone }
    }

    /// All that somebody may be called by the providers of now, and was given to the apps of now.
    fn identities_of(&self, person: Person) -> BTreeSet<Identity> {
        let all = (0..SLOTS).flat_map(|slot| [(slot, 0), (slot, 1)]);
        let known = all.filter_map(|(slot, which)| self.identity(slot, person, which));
        known.filter(|came| self.opened(*came).is_some()).map(|(identity, _)| identity).collect()
    }

    /// One of those who are on their way lands, whatever has happened since.
    pub(super) fn land(&mut self, which: usize) {
        if !self.flights.is_empty() {
            let flight = self.flights.remove(which % self.flights.len());
            self.commit(flight);
        }
    }

    pub(super) fn has_flights(&self) -> bool {
        !self.flights.is_empty()
    }

    fn commit(&mut self, flight: Flight) {
        match flight {
            Flight::Coming(coming, read) => match self.holds(&coming, &read) {
                true => self.apply(&coming, &read),
                false => {
                    self.landed.overtaken.insert(read.decision.action.as_str());
                    // Read again, and decided again; nothing comes in between.
                    if let Some(read) = self.read(&coming) {
                        self.apply(&coming, &read);
                    }
                }
            },
            Flight::Removal { session, identity, row, stays } => {
                let is_living =
                    |way: &Identity| self.living(session.account).any(|(living, _)| living == way);
                let stays_still = stays.is_none_or(|way| is_living(&way));
                let is_signed_in =
                    self.accounts.get(&session.account).is_some_and(|a| a.epoch == session.epoch);
                if !is_signed_in || self.rows.get(&identity) != Some(&row) {
                    self.landed.overtaken.insert("removal");
                } else if stays_still || !self.guards.stays {
                    self.take_off(identity);
                } else {
                    self.landed.overtaken.insert("last");
                    if self.removal(session, identity).is_some() {
                        self.take_off(identity);
                    }
                }
            }
            Flight::Reset { reader, account: id, epoch, ways, gone } => {
                let Some(now) = self.accounts.get(&id).filter(|now| now.epoch == epoch) else {
                    self.landed.overtaken.insert("dead reset");
                    return;
                };
                let is_shown = now.ways == ways || !self.guards.ways;
                let are_here = gone.iter().all(|way| self.living(id).any(|(living, _)| living == way));
                let gone = match self.new_password(reader, id) {
                    Flight::Reset { gone, .. } if !is_shown || !are_here && self.guards.here => {
                        self.landed.overtaken.insert("reset");
                        gone
                    }
                    _ => gone,
                };
                gone.into_iter().for_each(|way| self.take_off(way));
                let account = self.accounts.get_mut(&id).unwrap();
                account.epoch += 1;
                (account.owner, account.proved, account.password) = (reader, true, true);
                self.sign_in(reader, id);
            }
        }
    }

    fn take_off(&mut self, identity: Identity) {
        let version = self.number();
        let row = self.rows.get_mut(&identity).unwrap();
        (row.removed, row.version) = (Some(true), version);
    }

    /// Whether a commit finds what its decision was made upon.
    fn holds(&self, coming: &Coming, read: &Read) -> bool {
        let Guards { row, address, epoch, .. } = self.guards;
        let row_stands = self.rows.get(&coming.identity) == read.row.as_ref();
        let named = |id: &u32| self.accounts.get(id).map(|account| account.epoch) == read.epoch;
        (row_stands || !row)
            && match &read.decision.action {
                Action::Link(id) | Action::ProveThenLink(id) | Action::SignIn(id) => named(id) || !epoch,
                Action::Create(AddressUse::None) | Action::Refuse => true,
                Action::Create(_) => {
                    let held = coming.address.and_then(|(address, _)| self.holder(address));
                    held == read.holder || !address
                }
            }
    }

    fn apply(&mut self, coming: &Coming, read: &Read) {
        match &read.decision.action {
            Action::Refuse => {}
            Action::SignIn(account) => self.sign_in(coming.person, *account),
            Action::Link(account) => self.link(*account, coming),
            Action::ProveThenLink(account) => {
                if read.is_owner {
                    self.link(*account, coming);
                    self.sign_in(coming.person, *account);
                }
            }
            Action::Create(usage) => {
                let address = coming.address.map(|(address, _)| address);
                let address = match usage {
                    AddressUse::None => None,
                    AddressUse::Unproved => address.map(|address| (address, false)),
                    AddressUse::Proved => address.map(|address| (address, true)),
                    AddressUse::ProvedInsteadOf(loser) => {
                        let loser = self.accounts.get_mut(loser).unwrap();
                        assert!(!loser.proved, "who proved an address keeps it");
                        loser.address = None;
                        address.map(|address| (address, true))
                    }
                };
                let account = self.make(coming.person, address, false);
                self.link(account, coming);
                self.sign_in(coming.person, account);
            }
        }
    }

    fn sign_in(&mut self, person: Person, account: u32) {
        if let Some(Account { epoch, .. }) = self.accounts.get(&account) {
            self.sessions.insert(person, Session { account, epoch: *epoch });
        }
    }

    fn link(&mut self, account: u32, coming: &Coming) {
        let version = self.number();
        let row = Row { account, given_to: coming.given_to, removed: None, version };
        self.rows.insert(coming.identity, row);
        if let Some(account) = self.accounts.get_mut(&account) {
            account.ways += 1;
        }
    }
}
