//! Two flows as a textbook has them: with an authorization server of one's own, and with a social provider.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::Lifeline;

/// A textbook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Book {
    /// Signing in with Mapae, calling an API, renewing the token (RFC 6749 §4.1).
    #[default]
    Mapae,
    /// Signing in with Kakao, Naver and the like, to the service's own session.
    Social,
}

/// The flow as a textbook has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Textbook {
    phases: Vec<Phase>,
}

/// A part of the flow.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// What it is called.
    pub ko: String,
    /// The same in English.
    pub en: String,
    /// Its steps, in order.
    pub lines: Vec<Line>,
}

/// A line of the textbook.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Counted through all phases, from 1.
    pub number: u8,
    /// Who sends.
    pub from: Lifeline,
    /// Who receives.
    pub to: Lifeline,
    /// What happens.
    pub ko: String,
    /// The same in English.
    pub en: String,
}

const MAPAE_SOURCE: &str = include_str!("../../data/textbook.toml");
const SOCIAL_SOURCE: &str = include_str!("../../data/textbook_social.toml");

static MAPAE: LazyLock<Vec<Phase>> = LazyLock::new(|| read(MAPAE_SOURCE).unwrap_or_default());
static SOCIAL: LazyLock<Vec<Phase>> = LazyLock::new(|| read(SOCIAL_SOURCE).unwrap_or_default());

fn read(source: &str) -> Result<Vec<Phase>, toml::de::Error> {
    toml::from_str::<Textbook>(source).map(|book| book.phases)
}

impl Book {
    /// Both.
    pub const ALL: &'static [Self] = &[Self::Mapae, Self::Social];

    /// The name in messages, data files and style sheets.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mapae => "mapae",
            Self::Social => "social",
        }
    }

    /// Its parts.
    #[must_use]
    pub fn phases(self) -> &'static [Phase] {
        match self {
            Self::Mapae => &MAPAE,
            Self::Social => &SOCIAL,
        }
    }

    /// The part that a line is in, from 1.
    pub(crate) fn phase_of(self, number: u8) -> Option<u8> {
        let has = |phase: &Phase| phase.lines.iter().any(|line| line.number == number);
        u8::try_from(self.phases().iter().position(has)? + 1).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_can_be_read_and_counts_from_one_to_thirteen() {
        for source in [MAPAE_SOURCE, SOCIAL_SOURCE] {
            read(source).unwrap();
        }
        for book in Book::ALL {
            let numbers = book.phases().iter().flat_map(|phase| &phase.lines).map(|line| line.number);
            assert_eq!(numbers.collect::<Vec<u8>>(), (1..=13).collect::<Vec<u8>>());
            assert_eq!(book.phases().len(), 4);
        }
        assert_eq!((Book::Social.phase_of(13), Book::Social.phase_of(14)), (Some(4), None));
    }
}
