//! `mapae app create`.

use super::{draft, find, known_scopes, new_secret, owner, security, view::View};
use crate::{
    cli::{CreateApp, SubjectTypeName},
    commands::{answer::Answer, data::Data, failure::Failure, refusals::Refusals},
    config::Development,
    ids::Kind,
    registration::{Surroundings, keeps_secret},
    store::{
        apps::{self, AppSettings, NewApp},
        verification,
    },
};

/// What ID tokens are signed with when nobody says otherwise: what every client knows (OIDC Core §15.1).
const USUAL_ALGORITHM: &str = "RS256";

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
    let (settings, lists) = refusals.or(app)?.new_app(USUAL_ALGORITHM);
    let id_token_alg = args.id_token_alg.clone().unwrap_or_else(|| settings.id_token_alg.clone());
    let subject_type = match args.subject_type {
        SubjectTypeName::Pairwise => "pairwise",
        SubjectTypeName::Public => "public",
    };
    let settings = AppSettings {
        subject_type: subject_type.to_owned(),
        id_token_alg,
        ..security::choose(&args.security, settings)
    };
    let (settings, lists) = security::judged((settings, lists))?;
    let id = Kind::App.fresh();
    let secret =
        if keeps_secret(&settings) { Some(new_secret(data, &id, (&settings, &lists)).await?) } else { None };
    let (shown, kept) = secret.unzip();
    let app =
        NewApp { id, owner_id: owner.as_ref().map(|owner| owner.id.clone()), settings, lists, secret: kept };
    let verified = args.verified.then(|| verification::verify(&app.id, data.now));
    data.db.commit(apps::insert(&app, data.now).with_all(verified)).await?;
    // Read again, so that what is shown is what is there.
    let registered = find(data, &app.id).await?;
    Answer::of(&View::new(registered, owner.and_then(|owner| owner.email)).with_secret(shown))
}
