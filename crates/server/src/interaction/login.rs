//! When a person must sign in, and the page for it — OIDC Core §3.1.2.1 (`prompt=login`, `max_age`), §3.1.2.3.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use mapae_protocol::{
    authorization::Prompt as Requested, endpoint_uri::EndpointUri, error::ErrorCode,
    redirect_uri::RedirectUri,
};

use super::{
    Check, Errand, Facts, PageError, Prompt, Situation, Step, Visit, acr::AcrWish, device, form_target,
    max_age, page, proceed, see_other, seen_page, trust_target,
};
use crate::{
    accounts::{EmailAddress, NewPassword, guess::Guess, known_browser, session, throttle::Throttled, typed},
    app::App,
    audit::{About, Event},
    catalog::Client,
    client_document,
    fault::Fault,
    http::retry_after,
    pages::{
        at,
        look::AppCard,
        policy::FormTarget,
        shown::Shown as ShownText,
        sign_in::{Linking, SignIn, SignInAgain, SignInProblem, TroubleWith},
    },
    store::{
        Unit,
        users::{self, Account, User},
    },
    upstream::{self, Told},
};

pub(super) const LOGIN: Prompt = Prompt {
    asked_by: Requested::Login,
    path: at::SIGN_IN,
    checks: &[
        Check {
            name: "no session",
            error: ErrorCode::LoginRequired,
            applies: |facts| facts.session.is_none(),
        },
        Check {
            name: "id_token_hint",
            error: ErrorCode::LoginRequired,
            applies: |facts| facts.another_expected && !facts.signed_in_now,
        },
        Check { name: "prompt=login", error: ErrorCode::LoginRequired, applies: login_was_asked },
        Check { name: "max_age", error: ErrorCode::LoginRequired, applies: signed_in_too_long_ago },
        Check { name: "acr", error: ErrorCode::LoginRequired, applies: signed_in_too_unsurely },
    ],
};

/// A fresh sign-in was asked for and has not happened on the way.
fn login_was_asked(facts: &Facts<'_>) -> bool {
    facts.request.prompts.contains(Requested::Login) && !facts.signed_in_now
}

/// The last sign-in is older than the app accepts.
fn signed_in_too_long_ago(facts: &Facts<'_>) -> bool {
    let (max_age, now) = (facts.request.max_age, facts.now);
    facts.session.is_some_and(|session| {
        max_age::signed_in_too_long_ago(max_age, session.proved_at, facts.signed_in_now, now)
    })
}

/// A surer sign-in was asked for and has not been tried on the way. Who may not be asked is answered with the context
/// that there is, unless the app insists.
fn signed_in_too_unsurely(facts: &Facts<'_>) -> bool {
    let insists = facts.acr.is_some_and(AcrWish::is_essential);
    facts.too_unsure() && !facts.signed_in_now && (insists || !facts.request.prompts.forbids_pages())
}

/// `GET /sign-in`.
pub(crate) async fn show(State(app): State<App>, request: Request) -> Response {
    page(app, request, |visit| async move {
        let step = step_or_account(&visit).await?;
        let form = LoginForm::of(&visit, &step).await?;
        let other = visit.one("account")? == Some("other");
        let settled = form.again.is_none() && step.arrival.is_none() && !came_from_sign_up(&step);
        if !other && settled && visit.session.is_some() {
            return proceed(&visit, &step).await;
        }
        let email = if other { String::new() } else { form.known_email(&visit, &step) };
        let again = form.again.filter(|_| !other);
        form.answer(&visit, &step, Shown { email, again, problem: None }).await
    })
    .await
}

/// Asked for a new account, and here to say who they are already: that takes a sign-in, not a session.
fn came_from_sign_up(step: &Step) -> bool {
    let Errand::Authorize(authorize) = &step.errand else { return false };
    authorize.request.prompts.contains(Requested::Create)
}

/// `POST /sign-in`.
pub(crate) async fn submit(State(app): State<App>, request: Request) -> Response {
    page(app, request, sign_in).await
}

async fn sign_in(visit: Visit) -> Result<Response, PageError> {
    let step = visit.step().await?.ok_or(PageError::BadRequest)?;
    let form = LoginForm::of(&visit, &step).await?;
    let email = visit.one("email")?.ok_or(PageError::BadRequest)?;
    let password = visit.one("password")?.unwrap_or_default();
    let again = form.again;
    let shown = |problem| Shown { email: email.to_owned(), again, problem: Some(problem) };
    let account = match verify(&visit, email, password).await {
        Ok(Some(account)) => account,
        Ok(None) => return form.answer(&visit, &step, shown(SignInProblem::WrongCredentials)).await,
        Err(Attempt::Throttled(throttled)) => {
            let minutes = throttled.minutes();
            return form.answer(&visit, &step, shown(SignInProblem::TooManyAttempts { minutes })).await;
        }
        Err(Attempt::Failed(error)) => return Err(error),
    };
    let begun = session::begin(&visit.app, &account.user, visit.session.as_ref(), &visit.headers).await?;
    About::user(&account.user.id).note(Event::SignedIn);
    let step = upstream::after_proof(&visit, step, (&account.user, &begun.session_id)).await?;
    let step = Step { signed_in: Some(begun.session_id.clone()), ..step };
    let mut response = see_other(&at::step(at::CONTINUE, &visit.seal(&step).await?))?;
    begun.give_cookies(response.headers_mut());
    Ok(response)
}

/// `GET /continue`: on to the next page, or the answer.
pub(crate) async fn go_on(State(app): State<App>, request: Request) -> Response {
    seen_page(app, request, |visit| async move {
        let step = visit.step().await?.ok_or(PageError::BadRequest)?;
        proceed(&visit, &step).await
    })
    .await
}

/// Why no password was checked.
pub(crate) enum Attempt {
    Throttled(Throttled),
    Failed(PageError),
}

/// The account with this address and password. Unknown, disabled and wrong cost and look the same (SE-15, SE-16).
pub(crate) async fn verify(visit: &Visit, email: &str, password: &str) -> Result<Option<Account>, Attempt> {
    let app = &visit.app;
    let address = typed::address(email).ok();
    let name = address.as_ref().map_or(email, EmailAddress::as_str);
    let account = match &address {
        Some(address) => users::by_email(app.db(), address.as_str())
            .await
            .map_err(|error| Attempt::Failed(error.into()))?,
        None => None,
    };
    let known = account.as_ref().map(|account| account.user.id.clone());
    let about = known.as_deref().map_or_else(About::default, About::user);
    let account = account.filter(|account| account.user.disabled_at.is_none());
    let own = account.as_ref().and_then(|account| own_browser(visit, &account.user));
    let guess = Guess::new(own, visit.context.client, name);
    if let Err(throttled) = guess.charge(app.throttle(), app.now()) {
        about.note(Event::Throttled);
        return Err(Attempt::Throttled(throttled));
    }
    let hash = account.as_ref().and_then(|account| account.password_hash.as_ref());
    let proven = visit.passwords().verify(password, hash.map(crate::store::Concealed::expose)).await;
    let proven = proven.map_err(|error| Attempt::Failed(error.into()))?;
    if proven {
        guess.succeeded(app.throttle());
    } else {
        about.note(Event::WrongPassword);
    }
    let proven = account.filter(|_| proven);
    if let Some(account) = &proven {
        renew_hash(app, account, password);
    }
    Ok(proven)
}

/// Hashes the password anew if it was hashed with weaker parameters than today's, behind the request's back: only
/// now is it known.
fn renew_hash(app: &App, account: &Account, password: &str) {
    let old = account.password_hash.clone().filter(|old| app.passwords().is_outdated(old.expose()));
    let (Some(old), Ok(password)) = (old, NewPassword::parse(password)) else { return };
    let (app, id) = (app.clone(), account.user.id.clone());
    tokio::spawn(async move {
        // At the next sign-in there is another chance.
        let Ok(new) = app.passwords().hash(password).await else { return };
        let unit = Unit::from(users::rehash_password(&id, &old, &new.into()));
        if let Err(error) = app.commit(unit).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a password's hash was not renewed");
        }
    });
}

/// The name under which attempts in this browser are counted, if it is one of the account's owner.
fn own_browser(visit: &Visit, user: &User) -> Option<String> {
    let session = visit.session.as_ref().filter(|signed_in| signed_in.user.id == user.id);
    let session = session.map(|signed_in| signed_in.session.id.clone());
    session.or_else(|| known_browser::name(&visit.app, user, &visit.headers))
}

/// A sign-in without an app leads to one's own account.
pub(crate) async fn step_or_account(visit: &Visit) -> Result<Step, PageError> {
    let step = visit.step().await?;
    Ok(step.unwrap_or_else(|| Step::new(Errand::Visit(at::ACCOUNT.to_owned()), visit.app.now())))
}

/// The page for one step.
struct LoginForm {
    app: Option<AppCard>,
    again: Option<SignInAgain>,
    target: FormTarget,
}

/// What changes from one showing to the next.
struct Shown {
    email: String,
    again: Option<SignInAgain>,
    problem: Option<SignInProblem>,
}

impl LoginForm {
    async fn of(visit: &Visit, step: &Step) -> Result<Self, PageError> {
        let Errand::Authorize(authorize) = &step.errand else {
            let target = FormTarget::OwnOrigin;
            if let Errand::Device(waiting) = &step.errand {
                let again = device::must_sign_in_again(visit, step, waiting).await?;
                let app = Some(device::card(visit, waiting).await?);
                return Ok(Self { app, again: again.then_some(SignInAgain::TooLongAgo), target });
            }
            let again = must_confirm(visit, step).then_some(SignInAgain::ToConfirm);
            return Ok(Self { app: None, again, target });
        };
        let (client, redirect) = trust_target(&visit.app, &authorize.target).await?;
        let again = match &visit.session {
            None => None,
            Some(_) => {
                let situation = Situation::read(visit, authorize).await?;
                let facts = situation.facts(visit, step, authorize);
                let other = facts.another_expected && !facts.signed_in_now;
                let other = other.then_some(SignInAgain::OtherAccount);
                let asked = other.or_else(|| login_was_asked(&facts).then_some(SignInAgain::Asked));
                let asked =
                    asked.or_else(|| signed_in_too_long_ago(&facts).then_some(SignInAgain::TooLongAgo));
                asked.or_else(|| signed_in_too_unsurely(&facts).then_some(SignInAgain::NotSureEnough))
            }
        };
        let target = form_target(step);
        Ok(Self { app: Some(card(&client, redirect.uri())), again, target })
    }

    /// The address to begin with: of who is signed in when they must prove it again, else what the app hints.
    fn known_email(&self, visit: &Visit, step: &Step) -> String {
        let same = self.again.is_some_and(SignInAgain::is_of_the_same_person);
        let signed_in = visit.session.as_ref().filter(|_| same);
        let hint = match &step.errand {
            Errand::Authorize(authorize) => authorize.request.login_hint.clone(),
            Errand::Visit(_) | Errand::Confirm(_) | Errand::Connect(_) | Errand::Device(_) => None,
        };
        signed_in.map(|signed_in| signed_in.user.address().to_owned()).or(hint).unwrap_or_default()
    }

    async fn answer(self, visit: &Visit, step: &Step, shown: Shown) -> Result<Response, PageError> {
        let status = match shown.problem {
            None => StatusCode::OK,
            Some(SignInProblem::TooManyAttempts { .. }) => StatusCode::TOO_MANY_REQUESTS,
            Some(SignInProblem::WrongCredentials) => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let sealed = visit.seal(step).await?;
        let upstream::Offer { mut buttons, kept_out } = upstream::offer(visit, step, &sealed);
        let waiting = upstream::waiting_arrival(visit, step).await?;
        if let Some(arrival) = &waiting {
            // It would lead back to this page.
            buttons.retain(|button| button.id != arrival.upstream);
        }
        let page = SignIn {
            step: sealed,
            app: self.app,
            email: shown.email,
            again: shown.again,
            problem: shown.problem,
            trouble: upstream::told(visit)?.and_then(|told| trouble_with(visit, step, &told)),
            linking: linking(visit, step, waiting).await?,
            upstreams: buttons,
            kept_out,
            passwordless: is_passwordless(visit, shown.again).await?,
            target: self.target,
        };
        let mut response = (status, visit.show(&page, Some(step))).into_response();
        if let Some(SignInProblem::TooManyAttempts { minutes }) = shown.problem {
            retry_after::in_minutes(&mut response, minutes);
        }
        Ok(response)
    }
}

/// Whether the person who is signed in, and must prove again who they are, has no password for that.
async fn is_passwordless(visit: &Visit, again: Option<SignInAgain>) -> Result<bool, Fault> {
    let same = again.is_some_and(SignInAgain::is_of_the_same_person);
    let Some(signed_in) = visit.session.as_ref().filter(|_| same) else { return Ok(false) };
    let account = users::by_id(visit.app.db(), &signed_in.user.id).await?;
    Ok(account.is_some_and(|account| account.password_hash.is_none()))
}

/// Whether a page of ours waits for somebody who proves anew who they are.
fn must_confirm(visit: &Visit, step: &Step) -> bool {
    let Errand::Confirm(_) = &step.errand else { return false };
    visit.session.as_ref().is_some_and(|signed_in| {
        step.signed_in.as_ref() != Some(&signed_in.session.id)
            && !upstream::is_fresh(signed_in, visit.app.now())
    })
}

fn trouble_with(visit: &Visit, step: &Step, told: &Told) -> Option<TroubleWith> {
    let upstream = visit.app.upstreams().enabled(&told.upstream)?;
    let provider = ShownText::name(upstream.label(visit.locale(Some(step))));
    Some(TroubleWith { trouble: told.trouble, provider })
}

/// Who waits to be linked to the account that is proved on this page.
async fn linking(
    visit: &Visit,
    step: &Step,
    waiting: Option<upstream::Arrival>,
) -> Result<Option<Linking>, PageError> {
    let Some(arrival) = waiting else { return Ok(None) };
    let Some(upstream) = visit.app.upstreams().enabled(&arrival.upstream) else { return Ok(None) };
    Ok(Some(Linking {
        provider: ShownText::name(upstream.label(visit.locale(Some(step)))),
        account: ShownText::name(&upstream::label(&arrival.identity)),
        named: upstream::named_account(visit, step, &arrival).await?.is_some(),
    }))
}

/// How an app is shown on our pages: by its name, and by where it really leads.
pub(crate) fn card(client: &Client, redirect_uri: &RedirectUri) -> AppCard {
    let origin = redirect_uri.origin();
    let place = match client_document::place(client.id()) {
        Some((host, own_origin)) if own_origin != origin => ShownText::way(host, &origin),
        _ => ShownText::place(&origin),
    };
    AppCard { leads_to: Some(place), ..card_alone(client) }
}

/// How an app is shown where it leads nowhere: one that is an address is who is there.
pub(crate) fn card_alone(client: &Client) -> AppCard {
    let (settings, metadata) = (&client.record().settings, client.metadata());
    let text = |address: &EndpointUri| address.as_str().to_owned();
    AppCard {
        name: ShownText::name(&settings.name),
        icon: settings.icon.clone(),
        leads_to: client_document::place(client.id()).map(|(host, _)| ShownText::place(host)),
        standing: client.standing(),
        policy: metadata.policy.as_ref().map(text),
        terms: metadata.terms.as_ref().map(text),
    }
}
