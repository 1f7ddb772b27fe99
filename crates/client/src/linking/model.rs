//! A small world of people, mailboxes and accounts, in which attackers do whatever they can.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

type Person = u8;
type Mailbox = u8;
type Identity = u8;

/// Each person has identities of their own at providers: `4 * person + n`.
const PEOPLE: Person = 3;
const MAILBOXES: Mailbox = 3;

#[derive(Clone, Debug)]
struct Account {
    /// Who made it: the only one who can prove to be its owner.
    made_by: Person,
    address: Option<Mailbox>,
    proved: bool,
    /// With a password, which only its maker knows.
    password: bool,
    identities: BTreeSet<Identity>,
}

/// What the world consists of.
#[derive(Clone, Debug, Default)]
struct World {
    accounts: BTreeMap<u32, Account>,
    next: u32,
    /// Who reads a mailbox's mail now.
    mailboxes: BTreeMap<Mailbox, Person>,
    /// Which identity was taken off which account.
    removed: BTreeMap<Identity, u32>,
    resting: BTreeSet<Mailbox>,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Registers by a password with any address, one's own or not.
    Register {
        person: Person,
        address: Mailbox,
    },
    /// Answers the mail that a registration sent: only who reads the mailbox can.
    Prove {
        person: Person,
        address: Mailbox,
    },
    /// Arrives from a provider that says something of an address. It says "verified" only where it once was so.
    Arrive {
        person: Person,
        which: u8,
        address: Option<Mailbox>,
        verified_once: bool,
    },
    /// Begins to connect while signed in to an account; perhaps somebody else finishes.
    Connect {
        person: Person,
        finisher: Person,
        which: u8,
        fresh: bool,
    },
    Remove {
        person: Person,
        which: u8,
    },
    Delete {
        person: Person,
    },
    /// The mailbox is given to somebody else.
    Recycle {
        address: Mailbox,
        to: Person,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let (person, address, which) = (0..PEOPLE, 0..MAILBOXES, 0..2_u8);
    prop_oneof![
        (person.clone(), address.clone()).prop_map(|(person, address)| Step::Register { person, address }),
        (person.clone(), address.clone()).prop_map(|(person, address)| Step::Prove { person, address }),
        (person.clone(), which.clone(), proptest::option::of(address.clone()), any::<bool>()).prop_map(
            |(person, which, address, verified_once)| Step::Arrive { person, which, address, verified_once }
        ),
        (person.clone(), person.clone(), which.clone(), any::<bool>())
            .prop_map(|(person, finisher, which, fresh)| Step::Connect { person, finisher, which, fresh }),
        (person.clone(), which).prop_map(|(person, which)| Step::Remove { person, which }),
        person.clone().prop_map(|person| Step::Delete { person }),
        (address, person).prop_map(|(address, to)| Step::Recycle { address, to }),
    ]
}

impl World {
    fn holder(&self, address: Mailbox) -> Option<Holder<u32>> {
        let has = |account: &&Account| account.address == Some(address);
        let (id, account) = self.accounts.iter().find(|(_, account)| has(account))?;
        Some(Holder { account: *id, proved: account.proved })
    }

    fn owner(&self, identity: Identity) -> Option<u32> {
        let has = |account: &&Account| account.identities.contains(&identity);
        self.accounts.iter().find(|(_, account)| has(account)).map(|(id, _)| *id)
    }

    fn account_of(&self, person: Person) -> Option<u32> {
        self.accounts.iter().find(|(_, account)| account.made_by == person).map(|(id, _)| *id)
    }

    fn facts(&self, purpose: Purpose<u32>, identity: Identity) -> Facts<u32> {
        Facts {
            purpose,
            present: None,
            owner: self.owner(identity),
            owner_is_closed: false,
            removed_from: self.removed.get(&identity).copied().filter(|id| self.accounts.contains_key(id)),
            address: None,
        }
    }

    fn make(&mut self, account: Account) -> u32 {
        self.next += 1;
        self.accounts.insert(self.next, account);
        self.next
    }

    /// Applies a decision about `identity`, which `person` brought. Proofs are given by whoever can.
    fn apply(
        &mut self,
        decision: Decision<u32>,
        person: Person,
        identity: Identity,
        address: Option<Mailbox>,
    ) {
        match decision.action {
            Action::Refuse => {}
            Action::SignIn(account) => {
                // The one thing that must never happen.
                assert_eq!(self.accounts[&account].made_by, person, "{:?}", decision.rule);
            }
            Action::Link(account) => self.link(account, identity),
            Action::ProveThenLink(account) => {
                if self.accounts[&account].made_by == person {
                    self.link(account, identity);
                }
            }
            Action::Create(usage) => {
                let (address, proved) = match usage {
                    AddressUse::None => (None, false),
                    AddressUse::Unproved => (address, false),
                    AddressUse::Proved => (address, true),
                    AddressUse::ProvedInsteadOf(loser) => {
                        let loser = self.accounts.get_mut(&loser).unwrap();
                        assert!(!loser.proved, "who proved an address keeps it");
                        loser.address = None;
                        (address, true)
                    }
                };
                let identities = BTreeSet::from([identity]);
                self.make(Account { made_by: person, address, proved, password: false, identities });
            }
        }
    }

    fn link(&mut self, account: u32, identity: Identity) {
        assert_eq!(self.owner(identity), None, "an identity opens one account");
        self.removed.remove(&identity);
        self.accounts.get_mut(&account).unwrap().identities.insert(identity);
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Register { person, address } => {
                if self.holder(address).is_none() && !self.resting.contains(&address) {
                    let identities = BTreeSet::new();
                    let address = Some(address);
                    self.make(Account {
                        made_by: person,
                        address,
                        proved: false,
                        password: true,
                        identities,
                    });
                }
            }
            Step::Prove { person, address } => {
                let Some(holder) = self.holder(address) else { return };
                let account = self.accounts.get_mut(&holder.account).unwrap();
                // The link in the mail works for who reads the mail and is signed in to the account.
                if self.mailboxes.get(&address) == Some(&person) && account.made_by == person {
                    account.proved = true;
                }
            }
            Step::Arrive { person, which, address, verified_once } => {
                self.arrive(person, 4 * person + which, address.map(|address| (address, verified_once)));
            }
            Step::Connect { person, finisher, which, fresh } => {
                self.connect(person, finisher, 4 * finisher + which, fresh);
            }
            Step::Remove { person, which } => {
                let identity = 4 * person + which;
                let Some(id) = self.owner(identity) else { return };
                let account = self.accounts.get_mut(&id).unwrap();
                // LK-10: never the last way in.
                if account.password || account.identities.len() > 1 {
                    account.identities.remove(&identity);
                    self.removed.insert(identity, id);
                }
            }
            Step::Delete { person } => {
                if let Some(account) = self.account_of(person).and_then(|id| self.accounts.remove(&id)) {
                    self.resting.extend(account.address);
                }
            }
            Step::Recycle { address, to } => drop(self.mailboxes.insert(address, to)),
        }
    }

    /// Somebody comes from a provider, which may say that it verified the address.
    fn arrive(&mut self, person: Person, identity: Identity, address: Option<(Mailbox, bool)>) {
        let mut facts = self.facts(Purpose::SignIn, identity);
        facts.address = address.map(|(address, verified_once)| {
            // A provider says so only of who reads the mailbox.
            let verified = verified_once && self.mailboxes.get(&address) == Some(&person);
            let trust = if verified { AddressTrust::Verified } else { AddressTrust::Unverified };
            Address { trust, holder: self.holder(address), rests: self.resting.contains(&address) }
        });
        self.apply(decide(&facts), person, identity, address.map(|(address, _)| address));
    }

    /// One begins to connect an identity, and the other one finishes with one of theirs.
    fn connect(&mut self, person: Person, finisher: Person, identity: Identity, fresh: bool) {
        let Some(begun_by) = self.account_of(person) else { return };
        let mut facts = self.facts(Purpose::Connect(begun_by), identity);
        facts.present = self.account_of(finisher).map(|account| Present { account, fresh });
        let decision = decide(&facts);
        if matches!(decision.action, Action::Link(_)) {
            assert!(fresh && person == finisher, "{facts:?}");
        }
        self.apply(decision, finisher, identity, None);
    }

    fn check(&self) {
        let mut addresses = BTreeSet::new();
        for account in self.accounts.values() {
            for identity in &account.identities {
                assert_eq!(
                    identity / 4,
                    account.made_by,
                    "a stranger's identity opens this account: {account:?}"
                );
            }
            if let Some(address) = account.address {
                assert!(addresses.insert(address), "an address is one account's");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Nobody ever gets into an account that somebody else made, whatever is registered in advance, claimed at a
    /// provider, recycled, removed and added again, begun by one and finished by another.
    #[test]
    fn lk_01_lk_02_lk_03_lk_10_lk_12_rp_04_an_account_opens_to_who_made_it_alone(
        steps in proptest::collection::vec(step(), 1..40)
    ) {
        let mut world = World::default();
        world.mailboxes.extend((0..MAILBOXES).map(|mailbox| (mailbox, mailbox % PEOPLE)));
        for step in steps {
            world.take(step);
            world.check();
        }
    }

    /// Two arrivals at once read the same facts. Whoever commits second finds the identity taken, reads again, and signs
    /// in to the one account that there is.
    #[test]
    fn lk_05_two_sign_ups_at_once_are_one_account(address in proptest::option::of(0..MAILBOXES), before in
        proptest::collection::vec(step(), 0..20)
    ) {
        let mut world = World::default();
        world.mailboxes.extend((0..MAILBOXES).map(|mailbox| (mailbox, mailbox % PEOPLE)));
        before.into_iter().for_each(|step| world.take(step));
        let (person, identity) = (1, 6);
        let arrive = |world: &World| {
            let mut facts = world.facts(Purpose::SignIn, identity);
            facts.address = address.map(|address| Address {
                trust: AddressTrust::Unverified, holder: world.holder(address), rests: false,
            });
            decide(&facts)
        };
        let (first, second) = (arrive(&world), arrive(&world));
        prop_assert_eq!(&first, &second, "the same facts, the same decision");
        world.apply(first, person, identity, address);
        if let Some(account) = world.owner(identity) {
            let again = arrive(&world);
            prop_assert_eq!(again, Decision { action: Action::SignIn(account), rule: Rule::KnownIdentity });
        }
    }

    /// What a provider has not checked decides nothing but whether it is noted; and nothing links by an address alone.
    #[test]
    fn lk_01_no_address_ever_links_in_silence(
        trust in prop_oneof![Just(AddressTrust::Unverified), Just(AddressTrust::Verified)],
        holder in proptest::option::of((0..9_u32, any::<bool>())),
        rests in any::<bool>(),
        present in proptest::option::of((0..9_u32, any::<bool>())),
    ) {
        let holder = holder.map(|(account, proved)| Holder { account, proved });
        let facts = Facts {
            purpose: Purpose::SignIn,
            present: present.map(|(account, fresh)| Present { account, fresh }),
            owner: None,
            owner_is_closed: false,
            removed_from: None,
            address: Some(Address { trust, holder, rests }),
        };
        let decision = decide(&facts);
        prop_assert!(!matches!(decision.action, Action::SignIn(_) | Action::Link(_)), "{:?}", decision);
        if trust == AddressTrust::Unverified {
            let quiet = matches!(decision.action, Action::Create(AddressUse::None | AddressUse::Unproved));
            prop_assert!(quiet, "{:?}", decision);
        }
        let without_session = decide(&Facts { present: None, ..facts });
        prop_assert_eq!(decision, without_session, "who happens to be signed in is not linked to");
    }
}

#[test]
fn every_rule_has_a_case() {
    let base = || Facts::<u32> {
        purpose: Purpose::SignIn,
        present: None,
        owner: None,
        owner_is_closed: false,
        removed_from: None,
        address: None,
    };
    let address = |trust, holder: Option<(u32, bool)>, rests| Facts {
        address: Some(Address {
            trust,
            holder: holder.map(|(account, proved)| Holder { account, proved }),
            rests,
        }),
        ..base()
    };
    let connect = |present: Option<(u32, bool)>, owner| Facts {
        purpose: Purpose::Connect(1),
        present: present.map(|(account, fresh)| Present { account, fresh }),
        owner,
        ..base()
    };
    let (unverified, verified) = (AddressTrust::Unverified, AddressTrust::Verified);
    for (facts, action, rule) in [
        (connect(None, None), Action::Refuse, Rule::ConnectWithoutSession),
        (connect(Some((2, true)), None), Action::Refuse, Rule::ConnectOfAnother),
        (connect(Some((1, false)), Some(1)), Action::SignIn(1), Rule::AlreadyConnected),
        (connect(Some((1, true)), Some(2)), Action::Refuse, Rule::BelongsToAnother),
        (connect(Some((1, false)), None), Action::Refuse, Rule::ConnectNeedsFreshSignIn),
        (connect(Some((1, true)), None), Action::Link(1), Rule::ConnectedByOwner),
        (Facts { owner: Some(1), owner_is_closed: true, ..base() }, Action::Refuse, Rule::AccountClosed),
        (Facts { owner: Some(1), ..base() }, Action::SignIn(1), Rule::KnownIdentity),
        (Facts { removed_from: Some(1), ..base() }, Action::ProveThenLink(1), Rule::RemovedLately),
        (base(), Action::Create(AddressUse::None), Rule::NoAddress),
        (address(verified, None, true), Action::Create(AddressUse::None), Rule::AddressRests),
        (address(unverified, None, false), Action::Create(AddressUse::Unproved), Rule::UnverifiedAndFree),
        (
            address(unverified, Some((1, true)), false),
            Action::Create(AddressUse::None),
            Rule::UnverifiedAndTaken,
        ),
        (address(verified, None, false), Action::Create(AddressUse::Proved), Rule::VerifiedAndFree),
        (address(verified, Some((1, true)), false), Action::ProveThenLink(1), Rule::VerifiedAndTaken),
        (
            address(verified, Some((1, false)), false),
            Action::Create(AddressUse::ProvedInsteadOf(1)),
            Rule::UnprovedGivesWay,
        ),
    ] {
        assert_eq!(decide(&facts), Decision { action, rule }, "{facts:?}");
        assert!(rule.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
    }
}
