//! Sign in with e-mail and password — OIDC Core §3.1.2.3.

use crate::pages::{Page, at, example, look::AppCard, policy::FormTarget};

/// The sign-in page.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// The pending step, sealed.
    pub step: String,
    /// The app for which the person signs in; `None` for this server's own pages.
    pub app: Option<AppCard>,
    /// The e-mail address typed or hinted (`login_hint`).
    pub email: String,
    /// Why somebody who is signed in must do it again.
    pub again: Option<SignInAgain>,
    /// What went wrong.
    pub problem: Option<SignInProblem>,
    /// Where the answer may redirect.
    pub target: FormTarget,
}

/// Why a signed-in person signs in again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInAgain {
    /// The app asked for it (`prompt=login`).
    Asked,
    /// The last time is longer ago than the app accepts (`max_age`).
    TooLongAgo,
    /// The app expects another person (`id_token_hint`).
    OtherAccount,
}

impl SignInAgain {
    /// Whether it is the person who is signed in who is asked.
    pub const fn is_of_the_same_person(self) -> bool {
        matches!(self, Self::Asked | Self::TooLongAgo)
    }
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInProblem {
    /// Unknown address, wrong password, disabled account: one text, so that nobody learns who has an account.
    WrongCredentials,
    /// Too many attempts; the next one is possible in this many minutes.
    TooManyAttempts {
        /// Minutes to wait.
        minutes: u32,
    },
}

impl SignIn {
    /// Whether the address cannot be changed.
    fn fixed(&self) -> bool {
        self.again.is_some_and(SignInAgain::is_of_the_same_person)
    }

    /// Whether the fields themselves are to blame.
    fn refused(&self) -> bool {
        self.problem == Some(SignInProblem::WrongCredentials)
    }
}

impl Page for SignIn {
    const NAME: &'static str = "sign-in";

    template!(SignIn, "pages/sign_in.html");

    fn address(&self) -> Option<String> {
        Some(at::step(at::SIGN_IN, &self.step))
    }

    fn form_target(&self) -> FormTarget {
        self.target.clone()
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let own = Self {
            step: example::STEP.to_owned(),
            app: None,
            email: String::new(),
            again: None,
            problem: None,
            target: FormTarget::OwnOrigin,
        };
        let app = Self {
            app: Some(example::app()),
            target: FormTarget::leading_to(&example::redirect()),
            ..own.clone()
        };
        let email = || "mapae.kim@example.com".to_owned();
        let problem = |problem| Self { email: email(), problem: Some(problem), ..app.clone() };
        let again = |again| Self { email: email(), again: Some(again), ..app.clone() };
        vec![
            ("own", own),
            ("app", app.clone()),
            ("wrong", problem(SignInProblem::WrongCredentials)),
            ("too-many", problem(SignInProblem::TooManyAttempts { minutes: 15 })),
            ("again-asked", again(SignInAgain::Asked)),
            ("again-old", again(SignInAgain::TooLongAgo)),
            ("other-account", Self { again: Some(SignInAgain::OtherAccount), ..app.clone() }),
            ("long", Self { app: Some(example::long_app()), ..app }),
        ]
    }
}
