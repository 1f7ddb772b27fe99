//! The answer to an app: a code or an error, by the response mode that it asked for — RFC 6749 §4.1.2.

use axum::{
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use mapae_protocol::{
    authorization::{
        ReturnPath,
        response::{self, Parameters},
        signed_response::{RESPONSE, SignedResponse},
    },
    error::OAuthError,
    fapi::MAX_CODE_LIFE,
    jose::HeaderType,
    redirect_uri::TrustedRedirect,
    response_mode::{Delivery, Mode},
    scope::{OFFLINE_ACCESS, Scopes},
    time::{Seconds, Timestamp},
};

use super::{Authorize, PageError, StepError, Visit, answering, login, see_other};
use crate::{
    accounts::{session, throttle},
    app::App,
    catalog::Client,
    fault::{Artefact, Fault},
    issue::{Authorization, AuthorizationCode, CodeDetails},
    pages::{
        detour::{Detour, Onward},
        form_post::FormPost,
        shown::Shown,
    },
    registration::Appearance,
    store::{
        Concealed, Unit,
        alive::{Dead, Epochs},
        apps::Standing,
        codes,
        consents::{self, Consent},
        grants,
        sessions::{Session, SignedIn},
    },
};

/// For how long a signed response is good: it travels at once (JARM §2.1: ten minutes at most).
const SIGNED_RESPONSE_LIFE: Seconds = Seconds::minutes(5);

/// What an app is told.
#[derive(Debug)]
pub(crate) enum Answer {
    Code(String),
    /// What the person said or did comes to this.
    Error(OAuthError),
    /// An error that no person has chosen: see [`refuse`].
    Refusal(OAuthError),
}

/// Sends the answer to a redirect URI that is proven to be the app's. Every answer names the issuer (RFC 9207 §2).
pub(super) fn deliver(
    visit: &Visit,
    client: &Client,
    to: &TrustedRedirect,
    back: &ReturnPath,
    answer: Answer,
) -> Result<Response, Fault> {
    let state = back.state.as_deref();
    let parameters = match answer {
        Answer::Code(code) => response::success(&code, state, visit.app.issuer()),
        Answer::Error(error) | Answer::Refusal(error) => response::error(error, state, visit.app.issuer()),
    };
    match back.mode.deliver(to, &signed_for(&visit.app, client, back.mode, parameters)?) {
        Delivery::Redirect(address) => see_other(&address),
        Delivery::Form { fields, .. } => {
            let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            let page = FormPost {
                redirect_uri: to.uri().clone(),
                fields,
                app: Shown::name(&client.record().settings.name),
            };
            Ok(visit.show(&page, None))
        }
    }
}

/// Answers with an error that no person has chosen. An app that nobody stands behind cannot make this server send
/// people on to wherever it likes (RFC 9700 §4.11.2; AZ-37): who has nothing to do with it reads first where the
/// way leads. With `registration.vouch` the operator stands behind all that register themselves: they are led on to
/// without a page between.
pub(crate) async fn refuse(
    visit: &Visit,
    client: &Client,
    to: &TrustedRedirect,
    back: &ReturnPath,
    error: OAuthError,
) -> Result<Response, Fault> {
    if client.standing() == Standing::Verified || is_connected(visit, client, to).await? {
        return deliver(visit, client, to, back, Answer::Error(error));
    }
    let parameters = response::error(error, back.state.as_deref(), visit.app.issuer());
    let parameters = signed_for(&visit.app, client, back.mode, parameters)?;
    let page = Detour {
        app: login::card(client, to.uri()),
        onward: match back.mode.deliver(to, &parameters) {
            Delivery::Redirect(address) => Onward::Link(address),
            Delivery::Form { fields, .. } => Onward::Form {
                redirect_uri: to.uri().clone(),
                fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            },
        },
        error,
    };
    Ok((StatusCode::BAD_REQUEST, visit.show(&page, None)).into_response())
}

/// The parameters as this mode sends them: themselves, or one JWT that says them to this app (JARM §2.1).
fn signed_for(app: &App, client: &Client, mode: Mode, parameters: Parameters) -> Result<Parameters, Fault> {
    if !mode.is_signed() {
        return Ok(parameters);
    }
    let exp = app.now().plus(SIGNED_RESPONSE_LIFE);
    let claims = SignedResponse::new(app.issuer(), client.id(), exp, parameters);
    let algorithm = client.metadata().response_algorithm.unwrap_or_else(|| client.id_token_algorithm());
    let keys = app.keys().current();
    let token = keys.signing_key(algorithm)?.sign(HeaderType::Jwt, &claims);
    Ok(vec![(RESPONSE, token.map_err(|error| Fault::Key(error.into()))?)])
}

/// Whether whoever is signed in has agreed to something that this app may have, as it is and where it leads.
async fn is_connected(visit: &Visit, client: &Client, to: &TrustedRedirect) -> Result<bool, Fault> {
    let Some(signed_in) = &visit.session else { return Ok(false) };
    let consent = consents::find(visit.app.db(), &signed_in.user.id, client.id()).await?;
    let agreed = consent.as_ref().filter(|consent| !consent.scopes.is_empty());
    Ok(Appearance::valid(agreed, client.registered(), Some(to.uri()))?.is_some())
}

/// Those between whom a code is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parties<'a> {
    pub(crate) client: &'a Client,
    pub(crate) signed_in: &'a SignedIn,
    pub(crate) consent: &'a Consent,
}

impl Parties<'_> {
    /// What the grant will hang on, as it is now.
    pub(crate) fn authorization(&self, granted: &Scopes, acr: String) -> Authorization {
        let SignedIn { session, user } = self.signed_in;
        Authorization {
            user_id: user.id.clone(),
            consent_id: self.consent.id.clone(),
            session_id: session.id.clone(),
            epochs: Epochs {
                user: user.epoch,
                app: self.client.epoch(),
                consent: self.consent.epoch,
                session: Some(session.epoch),
            },
            offline: granted.contains(OFFLINE_ACCESS),
            auth_time: session.auth_time,
            acr,
            amr: session.amr.clone(),
        }
    }
}

/// The context that the app asked for if this session meets it, or the session's own.
fn reported_acr(authorize: &Authorize, session: &Session) -> String {
    let reached = session::acr_of(session);
    let met = authorize.wishes.acr.as_ref().and_then(|wish| wish.met_by(reached));
    met.unwrap_or(reached).to_owned()
}

/// What the app may be told claim by claim, of what it asked.
fn agreed_claims(authorize: &Authorize, granted: &Scopes) -> Result<Option<String>, Fault> {
    let claims = authorize.wishes.claims_of(granted);
    let text = (!claims.is_empty()).then(|| serde_json::to_string(&claims));
    text.transpose().map_err(Fault::encoding(Artefact::CodeDetails))
}

/// As long as is configured, and as the app's profile allows (FAPI 2.0 §5.3.2.1, item 11).
fn code_life(app: &App, client: &Client) -> Seconds {
    let configured = app.config().tokens.code;
    if client.profile().is_some() { configured.min(MAX_CODE_LIFE) } else { configured }
}

/// Makes sure that a code that will survive its session is not made after the session's end: nobody looks at the session
/// again (OIDC Core §11). Of any other code whoever redeems it learns that.
async fn is_in_time(app: &App, code: &AuthorizationCode, now: Timestamp) -> Result<(), PageError> {
    let authorization = &code.authorization;
    if !authorization.offline {
        return Ok(());
    }
    let origin = code.origin();
    let facts = grants::redemption_facts(app.db(), &authorization.lookup(&origin, &code.client_id)).await?;
    match facts.states.hold(authorization.epochs, false, now) {
        Err(Dead::UserDisabled | Dead::UserChanged | Dead::SessionEnded) => Err(StepError::Over.into()),
        // Whatever else has ended is looked at when it is redeemed.
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Seals a code for what was granted. Writes nothing, unless the request is too large for a code or was pushed.
pub(crate) async fn issue_code(
    app: &App,
    authorize: &Authorize,
    redirect: &TrustedRedirect,
    parties: Parties<'_>,
    granted: Scopes,
) -> Result<String, PageError> {
    let Parties { client, signed_in, .. } = parties;
    let request = &authorize.request;
    let now = app.issuing_time().map_err(Fault::from)?;
    let code = AuthorizationCode {
        id: AuthorizationCode::fresh_id(now),
        expires_at: now.plus(code_life(app, client)),
        client_id: client.id().to_owned(),
        sent_to: AuthorizationCode::redirect_digest(redirect.uri().as_str()),
        redirect_uri_asked: redirect.was_asked(),
        challenge: request.code_challenge.as_ref().map(|challenge| *challenge.as_bytes()),
        key: request.dpop_jkt.as_ref().map(|jkt| *jkt.as_bytes()),
        authorization: parties.authorization(&granted, reported_acr(authorize, &signed_in.session)),
        details: Some(CodeDetails {
            scopes: granted.intersection(&request.scopes),
            claims: agreed_claims(authorize, &granted)?,
            resource: request.resource.as_ref().map(|resource| resource.as_str().to_owned()),
            nonce: request.nonce.clone(),
        }),
    };
    is_in_time(app, &code, now).await?;
    let (row_id, expires_at) = (code.row_id(), code.expires_at);
    let sealed = code.seal(&app.keys().current().seals.codes)?;
    let mut unit = Unit::new();
    if let Some(details) = sealed.stored {
        let charged = app.throttle().charge(throttle::LARGE_CODES, &signed_in.user.id, app.now());
        charged.map_err(|_| PageError::TooMany)?;
        unit = unit.with(codes::put(&row_id, &Concealed::from(details), expires_at));
    }
    answering(app, authorize.pushed(), unit).await?;
    Ok(sealed.text)
}
