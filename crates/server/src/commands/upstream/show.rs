//! `mapae upstream show`.

use super::{find, view::View, with};
use crate::{
    cli::OneUpstream,
    commands::{answer::Answer, failure::Failure},
};

/// Shows one provider.
pub(in crate::commands) async fn run(args: &OneUpstream) -> Result<Answer, Failure> {
    with(&args.common, async |data| Answer::of(&View::of(&find(data, &args.name).await?, &data.config.site)))
        .await
}
