//! Languages of claims — OIDC Core §5.2, RFC 5646 §2.1.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest tag in bytes: RFC 5646 §4.4.1 counts 35 for the longest that anybody needs.
const MAX_BYTES: usize = 35;
/// Most languages that are looked for; more are ignored, because a language is only a wish.
const MAX_TAGS: usize = 8;

/// A language tag in the spelling that is recommended, such as `ko-KR` or `ja-Hani-JP` (RFC 5646 §2.1.1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LanguageTag(String);

impl LanguageTag {
    /// Reads a tag, without regard to case: letters first, then parts of one to eight letters and digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let language = parts.next().filter(|part| is_of(part, 2..=8, |byte| byte.is_ascii_alphabetic()))?;
        let mut tag = language.to_ascii_lowercase();
        for part in parts {
            let part = Some(part).filter(|part| is_of(part, 1..=8, |byte| byte.is_ascii_alphanumeric()))?;
            tag.push('-');
            tag.push_str(&spelled(part));
        }
        (tag.len() <= MAX_BYTES).then_some(Self(tag))
    }

    /// The languages of `claims_locales`: tags separated by spaces, most wanted first. What is none is left out.
    pub fn list(text: &str) -> Vec<Self> {
        text.split(' ').filter_map(Self::parse).take(MAX_TAGS).collect()
    }

    /// The tag as it is written behind a claim's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the language of `range`, or a kind of it: `ko-KR` is in `ko` (RFC 4647 §3.3.1).
    #[must_use]
    pub fn is_in(&self, range: &Self) -> bool {
        self.0.strip_prefix(&range.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    }
}

fn is_of(part: &str, lengths: std::ops::RangeInclusive<usize>, fits: impl Fn(&u8) -> bool) -> bool {
    lengths.contains(&part.len()) && part.as_bytes().iter().all(fits)
}

/// Regions in capitals, scripts with one, everything else small.
fn spelled(part: &str) -> String {
    match part.len() {
        2 => part.to_ascii_uppercase(),
        4 if part.as_bytes().iter().all(u8::is_ascii_alphabetic) => {
            let (first, rest) = part.split_at(1);
            first.to_ascii_uppercase() + &rest.to_ascii_lowercase()
        }
        _ => part.to_ascii_lowercase(),
    }
}

impl fmt::Display for LanguageTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a claim without its language: `name` of `name#ko-KR`.
#[must_use]
pub fn plain_name(claim: &str) -> &str {
    claim.split_once('#').map_or(claim, |(name, _)| name)
}

/// The name of a claim and its language, if it has one that is well-formed.
#[must_use]
pub fn split(claim: &str) -> Option<(&str, LanguageTag)> {
    let (name, tag) = claim.split_once('#')?;
    Some((name, LanguageTag::parse(tag)?))
}

/// The name of a claim with its language as it is recommended to be spelled; any other name as it is.
pub(crate) fn spelled_name(claim: String) -> String {
    split(&claim).map(|(name, tag)| format!("{name}#{tag}")).unwrap_or(claim)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5646 §2.1.1, §4.4.1.
    #[test]
    fn rfc5646_2_1_1_a_tag_is_read_in_any_case_and_has_one_spelling() {
        for (said, spelled) in [
            ("ko", Some("ko")),
            ("KO-kr", Some("ko-KR")),
            ("JA-hani-jp", Some("ja-Hani-JP")),
            ("zh-419", Some("zh-419")),
            ("sl-ROZAJ", Some("sl-rozaj")),
            ("de-1996", Some("de-1996")),
            ("en-x-Own", Some("en-x-own")),
            ("", None),
            ("k", None),
            ("k0", None),
            ("ko-", None),
            ("ko_KR", None),
            ("ko#KR", None),
            ("한국", None),
            ("ko-abcdefghi", None),
            ("ko-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa", None),
        ] {
            assert_eq!(LanguageTag::parse(said).as_ref().map(LanguageTag::as_str), spelled, "{said}");
        }
        let list = LanguageTag::list("ko-kr  x en * 한 EN-gb");
        assert_eq!(list.iter().map(LanguageTag::as_str).collect::<Vec<_>>(), ["ko-KR", "en", "en-GB"]);
        assert_eq!(LanguageTag::list(&"ko ".repeat(1_000)).len(), MAX_TAGS);
    }

    /// RFC 4647 §3.3.1.
    #[test]
    fn rfc4647_3_3_1_a_range_takes_what_is_more_special_and_nothing_else() {
        let is_in = |tag: &str, range: &str| {
            LanguageTag::parse(tag).unwrap().is_in(&LanguageTag::parse(range).unwrap())
        };
        assert!(is_in("ko", "KO") && is_in("ko-KR", "ko") && is_in("ja-Hani-JP", "ja-hani"));
        assert!(!is_in("ko", "ko-KR") && !is_in("kok", "ko") && !is_in("en", "ko"));
    }

    #[test]
    fn oidc_core_5_2_the_language_stands_behind_the_name() {
        assert_eq!(plain_name("name#ko-KR"), "name");
        assert_eq!(plain_name("name"), "name");
        let (name, tag) = split("family_name#JA-kana-jp").unwrap();
        assert_eq!((name, tag.as_str()), ("family_name", "ja-Kana-JP"));
        assert!(split("name").is_none() && split("name#").is_none() && split("name#a#b").is_none());
        assert_eq!(spelled_name("name#EN".to_owned()), "name#en");
        assert_eq!(spelled_name("name#?".to_owned()), "name#?");
    }
}
