//! What people type about themselves, parsed; what is wrong with it in the words of the pages.

use mapae_protocol::email_address::InvalidEmailAddress;

use super::{EmailAddress, InvalidPassword, MAX_CHARS, MIN_CHARS, NewPassword, weak};
use crate::pages::{
    input::{EmailMistake, Input, NameMistake, PasswordMistake, PasswordRule},
    shown::Shown,
};

/// Most characters of a name: as many as a page shows of it.
const MAX_NAME: usize = 64;

/// What a new password must be, as a hint.
pub(crate) const PASSWORD_RULE: PasswordRule = PasswordRule { min: MIN_CHARS };

/// An address as somebody types it: blanks around it are not a part of it, and who tries the server out on their own
/// machine may be at `localhost`.
pub(crate) fn address(text: &str) -> Result<EmailAddress, InvalidEmailAddress> {
    EmailAddress::parse_with_localhost(text.trim_matches([' ', '\t']))
}

/// An address, or the field as it is shown again.
pub(crate) fn email(text: Option<&str>) -> Result<EmailAddress, Input<EmailMistake>> {
    let text = text.unwrap_or_default();
    let mistake = if text.trim().is_empty() { EmailMistake::Missing } else { EmailMistake::Malformed };
    address(text).map_err(|_| Input::refused(text, mistake))
}

/// A person's name without blanks around it, or the field as it is shown again.
///
/// Characters that turn the direction of writing or break the line are refused, and so is a name of which
/// nothing would be seen: apps show it, too.
pub(crate) fn name(text: Option<&str>) -> Result<String, Input<NameMistake>> {
    let text = text.unwrap_or_default();
    let name = text.trim();
    let mistake = match () {
        () if name.is_empty() => NameMistake::Missing,
        () if name.chars().count() > MAX_NAME => NameMistake::TooLong(MAX_NAME),
        () if name.contains(misleads) || Shown::name(name) == Shown::name("") => NameMistake::Malformed,
        () => return Ok(name.to_owned()),
    };
    Err(Input::refused(text, mistake))
}

fn misleads(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// A password for the person of these names and addresses.
pub(crate) fn new_password(text: Option<&str>, about: &[&str]) -> Result<NewPassword, PasswordMistake> {
    let text = text.ok_or(PasswordMistake::Missing)?;
    let password = NewPassword::parse(text).map_err(|error| match error {
        InvalidPassword::TooShort => PasswordMistake::TooShort(MIN_CHARS),
        InvalidPassword::TooLong => PasswordMistake::TooLong(MAX_CHARS),
        // No form brings one this far: a request with a NUL in it is refused whole.
        InvalidPassword::Nul => PasswordMistake::Missing,
    })?;
    match () {
        () if weak::is_about(text, about) => Err(PasswordMistake::AboutYou),
        () if weak::is_common(text) => Err(PasswordMistake::TooCommon),
        () => Ok(password),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_people_call_themselves() {
        for text in ["홍길동", "  Ana María  ", "O'Brien <b>", "👨\u{200D}👩\u{200D}👧", "é"] {
            assert_eq!(name(Some(text)).unwrap(), text.trim());
        }
        let refused = |text: &str| name(Some(text)).unwrap_err().mistake;
        assert_eq!(name(None).unwrap_err().mistake, Some(NameMistake::Missing));
        assert_eq!(refused(" \t "), Some(NameMistake::Missing));
        assert_eq!(refused(&"가".repeat(65)), Some(NameMistake::TooLong(64)));
        for text in ["a\u{202E}b", "a\nb", "\u{3164}\u{200B}", "a\u{2028}b", "\u{2066}admin"] {
            assert_eq!(refused(text), Some(NameMistake::Malformed), "{text:?}");
        }
    }

    #[test]
    fn a_refused_field_holds_what_was_typed() {
        assert_eq!(email(Some("a@")).unwrap_err().value, "a@");
        assert_eq!(email(Some(" ")).unwrap_err().mistake, Some(EmailMistake::Missing));
        assert_eq!(email(Some("Hong@Example.com")).unwrap().as_str(), "hong@example.com");
    }

    /// The address itself has none: what a provider gives with a blank is no address of anybody.
    #[test]
    fn lk_11_blanks_around_an_address_are_the_forms() {
        for text in ["  bob@example.com ", "bob@example.com\t", "BOB@EXAMPLE.COM"] {
            assert_eq!(address(text).unwrap().as_str(), "bob@example.com");
        }
        assert!(EmailAddress::parse(" bob@example.com").is_err() && address("b ob@example.com").is_err());
        assert_eq!(address("me@localhost").unwrap().as_str(), "me@localhost");
    }

    #[test]
    fn new_passwords_are_long_enough_and_nobodys_first_guess() {
        let about = ["hong.gildong@example.com", "홍길동"];
        let refused = |text: &str| new_password(Some(text), &about).unwrap_err();
        assert_eq!(new_password(None, &about).unwrap_err(), PasswordMistake::Missing);
        assert_eq!(refused("1234567"), PasswordMistake::TooShort(8));
        assert_eq!(refused(&"x".repeat(129)), PasswordMistake::TooLong(128));
        assert_eq!(refused("Password1"), PasswordMistake::TooCommon);
        assert_eq!(refused("Hong.Gildong1"), PasswordMistake::AboutYou);
        assert!(new_password(Some("correct horse battery"), &about).is_ok());
        assert!(new_password(Some("말 달리자 오늘 밤"), &about).is_ok());
    }
}
