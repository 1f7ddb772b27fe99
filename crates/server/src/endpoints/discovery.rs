//! What this server can do — OIDC Discovery §3, RFC 8414 §2. Derived from the registries, never written twice.

use axum::{extract::State, http::HeaderMap, response::Response};
use mapae_protocol::{
    authorization::{Prompt, ResponseType},
    claims::CLAIMS_BY_SCOPE,
    client_jwt::ClientAlgorithm,
    client_metadata::SubjectType,
    digest::sha256_base64url,
    dpop::proof_algorithms,
    endpoint_uri::EndpointUri,
    jose::Algorithm,
    locale::Locale,
    pkce::ChallengeMethod,
    response_mode::MODES,
    scope::STANDARD,
    server_metadata::ServerMetadata,
};

use super::jwks::public_document;
use crate::{
    accounts::session::ACR_VALUES,
    app::App,
    client_auth::{METHODS, of_confidential_apps},
    grant_types::GRANT_TYPES,
    paths,
};

/// The documents of one state of the catalogue, ready to be sent.
#[derive(Debug)]
pub(crate) struct Documents {
    openid: Document,
    oauth: Document,
}

#[derive(Debug)]
struct Document {
    bytes: bytes::Bytes,
    etag: String,
}

/// `GET /.well-known/openid-configuration`.
pub(crate) async fn openid_configuration(State(app): State<App>, headers: HeaderMap) -> Response {
    app.metadata().openid.answer(&headers)
}

/// `GET /.well-known/oauth-authorization-server`.
pub(crate) async fn oauth_metadata(State(app): State<App>, headers: HeaderMap) -> Response {
    app.metadata().oauth.answer(&headers)
}

impl Documents {
    /// Writes the documents for what the server can do now. What is for APIs alone, and nobody's standard, stands in the one
    /// that they read.
    pub(crate) fn of(app: &App) -> Self {
        let oauth = describe(app);
        let openid = ServerMetadata { revocation_feed_endpoint: None, ..oauth.clone() };
        Self { openid: Document::of(&openid), oauth: Document::of(&oauth) }
    }
}

impl Document {
    fn of(metadata: &ServerMetadata) -> Self {
        // A document of plain texts has no way to fail but memory.
        let bytes = serde_json::to_vec(metadata).unwrap_or_default();
        Self { etag: format!("\"{}\"", sha256_base64url(&bytes)), bytes: bytes.into() }
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        public_document(headers, self.bytes.clone(), &self.etag)
    }
}

fn describe(app: &App) -> ServerMetadata {
    let issuer = app.issuer();
    let at = |path: &str| -> Option<EndpointUri> { Some(issuer.endpoint(path)) };
    let methods = || METHODS.iter().map(|method| method.name().to_owned());
    let signing = assertion_algorithms();
    // Who proves itself by nothing learns nothing of any token (RFC 7662 §2.1).
    let proving = of_confidential_apps().map(|method| method.name().to_owned());
    let standard = STANDARD.map(str::to_owned);
    let apis = app.catalog().apis();
    let mut of_apis: Vec<String> = apis.scopes_on_offer().map(str::to_owned).collect();
    of_apis.sort_unstable();
    let registers = app.config().registration.policy.lets_register();
    let algorithms = texts(app.keys().current().algorithms().map(Algorithm::as_str).collect());
    ServerMetadata {
        issuer: issuer.clone(),
        authorization_endpoint: at(paths::AUTHORIZE),
        token_endpoint: at(paths::TOKEN),
        userinfo_endpoint: at(paths::USERINFO),
        jwks_uri: at(paths::JWKS),
        registration_endpoint: registers.then(|| issuer.endpoint(paths::REGISTER)),
        pushed_authorization_request_endpoint: at(paths::PUSHED_REQUEST),
        device_authorization_endpoint: at(paths::DEVICE_AUTHORIZATION),
        introspection_endpoint: at(paths::INTROSPECT),
        revocation_endpoint: at(paths::REVOKE),
        end_session_endpoint: at(paths::LOGOUT),
        revocation_feed_endpoint: at(paths::REVOCATIONS),
        scopes_supported: standard.into_iter().chain(of_apis).collect(),
        response_types_supported: texts(ResponseType::ALL.iter().map(|kind| kind.as_str()).collect()),
        response_modes_supported: texts(MODES.iter().map(|mode| mode.name()).collect()),
        grant_types_supported: texts(GRANT_TYPES.iter().map(|grant_type| grant_type.name()).collect()),
        acr_values_supported: ACR_VALUES.map(str::to_owned).to_vec(),
        subject_types_supported: texts(SubjectType::ALL.iter().map(|kind| kind.as_str()).collect()),
        id_token_signing_alg_values_supported: algorithms.clone(),
        userinfo_signing_alg_values_supported: algorithms.clone(),
        authorization_signing_alg_values_supported: algorithms,
        display_values_supported: texts(vec!["page"]),
        token_endpoint_auth_methods_supported: methods().collect(),
        token_endpoint_auth_signing_alg_values_supported: signing.clone(),
        introspection_endpoint_auth_methods_supported: proving.collect(),
        introspection_endpoint_auth_signing_alg_values_supported: signing.clone(),
        revocation_endpoint_auth_methods_supported: methods().collect(),
        revocation_endpoint_auth_signing_alg_values_supported: signing,
        code_challenge_methods_supported: texts(vec![ChallengeMethod::S256.as_str()]),
        claims_supported: claims(),
        dpop_signing_alg_values_supported: proof_algorithms(),
        prompt_values_supported: texts(Prompt::ALL.iter().map(|prompt| prompt.as_str()).collect()),
        ui_locales_supported: texts(Locale::ALL.iter().map(|locale| locale.as_str()).collect()),
        claims_parameter_supported: true,
        request_parameter_supported: true,
        request_uri_parameter_supported: true,
        require_request_uri_registration: true,
        request_object_signing_alg_values_supported: request_object_algorithms(),
        require_signed_request_object: false,
        authorization_response_iss_parameter_supported: true,
        client_id_metadata_document_supported: app.config().registration.client_documents,
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
        frontchannel_logout_supported: true,
        frontchannel_logout_session_supported: true,
        require_pushed_authorization_requests: false,
        service_documentation: None,
    }
}

fn texts(items: Vec<&str>) -> Vec<String> {
    items.into_iter().map(str::to_owned).collect()
}

/// What apps may sign their assertions with, whatever method they registered.
fn assertion_algorithms() -> Vec<String> {
    let algorithms = METHODS.iter().flat_map(|method| method.algorithms());
    algorithms.map(|algorithm| algorithm.as_str().to_owned()).collect()
}

/// What apps may sign their requests with.
fn request_object_algorithms() -> Vec<String> {
    ClientAlgorithm::all().map(|algorithm| algorithm.as_str().to_owned()).collect()
}

/// What ID tokens and userinfo can tell.
fn claims() -> Vec<String> {
    let token = ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "acr", "amr", "sid"];
    let told = CLAIMS_BY_SCOPE.iter().flat_map(|(_, claims)| claims.iter().copied());
    token.into_iter().chain(told).map(str::to_owned).collect()
}
