//! `mapae keys list`.

use super::view::View;
use crate::{
    cli::Common,
    commands::{answer::Answer, data::Data, failure::Failure},
};

/// Lists the keys that are not expired.
pub(in crate::commands) async fn run(common: &Common) -> Result<Answer, Failure> {
    Data::with(common, async |data| Answer::of(&View::read(&data.db, data.now).await?)).await
}
