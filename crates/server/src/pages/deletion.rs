//! What became of a deletion that a provider asked for: Facebook gives this address to the person.

use crate::pages::{Page, at, example, moment::Moment, shown::Shown};

/// Says what was deleted and what is left; the same whether or not the person has an account here.
#[derive(Debug, Clone)]
pub struct DeletionPage {
    /// The registered provider.
    pub upstream: String,
    /// What people call it.
    pub provider: Shown,
    /// The deletion; `None` where nobody knows of it.
    pub found: Option<FoundDeletion>,
}

/// A deletion of which the code is known.
#[derive(Debug, Clone)]
pub struct FoundDeletion {
    /// The code by which the person asks.
    pub code: String,
    /// When the provider asked.
    pub asked: Moment,
}

impl Page for DeletionPage {
    const NAME: &'static str = "deletion";

    template!(DeletionPage, "pages/deletion.html");

    fn address(&self) -> Option<String> {
        let code = self.found.as_ref().map(|found| found.code.as_str());
        Some(at::upstream_deletion(&self.upstream, code.unwrap_or_default()))
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let found = FoundDeletion {
            code: "0f3a5c7e9b1d2f4a6c8e0b1d".to_owned(),
            asked: example::minutes_ago(2 * 1_440),
        };
        let page = |found| Self { upstream: "facebook".to_owned(), provider: Shown::name("Facebook"), found };
        vec![("done", page(Some(found))), ("unknown", page(None))]
    }
}
