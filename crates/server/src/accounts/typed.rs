//! What people type about themselves, parsed; what is wrong with it in the words of the pages.

use mapae_protocol::email_address::InvalidEmailAddress;

use super::{EmailAddress, InvalidPassword, MAX_CHARS, MIN_CHARS, NameMistake, NewPassword, name, weak};
use crate::pages::input::{EmailMistake, Input, PasswordMistake, PasswordRule};

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

/// A person's name by [`name::parse`], or the field as it is shown again.
pub(crate) fn name(text: Option<&str>) -> Result<String, Input<NameMistake>> {
    let text = text.unwrap_or_default();
    name::parse(text).map_err(|mistake| Input::refused(text, mistake))
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
    fn a_refused_field_holds_what_was_typed() {
        assert_eq!(email(Some("a@")).unwrap_err().value, "a@");
        assert_eq!(name(Some(" \n")).unwrap_err().value, " \n");
        assert_eq!(name(None).unwrap_err().mistake, Some(NameMistake::Missing));
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
