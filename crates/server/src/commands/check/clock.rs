//! The clock against the highest time that any server has noted in the database — threats OP-13.

use mapae_protocol::time::{Seconds, Timestamp};

use super::report::Report;
use crate::{
    clock::TOLERATED_STEP_BACK,
    commands::{failure::with_causes, fields::moment},
    store::{Db, counters, server_clocks},
};

const AHEAD: &str = "Set the one that is wrong, best by a time service on every machine: timedatectl set-ntp true. Until \
    they agree, the server that is ahead removes nothing from the database.";

const TODO: &str = "Set it, best by a time service: timedatectl set-ntp true. Until then a server that starts here issues \
    nothing. If it is right, and another clock was ahead when it noted that time: run `mapae clock reset`, and start \
    the servers again.";

pub(super) async fn inspect(db: &Db, now: Timestamp, report: &mut Report) {
    let mark = match counters::read(db).await {
        Ok(counters) => counters.clock,
        Err(error) => {
            let todo = "See what is said about the database.";
            return report.problem(
                "clock",
                format!("The highest time cannot be read: {}.", with_causes(&error)),
                todo,
            );
        }
    };
    inspect_servers(db, report).await;
    let behind = mark.since(now);
    if mark.unix() == 0 {
        report.note("clock", "No server has noted its time yet.");
    } else if behind > TOLERATED_STEP_BACK {
        let wrong = format!("It shows {}, and {} has passed already.", moment(now), moment(mark));
        report.problem("clock", wrong, TODO);
    } else {
        report.fine("clock", format!("{}, not behind the time in the database", moment(now)));
    }
}

/// What the servers that run have found out about each other.
async fn inspect_servers(db: &Db, report: &mut Report) {
    // What is wrong with the database is said elsewhere.
    let clocks = server_clocks::read(db).await.unwrap_or_default();
    for clock in clocks.iter().filter(|clock| clock.ahead > Seconds::ZERO) {
        let (shows, ahead) = (moment(clock.shows), clock.ahead);
        let wrong = format!("The clock of a running server showed {shows}, {ahead} ahead of another one's.");
        report.problem("clock", wrong, AHEAD);
    }
}
