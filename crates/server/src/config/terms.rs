//! `[[terms]]`: what people agree to when they make an account, one table each.

use mapae_client::terms::Term;
use mapae_protocol::locale::Locale;
use url::Url;

use super::{
    source::Source,
    table::{Key, Reading, key},
};

/// The name of the tables in the file.
pub(super) const TERMS: &str = "terms";
/// Longest name and version of a term.
const MAX_NAME: usize = 32;
/// Longest title of a term, in characters.
const MAX_TITLE: usize = 120;

/// Every key. A test reads each.
pub(super) const KEYS: &[Key] = &[
    key(
        "id",
        "The name of the term, which stays the same for ever: a to z, 0 to 9 and the hyphen.",
        "\"service\"",
    ),
    key(
        "version",
        "A text that changes with the term, such as the day from which it holds.",
        "\"2026-11-01\"",
    ),
    key(
        "required",
        "`off` for a term that people may leave out. Without a required one there is no account, and a new version of it \
         is asked at the next sign-in.",
        "\"off\"",
    ),
    key("title_ko", "What people read beside the box, in Korean.", "\"이용약관\""),
    key("title_en", "The same in English.", "\"Terms of service\""),
    key(
        "address_ko",
        "Where the text is, in Korean; without it that in English.",
        "\"https://example.com/ko/terms\"",
    ),
    key(
        "address_en",
        "Where the text is, in English; without it that in Korean.",
        "\"https://example.com/en/terms\"",
    ),
];

/// Reads the tables; what is wrong goes to the mistakes.
pub(super) fn read(source: &mut Source<'_>) -> Vec<Term> {
    let mut read: Vec<Term> = Vec::new();
    for table in source.tables(TERMS) {
        let mut reading = Reading::of(&table);
        reading.refuse_unknown(KEYS);
        let term = term(&mut reading);
        if let Some(term) = &term
            && read.iter().any(|other| other.name() == term.name())
        {
            reading.mistake("id", "Two terms have one id.", "Give one of them another id.");
        }
        reading.tell(source);
        read.extend(term);
    }
    read
}

fn term(reading: &mut Reading<'_>) -> Option<Term> {
    let id = word(reading, "id");
    let version = word(reading, "version");
    let required = !reading.is_off("required");
    let (title_ko, title_en) = (title(reading, "title_ko"), title(reading, "title_en"));
    let (address_ko, address_en) = (address(reading, "address_ko"), address(reading, "address_en"));
    let of = if required { Term::required } else { Term::optional };
    let mut term = of(id?, version?).titled(title_ko?, title_en?);
    for (locale, address) in [(Locale::Ko, address_ko), (Locale::En, address_en)] {
        if let Some(address) = address {
            term = term.at_in(locale, address);
        }
    }
    Some(term)
}

/// A short word that can stand in a form.
fn word(reading: &mut Reading<'_>, key: &str) -> Option<String> {
    let word = reading.required(key)?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    if word.len() <= MAX_NAME && word.bytes().all(plain) {
        return Some(word);
    }
    let instead = "Write at most 32 of a to z, 0 to 9, the hyphen and the point.";
    reading.mistake(key, "This is not a short word.", instead);
    None
}

fn title(reading: &mut Reading<'_>, key: &str) -> Option<String> {
    let title = reading.required(key)?;
    if title.chars().count() <= MAX_TITLE && !title.contains(char::is_control) {
        return Some(title);
    }
    reading.mistake(
        key,
        "This is too long or on several lines.",
        "Write at most 120 characters on one line.",
    );
    None
}

/// Where a browser may be led.
fn address(reading: &mut Reading<'_>, key: &str) -> Option<String> {
    let address = reading.text(key)?;
    if Url::parse(&address).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host()) {
        return Some(address);
    }
    reading.mistake(key, "This is not the address of a page.", "Write it whole: https://example.com/terms.");
    None
}
