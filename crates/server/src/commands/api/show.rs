//! `mapae api show`.

use super::{find, view::View};
use crate::{
    cli::OneApi,
    commands::{answer::Answer, data::Data, failure::Failure},
};

/// Shows one API; its secret is not known any more.
pub(in crate::commands) async fn run(args: &OneApi) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| Answer::of(&View::from(find(data, &args.identifier).await?))).await
}
