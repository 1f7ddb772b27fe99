//! Introspection — RFC 7662 §2.

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use mapae_protocol::{
    introspection::{ActiveToken, IntrospectionResponse},
    token::TokenType,
    token_exchange::Actor,
    token_parameter::TokenParameter,
};

use super::{json, token_error::TokenError};
use crate::{
    app::App,
    client_auth::{self, Caller},
    http::form,
    issue::{Living, PresentedToken},
};

/// `POST /introspect`.
pub(crate) async fn introspect(State(app): State<App>, request: Request) -> Response {
    match answer(&app, request).await {
        Ok(response) => json::no_store(&response),
        Err(error) => error.into_response(),
    }
}

async fn answer(app: &App, request: Request) -> Result<IntrospectionResponse, TokenError> {
    let form = form::read(request, app.config().limits.form_bytes).await?;
    let caller = client_auth::authenticate(app, &form).await?;
    // Who cannot prove who it is learns nothing of any token (RFC 7662 §2.1).
    if matches!(&caller, Caller::App(client) if client.is_public()) {
        return Err(TokenError::InvalidClient { basic: form.has_authorization() });
    }
    let request = TokenParameter::parse(&form.params)?;
    let keys = app.keys_for(request.token.expose()).await?;
    let Some(presented) = PresentedToken::open(request.token.expose(), app, &keys) else {
        return Ok(IntrospectionResponse::Inactive);
    };
    if !concerns(&presented, &caller) {
        return Ok(IntrospectionResponse::Inactive);
    }
    let living = presented.living(app, &keys).await?;
    Ok(living.map_or(IntrospectionResponse::Inactive, |living| describe(app, living)))
}

/// An API hears of tokens for it, an app of those that it holds; nobody of others' (RFC 7662 §4).
fn concerns(token: &PresentedToken, caller: &Caller) -> bool {
    match caller {
        Caller::Api(api) => token.audience.contains(&api.identifier),
        Caller::App(client) => token.client_id == client.id(),
    }
}

fn describe(app: &App, living: Living) -> IntrospectionResponse {
    let Living { token, grant } = living;
    let auth_time = token.auth_time.or_else(|| grant.as_ref().map(|grant| grant.auth_time));
    let acr = token.acr.or_else(|| grant.and_then(|grant| grant.acr));
    let token_type = if token.cnf.is_some() { TokenType::Dpop } else { TokenType::Bearer };
    IntrospectionResponse::Active(Box::new(ActiveToken {
        scope: Some(token.scopes),
        client_id: Some(token.client_id),
        token_type: Some(token_type.as_str().to_owned()),
        cnf: token.cnf,
        exp: Some(token.expires_at),
        iat: Some(token.issued_at),
        nbf: None,
        sub: Some(token.subject),
        aud: Some(token.audience),
        iss: Some(app.issuer().as_str().to_owned()),
        jti: Some(token.jti),
        auth_time,
        acr,
        act: Actor::chain(&token.actors),
    }))
}
