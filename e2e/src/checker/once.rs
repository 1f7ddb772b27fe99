//! What works once: codes, and each generation of a refresh token.

use super::{Breach, Kinship, Rules, Violation};
use crate::history::{Digest, Moment, Operation, Outcome};

/// The server's clock has whole seconds: its window may end this much later than a stopwatch says, or earlier.
const SECOND: Moment = Moment::from_secs(1);

/// A refresh that gave tokens.
#[derive(Clone, Copy)]
struct Success<'h> {
    at: usize,
    operation: &'h Operation,
    successor: Digest,
}

pub(super) fn violations(history: &[Operation], kinship: &Kinship, rules: Rules) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (code, attempts) in &kinship.redemptions {
        let second = successes(history, attempts).nth(1);
        violations.extend(second.map(|second| Violation { at: second.at, breach: Breach::Double(*code) }));
    }
    for (token, attempts) in &kinship.refreshes {
        let mut successes: Vec<Success<'_>> = successes(history, attempts).collect();
        successes.sort_by_key(|success| success.operation.ended);
        let Some((first, others)) = successes.split_first() else { continue };
        for other in others {
            let breach = repetition(history, kinship, rules, (*token, *first, *other));
            violations.extend(breach.map(|breach| Violation { at: other.at, breach }));
        }
    }
    violations
}

/// What is wrong with a second success of one refresh token.
fn repetition(
    history: &[Operation],
    kinship: &Kinship,
    rules: Rules,
    (token, first, other): (Digest, Success<'_>, Success<'_>),
) -> Option<Breach> {
    if first.successor != other.successor {
        return Some(Breach::Fork(token));
    }
    if rules.retry_window.is_zero() {
        return Some(Breach::Double(token));
    }
    let uses = kinship.refreshes.get(&first.successor).map_or(&[][..], Vec::as_slice);
    let used = successes(history, uses).any(|usage| usage.operation.ended < other.operation.began);
    let over = other.operation.began > first.operation.ended + rules.retry_window + SECOND;
    (used || over).then_some(Breach::Stale(token))
}

/// Whether a refusal of this refresh token is what a replay deserves: it may have been rotated by another attempt, and
/// the promise to repeat the answer to a client that lost it does not hold any more.
pub(super) fn may_be_replay(
    history: &[Operation],
    kinship: &Kinship,
    rules: Rules,
    (token, at): (Digest, usize),
) -> bool {
    let Some(refusal) = history.get(at) else { return false };
    let attempts = kinship.refreshes.get(&token).map_or(&[][..], Vec::as_slice);
    let others = attempts.iter().filter(|other| **other != at).filter_map(|other| history.get(*other));
    let rotations = others.filter(|other| may_have_worked(other) && other.began < refusal.ended);
    let Some(first) = rotations.clone().map(|rotation| rotation.began).min() else { return false };
    let promised = refusal.ended + SECOND < first + rules.retry_window;
    let used = rotations.filter_map(successor).any(|successor| {
        let uses = kinship.refreshes.get(&successor).map_or(&[][..], Vec::as_slice);
        let mut uses = uses.iter().filter_map(|usage| history.get(*usage));
        uses.any(|usage| may_have_worked(usage) && usage.began < refusal.ended)
    });
    used || !promised
}

/// Whether another attempt on this code may have worked before this one was answered.
pub(super) fn may_be_redeemed(history: &[Operation], kinship: &Kinship, (code, at): (Digest, usize)) -> bool {
    let Some(refusal) = history.get(at) else { return false };
    let attempts = kinship.redemptions.get(&code).map_or(&[][..], Vec::as_slice);
    let mut others = attempts.iter().filter(|other| **other != at).filter_map(|other| history.get(*other));
    others.any(|other| may_have_worked(other) && other.began < refusal.ended)
}

/// Whether another attempt on this code, or refresh token, had worked for certain before this one began.
pub(super) fn has_worked_before(history: &[Operation], attempts: Option<&Vec<usize>>, began: Moment) -> bool {
    successes(history, attempts.map_or(&[][..], Vec::as_slice)).any(|success| success.operation.ended < began)
}

fn may_have_worked(operation: &Operation) -> bool {
    matches!(operation.outcome, Outcome::Tokens { .. } | Outcome::Unknown)
}

fn successor(operation: &Operation) -> Option<Digest> {
    if let Outcome::Tokens { refresh, .. } = operation.outcome { Some(refresh) } else { None }
}

fn successes<'h>(history: &'h [Operation], attempts: &[usize]) -> impl Iterator<Item = Success<'h>> {
    attempts.iter().filter_map(|at| {
        let operation = history.get(*at)?;
        Some(Success { at: *at, operation, successor: successor(operation)? })
    })
}
