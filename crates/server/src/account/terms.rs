//! What somebody agreed to with the server itself: seen, and as far as it is optional withdrawn and agreed to.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};
use mapae_client::terms::Term;
use mapae_protocol::locale::Locale;

use super::notice;
use crate::{
    app::App,
    audit::{About, Event},
    interaction::{PageError, Visit, person_page, see_other},
    pages::{
        account::{AccountNotice, AgreedTerm, TermButton},
        moment::Moment,
        shown::Shown,
    },
    store::{
        Unit,
        sessions::SignedIn,
        term_agreements::{self, Agreement},
    },
};

/// What stands on the account's page: the terms of now, and what was agreed to of others.
pub(super) async fn shown(visit: &Visit, signed_in: &SignedIn) -> Result<Vec<AgreedTerm>, PageError> {
    let agreed = term_agreements::of_user(visit.app.db(), &signed_in.user.id).await?;
    let (locale, now) = (visit.locale(None), visit.app.now());
    let when = |agreement: &Agreement| Moment::new(agreement.agreed_at.unix(), now.unix());
    let mut shown = Vec::new();
    for term in &visit.app.config().terms {
        let of_term = agreed.iter().filter(|agreement| agreement.term == term.name());
        let (present, earlier): (Vec<&Agreement>, Vec<&Agreement>) =
            of_term.partition(|agreement| agreement.version == term.version());
        let button = (!term.is_required()).then_some(TermButton::Withdraw);
        for agreement in present.iter().chain(&earlier) {
            let button = button.filter(|_| present.contains(agreement) || present.is_empty());
            shown.push(row(term, locale, &agreement.version, (Some(when(agreement)), button)));
        }
        if present.is_empty() && !term.is_required() {
            shown.push(row(term, locale, term.version(), (None, Some(TermButton::Agree))));
        }
    }
    let gone = agreed.iter().filter(|agreement| configured(visit, &agreement.term).is_none());
    shown.extend(gone.map(|agreement| AgreedTerm {
        id: agreement.term.clone(),
        title: Shown::sentence(&agreement.term),
        version: Shown::name(&agreement.version),
        address: None,
        agreed: Some(when(agreement)),
        button: None,
    }));
    Ok(shown)
}

fn row(
    term: &Term,
    locale: Locale,
    version: &str,
    (agreed, button): (Option<Moment>, Option<TermButton>),
) -> AgreedTerm {
    // The text of an earlier version is no longer there.
    let address = term.address(locale).filter(|_| version == term.version());
    AgreedTerm {
        id: term.name().to_owned(),
        title: Shown::sentence(term.title(locale)),
        version: Shown::name(version),
        address: address.map(str::to_owned),
        agreed,
        button,
    }
}

fn configured<'v>(visit: &'v Visit, id: &str) -> Option<&'v Term> {
    visit.app.config().terms.iter().find(|term| term.name() == id)
}

/// The optional term of this name. Without a required one there is no account.
fn optional<'v>(visit: &'v Visit, id: &str) -> Result<&'v Term, PageError> {
    configured(visit, id).filter(|term| !term.is_required()).ok_or(PageError::NotFound)
}

/// `POST /account/terms/{id}/withdraw`.
pub(crate) async fn withdraw(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    person_page(app, request, |visit, signed_in| async move {
        let (term, user_id) = (optional(&visit, &id)?, &signed_in.user.id);
        let withdraw = term_agreements::withdraw(user_id, term.name(), visit.app.now());
        visit.app.commit(Unit::from(withdraw)).await?;
        About::user(user_id).note(Event::TermWithdrawn);
        Ok(see_other(&notice::account(AccountNotice::TermWithdrawn))?)
    })
    .await
}

/// `POST /account/terms/{id}/agree`: to the version that stood on the page, and to no other.
pub(crate) async fn agree(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    person_page(app, request, |visit, signed_in| async move {
        let (term, user_id) = (optional(&visit, &id)?, &signed_in.user.id);
        if !term.is_ticked(visit.one("version")?) {
            return Err(PageError::BadRequest);
        }
        let agree = term_agreements::agree(user_id, (term.name(), term.version()), visit.app.now());
        visit.app.commit(Unit::from(agree)).await?;
        About::user(user_id).note(Event::TermsAgreed);
        Ok(see_other(&notice::account(AccountNotice::TermAgreed))?)
    })
    .await
}
