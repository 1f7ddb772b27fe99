//! Reads a history and says what in it cannot be true of a server that keeps its word.
//!
//! Every rule is about what was *acknowledged*, that is, answered in full:
//! - what was given works until it ends (else it is *lost*);
//! - what has ended never works again (else it is *resurrected*);
//! - what works once has worked once (else it is *double* or a *fork*);
//! - of what is unknown, because the connection was lost on the way, either is true, but one of the two: as soon as
//!   one sight tells which, all later ones must agree.
//!
//! Two acts of which one had ended before the other began are in that order. Of others nothing is assumed.

mod account;
mod endings;
mod kinship;
mod once;
#[cfg(test)]
mod seeded;
mod sights;

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
};

use crate::history::{Act, Digest, Moment, Operation, Outcome};
use endings::Endings;
use kinship::Kinship;
use sights::Sight;

/// What a history does not tell.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// For how long the answer to a refresh is repeated to a client that lost it; zero: never.
    pub retry_window: Moment,
}

/// Something that is given, works, and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Thing {
    /// A person's password.
    Password(Digest),
    /// An app's registration.
    App(Digest),
    /// A browser's session.
    Session(Digest),
    /// The consent that was given by this operation.
    Consent(usize),
    /// A code.
    Code(Digest),
    /// The grant that came of this code.
    Grant(Digest),
    /// One access token.
    Access(Digest),
}

/// What cannot be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Breach {
    /// Something acknowledged is not there, and nothing has ended it.
    Lost(Thing),
    /// Something that had ended works.
    Resurrected(Thing),
    /// A code, or a refresh token that is never repeated, has worked twice.
    Double(Digest),
    /// A refresh token has two successors.
    Fork(Digest),
    /// A refresh token works although its successor was used, or its time to be repeated is over.
    Stale(Digest),
    /// Something works that nobody was given.
    Invented(Digest),
}

/// A breach, and the operation at which it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Violation {
    /// Its place in the history.
    pub at: usize,
    /// What is wrong.
    pub breach: Breach,
}

/// What the checker found, and how much it had to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Everything that cannot be true.
    pub violations: Vec<Violation>,
    /// Acts that changed something and were acknowledged.
    pub acknowledged: usize,
    /// Acts whose outcome is unknown.
    pub unknown: usize,
    /// How often something was seen alive or dead.
    pub sights: usize,
}

/// Judges a history that is in the order in which its operations began.
pub fn judge(history: &[Operation], rules: Rules) -> Verdict {
    let kinship = Kinship::of(history);
    let mut endings = Endings::of(history, &kinship, rules);
    let sights = sights::all(history, &kinship, rules);
    endings.settle(history, &sights);
    let mut violations = once::violations(history, &kinship, rules);
    violations.extend(kinship.invented.iter().copied());
    violations.extend(contradictions(history, &sights, &endings));
    violations.sort_unstable();
    violations.dedup();
    Verdict {
        violations,
        acknowledged: history.iter().filter(|operation| is_fact(operation)).count(),
        unknown: history.iter().filter(|operation| operation.outcome == Outcome::Unknown).count(),
        sights: sights.len(),
    }
}

/// Sights that contradict what must be.
fn contradictions(history: &[Operation], sights: &[Sight], endings: &Endings) -> Vec<Violation> {
    let mut seen_dead: HashMap<Thing, Moment> = HashMap::new();
    let mut violations = Vec::new();
    for (sight, operation) in sights.iter().filter_map(|sight| Some((sight, history.get(sight.at)?))) {
        if sight.alive {
            continue;
        }
        if !sight.explained && !endings.explain(sight, operation) {
            violations.push(Violation { at: sight.at, breach: Breach::Lost(sight.thing) });
        }
        for thing in endings.dead_by(sight, operation) {
            let first = seen_dead.entry(thing).or_insert(operation.ended);
            *first = (*first).min(operation.ended);
        }
    }
    for (sight, operation) in sights.iter().filter_map(|sight| Some((sight, history.get(sight.at)?))) {
        let ended = |thing: &Thing| {
            let known = endings.over_from(*thing, sight.at).into_iter().chain(seen_dead.get(thing).copied());
            known.min().is_some_and(|over| over < operation.began)
        };
        let risen = sight.things().find(ended).filter(|_| sight.alive);
        violations.extend(risen.map(|thing| Violation { at: sight.at, breach: Breach::Resurrected(thing) }));
    }
    violations
}

fn is_fact(operation: &Operation) -> bool {
    let changes = !matches!(operation.act, Act::Introspect { .. } | Act::Authorize { .. } | Act::Restart);
    let acknowledged = matches!(
        operation.outcome,
        Outcome::Done | Outcome::Session(_) | Outcome::Code(_) | Outcome::Tokens { .. }
    );
    // A code is a promise, too, although nothing is written for it.
    acknowledged && (changes || matches!(operation.outcome, Outcome::Code(_)))
}

impl Verdict {
    /// How many violations are of each kind.
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::from(["lost", "resurrected", "double"].map(|kind| (kind, 0)));
        for violation in &self.violations {
            *counts.entry(violation.breach.kind()).or_default() += 1;
        }
        counts
    }

    /// The first violations with what led to them, for people.
    pub fn explain(&self, history: &[Operation]) -> String {
        let kinship = Kinship::of(history);
        let first = self.violations.iter().take(5);
        first.map(|violation| account::tell(history, &kinship, *violation)).collect()
    }
}

impl Breach {
    fn kind(self) -> &'static str {
        match self {
            Self::Lost(_) => "lost",
            Self::Resurrected(_) | Self::Stale(_) => "resurrected",
            Self::Double(_) | Self::Fork(_) => "double",
            Self::Invented(_) => "invented",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (began, ended) = (self.began.as_secs_f64(), self.ended.as_secs_f64());
        write!(f, "{began:.4}–{ended:.4} s: {:?} → {:?}", self.act, self.outcome)
    }
}
