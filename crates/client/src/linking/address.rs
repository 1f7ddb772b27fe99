//! E-mail addresses in the one form in which they are compared — RFC 5321 §4.5.3.1.

/// Longest address (RFC 5321 §4.5.3.1.3).
const MAX_LENGTH: usize = 254;

/// The canonical form of an address: plain ASCII, lower case, one `@`. `None` for everything else: letters that fold into
/// others, quotes and trailing dots are how two spellings become one mailbox, and such an address is nobody's.
#[must_use]
pub fn canonical_address(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let (local, domain) = text.split_once('@')?;
    let dots_are_inside = |part: &str| !part.starts_with('.') && !part.ends_with('.') && !part.contains("..");
    let is_local = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte);
    let is_domain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    let valid = text.len() <= MAX_LENGTH
        && !local.is_empty()
        && domain.contains('.')
        && local.bytes().all(is_local)
        && domain.bytes().all(is_domain)
        && dots_are_inside(local)
        && dots_are_inside(domain);
    valid.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5321 §4.5.3.1, §4.5.3.1.3.
    #[test]
    fn lk_11_spellings_of_one_address_are_one_and_look_alikes_are_none() {
        assert_eq!(canonical_address("Ryan@Example.TEST").as_deref(), Some("ryan@example.test"));
        for folding in [
            "v\u{131}ctim@example.test",
            "V\u{130}CTIM@example.test",
            "victim@ex\u{ff41}mple.test",
            "\u{ff56}ictim@example.test",
            "victim@example.test.",
            "victim.@example.test",
            "vic..tim@example.test",
            "\"victim\"@example.test",
            "victim@evil.test@example.test",
            " victim@example.test",
            "victim@example.test\n",
            "victim",
            "@example.test",
            "victim@localhost",
        ] {
            assert_eq!(canonical_address(folding), None, "{folding:?}");
        }
        assert_ne!(
            canonical_address("a+b@example.test"),
            canonical_address("a@example.test"),
            "two mailboxes"
        );
    }
}
