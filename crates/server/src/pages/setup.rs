//! The first operator's account, from the link that the terminal printed.

use crate::{
    accounts::NameMistake,
    pages::{
        Page, at, example,
        input::{EmailMistake, FoundMistake, Input, Mistakes, PasswordMistake, PasswordRule},
        texts::Texts,
    },
};

/// Makes the first account.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Token of the printed link.
    pub token: String,
    /// Token of the form.
    pub csrf: String,
    /// The operator's name.
    pub name: Input<NameMistake>,
    /// The operator's address.
    pub email: Input<EmailMistake>,
    /// What is wrong with the password; what was typed is never shown again.
    pub password: Option<PasswordMistake>,
    /// What a password must be.
    pub rule: PasswordRule,
}

impl Setup {
    fn mistakes(&self, t: &Texts) -> Vec<FoundMistake> {
        Mistakes::new(t)
            .field("name", "common.name", self.name.mistake.as_ref())
            .field("email", "common.email", self.email.mistake.as_ref())
            .field("password", "common.password", self.password.as_ref())
            .found()
    }
}

impl Page for Setup {
    const NAME: &'static str = "setup";

    template!(Setup, "pages/setup.html");

    fn address(&self) -> Option<String> {
        Some(at::with(at::SETUP, "token", &self.token))
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let fresh = Self {
            token: "lnk_4Gm1k".to_owned(),
            csrf: example::CSRF.to_owned(),
            name: Input::default(),
            email: Input::default(),
            password: None,
            rule: PasswordRule { min: 10 },
        };
        vec![
            ("fresh", fresh.clone()),
            (
                "taken",
                Self {
                    name: Input::holding("김마패"),
                    email: Input::refused("mapae.kim@example.com", EmailMistake::Taken),
                    ..fresh.clone()
                },
            ),
            (
                "refused",
                Self {
                    name: Input::refused("가".repeat(70), NameMistake::TooLong(64)),
                    email: Input::refused("operator", EmailMistake::Malformed),
                    password: Some(PasswordMistake::TooShort(10)),
                    ..fresh
                },
            ),
        ]
    }
}
