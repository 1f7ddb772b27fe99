//! Mailed links: the page after one was asked for, and the page of one that no longer works.

use crate::pages::{Page, at, example, shown::Shown, texts::Texts};

/// What a mailed link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailPurpose {
    /// To finish signing up.
    SignUp,
    /// To set a new password.
    Reset,
}

impl MailPurpose {
    /// Where to ask for such a mail.
    fn address(self) -> &'static str {
        match self {
            Self::SignUp => at::SIGN_UP,
            Self::Reset => at::FORGOT_PASSWORD,
        }
    }
}

/// Says that a mail is on its way; the same for addresses with and without an account.
#[derive(Debug, Clone)]
pub struct MailSent {
    /// The pending step, sealed.
    pub step: String,
    /// What the mail is for.
    pub purpose: MailPurpose,
    /// The address as it was typed.
    pub email: String,
    /// How many minutes the link lives.
    pub minutes: u32,
}

impl MailSent {
    fn lifetime(&self, t: &Texts) -> String {
        t.span(self.minutes)
    }

    fn shown_email(&self) -> Shown {
        Shown::name(&self.email)
    }
}

impl Page for MailSent {
    const NAME: &'static str = "mail-sent";

    template!(MailSent, "pages/mail_sent.html");

    fn address(&self) -> Option<String> {
        None
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let sent = |purpose| Self {
            step: example::STEP.to_owned(),
            purpose,
            email: "mapae.kim@example.com".to_owned(),
            minutes: 30,
        };
        vec![("sign-up", sent(MailPurpose::SignUp)), ("reset", sent(MailPurpose::Reset))]
    }
}

/// A link that has expired, was used before or never existed: nobody learns which.
#[derive(Debug, Clone)]
pub struct LinkDead {
    /// What it was for; `None`: to set the server up, which is printed, not mailed.
    pub purpose: Option<MailPurpose>,
}

impl LinkDead {
    fn again(&self) -> &'static str {
        self.purpose.map_or(at::SIGN_IN, MailPurpose::address)
    }
}

impl Page for LinkDead {
    const NAME: &'static str = "link-dead";

    template!(LinkDead, "pages/link_dead.html");

    fn address(&self) -> Option<String> {
        None
    }

    fn samples() -> Vec<(&'static str, Self)> {
        vec![
            ("sign-up", Self { purpose: Some(MailPurpose::SignUp) }),
            ("reset", Self { purpose: Some(MailPurpose::Reset) }),
            ("set-up", Self { purpose: None }),
        ]
    }
}
