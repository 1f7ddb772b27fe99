//! Code split into words and single marks.

use crate::source::Line;

/// A word, or one other character.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    /// From 0.
    pub(crate) line: usize,
}

/// The tokens of all lines.
pub(crate) fn tokens(lines: &[Line]) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    for (line, content) in lines.iter().enumerate() {
        found.extend(words_and_marks(&content.code).map(|text| Token { text, line }));
    }
    found
}

/// A name, a keyword or a number.
pub(crate) fn is_word(text: &str) -> bool {
    text.starts_with(is_word_char)
}

fn is_word_char(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

/// Words and single other characters, blanks left out.
pub(crate) fn words_and_marks(code: &str) -> impl Iterator<Item = &str> {
    let mut rest = code.trim_start();
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = match rest.find(|char| !is_word_char(char)) {
            Some(0) => first.len_utf8(),
            Some(end) => end,
            None => rest.len(),
        };
        let (token, after) = rest.split_at(end);
        rest = after.trim_start();
        Some(token)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_whole_and_marks_single() {
        let found: Vec<&str> = words_and_marks("  pub(crate) fn é_1(x: &'a u8) -> u8;").collect();
        assert_eq!(
            found,
            [
                "pub", "(", "crate", ")", "fn", "é_1", "(", "x", ":", "&", "'", "a", "u8", ")", "-", ">",
                "u8", ";"
            ]
        );
        assert_eq!(words_and_marks("   ").count(), 0);
    }
}
