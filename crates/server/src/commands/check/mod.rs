//! `mapae check`: what is wrong with this installation, and what to do about it. Nothing is changed by it.

mod clock;
mod database;
mod fetch;
mod folders;
mod issuer;
mod keys;
mod registration;
mod report;
mod upstreams;

use self::report::Report;
use super::{answer::Answer, failure::Failure};
use crate::{
    cli::Common,
    clock::Clock,
    config::{Config, Environment},
    log,
};

/// Looks at everything; ends with 1 when something must be done.
pub(super) async fn run(common: &Common) -> Result<Answer, Failure> {
    let mut report = Report::default();
    match Config::load(&common.flags(), &Environment::of_process()) {
        Ok(config) => {
            log::install(&config.log);
            report.fine("configuration", format!("{}, listening on {}", config.site, config.listen));
            inspect(config, &mut report).await;
        }
        Err(mistakes) => {
            for mistake in mistakes.iter() {
                report.problem(
                    "configuration",
                    format!("{}: {}", mistake.place, mistake.wrong),
                    &mistake.instead,
                );
            }
        }
    }
    let answer = Answer::of(&report)?;
    Ok(if report.is_fine() { answer } else { answer.with_failure() })
}

async fn inspect(config: Config, report: &mut Report) {
    let now = Clock::System.now();
    folders::inspect(&config, report);
    registration::inspect(&config, report);
    fetch::inspect(&config, report);
    let master_key = keys::inspect_master_key(&config, report);
    if let Some(db) = database::inspect(&config, report).await {
        clock::inspect(&db, now, report).await;
        let config = issuer::inspect(&db, config, report).await;
        upstreams::inspect(&db, &config, master_key.usable(), report).await;
        keys::inspect(&db, &config, master_key, now, report).await;
        db.close().await;
    }
}
