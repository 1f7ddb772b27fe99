//! What belongs to what: a code to a session, a grant to a code, tokens to a grant.

use std::collections::HashMap;

use super::{Breach, Violation};
use crate::history::{Act, Digest, Operation, Outcome};

/// Where a session or a code came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Born {
    /// The operation that gave it.
    pub(super) at: usize,
    pub(super) user: Digest,
}

/// Whose a code is.
#[derive(Clone, Copy, Debug)]
pub(super) struct CodeOf {
    pub(super) born: Born,
    pub(super) session: Digest,
    pub(super) app: Digest,
}

/// Everything by what it belongs to. A grant goes by the name of its code.
#[derive(Debug, Default)]
pub(super) struct Kinship {
    pub(super) sessions: HashMap<Digest, Born>,
    pub(super) codes: HashMap<Digest, CodeOf>,
    pub(super) grant_of_refresh: HashMap<Digest, Digest>,
    pub(super) grant_of_access: HashMap<Digest, Digest>,
    /// Operations by which a person agreed to an app, in the order in which they began.
    pub(super) agreements: HashMap<(Digest, Digest), Vec<usize>>,
    /// Attempts on each code.
    pub(super) redemptions: HashMap<Digest, Vec<usize>>,
    /// Attempts on each refresh token.
    pub(super) refreshes: HashMap<Digest, Vec<usize>>,
    /// What was used without ever having been given.
    pub(super) invented: Vec<Violation>,
}

impl Kinship {
    /// What is given is known before it is used, so the order of endings meets parents first.
    pub(super) fn of(history: &[Operation]) -> Self {
        let mut order: Vec<(usize, &Operation)> = history.iter().enumerate().collect();
        order.sort_by_key(|(_, operation)| operation.ended);
        let mut kinship = Self::default();
        for (at, operation) in order {
            kinship.add(at, operation);
        }
        for list in kinship.agreements.values_mut() {
            list.sort_unstable();
        }
        kinship
    }

    fn add(&mut self, at: usize, operation: &Operation) {
        match (&operation.act, &operation.outcome) {
            (Act::SignIn { user, .. } | Act::ChangePassword { user, .. }, Outcome::Session(session)) => {
                self.sessions.insert(*session, Born { at, user: *user });
            }
            (Act::Authorize { session, app }, Outcome::Code(code)) => {
                let user = self.sessions.get(session).map(|born| born.user);
                if user.is_none_or(|user| !self.agreements.contains_key(&(user, *app))) {
                    self.invent(at, *code);
                }
                self.add_code(at, *session, *app, *code);
            }
            (Act::Agree { session, app }, outcome) => {
                if let Some(born) = self.sessions.get(session) {
                    self.agreements.entry((born.user, *app)).or_default().push(at);
                }
                if let Outcome::Code(code) = outcome {
                    self.add_code(at, *session, *app, *code);
                }
            }
            (Act::Redeem { code }, outcome) => {
                self.redemptions.entry(*code).or_default().push(at);
                if let Outcome::Tokens { access, refresh } = outcome {
                    if !self.codes.contains_key(code) {
                        self.invent(at, *code);
                    }
                    self.add_tokens(at, *code, (*access, *refresh));
                }
            }
            (Act::Refresh { token }, outcome) => {
                self.refreshes.entry(*token).or_default().push(at);
                if let Outcome::Tokens { access, refresh } = outcome {
                    match self.grant_of_refresh.get(token).copied() {
                        Some(grant) => self.add_tokens(at, grant, (*access, *refresh)),
                        None => self.invent(at, *token),
                    }
                }
            }
            _ => {}
        }
    }

    fn add_code(&mut self, at: usize, session: Digest, app: Digest, code: Digest) {
        match self.sessions.get(&session) {
            Some(Born { user, .. }) => {
                let of = CodeOf { born: Born { at, user: *user }, session, app };
                if self.codes.insert(code, of).is_some() {
                    self.invent(at, code);
                }
            }
            None => self.invent(at, session),
        }
    }

    /// A token that two grants share is as bad as one that nobody was given.
    fn add_tokens(&mut self, at: usize, grant: Digest, (access, refresh): (Digest, Digest)) {
        let earlier =
            [self.grant_of_access.insert(access, grant), self.grant_of_refresh.insert(refresh, grant)];
        if earlier.into_iter().flatten().any(|earlier| earlier != grant) {
            self.invent(at, refresh);
        }
    }

    fn invent(&mut self, at: usize, what: Digest) {
        self.invented.push(Violation { at, breach: Breach::Invented(what) });
    }
}
