//! Every address of the server on one page.

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::Method,
    middleware,
    response::Response,
    routing::{get, post},
};

use crate::{
    account::{browsers, connection, disconnect, home, password, sign_out, ways},
    app::App,
    console,
    endpoints::{
        asset, authorize, cors, discovery, icon, introspect, jwks, revocations, revoke, token,
        upstream_token, userinfo,
    },
    http::cross_site,
    interaction::{PageError, consent, login, page, select_account},
    mailed::{ask, finish_sign_up, new_password, setup},
    pages::at,
    terms::renewal,
    upstream::{callback, departure, notices, sign_up as upstream_sign_up},
};

/// Addresses of the protocol. Metadata is derived from them.
pub(crate) mod paths {
    pub(crate) const AUTHORIZE: &str = "/authorize";
    pub(crate) const TOKEN: &str = "/token";
    pub(crate) const USERINFO: &str = "/userinfo";
    pub(crate) const INTROSPECT: &str = "/introspect";
    pub(crate) const REVOKE: &str = "/revoke";
    pub(crate) const REVOCATIONS: &str = "/revocations";
    pub(crate) const JWKS: &str = "/jwks";
    pub(crate) const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
    pub(crate) const OAUTH_METADATA: &str = "/.well-known/oauth-authorization-server";
}

/// The whole server.
pub fn router(app: App) -> Router {
    let site = std::sync::Arc::new(app.config().site.clone());
    let pages = pages()
        .merge(console::router(app.config().limits.upload_bytes))
        .route_layer(middleware::from_fn_with_state(site, cross_site::refuse));
    Router::new().merge(protocol()).merge(pages).fallback(nowhere).with_state(app)
}

/// No such address: a page for people who mistyped one. Whatever else was sent there is not looked at.
async fn nowhere(State(app): State<App>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    parts.method = Method::GET;
    page(app, Request::from_parts(parts, Body::empty()), async |_| Err(PageError::NotFound)).await
}

/// Called by apps, APIs and browsers on their way; from anywhere.
fn protocol() -> Router<App> {
    Router::new()
        .route(paths::AUTHORIZE, get(authorize::authorize).post(authorize::authorize))
        .route(paths::TOKEN, post(token::token).options(cors::preflight))
        .route(paths::USERINFO, get(userinfo::userinfo).post(userinfo::userinfo).options(cors::preflight))
        .route(paths::INTROSPECT, post(introspect::introspect))
        .route(paths::REVOKE, post(revoke::revoke).options(cors::preflight))
        .route(paths::REVOCATIONS, post(revocations::revocations))
        .route(paths::JWKS, get(jwks::jwks))
        .route("/upstream/{name}/token", get(upstream_token::upstream_token))
        .route("/upstream/{name}/callback", post(callback::posted))
        .route("/upstream/{name}/notices/{notice}", get(notices::notice).post(notices::notice))
        .route(paths::OPENID_CONFIGURATION, get(discovery::metadata))
        .route(paths::OAUTH_METADATA, get(discovery::metadata))
}

/// Seen by people; their forms are sent from our own pages only.
fn pages() -> Router<App> {
    Router::new()
        .route(at::SIGN_IN, get(login::show).post(login::submit))
        .route(at::CONTINUE, get(login::go_on))
        .route(at::SELECT_ACCOUNT, get(select_account::show).post(select_account::submit))
        .route(at::TERMS, get(renewal::show).post(renewal::submit))
        .route(at::CONSENT, get(consent::show).post(consent::submit))
        .route(at::SIGN_UP, get(ask::show_sign_up).post(ask::sign_up))
        .route(at::FINISH_SIGN_UP, get(finish_sign_up::show).post(finish_sign_up::submit))
        .route(at::FORGOT_PASSWORD, get(ask::show_forgot_password).post(ask::forgot_password))
        .route(at::NEW_PASSWORD, get(new_password::show).post(new_password::submit))
        .route("/upstream/{name}/start", get(departure::start))
        .route("/upstream/{name}/callback", get(callback::callback))
        .route(at::UPSTREAM_SIGN_UP, get(upstream_sign_up::show).post(upstream_sign_up::submit))
        .route(at::SETUP, get(setup::show).post(setup::submit))
        .route(at::START, get(home::start))
        .route(at::ACCOUNT, get(home::show))
        .route("/account/services/{id}", get(connection::show))
        .route("/account/services/{id}/drop", post(connection::drop_item))
        .route("/account/services/{id}/agree", post(connection::agree_to_item))
        .route("/account/services/{id}/disconnect", get(disconnect::show).post(disconnect::submit))
        .route("/account/browsers/{id}/end", post(browsers::end))
        .route(at::END_OTHER_BROWSERS, post(browsers::end_others))
        .route("/account/sign-in-methods/{id}/remove", post(ways::remove))
        .route(at::CHANGE_PASSWORD, get(password::show).post(password::submit))
        .route(at::SIGN_OUT, get(sign_out::show).post(sign_out::submit))
        .route("/assets/{name}", get(asset::asset))
        .route("/icons/{app}/{file}", get(icon::icon))
}
