//! `[mail]`: where mails go.

use std::path::{Path, PathBuf};

use super::{
    setting::{Fallback, Setting},
    source::Source,
};

const MAILBOX: Setting = Setting {
    section: "mail",
    key: "mailbox",
    flag: None,
    default: Fallback::Computed {
        rule: "the folder `mailbox` in the data folder",
        example: "\"./mapae-data/mailbox\"",
    },
    meaning: "The folder into which mails are written, one file each; it is made when it is missing.",
    reason: "Links to a forgotten password can be tried without a mail server.",
};

pub(super) const SETTINGS: &[Setting] = &[MAILBOX];

/// Where mails go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The folder into which mails are written.
    pub mailbox: PathBuf,
}

impl Mail {
    pub(super) fn read(source: &mut Source<'_>, data: &Path) -> Self {
        let mailbox = source.path(&MAILBOX);
        Self { mailbox: mailbox.map_or_else(|| data.join("mailbox"), |given| given.value) }
    }
}
