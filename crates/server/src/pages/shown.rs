//! Words of somebody else, made safe to show — consent page spoofing (RFC 9700 §4.16, OWASP ASVS 10.7.2).

use std::fmt;

use crate::accounts::name::{NO_NAME, hides};

/// Most characters of a name on a page.
const NAME_LIMIT: usize = 64;
/// Most characters of a sentence on a page.
const SENTENCE_LIMIT: usize = 240;
/// Most characters of the place where something is.
const PLACE_LIMIT: usize = 64;
/// Most combining marks on one letter.
const MARKS_LIMIT: usize = 4;

/// A name or a sentence that a person or a developer wrote, as it is shown: on one line, of bounded length,
/// without characters that hide, reorder or pile up text. Templates escape it like any other string.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shown(String);

impl Shown {
    /// A name: of an app, a person, a device. An empty one becomes a dash.
    pub fn name(raw: &str) -> Self {
        let clean = clean(raw, NAME_LIMIT);
        Self(if clean.is_empty() { NO_NAME.to_owned() } else { clean })
    }

    /// A host or an origin. Whose it is stands at its end, so a long one is cut in front; that of a private-use scheme,
    /// `com.example.app:`, is a domain turned round, and is cut behind (RFC 8252 §7.1).
    pub fn place(raw: &str) -> Self {
        if raw.ends_with(':') {
            return Self(clean(raw, PLACE_LIMIT));
        }
        let clean = clean(raw, usize::MAX);
        match clean.char_indices().rev().nth(PLACE_LIMIT) {
            None => Self(clean),
            Some((last, c)) => Self(format!("…{}", clean.get(last + c.len_utf8()..).unwrap_or_default())),
        }
    }

    /// The host of an app and the place to which it leads.
    pub fn way(host: &str, origin: &str) -> Self {
        Self(format!("{} → {}", Self::place(host), Self::place(origin)))
    }

    /// A sentence, such as an app's purpose for an item.
    pub fn sentence(raw: &str) -> Self {
        Self(clean(raw, SENTENCE_LIMIT))
    }

    /// Whether it stands for an empty name.
    pub fn is_dash(&self) -> bool {
        self.0 == NO_NAME
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// First letter, for a face without a picture.
    pub fn initial(&self) -> String {
        self.0
            .chars()
            .find(|c| c.is_alphanumeric())
            .map_or_else(|| "·".to_owned(), |c| c.to_uppercase().collect())
    }

    /// A tone (0–6) that stays the same for the same text.
    pub fn tone(&self) -> u32 {
        self.0.chars().fold(7_u32, |sum, c| sum.wrapping_mul(31).wrapping_add(u32::from(c))) % 7
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn clean(raw: &str, limit: usize) -> String {
    let mut clean = String::new();
    let (mut length, mut marks, mut space) = (0, 0, false);
    for c in raw.chars().filter(|c| !hides(*c)) {
        if c.is_whitespace() || c.is_control() {
            space = !clean.is_empty();
            continue;
        }
        marks = if combines(c) { marks + 1 } else { 0 };
        if marks > MARKS_LIMIT {
            continue;
        }
        if length + usize::from(space) >= limit {
            clean.push('…');
            break;
        }
        if space {
            clean.push(' ');
        }
        length += 1 + usize::from(space);
        space = false;
        clean.push(c);
    }
    clean
}

/// Marks that are drawn onto the letter before them.
fn combines(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0489}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn se_09_names_cannot_hide_reorder_or_overflow() {
        assert_eq!(Shown::name("Goog\u{200B}le\u{202E}elgoog").as_str(), "Googleelgoog");
        assert_eq!(Shown::name("  a\r\n\t b\u{0}  ").as_str(), "a b");
        assert_eq!(Shown::name("\u{3164}\u{2800}").as_str(), "—");
        assert_eq!(Shown::name(&"가".repeat(5_000)).as_str().chars().count(), NAME_LIMIT + 1);
        assert_eq!(Shown::name(&format!("e{}", "\u{0301}".repeat(900))).as_str().chars().count(), 5);
        let sentence = Shown::sentence(&"말 ".repeat(5_000));
        assert!(sentence.as_str().ends_with('…') && sentence.as_str().chars().count() <= SENTENCE_LIMIT + 1);
    }

    #[test]
    fn se_09_a_place_never_loses_its_end() {
        assert_eq!(Shown::place("https://a.example:8443").as_str(), "https://a.example:8443");
        let whole = "x".repeat(PLACE_LIMIT);
        assert_eq!(Shown::place(&whole).as_str(), whole);
        let long = format!("https://accounts.google.com.{}.evil.example", "x".repeat(63));
        let shown = Shown::place(&long);
        assert!(shown.as_str().starts_with('…') && shown.as_str().ends_with(".evil.example"), "{shown}");
        assert_eq!(shown.as_str().chars().count(), PLACE_LIMIT + 1);
        let way = Shown::way(&long, &long);
        assert_eq!(way.as_str(), format!("{shown} → {shown}"));
    }

    #[test]
    fn se_09_a_scheme_never_loses_its_beginning() {
        assert_eq!(Shown::place("com.example.app:").as_str(), "com.example.app:");
        let shown = Shown::place(&format!("com.evil.{}.com.google.accounts:", "x".repeat(63)));
        assert!(shown.as_str().starts_with("com.evil.") && shown.as_str().ends_with('…'), "{shown}");
        assert_eq!(shown.as_str().chars().count(), PLACE_LIMIT + 1);
    }

    #[test]
    fn faces_without_pictures() {
        assert_eq!(Shown::name("나의 서비스").initial(), "나");
        assert_eq!(Shown::name("(ß)").initial(), "SS");
        assert_eq!(Shown::name("!!").initial(), "·");
        assert!(Shown::name("달력").tone() < 7);
    }
}
