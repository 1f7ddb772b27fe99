//! The clock against the highest time that any server has noted in the database — threats OP-13.

use mapae_protocol::time::Timestamp;

use super::report::Report;
use crate::{
    commands::{failure::with_causes, fields::moment},
    jobs::TOLERATED_STEP_BACK,
    store::{Db, counters},
};

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
        report.problem("clock", wrong, "Set it, best by a time service: timedatectl set-ntp true.");
    } else {
        report.fine("clock", format!("{}, not behind the time in the database", moment(now)));
    }
}
