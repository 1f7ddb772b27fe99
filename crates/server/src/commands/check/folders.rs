//! The folders: whether what must be written there can be.

use std::{
    fs::{self, OpenOptions},
    io,
    path::Path,
};

use mapae_protocol::random;

use super::report::Report;
use crate::{config::Config, private};

pub(super) fn inspect(config: &Config, report: &mut Report) {
    inspect_one("data folder", &config.data, "--data", report);
    inspect_one("mailbox", &config.mail.mailbox, "mail.mailbox", report);
}

fn inspect_one(subject: &'static str, folder: &Path, setting: &str, report: &mut Report) {
    let shown = folder.display();
    match fs::metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            report.note(subject, format!("{shown} does not exist yet; the first `mapae serve` makes it"));
        }
        Ok(metadata) if metadata.is_dir() && private::writable_by_others(folder) => {
            let todo = format!("Run `chmod 700 {shown}`, and see that all in it is yours.");
            report.problem(subject, format!("everybody on this machine may write in {shown}"), todo);
        }
        Ok(metadata) if metadata.is_dir() => match try_to_write(folder) {
            Ok(()) => report.fine(subject, shown.to_string()),
            Err(error) => {
                let todo =
                    format!("Give it to the user who runs the server, or name another with {setting}.");
                report.problem(subject, format!("{shown} cannot be written: {error}"), todo);
            }
        },
        Ok(_) => {
            let todo = format!("Move that file away, or name another folder with {setting}.");
            report.problem(subject, format!("{shown} is a file and no folder"), todo);
        }
        Err(error) => {
            let todo = format!("Let the user who runs the server reach it, or name another with {setting}.");
            report.problem(subject, format!("{shown} cannot be read: {error}"), todo);
        }
    }
}

/// Leaves nothing behind.
fn try_to_write(folder: &Path) -> io::Result<()> {
    let path = folder.join(format!(".check-{}", random::text::<6>()));
    OpenOptions::new().write(true).create_new(true).open(&path)?;
    fs::remove_file(&path)
}
