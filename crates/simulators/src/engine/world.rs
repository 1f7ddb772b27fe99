//! The state of one simulator.

use std::collections::{BTreeMap, HashMap};

use mapae_protocol::{
    locale::Locale,
    random,
    time::{Seconds, Timestamp},
};
use serde::Serialize;

use super::{
    Access, Code, Delivered, Fault, Link, Refresh,
    grant::{Challenge, Death},
};
use crate::{App, Person, fact::Facts};

/// How long a sign-in page may be left open.
const VISIT_LIFE: Seconds = Seconds::minutes(30);
/// How long a browser stays signed in: a day, as at Kakao.
const SESSION_LIFE: Seconds = Seconds::hours(24);
/// How many pages may be open at once; the oldest go first.
const MOST_VISITS: usize = 10_000;

/// Everything that changes.
pub(crate) struct World {
    pub(crate) apps: BTreeMap<String, App>,
    pub(crate) people: BTreeMap<String, Person>,
    /// By client id and person.
    pub(crate) links: BTreeMap<(String, String), Link>,
    pub(crate) facts: Facts,
    pub(crate) faults: Vec<Fault>,
    pub(crate) outbox: Vec<Delivered>,
    pub(super) codes: HashMap<String, Code>,
    pub(super) access: HashMap<String, Access>,
    pub(super) refresh: HashMap<String, Refresh>,
    /// Access tokens that died before their time.
    pub(super) graves: HashMap<String, (Death, String)>,
    pub(super) families: u64,
    visits: HashMap<String, Visit>,
    sessions: HashMap<String, Session>,
}

/// An authorization request that its provider found in order, until it is answered.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: Option<Challenge>,
    /// The items that the request names.
    pub(crate) scope: Vec<String>,
    pub(crate) openid: bool,
    pub(crate) ask: Ask,
    pub(crate) login_hint: Option<String>,
    pub(crate) locale: Locale,
    /// Parameters that only this provider knows.
    pub(crate) extras: BTreeMap<&'static str, String>,
    pub(crate) opened_at: Timestamp,
    /// Who signed in during this visit, and when: what `prompt=login` waits for.
    pub(crate) signed_in: Option<(String, Timestamp)>,
}

/// What the request wants to be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a parameter of its own")]
pub(crate) struct Ask {
    /// Nothing: answer at once, whatever it is.
    pub(crate) nothing: bool,
    /// To sign in, even when somebody is signed in.
    pub(crate) login: bool,
    /// To consent, even when everything was agreed to.
    pub(crate) consent: bool,
    /// Again for what was refused.
    pub(crate) refused: bool,
}

/// A browser that is signed in.
#[derive(Clone, Debug)]
struct Session {
    person: String,
    since: Timestamp,
}

/// What a control command did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Done {
    /// What was done, for people.
    pub done: String,
    /// What the app was told, and how it answered.
    pub notices: Vec<Delivered>,
}

impl World {
    pub(crate) fn new(apps: Vec<App>, people: Vec<Person>, facts: Facts) -> Self {
        Self {
            apps: apps.into_iter().map(|app| (app.client_id.clone(), app)).collect(),
            people: people.into_iter().map(|person| (person.name.clone(), person)).collect(),
            links: BTreeMap::new(),
            facts,
            faults: Vec::new(),
            outbox: Vec::new(),
            codes: HashMap::new(),
            access: HashMap::new(),
            refresh: HashMap::new(),
            graves: HashMap::new(),
            families: 0,
            visits: HashMap::new(),
            sessions: HashMap::new(),
        }
    }

    /// Adopts a copy of the default app under an id that nobody registered, in the mode that takes any client.
    pub(crate) fn adopt(&mut self, client_id: &str, model: &App) {
        if !self.apps.contains_key(client_id) && self.apps.len() < 1_000 {
            let app = App { client_id: client_id.to_owned(), lenient: true, ..model.clone() };
            self.apps.insert(client_id.to_owned(), app);
        }
    }

    pub(crate) fn link(&self, client_id: &str, person: &str) -> Option<&Link> {
        self.links.get(&(client_id.to_owned(), person.to_owned()))
    }

    pub(crate) fn person_by_login(&self, login: &str) -> Option<&Person> {
        self.people.values().find(|person| person.answers_to(login))
    }

    /// Keeps a request while its pages are open, and names it.
    pub(crate) fn open_visit(&mut self, visit: Visit, now: Timestamp) -> String {
        if self.visits.len() >= MOST_VISITS {
            let newest_gone = self.visits.values().map(|visit| visit.opened_at).min();
            self.visits.retain(|_, visit| Some(visit.opened_at) != newest_gone);
        }
        self.visits.retain(|_, visit| now < visit.opened_at.plus(VISIT_LIFE));
        let id = random::text::<16>();
        self.visits.insert(id.clone(), visit);
        id
    }

    pub(crate) fn visit(&mut self, id: &str, now: Timestamp) -> Option<&mut Visit> {
        self.visits.get_mut(id).filter(|visit| now < visit.opened_at.plus(VISIT_LIFE))
    }

    pub(crate) fn close_visit(&mut self, id: &str) -> Option<Visit> {
        self.visits.remove(id)
    }

    /// Signs a browser in, and names its session.
    pub(crate) fn sign_in(&mut self, person: &str, now: Timestamp) -> String {
        self.sessions.retain(|_, session| now < session.since.plus(SESSION_LIFE));
        let id = random::token();
        self.sessions.insert(id.clone(), Session { person: person.to_owned(), since: now });
        id
    }

    /// Who is signed in, and since when.
    pub(crate) fn signed_in(&self, session: &str, now: Timestamp) -> Option<(String, Timestamp)> {
        let session = self.sessions.get(session).filter(|session| now < session.since.plus(SESSION_LIFE))?;
        Some((session.person.clone(), session.since))
    }

    /// Signs everybody out, or one person.
    pub(crate) fn sign_out(&mut self, person: Option<&str>) {
        self.sessions.retain(|_, session| person.is_some_and(|person| session.person != person));
    }

    pub(crate) fn end_session(&mut self, session: &str) {
        self.sessions.remove(session);
    }

    /// Lets codes, access tokens or refresh tokens of a person, or of everybody, expire now.
    pub(crate) fn expire(&mut self, what: crate::Tokens, person: Option<&str>, now: Timestamp) -> usize {
        use crate::Tokens;
        let concerned = |name: &str| person.is_none_or(|person| person == name);
        let mut count = 0;
        if matches!(what, Tokens::Codes | Tokens::All) {
            for code in self.codes.values_mut().filter(|code| concerned(&code.grant.person)) {
                code.expires_at = now;
                count += 1;
            }
        }
        if matches!(what, Tokens::Access | Tokens::All) {
            for token in self.access.values_mut().filter(|token| concerned(&token.grant.person)) {
                token.expires_at = now;
                count += 1;
            }
        }
        if matches!(what, Tokens::Refresh | Tokens::All) {
            for token in self.refresh.values_mut().filter(|token| concerned(&token.grant.person)) {
                token.expires_at = Some(now);
                count += 1;
            }
        }
        count
    }

    /// How many codes, access tokens and refresh tokens there are.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        (self.codes.len(), self.access.len(), self.refresh.len())
    }

    pub(crate) fn code_mut(&mut self, text: &str) -> Option<&mut Code> {
        self.codes.get_mut(text)
    }

    pub(crate) fn forget_refresh(&mut self, text: &str) {
        self.refresh.remove(text);
    }

    pub(crate) fn access_tokens(&self) -> impl Iterator<Item = (&String, &Access)> {
        self.access.iter()
    }
}
