//! The issuer: whether the server that uses this database calls itself what the settings say.

use super::report::Report;
use crate::{commands::data::served_site, config::Config, store::Db};

const SUBJECT: &str = "issuer";

/// The settings that the rest is judged by: of whoever names no issuer, with the one under which the database is served.
pub(super) async fn inspect(db: &Db, config: Config, report: &mut Report) -> Config {
    let served = match served_site(db).await {
        Ok(Some(served)) if served != config.site => served,
        Ok(_) => return config,
        Err(failure) => {
            report.problem(SUBJECT, format!("it cannot be read: {failure}"), "See what the database says.");
            return config;
        }
    };
    if config.site_is_named {
        let finding =
            format!("the settings say {}, and this database was served last as {served}", config.site);
        report.note(SUBJECT, format!("{finding}: under another issuer everybody signs in again"));
        return config;
    }
    report.note(
        SUBJECT,
        format!("none is named, and this database was served last as {served}: that counts here"),
    );
    Config { site: served, ..config }
}
