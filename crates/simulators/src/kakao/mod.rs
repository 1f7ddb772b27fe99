//! 카카오 로그인: `kauth.kakao.com` and `kapi.kakao.com` on one port.

mod api;
mod authorize;
mod connection;
mod error;
mod items;
mod notices;
mod oidc;
mod seed;
mod terms;
mod token;
mod user;

use std::collections::BTreeSet;

use axum::{
    Router,
    response::Response,
    routing::{get, post},
};
use mapae_protocol::{locale::Locale, random};

use crate::{
    Fact, Provider,
    engine::{Engine, Link, Notice, Visit},
    fact::Certainty::{Practice, Unconfirmed},
    rules::{About, Asked, Case, Delivery, Description, Outcome, Rules},
};

/// The one and only.
pub(crate) const KAKAO: Kakao = Kakao;

/// The rules of Kakao.
pub(crate) struct Kakao;

/// What is not certain.
const FACTS: &[Fact] = &[
    Fact::new("code_seconds", "600", Unconfirmed, "코드의 수명", "life of a code"),
    Fact::new(
        "access_token_seconds",
        "21599",
        Practice,
        "액세스 토큰과 ID 토큰의 수명",
        "life of an access token and of an ID token",
    ),
    Fact::new(
        "refresh_token_seconds",
        "5183999",
        Practice,
        "리프레시 토큰의 수명",
        "life of a refresh token",
    ),
    Fact::new(
        "refresh_renewal_seconds",
        "2592000",
        Practice,
        "남은 수명이 이보다 짧은 리프레시 토큰은 새것으로 바꿔 줘요",
        "a refresh token with less than this left is replaced",
    ),
    Fact::new(
        "error_page_status",
        "400",
        Unconfirmed,
        "KOE 오류 화면의 HTTP 상태",
        "HTTP status of the KOE pages",
    ),
    Fact::new("misconfigured_status", "401", Unconfirmed, "KOE009의 HTTP 상태", "HTTP status of KOE009"),
    Fact::new("rate_limit_status", "429", Unconfirmed, "KOE237의 HTTP 상태", "HTTP status of KOE237"),
    Fact::new(
        "wrong_verifier_code",
        "KOE320",
        Unconfirmed,
        "code_verifier가 틀렸을 때의 error_code",
        "error_code when code_verifier is wrong",
    ),
    Fact::new(
        "login_required_text",
        "user authentication required.",
        Unconfirmed,
        "login_required의 설명 문구",
        "description of login_required",
    ),
    Fact::new(
        "upper_case_gender",
        "false",
        Unconfirmed,
        "OIDC 사용자 정보가 예시처럼 MALE로 답하는지",
        "whether the OIDC user information says MALE, as the sample does",
    ),
    Fact::new(
        "unagreed_term_is_revocable",
        "true",
        Unconfirmed,
        "동의하지 않은 선택 약관의 revocable: 예시는 true, 설명은 false",
        "revocable of an optional term that was not agreed to: true in the sample, false in the table",
    ),
];

const DESCRIPTION: Description = Description {
    provider: Provider::Kakao,
    name: ("카카오", "Kakao"),
    default_locale: Locale::Ko,
    real_issuer: "https://kauth.kakao.com",
    facts: FACTS,
    default_app: seed::app,
    people: seed::people,
    agrees_to_all: true,
};

impl Rules for Kakao {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn routes(&self) -> Router<Engine> {
        Router::new()
            .route("/.well-known/openid-configuration", get(oidc::metadata))
            .route("/.well-known/jwks.json", get(oidc::keys))
            .route("/oauth/authorize", get(authorize::authorize))
            .route("/oauth/token", post(token::token))
            .route("/oauth/tokeninfo", post(oidc::token_info))
            .route("/oauth/logout", get(connection::logout_of_browser))
            .route("/v2/user/me", get(user::me).post(user::me))
            .route("/v1/oidc/userinfo", get(oidc::userinfo))
            .route("/v1/user/access_token_info", get(user::access_token_info))
            .route("/v1/user/logout", post(connection::logout))
            .route("/v1/user/unlink", post(connection::unlink))
            .route("/v1/user/signup", post(connection::sign_up))
            .route("/v2/user/scopes", get(connection::scopes))
            .route("/v2/user/revoke/scopes", post(connection::revoke_scopes))
            .route("/v2/user/service_terms", get(terms::show))
            .route("/v2/user/revoke/service_terms", post(terms::revoke))
            .route("/v2/user/upgrade/service_terms", post(terms::upgrade))
    }

    /// Without `scope` the page comes at the first login only; with it, for whatever of it is not agreed to yet.
    fn consent(&self, case: &Case<'_>) -> Option<Vec<Asked>> {
        let wanted: BTreeSet<String> = match case.link {
            None => {
                let named = case.visit.scope.iter().filter(|id| case.app.item(id).is_some()).cloned();
                case.app.items_at_first().into_iter().chain(named).collect()
            }
            Some(link) => {
                let missing = case.visit.scope.iter().filter(|id| case.app.item(id).is_some());
                missing.filter(|id| !link.allows(id)).cloned().collect()
            }
        };
        let terms = terms::asked(case);
        if wanted.is_empty() && terms.is_empty() && case.link.is_some() {
            return None;
        }
        Some(terms.into_iter().chain(items::asked(case.app, &wanted, case.visit.locale)).collect())
    }

    /// Consent belongs to person and app: a token stands for all that was agreed to.
    fn granted_scope(&self, visit: &Visit, link: &Link) -> BTreeSet<String> {
        let openid = visit.openid.then(|| "openid".to_owned());
        link.items.iter().cloned().chain(openid).collect()
    }

    fn new_code(&self) -> String {
        random::text::<64>()
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
        &[notices::UNLINK, notices::ACCOUNT]
    }
}
