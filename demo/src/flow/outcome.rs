//! How an exchange ended, in the word by which its sentence is found.

use http::{HeaderMap, StatusCode, header};

use mapae_protocol::params::{Limits, Params};

use super::{Endpoint, mask};

/// Outcomes that are no refusals: a redirect with a code, to the next page, or back to the diagram; somebody who was
/// found, or who is new.
const GOOD_ENDS: &[&str] =
    &["code", "consent", "diagram", "known", "new", "onwards", "sign_in", "sign_up", "upstream"];

/// Whether somebody said no.
pub(crate) fn is_refusal(outcome: &str) -> bool {
    !GOOD_ENDS.contains(&outcome)
}

/// The outcome of an answer: an OAuth error code, or one of `code`, `error`, `sign_in`, `sign_up`, `upstream`, `consent`, `onwards`,
/// `diagram`, `no_credentials`, `refused`, `failed`; `None` for an ordinary success.
pub(crate) fn of(status: StatusCode, headers: &HeaderMap, error: Option<String>) -> Option<String> {
    if status.is_redirection() {
        let location = headers.get(header::LOCATION)?.to_str().ok()?;
        return redirect(location).map(str::to_owned);
    }
    if status.is_server_error() {
        return Some("failed".to_owned());
    }
    if !status.is_client_error() {
        return None;
    }
    let challenge = headers.get(header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
    let code = challenge.and_then(error_of).map(str::to_owned).or(error).filter(|code| is_code(code));
    let anonymous = status == StatusCode::UNAUTHORIZED && challenge.is_some();
    Some(code.unwrap_or_else(|| if anonymous { "no_credentials".to_owned() } else { "refused".to_owned() }))
}

/// What a request brings besides what its address says: `error` if the browser comes back without a code.
pub(crate) fn of_request(endpoint: Endpoint, query: Option<&str>) -> Option<&'static str> {
    let query = query.filter(|_| endpoint == Endpoint::Callback)?;
    let params = Params::parse(query.as_bytes(), Limits::REQUEST).ok()?;
    params.one("error").ok().flatten().map(|_| "error")
}

fn redirect(location: &str) -> Option<&'static str> {
    let path = location.split(['?', '#']).next().unwrap_or_default();
    let fields = mask::query_of(location);
    let has = |wanted: &str| fields.iter().any(|(name, _)| name == wanted);
    if has("code") {
        return Some("code");
    }
    if has("error") {
        return Some("error");
    }
    match path {
        path if path.ends_with("/sign-in") => Some("sign_in"),
        path if path.ends_with("/consent") => Some("consent"),
        path if path.starts_with("/callback/") => Some("onwards"),
        path if path.ends_with("/sign-up") => Some("sign_up"),
        path if path.starts_with("/upstream/") && path.ends_with("/start") => Some("upstream"),
        "/flow" => Some("diagram"),
        _ => None,
    }
}

/// `error` of a challenge (RFC 6750 §3).
fn error_of(challenge: &str) -> Option<&str> {
    let (_, rest) = challenge.split_once("error=\"")?;
    rest.split('"').next()
}

fn is_code(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(status: u16, name: &'static str, value: &str, error: Option<&str>) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        of(StatusCode::from_u16(status).unwrap(), &headers, error.map(str::to_owned))
    }

    #[test]
    fn who_comes_back_without_a_code_brings_an_error() {
        let of = |endpoint, query| of_request(endpoint, Some(query));
        assert_eq!(of(Endpoint::Callback, "error=access_denied&state=s"), Some("error"));
        assert_eq!(of(Endpoint::Callback, "code=c&state=s"), None);
        assert_eq!(of(Endpoint::Home, "error=access_denied"), None);
        assert_eq!(of_request(Endpoint::Callback, None), None);
    }

    #[test]
    fn every_end_has_its_word() {
        for (status, name, value, error, expected) in [
            (303, "location", "http://localhost:3000/callback?code=c&state=s", None, Some("code")),
            (303, "location", "http://localhost:3000/callback?error=access_denied", None, Some("error")),
            (303, "location", "/sign-in?step=abc", None, Some("sign_in")),
            (303, "location", "/consent?step=abc", None, Some("consent")),
            (303, "location", "/sign-up", None, Some("sign_up")),
            (303, "location", "/upstream/kakao/start?step=abc", None, Some("upstream")),
            (303, "location", "/callback/apple", None, Some("onwards")),
            (303, "location", "/flow?did=late_code&found=waiting", None, Some("diagram")),
            (303, "location", "/", None, None),
            (200, "x", "y", Some("ignored"), None),
            (400, "x", "y", Some("invalid_grant"), Some("invalid_grant")),
            (400, "x", "y", Some("Not A Code"), Some("refused")),
            (404, "x", "y", None, Some("refused")),
            (503, "x", "y", Some("temporarily_unavailable"), Some("failed")),
            (401, "www-authenticate", "Bearer resource_metadata=\"http://x\"", None, Some("no_credentials")),
            (401, "www-authenticate", "Bearer error=\"invalid_token\", x=\"y\"", None, Some("invalid_token")),
            (401, "www-authenticate", "Basic realm=\"x\"", Some("invalid_client"), Some("invalid_client")),
        ] {
            assert_eq!(outcome(status, name, value, error).as_deref(), expected, "{status} {value}");
        }
    }
}
