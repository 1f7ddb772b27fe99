//! What ends what, and from when on for certain.

use std::collections::{BTreeSet, HashMap};

use super::{Kinship, Rules, Thing, kinship::Born, once, sights::Sight};
use crate::history::{Act, Digest, Moment, Operation, Outcome};

/// The command line's changes are in force in a running server within a second.
const FOLLOWING: Moment = Moment::from_secs(1);

/// Something ends by an operation, if that takes effect.
#[derive(Clone, Copy, Debug)]
struct Ending {
    by: usize,
    began: Moment,
    /// Whether it certainly ends then: not if it came into being at the same time.
    firm: bool,
}

/// Whether an operation took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// Yes, and not later than that.
    Certain(Moment),
    /// Its outcome is unknown, and nothing that was seen later tells.
    Possible,
    /// Something was seen later that it would have ended.
    Never,
}

/// Who has which codes and sessions.
struct Holdings<'h> {
    history: &'h [Operation],
    of_user: HashMap<Digest, Vec<(Digest, usize)>>,
    of_app: HashMap<Digest, Vec<(Digest, usize)>>,
    of_session: HashMap<Digest, Vec<(Digest, usize)>>,
    sessions: HashMap<Digest, Vec<(Digest, usize)>>,
}

/// All endings of a history.
#[derive(Debug, Default)]
pub(super) struct Endings {
    of: HashMap<Thing, Vec<Ending>>,
    effects: HashMap<usize, Effect>,
    /// When a server was there again.
    restarts: Vec<Moment>,
}

impl Endings {
    pub(super) fn of(history: &[Operation], kinship: &Kinship, rules: Rules) -> Self {
        let holdings = Holdings::of(history, kinship);
        let restarts = history.iter().filter(|operation| operation.act == Act::Restart);
        let restarts = restarts.map(|restart| restart.ended).collect();
        let mut endings = Self { restarts, ..Self::default() };
        for (at, operation) in history.iter().enumerate() {
            let effect = match operation.outcome {
                Outcome::Done if matches!(operation.act, Act::DisableApp { .. }) => {
                    Effect::Certain(operation.ended + FOLLOWING)
                }
                Outcome::Unknown => Effect::Possible,
                _ => Effect::Certain(operation.ended),
            };
            let ended = ended_by(kinship, &holdings, (at, operation)).into_iter();
            for (thing, firm) in ended.chain(ended_by_replay(history, kinship, rules, (at, operation))) {
                endings.of.entry(thing).or_default().push(Ending { by: at, began: operation.began, firm });
                endings.effects.insert(at, effect);
            }
        }
        endings
    }

    /// Decides about operations of unknown outcome from what was seen after them.
    pub(super) fn settle(&mut self, history: &[Operation], sights: &[Sight]) {
        for sight in sights.iter().filter(|sight| sight.alive) {
            self.refute(history, sight);
        }
        for sight in sights.iter().filter(|sight| !sight.alive && !sight.explained) {
            self.confirm(history, sight);
        }
    }

    /// What is alive was not ended. Only after a restart nothing of what was under way can still happen.
    fn refute(&mut self, history: &[Operation], sight: &Sight) {
        let Some(seen) = history.get(sight.at) else { return };
        let endings: Vec<Ending> = sight.things().flat_map(|thing| self.on(thing)).collect();
        for ending in endings.into_iter().filter(|ending| ending.firm) {
            let restart = self.restarts.iter().find(|restart| **restart > ending.began);
            let over = restart.is_some_and(|restart| *restart < seen.began);
            if over && self.effects.get(&ending.by) == Some(&Effect::Possible) {
                self.effects.insert(ending.by, Effect::Never);
            }
        }
    }

    /// What is dead for one reason only was ended by that.
    fn confirm(&mut self, history: &[Operation], sight: &Sight) {
        let Some(seen) = history.get(sight.at) else { return };
        let reasons = sight.things().flat_map(|thing| self.reasons(thing, sight.at, seen));
        let reasons: BTreeSet<usize> = reasons.collect();
        let Some(only) = reasons.first().filter(|_| reasons.len() == 1) else { return };
        if self.effects.get(only) == Some(&Effect::Possible) {
            self.effects.insert(*only, Effect::Certain(seen.ended));
        }
    }

    /// Whether something may have ended what was seen dead.
    pub(super) fn explain(&self, sight: &Sight, seen: &Operation) -> bool {
        sight.things().any(|thing| self.reasons(thing, sight.at, seen).next().is_some())
    }

    /// What must be dead if this was seen dead.
    pub(super) fn dead_by(&self, sight: &Sight, seen: &Operation) -> Vec<Thing> {
        let by_itself = self.reasons(sight.thing, sight.at, seen).next().is_some();
        match (sight.thing, sight.upon) {
            // A refused code gives nothing any more, and what it gave is revoked.
            (Thing::Code(code), _) => vec![sight.thing, Thing::Grant(code)],
            (thing, Some(upon)) if !by_itself && self.explain(sight, seen) => vec![thing, upon],
            (thing, _) => vec![thing],
        }
    }

    /// From when on it is over for certain, by another operation than this one.
    pub(super) fn over_from(&self, thing: Thing, at: usize) -> Option<Moment> {
        let firm = self.on(thing).filter(|ending| ending.firm && ending.by != at);
        let effects = firm.filter_map(|ending| match self.effects.get(&ending.by) {
            Some(Effect::Certain(from)) => Some(*from),
            _ => None,
        });
        effects.min()
    }

    fn reasons(&self, thing: Thing, at: usize, seen: &Operation) -> impl Iterator<Item = usize> {
        let (own, until) = (at, seen.ended);
        let possible = self.on(thing).filter(move |ending| ending.by != own && ending.began < until);
        possible.map(|ending| ending.by).filter(|by| self.effects.get(by) != Some(&Effect::Never))
    }

    fn on(&self, thing: Thing) -> impl Iterator<Item = Ending> {
        self.of.get(&thing).into_iter().flatten().copied()
    }
}

/// What an operation that is meant to end something ends.
fn ended_by(
    kinship: &Kinship,
    holdings: &Holdings<'_>,
    (at, operation): (usize, &Operation),
) -> Vec<(Thing, bool)> {
    let codes = |list: Vec<(Digest, bool)>| {
        list.into_iter().flat_map(|(code, firm)| [(Thing::Code(code), firm), (Thing::Grant(code), firm)])
    };
    match &operation.act {
        Act::RevokeAccess { access } => vec![(Thing::Access(*access), true)],
        Act::RevokeGrant { token } => kinship
            .grant_of_refresh
            .get(token)
            .map(|grant| (Thing::Grant(*grant), true))
            .into_iter()
            .collect(),
        Act::Disconnect { user, app } => {
            let of_both = holdings.before(at, holdings.of_user.get(user));
            let of_both = of_both
                .into_iter()
                .filter(|(code, _)| kinship.codes.get(code).is_some_and(|of| of.app == *app));
            let agreements = kinship.agreements.get(&(*user, *app)).into_iter().flatten();
            let consents =
                agreements.filter_map(|agreed| Some((Thing::Consent(*agreed), holdings.order(*agreed, at)?)));
            codes(of_both.collect()).chain(consents).collect()
        }
        Act::SignOut { session } => {
            let of_session = holdings.before(at, holdings.of_session.get(session));
            std::iter::once((Thing::Session(*session), true)).chain(codes(of_session)).collect()
        }
        Act::ChangePassword { user, from, in_session, .. } => {
            // This browser's cookie is replaced afterwards: where the answer was lost, perhaps not any more.
            let replaced = operation.outcome != Outcome::Unknown;
            let sessions = holdings.before(at, holdings.sessions.get(user)).into_iter();
            let sessions = sessions.map(|(session, firm)| {
                (Thing::Session(session), firm && (session != *in_session || replaced))
            });
            let of_user = holdings.before(at, holdings.of_user.get(user));
            std::iter::once((Thing::Password(*from), true)).chain(sessions).chain(codes(of_user)).collect()
        }
        Act::DisableApp { app } => {
            // A server that has not followed yet still gives codes, which are dead already.
            let of_app = holdings.before_within(at, FOLLOWING, holdings.of_app.get(app));
            std::iter::once((Thing::App(*app), true)).chain(codes(of_app)).collect()
        }
        _ => Vec::new(),
    }
}

/// A code or refresh token that is used again ends what it gave.
fn ended_by_replay(
    history: &[Operation],
    kinship: &Kinship,
    rules: Rules,
    (at, operation): (usize, &Operation),
) -> Option<(Thing, bool)> {
    if !matches!(operation.outcome, Outcome::Refused | Outcome::Unknown) {
        return None;
    }
    match &operation.act {
        Act::Redeem { code } if once::may_be_redeemed(history, kinship, (*code, at)) => {
            let attempts = kinship.redemptions.get(code);
            Some((Thing::Grant(*code), once::has_worked_before(history, attempts, operation.began)))
        }
        Act::Refresh { token } if once::may_be_replay(history, kinship, rules, (*token, at)) => {
            let grant = kinship.grant_of_refresh.get(token)?;
            let worked = once::has_worked_before(history, kinship.refreshes.get(token), operation.began);
            // With a window, an attempt that was lost may have been a harmless repetition.
            let firm = worked && (operation.outcome == Outcome::Refused || rules.retry_window.is_zero());
            Some((Thing::Grant(*grant), firm))
        }
        _ => None,
    }
}

impl<'h> Holdings<'h> {
    fn of(history: &'h [Operation], kinship: &Kinship) -> Self {
        let empty = HashMap::new;
        let mut holdings =
            Self { history, of_user: empty(), of_app: empty(), of_session: empty(), sessions: empty() };
        for (code, of) in &kinship.codes {
            let Born { at, user } = of.born;
            holdings.of_user.entry(user).or_default().push((*code, at));
            holdings.of_app.entry(of.app).or_default().push((*code, at));
            holdings.of_session.entry(of.session).or_default().push((*code, at));
        }
        for (session, Born { at, user }) in &kinship.sessions {
            holdings.sessions.entry(*user).or_default().push((*session, *at));
        }
        holdings
    }

    /// Those that were there when the operation began, and those that may have been there when it took effect.
    fn before(&self, at: usize, list: Option<&Vec<(Digest, usize)>>) -> Vec<(Digest, bool)> {
        self.before_within(at, Moment::ZERO, list)
    }

    /// As [`before`](Self::before), for an operation that may take effect so much later than it was acknowledged.
    fn before_within(
        &self,
        at: usize,
        delay: Moment,
        list: Option<&Vec<(Digest, usize)>>,
    ) -> Vec<(Digest, bool)> {
        let list = list.into_iter().flatten().filter(|(_, born)| *born != at);
        list.filter_map(|(digest, born)| Some((*digest, self.order_within(*born, at, delay)?))).collect()
    }

    /// Whether `first` had ended when `then` began; `None` if it began only after that one's end.
    fn order(&self, first: usize, then: usize) -> Option<bool> {
        self.order_within(first, then, Moment::ZERO)
    }

    /// As [`order`](Self::order), where the end of `then` is so much later than it was acknowledged.
    fn order_within(&self, first: usize, then: usize, delay: Moment) -> Option<bool> {
        let (first, then) = (self.history.get(first)?, self.history.get(then)?);
        (first.began < then.ended + delay).then_some(first.ended < then.began)
    }
}
