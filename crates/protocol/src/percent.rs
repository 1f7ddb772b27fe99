//! Percent-encoding of forms — RFC 6749 Appendix B, RFC 3986 §2.1.

/// Why encoded text was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A `%` is not followed by two hexadecimal digits (RFC 3986 §2.1).
    #[error("a percent sign is not followed by two hexadecimal digits")]
    Malformed,
    /// The decoded bytes are not UTF-8 (RFC 6749 Appendix B).
    #[error("the decoded bytes are not UTF-8")]
    NotUtf8,
    /// The decoded text holds NUL, which no store and no peer can carry.
    #[error("the decoded text holds a NUL byte")]
    Nul,
}

/// Decodes one name or value of `application/x-www-form-urlencoded`; `+` is a space.
///
/// # Errors
/// Malformed escapes, bytes that are not UTF-8, and NUL are refused, never replaced.
pub fn decode_form(encoded: &[u8]) -> Result<String, Error> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        let byte = match first {
            b'+' => b' ',
            b'%' => {
                let (digits, tail) = rest.split_first_chunk().ok_or(Error::Malformed)?;
                rest = tail;
                hex_byte(*digits)?
            }
            plain => plain,
        };
        if byte == 0 {
            return Err(Error::Nul);
        }
        decoded.push(byte);
    }
    String::from_utf8(decoded).map_err(|_| Error::NotUtf8)
}

/// Appends `text` to `out` as `application/x-www-form-urlencoded` writes it: space becomes `+`, everything
/// but letters, digits and `*-._` becomes `%XX`. The result is ASCII without CR, LF, quotes or `&`.
pub fn encode_form(text: &str, out: &mut String) {
    for &byte in text.as_bytes() {
        match byte {
            b' ' => out.push('+'),
            b'*' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
            letter if letter.is_ascii_alphanumeric() => out.push(char::from(letter)),
            other => {
                out.push('%');
                out.push(hex_digit(other >> 4));
                out.push(hex_digit(other & 0x0f));
            }
        }
    }
}

/// The byte that two hexadecimal digits stand for.
pub(crate) fn hex_byte([high, low]: [u8; 2]) -> Result<u8, Error> {
    Ok(hex_value(high)? << 4 | hex_value(low)?)
}

fn hex_value(digit: u8) -> Result<u8, Error> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        b'A'..=b'F' => Ok(digit - b'A' + 10),
        _ => Err(Error::Malformed),
    }
}

fn hex_digit(value: u8) -> char {
    char::from_digit(u32::from(value), 16).map_or('0', |digit| digit.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rfc6749_appendix_b_example() {
        let mut out = String::new();
        encode_form(" %&+£€", &mut out);
        assert_eq!(out, "+%25%26%2B%C2%A3%E2%82%AC");
        assert_eq!(decode_form(out.as_bytes()).unwrap(), " %&+£€");
    }

    /// RFC 3986 §2.1.
    #[test]
    fn malformed_escapes_are_refused() {
        for text in ["%", "%2", "%zz", "a%2g", "%%41", "%+1", "% 1"] {
            assert_eq!(decode_form(text.as_bytes()), Err(Error::Malformed), "{text}");
        }
    }

    #[test]
    fn overlong_and_broken_utf8_are_refused() {
        for text in ["%c0%af", "%ff", "%ed%a0%80", "%e2%82"] {
            assert_eq!(decode_form(text.as_bytes()), Err(Error::NotUtf8), "{text}");
        }
        assert_eq!(decode_form(b"\xff"), Err(Error::NotUtf8));
    }

    #[test]
    fn az_08_nul_is_refused_raw_and_encoded() {
        assert_eq!(decode_form(b"a%00b"), Err(Error::Nul));
        assert_eq!(decode_form(b"a\0b"), Err(Error::Nul));
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_itself(text in "[^\\x00]{0,64}") {
            let mut encoded = String::new();
            encode_form(&text, &mut encoded);
            prop_assert!(encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+%*-._".contains(&byte)));
            prop_assert_eq!(decode_form(encoded.as_bytes()).unwrap(), text);
        }

        #[test]
        fn no_input_panics(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
            let _ = decode_form(&bytes);
        }
    }
}
