//! `mapae user create`.

use std::{fmt, io};

use serde::Serialize;

use super::{claims, password};
use crate::{
    accounts::{EmailAddress, NewPassword, Passwords, typed},
    cli::CreateUser,
    commands::{
        answer::Answer,
        data::Data,
        failure::Failure,
        fields::Fields,
        name,
        refusals::{INVALID, Refusals},
    },
    ids::Kind,
    store::{
        CommitError,
        users::{self, NewUser},
    },
};

/// The account that was made.
#[derive(Debug, Serialize)]
struct Created {
    id: String,
    email: String,
    email_verified: bool,
    name: String,
}

/// What the options say, well formed.
struct Wanted {
    email: EmailAddress,
    name: String,
    password: NewPassword,
    /// What else is known, as it is kept.
    claims: Option<String>,
}

/// Makes an account.
pub(in crate::commands) async fn run(args: &CreateUser) -> Result<Answer, Failure> {
    let mut refusals = Refusals::default();
    let email = parse_email(&args.email, &mut refusals);
    let name = name::parse(&args.name, &mut refusals);
    let claims = args.claims_file.as_deref().map(|path| claims::read(path, &mut refusals));
    let password = password::read(io::stdin().lock(), &[&args.email, &args.name], &mut refusals);
    Data::with(&args.common, async |data| {
        if let Some(email) = &email
            && users::by_email(&data.db, email.as_str()).await?.is_some()
        {
            refuse_taken(email, &mut refusals);
        }
        let wanted = match (email, name, password) {
            (Some(email), Some(name), Some(password)) => {
                Some(Wanted { email, name, password, claims: claims.flatten() })
            }
            _ => None,
        };
        create(data, refusals.or(wanted)?, args.email_verified).await
    })
    .await
}

fn parse_email(text: &str, refusals: &mut Refusals) -> Option<EmailAddress> {
    typed::address(text)
        .map_err(|error| {
            refusals.add(
                INVALID,
                "--email",
                format!("{text:?} is {error}."),
                "Write it in full, in plain letters.",
            );
        })
        .ok()
}

fn refuse_taken(email: &EmailAddress, refusals: &mut Refusals) {
    refusals.add(
        "email_taken",
        "--email",
        format!("{email} has an account already."),
        "Use another address.",
    );
}

async fn create(data: &Data, wanted: Wanted, email_verified: bool) -> Result<Answer, Failure> {
    let Wanted { email, name, password, claims } = wanted;
    let hash = Passwords::new().hash(password).await?;
    let user = NewUser {
        id: Kind::User.fresh(),
        email: Some(email.as_str().to_owned()),
        email_verified,
        name,
        locale: None,
        password_hash: Some(hash.into()),
        operator: false,
        claims,
    };
    match data.db.commit(users::insert(&user, data.now)).await {
        Ok(_) => Answer::of(&Created {
            id: user.id,
            email: email.as_str().to_owned(),
            email_verified,
            name: user.name,
        }),
        // Somebody took the address since it was looked up.
        Err(CommitError::Conflict { .. }) => {
            let mut refusals = Refusals::default();
            refuse_taken(&email, &mut refusals);
            Err(refusals.into())
        }
        Err(error) => Err(error.into()),
    }
}

impl fmt::Display for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verified = if self.email_verified { "" } else { " (not verified)" };
        Fields::default()
            .with("id", self.id.as_str())
            .with("e-mail", format!("{}{verified}", self.email))
            .with("name", self.name.as_str())
            .fmt(f)
    }
}
