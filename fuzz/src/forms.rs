//! Parameters, and what requests to endpoints make of them.

use mapae_protocol::{
    client_authentication::PresentedCredential,
    device::{DeviceCode, DeviceRequest, UserCode},
    error::OAuthError,
    logout::LogoutRequest,
    params::{self, Limits, Params},
    percent,
    pushed_request::PushedRequestUri,
    revocation_feed::FeedRequest,
    token::TokenRequest,
    token_exchange::ExchangeRequest,
    token_parameter::TokenParameter,
};

use crate::property::{fixed, survives_json, text, two};

fn pairs(params: &Params) -> Vec<(&str, &str)> {
    params.iter().collect()
}

/// Encoded again and read again, parameters are the same; more than the limit is refused.
pub(crate) fn parameters(bytes: &[u8]) {
    match Params::parse(bytes, Limits::REQUEST) {
        Ok(read) => {
            assert!(bytes.len() <= Limits::REQUEST.bytes && pairs(&read).len() <= Limits::REQUEST.fields);
            assert!(read.iter().all(|(name, value)| !name.contains('\0') && !value.contains('\0')));
            let written = params::encode(read.iter());
            let again = Params::parse(written.as_bytes(), Limits { bytes: usize::MAX, ..Limits::REQUEST });
            assert!(again.is_ok_and(|again| pairs(&again) == pairs(&read)), "{written}");
            for (name, value) in read.iter() {
                let alone = read.all(name).count() == 1;
                assert!(read.one(name).is_ok() || !alone, "{name} is not repeated");
                assert!(!alone || value.is_empty() || read.one(name) == Ok(Some(value)));
            }
        }
        Err(error) => fixed(&error, text(bytes).unwrap_or_default()),
    }
}

/// Decoded text encodes to something that decodes to the same.
pub(crate) fn percent_encoding(bytes: &[u8]) {
    if let Ok(decoded) = percent::decode_form(bytes) {
        assert_eq!(percent::decode_form(&encoded(&decoded)), Ok(decoded));
    }
    let Some(text) = text(bytes).filter(|text| !text.contains('\0')) else { return };
    assert_eq!(percent::decode_form(&encoded(text)).as_deref(), Ok(text));
}

fn encoded(text: &str) -> Vec<u8> {
    let mut encoded = String::new();
    percent::encode_form(text, &mut encoded);
    assert!(encoded.is_ascii());
    encoded.into_bytes()
}

/// A refusal that a peer gets.
fn refused(error: impl Into<OAuthError>, sent: &str) {
    fixed(&error.into().description, sent);
}

/// What the token endpoint and its neighbours read, all of one body.
pub(crate) fn token_requests(bytes: &[u8]) {
    let Ok(body) = Params::parse(bytes, Limits::REQUEST) else { return };
    let sent = text(bytes).unwrap_or_default();
    match TokenRequest::parse(&body) {
        Ok(request) => assert_eq!(body.one("grant_type"), Ok(Some(request.grant_type.as_str()))),
        Err(error) => refused(error, sent),
    }
    match ExchangeRequest::parse(&body) {
        Ok(request) => assert_eq!(body.one("subject_token"), Ok(Some(request.subject.expose().as_str()))),
        Err(error) => refused(error, sent),
    }
    match TokenParameter::parse(&body) {
        Ok(read) => assert_eq!(body.one("token"), Ok(Some(read.token.expose().as_str()))),
        Err(error) => refused(error, sent),
    }
    if let Err(error) = DeviceRequest::parse(&body) {
        refused(error, sent);
    }
    if let Err(error) = FeedRequest::parse(&body) {
        refused(error, sent);
    }
    match LogoutRequest::parse(&body) {
        Ok(request) => assert_eq!(body.one("state").ok().flatten(), request.state.as_deref()),
        Err(error) => fixed(&error, sent),
    }
}

/// Who a client says to be: the header's value first, then the body. Never two ways at once.
pub(crate) fn client_authentication(bytes: &[u8]) {
    let (header, body) = two(bytes);
    let Ok(params) = Params::parse(body, Limits::REQUEST) else { return };
    let headers: &[&[u8]] = if header.is_empty() { &[] } else { &[header] };
    match PresentedCredential::parse(headers.iter().copied(), &params) {
        Ok(presented) => {
            let named = params.one("client_id").ok().flatten();
            assert!(named.is_none_or(|named| named == presented.client_id().as_str()), "two clients");
            assert!(header.is_empty() || params.all("client_secret").all(str::is_empty), "two ways");
            let twice = [header, header];
            assert!(header.is_empty() || PresentedCredential::parse(twice, &params).is_err());
        }
        Err(error) => refused(error, text(body).unwrap_or_default()),
    }
}

/// What people type from another screen, and what devices and apps bring back.
pub(crate) fn short_codes(bytes: &[u8]) {
    let Some(typed) = text(bytes) else { return };
    if let Some(code) = UserCode::parse(typed) {
        assert_eq!(UserCode::parse(&code.shown()), Some(code.clone()));
        assert_eq!(UserCode::parse(&code.letters().to_lowercase()), Some(code.clone()));
        survives_json(&code);
    }
    assert!(DeviceCode::parse(typed).is_none_or(|code| code.expose() == typed));
    assert!(PushedRequestUri::parse(typed).is_none_or(|uri| uri.as_str() == typed));
}
