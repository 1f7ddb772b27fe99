//! Carrying notices of logout to apps, behind everybody's back — OIDC Back-Channel Logout §2.5; threats LO-07, LO-10.
//!
//! Whoever signs out waits for nobody: their commit keeps the notices, and this task carries them out, each at least
//! once, whatever ends the process in between. Of several nodes the one that takes a notice has it until its lease is
//! over. An app that does not answer is left alone for a while with all that it is to be told, longer each time, so that
//! it costs nobody else's turn.

use std::{collections::HashMap, time::Duration};

use mapae_protocol::time::{Seconds, Timestamp};
use tokio::task::{Id, JoinSet};

use super::back_channel::{Told, tell};
use crate::{
    app::{App, WeakApp},
    audit::{About, Event},
    fault::Fault,
    store::{
        CommitError, Unit,
        logout_notices::{self, LogoutNotice},
    },
};

/// How many apps are told at once.
const MAX_AT_ONCE: usize = 32;
/// How often one app is told at once.
const MAX_PER_APP: i64 = 4;
/// How many notices are looked at in one round.
const MAX_SEEN: i64 = 128;
/// How often a look is taken without a sign that something has ended.
const ROUND: Duration = Duration::from_secs(1);
/// How long a notice belongs to who took it: longer than an app may take.
const LEASE: Seconds = Seconds::seconds(10);
/// The time between two tries; the last one is that of all further ones.
const PAUSES: [Seconds; 6] = [
    Seconds::seconds(2),
    Seconds::seconds(10),
    Seconds::minutes(1),
    Seconds::minutes(5),
    Seconds::minutes(20),
    Seconds::hours(1),
];
/// An app that answers and refuses is not asked for ever.
const MAX_REFUSALS: i64 = 4;

/// Carries notices out until the app is dropped.
pub(crate) async fn run(app: WeakApp) {
    let Some(mut feed) = app.upgrade().map(|app| app.changes().feed()) else { return };
    let mut round = Round::default();
    loop {
        let Some(app) = app.upgrade() else { return };
        if let Err(fault) = round.begin(&app).await {
            tracing::warn!(error = &fault as &dyn std::error::Error, "cannot look for notices of logout yet");
        }
        drop(app);
        tokio::select! {
            grown = feed.changed() => if grown.is_err() { return },
            Some(done) = round.tasks.join_next_with_id() => round.ended(done),
            () = tokio::time::sleep(ROUND) => {}
        }
        // Of all that have come to an end meanwhile, one look follows and not one each.
        while let Some(done) = round.tasks.try_join_next_with_id() {
            round.ended(done);
        }
    }
}

/// The tries that are under way.
#[derive(Debug, Default)]
struct Round {
    tasks: JoinSet<()>,
    of: HashMap<Id, String>,
}

impl Round {
    /// Takes what is due, as far as there is room.
    async fn begin(&mut self, app: &App) -> Result<(), Fault> {
        if self.of.len() >= MAX_AT_ONCE {
            return Ok(());
        }
        let mut due = logout_notices::due(app.db(), MAX_PER_APP, MAX_SEEN, app.now()).await?;
        // Who is being told already comes after who is not.
        due.sort_by_key(|notice| self.under_way_at(&notice.app_id));
        for notice in due {
            if self.of.len() >= MAX_AT_ONCE {
                break;
            }
            if self.under_way_at(&notice.app_id) >= MAX_PER_APP {
                continue;
            }
            let now = app.now();
            match app.commit(Unit::from(logout_notices::lease(&notice.id, now.plus(LEASE), now))).await {
                Ok(_) => {
                    let app_id = notice.app_id.clone();
                    let task = self.tasks.spawn(attend(app.clone(), notice));
                    self.of.insert(task.id(), app_id);
                }
                // Another node has it.
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn under_way_at(&self, app_id: &str) -> i64 {
        self.of.values().map(|busy| i64::from(busy == app_id)).sum()
    }

    /// Also after a panic: the notice is tried again when its lease is over.
    fn ended(&mut self, done: Result<(Id, ()), tokio::task::JoinError>) {
        let id = done.map_or_else(|error| error.id(), |(id, ())| id);
        self.of.remove(&id);
    }
}

/// What fails here is ours to mend, and no app's: the notice's lease is its pause.
async fn attend(app: App, notice: LogoutNotice) {
    if let Err(fault) = carry(&app, &notice).await {
        let error = &fault as &dyn std::error::Error;
        tracing::warn!(error, app = notice.app_id, "an app is not told of a logout yet");
    }
}

async fn carry(app: &App, notice: &LogoutNotice) -> Result<(), Fault> {
    let told = tell(app, notice).await?;
    let next = Next::after(told, notice, app.now());
    let about = About::user(&notice.user_id).with_app(&notice.app_id);
    match (told, next) {
        (Told::Taken, _) => about.note(Event::LogoutTold),
        (Told::Refused | Told::Failed | Told::Unreachable, Next::Over) => about.note(Event::LogoutNotTold),
        _ => {}
    }
    app.commit(next.unit(notice)).await?;
    Ok(())
}

/// What becomes of a notice after a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// It is forgotten.
    Over,
    /// It is tried again then.
    Again(Timestamp),
    /// Nothing is tried at its app before then.
    Pause(Timestamp),
}

impl Next {
    fn after(told: Told, notice: &LogoutNotice, now: Timestamp) -> Self {
        let pause = usize::try_from(notice.attempts).ok().and_then(|attempts| PAUSES.get(attempts));
        let then = now.plus(*pause.unwrap_or(&Seconds::hours(1)));
        match told {
            Told::Taken | Told::Nobody => Self::Over,
            Told::Refused | Told::Failed | Told::Unreachable if then >= notice.expires_at => Self::Over,
            Told::Refused if notice.attempts + 1 >= MAX_REFUSALS => Self::Over,
            Told::Refused | Told::Failed => Self::Again(then),
            Told::Unreachable => Self::Pause(then),
        }
    }

    fn unit(self, notice: &LogoutNotice) -> Unit {
        Unit::from(match self {
            Self::Over => logout_notices::done(&notice.id),
            Self::Again(then) => logout_notices::put_off(&notice.id, then),
            Self::Pause(then) => logout_notices::put_off_all(&notice.app_id, then),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn notice(attempts: i64, left: Seconds) -> LogoutNotice {
        LogoutNotice {
            id: "ses_1:1:app_1".to_owned(),
            app_id: "app_1".to_owned(),
            user_id: "usr_1".to_owned(),
            session_id: Some("ses_1".to_owned()),
            everything: false,
            attempts,
            expires_at: NOW.plus(left),
        }
    }

    #[test]
    fn lo_07_pauses_grow_and_end_with_the_notice() {
        let day = Seconds::days(1);
        let after = |told, attempts, left| Next::after(told, &notice(attempts, left), NOW);
        for (attempts, pause) in (0..).zip([2, 10, 60, 300, 1_200, 3_600, 3_600, 3_600]) {
            let then = NOW.plus(Seconds::seconds(pause));
            assert_eq!(after(Told::Unreachable, attempts, day), Next::Pause(then));
        }
        assert_eq!(after(Told::Unreachable, 0, Seconds::seconds(2)), Next::Over);
        assert_eq!(after(Told::Refused, 0, day), Next::Again(NOW.plus(Seconds::seconds(2))));
        assert_eq!(after(Told::Refused, 2, day), Next::Again(NOW.plus(Seconds::minutes(1))));
        assert_eq!(after(Told::Refused, 3, day), Next::Over);
        assert_eq!(after(Told::Failed, 3, day), Next::Again(NOW.plus(Seconds::minutes(5))));
        for told in [Told::Taken, Told::Nobody] {
            assert_eq!(after(told, 0, day), Next::Over);
        }
    }
}
