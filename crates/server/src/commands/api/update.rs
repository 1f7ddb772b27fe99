//! `mapae api update`.

use super::{draft, find, view::View};
use crate::{
    cli::UpdateApi,
    commands::{answer::Answer, data::Data, failure::Failure, refusals::Refusals},
    store::apis,
};

/// Changes an API, and shows it as it is then.
pub(in crate::commands) async fn run(args: &UpdateApi) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| update(args, data).await).await
}

async fn update(args: &UpdateApi, data: &Data) -> Result<Answer, Failure> {
    let change = async || {
        let api = find(data, &args.identifier).await?;
        let known = apis::all(&data.db).await?;
        let mut refusals = Refusals::default();
        let changed = draft::changed(args, &api, &known, &mut refusals);
        let (name, scopes) = refusals.or(changed)?;
        Ok((apis::update(&api.id, &name, &scopes), ()))
    };
    data.write(change).await?;
    Answer::of(&View::from(find(data, &args.identifier).await?))
}
