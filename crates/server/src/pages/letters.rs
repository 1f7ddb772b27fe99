//! Mails to people: plain text, so that nothing in them can be disguised.

use mapae_protocol::locale::Locale;

use crate::pages::{shown::Shown, texts::Texts};

/// A mail without its addressee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// One line.
    pub subject: String,
    /// Plain text, lines separated by `\n`.
    pub body: String,
}

/// What a mail is about.
#[derive(Debug, Clone, Copy)]
pub enum Matter<'a> {
    /// Finish signing up by this link.
    SignUp {
        /// Whole address of the link.
        link: &'a str,
        /// How many minutes it lives.
        minutes: u32,
        /// The service from which the person came.
        service: Option<&'a Shown>,
    },
    /// Somebody tried to sign up with an address that has an account; this link leads to signing in.
    AlreadyMember {
        /// Whole address of the sign-in page.
        link: &'a str,
    },
    /// Set a new password by this link.
    Reset {
        /// Whole address of the link.
        link: &'a str,
        /// How many minutes it lives.
        minutes: u32,
    },
    /// The password was changed.
    PasswordChanged {
        /// Whole address of the page where a forgotten password is replaced.
        link: &'a str,
    },
    /// Somebody who proved to be the owner added a way to sign in.
    WayAdded {
        /// Whole address of the account's page.
        link: &'a str,
        /// What people call the provider.
        provider: &'a Shown,
    },
    /// Somebody who proved to be the owner removed a way to sign in.
    WayRemoved {
        /// Whole address of the account's page.
        link: &'a str,
        /// What people call the provider.
        provider: &'a Shown,
    },
}

impl Letter {
    /// Writes the mail.
    pub fn write(matter: &Matter<'_>, locale: Locale) -> Self {
        let t = Texts::new(locale);
        let (subject, body, link, minutes) = match *matter {
            Matter::SignUp { link, minutes, .. } => ("letter.sign_up", "letter.sign_up_body", link, minutes),
            Matter::AlreadyMember { link } => ("letter.member", "letter.member_body", link, 0),
            Matter::Reset { link, minutes } => ("letter.reset", "letter.reset_body", link, minutes),
            Matter::PasswordChanged { link } => ("letter.changed", "letter.changed_body", link, 0),
            Matter::WayAdded { link, .. } => ("letter.way_added", "letter.way_added_body", link, 0),
            Matter::WayRemoved { link, .. } => ("letter.way_removed", "letter.way_removed_body", link, 0),
        };
        let body =
            t.with(body, "time", t.span(minutes)).replace("{link}", &link.replace(char::is_control, ""));
        let body = match matter {
            Matter::SignUp { service: Some(service), .. } => {
                format!("{}\n\n{body}", t.with("letter.for_service", "app", service))
            }
            Matter::WayAdded { provider, .. } | Matter::WayRemoved { provider, .. } => {
                body.replace("{provider}", &provider.to_string())
            }
            _ => body,
        };
        Self { subject: t.of(subject).to_owned(), body }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_complete_in_both_languages() {
        let link = "https://id.example/x?token=lnk_1";
        let service = Shown::name("나의 서비스\r\nBcc: b");
        let matters = [
            Matter::SignUp { link, minutes: 30, service: None },
            Matter::SignUp { link, minutes: 30, service: Some(&service) },
            Matter::AlreadyMember { link },
            Matter::Reset { link, minutes: 30 },
            Matter::PasswordChanged { link },
            Matter::WayAdded { link, provider: &service },
            Matter::WayRemoved { link, provider: &service },
        ];
        for locale in Locale::ALL.iter().copied() {
            for matter in &matters {
                let letter = Letter::write(matter, locale);
                assert!(letter.body.contains(link), "{letter:?}");
                let names = matches!(
                    matter,
                    Matter::SignUp { service: Some(_), .. }
                        | Matter::WayAdded { .. }
                        | Matter::WayRemoved { .. }
                );
                assert_eq!(letter.body.contains("나의 서비스"), names, "{letter:?}");
                assert!(!letter.body.contains("\nBcc"), "{letter:?}");
                assert!(
                    !letter.body.contains(['{', '\u{FFFD}']) && !letter.subject.contains(['{', '\u{FFFD}'])
                );
                assert!(!letter.subject.contains('\n'));
            }
        }
    }

    #[test]
    fn a_link_stays_on_its_line() {
        let letter = Letter::write(&Matter::AlreadyMember { link: "https://a\r\nBcc: b" }, Locale::En);
        assert!(!letter.body.contains("\r") && !letter.body.contains("\nBcc"));
    }
}
