//! The languages of the pages — OIDC Core §3.1.2.1 (`ui_locales`), RFC 9110 §12.5.4, RFC 5646 §2.1.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest language list that is read, in bytes; more is ignored, because a language is only a wish.
const MAX_BYTES: usize = 1024;

/// A language in which every page exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// Korean.
    Ko,
    /// English.
    En,
}

impl Locale {
    /// Every language.
    pub const ALL: &'static [Self] = &[Self::Ko, Self::En];

    /// The language tag, as in `lang="ko"`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ko => "ko",
            Self::En => "en",
        }
    }

    /// The language of a BCP 47 tag such as `ko-KR`, without regard to case; `None` if no page speaks it.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        let mut subtags = tag.split('-');
        let language = subtags.next()?;
        let well_formed = subtags.all(|subtag| {
            (1..=8).contains(&subtag.len()) && subtag.bytes().all(|b| b.is_ascii_alphanumeric())
        });
        Self::ALL.iter().copied().find(|locale| well_formed && locale.as_str().eq_ignore_ascii_case(language))
    }

    /// The first supported language of `ui_locales`: tags separated by spaces, most wanted first. Unknown ones
    /// are no error (OIDC Core §3.1.2.1).
    #[must_use]
    pub fn from_ui_locales(list: &str) -> Option<Self> {
        if list.len() > MAX_BYTES {
            return None;
        }
        list.split(' ').find_map(Self::parse)
    }

    /// The supported language of highest quality in `Accept-Language`, the earlier one of equals.
    #[must_use]
    pub fn from_accept_language(header: &str) -> Option<Self> {
        if header.len() > MAX_BYTES {
            return None;
        }
        let mut best: Option<(u16, Self)> = None;
        for range in header.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let locale = parts.next().and_then(Self::parse);
            let quality = parts.next().map_or(Some(1000), quality);
            let (Some(locale), Some(quality)) = (locale, quality) else { continue };
            if quality > best.map_or(0, |(best, _)| best) {
                best = Some((quality, locale));
            }
        }
        best.map(|(_, locale)| locale)
    }
}

/// `q=0.8` in thousandths (RFC 9110 §12.4.2).
fn quality(parameter: &str) -> Option<u16> {
    let value = parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="))?;
    let (whole, decimals) = value.split_once('.').unwrap_or((value, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn az_34_a_locale_is_one_of_a_list_or_nothing() {
        for (list, expected) in [
            ("ko", Some(Locale::Ko)),
            ("fr-CA fr EN-us ko", Some(Locale::En)),
            ("KO-kr", Some(Locale::Ko)),
            ("ko-Kore-KR-u-ca-dangi", Some(Locale::Ko)),
            ("fr", None),
            ("", None),
            ("kor", None),
            ("ko_KR", None),
            ("../../etc/passwd", None),
            ("ko-../x", None),
            ("en-<script>", None),
        ] {
            assert_eq!(Locale::from_ui_locales(list), expected, "{list}");
        }
        assert_eq!(Locale::from_ui_locales(&format!("ko {}", "x".repeat(MAX_BYTES))), None);
    }

    /// RFC 9110 §12.4.2, §12.5.4.
    #[test]
    fn rfc9110_12_5_4_the_highest_quality_wins() {
        for (header, expected) in [
            ("ko-KR,ko;q=0.9,en-US;q=0.8", Some(Locale::Ko)),
            ("en;q=0.8, ko;q=0.9", Some(Locale::Ko)),
            ("fr-FR, en;q=0.5, ko;q=0.5", Some(Locale::En)),
            ("ko;q=0, en;q=0.001", Some(Locale::En)),
            ("ko;q=0", None),
            ("ko;q=1.5, en", Some(Locale::En)),
            ("ko;q=, en;q=0.1", Some(Locale::En)),
            ("ko;q=1.000", Some(Locale::Ko)),
            ("*", None),
            (",,;;q=1", None),
        ] {
            assert_eq!(Locale::from_accept_language(header), expected, "{header}");
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(text in ".{0,200}") {
            let _ = (Locale::from_ui_locales(&text), Locale::from_accept_language(&text));
        }

        /// RFC 5646 §2.1.
        #[test]
        fn a_tag_is_found_by_its_language(locale in proptest::sample::select(Locale::ALL), region in "[A-Z]{2}") {
            prop_assert_eq!(Locale::parse(&format!("{locale}-{region}")), Some(locale));
        }
    }
}
