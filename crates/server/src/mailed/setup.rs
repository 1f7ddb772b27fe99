//! Set-up: the first operator's account, from the link that the terminal printed — threats AD-11.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use mapae_protocol::time::Seconds;

use super::opened::{Opened, dead};
use crate::{
    accounts::{
        EmailAddress, NameMistake, NewPassword,
        session::{self, Proven},
        typed,
    },
    app::App,
    audit::{About, Event},
    ids::Kind,
    interaction::{PageError, Visit, page},
    pages::{
        input::{EmailMistake, Input, PasswordMistake},
        setup::Setup,
    },
    store::{
        CommitError, Concealed, Unit,
        links::{self, Link, Purpose},
        users::{self, NewUser},
    },
};

/// Its link is printed, not mailed.
const NO_ADDRESS: &str = "";
/// Not the digest of any token. A row of this name exists from the moment of a set-up on: two that happen at
/// once, by two links, cannot both write it.
const SET_UP: &str = "set up";
/// How long that row stays: long enough for everybody else to see the operator's own.
const SET_UP_LIFE: Seconds = Seconds::days(1);

/// `GET /setup`.
pub(crate) async fn show(State(app): State<App>, request: Request) -> Response {
    page(app, request, |visit| async move {
        match find(&visit).await? {
            Some(opened) => Ok(form(&visit, &opened, Refused::default())),
            None => Ok(dead(&visit, None)),
        }
    })
    .await
}

/// `POST /setup`.
pub(crate) async fn submit(State(app): State<App>, request: Request) -> Response {
    page(app, request, |visit| async move {
        visit.verify_browser_form()?;
        let Some(opened) = find(&visit).await? else { return Ok(dead(&visit, None)) };
        match Fields::read(&visit)? {
            Ok(fields) => set_up(&visit, opened, fields).await,
            Err(refused) => Ok(form(&visit, &opened, refused)),
        }
    })
    .await
}

/// The link, as long as nobody runs this server.
async fn find(visit: &Visit) -> Result<Option<Opened>, PageError> {
    if users::any_operator(visit.app.db()).await? {
        return Ok(None);
    }
    Opened::find(visit, Purpose::Setup).await
}

/// A form that was filled in well.
struct Fields {
    name: String,
    email: EmailAddress,
    password: NewPassword,
}

/// The form with what was wrong in it.
#[derive(Default)]
struct Refused {
    name: Input<NameMistake>,
    email: Input<EmailMistake>,
    password: Option<PasswordMistake>,
}

impl Fields {
    fn read(visit: &Visit) -> Result<Result<Self, Refused>, PageError> {
        let (typed_name, typed_email) = (visit.one("name")?, visit.one("email")?);
        let about = [typed_name.unwrap_or_default(), typed_email.unwrap_or_default()];
        let password = typed::new_password(visit.one("password")?, &about);
        Ok(match (typed::name(typed_name), typed::email(typed_email), password) {
            (Ok(name), Ok(email), Ok(password)) => Ok(Self { name, email, password }),
            (name, email, password) => Err(Refused {
                name: name.map_or_else(|refused| refused, Input::holding),
                email: email.map_or_else(|refused| refused, |email| Input::holding(email.as_str())),
                password: password.err(),
            }),
        })
    }
}

fn form(visit: &Visit, opened: &Opened, refused: Refused) -> Response {
    let Refused { name, email, password } = refused;
    let wrong = name.mistake.is_some() || email.mistake.is_some() || password.is_some();
    let page = Setup {
        token: opened.token.clone(),
        csrf: visit.browser_form_token(),
        name,
        email,
        password,
        rule: typed::PASSWORD_RULE,
    };
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    (status, visit.show(&page, None)).into_response()
}

async fn set_up(visit: &Visit, opened: Opened, fields: Fields) -> Result<Response, PageError> {
    let Fields { name, email, password } = fields;
    let hash = visit.passwords().hash(password).await?;
    let operator = NewUser {
        id: Kind::User.fresh(),
        email: Some(email.as_str().to_owned()),
        // Nobody has sent a mail there yet.
        email_verified: false,
        name: name.clone(),
        locale: Some(visit.locale(None).as_str().to_owned()),
        password_hash: Some(hash.into()),
        operator: true,
        claims: None,
    };
    let proven = Proven::new(&operator.id);
    let (begun, session) = session::fresh(&visit.app, proven, visit.session.as_ref(), &visit.headers)?;
    match visit.app.commit(unit(&opened, &operator, visit).with(session)).await {
        Ok(_) => {
            About::user(&operator.id).note(Event::OperatorMade);
            About::user(&operator.id).note(Event::SignedIn);
            opened.go_on(visit, begun).await
        }
        Err(CommitError::Conflict { statement: users::TAKEN }) => {
            let email = Input::refused(email.as_str(), EmailMistake::Taken);
            Ok(form(visit, &opened, Refused { name: Input::holding(name), email, password: None }))
        }
        Err(CommitError::Conflict { .. }) => Ok(dead(visit, None)),
        Err(error) => Err(error.into()),
    }
}

/// The account, the link's use and the row that only one set-up can write.
fn unit(opened: &Opened, operator: &NewUser, visit: &Visit) -> Unit {
    let now = visit.app.now();
    let set_up = Link {
        email: NO_ADDRESS.to_owned(),
        user_id: Some(operator.id.clone()),
        user_epoch: None,
        payload: None,
        expires_at: now.plus(SET_UP_LIFE),
    };
    Unit::from(users::insert(operator, now))
        .with(links::consume(&opened.digest(), Purpose::Setup, now))
        .with(links::insert(&Concealed::from(SET_UP.to_owned()), Purpose::Setup, &set_up, now))
}
