//! What this server can do — OIDC Discovery §3, RFC 8414 §2. Derived from the registries, never written twice.

use axum::{extract::State, http::HeaderMap, response::Response};
use mapae_protocol::{
    authorization::{Prompt, ResponseType},
    claims::CLAIMS_BY_SCOPE,
    digest::sha256_base64url,
    endpoint_uri::EndpointUri,
    jose::Algorithm,
    locale::Locale,
    pkce::ChallengeMethod,
    response_mode::MODES,
    scope::{EMAIL, OFFLINE_ACCESS, OPENID, PROFILE},
    server_metadata::ServerMetadata,
};

use super::jwks::public_document;
use crate::{
    accounts::session::{ACR_PASSWORD, ACR_UPSTREAM},
    app::App,
    client_auth::METHODS,
    grant_types::GRANT_TYPES,
    router::paths,
};

/// The document of one state of the catalogue, ready to be sent.
#[derive(Debug)]
pub(crate) struct Document {
    bytes: bytes::Bytes,
    etag: String,
}

/// `GET /.well-known/openid-configuration` and `GET /.well-known/oauth-authorization-server`.
pub(crate) async fn metadata(State(app): State<App>, headers: HeaderMap) -> Response {
    let document = app.metadata();
    public_document(&headers, document.bytes.clone(), &document.etag)
}

impl Document {
    /// Writes the document for what the server can do now.
    pub(crate) fn of(app: &App) -> Self {
        // A document of plain texts has no way to fail but memory.
        let bytes = serde_json::to_vec(&describe(app)).unwrap_or_default();
        Self { etag: format!("\"{}\"", sha256_base64url(&bytes)), bytes: bytes.into() }
    }
}

fn describe(app: &App) -> ServerMetadata {
    let issuer = app.issuer();
    let at = |path: &str| -> Option<EndpointUri> { Some(issuer.endpoint(path)) };
    let methods = || METHODS.iter().map(|method| method.name().to_owned());
    let with_secret: Vec<String> = methods().filter(|method| method != "none").collect();
    let standard = [OPENID, PROFILE, EMAIL, OFFLINE_ACCESS].map(str::to_owned);
    let apis = app.catalog().apis();
    let mut of_apis: Vec<String> = apis.scope_names().map(str::to_owned).collect();
    of_apis.sort_unstable();
    let texts = |items: Vec<&str>| items.into_iter().map(str::to_owned).collect::<Vec<_>>();
    ServerMetadata {
        issuer: issuer.clone(),
        authorization_endpoint: at(paths::AUTHORIZE),
        token_endpoint: at(paths::TOKEN),
        userinfo_endpoint: at(paths::USERINFO),
        jwks_uri: at(paths::JWKS),
        registration_endpoint: None,
        introspection_endpoint: at(paths::INTROSPECT),
        revocation_endpoint: at(paths::REVOKE),
        end_session_endpoint: at(paths::LOGOUT),
        revocation_feed_endpoint: at(paths::REVOCATIONS),
        scopes_supported: standard.into_iter().chain(of_apis).collect(),
        response_types_supported: texts(ResponseType::ALL.iter().map(|kind| kind.as_str()).collect()),
        response_modes_supported: texts(MODES.iter().map(|mode| mode.name()).collect()),
        grant_types_supported: texts(GRANT_TYPES.iter().map(|grant_type| grant_type.name()).collect()),
        acr_values_supported: vec![ACR_UPSTREAM.to_owned(), ACR_PASSWORD.to_owned()],
        subject_types_supported: texts(vec!["pairwise", "public"]),
        id_token_signing_alg_values_supported: texts(
            app.keys().current().algorithms().map(Algorithm::as_str).collect(),
        ),
        token_endpoint_auth_methods_supported: methods().collect(),
        introspection_endpoint_auth_methods_supported: with_secret,
        revocation_endpoint_auth_methods_supported: methods().collect(),
        code_challenge_methods_supported: texts(vec![ChallengeMethod::S256.as_str()]),
        claims_supported: claims(),
        prompt_values_supported: texts(Prompt::ALL.iter().map(|prompt| prompt.as_str()).collect()),
        ui_locales_supported: texts(Locale::ALL.iter().map(|locale| locale.as_str()).collect()),
        claims_parameter_supported: false,
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
        authorization_response_iss_parameter_supported: true,
        service_documentation: None,
    }
}

/// What ID tokens and userinfo can tell.
fn claims() -> Vec<String> {
    let token = ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "acr", "amr", "sid"];
    let told = CLAIMS_BY_SCOPE.iter().flat_map(|(_, claims)| claims.iter().copied());
    let known = told.filter(|claim| super::userinfo::TOLD.contains(claim));
    token.into_iter().chain(known).map(str::to_owned).collect()
}
