//! Outgoing mail: written to a folder, one file a message, until a mail server is configured.
//!
//! A letter is on disk before anybody learns of it: the file and its name survive the end of the process and of the
//! machine.

use std::{
    io::Write as _,
    net::IpAddr,
    path::{Path, PathBuf},
};

use jiff::fmt::rfc2822;
use mapae_protocol::{base64url, random, time::Timestamp};

use super::EmailAddress;

/// A letter in one language.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Where this server is reached, `host[:port]`: letters come from there.
    pub authority: String,
    /// The stored address, never the one that a form submitted.
    pub to: EmailAddress,
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

    /// Writes a letter where no reader looks for it yet.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn draft(&self, letter: &Letter, now: Timestamp) -> std::io::Result<Draft> {
        // The name sorts by time.
        let name = format!("{}-{}", now.unix(), base64url::encode(random::bytes::<6>()));
        let draft = Draft {
            unfinished: self.folder.join(format!(".{name}.tmp")),
            finished: self.folder.join(format!("{name}.eml")),
            folder: self.folder.clone(),
        };
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&draft.unfinished)?;
        file.write_all(letter.to_rfc_5322(now).as_bytes())?;
        file.sync_all()?;
        Ok(draft)
    }
}

/// A letter that is written whole and not delivered.
#[derive(Debug)]
pub struct Draft {
    unfinished: PathBuf,
    finished: PathBuf,
    folder: PathBuf,
}

impl Draft {
    /// Lets readers see it.
    ///
    /// # Errors
    /// When the file cannot be renamed.
    pub fn deliver(self) -> std::io::Result<PathBuf> {
        std::fs::rename(&self.unfinished, &self.finished)?;
        keep_name(&self.folder)?;
        Ok(self.finished)
    }
}

impl Letter {
    /// The message as it would travel, its text legible as it lies there. The subject is an encoded word,
    /// so that no line break in it could begin another header; the address is canonical and has none.
    fn to_rfc_5322(&self, now: Timestamp) -> String {
        use ::base64::{Engine as _, engine::general_purpose::STANDARD};
        let subject = STANDARD.encode(&self.subject);
        let text = self.text.replace("\r\n", "\n").replace('\n', "\r\n");
        format!(
            "From: Mapae <no-reply@{}>\r\nDate: {}\r\nTo: <{}>\r\nSubject: =?utf-8?B?{subject}?=\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n",
            domain(&self.authority),
            date(now),
            self.to,
        )
    }
}

/// The domain of an address at this host; an IP address as a literal (RFC 5321 §4.1.3).
fn domain(authority: &str) -> String {
    let port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let host = authority.rsplit_once(':').filter(|(_, end)| port(end)).map_or(authority, |(host, _)| host);
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => format!("[{address}]"),
        Ok(IpAddr::V6(address)) => format!("[IPv6:{address}]"),
        Err(_) => host.to_owned(),
    }
}

/// RFC 5322 §3.3.
fn date(now: Timestamp) -> String {
    let moment = jiff::Timestamp::from_second(now.unix()).unwrap_or_default();
    rfc2822::DateTimePrinter::new().timestamp_to_string(&moment).unwrap_or_default()
}

/// A new name in a folder outlives the machine's end only when the folder itself was written.
#[cfg(unix)]
fn keep_name(folder: &Path) -> std::io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn keep_name(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn letter(to: EmailAddress, authority: &str) -> Letter {
        Letter { authority: authority.to_owned(), to, subject: "s".to_owned(), text: "t".to_owned() }
    }

    /// RFC 5321 §4.1.3, RFC 5322 §3.3.
    #[test]
    fn a_letter_says_from_where_and_when_it_was_sent() {
        for (authority, from) in [
            ("localhost:9000", "no-reply@localhost"),
            ("id.example.com", "no-reply@id.example.com"),
            ("127.0.0.1:9000", "no-reply@[127.0.0.1]"),
            ("[::1]:9000", "no-reply@[IPv6:::1]"),
            ("[::1]", "no-reply@[IPv6:::1]"),
        ] {
            let letter = letter(EmailAddress::parse("mina@example.com").unwrap(), authority);
            let text = letter.to_rfc_5322(Timestamp::from_unix(1_800_000_000));
            let head = format!(
                "From: Mapae <{from}>\r\nDate: Fri, 15 Jan 2027 08:00:00 -0000\r\nTo: <mina@example.com>\r\n"
            );
            assert!(text.starts_with(&head), "{text}");
        }
    }

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
            let to = EmailAddress::parse("mina@example.com").unwrap();
            let letter = letter(to, "localhost:9000");
            let file = mailbox.draft(&letter, Timestamp::from_unix(0)).unwrap().deliver().unwrap();
            assert_eq!(mode(&file), 0o600);
        }
    }
}
