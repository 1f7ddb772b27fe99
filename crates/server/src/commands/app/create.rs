//! `mapae app create`.

use super::{draft, find, new_secret, security, view::View};
use crate::{
    accounts::Email,
    cli::{CreateApp, SubjectTypeName},
    commands::{
        answer::Answer,
        data::Data,
        failure::Failure,
        refusals::{INVALID, Refusals},
    },
    ids::Kind,
    registration::{Development, KnownScopes, Surroundings},
    store::{
        apis,
        apps::{self, AppSettings, NewApp},
        users::{self, User},
        vouching,
    },
};

/// Registers an app.
pub(in crate::commands) async fn run(args: &CreateApp) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| create(args, data).await).await
}

async fn create(args: &CreateApp, data: &Data) -> Result<Answer, Failure> {
    let mut refusals = Refusals::default();
    let apis = apis::all(&data.db).await?;
    let scopes = apis.iter().flat_map(|api| &api.scopes).map(|scope| scope.scope.as_str());
    let scopes = KnownScopes::standard_and(scopes);
    let around = Surroundings { scopes: &scopes, development: Development::of(&data.config.site) };
    let app = draft::parse(args, around, &mut refusals);
    security::tell(&args.security, args.public, &mut refusals);
    let owner = match &args.owner {
        Some(email) => find_owner(data, email, &mut refusals).await?,
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

async fn find_owner(data: &Data, text: &str, refusals: &mut Refusals) -> Result<Option<User>, Failure> {
    let Ok(email) = Email::parse(text) else {
        let wrong = format!("{text:?} is no e-mail address.");
        refusals.add(INVALID, "--owner", wrong, "Write the address with which the owner signs in.");
        return Ok(None);
    };
    let account = users::by_email(&data.db, email.as_str()).await?;
    match account.map(|account| account.user) {
        Some(owner) if owner.disabled_at.is_some() => {
            refusals.add(
                INVALID,
                "--owner",
                format!("The account {email} is disabled."),
                "Name another owner.",
            );
            Ok(None)
        }
        Some(owner) => Ok(Some(owner)),
        None => {
            let instead = format!("Make it with `mapae user create --email {email}`, or name another owner.");
            refusals.add("unknown_owner", "--owner", format!("Nobody has an account as {email}."), instead);
            Ok(None)
        }
    }
}
