//! What only the server reads.

use std::net::IpAddr;

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CONTENT_TYPE, FORWARDED, HOST},
};
use mapae::{
    accounts::EmailAddress,
    config::{Config, Site},
    fuzzing,
};
use mapae_protocol::{
    base64url,
    redirect_uri::{RedirectUri, RegistrationRules},
    strict_json,
};
use serde_json::{Map, Value};

use crate::property::{text, two};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Our own proxy, and somebody who is none.
const PROXY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
const STRANGER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 9));

/// The parts of a form are pieces of the body, in its order; a body that was cut gives no more than the whole.
pub(crate) fn multipart(bytes: &[u8]) {
    let (announced, body) = two(bytes);
    let mut headers = HeaderMap::new();
    headers.extend(HeaderValue::from_bytes(announced).ok().map(|value| (CONTENT_TYPE, value)));
    let boundary = fuzzing::boundary(&headers).unwrap_or("x");
    let whole = fuzzing::multipart(body, boundary, false);
    let Some(parts) = whole else { return drop(fuzzing::multipart(body, boundary, true)) };
    assert!(parts.len() <= 16 && parts.iter().all(|(.., whole)| *whole));
    let held: usize = parts.iter().map(|(name, _, content, _)| name.len() + content.len()).sum();
    assert!(held <= body.len());
    assert!(parts.iter().all(|(_, _, content, _)| content.is_empty() || contains(body, content)));
    let cut = body.get(..body.len() / 2).unwrap_or_default();
    let cut = fuzzing::multipart(cut, boundary, true).unwrap_or_default();
    assert!(cut.len() <= parts.len());
    for ((name, _, content, whole), (of, _, all, _)) in cut.iter().zip(&parts) {
        assert!(name == of && if *whole { content == all } else { begins(content, all) });
    }
}

/// A part that was cut may end within the delimiter that would have followed.
fn begins(cut: &[u8], all: &[u8]) -> bool {
    all.starts_with(cut) || cut.starts_with(all)
}

fn contains(text: &[u8], sought: &[u8]) -> bool {
    text.windows(sought.len()).any(|window| window == sought)
}

/// A picture is drawn anew: what comes out is a PNG of ours, and drawing that again changes nothing.
pub(crate) fn picture(bytes: &[u8]) {
    let Some(drawn) = fuzzing::picture(bytes) else { return };
    let png = base64url::decode(&drawn).unwrap_or_default();
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    for chunk in [b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf", b"acTL"] {
        let before_data =
            png.windows(4).take_while(|window| *window != b"IDAT").any(|window| window == chunk);
        assert!(!before_data, "something besides the picture");
    }
    assert_eq!(fuzzing::picture(&png), Some(drawn), "another picture");
}

/// What is registered was said; and a document is of the app at its own address, which shares no secret.
pub(crate) fn client_metadata(bytes: &[u8]) {
    const ID: &str = "https://client.example/id.json";
    let Ok(said) = strict_json::parse_object::<Map<String, Value>>(bytes, 64 * 1024) else { return };
    if let Some(registered) = fuzzing::registration(&said) {
        let asked = said.get("redirect_uris").and_then(Value::as_array).cloned().unwrap_or_default();
        for uri in &registered {
            assert!(asked.iter().any(|asked| asked == uri), "{uri} was not asked for");
            assert!(RedirectUri::register(uri, RegistrationRules::WIDEST).is_ok());
        }
    }
    if let Some(own) = fuzzing::client_document(said, ID) {
        assert_eq!(own.get("client_id"), Some(&Value::from(ID)));
        assert!(!own.contains_key("client_secret") && !own.contains_key("client_secret_expires_at"));
        assert!(!strict_json::holds_nul(&own));
    }
}

/// A document about sectors names an address, or does not.
pub(crate) fn sector_document(bytes: &[u8]) {
    const URI: &str = "https://a.example/cb";
    let named: Vec<String> = serde_json::from_slice(bytes).unwrap_or_default();
    if fuzzing::sector_document(bytes, &[URI.to_owned()]) {
        assert!(named.iter().any(|named| named == URI));
    }
}

/// Only our own proxies say who somebody is.
pub(crate) fn client_address(bytes: &[u8]) {
    let (first, second) = two(bytes);
    let mut headers = HeaderMap::new();
    for (name, value) in [(X_FORWARDED_FOR, first), (FORWARDED, second)] {
        headers.extend(HeaderValue::from_bytes(value).ok().map(|value| (name, value)));
    }
    assert_eq!(fuzzing::client_address(STRANGER, &headers), [STRANGER; 2], "a stranger is believed");
    let told = fuzzing::client_address(PROXY, &headers);
    for (address, header) in told.into_iter().zip([first, second]) {
        assert!(address == PROXY || header.iter().any(|byte| b".:".contains(byte)), "{address}");
    }
}

/// In whatever pieces requests come, the parser beneath gets the same; and of a body nothing is changed.
pub(crate) fn heads(bytes: &[u8]) {
    let whole = fuzzing::head_lines(bytes, bytes.len());
    assert_eq!(whole.len(), bytes.len());
    for length in [1, 2, 3, 7, 64] {
        assert_eq!(fuzzing::head_lines(bytes, length), whole, "in pieces of {length}");
    }
    // From where it was changed on, nothing of it reaches anybody.
    let changed = whole.iter().zip(bytes).position(|(passed, sent)| passed != sent);
    let Some(changed) = changed else { return };
    assert_eq!((bytes.get(changed), whole.get(changed)), (Some(&b'\n'), Some(&0)));
    assert!(whole.iter().skip(changed + 1).all(|passed| *passed == b'\n'));
}

/// A server answers under its own name, and on a desk under those of the desk.
pub(crate) fn host(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    let headers = HeaderMap::from_iter([(HOST, value)]);
    let (Ok(public), Ok(desk)) = (Site::parse("https://id.example"), Site::parse("http://localhost:9000"))
    else {
        return;
    };
    let named = text(bytes).unwrap_or_default().to_ascii_lowercase();
    let (name, port) = named.rsplit_once(':').unwrap_or((&named, ""));
    if fuzzing::is_for(&headers, &public) {
        assert!(named == "id.example" || name == "id.example" && port.parse() == Ok(443), "{named}");
    }
    if fuzzing::is_for(&headers, &desk) {
        let literal = name.trim_matches(['[', ']']).parse::<IpAddr>();
        assert!(name == "localhost" || literal.is_ok_and(|address| address.is_loopback()), "{named}");
        assert_eq!(port.parse(), Ok(9000));
    }
}

/// Claims and addresses of people: kept as they are read.
pub(crate) fn people(bytes: &[u8]) {
    if let Some(kept) = fuzzing::known_claims(bytes) {
        assert_eq!(fuzzing::known_claims(kept.as_bytes()), Some(kept));
    }
    let Some(email) = text(bytes).and_then(|text| EmailAddress::parse(text).ok()) else { return };
    assert_eq!(EmailAddress::parse(email.as_str()), Ok(email.clone()));
    assert!(email.as_str().is_ascii() && email.as_str().matches('@').count() == 1);
    assert!(!email.as_str().contains(['\r', '\n', ' ', '<', '>', ',', '\0']), "two mailboxes");
}

/// A configuration is one, or every mistake in it is told with what to do.
pub(crate) fn config(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    // The files that it names are read: not those of the machine.
    if ["/dev", "/proc", "/sys"].iter().any(|folder| text.contains(folder)) {
        return;
    }
    if let Err(mistakes) = Config::of_text(text) {
        let told = mistakes.to_string();
        assert!(!told.trim().is_empty(), "refused without a word");
    }
}
