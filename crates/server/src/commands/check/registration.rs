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
    if settings.vouch && (settings.policy.lets_register() || settings.client_documents) {
        report.note(
            SUBJECT,
            "and you stand behind each of these apps: people are not told that nobody has checked it, and are led on \
             to it without a page between (registration.vouch)",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Flags};

    #[test]
    fn whoever_stands_behind_apps_that_come_by_themselves_reads_so() {
        let mut config = Config::load(&Flags::default(), &Environment::default()).unwrap();
        for (policy, client_documents, vouch, expected) in [
            (RegistrationPolicy::Closed, false, true, false),
            (RegistrationPolicy::Closed, true, true, true),
            (RegistrationPolicy::InitialAccessToken, false, true, true),
            (RegistrationPolicy::Open, false, true, true),
            (RegistrationPolicy::Open, true, false, false),
        ] {
            let settings = &mut config.registration;
            (settings.policy, settings.client_documents, settings.vouch) = (policy, client_documents, vouch);
            let mut report = Report::default();
            inspect(&config, &mut report);
            let told = serde_json::to_string(&report).unwrap().contains("registration.vouch");
            assert_eq!(told, expected, "{policy:?}, {client_documents}, {vouch}");
        }
    }
}
