//! The authorization endpoint — RFC 6749 §3.1, §4.1.1, OIDC Core §3.1.2.
//!
//! First who asks and where the answer would go: until both are proven, an error can only be a page. Then the
//! request itself, whose errors go back to the app. Then the person.

use axum::{
    extract::{Request, State},
    response::Response,
};
use mapae_protocol::{
    authorization::{self, AuthorizationRequest, ReturnPath, target::RequestedTarget},
    error::{ErrorCode, OAuthError},
    fapi::Profile,
    scope::Scopes,
    token::grant_type::AUTHORIZATION_CODE,
};

use crate::{
    app::App,
    catalog::Client,
    client_document,
    interaction::{
        Authorize, Errand, PageError, Pushed, Step, StepError, Unfolded, Visit, Wishes, answering,
        page_for_apps, proceed, pulled, refuse, trust_target, unfolded,
    },
    issue::resolve_audience,
    store::Unit,
    upstream,
};

/// `GET /authorize` and `POST /authorize`.
pub(crate) async fn authorize(State(app): State<App>, request: Request) -> Response {
    page_for_apps(app, request, begin).await
}

async fn begin(visit: Visit) -> Result<Response, PageError> {
    let (visit, pushed) = pulled(visit).await?;
    let (visit, signed) = match &pushed {
        // Its object was opened when it was pushed, if it came in one.
        Some(pushed) => (visit, pushed.signed),
        None => match unfolded(visit).await? {
            Unfolded::Request(visit, signed) => (*visit, signed),
            Unfolded::Answered(response) => return Ok(response),
        },
    };
    let target = RequestedTarget::parse(&visit.params).map_err(|error| match error {
        authorization::target::Error::RedirectUriMissing
        | authorization::target::Error::RedirectUriTooLong => PageError::WrongRedirectUri,
        authorization::target::Error::ClientIdMissing | authorization::target::Error::ClientIdMalformed => {
            PageError::UnknownApp
        }
        authorization::target::Error::ClientIdRepeated
        | authorization::target::Error::RedirectUriRepeated => PageError::BadRequest,
    })?;
    client_document::follow(&visit.app, target.client_id.as_str(), visit.context.client).await?;
    let (client, redirect) = trust_target(&visit.app, &target).await?;
    let metadata = client.metadata();
    let stricter =
        |pushed: &Pushed| pushed.profile < client.profile() || (metadata.signs_requests && !pushed.signed);
    if pushed.as_ref().is_some_and(stricter) {
        // Since then the app has gone over to stricter rules.
        return Err(StepError::Over.into());
    }
    if (pushed.is_none() && metadata.pushes_requests) || (!signed && metadata.signs_requests) {
        // What comes through the browser may be anybody's (RFC 9126 §5; PA-09), unless it is signed (RFC 9101 §10.5).
        return Err(PageError::BadRequest);
    }
    let parsed = AuthorizationRequest::parse(&visit.params).map_err(OAuthError::from);
    let request = match parsed.and_then(|request| admit(&visit.app, &client, request)) {
        Ok(request) => request,
        Err(error) => {
            let back = ReturnPath::of(&visit.params);
            let name = pushed.as_ref().map(|pushed| pushed.name.as_str());
            answering(&visit.app, name, Unit::new()).await?;
            return Ok(refuse(&visit, &client, &redirect, &back, error).await?);
        }
    };
    let wishes = Wishes::of(&request, &client, &visit.app);
    let authorize = Authorize::new(target, request, wishes).by_rules_of(client.profile()).signed(signed);
    let errand = Errand::Authorize(Box::new(authorize.pushed_as(pushed.map(|pushed| pushed.name))));
    let step = Step::new(errand, visit.app.now());
    match upstream::straight(&visit, &step).await? {
        Some(there) => Ok(there),
        None => proceed(&visit, &step).await,
    }
}

/// What this app may ask: the grant type, PKCE, scopes and one API for the token.
pub(super) fn admit(
    app: &App,
    client: &Client,
    mut request: AuthorizationRequest,
) -> Result<AuthorizationRequest, OAuthError> {
    let refuse = |code, description| Err(OAuthError::new(code, description));
    if !client.may_use(AUTHORIZATION_CODE) {
        return refuse(ErrorCode::UnauthorizedClient, "the app may not ask for codes");
    }
    if client.requires_pkce() && request.code_challenge.is_none() {
        return refuse(ErrorCode::InvalidRequest, "code_challenge is missing: PKCE with S256 is required");
    }
    if client.profile().is_some_and(Profile::signs_messages) && !request.response_mode.is_signed() {
        // FAPI 2.0 Message Signing §5.4.1.
        return refuse(
            ErrorCode::InvalidRequest,
            "response_mode must be jwt: the app's profile has answers signed",
        );
    }
    // What the app registered counts where the request is silent (OIDC Registration §2).
    request.max_age = request.max_age.or_else(|| client.metadata().default_max_age);
    let resource = request.resource.as_ref().map(|resource| resource.as_str());
    request.scopes = admit_scopes(app, client, &request.scopes, resource)?;
    Ok(request)
}

/// What of these scopes this app may ask people for, and that they are of one API. The same for whoever asks, at whatever
/// endpoint.
pub(super) fn admit_scopes(
    app: &App,
    client: &Client,
    scopes: &Scopes,
    resource: Option<&str>,
) -> Result<Scopes, OAuthError> {
    let refuse = |code, description| Err(OAuthError::new(code, description));
    let apis = app.catalog().apis();
    let of_upstream =
        |scope: &str| upstream::named_by(scope).is_some_and(|name| app.upstreams().enabled(name).is_some());
    let known = |scope: &str| {
        mapae_protocol::scope::is_standard(scope) || apis.owner_of(scope).is_some() || of_upstream(scope)
    };
    let asked = scopes.iter().filter(|scope| known(scope.as_str())).cloned().collect::<Scopes>();
    if asked.is_empty() && !scopes.is_empty() {
        return refuse(ErrorCode::InvalidScope, "none of the scopes is known");
    }
    if !asked.is_subset(client.allowed()) {
        return refuse(ErrorCode::InvalidScope, "a scope is not registered for this app");
    }
    // RFC 6749 §3.3: without `scope` the request asks for a fixed default, which is no more than the app needs.
    let asked = if asked.is_empty() { client.required().clone() } else { asked };
    if asked.is_empty() {
        return refuse(ErrorCode::InvalidScope, "scope is missing, and the app has no required items");
    }
    resolve_audience(&apis, &asked, resource)?;
    Ok(asked)
}
