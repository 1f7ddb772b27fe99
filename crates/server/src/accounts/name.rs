//! Names: what people call themselves, and what may stand in a name that others are shown — SE-09.

/// Most characters of a name: as many as a page shows of it.
const MAX_NAME: usize = 64;

/// What is shown in place of an empty name; nobody is called that.
pub(crate) const NO_NAME: &str = "—";

/// What is wrong with a name, of a person or an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameMistake {
    /// There is nothing.
    Missing,
    /// It has more than this many characters.
    TooLong(usize),
    /// It has characters that do not belong into a name.
    Malformed,
    /// It has characters that nobody sees: of an app.
    Hidden,
    /// It can be taken for another one, or claims to be checked: of an app.
    LookAlike,
}

/// A person's name without blanks around it.
///
/// Characters that turn the direction of writing or break the line are refused, and so is a name of which
/// nothing would be seen: apps show it, too.
///
/// # Errors
/// Those that are not of an app only
pub(crate) fn parse(text: &str) -> Result<String, NameMistake> {
    let name = text.trim();
    match () {
        () if name.is_empty() => Err(NameMistake::Missing),
        () if name.chars().count() > MAX_NAME => Err(NameMistake::TooLong(MAX_NAME)),
        () if name.contains(misleads) || is_empty_to_the_eye(name) => Err(NameMistake::Malformed),
        () => Ok(name.to_owned()),
    }
}

fn misleads(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn is_empty_to_the_eye(name: &str) -> bool {
    let seen: String = name.chars().filter(|c| !hides(*c)).collect();
    matches!(seen.trim(), "" | NO_NAME)
}

/// Characters that are not seen but change what is: bidirectional controls, zero-width and filler characters, tags.
pub(crate) fn hides(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_people_call_themselves() {
        for text in ["홍길동", "  Ana María  ", "O'Brien <b>", "👨\u{200D}👩\u{200D}👧", "é", "— —"]
        {
            assert_eq!(parse(text).as_deref(), Ok(text.trim()));
        }
        for text in ["", " \t "] {
            assert_eq!(parse(text), Err(NameMistake::Missing), "{text:?}");
        }
        assert_eq!(parse(&"가".repeat(65)), Err(NameMistake::TooLong(64)));
        for text in ["a\u{202E}b", "a\nb", "\u{3164}\u{200B}", "a\u{2028}b", "\u{2066}admin", "\u{200B} —"]
        {
            assert_eq!(parse(text), Err(NameMistake::Malformed), "{text:?}");
        }
    }
}
