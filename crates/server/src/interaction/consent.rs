//! When a person must agree, and the page for it — OIDC Core §3.1.2.4, RFC 8252 §8.6.

use axum::{
    extract::{Request, State},
    response::Response,
};
use mapae_protocol::{
    authorization::Prompt as Requested,
    error::{ErrorCode, OAuthError},
    locale::Locale,
    scope::{OFFLINE_ACCESS, ScopeToken, Scopes},
    token::grant_type::REFRESH_TOKEN,
};

use super::{
    Answer, Asked, Authorize, Check, Errand, Facts, PageError, Parties, Prompt, Situation, Step, Visit,
    agreement::{Relation, Reply, agree_to, granted_of},
    conclude, issue_code, login, needed, page, proceed,
};
use crate::{
    app::App,
    audit::{About, Event},
    catalog::Client,
    contention::until_done,
    pages::{
        at,
        consent::{Consent as ConsentPage, ConsentItem, Life},
        look::Person,
        policy::FormTarget,
        shown::Shown,
    },
    registration::Appearance,
    store::sessions::SignedIn,
    terms::renewal,
    upstream,
};

pub(super) const CONSENT: Prompt = Prompt {
    asked_by: Requested::Consent,
    path: at::CONSENT,
    checks: &[
        Check {
            name: "items not agreed",
            error: ErrorCode::ConsentRequired,
            applies: |facts| !facts.questions().is_empty(),
        },
        Check {
            name: "prompt=consent",
            error: ErrorCode::ConsentRequired,
            applies: |facts| facts.request.prompts.contains(Requested::Consent),
        },
        Check { name: "unproven app", error: ErrorCode::ConsentRequired, applies: app_is_unproven },
    ],
};

/// A public app that does not answer at an https address could be any program on the device: the person
/// sees the page every time, with what was agreed folded away (RFC 8252 §8.6).
fn app_is_unproven(facts: &Facts<'_>) -> bool {
    facts.public_app && !facts.redirect_uri.starts_with("https://")
}

/// `GET /consent`.
pub(crate) async fn show(State(app): State<App>, request: Request) -> Response {
    page(app, request, |visit| async move { ask(&visit, false).await }).await
}

/// `POST /consent`.
pub(crate) async fn submit(State(app): State<App>, request: Request) -> Response {
    page(app, request, answer).await
}

/// Shows the page; `changed` says why it is shown again.
async fn ask(visit: &Visit, changed: bool) -> Result<Response, PageError> {
    let step = visit.step().await?.ok_or(PageError::BadRequest)?;
    let Errand::Authorize(authorize) = &step.errand else { return Err(PageError::BadRequest) };
    let situation = Situation::read(visit, authorize).await?;
    let facts = situation.facts(visit, &step, authorize);
    // An earlier page may be needed again, or no page at all.
    let next = consent_is_next(&facts) && !renewal::are_open(visit).await?;
    let Some(signed_in) = visit.session.as_ref().filter(|_| next) else {
        return proceed(visit, &step).await;
    };
    let questions = Questions::of(&facts);
    let step = Step { asked: Some(questions.asked_of(signed_in, &situation.client)), ..step.clone() };
    let uri = situation.redirect.uri();
    let locale = visit.locale(Some(&step));
    let items = |scopes: &Scopes| shown_items(visit, &situation.client, scopes, locale);
    let page = ConsentPage {
        step: visit.seal(&step).await?,
        app: login::card(&situation.client, uri),
        person: Person::new(&signed_in.user.name, signed_in.user.address()),
        required: items(&questions.required),
        optional: items(&questions.optional),
        agreed: items(&questions.settled).into_iter().map(|item| item.scope).collect(),
        changed,
        life: life(visit, &situation.client, facts.requested),
        target: FormTarget::App,
    };
    Ok(visit.show(&page, Some(&step)))
}

/// For how long the app has what it asks for. Without refresh tokens that is as long as an access token lives.
pub(super) fn life(visit: &Visit, client: &Client, requested: &Scopes) -> Life {
    let tokens = &visit.app.config().tokens;
    let refreshes = client.may_use(REFRESH_TOKEN);
    let most = if refreshes { tokens.refresh_absolute } else { tokens.access_token };
    let minutes = u32::try_from(most.get()).unwrap_or(u32::MAX).div_ceil(60);
    Life { minutes, with_session: refreshes && !requested.contains(OFFLINE_ACCESS) }
}

fn consent_is_next(facts: &Facts<'_>) -> bool {
    // Without anything to ask for there is nothing to agree to.
    let asked = needed(facts).is_some_and(|(prompt, _)| prompt.asked_by == Requested::Consent);
    asked && !facts.requested.is_empty() && !facts.wrong_person()
}

/// What the page asks, and what it only recalls.
pub(super) struct Questions {
    pub(super) required: Scopes,
    pub(super) optional: Scopes,
    pub(super) settled: Scopes,
}

impl Questions {
    /// With `prompt=consent` refused items are asked again; agreed ones never are.
    fn of(facts: &Facts<'_>) -> Self {
        let again = facts.request.prompts.contains(Requested::Consent);
        if again {
            return Self::anew(facts.requested, facts.required, facts.agreed);
        }
        let open = facts.questions();
        Self {
            required: open.intersection(facts.required),
            optional: open.difference(facts.required),
            settled: facts.granted(),
        }
    }

    /// Everything that is not agreed, also what was refused before: for a page that is shown in any case.
    pub(super) fn anew(requested: &Scopes, required: &Scopes, agreed: &Scopes) -> Self {
        let open = requested.difference(agreed);
        Self {
            required: open.intersection(required),
            optional: open.difference(required),
            settled: requested.intersection(agreed),
        }
    }

    /// What the step remembers of a page with these questions.
    pub(super) fn asked_of(&self, signed_in: &SignedIn, client: &Client) -> Asked {
        let (session_id, app) = (signed_in.session.id.clone(), Appearance::digest(client.registered()));
        Asked { session_id, required: self.required.clone(), optional: self.optional.clone(), app }
    }

    /// Whether nothing comes of it when no more than this is ticked of what is optional: then nobody has agreed.
    pub(super) fn come_to_nothing_with(&self, accepted: &Scopes) -> bool {
        self.settled.is_empty() && self.required.is_empty() && accepted.is_empty()
    }

    /// Whether a page put each of them as it stands now. One that became required meanwhile would otherwise be
    /// agreed to by a box that was never ticked (SE-07). What is asked no more does not matter.
    pub(super) fn were_put_by(&self, asked: &Asked) -> bool {
        self.required.is_subset(&asked.required) && self.optional.is_subset(&asked.optional)
    }
}

/// Whether the app has become another one since the page was shown, or it was not a page of this app: what asks for nothing
/// would pass for everything that is agreed already.
pub(super) fn is_another_app(asked: &Asked, client: &Client) -> bool {
    asked.app != Appearance::digest(client.registered())
}

/// Items as the app declares them, in its order.
pub(super) fn shown_items(
    visit: &Visit,
    client: &Client,
    scopes: &Scopes,
    locale: Locale,
) -> Vec<ConsentItem> {
    let ordered = client.in_declared_order(scopes.iter().map(ScopeToken::as_str));
    ordered.into_iter().map(|scope| shown_item(visit, client, scope, locale)).collect()
}

fn shown_item(visit: &Visit, client: &Client, scope: &str, locale: Locale) -> ConsentItem {
    let in_language = |ko: &str, en: &str| match locale {
        Locale::Ko => ko.to_owned(),
        Locale::En => en.to_owned(),
    };
    let purpose = client.item(scope).map(|item| in_language(&item.purpose_ko, &item.purpose_en));
    let purpose = purpose.filter(|purpose| !purpose.is_empty());
    ConsentItem {
        scope: upstream::scope_text(&visit.app, client.subject_type(), scope, locale),
        purpose: purpose.map(|text| Shown::sentence(&text)),
    }
}

async fn answer(visit: Visit) -> Result<Response, PageError> {
    let step = visit.step().await?.ok_or(PageError::BadRequest)?;
    until_done(|| answer_now(&visit, &step)).await
}

/// `None`: what was read has changed meanwhile.
async fn answer_now(visit: &Visit, step: &Step) -> Result<Option<Response>, PageError> {
    let Errand::Authorize(authorize) = &step.errand else { return Err(PageError::BadRequest) };
    let situation = Situation::read(visit, authorize).await?;
    let facts = situation.facts(visit, step, authorize);
    let next = consent_is_next(&facts) && !renewal::are_open(visit).await?;
    let Some(signed_in) = visit.session.as_ref().filter(|_| next) else {
        return proceed(visit, step).await.map(Some);
    };
    // Only the person who saw the page answers it: its step is the anti-forgery token (SE-05).
    let asked = step.asked.as_ref().filter(|asked| asked.session_id == signed_in.session.id);
    let asked = asked.ok_or(PageError::ForgedForm)?;
    let answer = match visit.one("decision")? {
        Some("approve") => {
            let questions = Questions::of(&facts);
            if !questions.were_put_by(asked) || is_another_app(asked, &situation.client) {
                return ask(visit, true).await.map(Some);
            }
            let accepted = accepted(visit, asked)?.intersection(&questions.optional);
            let reply = Reply { questions: &questions, accepted: &accepted };
            if questions.come_to_nothing_with(&accepted) {
                refusal(signed_in, &situation)
            } else {
                let Some(answer) = agree(visit, authorize, &situation, signed_in, reply).await? else {
                    return Ok(None);
                };
                answer
            }
        }
        Some("deny") => refusal(signed_in, &situation),
        _ => return Err(PageError::BadRequest),
    };
    conclude(visit, step, authorize, &situation, answer).await.map(Some)
}

/// What the app is told of somebody who did not agree, or to nothing. Nothing is kept of it: they are asked the next time.
fn refusal(signed_in: &SignedIn, situation: &Situation) -> Answer {
    About::user(&signed_in.user.id).with_app(situation.client.id()).note(Event::ConsentRefused);
    Answer::Error(OAuthError::new(ErrorCode::AccessDenied, "the person did not agree"))
}

/// The optional items that were ticked; all of them with "agree to all".
pub(super) fn accepted(visit: &Visit, asked: &Asked) -> Result<Scopes, PageError> {
    if visit.one("all")? == Some("1") {
        return Ok(asked.optional.clone());
    }
    let ticked: Scopes = visit.params.all("item").filter_map(|item| ScopeToken::parse(item).ok()).collect();
    if ticked.is_subset(&asked.optional) { Ok(ticked) } else { Err(PageError::BadRequest) }
}

/// Writes down what was agreed and answers with a code for exactly that. `None`: as [`agree_to`].
async fn agree(
    visit: &Visit,
    authorize: &Authorize,
    situation: &Situation,
    signed_in: &SignedIn,
    reply: Reply<'_>,
) -> Result<Option<Answer>, PageError> {
    let relation = Relation {
        client: &situation.client,
        signed_in,
        seen: situation.consent.as_ref(),
        to: Some(situation.redirect.uri()),
    };
    let Some(consent) = agree_to(visit, relation, reply).await? else { return Ok(None) };
    let granted = granted_of(&consent, &situation.requested, situation.client.required())?;
    let parties = Parties { client: &situation.client, signed_in, consent: &consent };
    let code = issue_code(&visit.app, authorize, &situation.redirect, parties, granted).await?;
    Ok(Some(Answer::Code(code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(text: &str) -> Scopes {
        Scopes::restore(text).unwrap()
    }

    #[test]
    fn se_07_a_page_has_put_only_what_it_showed_as_it_showed_it() {
        let asked = |required: &str, optional: &str| Asked {
            session_id: "ses_1".to_owned(),
            required: scopes(required),
            optional: scopes(optional),
            app: String::new(),
        };
        let questions = |required: &str, optional: &str| Questions {
            required: scopes(required),
            optional: scopes(optional),
            settled: scopes(""),
        };
        let shown = asked("openid", "email profile");
        for (required, optional, put) in [
            ("openid", "email profile", true),
            ("openid", "email", true),
            ("", "", true),
            ("openid email", "profile", false),
            ("", "openid", false),
            ("openid", "calendar.read", false),
            ("calendar.read", "", false),
        ] {
            assert_eq!(questions(required, optional).were_put_by(&shown), put, "{required} | {optional}");
        }
    }
}
