//! `mapae app create`.

use super::{draft, find, known_scopes, new_secret, owner, security, view::View};
use crate::{
    cli::{CreateApp, SubjectTypeName},
    commands::{answer::Answer, data::Data, failure::Failure, refusals::Refusals},
    ids::Kind,
    registration::{Development, Surroundings},
    store::{
        apps::{self, AppSettings, NewApp},
        vouching,
    },
};

/// Registers an app.
pub(in crate::commands) async fn run(args: &CreateApp) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| create(args, data).await).await
}

async fn create(args: &CreateApp, data: &Data) -> Result<Answer, Failure> {
    let mut refusals = Refusals::default();
    let scopes = known_scopes(data, None).await?;
    let around = Surroundings { scopes: &scopes, development: Development::of(&data.config.site) };
    let app = draft::parse(args, around, &mut refusals);
    security::tell(&args.security, args.public, &mut refusals);
    let owner = match &args.owner {
        Some(email) => owner::find(data, email, &mut refusals).await?,
        None => None,
    };
    let (settings, lists) = refusals.or(app)?.new_app(args.id_token_alg.as_str());
    let subject_type = match args.subject_type {
        SubjectTypeName::Pairwise => "pairwise",
        SubjectTypeName::Public => "public",
    };
    let settings =
        AppSettings { subject_type: subject_type.to_owned(), ..security::choose(&args.security, settings) };
    let (shown, kept) = if settings.public { (None, None) } else { Some(new_secret()).unzip() };
    let app = NewApp {
        id: Kind::App.fresh(),
        owner_id: owner.as_ref().map(|owner| owner.id.clone()),
        settings,
        lists,
        secret: kept,
    };
    let vouched = args.verified.then(|| vouching::vouch(&app.id, data.now));
    data.db.commit(apps::insert(&app, data.now).with_all(vouched)).await?;
    // Read again, so that what is shown is what is there.
    let registered = find(data, &app.id).await?;
    Answer::of(&View::new(registered, owner.and_then(|owner| owner.email)).with_secret(shown))
}
