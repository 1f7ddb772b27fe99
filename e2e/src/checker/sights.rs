//! What an answer shows to be alive or dead.

use super::{Kinship, Rules, Thing, once};
use crate::history::{Act, Digest, Operation, Outcome};

/// Something that was seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight {
    /// The operation that showed it.
    pub(super) at: usize,
    pub(super) thing: Thing,
    /// What `thing` depends on: alive if it is alive, and a reason if it is dead.
    pub(super) upon: Option<Thing>,
    pub(super) alive: bool,
    /// It is dead, and rightly so, whatever else there was: it may have been used before.
    pub(super) explained: bool,
}

impl Sight {
    fn of(at: usize, thing: Thing, alive: bool) -> Self {
        Self { at, thing, upon: None, alive, explained: false }
    }

    /// Everything that it is about.
    pub(super) fn things(&self) -> impl Iterator<Item = Thing> {
        std::iter::once(self.thing).chain(self.upon)
    }
}

/// All that is seen in a history.
pub(super) fn all(history: &[Operation], kinship: &Kinship, rules: Rules) -> Vec<Sight> {
    let at = |(at, operation)| of_one(history, kinship, rules, (at, operation));
    history.iter().enumerate().flat_map(at).collect()
}

fn of_one(
    history: &[Operation],
    kinship: &Kinship,
    rules: Rules,
    (at, operation): (usize, &Operation),
) -> Vec<Sight> {
    let one = |thing, alive| vec![Sight::of(at, thing, alive)];
    match (&operation.act, &operation.outcome) {
        (Act::SignIn { password, .. }, Outcome::Session(_)) => one(Thing::Password(*password), true),
        (Act::SignIn { password, .. }, Outcome::Refused) => one(Thing::Password(*password), false),
        (Act::Authorize { app, .. }, Outcome::Refused) => one(Thing::App(*app), false),
        (Act::Authorize { session, app }, outcome) => {
            at_authorize(history, kinship, (at, *session, *app), outcome)
        }
        (Act::Agree { session, app }, Outcome::Code(_)) => {
            vec![Sight::of(at, Thing::Session(*session), true), Sight::of(at, Thing::App(*app), true)]
        }
        (Act::Redeem { code }, Outcome::Tokens { .. }) => one(Thing::Code(*code), true),
        (Act::Redeem { code }, Outcome::Refused) => {
            let explained = once::may_be_redeemed(history, kinship, (*code, at));
            vec![Sight { explained, ..Sight::of(at, Thing::Code(*code), false) }]
        }
        (Act::Refresh { token }, outcome @ (Outcome::Tokens { .. } | Outcome::Refused)) => {
            let Some(grant) = kinship.grant_of_refresh.get(token) else { return Vec::new() };
            let alive = *outcome != Outcome::Refused;
            let explained = !alive && once::may_be_replay(history, kinship, rules, (*token, at));
            vec![Sight { explained, ..Sight::of(at, Thing::Grant(*grant), alive) }]
        }
        (Act::Introspect { access }, outcome @ (Outcome::Alive | Outcome::Refused)) => {
            let Some(grant) = kinship.grant_of_access.get(access) else { return Vec::new() };
            let upon = Some(Thing::Grant(*grant));
            vec![Sight { upon, ..Sight::of(at, Thing::Access(*access), *outcome == Outcome::Alive) }]
        }
        _ => Vec::new(),
    }
}

/// Where an app's request led says three things: whether the app is there, somebody is signed in, and has agreed.
fn at_authorize(
    history: &[Operation],
    kinship: &Kinship,
    (at, session, app): (usize, Digest, Digest),
    outcome: &Outcome,
) -> Vec<Sight> {
    let mut sights = vec![Sight::of(at, Thing::App(app), true)];
    if !kinship.sessions.contains_key(&session) {
        return sights;
    }
    sights.push(Sight::of(at, Thing::Session(session), *outcome != Outcome::SignInWanted));
    if *outcome != Outcome::SignInWanted {
        let agreement = agreement(history, kinship, (at, session, app));
        sights.extend(
            agreement.map(|agreed| Sight::of(at, Thing::Consent(agreed), *outcome != Outcome::ConsentWanted)),
        );
    }
    sights
}

/// The agreement on which an answer depends, if there is no doubt which: the last one, acknowledged before.
fn agreement(
    history: &[Operation],
    kinship: &Kinship,
    (at, session, app): (usize, Digest, Digest),
) -> Option<usize> {
    let seen = history.get(at)?;
    let user = kinship.sessions.get(&session)?.user;
    let agreements = kinship.agreements.get(&(user, app))?;
    let mut all = agreements.iter().copied().filter_map(|agreed| Some((agreed, history.get(agreed)?)));
    let (agreed, last) = all.rfind(|(_, agreement)| agreement.began < seen.ended)?;
    (last.ended < seen.began && matches!(last.outcome, Outcome::Code(_))).then_some(agreed)
}
