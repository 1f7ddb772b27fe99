//! The name of an app: what people are shown when they are asked to trust it — SE-09.

use unicode_normalization::UnicodeNormalization as _;

use super::look_alike;
use crate::accounts::name::{self, NameMistake, hides};

/// The name in the one spelling of its letters (NFC), so that what is typed to confirm it is equal to it; by the
/// rules that hold for people's names, and without anything that nobody sees: two apps whose names look alike are
/// to be two spellings, not one. Nor are two spellings to look alike.
pub(super) fn parse(text: &str) -> Result<String, NameMistake> {
    let composed: String = text.nfc().collect();
    let name = name::parse(&composed)?;
    match () {
        () if name.contains(hides) => Err(NameMistake::Hidden),
        () if look_alike::misleads(&name) => Err(NameMistake::LookAlike),
        () => Ok(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn se_09_names_are_short_visible_and_in_one_direction() {
        assert_eq!(parse("  나의 서비스 ").as_deref(), Ok("나의 서비스"));
        assert_eq!(
            parse("\u{1102}\u{1161}").as_deref(),
            Ok("나"),
            "as some keyboards and file names spell it"
        );
        assert_eq!(parse(&"가".repeat(64)).map(|name| name.chars().count()), Ok(64));
        assert_eq!(parse(&"가".repeat(65)), Err(NameMistake::TooLong(64)));
        for text in ["", "  "] {
            assert_eq!(parse(text), Err(NameMistake::Missing), "{text:?}");
        }
        for text in ["a\nb", "a\tb", "a\u{9b}b", "Goog\u{202e}el", "\u{200b}", "\u{3164}", "a\u{2028}b"] {
            assert_eq!(parse(text), Err(NameMistake::Malformed), "{text:?}");
        }
        for text in
            ["Ba\u{200b}nk", "\u{200e}Bank", "Bank\u{feff}", "나의\u{3164}서비스", "B\u{ad}ank", "a\u{2060}b"]
        {
            assert_eq!(parse(text), Err(NameMistake::Hidden), "{text:?}");
        }
        for text in ["Goоgle", "Ｋａｋａｏ", "✅ 카카오", "Google™"] {
            assert_eq!(parse(text), Err(NameMistake::LookAlike), "{text:?}");
        }
    }
}
