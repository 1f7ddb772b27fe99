//! Which changes of an app end everything that was made for it — SE-08.

use super::{appearance::begins_to_refresh, begins_stricter};
use crate::store::apps::{AppLists, AppSettings, RegisteredApp};

/// Whether what was made for the app before, codes on their way among it, was made for another one, or by looser rules.
pub(crate) fn ends_what_was_made(
    before: &RegisteredApp,
    after: (&AppSettings, &AppLists),
    sector: Option<&str>,
) -> bool {
    becomes_another(before, after.0, sector) || begins_stricter(&before.lists, after.1)
}

/// Whether it is an app of another kind, one which calls people otherwise, or one with access for longer.
pub(crate) fn becomes_another(before: &RegisteredApp, settings: &AppSettings, sector: Option<&str>) -> bool {
    let kept = &before.app.settings;
    let moves = before.registered.as_ref().is_some_and(|before| before.sector.as_deref() != sector);
    kept.public != settings.public
        || kept.subject_type != settings.subject_type
        || moves
        || begins_to_refresh(kept, settings)
}
