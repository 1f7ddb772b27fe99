//! Outgoing mail: written to a folder, one file a message, until a mail server is configured.
//!
//! Whether an address is known must not show in how long a page takes. So a page only drops its letter
//! into a bounded queue; a task behind it looks the address up, stores the link and writes the file.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use mapae_protocol::{base64url, random, time::Timestamp};

use super::Email;

/// A letter in one language.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The stored address, never the one that a form submitted.
    pub to: Email,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

/// A folder of `.eml` files (RFC 5322), readable by its owner only.
#[derive(Clone, Debug)]
pub struct Mailbox {
    folder: PathBuf,
}

impl Mailbox {
    /// Opens the folder, making it if need be. One that is there keeps the permissions that somebody gave it; the
    /// letters in it are its owner's only.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(folder: &Path) -> std::io::Result<Self> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Where letters go.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a letter under a name that sorts by time; a reader never sees half of one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn deliver(&self, letter: &Letter, now: Timestamp) -> std::io::Result<PathBuf> {
        let name = format!("{}-{}", now.unix(), base64url::encode(random::bytes::<6>()));
        let unfinished = self.folder.join(format!(".{name}.tmp"));
        let finished = self.folder.join(format!("{name}.eml"));
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&unfinished)?.write_all(letter.to_rfc_5322().as_bytes())?;
        std::fs::rename(&unfinished, &finished)?;
        Ok(finished)
    }
}

impl Letter {
    /// The message as it would travel, its text legible as it lies there. The subject is an encoded word,
    /// so that no line break in it could begin another header; the address is canonical and has none.
    fn to_rfc_5322(&self) -> String {
        use ::base64::{Engine as _, engine::general_purpose::STANDARD};
        let subject = STANDARD.encode(&self.subject);
        let text = self.text.replace("\r\n", "\n").replace('\n', "\r\n");
        format!(
            "To: <{}>\r\nSubject: =?utf-8?B?{subject}?=\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n",
            self.to,
        )
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn letters_are_private_and_a_folder_that_was_there_keeps_its_permissions() {
        let parent = tempfile::tempdir().unwrap();
        let (made, named) = (parent.path().join("made"), parent.path().join("named"));
        std::fs::create_dir(&named).unwrap();
        std::fs::set_permissions(&named, std::fs::Permissions::from_mode(0o755)).unwrap();
        for (folder, expected) in [(&made, 0o700), (&named, 0o755)] {
            let mailbox = Mailbox::open(folder).unwrap();
            assert_eq!(mode(folder), expected);
            let to = Email::parse("mina@example.com").unwrap();
            let letter = Letter { to, subject: "s".to_owned(), text: "t".to_owned() };
            let file = mailbox.deliver(&letter, Timestamp::from_unix(0)).unwrap();
            assert_eq!(mode(&file), 0o600);
        }
    }
}
