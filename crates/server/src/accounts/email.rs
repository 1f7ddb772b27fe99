//! E-mail addresses in the one form in which they are stored, compared and throttled.

/// A canonical address: ASCII, lower case, exactly one `@`.
///
/// Parsing normalises first and validates afterwards, so that no two spellings of one address are two
/// accounts, and no address is two mailboxes. Letters outside ASCII are refused: look-alikes of other
/// people's addresses are all they have been good for here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Email(String);

/// What is wrong with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address such as name@example.com")]
pub struct InvalidEmail;

/// RFC 5321 §4.5.3.1.3 leaves 254 characters for an address.
const MAX_LENGTH: usize = 254;

impl Email {
    /// Parses an address as a person types it.
    ///
    /// # Errors
    /// [`InvalidEmail`] unless it is `local@domain` in plain ASCII without quotes, spaces or control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim_matches(|c: char| c == ' ' || c == '\t').to_ascii_lowercase();
        let (local, domain) = text.split_once('@').ok_or(InvalidEmail)?;
        let fits = text.len() <= MAX_LENGTH && !local.is_empty() && local.len() <= 64;
        let valid = fits && local.bytes().all(is_local) && dots_are_inside(local) && is_domain(domain);
        if valid { Ok(Self(text)) } else { Err(InvalidEmail) }
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Email {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// `atext` of RFC 5322 §3.2.3, and the dot.
fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte)
}

fn dots_are_inside(text: &str) -> bool {
    !text.starts_with('.') && !text.ends_with('.') && !text.contains("..")
}

fn is_domain(domain: &str) -> bool {
    let labels_fit = domain.split('.').all(|label| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    });
    labels_fit && (domain.contains('.') || domain == "localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5322 §3.2.3.
    #[test]
    fn se_19_hostile_addresses_are_refused() {
        for text in [
            "",
            "@",
            "a@",
            "@b.com",
            "a@evil.com@victim.com",
            "\"a@b\"@c.com",
            "a b@c.com",
            "a@b.com\r\nBcc: x@y.com",
            "v\u{456}ctim@example.com",
            "a\u{ff20}b.com",
            "a@b..com",
            ".a@b.com",
            "a.@b.com",
            "a..b@c.com",
            "a@-b.com",
            "a@b-.com",
            "a@[127.0.0.1]",
            "a@b",
            "a\0@b.com",
            "a@b.com,c@d.com",
            "<a@b.com>",
        ] {
            assert_eq!(Email::parse(text), Err(InvalidEmail), "{text:?}");
        }
        assert_eq!(Email::parse(&format!("{}@b.com", "a".repeat(65))), Err(InvalidEmail));
    }

    #[test]
    fn lk_11_spellings_of_one_address_are_one_address() {
        let canonical = Email::parse("bob@example.com").unwrap();
        for text in ["Bob@Example.COM", "  bob@example.com ", "BOB@EXAMPLE.COM"] {
            assert_eq!(Email::parse(text).unwrap(), canonical);
        }
        assert_ne!(Email::parse("bob+tag@example.com").unwrap(), canonical);
    }
}
