//! The boxes of terms in a form: what they show, and what was ticked.

use mapae_client::terms::{Agreed, Term, Ticked, ticked};
use mapae_protocol::locale::Locale;

use crate::{
    interaction::{PageError, Visit},
    pages::{shown::Shown, terms::TermBox},
};

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
    let Ticked { agreed, missing } = ticked(asked.iter().copied(), |field| visit.one(field))?;
    let answer = |term: &Term| (term.is_among(&agreed), missing.contains(&term));
    let boxes = asked.iter().map(|term| shown(term, locale, answer(term))).collect();
    Ok(Answered { boxes, refused: !missing.is_empty(), agreed })
}

fn shown(term: &Term, locale: Locale, (ticked, missing): (bool, bool)) -> TermBox {
    TermBox {
        id: format!("term-{}", term.name()),
        field: term.field(),
        version: term.version().to_owned(),
        title: Shown::sentence(term.title(locale)),
        address: term.address(locale).map(str::to_owned),
        required: term.is_required(),
        ticked,
        missing,
    }
}
