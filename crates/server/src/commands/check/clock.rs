//! The clock against the highest time that any server has noted in the database — threats OP-13.

use mapae_protocol::time::Timestamp;

use super::report::Report;
use crate::{
    clock::TOLERATED_STEP_BACK,
    commands::{failure::with_causes, fields::moment},
    store::{Db, counters},
};

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
