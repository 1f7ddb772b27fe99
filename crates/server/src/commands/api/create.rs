//! `mapae api create`.

use mapae_protocol::{random, secret::Secret};

use super::{
    draft::{self, Draft},
    view::View,
};
use crate::{
    cli::{CreateApi, TokenFormat as Format},
    client_auth::secret,
    commands::{answer::Answer, data::Data, failure::Failure, refusals::Refusals},
    ids::Kind,
    store::{
        CommitError,
        apis::{self, NewApi, TokenFormat},
    },
};

/// Registers an API.
pub(in crate::commands) async fn run(args: &CreateApi) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| create(args, data).await).await
}

async fn create(args: &CreateApi, data: &Data) -> Result<Answer, Failure> {
    let draft = checked(args, data).await?;
    let secret = Secret::new(random::token());
    let Draft { identifier, name, scopes } = draft;
    let api = NewApi {
        id: Kind::Api.fresh(),
        identifier,
        name,
        token_format: match args.token_format {
            Format::Jwt => TokenFormat::Jwt,
            Format::Opaque => TokenFormat::Opaque,
        },
        secret_hash: secret::digest(&secret).into(),
        scopes,
    };
    match data.db.commit(apis::insert(&api, data.now)).await {
        Ok(_) => Answer::of(&View::made(api, &secret, data.now)),
        // Somebody took the identifier or a scope since the catalogue was read: it is read again to say which.
        Err(conflict @ CommitError::Conflict { .. }) => {
            checked(args, data).await?;
            Err(conflict.into())
        }
        Err(error) => Err(error.into()),
    }
}

async fn checked(args: &CreateApi, data: &Data) -> Result<Draft, Failure> {
    let mut refusals = Refusals::default();
    let known = apis::all(&data.db).await?;
    let draft = draft::parse(args, &known, &data.config.site, &mut refusals);
    refusals.or(draft)
}
