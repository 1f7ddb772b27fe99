//! What may happen.

use proptest::prelude::*;

use super::world::{APPS, ISSUERS, MAILBOXES, Mailbox, PEOPLE, Person, Provider, SLOTS, Slot, World};

#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Registers by a password with any address: before its owner does (pre-hijacking).
    Register {
        person: Person,
        address: Mailbox,
    },
    /// Answers the mail that a registration sent.
    Prove {
        person: Person,
        address: Mailbox,
    },
    /// Signs in by a password.
    Enter {
        person: Person,
    },
    /// Arrives from a provider that may say something of an address, checked or not.
    Arrive {
        person: Person,
        by: (Slot, u8),
        address: Option<Mailbox>,
    },
    /// The same twice at once.
    ArriveTwice {
        person: Person,
        by: (Slot, u8),
        address: Option<Mailbox>,
    },
    /// Has a provider check an address.
    CheckAtProvider {
        person: Person,
        address: Mailbox,
    },
    /// Begins to connect while signed in; perhaps somebody else finishes.
    Connect {
        person: Person,
        finisher: Person,
        by: (Slot, u8),
        fresh: bool,
    },
    Remove {
        person: Person,
        which: usize,
    },
    /// Forgot the password of the account of this address.
    Reset {
        address: Mailbox,
    },
    Delete {
        person: Person,
    },
    /// The mailbox is given to somebody else.
    Recycle {
        address: Mailbox,
        to: Person,
    },
    /// A provider is removed, added again, replaced, or given another app of ours.
    Provide {
        slot: Slot,
        provider: Option<Provider>,
    },
    Month,
    /// What was read some time ago is written.
    Land(usize),
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let (person, address) = (0..PEOPLE, 0..MAILBOXES);
    let by = (0..SLOTS, 0..2_u8);
    let named = proptest::option::of(address.clone());
    let provider = (0..ISSUERS, 0..APPS).prop_map(|(issuer, app)| Provider { issuer, app });
    let arrival = (person.clone(), by.clone(), named);
    let connection = (person.clone(), person.clone(), by, proptest::bool::weighted(0.8));
    // Mostly by who began.
    let connection = (connection, proptest::bool::weighted(0.3));
    prop_oneof![
        2 => (person.clone(), address.clone()).prop_map(|(person, address)| Step::Register { person, address }),
        2 => (person.clone(), address.clone()).prop_map(|(person, address)| Step::Prove { person, address }),
        1 => person.clone().prop_map(|person| Step::Enter { person }),
        4 => arrival.clone().prop_map(|(person, by, address)| Step::Arrive { person, by, address }),
        1 => arrival.prop_map(|(person, by, address)| Step::ArriveTwice { person, by, address }),
        2 => (person.clone(), address.clone())
            .prop_map(|(person, address)| Step::CheckAtProvider { person, address }),
        5 => connection.prop_map(|((person, other, by, fresh), another)| {
            let finisher = if another { other } else { person };
            Step::Connect { person, finisher, by, fresh }
        }),
        3 => (person.clone(), 0..4_usize).prop_map(|(person, which)| Step::Remove { person, which }),
        2 => address.clone().prop_map(|address| Step::Reset { address }),
        1 => person.clone().prop_map(|person| Step::Delete { person }),
        1 => (address, person).prop_map(|(address, to)| Step::Recycle { address, to }),
        2 => (0..SLOTS, proptest::option::weighted(0.8, provider))
            .prop_map(|(slot, provider)| Step::Provide { slot, provider }),
        1 => Just(Step::Month),
        10 => (0..8_usize).prop_map(Step::Land),
    ]
}

impl Step {
    pub(super) fn take(self, world: &mut World) {
        match self {
            Self::Register { person, address } => world.register(person, address),
            Self::Prove { person, address } => world.prove(person, address),
            Self::Enter { person } => world.enter(person),
            Self::Arrive { person, by, address } => world.arrive(person, by, address),
            Self::ArriveTwice { person, by, address } => {
                world.arrive(person, by, address);
                world.arrive(person, by, address);
            }
            Self::CheckAtProvider { person, address } => world.check_at_provider(person, address),
            Self::Connect { person, finisher, by: (slot, which), fresh } => {
                world.connect(person, finisher, (slot, which, fresh));
            }
            Self::Remove { person, which } => world.remove(person, which),
            Self::Reset { address } => world.reset(address),
            Self::Delete { person } => world.delete(person),
            Self::Recycle { address, to } => world.recycle(address, to),
            Self::Provide { slot, provider } => world.provide(slot, provider),
            Self::Month => world.month(),
            Self::Land(which) => world.land(which),
        }
    }
}
