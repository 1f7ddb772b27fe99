//! What goes out because an app asked for it: what the settings open beyond the public internet.

use super::report::Report;
use crate::config::Config;

const SUBJECT: &str = "fetching";

pub(super) fn inspect(config: &Config, report: &mut Report) {
    let fetch = &config.fetch;
    if fetch.private_addresses {
        report.note(
            SUBJECT,
            "addresses that apps register may lead to this machine and into private networks \
             (fetch.private_addresses): that is for development",
        );
    } else {
        report.fine(SUBJECT, "addresses that apps register are followed on the public internet only");
    }
    match fetch.root_certificates.len() {
        0 => {}
        count => report.note(
            SUBJECT,
            format!("certificate authorities trusted there besides this machine's (fetch.root_certificate_file): {count}"),
        ),
    }
}
