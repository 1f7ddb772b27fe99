//! `mapae upstream show`.

use super::{find, view::View};
use crate::{
    cli::OneUpstream,
    commands::{answer::Answer, data::Data, failure::Failure},
};

/// Shows one provider.
pub(in crate::commands) async fn run(args: &OneUpstream) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| {
        Answer::of(&View::of(&find(data, &args.name).await?, &data.config.site))
    })
    .await
}
