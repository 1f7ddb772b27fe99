//! `mapae app update`.

use super::{find, list::Owners, security, view::View};
use crate::{
    cli::UpdateApp,
    commands::{answer::Answer, data::Data, failure::Failure, refusals::Refusals},
    store::{
        CommitError, Unit,
        apps::{self, AppSettings},
        counters,
    },
};

/// How often a change is tried when others change the catalogue at the same time.
const ATTEMPTS: usize = 8;

/// Changes an app, and shows it as it is then.
pub(in crate::commands) async fn run(args: &UpdateApp) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| update(args, data).await).await
}

async fn update(args: &UpdateApp, data: &Data) -> Result<Answer, Failure> {
    for _ in 0..ATTEMPTS {
        let generation = counters::read(&data.db).await?.catalog;
        let registered = find(data, &args.client_id).await?;
        let before = registered.app.settings.clone();
        let mut refusals = Refusals::default();
        security::tell(&args.security, before.public, &mut refusals);
        refusals.or(Some(()))?;
        let settings = security::choose(&args.security, before);
        let id_token_alg =
            args.id_token_alg.map_or_else(|| settings.id_token_alg.clone(), |alg| alg.as_str().to_owned());
        let settings = AppSettings { id_token_alg, ..settings };
        let change = apps::update(&args.client_id, &settings, &registered.lists, data.now);
        match data.db.commit(Unit::from(counters::guard_catalog(generation)).with(change)).await {
            Ok(_) => {
                let changed = find(data, &args.client_id).await?;
                let owner = Owners::default().email(data, changed.app.owner_id.clone()).await?;
                return Answer::of(&View::new(changed, owner));
            }
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::new("conflict", "nothing was changed: others change apps at the same time; try again"))
}
