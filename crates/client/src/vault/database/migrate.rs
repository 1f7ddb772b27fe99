//! The schema, compiled in. The engines differ only in how they lock and in where they note what was done.

use super::StoreError;

/// Each step brings the schema from its index to the next version. A step that was released is never changed again.
const STEPS: &[&str] = &[
    include_str!("../schema.sql"),
    include_str!("../service_tokens.sql"),
    include_str!("../accounts.sql"),
    include_str!("../waiting.sql"),
    include_str!("../provider_sessions.sql"),
    include_str!("../apps.sql"),
    include_str!("../names.sql"),
];

/// The steps that a schema of this version still lacks, each with the version that it leads to.
pub(super) fn pending(version: i64) -> Result<impl Iterator<Item = (&'static str, i64)>, StoreError> {
    let done = usize::try_from(version).map_err(|_| StoreError::Newer)?;
    let steps = STEPS.get(done..).ok_or(StoreError::Newer)?;
    Ok(steps.iter().copied().zip(version + 1..))
}
