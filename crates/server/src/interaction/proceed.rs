//! Going on with an authorization request: the next page, or the answer.

use std::sync::Arc;

use axum::response::Response;
use mapae_protocol::{
    authorization::target::RequestedTarget,
    error::{ErrorCode, OAuthError},
    redirect_uri::TrustedRedirect,
    scope::Scopes,
};

use super::{
    Answer, Authorize, Check, Errand, Facts, PROMPTS, PageError, Prompt, SessionFacts, Step, Visit,
    answer::{Parties, deliver, issue_code},
    id_token_hint, see_other,
};
use crate::{
    app::App,
    catalog::Client,
    fault::Fault,
    pages::at,
    store::consents::{self, Consent},
};

/// Everything that is known about a request: read before any decision.
#[derive(Debug)]
pub(crate) struct Situation {
    pub(crate) client: Arc<Client>,
    pub(crate) redirect: TrustedRedirect,
    /// What the request asks, as far as this app may ask.
    pub(crate) requested: Scopes,
    /// What this person and this app have between them.
    pub(crate) consent: Option<Consent>,
    pub(crate) agreed: Scopes,
    pub(crate) refused: Scopes,
}

impl Situation {
    /// Reads the facts. The app and its redirect URI are judged first, and again on every page.
    pub(crate) async fn read(visit: &Visit, authorize: &Authorize) -> Result<Self, PageError> {
        let (client, redirect) = trust_target(&visit.app, &authorize.target).await?;
        let consent = match &visit.session {
            Some(signed_in) => consents::find(visit.app.db(), &signed_in.user.id, client.id()).await?,
            None => None,
        };
        let scopes = |text: Option<&str>| {
            Scopes::restore(text.unwrap_or_default()).map_err(|_| Fault::Payload("scopes of a consent"))
        };
        let agreed = scopes(consent.as_ref().map(|consent| consent.scopes.as_str()))?;
        let refused = scopes(consent.as_ref().map(|consent| consent.refused.as_str()))?;
        // What an app may ask can shrink while a person looks at a page.
        let requested = authorize.request.scopes.intersection(client.allowed());
        Ok(Self { client, redirect, requested, consent, agreed, refused })
    }

    /// The facts as the prompts see them.
    pub(crate) fn facts<'a>(&'a self, visit: &Visit, step: &'a Step, authorize: &'a Authorize) -> Facts<'a> {
        let session = visit.session.as_ref().map(|signed_in| &signed_in.session);
        Facts {
            request: &authorize.request,
            redirect_uri: self.redirect.uri().as_str(),
            public_app: self.client.is_public(),
            signed_in_now: session.is_some_and(|session| step.signed_in.as_ref() == Some(&session.id)),
            another_expected: self.another_expected(visit, authorize),
            account_chosen: step.account_chosen,
            session: session.map(|session| SessionFacts { auth_time: session.auth_time }),
            requested: &self.requested,
            required: self.client.required(),
            agreed: &self.agreed,
            refused: &self.refused,
            now: visit.app.now(),
        }
    }
}

impl Situation {
    fn another_expected(&self, visit: &Visit, authorize: &Authorize) -> bool {
        let silent = authorize.request.prompts.forbids_pages();
        let keys = visit.app.keys().current();
        id_token_hint::contradicts(
            authorize.hint.as_ref(),
            visit.session.as_ref(),
            silent,
            (&self.client, &keys),
        )
    }
}

/// Proves that the app may be answered where it asks: before anything else is judged, and without a redirect
/// when it may not (RFC 6749 §3.1.2.4).
pub(crate) async fn trust_target(
    app: &App,
    target: &RequestedTarget,
) -> Result<(Arc<Client>, TrustedRedirect), PageError> {
    let client = app.catalog().client(target.client_id.as_str()).await?;
    let client = client.filter(|client| !client.is_disabled()).ok_or(PageError::UnknownApp)?;
    let redirect = client.trust(target).ok_or(PageError::WrongRedirectUri)?;
    Ok((client, redirect))
}

/// The first page that is needed, and why.
pub(crate) fn needed(facts: &Facts<'_>) -> Option<(&'static Prompt, &'static Check)> {
    PROMPTS.iter().find_map(|prompt| {
        let check = prompt.checks.iter().find(|check| (check.applies)(facts))?;
        Some((prompt, check))
    })
}

/// Leads to the next page, or answers.
pub(crate) async fn proceed(visit: &Visit, step: &Step) -> Result<Response, PageError> {
    let authorize = match &step.errand {
        Errand::Visit(path) => return Ok(see_other(path)?),
        Errand::Authorize(authorize) => authorize,
    };
    let situation = Situation::read(visit, authorize).await?;
    let facts = situation.facts(visit, step, authorize);
    let back = authorize.request.return_path();
    let answer = match (needed(&facts), &visit.session, &situation.consent) {
        _ if facts.wrong_person() => {
            let error = OAuthError::new(ErrorCode::LoginRequired, "somebody else than expected signed in");
            Answer::Error(error)
        }
        (Some((_, check)), _, _) if authorize.request.prompts.forbids_pages() => {
            let error = OAuthError::new(check.error, "the person would have to see a page");
            Answer::Error(error)
        }
        (Some((prompt, check)), _, _) => {
            tracing::debug!(page = prompt.path, reason = check.name, "a page is needed");
            let step = visit.seal(step).await?;
            return Ok(see_other(&at::step(prompt.path, &step))?);
        }
        (None, Some(signed_in), Some(consent)) => {
            let parties = Parties { client: &situation.client, signed_in, consent };
            let granted = facts.granted();
            Answer::Code(issue_code(&visit.app, authorize, &situation.redirect, parties, granted).await?)
        }
        // The prompts ask for a page without a session and without a consent.
        (None, _, _) => return Err(Fault::Payload("facts").into()),
    };
    step.end(&visit.app, &visit.browser).await?;
    Ok(deliver(visit, &situation.client, &situation.redirect, &back, answer)?)
}
