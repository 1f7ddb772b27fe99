//! The mails that a server has written.

use std::{fs, time::SystemTime};

use mapae_protocol::base64url;

use crate::TestServer;

/// A mail as it lies in the mailbox folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The address.
    pub to: String,
    /// The subject, decoded.
    pub subject: String,
    /// The text.
    pub text: String,
}

impl Mail {
    /// The link in it.
    pub fn link(&self) -> String {
        let line = self.text.lines().find(|line| line.starts_with("http"));
        line.unwrap_or_else(|| panic!("no link in {self:?}")).to_owned()
    }

    fn parse(message: &str) -> Self {
        let (head, text) = message.split_once("\r\n\r\n").expect("a message has a head");
        let field = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("no {name} in {head}")).to_owned()
        };
        let to = field("To: ");
        let to = to.strip_prefix('<').and_then(|to| to.strip_suffix('>'));
        let subject = field("Subject: =?utf-8?B?").replace('+', "-").replace('/', "_");
        let subject = base64url::decode(subject.trim_end_matches(['?', '='])).expect("an encoded word");
        Self {
            to: to.expect("an address in angle brackets").to_owned(),
            subject: String::from_utf8(subject).expect("it is text"),
            text: text.replace("\r\n", "\n"),
        }
    }
}

impl TestServer {
    /// All mails that pages have asked for so far, the oldest first.
    pub async fn mails(&self) -> Vec<Mail> {
        self.app().mails_written().await;
        let folder = fs::read_dir(&self.app().config().mail.mailbox).expect("there is a mailbox");
        let mut files: Vec<(SystemTime, String)> = folder
            .map(|entry| entry.expect("a file").path())
            .filter(|path| path.extension().is_some_and(|kind| kind == "eml"))
            .map(|path| {
                let written = fs::metadata(&path).and_then(|data| data.modified()).expect("a time");
                (written, fs::read_to_string(&path).expect("a text"))
            })
            .collect();
        files.sort();
        files.iter().map(|(_, message)| Mail::parse(message)).collect()
    }

    /// The mails to one address, the oldest first.
    pub async fn mails_to(&self, email: &str) -> Vec<Mail> {
        let mut mails = self.mails().await;
        mails.retain(|mail| mail.to == email);
        mails
    }

    /// The link in the newest mail to an address.
    pub async fn link_to(&self, email: &str) -> String {
        let mails = self.mails_to(email).await;
        mails.last().unwrap_or_else(|| panic!("no mail to {email}")).link()
    }
}
