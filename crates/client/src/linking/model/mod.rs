//! The linking policy in a small world of people, mailboxes and providers, in which anything may overtake anything.

mod flight;
mod step;
mod world;

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

use self::{
    step::{Step, step},
    world::{Guards, MAILBOXES, Provider, World},
};
use super::*;

/// Takes these steps in a world of these guards. Panics when somebody gets into what is not theirs.
fn live(guards: Guards, steps: &[Step]) -> World {
    let mut world = World::new(guards);
    for step in steps {
        step.take(&mut world);
        world.check();
    }
    while world.has_flights() {
        world.land(0);
        world.check();
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// Nobody ever gets into an account that is somebody else's, nobody is left without a way in, and no account is made
    /// twice: whatever is registered in advance, claimed at a provider, recycled, removed and added again, begun by one and
    /// finished by another, reset by mail, and whatever overtakes it between what was read and what is written.
    #[test]
    fn lk_01_lk_02_lk_03_lk_05_lk_07_lk_10_lk_12_rp_04_an_account_opens_to_its_owner_alone(
        steps in proptest::collection::vec(step(), 1..60)
    ) {
        live(Guards::ALL, &steps);
    }

    /// Two arrivals at once read the same facts. Whoever commits second finds the identity taken, reads again, and signs
    /// in to the one account that there is.
    #[test]
    fn lk_05_two_sign_ups_at_once_are_one_account(
        before in proptest::collection::vec(step(), 0..30),
        address in proptest::option::of(0..MAILBOXES),
        who in 0..world::PEOPLE,
    ) {
        let mut world = live(Guards::ALL, &before);
        let Some(came) = world.identity(0, who, 1) else { return Ok(()) };
        let (known, accounts) = (world.opened(came), world.accounts.len());
        world.arrive(who, (0, 1), address);
        world.arrive(who, (0, 1), address);
        world.land(1);
        world.check();
        let first = world.opened(came);
        world.land(0);
        world.check();
        prop_assert_eq!(world.opened(came), first);
        prop_assert!(world.accounts.len() <= accounts + usize::from(known.is_none()));
    }

    /// A provider that is removed and added again opens what it opened, under whatever name; and one that is another opens
    /// nothing of what it opened, to nobody.
    #[test]
    fn lk_07_a_provider_removed_and_added_again_opens_what_it_opened_and_another_in_its_place_nothing(
        before in proptest::collection::vec(step(), 1..60)
    ) {
        let mut world = live(Guards::ALL, &before);
        for (slot, provider) in [(0, Provider { issuer: 0, app: 0 }), (1, Provider { issuer: 1, app: 0 })] {
            world.provide(slot, Some(provider));
        }
        let opened = |world: &World| {
            let mut opened: Vec<_> = world.entrances().collect();
            opened.sort_unstable();
            opened
        };
        let earlier = opened(&world);
        world.provide(0, None);
        world.provide(1, None);
        prop_assert_eq!(opened(&world), []);
        world.provide(0, Some(Provider { issuer: 1, app: 1 }));
        world.check();
        // Turned round: each comes by the name that the other one had.
        world.provide(0, Some(Provider { issuer: 1, app: 0 }));
        world.provide(1, Some(Provider { issuer: 0, app: 0 }));
        world.check();
        prop_assert_eq!(opened(&world), earlier);
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

/// The first steps that break a world without one of its guards; the same steps do no harm where it stands.
fn breaking(guards: Guards) -> Option<Vec<Step>> {
    let mut runner = TestRunner::deterministic();
    let steps = proptest::collection::vec(step(), 1..60);
    let mut all = (0..60_000).map(|_| steps.new_tree(&mut runner).unwrap().current());
    all.find(|steps| std::panic::catch_unwind(|| live(guards, steps)).is_err())
}

#[test]
fn each_guard_is_needed() {
    let all = Guards::ALL;
    for guards in [
        Guards { row: false, ..all },
        Guards { address: false, ..all },
        Guards { epoch: false, ..all },
        Guards { ways: false, ..all },
        Guards { here: false, ..all },
        Guards { stays: false, ..all },
        Guards { issuer: false, ..all },
        Guards { app: false, ..all },
    ] {
        let steps = breaking(guards).unwrap_or_else(|| panic!("nothing breaks without: {guards:?}"));
        live(all, &steps);
    }
}

#[test]
fn the_steps_reach_every_rule_and_everything_is_overtaken() {
    let mut runner = TestRunner::deterministic();
    let steps = proptest::collection::vec(step(), 1..60);
    let mut landed = world::Landed::default();
    for _ in 0..4_000 {
        let world = live(Guards::ALL, &steps.new_tree(&mut runner).unwrap().current());
        landed.rules.extend(world.landed.rules);
        landed.overtaken.extend(world.landed.overtaken);
    }
    // No operator closes an account there.
    assert_eq!(landed.rules.len(), 15, "{landed:?}");
    let kinds =
        ["create", "dead reset", "last", "link", "prove_then_link", "refuse", "removal", "reset", "sign_in"];
    assert!(landed.overtaken.iter().eq(kinds.iter()), "{landed:?}");
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
