//! Terms: boxes in the forms that make an account, and a page for terms that have changed since.

use crate::pages::{
    Page, at, example,
    input::{FoundMistake, Mistake, Mistakes},
    look::Person,
    policy::FormTarget,
    shown::Shown,
    texts::Texts,
};

/// A box. The form sends the version that stands beside it.
#[derive(Debug, Clone)]
pub struct TermBox {
    /// Id of the box.
    pub id: String,
    /// Its name in the form.
    pub field: String,
    /// The version that is agreed to.
    pub version: String,
    /// What people read.
    pub title: Shown,
    /// Where the text is.
    pub address: Option<String>,
    /// Whether nothing goes on without it.
    pub required: bool,
    /// Ticked, in a form that is shown again.
    pub ticked: bool,
    /// It was left out and cannot be.
    pub missing: bool,
}

/// A required term was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TermMissing;

impl Mistake for TermMissing {
    fn text(&self, t: &Texts) -> String {
        t.of("terms.missing").to_owned()
    }
}

/// Asks somebody who has an account to agree to what is new.
#[derive(Debug, Clone)]
pub struct TermsPage {
    /// The pending step, sealed.
    pub step: String,
    /// Who decides.
    pub person: Person,
    /// What is open.
    pub terms: Vec<TermBox>,
    /// Where the answer may redirect.
    pub target: FormTarget,
}

impl TermsPage {
    fn mistakes(&self, t: &Texts) -> Vec<FoundMistake> {
        of_boxes(Mistakes::new(t), &self.terms).found()
    }
}

/// Adds what is wrong with boxes.
pub(in crate::pages) fn of_boxes<'t>(mistakes: Mistakes<'t>, terms: &[TermBox]) -> Mistakes<'t> {
    let missing = terms.iter().filter(|term| term.missing);
    missing.fold(mistakes, |mistakes, term| mistakes.field(&term.id, "terms.heading", Some(&TermMissing)))
}

impl Page for TermsPage {
    const NAME: &'static str = "terms";

    template!(TermsPage, "pages/terms.html");

    fn address(&self) -> Option<String> {
        Some(at::step(at::TERMS, &self.step))
    }

    fn form_target(&self) -> FormTarget {
        self.target
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let usual = Self {
            step: example::STEP.to_owned(),
            person: example::person(),
            terms: samples(),
            target: FormTarget::App,
        };
        let missing = samples().into_iter().map(|term| TermBox { missing: term.required, ..term }).collect();
        vec![("usual", usual.clone()), ("missing", Self { terms: missing, ..usual })]
    }
}

/// Boxes of every kind.
pub(in crate::pages) fn samples() -> Vec<TermBox> {
    let term = |id: &str, title: &str, required, address: Option<&str>| TermBox {
        id: format!("term-{id}"),
        field: format!("term.{id}"),
        version: "2026-11-01".to_owned(),
        title: Shown::sentence(title),
        address: address.map(str::to_owned),
        required,
        ticked: false,
        missing: false,
    };
    vec![
        term("service", "마패 이용약관", true, Some("https://id.example/terms")),
        term("privacy", "개인정보 수집과 이용 동의", true, Some("https://id.example/privacy")),
        term("news", "새 소식을 이메일로 받아 보기", false, None),
    ]
}
