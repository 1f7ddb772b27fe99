//! Which changes of an app end everything that was made for it — SE-08.

use super::{begins_stricter, begins_to_refresh};
use crate::store::apps::{AppLists, AppSettings, RegisteredApp};

/// Whether what was made for the app before, codes on their way among it, was made for another one, or by looser rules: an app
/// of another kind, which calls people otherwise, on a stricter profile, or with access for longer.
pub(crate) fn ends_what_was_made(
    before: &RegisteredApp,
    (settings, lists): (&AppSettings, &AppLists),
    sector: Option<&str>,
) -> bool {
    let kept = &before.app.settings;
    let moves = before.registered.as_ref().is_some_and(|before| before.sector.as_deref() != sector);
    kept.public != settings.public
        || kept.subject_type != settings.subject_type
        || moves
        || begins_stricter(&before.lists, lists)
        || begins_to_refresh(kept, settings)
}
