//! `mapae api update`.

use super::{draft, find, view::View};
use crate::{
    cli::UpdateApi,
    commands::{answer::Answer, data::Data, failure::Failure, refusals::Refusals},
    store::{CommitError, Unit, apis, counters},
};

/// How often a change is tried when others change the catalogue at the same time.
const ATTEMPTS: usize = 8;

/// Changes an API, and shows it as it is then.
pub(in crate::commands) async fn run(args: &UpdateApi) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| update(args, data).await).await
}

async fn update(args: &UpdateApi, data: &Data) -> Result<Answer, Failure> {
    for _ in 0..ATTEMPTS {
        let generation = counters::read(&data.db).await?.catalog;
        let api = find(data, &args.identifier).await?;
        let known = apis::all(&data.db).await?;
        let mut refusals = Refusals::default();
        let changed = draft::changed(args, &api, &known, &mut refusals);
        let (name, scopes) = refusals.or(changed)?;
        let change = apis::update(&api.id, &name, &scopes);
        match data.db.commit(Unit::from(counters::guard_catalog(generation)).with(change)).await {
            Ok(_) => return Answer::of(&View::from(find(data, &args.identifier).await?)),
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::new("conflict", "nothing was changed: others change APIs at the same time; try again"))
}
