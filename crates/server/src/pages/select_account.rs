//! Choose an account — `prompt=select_account`, OIDC Core §3.1.2.1.

use crate::pages::{
    Page, at, example,
    look::{AppCard, Person},
    policy::FormTarget,
};

/// Go on as the signed-in person, or as another.
#[derive(Debug, Clone)]
pub struct SelectAccount {
    /// The pending step, sealed.
    pub step: String,
    /// The app that asks.
    pub app: Option<AppCard>,
    /// Who is signed in.
    pub person: Person,
    /// Where the answer may redirect.
    pub target: FormTarget,
}

impl Page for SelectAccount {
    const NAME: &'static str = "select-account";

    template!(SelectAccount, "pages/select_account.html");

    fn address(&self) -> Option<String> {
        Some(at::step(at::SELECT_ACCOUNT, &self.step))
    }

    fn form_target(&self) -> FormTarget {
        self.target
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let app = Self {
            step: example::STEP.to_owned(),
            app: Some(example::app()),
            person: example::person(),
            target: FormTarget::App,
        };
        vec![("app", app.clone()), ("own", Self { app: None, target: FormTarget::OwnOrigin, ..app })]
    }
}
