//! Sign up: name and password, from the link that proved the address — threats LK-02, SE-22.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use mapae_client::terms::{Agreed, Term};

use super::opened::{Opened, dead};
use crate::{
    accounts::{
        NameMistake, NewPassword,
        session::{self, Proven},
        typed,
    },
    app::App,
    audit::{About, Event},
    ids::Kind,
    interaction::{PageError, Visit, page},
    pages::{
        input::{Input, PasswordMistake},
        mailed::MailPurpose,
        shown::Shown,
        sign_up::FinishSignUp,
        terms::TermBox,
    },
    store::{
        CommitError, Unit,
        links::{self, Purpose},
        users::{self, NewUser},
    },
    terms::{Answered, boxes, keeping, read},
};

/// `GET /sign-up/finish`.
pub(crate) async fn show(State(app): State<App>, request: Request) -> Response {
    page(app, request, |visit| async move {
        match Opened::find(&visit, Purpose::SignUp).await? {
            Some(opened) => {
                let terms = boxes(&all_terms(&visit), visit.locale(opened.step.as_ref()));
                Ok(form(&visit, &opened, (Input::default(), None, terms)).await)
            }
            None => Ok(dead(&visit, Some(MailPurpose::SignUp))),
        }
    })
    .await
}

/// `POST /sign-up/finish`.
pub(crate) async fn submit(State(app): State<App>, request: Request) -> Response {
    page(app, request, |visit| async move {
        visit.verify_browser_form()?;
        let Some(opened) = Opened::find(&visit, Purpose::SignUp).await? else {
            return Ok(dead(&visit, Some(MailPurpose::SignUp)));
        };
        match fields(&visit, &opened)? {
            Ok(newcomer) => finish(&visit, opened, newcomer).await,
            Err(refused) => Ok(form(&visit, &opened, refused).await),
        }
    })
    .await
}

/// The form with what was wrong in it.
type Refused = (Input<NameMistake>, Option<PasswordMistake>, Vec<TermBox>);

/// What a new person says.
struct Newcomer {
    name: String,
    password: NewPassword,
    agreed: Vec<Agreed>,
}

/// What whoever makes an account agrees to.
fn all_terms(visit: &Visit) -> Vec<&Term> {
    visit.app.config().terms.iter().collect()
}

fn fields(visit: &Visit, opened: &Opened) -> Result<Result<Newcomer, Refused>, PageError> {
    let typed_name = visit.one("name")?;
    let name = typed::name(typed_name);
    let about = [opened.link.email.as_str(), typed_name.unwrap_or_default()];
    let password = typed::new_password(visit.one("password")?, &about);
    let Answered { agreed, boxes, refused } =
        read(visit, &all_terms(visit), visit.locale(opened.step.as_ref()))?;
    Ok(match (name, password) {
        (Ok(name), Ok(_)) if refused => Err((Input::holding(name), None, boxes)),
        (Ok(name), Ok(password)) => Ok(Newcomer { name, password, agreed }),
        (Ok(name), Err(mistake)) => Err((Input::holding(name), Some(mistake), boxes)),
        (Err(name), password) => Err((name, password.err(), boxes)),
    })
}

async fn form(visit: &Visit, opened: &Opened, (name, password, terms): Refused) -> Response {
    let missing = terms.iter().any(|term| term.missing);
    let refused = missing || name.mistake.is_some() || password.is_some();
    let page = FinishSignUp {
        token: opened.token.clone(),
        csrf: visit.browser_form_token(),
        email: Shown::sentence(&opened.link.email),
        name,
        password,
        rule: typed::PASSWORD_RULE,
        terms,
        target: opened.target(),
    };
    let status = if refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    (status, visit.show(&page, opened.step.as_ref())).into_response()
}

/// Makes the account and uses up every link for the address. Two forms at once, or an account made
/// meanwhile elsewhere, leave one account: the address is unique.
async fn finish(
    visit: &Visit,
    opened: Opened,
    Newcomer { name, password, agreed }: Newcomer,
) -> Result<Response, PageError> {
    let hash = visit.passwords().hash(password).await?;
    let now = visit.app.now();
    let user = NewUser {
        id: Kind::User.fresh(),
        email: Some(opened.link.email.clone()),
        email_verified: true,
        name,
        locale: Some(visit.locale(opened.step.as_ref()).as_str().to_owned()),
        password_hash: Some(hash.into()),
        operator: false,
        claims: None,
    };
    let unit = Unit::from(links::consume(&opened.digest(), Purpose::SignUp, now))
        .with(links::retire(&opened.link.email, Purpose::SignUp, now))
        .with(users::insert(&user, now));
    let unit = keeping(unit, &user.id, &agreed, now);
    let proven = Proven::new(&user.id);
    let (begun, session) = session::fresh(&visit.app, proven, visit.session.as_ref(), &visit.headers)?;
    match visit.app.commit(unit.with(session)).await {
        Ok(_) => {
            About::user(&user.id).note(Event::AccountMade);
            About::user(&user.id).note(Event::SignedIn);
            opened.go_on(visit, begun).await
        }
        Err(CommitError::Conflict { .. }) => Ok(dead(visit, Some(MailPurpose::SignUp))),
        Err(error) => Err(error.into()),
    }
}
