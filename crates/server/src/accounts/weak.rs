//! Passwords that are tried first — NIST SP 800-63B-4 §3.1.1.2 (blocklist).

use std::{collections::HashSet, sync::LazyLock};

use super::MIN_CHARS;

/// Lower case, one on a line.
static COMMON: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// A name shorter than this says nothing about a password that has it inside.
const MIN_TERM: usize = 3;

/// Whether it is on the list, or a row of keys or a repetition that needs no list.
pub(super) fn is_common(password: &str) -> bool {
    let lower = password.to_lowercase();
    COMMON.contains(lower.as_str()) || repeats(&lower) || counts(&lower)
}

/// Whether little is left of it without the person's own names and addresses.
pub(super) fn is_about(password: &str, about: &[&str]) -> bool {
    let lower = password.to_lowercase();
    let terms = about.iter().flat_map(|text| std::iter::once(*text).chain(text.split(['@', ' '])));
    terms
        .map(str::to_lowercase)
        .filter(|term| term.chars().count() >= MIN_TERM)
        .any(|term| lower.contains(&term) && lower.replace(&term, "").chars().count() < MIN_CHARS / 2)
}

/// Up to three characters again and again.
fn repeats(lower: &str) -> bool {
    let chars: Vec<char> = lower.chars().collect();
    (1..=3).any(|period| chars.iter().zip(chars.iter().skip(period)).all(|(a, b)| a == b))
}

/// Each character follows the one before it, upwards or downwards.
fn counts(lower: &str) -> bool {
    let steps = || {
        let next = lower.chars().skip(1);
        lower.chars().zip(next).map(|(a, b)| i64::from(u32::from(b)) - i64::from(u32::from(a)))
    };
    steps().all(|step| step == 1) || steps().all(|step| step == -1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_of_passwords_that_could_be_chosen() {
        let lines: Vec<_> = include_str!("common_passwords.txt").lines().collect();
        assert_eq!(lines.len(), COMMON.len(), "a line is there twice");
        for line in lines {
            assert!(line.chars().count() >= MIN_CHARS && line == line.to_lowercase(), "{line}");
        }
    }

    /// NIST SP 800-63B-4 §3.1.1.2.
    #[test]
    fn first_guesses() {
        for text in
            ["password", "PassWord", "qwer1234", "12345678", "87654321", "abcdefgh", "aaaaaaaa", "abcabcabc"]
        {
            assert!(is_common(text), "{text}");
        }
        for text in ["correct horse battery", "12345679x", "abcabcabd", "비밀번호가아니야"] {
            assert!(!is_common(text), "{text}");
        }
    }

    #[test]
    fn own_names() {
        let about = ["hong@example.com", "Hong Gildong"];
        for text in ["hong@example.com", "example.com", "gildong1", "Hong Gildong!", "honghong"] {
            assert!(is_about(text, &about), "{text}");
        }
        for text in ["a hongkong trip", "gildong rides at dawn", "al"] {
            assert!(!is_about(text, &about), "{text}");
        }
        assert!(!is_about("a1b2c3d4", &["al", ""]), "too short to say anything");
    }
}
