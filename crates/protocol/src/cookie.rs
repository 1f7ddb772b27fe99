//! Reading the cookies of a request — RFC 6265 §4.2, §5.4; attack SE-25.

use http::{HeaderMap, HeaderValue, header};

/// The value of one cookie. Two of one name are none: a neighbouring host or port may have set one of them (cookie
/// tossing), and nobody can tell which. Empty is none too.
#[must_use]
pub fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = pairs(headers).filter(|(found, _)| *found == name).map(|(_, value)| value);
    let value = values.next().filter(|value| !value.is_empty())?;
    values.next().is_none().then_some(value)
}

/// Every value that is sent under one name: for who ends what any of them stands for.
pub fn values<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    pairs(headers).filter(move |(found, _)| *found == name).map(|(_, value)| value)
}

/// All cookies whose name and value are text, in the order in which they were sent.
pub fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(header::COOKIE).into_iter().map(HeaderValue::as_bytes);
    // Pair by pair: a strange byte in somebody else's cookie must not hide ours.
    let pairs = lines.flat_map(|line| line.split(|&byte| byte == b';'));
    pairs.filter_map(|pair| std::str::from_utf8(pair).ok()?.trim().split_once('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(lines: &[&[u8]]) -> HeaderMap {
        lines.iter().map(|line| (header::COOKIE, HeaderValue::from_bytes(line).unwrap())).collect()
    }

    /// RFC 6265 §4.2, §5.4.
    #[test]
    fn se_25_two_cookies_of_one_name_are_none() {
        let cases: [(&[&[u8]], Option<&str>); 10] = [
            (&[b"s=abc"], Some("abc")),
            (&[b"a=b; s=abc; c=d"], Some("abc")),
            (&[b"a=b", b"s=a=b"], Some("a=b")),
            (&[b"s=abc; s=evil"], None),
            (&[b"s=abc", b"s=abc"], None),
            (&[b"s=abc; s="], None),
            (&[b"s="], None),
            (&[b"S=evil; xs=evil"], None),
            (&[b";;; =; ="], None),
            (&[], None),
        ];
        for (lines, expected) in cases {
            assert_eq!(value(&sent(lines), "s"), expected, "{lines:?}");
        }
    }

    #[test]
    fn se_25_whoever_ends_something_sees_all_of_one_name() {
        let headers = sent(&[b"s=abc; t=x; s=evil", b"s=abc"]);
        assert_eq!(values(&headers, "s").collect::<Vec<_>>(), ["abc", "evil", "abc"]);
        assert_eq!(values(&headers, "none").count(), 0);
    }

    #[test]
    fn se_25_a_strange_neighbour_hides_nothing() {
        for line in [&b"a=\xff\xfe; name=\xed\x95\x9c; s=x; broken"[..], b"s=x;a=\x80", b"\xe9=1;s=x"] {
            assert_eq!(value(&sent(&[line]), "s"), Some("x"), "{line:?}");
        }
        assert_eq!(value(&sent(&[b"s=\xff"]), "s"), None);
    }
}
