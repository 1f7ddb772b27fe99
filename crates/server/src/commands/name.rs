//! Names that people read: of a person, an app, an API.

use super::refusals::{INVALID, Refusals};
use crate::accounts::name::{self, NameMistake};

/// The name without blanks around it.
pub(super) fn parse(text: &str, refusals: &mut Refusals) -> Option<String> {
    match name::parse(text) {
        Ok(name) => Some(name),
        Err(mistake) => {
            tell(mistake, refusals);
            None
        }
    }
}

/// What is wrong with a name, and what to write instead.
pub(super) fn tell(mistake: NameMistake, refusals: &mut Refusals) {
    let (wrong, instead) = match mistake {
        NameMistake::Missing => ("The name is empty.", "Write what people call it.".to_owned()),
        NameMistake::TooLong(limit) => {
            ("The name is too long.", format!("Write at most {limit} characters."))
        }
        NameMistake::Malformed => (
            "The name has a control character in it, or nothing that can be seen.",
            "Write it on one line, without tabs.".to_owned(),
        ),
        NameMistake::Hidden => (
            "The name has a character in it that nobody sees, such as a space of no width.",
            "Type it instead of pasting it.".to_owned(),
        ),
        NameMistake::LookAlike => (
            "The name has letters that look like others, or a sign such as ✔ or ™.",
            "Type plain letters of one alphabet; Hangul may stand beside it.".to_owned(),
        ),
    };
    refusals.add(INVALID, "--name", wrong, instead);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_on_one_line() {
        let parsed = |text: &str| parse(text, &mut Refusals::default());
        assert_eq!(parsed("  나의 서비스 ").as_deref(), Some("나의 서비스"));
        assert_eq!(parsed(&"가".repeat(64)).map(|name| name.chars().count()), Some(64));
        for text in ["", "  ", "a\nb", "a\tb", "a\0b", "a\u{9b}b", &"x".repeat(65)] {
            assert_eq!(parsed(text), None, "{text:?}");
        }
    }
}
