//! Forms with a file in them, `multipart/form-data` — RFC 7578 §4, RFC 2046 §5.1.1.

use bytes::Bytes;
use http::{HeaderMap, header::CONTENT_TYPE};

const FORM: &str = "multipart/form-data";

/// Most parts of a form.
const MAX_PARTS: usize = 16;
/// Most bytes of a part's headers.
const MAX_HEADERS: usize = 2048;

/// One field of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Its name.
    pub(crate) name: String,
    /// Whether it is a file, as its sender says.
    pub(crate) is_file: bool,
    /// What it holds.
    pub(crate) content: Bytes,
    /// Whether that is all of it; only the last part of a body that was cut is not.
    pub(crate) whole: bool,
}

/// A body that is no such form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the form is malformed")]
pub(crate) struct Malformed;

/// The boundary between the parts, if the headers announce a form with files.
pub(crate) fn boundary(headers: &HeaderMap) -> Option<&str> {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (types.next(), types.next()) else { return None };
    let (essence, parameters) = value.to_str().ok()?.split_once(';')?;
    if !essence.trim().eq_ignore_ascii_case(FORM) {
        return None;
    }
    let boundary = parameters.trim().strip_prefix("boundary=")?;
    let boundary = boundary.strip_prefix('"').and_then(|quoted| quoted.strip_suffix('"')).unwrap_or(boundary);
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=?".contains(&byte);
    ((1..=70).contains(&boundary.len()) && boundary.bytes().all(known)).then_some(boundary)
}

/// The fields of a form, in order. Of a body that was `cut` the last one may be incomplete.
///
/// # Errors
/// [`Malformed`]: anything that browsers do not send, such as text around the parts.
pub(crate) fn parse(body: &Bytes, boundary: &str, cut: bool) -> Result<Vec<Part>, Malformed> {
    let delimiter = format!("\r\n--{boundary}");
    let mut parts = Vec::new();
    let first = delimiter.trim_start().as_bytes();
    let mut at = if body.starts_with(first) { first.len() } else { return Err(Malformed) };
    loop {
        let rest = body.get(at..).unwrap_or_default();
        if rest.starts_with(b"--") {
            return Ok(parts);
        }
        if parts.len() == MAX_PARTS || !rest.starts_with(b"\r\n") {
            return if cut && rest.len() < 2 { Ok(parts) } else { Err(Malformed) };
        }
        let Some(end) = find(rest, b"\r\n\r\n").filter(|end| *end <= MAX_HEADERS) else {
            return if cut && rest.len() <= MAX_HEADERS { Ok(parts) } else { Err(Malformed) };
        };
        let (name, is_file) = disposition(rest.get(..end).unwrap_or_default())?;
        let start = at + end + 4;
        let content = body.get(start..).unwrap_or_default();
        let (length, whole) = match find(content, delimiter.as_bytes()) {
            Some(length) => (length, true),
            None if cut => (content.len(), false),
            None => return Err(Malformed),
        };
        parts.push(Part { name, is_file, content: body.slice(start..start + length), whole });
        if !whole {
            return Ok(parts);
        }
        at = start + length + delimiter.len();
    }
}

/// Name and kind of a part by its `Content-Disposition` (RFC 7578 §4.2). Names with anything but letters, digits,
/// `.`, `_` and `-` in them are none of ours.
fn disposition(headers: &[u8]) -> Result<(String, bool), Malformed> {
    let headers = std::str::from_utf8(headers).map_err(|_| Malformed)?;
    let mut values = headers.split("\r\n").filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value.trim())
    });
    let (Some(value), None) = (values.next(), values.next()) else { return Err(Malformed) };
    let value = value.strip_prefix("form-data; name=\"").ok_or(Malformed)?;
    let (name, rest) = value.split_once('"').ok_or(Malformed)?;
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if name.is_empty() || !name.bytes().all(known) {
        return Err(Malformed);
    }
    Ok((name.to_owned(), rest.starts_with("; filename=") || rest.starts_with("; filename*=")))
}

fn find(text: &[u8], sought: &[u8]) -> Option<usize> {
    text.windows(sought.len()).position(|window| window == sought)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const BODY: &[u8] = b"--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\ntoken\r\n\
        --x\r\ncontent-disposition: form-data; name=\"icon\"; filename=\"a\r.png\"\r\nContent-Type: image/png\r\n\r\n\
        \x89PNG\r\n\r\n--y\x00\r\n--x--\r\n";

    fn boundary_of(value: &'static str) -> Option<String> {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(value))]);
        boundary(&headers).map(str::to_owned)
    }

    #[test]
    fn a_form_with_a_file_is_taken_apart() {
        let parts = parse(&Bytes::from_static(BODY), "x", false).unwrap();
        let [token, icon] = parts.as_slice() else { panic!("{parts:?}") };
        assert_eq!(
            (token.name.as_str(), token.is_file, token.content.as_ref()),
            ("csrf", false, b"token".as_slice())
        );
        assert_eq!((icon.name.as_str(), icon.is_file, icon.whole), ("icon", true, true));
        assert_eq!(icon.content.as_ref(), b"\x89PNG\r\n\r\n--y\x00");
    }

    #[test]
    fn op_03_a_body_cut_anywhere_gives_what_was_whole() {
        for length in 0..BODY.len() {
            let cut = Bytes::from_static(&BODY[..length]);
            let parts = parse(&cut, "x", true).unwrap_or_default();
            assert!(parts.iter().rev().skip(1).all(|part| part.whole), "{length}");
            assert!(parts.len() <= 2 && parts.iter().all(|part| !part.name.is_empty()), "{length}");
            if length < BODY.len() - 4 {
                assert_eq!(parse(&cut, "x", false), Err(Malformed), "{length}");
            }
        }
    }

    /// RFC 7578 §4.2.
    #[test]
    fn what_browsers_do_not_send_is_refused() {
        let part = |disposition: &str| format!("--x\r\n{disposition}\r\n\r\nv\r\n--x--\r\n");
        let many = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv\r\n".repeat(17);
        for text in [
            String::new(),
            "preamble\r\n--x--".to_owned(),
            "--xy\r\n".to_owned(),
            part("Content-Type: text/plain"),
            part("Content-Disposition: attachment; name=\"a\""),
            part("Content-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"b\""),
            part("Content-Disposition: form-data; name=\"\""),
            part("Content-Disposition: form-data; name=\"a&b\""),
            part(&format!("X: {}\r\nContent-Disposition: form-data; name=\"a\"", "x".repeat(3000))),
            format!("{many}--x--\r\n"),
        ] {
            assert_eq!(parse(&Bytes::from(text.clone()), "x", false), Err(Malformed), "{text:.80}");
        }
    }

    /// RFC 2046 §5.1.1, RFC 7578 §4.
    #[test]
    fn boundaries() {
        assert_eq!(
            boundary_of("multipart/form-data; boundary=----WebKit12").as_deref(),
            Some("----WebKit12")
        );
        assert_eq!(boundary_of("Multipart/Form-Data;boundary=\"a:b\"").as_deref(), Some("a:b"));
        for bad in [
            "multipart/mixed; boundary=x",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=a b",
            "multipart/form-data; charset=x; boundary=y",
            "text/plain",
        ] {
            assert_eq!(boundary_of(bad), None, "{bad}");
        }
    }
}
