//! Providers that people sign in with: whether each can be spoken to as it is written down. None is asked anything.

use mapae_protocol::seal::MasterKey;

use super::report::Report;
use crate::{
    commands::failure::Failure,
    config::Config,
    store::{Db, upstreams},
    upstream::{UpstreamSettings, opened},
};

const SUBJECT: &str = "social login";

pub(super) async fn inspect(db: &Db, config: &Config, master: Option<&MasterKey>, report: &mut Report) {
    for settings in &config.upstreams {
        inspect_one(settings, config, report);
    }
    let rows = match upstreams::all(db).await {
        Ok(rows) => rows,
        Err(error) => {
            let todo = "See what is said about the database.";
            return report.problem(SUBJECT, Failure::from(error).to_string(), todo);
        }
    };
    for row in rows {
        let name = row.name.clone();
        if row.disabled_at.is_some() {
            report.note(SUBJECT, format!("{name} is switched off"));
            continue;
        }
        if config.upstreams.iter().any(|settings| settings.name == name) {
            let finding = format!("{name} is in the file of settings and in the database; the file holds");
            report.note(SUBJECT, finding);
            continue;
        }
        let Some(master) = master else { continue };
        match opened(row, master) {
            Ok(settings) => inspect_one(&settings, config, report),
            Err(fault) => report.problem(
                SUBJECT,
                format!("{name} cannot be opened: {}", Failure::from(fault)),
                format!("`mapae upstream remove {name}`, and add it again."),
            ),
        }
    }
}

fn inspect_one(settings: &UpstreamSettings, config: &Config, report: &mut Report) {
    let name = &settings.name;
    match settings.provider(&config.site) {
        Ok(_) => {
            let redirect_uri = settings.redirect_uri(&config.site);
            report.fine(SUBJECT, format!("{name} can be used; its redirect URI is {redirect_uri}"));
            let missing = settings.missing_for_notices().join(" and ");
            if !missing.is_empty() {
                let finding = format!(
                    "{name}: whatever it tells of, such as unlinking, is refused until it has {missing} \
                     (--credential-file)"
                );
                report.note(SUBJECT, finding);
            }
        }
        Err(error) => report.problem(
            SUBJECT,
            format!("{name} cannot be used: {error}"),
            format!("Look at its {}.", error.setting().name()),
        ),
    }
}
