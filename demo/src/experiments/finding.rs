//! What came of an experiment.

use super::Setback;
use crate::site::Texts;

/// What came of an experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// What the textbook says; perhaps with a number of milliseconds.
    AsExpected(Option<i64>),
    /// Something else: the diagram shows what.
    Otherwise,
    /// It will happen by itself in so many seconds.
    Waiting(i64),
    /// It will happen when the person does something elsewhere.
    WaitingForPerson,
    /// The browser goes there, and sees for itself.
    Go(String),
    /// While it waited, the person did something that leaves nothing to show.
    Overtaken,
    /// Nobody is signed in.
    NotSignedIn,
    /// The session has ended meanwhile.
    SignInAgain,
    /// Nothing is known of this login's code or refresh token: it began before the demo did.
    NothingOverheard,
    /// A server does not answer.
    NoAnswer,
}

impl Finding {
    /// In addresses.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::AsExpected(_) => "as_expected",
            Self::Otherwise => "otherwise",
            Self::Waiting(_) => "waiting",
            Self::WaitingForPerson => "waiting_for_person",
            Self::Go(_) => "go",
            Self::Overtaken => "overtaken",
            Self::NotSignedIn => "not_signed_in",
            Self::SignInAgain => "sign_in_again",
            Self::NothingOverheard => "nothing_overheard",
            Self::NoAnswer => "no_answer",
        }
    }

    /// The number that belongs to it.
    pub(crate) const fn number(&self) -> Option<i64> {
        match self {
            Self::AsExpected(number) => *number,
            Self::Waiting(seconds) => Some(*seconds),
            _ => None,
        }
    }

    /// What [`name`](Self::name) and [`number`](Self::number) say.
    pub(crate) fn parse(name: &str, number: Option<i64>) -> Option<Self> {
        let number = number.filter(|number| (0..=1_000_000).contains(number));
        match name {
            "waiting" => Some(Self::Waiting(number.unwrap_or(60))),
            "as_expected" => Some(Self::AsExpected(number)),
            _ => Self::samples().into_iter().find(|sample| sample.name() == name),
        }
    }

    /// Whether it went as the textbook says, or will.
    pub(crate) const fn is_as_expected(&self) -> bool {
        matches!(self, Self::AsExpected(_) | Self::Waiting(_) | Self::WaitingForPerson | Self::Go(_))
    }

    /// The key of its heading.
    pub(crate) const fn heading(&self) -> &'static str {
        match self {
            Self::Waiting(_) | Self::WaitingForPerson => "finding.heading_waiting",
            Self::AsExpected(_) | Self::Go(_) => "finding.heading",
            Self::Otherwise => "finding.heading_otherwise",
            Self::Overtaken
            | Self::NotSignedIn
            | Self::SignInAgain
            | Self::NothingOverheard
            | Self::NoAnswer => "finding.heading_setback",
        }
    }

    /// What it means, for the experiment of this name.
    pub(crate) fn text(&self, experiment: &str, t: Texts) -> String {
        match self {
            Self::AsExpected(Some(number)) => {
                let with_number = t.find(&format!("experiment.{experiment}_found_after"));
                let text = with_number.unwrap_or_else(|| t.of(&format!("experiment.{experiment}_found")));
                text.replace("{ms}", &number.to_string())
            }
            Self::Waiting(seconds) => {
                let own = t.find(&format!("experiment.{experiment}_waiting"));
                own.unwrap_or_else(|| t.of("finding.waiting")).replace("{n}", &seconds.to_string())
            }
            Self::AsExpected(None) | Self::Go(_) => {
                t.of(&format!("experiment.{experiment}_found")).to_owned()
            }
            other => t.of(&format!("finding.{}", other.name())).to_owned(),
        }
    }

    /// One of each, for lists and tests.
    pub(crate) fn samples() -> Vec<Self> {
        vec![
            Self::AsExpected(None),
            Self::AsExpected(Some(12)),
            Self::Otherwise,
            Self::Waiting(42),
            Self::WaitingForPerson,
            Self::Overtaken,
            Self::NotSignedIn,
            Self::SignInAgain,
            Self::NothingOverheard,
            Self::NoAnswer,
        ]
    }
}

impl From<Setback> for Finding {
    fn from(setback: Setback) -> Self {
        match setback {
            Setback::NotSignedIn => Self::NotSignedIn,
            Setback::SignInAgain => Self::SignInAgain,
            Setback::NothingOverheard => Self::NothingOverheard,
            Setback::NoAnswer => Self::NoAnswer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_brings_back_what_was_found() {
        for finding in Finding::samples() {
            assert_eq!(Finding::parse(finding.name(), finding.number()), Some(finding));
        }
        assert_eq!(Finding::parse("go", None), None, "no address leads elsewhere");
        assert_eq!(Finding::parse("", None), None);
        assert_eq!(Finding::parse("as_expected", Some(-1)), Some(Finding::AsExpected(None)));
    }
}
