//! Sign up after a provider: the name, and nothing that is known already.

use crate::{
    accounts::NameMistake,
    pages::{
        Page, at, example,
        input::{FoundMistake, Input, Mistakes},
        policy::FormTarget,
        shown::Shown,
        terms::{self, TermBox},
        texts::Texts,
    },
};

/// Asks a new person who came from a provider what is missing.
#[derive(Debug, Clone)]
pub struct UpstreamSignUp {
    /// The pending step, sealed.
    pub step: String,
    /// What people call the provider.
    pub provider: Shown,
    /// What the person is called there.
    pub account: Shown,
    /// The address that the provider has checked, if it is noted.
    pub email: Option<Shown>,
    /// What they want to be called here.
    pub name: Input<NameMistake>,
    /// What they agree to.
    pub terms: Vec<TermBox>,
    /// Where the answer may redirect.
    pub target: FormTarget,
}

impl UpstreamSignUp {
    fn mistakes(&self, t: &Texts) -> Vec<FoundMistake> {
        let name = Mistakes::new(t).field("name", "common.name", self.name.mistake.as_ref());
        terms::of_boxes(name, &self.terms).found()
    }
}

impl Page for UpstreamSignUp {
    const NAME: &'static str = "upstream-sign-up";

    template!(UpstreamSignUp, "pages/upstream_sign_up.html");

    fn address(&self) -> Option<String> {
        Some(at::step(at::UPSTREAM_SIGN_UP, &self.step))
    }

    fn form_target(&self) -> FormTarget {
        self.target
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let usual = Self {
            step: example::STEP.to_owned(),
            provider: Shown::name("카카오"),
            account: Shown::name("ryan@example.test"),
            email: Some(Shown::sentence("ryan@example.test")),
            name: Input::holding("라이언"),
            terms: Vec::new(),
            target: FormTarget::App,
        };
        let without = Self { account: Shown::name("무지"), email: None, ..usual.clone() };
        let missing = terms::samples().into_iter().map(|term| TermBox { missing: term.required, ..term });
        vec![
            ("terms", Self { terms: terms::samples(), ..usual.clone() }),
            ("terms-missing", Self { terms: missing.collect(), ..usual.clone() }),
            ("usual", usual.clone()),
            ("without-email", without),
            ("missing", Self { name: Input::refused("", NameMistake::Missing), ..usual }),
        ]
    }
}
