//! Apps that register themselves: who may, and what they are given.

use super::report::Report;
use crate::config::{Config, RegistrationPolicy};

const SUBJECT: &str = "registration";

pub(super) fn inspect(config: &Config, report: &mut Report) {
    let settings = &config.registration;
    let policy = settings.policy.as_str();
    match settings.policy {
        RegistrationPolicy::Closed => report.fine(SUBJECT, "closed: apps are registered in the console"),
        RegistrationPolicy::InitialAccessToken => {
            report.fine(SUBJECT, format!("{policy}: apps register themselves with a token of yours"));
        }
        RegistrationPolicy::Open => report.note(SUBJECT, format!("{policy}: everybody may register an app")),
    }
    if settings.client_documents {
        report.note(
            SUBJECT,
            "and every https address with a document about an app is one (registration.client_documents)",
        );
    }
    if settings.vouch && settings.policy == RegistrationPolicy::Open {
        report.note(SUBJECT, "and people are told that you stand behind it (registration.vouch)");
    }
}
