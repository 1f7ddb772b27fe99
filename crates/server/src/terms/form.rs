//! The boxes of terms in a form: what they show, and what was ticked.

use mapae_protocol::locale::Locale;

use super::{Agreed, Term};
use crate::{
    interaction::{PageError, Visit},
    pages::{shown::Shown, terms::TermBox},
};

/// What stands before a term's name in forms.
const PREFIX: &str = "term.";

/// What a form says of the terms that were asked.
pub(crate) struct Answered {
    /// What was ticked, each in the version that stood on the page.
    pub(crate) agreed: Vec<Agreed>,
    /// The same as boxes, for a form that is shown again.
    pub(crate) boxes: Vec<TermBox>,
    /// Without a required one nothing goes on.
    pub(crate) refused: bool,
}

/// The boxes of a form that nobody has filled in.
pub(crate) fn boxes(terms: &[&Term], locale: Locale) -> Vec<TermBox> {
    terms.iter().map(|term| shown(term, locale, (false, false))).collect()
}

/// Which of the `asked` terms a form agrees to.
pub(crate) fn read(visit: &Visit, asked: &[&Term], locale: Locale) -> Result<Answered, PageError> {
    let mut answered = Answered { agreed: Vec::new(), boxes: Vec::new(), refused: false };
    for term in asked {
        // Another version stood on the page: nobody agreed to this one.
        let ticked = visit.one(&field(term))? == Some(term.version.as_str());
        let missing = term.required && !ticked;
        answered.refused |= missing;
        answered.boxes.push(shown(term, locale, (ticked, missing)));
        if ticked {
            answered.agreed.push(Agreed { term: term.id.clone(), version: term.version.clone() });
        }
    }
    Ok(answered)
}

fn field(term: &Term) -> String {
    format!("{PREFIX}{}", term.id)
}

fn shown(term: &Term, locale: Locale, (ticked, missing): (bool, bool)) -> TermBox {
    TermBox {
        id: format!("term-{}", term.id),
        field: field(term),
        version: term.version.clone(),
        title: Shown::sentence(term.title(locale)),
        address: term.address(locale).map(str::to_owned),
        required: term.required,
        ticked,
        missing,
    }
}
