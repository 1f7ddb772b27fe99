//! What a person and an app agree on, written down — OIDC Core §3.1.2.4; threats SE-07, SE-08.

use mapae_protocol::{redirect_uri::RedirectUri, scope::Scopes};

use super::{PageError, StepError, Visit, consent::Questions, in_the_name_of};
use crate::{
    audit::{About, Event},
    catalog::Client,
    fault::{Artefact, Fault},
    ids::Kind,
    registration::Appearance,
    store::{
        CommitError, apps,
        consents::{self, Agreement, Consent},
        registrations,
        sessions::SignedIn,
    },
};

/// An app and a person who agree on something.
#[derive(Clone, Copy)]
pub(super) struct Relation<'a> {
    pub(super) client: &'a Client,
    pub(super) signed_in: &'a SignedIn,
    /// What they had between them when the page was answered.
    pub(super) seen: Option<&'a Consent>,
    /// Where the app is answered, if that is an address.
    pub(super) to: Option<&'a RedirectUri>,
}

/// What a person says to a page.
#[derive(Clone, Copy)]
pub(super) struct Reply<'a> {
    pub(super) questions: &'a Questions,
    /// What they ticked of the optional items.
    pub(super) accepted: &'a Scopes,
}

/// Writes down what was agreed, beside what there was; what is agreed then. `None`: the app is not the one that the page has
/// shown any more, or the agreement was changed on another page. Over for whoever is not signed in any more: they agree to
/// nothing.
pub(super) async fn agree_to(
    visit: &Visit,
    relation: Relation<'_>,
    reply: Reply<'_>,
) -> Result<Option<Consent>, PageError> {
    let Relation { client, signed_in, seen, to } = relation;
    let Reply { questions, accepted } = reply;
    let list = |scopes: &Scopes| scopes.iter().map(|scope| scope.as_str().to_owned()).collect::<Vec<_>>();
    let newly = questions.required.union(accepted);
    // They had it with another app than this has become.
    let anew = seen.is_some() && Appearance::valid(seen, client.registered(), to)?.is_none();
    let before = seen.filter(|_| anew);
    let agreed_anew = before.map(|before| Appearance::agreed_anew(before, client.registered(), to));
    let agreement = Agreement {
        new_id: Kind::Consent.fresh(),
        user_id: signed_in.user.id.clone(),
        app_id: client.id().to_owned(),
        accepted: list(&newly),
        refused: list(&questions.optional.difference(accepted)),
        anew,
        agreed_app: agreed_anew.transpose()?.flatten(),
    };
    let now = visit.app.now();
    let changes = anew || !(newly.is_empty() && agreement.refused.is_empty() && seen.is_some());
    if changes {
        let first = client.is_unused().then(|| registrations::used(&agreement.app_id));
        // Another server may have written that the app is another one by now, and this one not have heard of it.
        let unchanged = apps::guard(client.id(), client.record().revision);
        let unit = in_the_name_of(signed_in).with(unchanged);
        let unit = unit.with(consents::agree(seen, &agreement, now)).with_all(first);
        match visit.app.commit(unit).await {
            Ok(_) => {
                About::user(&signed_in.user.id).with_app(client.id()).note(Event::ConsentGiven);
            }
            Err(CommitError::Conflict { .. }) => {
                if !visit.is_still_of(signed_in).await? {
                    return Err(StepError::Over.into());
                }
                visit.app.changes().follow(&visit.app).await?;
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        }
    }
    let consent = consents::find(visit.app.db(), &signed_in.user.id, client.id()).await?;
    // What another page has changed meanwhile may still be for another app.
    let counts = Appearance::valid(consent.as_ref(), client.registered(), to)?.is_some();
    Ok(consent.filter(|_| counts))
}

/// Exactly what was accepted, of what was asked; without a required item there is nothing to grant.
pub(super) fn granted_of(
    consent: &Consent,
    requested: &Scopes,
    required: &Scopes,
) -> Result<Scopes, PageError> {
    let agreed = Scopes::restore(&consent.scopes).map_err(Fault::corrupt(Artefact::ScopesOfConsent))?;
    grantable(requested, required, &agreed).ok_or(PageError::Step(StepError::Over))
}

fn grantable(requested: &Scopes, required: &Scopes, agreed: &Scopes) -> Option<Scopes> {
    let needed = requested.intersection(required);
    needed.is_subset(agreed).then(|| requested.intersection(agreed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(text: &str) -> Scopes {
        Scopes::restore(text).unwrap()
    }

    #[test]
    fn se_07_without_a_required_item_nothing_is_granted_and_never_more_than_was_agreed() {
        for (requested, required, agreed, granted) in [
            ("openid email", "openid", "openid email", Some("email openid")),
            ("openid email", "openid", "openid", Some("openid")),
            ("openid email", "openid email", "openid", None),
            ("openid email", "openid", "email", None),
            ("email", "openid", "email", Some("email")),
            ("openid", "openid email", "openid email", Some("openid")),
            ("openid", "openid", "", None),
        ] {
            let found = grantable(&scopes(requested), &scopes(required), &scopes(agreed));
            assert_eq!(found, granted.map(scopes), "{requested} | {required} | {agreed}");
        }
    }
}
