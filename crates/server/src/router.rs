//! Every address of the server but the console's, which are listed in `console/mod.rs`.

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{Method, StatusCode, header},
    middleware,
    response::Response,
    routing::{get, post},
};

use crate::{
    account::{browsers, connection, disconnect, home, password, sign_out, terms, ways},
    app::App,
    console,
    endpoints::{
        asset, authorize, cors, device_authorization, discovery, end_session, icon, introspect, jwks,
        pushed_request,
        register::{self, manage},
        revocations, revoke, token, upstream_token, userinfo,
    },
    http::cross_site,
    interaction::{PageError, consent, device, login, page, select_account},
    mailed::{ask, finish_sign_up, new_password, setup},
    pages::at,
    paths,
    terms::renewal,
    upstream::{callback, connect, departure, notices, sign_up as upstream_sign_up},
};

/// The whole server.
pub fn router(app: App) -> Router {
    let site = std::sync::Arc::new(app.config().site.clone());
    let pages = pages()
        .merge(console::router(app.config().limits.upload_bytes))
        .route_layer(middleware::from_fn_with_state(site, cross_site::refuse));
    let registers = app.config().registration.policy.lets_register();
    let registration = if registers { registration() } else { Router::new() };
    Router::new().merge(protocol()).merge(registration).merge(pages).fallback(nowhere).with_state(app)
}

/// No such address: a page for people who mistyped one. Whatever else was sent there is not looked at.
async fn nowhere(State(app): State<App>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let method = std::mem::replace(&mut parts.method, Method::GET);
    let request = Request::from_parts(parts, Body::empty());
    let mut response = page(app, request, async |_| Err(PageError::NotFound)).await;
    if method == Method::POST {
        // As every other answer to a form.
        response.headers_mut().remove(header::SET_COOKIE);
    }
    response
}

/// `HEAD` of what a `GET` uses up: asked by who looks where a link leads (RFC 9110 §9.3.2). Nothing happens.
async fn untouched() -> StatusCode {
    StatusCode::OK
}

/// Called by apps, APIs and browsers on their way; from anywhere.
fn protocol() -> Router<App> {
    Router::new()
        .route(paths::AUTHORIZE, get(authorize::authorize).post(authorize::authorize))
        .route(paths::PUSHED_REQUEST, post(pushed_request::push).options(cors::preflight))
        .route(paths::DEVICE_AUTHORIZATION, post(device_authorization::begin).options(cors::preflight))
        .route(paths::TOKEN, post(token::token).options(cors::preflight))
        .route(paths::USERINFO, get(userinfo::userinfo).post(userinfo::userinfo).options(cors::preflight))
        .route(paths::INTROSPECT, post(introspect::introspect))
        .route(paths::REVOKE, post(revoke::revoke).options(cors::preflight))
        .route(paths::REVOCATIONS, post(revocations::revocations))
        .route(paths::LOGOUT, get(end_session::end_session).post(end_session::end_session))
        .route(paths::JWKS, get(jwks::jwks))
        .route(
            "/register/{client_id}",
            get(manage::show).put(manage::update).delete(manage::delete).options(cors::preflight_for_all),
        )
        .route("/upstream/{name}/token", get(upstream_token::upstream_token))
        .route("/upstream/{name}/callback", post(callback::posted))
        .route(
            "/upstream/{name}/notices/{notice}",
            get(notices::notice).head(untouched).post(notices::notice),
        )
        .route(paths::OPENID_CONFIGURATION, get(discovery::openid_configuration))
        .route(paths::OAUTH_METADATA, get(discovery::oauth_metadata))
}

/// Where apps register themselves.
fn registration() -> Router<App> {
    Router::new().route(paths::REGISTER, post(register::register).options(cors::preflight_for_all))
}

/// Seen by people; their forms are sent from our own pages only.
fn pages() -> Router<App> {
    Router::new()
        .route(at::SIGN_IN, get(login::show).post(login::submit))
        .route(at::CONTINUE, get(login::go_on))
        .route(at::SELECT_ACCOUNT, get(select_account::show).post(select_account::submit))
        .route(at::TERMS, get(renewal::show).post(renewal::submit))
        .route(at::CONSENT, get(consent::show).post(consent::submit))
        .route(at::DEVICE, get(device::show).post(device::submit))
        .route(at::CONFIRM_DEVICE, get(device::show_confirm).post(device::submit_confirm))
        .route(at::SIGN_UP, get(ask::show_sign_up).post(ask::sign_up))
        .route(at::FINISH_SIGN_UP, get(finish_sign_up::show).post(finish_sign_up::submit))
        .route(at::FORGOT_PASSWORD, get(ask::show_forgot_password).post(ask::forgot_password))
        .route(at::NEW_PASSWORD, get(new_password::show).post(new_password::submit))
        .route("/upstream/{name}/start", get(departure::start).head(untouched))
        .route("/upstream/{name}/callback", get(callback::callback).head(untouched))
        .route("/upstream/{name}/deletion", get(notices::deletion))
        .route(at::UPSTREAM_CONNECT, get(connect::show).post(connect::submit))
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
        .route("/account/terms/{id}/withdraw", post(terms::withdraw))
        .route("/account/terms/{id}/agree", post(terms::agree))
        .route(at::CHANGE_PASSWORD, get(password::show).post(password::submit))
        .route(at::SIGN_OUT, get(sign_out::show).post(sign_out::submit))
        .route("/assets/{name}", get(asset::asset))
        .route("/icons/{app}/{file}", get(icon::icon))
}
