//! Origins of an app's pages that may read answers in the browser — RFC 6454 §6.2.

use mapae_protocol::origin::Origin;

use super::Draft;

/// Most origins of one app.
const MAX_ORIGINS: usize = 32;

/// What is wrong with the origins of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OriginsProblem {
    /// A machine runs in no browser.
    OfMachine,
    /// More than this many.
    TooMany(usize),
    /// This one is no origin.
    NotAnOrigin {
        /// Where it stands.
        position: usize,
    },
}

/// The origins that may be registered, each once.
pub(super) fn parse(draft: &Draft, mut refuse: impl FnMut(OriginsProblem)) -> Vec<String> {
    if draft.grants.is_machine_only() && !draft.origins.is_empty() {
        refuse(OriginsProblem::OfMachine);
        return Vec::new();
    }
    if draft.origins.len() > MAX_ORIGINS {
        refuse(OriginsProblem::TooMany(MAX_ORIGINS));
        return Vec::new();
    }
    let mut origins: Vec<String> = Vec::new();
    for (position, text) in draft.origins.iter().enumerate() {
        match Origin::parse(text) {
            Ok(origin) if origins.iter().any(|known| known == origin.as_str()) => {}
            Ok(origin) => origins.push(origin.as_str().to_owned()),
            Err(_) => refuse(OriginsProblem::NotAnOrigin { position }),
        }
    }
    origins
}

/// The origin that was probably meant.
pub(crate) fn nearest(text: &str) -> Option<String> {
    let url = url::Url::parse(text).ok()?;
    // Whoever is named before the host is not sent anywhere by a suggestion of ours.
    let plain = url.username().is_empty() && url.password().is_none();
    let origin = url.origin().ascii_serialization();
    let secure = [origin.clone(), origin.replacen("http://", "https://", 1)];
    secure.into_iter().find(|origin| plain && Origin::parse(origin).is_ok())
}
