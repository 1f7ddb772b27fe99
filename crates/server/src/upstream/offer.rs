//! What the sign-in page offers: the providers, last used first, and not those that would refuse here.

use axum::http::header;
use mapae_client::Intent;

use super::{Upstream, departure};
use crate::{
    interaction::{Step, Visit},
    pages::{
        at,
        shown::Shown,
        sign_in::{Brand, KeptOut, UpstreamButton},
    },
};

/// What browsers inside other apps call themselves.
const IN_APP: &[&str] = &[
    "KAKAOTALK",
    "NAVER(inapp",
    "FBAN/",
    "FBAV/",
    "Instagram",
    "Line/",
    "DaumApps",
    "everytimeApp",
    "; wv)",
];

/// Providers that let nobody sign in inside another app (Google: `disallowed_useragent`).
const REFUSES_IN_APP: &[&str] = &["google"];

/// The buttons of one page.
#[derive(Debug, Default)]
pub(crate) struct Offer {
    pub(crate) buttons: Vec<UpstreamButton>,
    /// Who is not among them, and why.
    pub(crate) kept_out: Option<KeptOut>,
}

/// What to offer on the page of this step, which is sealed as `sealed`.
pub(crate) fn offer(visit: &Visit, step: &Step, sealed: &str) -> Offer {
    let all = visit.app.upstreams().all();
    let fresh = departure::needs_fresh_sign_in(step);
    let usable = |upstream: &&std::sync::Arc<Upstream>| {
        !upstream.disabled && (!fresh || upstream.definition().can(Intent::Reauthenticate))
    };
    let in_app = is_in_app(visit);
    let refuses = |upstream: &Upstream| in_app && REFUSES_IN_APP.contains(&upstream.definition().id());
    let locale = visit.locale(Some(step));
    let last = visit.app.cookies().upstream.read(&visit.headers);
    let mut offer = Offer::default();
    for upstream in all.iter().filter(usable) {
        let name = Shown::name(upstream.label(locale));
        if refuses(upstream) {
            offer.kept_out = Some(KeptOut { provider: name });
            continue;
        }
        offer.buttons.push(UpstreamButton {
            id: upstream.name().to_owned(),
            address: at::upstream_start(upstream.name(), sealed),
            brand: Brand::of(upstream.definition().id(), upstream.settings.options.label.is_some()),
            provider: name,
            last: last == Some(upstream.name()),
        });
    }
    offer.buttons.sort_by_key(|button| !button.last);
    offer
}

fn is_in_app(visit: &Visit) -> bool {
    let agent =
        visit.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    names_an_app(agent)
}

fn names_an_app(agent: &str) -> bool {
    IN_APP.iter().any(|mark| agent.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_inside_other_apps_are_told_from_real_ones() {
        for (agent, inside) in [
            (
                "Mozilla/5.0 (Linux; Android 16; SM-S931N; wv) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36",
                true,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 KAKAOTALK 25.9.0",
                true,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) NAVER(inapp; search; 1280; 12.10.4; 16)",
                true,
            ),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) [FBAN/FBIOS;FBAV/480.0]", true),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile/15E148 Safari/604.1",
                false,
            ),
            (
                "Mozilla/5.0 (Linux; Android 16; SM-S931N) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36",
                false,
            ),
            ("", false),
        ] {
            assert_eq!(names_an_app(agent), inside, "{agent}");
        }
    }
}
