//! What the sign-in page offers: the providers, last used first, and not those that would refuse here.

use mapae_client::{ButtonUse, Intent};

use super::{Upstream, departure};
use crate::{
    interaction::{Errand, Step, Visit},
    pages::{
        at,
        shown::Shown,
        sign_in::{UpstreamButton, Words},
    },
};

/// The buttons of one page.
#[derive(Debug, Default)]
pub(crate) struct Offer {
    pub(crate) buttons: Vec<UpstreamButton>,
    /// Who is not among them, because this browser is refused there: each name once.
    pub(crate) kept_out: Vec<Shown>,
}

/// What to offer on the page of this step, which is sealed as `sealed`.
pub(crate) fn offer(visit: &Visit, step: &Step, sealed: &str) -> Offer {
    let registry = visit.app.upstreams();
    let (all, brands) = (registry.all(), registry.brands());
    let locale = visit.locale(Some(step));
    let last = visit.app.cookies().upstream.read(&visit.headers);
    let mut offer = Offer::default();
    for upstream in all.iter().filter(|upstream| is_usable(step, upstream)) {
        let name = Shown::name(upstream.label(locale));
        if upstream.provider.refuses_browser(&visit.headers) {
            if !offer.kept_out.contains(&name) {
                offer.kept_out.push(name);
            }
            continue;
        }
        offer.buttons.push(UpstreamButton {
            id: upstream.name().to_owned(),
            address: at::upstream_start(upstream.name(), sealed),
            brand: brands.brand(upstream.name()).cloned(),
            start: Words::of(|locale| upstream.words(ButtonUse::Start, locale)),
            sign_in: Words::of(|locale| upstream.words(ButtonUse::SignIn, locale)),
            provider: name,
            last: last == Some(upstream.name()),
        });
    }
    offer.buttons.sort_by_key(|button| !button.last);
    offer
}

/// Whether the page of this step would have this provider's button.
pub(super) fn is_offered(visit: &Visit, step: &Step, upstream: &Upstream) -> bool {
    is_usable(step, upstream) && !upstream.provider.refuses_browser(&visit.headers)
}

/// Whether a sign-in there is one that this step can be content with.
fn is_usable(step: &Step, upstream: &Upstream) -> bool {
    let asks_anew = upstream.definition().can(Intent::Reauthenticate);
    // Where a provider cannot be asked anew, signing in there is all that its people can show (decision 0046).
    let is_ours = matches!(step.errand, Errand::Confirm(_));
    let enough = asks_anew || is_ours || !departure::needs_fresh_sign_in(step);
    !upstream.disabled && enough && !departure::needs_more_than_a_provider(step)
}
