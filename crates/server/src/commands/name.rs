//! Names that people read: of a person, an app, an API.

use super::refusals::{INVALID, Refusals};

/// As many characters as a page shows of it.
const MAX_CHARS: usize = 64;

/// The name without blanks around it.
pub(super) fn parse(text: &str, refusals: &mut Refusals) -> Option<String> {
    let name = text.trim();
    let (wrong, instead) = match name.chars().count() {
        0 => ("The name is empty.", "Write what people call it."),
        length if length > MAX_CHARS => ("The name is too long.", "Write at most 64 characters."),
        _ if name.contains(char::is_control) => {
            ("The name has a control character in it.", "Write it on one line, without tabs.")
        }
        _ => return Some(name.to_owned()),
    };
    refusals.add(INVALID, "--name", wrong, instead);
    None
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
