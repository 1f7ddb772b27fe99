//! Going on with an authorization request: the next page, or the answer.

use std::sync::Arc;

use axum::{
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use mapae_protocol::{
    authorization::{Prompt as Requested, target::RequestedTarget},
    error::{ErrorCode, OAuthError},
    redirect_uri::TrustedRedirect,
    scope::Scopes,
};

use super::{
    Answer, Authorize, Check, Errand, Facts, PROMPTS, PageError, Prompt, SessionFacts, Step, StepError,
    Visit,
    answer::{Parties, deliver, issue_code, refuse},
    id_token_hint, see_other,
};
use crate::{
    accounts::session,
    app::App,
    catalog::Client,
    fault::{Artefact, Fault},
    pages::{at, policy::FormTarget},
    registration::Appearance,
    store::consents::{self, Consent},
    terms::renewal,
};

/// Everything that is known about a request: read before any decision.
#[derive(Debug)]
pub(crate) struct Situation {
    pub(crate) client: Arc<Client>,
    pub(crate) redirect: TrustedRedirect,
    /// What the request asks, by scope or claim by claim, as far as this app may ask.
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
        if authorize.is_outdated(&client) {
            return Err(StepError::Over.into());
        }
        let consent = match &visit.session {
            Some(signed_in) => consents::find(visit.app.db(), &signed_in.user.id, client.id()).await?,
            None => None,
        };
        let scopes = |text: Option<&str>| {
            Scopes::restore(text.unwrap_or_default()).map_err(Fault::corrupt(Artefact::ScopesOfConsent))
        };
        // What a person agreed to give another app than this has become counts for nothing (SE-08).
        let valid = Appearance::valid(consent.as_ref(), client.registered(), Some(redirect.uri()))?;
        let agreed = scopes(valid.map(|consent| consent.scopes.as_str()))?;
        let refused = scopes(valid.map(|consent| consent.refused.as_str()))?;
        // What an app may ask can shrink while a person looks at a page.
        let asked = authorize.request.scopes.union(&authorize.wishes.items());
        let requested = asked.intersection(client.allowed());
        Ok(Self { client, redirect, requested, consent, agreed, refused })
    }

    /// The facts as the prompts see them.
    pub(crate) fn facts<'a>(
        &'a self,
        visit: &'a Visit,
        step: &'a Step,
        authorize: &'a Authorize,
    ) -> Facts<'a> {
        let session = visit.session.as_ref().map(|signed_in| &signed_in.session);
        Facts {
            request: &authorize.request,
            redirect_uri: self.redirect.uri().as_str(),
            public_app: self.client.is_public(),
            signed_in_now: session.is_some_and(|session| step.signed_in.as_ref() == Some(&session.id)),
            another_expected: self.another_expected(visit, authorize),
            account_chosen: step.account_chosen,
            session: session
                .map(|session| SessionFacts { proved_at: session.proved_at, acr: session::acr_of(session) }),
            acr: authorize.wishes.acr.as_ref(),
            requested: &self.requested,
            required: self.client.required(),
            agreed: &self.agreed,
            refused: &self.refused,
            now: visit.app.now(),
        }
    }

    fn another_expected(&self, visit: &Visit, authorize: &Authorize) -> bool {
        let silent = authorize.request.prompts.forbids_pages();
        let keys = visit.app.keys().current();
        id_token_hint::contradicts(
            authorize.wishes.hint.as_ref(),
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

/// Where the redirects after a form on the way of this step may end.
pub(crate) const fn form_target(step: &Step) -> FormTarget {
    match step.errand {
        Errand::Authorize(_) => FormTarget::App,
        Errand::Visit(_) | Errand::Confirm(_) | Errand::Connect(_) | Errand::Device(_) => {
            FormTarget::OwnOrigin
        }
    }
}

/// The first page that is needed, and why.
pub(crate) fn needed(facts: &Facts<'_>) -> Option<(&'static Prompt, &'static Check)> {
    PROMPTS.iter().find_map(|prompt| {
        let check = prompt.checks.iter().find(|check| (check.applies)(facts))?;
        Some((prompt, check))
    })
}

/// Leads to the next page, or answers; whoever does not look gets neither (AZ-41).
pub(crate) async fn proceed(visit: &Visit, step: &Step) -> Result<Response, PageError> {
    if visit.unseen {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let authorize = match &step.errand {
        Errand::Authorize(authorize) => authorize,
        own => return see_own(visit, step, own).await,
    };
    let situation = Situation::read(visit, authorize).await?;
    let facts = situation.facts(visit, step, authorize);
    if let Some(failure) = failure(&facts) {
        return conclude(visit, step, authorize, &situation, failure).await;
    }
    if may_ask_for_terms(&facts)
        && let Some(page) = renewal::first(visit, step).await?
    {
        return Ok(page);
    }
    if let Some((prompt, check)) = needed(&facts) {
        tracing::debug!(page = prompt.path, reason = check.name, "a page is needed");
        let step = visit.seal(step).await?;
        return Ok(see_other(&at::step(prompt.path, &step))?);
    }
    let (Some(signed_in), Some(consent)) = (&visit.session, &situation.consent) else {
        // The prompts ask for a page without a session and without a consent.
        return Err(Fault::Unprompted.into());
    };
    let parties = Parties { client: &situation.client, signed_in, consent };
    let code = issue_code(&visit.app, authorize, &situation.redirect, parties, facts.granted()).await?;
    conclude(visit, step, authorize, &situation, Answer::Code(code)).await
}

/// The error that is all that it can come to, whatever the person would say on a further page.
fn failure(facts: &Facts<'_>) -> Option<Answer> {
    if facts.requested.is_empty() {
        // Taken from the app while the person looked at a page.
        let error = OAuthError::new(ErrorCode::InvalidScope, "no scope is left that this app may have");
        return Some(Answer::Refusal(error));
    }
    if facts.wrong_person() {
        let error = OAuthError::new(ErrorCode::LoginRequired, "somebody else than expected signed in");
        return Some(Answer::Error(error));
    }
    if facts.out_of_reach() {
        let description = "the authentication context that is asked for cannot be reached";
        let error = OAuthError::new(ErrorCode::UnmetAuthenticationRequirements, description);
        // Unless somebody has signed in, nobody has done anything here yet (AZ-37).
        return Some(if facts.signed_in_now { Answer::Error(error) } else { Answer::Refusal(error) });
    }
    let (_, check) = needed(facts).filter(|_| facts.request.prompts.forbids_pages())?;
    Some(Answer::Refusal(OAuthError::new(check.error, "the person would have to see a page")))
}

/// Ends the way with an answer: of the request nothing is kept, and the app is told.
pub(super) async fn conclude(
    visit: &Visit,
    step: &Step,
    authorize: &Authorize,
    situation: &Situation,
    answer: Answer,
) -> Result<Response, PageError> {
    match &answer {
        Answer::Code(_) => step.end(&visit.app, &visit.browser).await?,
        Answer::Error(_) | Answer::Refusal(_) => step.give_up(&visit.app, &visit.browser).await?,
    }
    let (client, to, back) = (&situation.client, &situation.redirect, authorize.request.return_path());
    Ok(match answer {
        Answer::Refusal(error) => refuse(visit, client, to, &back, error).await?,
        answer => deliver(visit, client, to, &back, answer)?,
    })
}

/// On to a page of our own.
async fn see_own(visit: &Visit, step: &Step, errand: &Errand) -> Result<Response, PageError> {
    if let Some(page) = renewal::first(visit, step).await? {
        return Ok(page);
    }
    match errand {
        Errand::Visit(path) | Errand::Confirm(path) => Ok(see_other(path)?),
        Errand::Device(_) => Ok(see_other(&at::step(at::CONFIRM_DEVICE, &visit.seal(step).await?))?),
        Errand::Connect(_) | Errand::Authorize(_) => Ok(see_other(at::ACCOUNT)?),
    }
}

/// Terms that are new are asked after the sign-in and before the consent, and never where no page may be shown: who
/// stays signed in is asked at the next page.
fn may_ask_for_terms(facts: &Facts<'_>) -> bool {
    let signs_in = needed(facts).is_some_and(|(prompt, _)| prompt.asked_by != Requested::Consent);
    !(signs_in || facts.request.prompts.forbids_pages())
}

#[cfg(test)]
mod tests {
    use mapae_protocol::{error::ErrorCode, time::Timestamp};

    use super::super::facts::samples::{Case, NOW, scopes};
    use super::*;

    /// The page that is needed and the name of the check that says so.
    fn page(case: &Case) -> Option<(&'static str, &'static str)> {
        needed(&case.facts()).map(|(prompt, check)| (prompt.path, check.name))
    }

    /// As [`Case::of`], of somebody who signed in on a page of this request.
    fn just_signed_in(parameters: &str) -> Case {
        Case { signed_in_now: true, ..Case::of(parameters) }
    }

    /// As [`Case::of`], in a browser where nobody is.
    fn nobody(parameters: &str) -> Case {
        let nothing = scopes("");
        Case { session: None, agreed: nothing.clone(), refused: nothing, ..Case::of(parameters) }
    }

    #[test]
    fn az_28_az_29_which_page_a_request_needs() {
        let sign_in = |check| Some((at::SIGN_IN, check));
        let sign_up = Some((at::SIGN_UP, "prompt=create"));
        let select = Some((at::SELECT_ACCOUNT, "prompt=select_account"));
        let consent = |check| Some((at::CONSENT, check));
        for (case, expected) in [
            (Case::of(""), None),
            (nobody(""), sign_in("no session")),
            (nobody("prompt=none"), sign_in("no session")),
            (nobody("prompt=select_account"), sign_in("no session")),
            (nobody("prompt=consent"), sign_in("no session")),
            (nobody("prompt=create"), sign_up),
            (Case::of("prompt=create"), sign_up),
            (Case::of("prompt=create%20login"), sign_up),
            (just_signed_in("prompt=create"), None),
            (Case::of("prompt=none"), None),
            (Case::of("prompt=login"), sign_in("prompt=login")),
            (just_signed_in("prompt=login"), None),
            (Case::of("max_age=60"), None),
            (Case::of("max_age=59"), sign_in("max_age")),
            (Case::of("max_age=0"), sign_in("max_age")),
            (just_signed_in("max_age=59"), None),
            (just_signed_in("max_age=0"), None),
            (Case::of("prompt=none&max_age=59"), sign_in("max_age")),
            (Case::of("acr_values=1"), sign_in("acr")),
            (Case::of("acr_values=0"), None),
            (Case::of("acr_values=1&prompt=none"), None),
            (Case::of("acr_values=urn:gold"), None),
            (just_signed_in("acr_values=1"), None),
            (Case::of(ESSENTIAL), sign_in("acr")),
            (Case::of(&format!("{ESSENTIAL}&prompt=none")), sign_in("acr")),
            (Case::of("prompt=select_account"), select),
            (Case { account_chosen: true, ..Case::of("prompt=select_account") }, None),
            (just_signed_in("prompt=select_account"), None),
            (Case::of("prompt=consent"), consent("prompt=consent")),
            (just_signed_in("prompt=consent"), consent("prompt=consent")),
            (Case { agreed: scopes("openid"), ..Case::of("") }, consent("items not agreed")),
            (Case { agreed: scopes("openid"), ..Case::of("prompt=none") }, consent("items not agreed")),
            (Case { agreed: scopes("openid"), refused: scopes("email"), ..Case::of("") }, None),
        ] {
            assert_eq!(page(&case), expected, "{case:?}");
        }
    }

    /// `{"id_token":{"acr":{"essential":true,"value":"1"}}}`
    const ESSENTIAL: &str =
        "claims=%7B%22id_token%22:%7B%22acr%22:%7B%22essential%22:true,%22value%22:%221%22%7D%7D%7D";

    #[test]
    fn oidc_core_5_5_1_1_who_cannot_be_sure_enough_is_no_answer_and_no_loop() {
        let fails = |case: &Case| case.facts().out_of_reach();
        assert!(!fails(&Case::of(ESSENTIAL)), "a sign-in may help");
        assert!(fails(&just_signed_in(ESSENTIAL)), "it did not");
        let sure = Some(SessionFacts { proved_at: Some(NOW), acr: "1" });
        assert!(!fails(&Case { session: sure, ..just_signed_in(ESSENTIAL) }));
        assert!(!fails(&just_signed_in("acr_values=1")), "only a wish");
        let impossible = ESSENTIAL.replace("%221%22", "%22urn:gold%22");
        assert!(fails(&Case::of(&impossible)) && fails(&nobody(&impossible)), "before anybody is asked");
    }

    #[test]
    fn several_prompts_come_in_one_order_each_once() {
        let all = "prompt=consent%20select_account%20login";
        let path = |case: &Case| page(case).map(|(path, _)| path);
        assert_eq!(path(&Case::of(all)), Some(at::SIGN_IN));
        assert_eq!(path(&just_signed_in(all)), Some(at::CONSENT), "signing in is choosing, too");
        let two = "prompt=consent%20select_account";
        assert_eq!(path(&Case::of(two)), Some(at::SELECT_ACCOUNT));
        assert_eq!(path(&Case { account_chosen: true, ..Case::of(two) }), Some(at::CONSENT));
        let order: Vec<_> = PROMPTS.iter().map(|prompt| prompt.path).collect();
        assert_eq!(order, [at::SIGN_UP, at::SIGN_IN, at::SELECT_ACCOUNT, at::CONSENT]);
    }

    #[test]
    fn se_08_a_public_app_that_nobody_can_prove_always_asks() {
        for (redirect_uri, asks) in [
            ("https://spa.example/cb", false),
            ("http://127.0.0.1:51004/cb", true),
            ("http://localhost:3000/cb", true),
            ("com.example.app:/cb", true),
            ("httpsx://app.example/cb", true),
        ] {
            let public = Case { redirect_uri, public_app: true, ..Case::of("") };
            assert_eq!(page(&public).is_some(), asks, "{redirect_uri}");
            let confidential = Case { public_app: false, ..public };
            assert_eq!(page(&confidential), None, "{redirect_uri}: its secret proves it");
        }
    }

    #[test]
    fn oidc_core_3_1_2_6_each_page_that_may_not_be_shown_has_its_error() {
        let error = |case: &Case| needed(&case.facts()).map(|(_, check)| check.error);
        assert_eq!(error(&nobody("prompt=none")), Some(ErrorCode::LoginRequired));
        assert_eq!(error(&Case::of("prompt=none&max_age=1")), Some(ErrorCode::LoginRequired));
        let asked = Case { agreed: scopes("openid"), ..Case::of("prompt=none") };
        assert_eq!(error(&asked), Some(ErrorCode::ConsentRequired));
        assert_eq!(error(&Case::of("prompt=select_account")), Some(ErrorCode::AccountSelectionRequired));
    }

    #[test]
    fn a_sign_in_of_the_future_is_fresh() {
        let session = Some(SessionFacts { proved_at: Some(Timestamp::from_unix(NOW.unix() + 5)), acr: "1" });
        assert_eq!(page(&Case { session, ..Case::of("max_age=1") }), None, "another node's clock is ahead");
    }

    #[test]
    fn se_22_a_sign_in_that_nobody_saw_is_never_young_enough() {
        let session = Some(SessionFacts { proved_at: None, acr: "0" });
        assert_eq!(page(&Case { session, ..Case::of("max_age=86400") }), page(&Case::of("max_age=0")));
        assert_eq!(page(&Case { session, ..Case::of("") }), page(&Case::of("")), "where nobody asks for it");
    }
}
