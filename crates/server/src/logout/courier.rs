//! Carrying notices of logout to apps, behind everybody's back — OIDC Back-Channel Logout §2.5; threats LO-07, LO-10.
//!
//! Whoever signs out waits for nobody: their commit keeps the notices, and this task carries them out, each at least
//! once, whatever ends the process in between. Of several nodes the one that takes a notice has it until its lease is
//! over. An app that does not answer is left alone for a while with all that it is to be told, longer each time, so that
//! it costs nobody else's turn.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use mapae_protocol::time::{Seconds, Timestamp};
use tokio::task::{Id, JoinError, JoinSet};

use super::{
    back_channel::{Told, tell},
    room::{MAX_PER_APP, Place, Room, Turn},
};
use crate::{
    app::{App, WeakApp},
    audit::{About, Event},
    fault::Fault,
    store::{
        CommitError, Unit,
        logout_notices::{self, LogoutNotice, Look},
    },
};

/// How many notices are looked at at once: a crowd of fewer apps hides nobody behind it.
const MAX_SEEN: usize = 1_024;
/// How often in one round.
const MAX_LOOKS: usize = 16;
/// For how long an app of a larger crowd is put off when its site or its owner has no room.
const CROWDED: Seconds = Seconds::minutes(1);
/// How many apps are put off in one write.
const PUT_OFF_AT_ONCE: usize = 128;
/// How many apps are remembered as not answering.
const MAX_PAUSED: usize = 10_000;
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
    tasks: JoinSet<Option<Timestamp>>,
    room: Room<Id>,
    /// Apps that nobody has verified and that did not answer: what comes for them meanwhile is not tried either.
    paused: HashMap<String, Timestamp>,
}

impl Round {
    /// Takes what is due, as far as there is room.
    async fn begin(&mut self, app: &App) -> Result<(), Fault> {
        let now = app.now();
        self.paused.retain(|_, until| *until > now);
        for _ in 0..MAX_LOOKS {
            if self.room.is_full() || !self.look(app, now).await? {
                break;
            }
        }
        Ok(())
    }

    /// One look at what is due; whether it may have more behind it than was seen.
    async fn look(&mut self, app: &App, now: Timestamp) -> Result<bool, Fault> {
        let look = Look { each: MAX_PER_APP, limit: MAX_SEEN };
        let due = logout_notices::due(app.db(), look, now).await?;
        let hides_others = due.len() >= MAX_SEEN;
        let mut put_off = BTreeMap::new();
        for (notice, place) in self.room.in_turn(due) {
            if let Some(until) = self.pause_of(&notice) {
                put_off.insert(notice.app_id, until);
                continue;
            }
            match self.room.turn(&place) {
                Turn::Now => self.carry_out(app, notice, place).await?,
                Turn::Crowded if hides_others => {
                    put_off.insert(notice.app_id, now.plus(CROWDED));
                }
                Turn::Crowded | Turn::Later => {}
            }
        }
        let statements = put_off.iter().map(|(app_id, until)| logout_notices::put_off_all(app_id, *until));
        let statements: Vec<_> = statements.collect();
        for some in statements.chunks(PUT_OFF_AT_ONCE) {
            app.commit(Unit::new().with_all(some.iter().cloned())).await?;
        }
        Ok(hides_others && !statements.is_empty())
    }

    async fn carry_out(&mut self, app: &App, notice: LogoutNotice, place: Place) -> Result<(), Fault> {
        let now = app.now();
        match app.commit(Unit::from(logout_notices::lease(&notice.id, now.plus(LEASE), now))).await {
            Ok(_) => {
                let task = self.tasks.spawn(attend(app.clone(), notice, place.verified));
                self.room.enter(task.id(), place);
                Ok(())
            }
            // Another node has it.
            Err(CommitError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Until when this notice's app is left alone, unless the notice could not be tried after that.
    fn pause_of(&self, notice: &LogoutNotice) -> Option<Timestamp> {
        self.paused.get(&notice.app_id).copied().filter(|until| *until < notice.expires_at)
    }

    /// Also after a panic: the notice is tried again when its lease is over.
    fn ended(&mut self, done: Result<(Id, Option<Timestamp>), JoinError>) {
        let (id, pause) = done.unwrap_or_else(|error| (error.id(), None));
        let Some(place) = self.room.leave(&id).filter(|place| !place.verified) else { return };
        if let Some(until) = pause.filter(|_| self.paused.len() < MAX_PAUSED) {
            let known = self.paused.entry(place.app_id).or_insert(until);
            *known = until.max(*known);
        }
    }
}

/// Until when the app is left alone, if it does not answer. What fails here is ours to mend, and no app's: the notice's
/// lease is its pause.
async fn attend(app: App, notice: LogoutNotice, verified: bool) -> Option<Timestamp> {
    carry(&app, &notice, verified).await.unwrap_or_else(|fault| {
        let error = &fault as &dyn std::error::Error;
        tracing::warn!(error, app = notice.app_id, "an app is not told of a logout yet");
        None
    })
}

async fn carry(app: &App, notice: &LogoutNotice, verified: bool) -> Result<Option<Timestamp>, Fault> {
    let told = tell(app, notice, verified).await?;
    let next = Next::after(told, notice, app.now());
    let about = About::user(&notice.user_id).with_app(&notice.app_id);
    match (told, next) {
        (Told::Taken, _) => about.note(Event::LogoutTold),
        (Told::Refused | Told::Failed | Told::Unreachable, Next::Over) => about.note(Event::LogoutNotTold),
        _ => {}
    }
    app.commit(next.unit(notice)).await?;
    Ok(match next {
        Next::Pause(until) => Some(until),
        Next::Over | Next::Again(_) => None,
    })
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
            Self::Pause(then) => logout_notices::pause(notice, then),
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
