//! Headers of requests.

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{ACCEPT_LANGUAGE, COOKIE, ORIGIN},
};
use mapae_protocol::{
    bearer::{self, Place},
    client_credentials_header::{ClientCredentials, Error, MAX_BYTES},
    cookie,
    dpop::Proof,
    language_tag::LanguageTag,
    locale::Locale,
    params::{Limits, Params},
    same_origin::{self, Sender},
};

use crate::property::{fixed, text, two};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// `Basic`: written again, it says the same, unless it has become too long: somebody else may have encoded less of it.
pub(crate) fn basic_header(bytes: &[u8]) {
    match ClientCredentials::parse(bytes) {
        Ok(read) => {
            let written = read.to_header_value();
            let again = ClientCredentials::parse(written.expose().as_bytes());
            let same = |again: &ClientCredentials| {
                again.client_id == read.client_id && again.secret.expose() == read.secret.expose()
            };
            let too_long = written.expose().len() > MAX_BYTES && matches!(again, Err(Error::TooLong));
            assert!(too_long || again.as_ref().is_ok_and(same), "other credentials");
            // Who it is may be shown, and may be the same text.
            let shown = format!("{read:?}").replace(&format!("{:?}", read.client_id), "");
            let secret = read.secret.expose();
            assert!(secret.len() < 16 || !shown.contains(secret.as_str()), "a secret is shown");
        }
        Err(error) => fixed(&error, text(bytes).unwrap_or_default()),
    }
}

/// `Authorization` of an API, and the same token in a query: one token in one place, or none.
pub(crate) fn bearer_header(bytes: &[u8]) {
    let (header, query) = two(bytes);
    let Ok(query) = Params::parse(query, Limits::REQUEST) else { return };
    let headers: &[&[u8]] = if header.is_empty() { &[] } else { &[header] };
    let headers = || headers.iter().copied();
    let refused = bearer::take(headers(), Place::Refused(&query), Place::Absent);
    let accepted = bearer::take(headers(), Place::Accepted(&query), Place::Absent);
    if let Ok(Some(token)) = &refused {
        assert!(text(header).is_some_and(|header| header.contains(token.expose().as_str())));
        assert!(query.all("access_token").all(str::is_empty), "a token in the query was passed over");
        let two = [header, header];
        assert!(bearer::take(two, Place::Absent, Place::Absent).is_err(), "two headers");
        let of_any = bearer::take_of_any_type(headers(), Place::Refused(&query), Place::Absent);
        assert!(of_any.is_ok_and(|token| token.is_some()));
    }
    for error in [refused.err(), accepted.err()].into_iter().flatten() {
        fixed(&error, text(header).unwrap_or_default());
    }
    assert!(Proof::take([header]).is_ok_and(|proof| proof.is_some()) == text(header).is_some());
}

fn with(lines: &[(HeaderName, &[u8])]) -> HeaderMap {
    let line =
        |(name, value): &(HeaderName, &[u8])| Some((name.clone(), HeaderValue::from_bytes(value).ok()?));
    lines.iter().filter_map(line).collect()
}

/// A cookie that is read was sent once.
pub(crate) fn cookies(bytes: &[u8]) {
    let (first, second) = two(bytes);
    let headers = with(&[(COOKIE, first), (COOKIE, second)]);
    let names: Vec<&str> = cookie::pairs(&headers).map(|(name, _)| name).collect();
    for name in &names {
        let sent: Vec<&str> =
            cookie::pairs(&headers).filter(|(other, _)| other == name).map(|(_, value)| value).collect();
        let only =
            if let [only] = sent.as_slice() { Some(*only).filter(|value| !value.is_empty()) } else { None };
        assert_eq!(cookie::value(&headers, name), only);
    }
    assert_eq!(cookie::value(&headers, "\0never"), None);
}

/// Languages are wishes; who sent a form is told by headers that agree.
pub(crate) fn wishes(bytes: &[u8]) {
    let (first, second) = two(bytes);
    let headers = with(&[(SEC_FETCH_SITE, first), (ORIGIN, second), (ACCEPT_LANGUAGE, second)]);
    let foreign = |_: &str| false;
    let own = matches!(same_origin::sender(&headers, foreign), Sender::OwnPage);
    let same_origin = headers.get(SEC_FETCH_SITE).is_some_and(|site| site == "same-origin");
    assert!(!own || same_origin, "a foreign page is taken for an own one");
    let (Some(list), Some(tag)) = (text(bytes), text(first)) else { return };
    let _ = (Locale::from_accept_language(list), Locale::from_ui_locales(list));
    for wanted in LanguageTag::list(list) {
        let mut words = list.split(' ');
        assert!(words.any(|word| word.eq_ignore_ascii_case(wanted.as_str())), "nobody asked for {wanted}");
        assert_eq!(LanguageTag::parse(wanted.as_str()), Some(wanted.clone()), "two spellings");
    }
    assert!(Locale::parse(tag).is_none_or(|locale| tag.to_ascii_lowercase().starts_with(locale.as_str())));
}
