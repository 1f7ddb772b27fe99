//! E-mail addresses in the one form in which they are stored, compared and throttled — RFC 5321 §4.5.3.1.3.

use std::fmt;

/// Longest address, in bytes (RFC 5321 §4.5.3.1.3).
const MAX_BYTES: usize = 254;
/// Longest part before the `@` (RFC 5321 §4.5.3.1.1).
const MAX_LOCAL: usize = 64;
/// Longest label of a domain (RFC 1035 §2.3.4).
const MAX_LABEL: usize = 63;

/// A canonical address: ASCII, lower case, exactly one `@`.
///
/// Parsing normalises first and validates afterwards, so that no two spellings of one address are two accounts, and no
/// address is two mailboxes. What folds into something else is refused: letters outside ASCII, which are look-alikes of
/// other people's addresses, quotes, trailing dots. Blanks around an address belong to the form in which somebody typed it,
/// which takes them away; around one that a program gives they are wrong.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

/// What is wrong with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address such as name@example.com")]
pub struct InvalidEmailAddress;

impl EmailAddress {
    /// Parses an address of the Internet: its domain has a dot.
    ///
    /// # Errors
    /// [`InvalidEmailAddress`] unless it is `local@domain` in plain ASCII without quotes, spaces or control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidEmailAddress> {
        Self::parse_with_localhost(text).and_then(|address| {
            let domain = address.0.rsplit_once('@').map_or("", |(_, domain)| domain);
            if domain.contains('.') { Ok(address) } else { Err(InvalidEmailAddress) }
        })
    }

    /// Parses an address of the Internet or of this machine: `name@localhost` is one, too.
    ///
    /// # Errors
    /// [`InvalidEmailAddress`], as for [`parse`](Self::parse).
    pub fn parse_with_localhost(text: &str) -> Result<Self, InvalidEmailAddress> {
        let text = text.to_ascii_lowercase();
        let (local, domain) = text.split_once('@').ok_or(InvalidEmailAddress)?;
        if text.len() <= MAX_BYTES && is_local(local) && is_domain(domain) {
            Ok(Self(text))
        } else {
            Err(InvalidEmailAddress)
        }
    }

    /// The canonical text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `dot-atom` of RFC 5322 §3.2.3.
fn is_local(local: &str) -> bool {
    let is_atext = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte);
    let dots_are_inside = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
    (1..=MAX_LOCAL).contains(&local.len()) && local.bytes().all(is_atext) && dots_are_inside
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=MAX_LABEL).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    domain.split('.').all(is_label) && (domain.contains('.') || domain == "localhost")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 5322 §3.2.3, RFC 5321 §4.5.3.1.1, §4.5.3.1.3, RFC 1035 §2.3.4.
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
            &format!("{}@b.com", "a".repeat(65)),
            &format!("a@{}.com", "b".repeat(64)),
            &format!("a@{}com", "b.".repeat(125)),
        ] {
            assert_eq!(EmailAddress::parse_with_localhost(text), Err(InvalidEmailAddress), "{text:?}");
            assert_eq!(EmailAddress::parse(text), Err(InvalidEmailAddress), "{text:?}");
        }
        let longest = format!("{}@{}.{}.com", "a".repeat(64), "b".repeat(63), "c".repeat(63));
        assert_eq!(EmailAddress::parse(&longest).unwrap().as_str(), longest);
    }

    #[test]
    fn lk_11_spellings_of_one_address_are_one_and_look_alikes_are_none() {
        let ryan = EmailAddress::parse("ryan@example.test").unwrap();
        assert_eq!(EmailAddress::parse("Ryan@Example.TEST"), Ok(ryan));
        for folding in [
            "v\u{131}ctim@example.test",
            "v\u{456}ctim@example.test",
            "V\u{130}CTIM@example.test",
            "victim@ex\u{ff41}mple.test",
            "\u{ff56}ictim@example.test",
            "victim\u{ff20}example.test",
            "victim@example.test.",
            "victim.@example.test",
            "vic..tim@example.test",
            "\"victim\"@example.test",
            "victim@evil.test@example.test",
            " victim@example.test",
            "victim@example.test ",
            "\tvictim@example.test",
            "victim@example.test\n",
            "victim",
        ] {
            assert_eq!(EmailAddress::parse(folding), Err(InvalidEmailAddress), "{folding:?}");
        }
        assert_ne!(
            EmailAddress::parse("a+b@example.test"),
            EmailAddress::parse("a@example.test"),
            "two mailboxes"
        );
    }

    #[test]
    fn this_machine_is_a_domain_only_where_it_is_wanted() {
        assert_eq!(EmailAddress::parse("me@localhost"), Err(InvalidEmailAddress));
        assert_eq!(EmailAddress::parse_with_localhost("Me@LocalHost").unwrap().as_str(), "me@localhost");
        assert_eq!(EmailAddress::parse_with_localhost("me@localhosts"), Err(InvalidEmailAddress));
    }

    proptest! {
        #[test]
        fn what_is_kept_is_read_again_as_it_is(text in "[A-Za-z.@+ -]{0,40}") {
            if let Ok(address) = EmailAddress::parse(&text) {
                prop_assert_eq!(EmailAddress::parse(address.as_str()), Ok(address.clone()));
                prop_assert_eq!(EmailAddress::parse_with_localhost(&text), Ok(address));
            }
        }
    }
}
