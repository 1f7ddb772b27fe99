//! 네이버 로그인: `nid.naver.com` and `openapi.naver.com` on one port, OAuth 2.0 and OpenID Connect side by side.

mod authorize;
mod error;
mod items;
mod notices;
mod oidc;
mod profile;
mod revoke;
mod seed;
mod token;

use std::collections::BTreeSet;

use axum::{
    Router,
    response::Response,
    routing::{get, post},
};
use mapae_protocol::{base64url, digest::sha256, locale::Locale, random};

use crate::{
    Fact, Person, Provider,
    engine::{Engine, Link, Notice, Visit},
    fact::Certainty::{Documented, Practice, Unconfirmed},
    rules::{About, Asked, Case, Delivery, Description, Outcome, Rules},
};

/// The one and only.
pub(crate) const NAVER: Naver = Naver;

/// The rules of Naver.
pub(crate) struct Naver;

/// What is not certain.
const FACTS: &[Fact] = &[
    Fact::new("code_seconds", "600", Unconfirmed, "코드의 수명", "life of a code"),
    Fact::new("access_token_seconds", "3600", Documented, "액세스 토큰의 수명", "life of an access token"),
    Fact::new(
        "refresh_token_seconds",
        "31536000",
        Unconfirmed,
        "리프레시 토큰의 수명. 공개된 값이 없어요",
        "life of a refresh token, which is not published",
    ),
    Fact::new(
        "token_error_status",
        "200",
        Practice,
        "/oauth2.0/token 오류의 HTTP 상태",
        "HTTP status of errors at /oauth2.0/token",
    ),
    Fact::new(
        "wrong_client_error",
        "unauthorized_client",
        Unconfirmed,
        "/oauth2.0/token에서 클라이언트가 틀렸을 때의 error",
        "error of a wrong client at /oauth2.0/token",
    ),
    Fact::new(
        "oidc_token_error_status",
        "400",
        Unconfirmed,
        "/oauth2/token 오류의 HTTP 상태. 클라이언트가 틀리면 401",
        "HTTP status of errors at /oauth2/token, except wrong clients (401)",
    ),
    Fact::new(
        "oidc_wrong_verifier_error",
        "invalid_grant",
        Unconfirmed,
        "code_verifier가 틀렸을 때의 error",
        "error when code_verifier is wrong",
    ),
    Fact::new(
        "oidc_secret_optional",
        "false",
        Unconfirmed,
        "/oauth2/token에서 PKCE가 시크릿을 대신하는지(메타데이터에는 none이 있어요)",
        "whether PKCE replaces the secret at /oauth2/token (metadata lists none)",
    ),
    Fact::new(
        "oidc_expires_in_is_text",
        "false",
        Practice,
        "/oauth2/token도 expires_in을 문자열로 쓰는지",
        "whether /oauth2/token writes expires_in as a string, too",
    ),
    Fact::new(
        "echo_nonce",
        "true",
        Unconfirmed,
        "ID 토큰에 nonce가 그대로 돌아오는지",
        "whether the ID token repeats the nonce",
    ),
    Fact::new(
        "sub_equals_id",
        "true",
        Unconfirmed,
        "ID 토큰의 sub가 프로필의 response.id와 같은지",
        "whether sub in the ID token is response.id of the profile",
    ),
    Fact::new(
        "redirect_uri_checked",
        "false",
        Unconfirmed,
        "/oauth2.0/token이 redirect_uri를 비교하는지",
        "whether /oauth2.0/token compares redirect_uri",
    ),
    Fact::new(
        "state_required_at_token",
        "false",
        Unconfirmed,
        "/oauth2.0/token이 문서대로 state를 요구하는지",
        "whether /oauth2.0/token insists on state, as documented",
    ),
    Fact::new(
        "cancel_text",
        "Canceled By User",
        Unconfirmed,
        "사람이 취소했을 때의 설명 문구",
        "description when the person cancels",
    ),
    Fact::new(
        "dead_refresh_text",
        "no valid data in session",
        Unconfirmed,
        "리프레시 토큰이 끝났을 때의 설명 문구",
        "description when a refresh token is dead",
    ),
    Fact::new(
        "profile_error_status",
        "401",
        Practice,
        "resultcode 024의 HTTP 상태. 200을 받았다는 클라이언트도 있어요",
        "HTTP status of resultcode 024; some clients have seen 200",
    ),
    Fact::new(
        "mobile_e164",
        "true",
        Unconfirmed,
        "프로필에 mobile_e164가 있는지",
        "whether the profile has mobile_e164",
    ),
    Fact::new(
        "revoke_takes_oidc_tokens",
        "true",
        Unconfirmed,
        "/oauth2.0/revoke가 /oauth2/token의 토큰을 아는지",
        "whether /oauth2.0/revoke knows tokens of /oauth2/token",
    ),
    Fact::new(
        "notice_in_standard_base64",
        "false",
        Unconfirmed,
        "연결 끊기 알림의 encryptUniqueId가 표준 base64인지",
        "whether encryptUniqueId of the disconnect notification is in standard base64",
    ),
    Fact::new(
        "autologin_supported",
        "true",
        Practice,
        "브라우저가 화면 없이 로그인할 수 있는지",
        "whether the browser can sign in silently",
    ),
];

const DESCRIPTION: Description = Description {
    provider: Provider::Naver,
    name: ("네이버", "NAVER"),
    default_locale: Locale::Ko,
    real_issuer: "https://nid.naver.com",
    facts: FACTS,
    default_app: seed::app,
    people: seed::people,
    agrees_to_all: true,
};

impl Rules for Naver {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn routes(&self) -> Router<Engine> {
        Router::new()
            .route("/.well-known/openid-configuration", get(oidc::metadata))
            .route("/oauth2/jwks", get(oidc::keys))
            .route("/oauth2.0/authorize", get(authorize::oauth2).post(authorize::oauth2))
            .route("/oauth2/authorize", get(authorize::oidc).post(authorize::oidc))
            .route("/oauth2.0/token", get(token::oauth2).post(token::oauth2))
            .route("/oauth2/token", post(token::oidc))
            .route("/oauth2.0/revoke", post(revoke::revoke))
            .route("/v1/nid/me", get(profile::me).post(profile::me))
            .route("/v1/nid/verify", get(profile::verify).post(profile::verify))
            .route("/v1/nid/agreement", get(profile::agreement).post(profile::agreement))
    }

    /// The console decides what is asked; what was refused is asked again only by `auth_type=reprompt`.
    fn consent(&self, case: &Case<'_>) -> Option<Vec<Asked>> {
        let wanted: BTreeSet<String> = match case.link {
            None => case.app.items_at_first(),
            Some(link) if case.visit.ask.refused => link.refused.clone(),
            Some(_) => return None,
        };
        let asked = items::asked(case.app, &wanted, case.visit.locale);
        if asked.is_empty() && case.link.is_some() { None } else { Some(asked) }
    }

    fn granted_scope(&self, _visit: &Visit, link: &Link) -> BTreeSet<String> {
        link.items.clone()
    }

    fn new_code(&self) -> String {
        random::text::<14>()
    }

    fn answer(&self, engine: &Engine, visit: &Visit, outcome: &Outcome<'_>) -> Delivery {
        authorize::answer(engine, visit, outcome)
    }

    fn not_a_tester(&self, engine: &Engine, visit: &Visit) -> Response {
        error::Page::NotATester.show(engine, visit.locale, Vec::new())
    }

    fn failure(&self, engine: &Engine, path: &str, code: Option<&str>) -> Response {
        error::failure(engine, path, code)
    }

    fn notices(&self, engine: &Engine, about: &About<'_>) -> Vec<Notice> {
        notices::of(engine, about)
    }

    fn webhooks(&self) -> &'static [&'static str] {
        &[notices::DISCONNECT]
    }
}

/// The id that this app knows a person by: another one for each app.
fn pairwise(person: &Person, client_id: &str) -> String {
    base64url::encode(sha256(format!("naver {client_id} {}", person.id).as_bytes()))
}
