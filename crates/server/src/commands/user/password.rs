//! A password on standard input.

use std::io::{IsTerminal, Read};

use mapae_protocol::secret::Secret;
use zeroize::Zeroizing;

use crate::{
    accounts::{InvalidPassword, MAX_CHARS, MIN_CHARS, NewPassword, typed},
    commands::{
        answer::complain,
        refusals::{INVALID, Refusals},
    },
    pages::input::PasswordMistake,
};

/// More than any password has.
const MAX_INPUT: u64 = 4_096;

const OPTION: &str = "--password-stdin";

/// Reads to the end of the input; one line feed at its end does not belong to the password.
/// It must be good enough for the person of these names and addresses.
pub(super) fn read(
    input: impl Read + IsTerminal,
    about: &[&str],
    refusals: &mut Refusals,
) -> Option<NewPassword> {
    if input.is_terminal() {
        complain("Write the password, then press Enter and Ctrl+D:");
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_INPUT as usize));
    let (wrong, instead) = match input.take(MAX_INPUT).read_to_end(&mut bytes) {
        Ok(_) => match parse(&bytes, about) {
            Ok(password) => return Some(password),
            Err(wrong) => wrong,
        },
        Err(error) => {
            (format!("Standard input cannot be read: {error}."), "Send the password to it.".to_owned())
        }
    };
    refusals.add(INVALID, OPTION, wrong, instead);
    None
}

/// What is wrong and what to do; never the password itself.
fn parse(bytes: &[u8], about: &[&str]) -> Result<NewPassword, (String, String)> {
    let wrong = |wrong: &str, instead: &str| Err((wrong.to_owned(), instead.to_owned()));
    let Ok(text) = std::str::from_utf8(bytes) else {
        return wrong("The password is not UTF-8 text.", "Send it as UTF-8.");
    };
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = Secret::new(line.strip_suffix('\r').unwrap_or(line).to_owned());
    if line.expose().contains(['\n', '\r']) {
        return wrong("There is more than one line on standard input.", "Send the password alone.");
    }
    let password = NewPassword::parse(line.expose()).map_err(|error| {
        let instead = match error {
            InvalidPassword::TooShort | InvalidPassword::TooLong => {
                format!("Send {MIN_CHARS} to {MAX_CHARS} characters; all kinds are fine.")
            }
            InvalidPassword::Nul => "Send text.".to_owned(),
        };
        (format!("The password cannot be used: {error}."), instead)
    })?;
    // The rules of the pages.
    match typed::new_password(Some(line.expose()), about) {
        Err(PasswordMistake::TooCommon) => {
            wrong("The password is one of those that are tried first.", "Send another one.")
        }
        Err(PasswordMistake::AboutYou) => {
            wrong("The password is little more than the person's name or address.", "Send another one.")
        }
        _ => Ok(password),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_feed_at_the_end_is_not_the_password() {
        for text in ["correct horse", "correct horse\n", "correct horse\r\n", " 말과 마패를 든 사람 \n"]
        {
            assert!(parse(text.as_bytes(), &[]).is_ok(), "{text:?}");
        }
        for text in ["", "\n", "short\n", "two\nlines of it", "ends twice\n\n", "a NUL \0 inside"] {
            let (wrong, _) = parse(text.as_bytes(), &[]).unwrap_err();
            assert!(text.trim().is_empty() || !wrong.contains(text.trim()), "the password is repeated");
        }
        assert!(parse(b"\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff", &[]).is_err());
        assert!(parse("x".repeat(129).as_bytes(), &[]).is_err());
    }

    #[test]
    fn the_rules_of_the_pages_hold_here_too() {
        let about = ["mina@example.com", "Mina Kim"];
        for text in ["password", "Password1", "12345678", "mina@example.com", "Mina Kim1"] {
            assert!(parse(text.as_bytes(), &about).is_err(), "{text}");
        }
        assert!(parse(b"correct horse battery", &about).is_ok());
    }
}
