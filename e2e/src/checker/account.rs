//! A violation told to people: the operations that have to do with it, and no others.

use std::collections::HashSet;

use super::{Breach, Kinship, Thing, Violation};
use crate::history::{Act, Digest, Operation, Outcome};

/// How many operations are shown of one violation: the last ones before it shows.
const SHOWN: usize = 25;

/// One violation and what led to it.
pub(super) fn tell(history: &[Operation], kinship: &Kinship, violation: Violation) -> String {
    let concerned = Concerned::of(history, kinship, violation);
    let until = history.get(..=violation.at).unwrap_or_default();
    let mut shown: Vec<&Operation> = until.iter().filter(|operation| concerned.includes(operation)).collect();
    let lines: Vec<String> = shown
        .split_off(shown.len().saturating_sub(SHOWN))
        .into_iter()
        .map(|operation| format!("    {operation}\n"))
        .collect();
    format!("{:?}\n{}", violation.breach, lines.concat())
}

/// Who and what a violation is about.
#[derive(Default)]
struct Concerned {
    /// Secrets: whatever mentions one of them is shown.
    secrets: HashSet<Digest>,
    /// Of these, only what ends something is shown.
    user: Option<Digest>,
    session: Option<Digest>,
    app: Option<Digest>,
}

impl Concerned {
    fn of(history: &[Operation], kinship: &Kinship, violation: Violation) -> Self {
        let mut concerned = Self::default();
        match violation.breach {
            Breach::Lost(thing) | Breach::Resurrected(thing) => concerned.add(history, kinship, thing),
            Breach::Double(code) => concerned.add(history, kinship, Thing::Code(code)),
            Breach::Fork(token) | Breach::Stale(token) | Breach::Invented(token) => {
                concerned.secrets.insert(token);
                if let Some(grant) = kinship.grant_of_refresh.get(&token) {
                    concerned.add(history, kinship, Thing::Grant(*grant));
                }
            }
        }
        concerned
    }

    fn add(&mut self, history: &[Operation], kinship: &Kinship, thing: Thing) {
        match thing {
            Thing::Password(secret) => drop(self.secrets.insert(secret)),
            Thing::App(app) => self.app = Some(app),
            Thing::Session(session) => {
                self.secrets.insert(session);
                self.user = kinship.sessions.get(&session).map(|born| born.user);
            }
            Thing::Consent(agreed) => {
                if let Some(Act::Agree { session, app }) = history.get(agreed).map(|operation| &operation.act)
                {
                    self.user = kinship.sessions.get(session).map(|born| born.user);
                    self.app = Some(*app);
                    self.secrets.insert(*session);
                }
            }
            Thing::Access(access) => {
                self.secrets.insert(access);
                if let Some(grant) = kinship.grant_of_access.get(&access) {
                    self.add(history, kinship, Thing::Grant(*grant));
                }
            }
            Thing::Code(code) | Thing::Grant(code) => {
                self.secrets.insert(code);
                let refresh = kinship.grant_of_refresh.iter().chain(&kinship.grant_of_access);
                self.secrets.extend(refresh.filter(|(_, grant)| **grant == code).map(|(token, _)| *token));
                if let Some(of) = kinship.codes.get(&code) {
                    (self.user, self.session, self.app) =
                        (Some(of.born.user), Some(of.session), Some(of.app));
                }
            }
        }
    }

    fn includes(&self, operation: &Operation) -> bool {
        let mentions = |digest: &Digest| self.secrets.contains(digest);
        let by_outcome = match &operation.outcome {
            Outcome::Session(secret) | Outcome::Code(secret) => mentions(secret),
            Outcome::Tokens { access, refresh } => mentions(access) || mentions(refresh),
            _ => false,
        };
        let by_act = match &operation.act {
            Act::Authorize { session, app } | Act::Agree { session, app } => {
                mentions(session) && self.app.is_none_or(|concerned| concerned == *app)
            }
            Act::Redeem { code: secret }
            | Act::Refresh { token: secret }
            | Act::RevokeGrant { token: secret }
            | Act::RevokeAccess { access: secret }
            | Act::Introspect { access: secret } => mentions(secret),
            Act::SignIn { password, .. } | Act::CreateUser { password, .. } => mentions(password),
            Act::Disconnect { user, app } => self.user == Some(*user) && self.app == Some(*app),
            Act::SignOut { session } => self.session == Some(*session) || mentions(session),
            Act::ChangePassword { user, from, to, .. } => {
                self.user == Some(*user) || mentions(from) || mentions(to)
            }
            Act::CreateApp { app } | Act::DisableApp { app } => self.app == Some(*app),
            Act::Restart => true,
        };
        by_act || by_outcome
    }
}
