//! Load as it comes: a person with browsers, apps that hold what the person gave them, and chance.
//!
//! A worker does one thing after the other, so that whatever it was told before has happened before. It remembers every
//! secret that it was given, also those that must not work any more, and can be asked to try them all.

mod examining;

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use crate::{
    app::{Api, App, Code, Tokens, userinfo},
    chance::Chance,
    history::Journal,
    person::{Browser, Led, Person},
    wire::{Lost, Node, Tries, Wire},
};

/// A code is used within this time, or not at all: near its end, which is ten minutes, clocks decide.
const CODE_LIFE: Duration = Duration::from_secs(500);
/// From so many of the newest living grants one is chosen: the others are left for the end.
const RECENT: usize = 20;
/// How many grants are ended after each restart to see that replays end them.
const REPLAYED: usize = 2;

/// One person and what apps do on their behalf.
#[derive(Debug)]
pub struct Worker {
    person: Person,
    browser: Browser,
    /// Signed in before, signed out by now.
    left: Vec<Browser>,
    apps: Vec<App>,
    api: Api,
    wire: Wire,
    journal: Journal,
    chance: Chance,
    grants: Vec<Grant>,
    /// Codes that are perhaps not redeemed.
    open: Vec<Waiting>,
    /// Codes that were redeemed, with the place of their grant.
    spent: Vec<(Waiting, usize)>,
    /// Places of grants that were used since the last examination.
    touched: BTreeSet<usize>,
    /// A password that was perhaps set.
    doubtful_password: Option<String>,
}

/// What a worker needs; codes must live for ten minutes there.
#[derive(Clone, Debug)]
pub struct Parts {
    /// Where the server is.
    pub node: Node,
    /// The apps that it uses.
    pub apps: Vec<App>,
    /// The API for which their tokens are.
    pub api: Api,
    /// Where it notes what it does.
    pub journal: Journal,
}

#[derive(Clone, Debug)]
struct Waiting {
    app: usize,
    code: Code,
    since: Instant,
}

#[derive(Clone, Debug)]
struct Grant {
    app: usize,
    /// The newest.
    tokens: Tokens,
    /// Refresh tokens before that, the newest last.
    earlier: Vec<String>,
    /// As far as the worker knows.
    over: bool,
}

impl Worker {
    /// A worker for a person with an account, signed in and agreed with all apps.
    ///
    /// # Panics
    /// The server is gone, or has no time for too long.
    pub async fn begin(person: Person, parts: Parts, chance: Chance) -> Self {
        let Parts { node, apps, api, journal } = parts;
        let mut worker = Self {
            person,
            browser: Browser::new(&node, &journal),
            left: Vec::new(),
            apps,
            api,
            wire: Wire::to(&node),
            journal,
            chance,
            grants: Vec::new(),
            open: Vec::new(),
            spent: Vec::new(),
            touched: BTreeSet::new(),
            doubtful_password: None,
        };
        let mut tries = Tries::default();
        while tries.outcome(worker.sign_in().await).is_none() {}
        for app in 0..worker.apps.len() {
            while tries.outcome(worker.flow(app).await).is_none() {}
        }
        worker
    }

    /// Uses one more app from now on.
    pub fn adopt(&mut self, app: App) {
        self.apps.push(app);
    }

    /// Does one thing after the other until the server is gone.
    pub async fn live(&mut self) -> Lost {
        loop {
            if let Err(lost) = self.act().await {
                return lost;
            }
        }
    }

    /// Does something.
    async fn act(&mut self) -> Result<(), Lost> {
        let Some(app) = self.chance.place(self.apps.len()) else { return Ok(()) };
        match self.chance.below(200) {
            0..70 => self.flow(app).await,
            70..130 => self.refresh_one().await,
            130..146 => self.look_at_one().await,
            146..156 => self.replay_code().await,
            156..166 => self.replay_refresh().await,
            166..174 => self.revoke_one().await,
            174..188 => self.leave_open(app).await,
            188..196 => self.disconnect(app).await.map(drop),
            196..199 => self.visit_elsewhere(app).await,
            _ => self.change_password().await,
        }
    }

    /// A whole flow: from the app to the server and back, and tokens for the code.
    async fn flow(&mut self, app: usize) -> Result<(), Lost> {
        self.leave_open(app).await?;
        self.redeem_last().await
    }

    /// A code that is not redeemed yet.
    async fn leave_open(&mut self, app: usize) -> Result<(), Lost> {
        let Some(known) = self.apps.get(app).cloned() else { return Ok(()) };
        let mut led = self.browser.agree(&known).await?;
        if matches!(led, Led::ToSignIn) {
            self.sign_in().await?;
            led = self.browser.agree(&known).await?;
        }
        if let Led::Back(code) = led {
            self.open.push(Waiting { app, code, since: Instant::now() });
        }
        Ok(())
    }

    /// Redeems the newest open code. It stays open until there is an answer.
    async fn redeem_last(&mut self) -> Result<(), Lost> {
        let Some(waiting) = self.open.last().cloned() else { return Ok(()) };
        let Some(app) = self.apps.get(waiting.app) else { return Ok(()) };
        let tokens = app.redeem(&mut self.wire, &self.journal, &waiting.code).await?;
        self.open.pop();
        if let Some(tokens) = tokens {
            let place = self.grants.len();
            self.grants.push(Grant { app: waiting.app, tokens, earlier: Vec::new(), over: false });
            self.spent.push((waiting, place));
            self.touched.insert(place);
        }
        Ok(())
    }

    async fn refresh_one(&mut self) -> Result<(), Lost> {
        let Some(place) = self.some_grant() else { return Ok(()) };
        self.refresh(place).await
    }

    async fn refresh(&mut self, place: usize) -> Result<(), Lost> {
        self.touched.insert(place);
        let Some((app, token)) =
            self.grants.get(place).map(|grant| (grant.app, grant.tokens.refresh.clone()))
        else {
            return Ok(());
        };
        let Some(app) = self.apps.get(app) else { return Ok(()) };
        let next = app.refresh(&mut self.wire, &self.journal, &token).await?;
        let Some(grant) = self.grants.get_mut(place) else { return Ok(()) };
        match next {
            Some(tokens) => {
                grant.tokens = tokens;
                grant.earlier.push(token);
            }
            None => grant.over = true,
        }
        Ok(())
    }

    async fn look_at_one(&mut self) -> Result<(), Lost> {
        let Some(place) = self.chance.place(self.grants.len()) else { return Ok(()) };
        self.look_at(place).await
    }

    async fn look_at(&mut self, place: usize) -> Result<(), Lost> {
        let Some(access) = self.grants.get(place).map(|grant| grant.tokens.access.clone()) else {
            return Ok(());
        };
        if self.chance.below(4) == 0 {
            userinfo(&mut self.wire, &self.journal, &access).await?;
        } else {
            self.api.introspect(&mut self.wire, &self.journal, &access).await?;
        }
        Ok(())
    }

    /// Somebody presents a code again that was redeemed.
    async fn replay_code(&mut self) -> Result<(), Lost> {
        self.spent.retain(|(spent, _)| spent.since.elapsed() < CODE_LIFE);
        let Some(chosen) = self.chance.place(self.spent.len()) else { return Ok(()) };
        let Some((spent, place)) = self.spent.get(chosen).cloned() else { return Ok(()) };
        self.touched.insert(place);
        if let Some(app) = self.apps.get(spent.app) {
            app.redeem(&mut self.wire, &self.journal, &spent.code).await?;
        }
        if let Some(grant) = self.grants.get_mut(place) {
            grant.over = true;
        }
        Ok(())
    }

    /// Somebody presents a refresh token again that was rotated: just now, or long ago.
    async fn replay_refresh(&mut self) -> Result<(), Lost> {
        let Some(place) = self.some_grant() else { return Ok(()) };
        let Some(earlier) = self.grants.get(place).map(|grant| grant.earlier.clone()) else { return Ok(()) };
        let Some(token) = self.chance.place(earlier.len()).and_then(|chosen| earlier.get(chosen)) else {
            return Ok(());
        };
        self.present_again(place, token).await
    }

    async fn present_again(&mut self, place: usize, token: &str) -> Result<(), Lost> {
        self.touched.insert(place);
        let Some(grant) = self.grants.get_mut(place) else { return Ok(()) };
        let Some(app) = self.apps.get(grant.app) else { return Ok(()) };
        match app.refresh(&mut self.wire, &self.journal, token).await? {
            Some(tokens) => grant.tokens = tokens,
            None => grant.over = true,
        }
        Ok(())
    }

    async fn revoke_one(&mut self) -> Result<(), Lost> {
        let Some(place) = self.some_grant() else { return Ok(()) };
        self.touched.insert(place);
        let whole = self.chance.below(2) == 0;
        let Some(grant) = self.grants.get_mut(place) else { return Ok(()) };
        let Some(app) = self.apps.get(grant.app) else { return Ok(()) };
        if whole {
            app.revoke_grant(&mut self.wire, &self.journal, &grant.tokens.refresh).await?;
            grant.over = true;
            Ok(())
        } else {
            app.revoke_access(&mut self.wire, &self.journal, &grant.tokens.access).await
        }
    }

    /// Disconnects an app and comes back to it, as often as it takes until that is acknowledged.
    ///
    /// # Panics
    /// The app was not connected, or the server is gone, or has no time for too long.
    pub async fn disconnect_patiently(&mut self, app: usize) {
        let mut tries = Tries::default();
        loop {
            if let Some(was_connected) = tries.outcome(self.disconnect(app).await) {
                assert!(was_connected, "there is something to disconnect");
                return;
            }
            // Perhaps it is disconnected, and only the answer was lost: it is connected for the next try.
            while tries.outcome(self.flow(app).await).is_none() {}
        }
    }

    /// Disconnects an app, by its place among those that the worker uses, and comes back to it; `false`: it was not
    /// connected.
    ///
    /// # Errors
    /// [`Lost`]
    async fn disconnect(&mut self, app: usize) -> Result<bool, Lost> {
        let Some(known) = self.apps.get(app).cloned() else { return Ok(false) };
        let Some(form) = self.browser.disconnecting(&known).await? else { return Ok(false) };
        let of_app = self.living().filter(|(_, grant)| grant.app == app).map(|(place, _)| place);
        let of_app: Vec<usize> = of_app.take(RECENT).collect();
        self.touched.extend(of_app);
        self.browser.disconnect(&form, &self.person, &known).await?;
        self.end(|grant| grant.app == app);
        self.flow(app).await?;
        Ok(true)
    }

    /// Signs in in another browser, uses an app there, and signs out.
    async fn visit_elsewhere(&mut self, app: usize) -> Result<(), Lost> {
        let Some(known) = self.apps.get(app).cloned() else { return Ok(()) };
        let mut browser = Browser::new(self.wire.node(), &self.journal);
        let Some(Led::Back(code)) = browser.sign_in(&self.person, &self.person.password, &known).await?
        else {
            return Ok(());
        };
        self.open.push(Waiting { app, code, since: Instant::now() });
        self.redeem_last().await?;
        let bound = self.grants.len().checked_sub(1);
        if let Some(form) = browser.signing_out().await? {
            browser.sign_out(&form).await?;
            if let Some(grant) = bound.and_then(|place| self.grants.get_mut(place)) {
                grant.over = true;
            }
            self.left.push(browser);
        }
        Ok(())
    }

    async fn change_password(&mut self) -> Result<(), Lost> {
        let Some(form) = self.browser.changing_password().await? else { return Ok(()) };
        let to = format!("a long password {:x}", self.chance.below(u64::MAX));
        self.doubtful_password = Some(to.clone());
        let last: Vec<usize> = self.living().map(|(place, _)| place).take(RECENT).collect();
        self.touched.extend(last);
        self.browser.change_password(&form, &mut self.person, &to).await?;
        self.doubtful_password = None;
        self.end(|_| true);
        Ok(())
    }

    /// Signs in with the password that holds: where a change of it was lost, the one before, or the one after.
    async fn sign_in(&mut self) -> Result<(), Lost> {
        let Some(app) = self.apps.first().cloned() else { return Ok(()) };
        let mut browser = Browser::new(self.wire.node(), &self.journal);
        if browser.sign_in(&self.person, &self.person.password, &app).await?.is_none()
            && let Some(other) = self.doubtful_password.clone()
        {
            browser = Browser::new(self.wire.node(), &self.journal);
            if browser.sign_in(&self.person, &other, &app).await?.is_some() {
                self.person.password = other;
            }
            self.doubtful_password = None;
        }
        self.browser = browser;
        Ok(())
    }

    /// A new grant of which the worker thinks that it lives, if there is one.
    fn some_grant(&mut self) -> Option<usize> {
        let recent: Vec<usize> = self.living().map(|(place, _)| place).take(RECENT).collect();
        let chosen = self.chance.place(recent.len())?;
        recent.get(chosen).copied()
    }

    /// The newest first.
    fn living(&self) -> impl Iterator<Item = (usize, &Grant)> {
        self.grants.iter().enumerate().rev().filter(|(_, grant)| !grant.over)
    }

    fn end(&mut self, concerned: impl Fn(&Grant) -> bool) {
        self.grants.iter_mut().filter(|grant| concerned(grant)).for_each(|grant| grant.over = true);
    }
}
