//! `mapae app update`.

use super::{draft, find, known_scopes, list::Owners, owner, security, view::View};
use crate::{
    cli::UpdateApp,
    commands::{answer::Answer, data::Data, failure::Failure, refusals::Refusals},
    registration::{Development, Surroundings},
    store::{
        CommitError, Unit,
        apps::{self, AppLists, AppSettings, RegisteredApp},
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
        let change = change(args, data).await?;
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

/// What is to be written.
async fn change(args: &UpdateApp, data: &Data) -> Result<Unit, Failure> {
    let registered = find(data, &args.client_id).await?;
    let mut refusals = Refusals::default();
    let described = described(args, data, &registered, &mut refusals).await?;
    security::tell(&args.security, registered.app.settings.public, &mut refusals);
    let owner = match &args.owner {
        Some(email) => owner::find(data, email, &mut refusals).await?,
        None => None,
    };
    let (settings, lists) = refusals.or(described)?;
    let settings = security::choose(&args.security, settings);
    let id_token_alg =
        args.id_token_alg.map_or_else(|| settings.id_token_alg.clone(), |alg| alg.as_str().to_owned());
    let settings = AppSettings { id_token_alg, ..settings };
    let owner = owner.map(|owner| apps::give_to(&args.client_id, &owner.id, data.now));
    Ok(apps::update(&args.client_id, &settings, &lists, data.now).with_all(owner))
}

/// What is registered of the app, with what is named of it changed; by the rules by which a new app is judged.
async fn described(
    args: &UpdateApp,
    data: &Data,
    registered: &RegisteredApp,
    refusals: &mut Refusals,
) -> Result<Option<(AppSettings, AppLists)>, Failure> {
    let before = &registered.app.settings;
    let Some(draft) = draft::changed(args, registered) else {
        return Ok(Some((before.clone(), registered.lists.clone())));
    };
    let scopes = known_scopes(data, Some(&args.client_id)).await?;
    let around = Surroundings { scopes: &scopes, development: Development::of(&data.config.site) };
    Ok(draft::judge(&draft, around, refusals).map(|app| app.changed(before)))
}
