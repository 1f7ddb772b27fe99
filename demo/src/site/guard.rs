//! What every answer of the service says to browsers, by which names it is called, and which forms it takes.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use mapae_protocol::same_origin::{Sender, sender};

use super::{Desk, browser_app};
use crate::flow::LOGOUT_NOTICES;

const REFUSAL: &str = "다른 사이트에서 보낸 요청이라 처리하지 않았어요. 화면을 다시 열고 시도해 주세요.\n\
                       This request came from another site, so nothing was done. Open the page again and retry.\n";

const STRANGE_NAME: &str = "이 서비스의 주소가 아니에요. 데모가 알려 준 주소로 열어 주세요.\n\
                            This is not the address of the service. Open the one that the demo names.\n";

/// Headers of every answer, and the same-origin rule for everything that changes something.
pub(super) async fn stand(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS)
        && !comes_from_elsewhere(request.uri().path());
    let policy = policy(&desk, request.uri().path());
    match name_of(request.headers(), desk.origin()) {
        Name::Own => {}
        // A login that begins here comes back to the service's own name, where its cookie would be missing.
        Name::ThisMachine if !changes => {
            let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
            let own = format!("{}{target}", desk.origin());
            return finish(&policy, Redirect::temporary(&own).into_response());
        }
        Name::ThisMachine | Name::Strange => {
            return finish(&policy, (StatusCode::MISDIRECTED_REQUEST, STRANGE_NAME).into_response());
        }
    }
    if changes && !is_same_origin(request.headers(), desk.origin()) {
        return finish(&policy, (StatusCode::FORBIDDEN, REFUSAL).into_response());
    }
    finish(&policy, next.run(request).await)
}

/// What providers and the authorization server tell comes from no page, and some answer by a form that they post (OAuth
/// 2.0 Form Post Response Mode §2): all of it is proved by what it carries.
fn comes_from_elsewhere(path: &str) -> bool {
    ["/notices/", "/callback/", LOGOUT_NOTICES].iter().any(|prefix| path.starts_with(prefix))
}

/// By which name the service was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Own,
    /// Another name of this machine, at the same port.
    ThisMachine,
    /// A name of somebody else's that was made to lead here (DNS rebinding): its pages could read what the person sees.
    Strange,
}

fn name_of(headers: &HeaderMap, origin: &str) -> Name {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else {
        return Name::Strange;
    };
    let own = origin.split_once("://").map_or(origin, |(_, authority)| authority);
    let (name, port) = own.rsplit_once(':').unwrap_or((own, "80"));
    let is = |other: &str| host.rsplit_once(':').is_some_and(|(host, at)| host == other && at == port);
    if host.eq_ignore_ascii_case(own) {
        Name::Own
    } else if ["localhost", "127.0.0.1", "[::1]"].into_iter().filter(|other| *other != name).any(is) {
        Name::ThisMachine
    } else {
        Name::Strange
    }
}

/// Cross-site request forgery (RFC 6749 §10.12): the browser's own word decides; another port is another origin.
fn is_same_origin(headers: &HeaderMap, origin: &str) -> bool {
    sender(headers, |named| named == origin) == Sender::OwnPage
}

fn finish(policy: &str, mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Nothing inline, nothing from elsewhere, in nobody's frame. Forms may end at the authorization server and at the social
/// providers, because experiments and the ways to sign in send the browser there, and browsers apply `form-action` to that
/// redirect. One page is a client by
/// itself, and speaks to the authorization server and the API.
fn policy(desk: &Desk, path: &str) -> String {
    let (issuer, api) = (desk.issuer(), &desk.parts().resource);
    let providers: String = desk.offered().iter().map(|offered| format!(" {}", offered.address)).collect();
    let others = if path == browser_app::PATH { format!(" {issuer} {api}") } else { String::new() };
    format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'{others}; \
         form-action 'self' {issuer}{providers}; base-uri 'none'; frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strange_name_is_not_answered_and_another_of_this_machine_is_sent_on() {
        for (host, expected) in [
            ("localhost:3000", Name::Own),
            ("LOCALHOST:3000", Name::Own),
            ("127.0.0.1:3000", Name::ThisMachine),
            ("[::1]:3000", Name::ThisMachine),
            ("127.0.0.1:4000", Name::Strange),
            ("localhost", Name::Strange),
            ("localhost:4000", Name::Strange),
            ("localhost.evil.example:3000", Name::Strange),
            ("evil.example:3000", Name::Strange),
            ("", Name::Strange),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
            assert_eq!(name_of(&headers, "http://localhost:3000"), expected, "{host}");
        }
        assert_eq!(name_of(&HeaderMap::new(), "http://localhost:3000"), Name::Strange);
    }

    #[test]
    fn se_05_only_pages_of_this_origin_change_anything() {
        let same = |pairs: &[(&'static str, &'static str)]| {
            let headers = pairs
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            is_same_origin(&headers.collect(), "http://localhost:3000")
        };
        assert!(same(&[("sec-fetch-site", "same-origin")]));
        assert!(same(&[("origin", "http://localhost:3000")]));
        for refused in [
            &[][..],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "cross-site"), ("origin", "http://localhost:3000")],
            &[("origin", "http://localhost:9000")],
            &[("origin", "null")],
        ] {
            assert!(!same(refused), "{refused:?}");
        }
    }
}
