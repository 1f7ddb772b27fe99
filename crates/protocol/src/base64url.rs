//! Base64url without padding — RFC 7515 §2, RFC 4648 §5.
//!
//! Strict: each byte string has exactly one spelling. Padding, white space, the other alphabet and
//! trailing bits that are not zero are refused, so that nobody can write one token in two ways.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// The text is not base64url in its only accepted spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not base64url without padding")]
pub struct Malformed;

/// `bytes` as text.
#[must_use]
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Appends `bytes` to `text`.
pub fn encode_into(bytes: &[u8], text: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

/// How many characters `bytes` bytes make.
#[must_use]
pub const fn encoded_len(bytes: usize) -> usize {
    (bytes / 3) * 4 + (bytes % 3 * 4).div_ceil(3)
}

/// The bytes that `text` stands for.
///
/// # Errors
/// [`Malformed`] for anything but the canonical spelling.
pub fn decode(text: &str) -> Result<Vec<u8>, Malformed> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Malformed)
}

/// The `N` bytes that `text` stands for.
///
/// # Errors
/// [`Malformed`] for anything but the canonical spelling of exactly `N` bytes.
pub fn decode_array<const N: usize>(text: &str) -> Result<[u8; N], Malformed> {
    if text.len() != encoded_len(N) {
        return Err(Malformed);
    }
    let mut bytes = [0; N];
    match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
        Ok(length) if length == N => Ok(bytes),
        _ => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn vectors_of_rfc_4648_10() {
        for (plain, text) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(plain.as_bytes()), text);
            assert_eq!(decode(text).unwrap(), plain.as_bytes());
            assert_eq!(encoded_len(plain.len()), text.len());
        }
    }

    /// RFC 4648 §5.
    #[test]
    fn jo_12_only_one_spelling_is_accepted() {
        for hostile in [
            "Zg==", "Zg=", "Zh", "Zm9", " Zg", "Zg\n", "Z g", "Z", "+/", "Zm9v.", "Zm9v\0", "Zm9v한", "=",
            "Zm9vZ",
        ] {
            assert_eq!(decode(hostile), Err(Malformed), "{hostile:?}");
        }
        assert_eq!(decode_array::<1>("Zg"), Ok([b'f']));
        assert_eq!(decode_array::<1>("Zh"), Err(Malformed));
        assert_eq!(decode_array::<2>("Zg"), Err(Malformed));
        assert_eq!(decode_array::<1>("Zm8"), Err(Malformed));
        assert_eq!(decode_array::<0>(""), Ok([]));
    }

    proptest! {
        #[test]
        fn round_trip(bytes: Vec<u8>) {
            let text = encode(&bytes);
            prop_assert_eq!(text.len(), encoded_len(bytes.len()));
            prop_assert_eq!(decode(&text).unwrap(), bytes);
        }

        #[test]
        fn jo_12_whatever_decodes_is_canonical(text in "[A-Za-z0-9_=+/ -]{0,24}") {
            if let Ok(bytes) = decode(&text) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }

        #[test]
        fn arrays_agree_with_vectors(text in "[A-Za-z0-9_-]{40,46}") {
            let by_vector = decode(&text).ok().filter(|bytes| bytes.len() == 32);
            prop_assert_eq!(decode_array::<32>(&text).ok().map(|bytes| bytes.to_vec()), by_vector);
        }
    }
}
