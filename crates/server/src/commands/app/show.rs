//! `mapae app show`.

use super::{find, list::Owners, view::View};
use crate::{
    cli::OneApp,
    commands::{answer::Answer, data::Data, failure::Failure},
};

/// Shows one app; its secrets are not known any more.
pub(in crate::commands) async fn run(args: &OneApp) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| {
        let registered = find(data, &args.client_id).await?;
        let owner = Owners::default().email(data, registered.app.owner_id.clone()).await?;
        Answer::of(&View::new(registered, owner))
    })
    .await
}
