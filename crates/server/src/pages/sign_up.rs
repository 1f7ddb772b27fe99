//! Sign up: an e-mail address first; name and password from the mailed link.

use crate::{
    accounts::NameMistake,
    pages::{
        Page, at, example,
        input::{EmailMistake, FoundMistake, Input, Mistakes, PasswordMistake, PasswordRule},
        look::AppCard,
        policy::FormTarget,
        shown::Shown,
        terms::{self, TermBox},
        texts::Texts,
    },
};

/// Asks for the e-mail address. What follows is the same for known and unknown ones ([`crate::pages::mailed`]).
#[derive(Debug, Clone)]
pub struct SignUp {
    /// The pending step, sealed.
    pub step: String,
    /// The app for which the person signs up.
    pub app: Option<AppCard>,
    /// The address.
    pub email: Input<EmailMistake>,
}

impl Page for SignUp {
    const NAME: &'static str = "sign-up";

    template!(SignUp, "pages/sign_up.html");

    fn address(&self) -> Option<String> {
        Some(at::step(at::SIGN_UP, &self.step))
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let app = Self { step: example::STEP.to_owned(), app: Some(example::app()), email: Input::default() };
        vec![
            ("app", app.clone()),
            ("own", Self { app: None, ..app.clone() }),
            (
                "malformed",
                Self { email: Input::refused("mapae.kim", EmailMistake::Malformed), ..app.clone() },
            ),
            ("missing", Self { email: Input::refused("", EmailMistake::Missing), ..app }),
        ]
    }
}

/// Asks for name and password; reached by the mailed link, which proved the address.
#[derive(Debug, Clone)]
pub struct FinishSignUp {
    /// Token of the mailed link.
    pub token: String,
    /// Token of the form.
    pub csrf: String,
    /// The proven address.
    pub email: Shown,
    /// The person's name.
    pub name: Input<NameMistake>,
    /// The password; what was typed is never shown again.
    pub password: Option<PasswordMistake>,
    /// What a password must be.
    pub rule: PasswordRule,
    /// What they agree to.
    pub terms: Vec<TermBox>,
    /// Where the answer may redirect.
    pub target: FormTarget,
}

impl FinishSignUp {
    fn mistakes(&self, t: &Texts) -> Vec<FoundMistake> {
        let fields = Mistakes::new(t).field("name", "common.name", self.name.mistake.as_ref()).field(
            "password",
            "common.password",
            self.password.as_ref(),
        );
        terms::of_boxes(fields, &self.terms).found()
    }
}

impl Page for FinishSignUp {
    const NAME: &'static str = "sign-up-finish";

    template!(FinishSignUp, "pages/finish_sign_up.html");

    fn address(&self) -> Option<String> {
        Some(at::with(at::FINISH_SIGN_UP, "token", &self.token))
    }

    fn form_target(&self) -> FormTarget {
        self.target
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let fresh = Self {
            token: "lnk_9d2Xc".to_owned(),
            csrf: example::CSRF.to_owned(),
            email: example::person().email,
            name: Input::default(),
            password: None,
            rule: PasswordRule { min: 10 },
            terms: Vec::new(),
            target: FormTarget::OwnOrigin,
        };
        let password =
            |mistake| Self { name: Input::holding("김마패"), password: Some(mistake), ..fresh.clone() };
        vec![
            ("fresh", fresh.clone()),
            ("terms", Self { terms: terms::samples(), ..fresh.clone() }),
            (
                "missing",
                Self {
                    name: Input::refused("", NameMistake::Missing),
                    password: Some(PasswordMistake::Missing),
                    ..fresh.clone()
                },
            ),
            ("short", password(PasswordMistake::TooShort(10))),
            ("common", password(PasswordMistake::TooCommon)),
            ("about-you", password(PasswordMistake::AboutYou)),
            ("name", Self { name: Input::refused("김마패", NameMistake::Malformed), ..fresh }),
        ]
    }
}
