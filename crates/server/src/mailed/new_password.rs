//! Forgotten password: the new one, from the mailed link — threats SE-20, SE-27, RE-08.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::opened::{Opened, dead};
use crate::{
    account::ways,
    accounts::{
        EmailAddress, NewPassword,
        post_office::Order,
        session::{self, Proven},
        typed,
    },
    app::App,
    audit::{About, Event},
    fault::{Artefact, Fault},
    interaction::{PageError, Visit, page},
    pages::{
        input::PasswordMistake,
        mailed::MailPurpose,
        password::{self, OtherWay},
        shown::Shown,
    },
    store::{
        CommitError, Unit,
        identities::{self, Identity},
        links::{self, Purpose},
        mail_orders::Matter,
        users::{self, Account, User},
    },
};

/// `GET /password/new`.
pub(crate) async fn show(State(app): State<App>, request: Request) -> Response {
    page(app, request, |visit| async move {
        match find(&visit).await? {
            Some((opened, account)) => form(&visit, &opened, &account.user, Again::default()).await,
            None => Ok(dead(&visit, Some(MailPurpose::Reset))),
        }
    })
    .await
}

/// `POST /password/new`.
pub(crate) async fn submit(State(app): State<App>, request: Request) -> Response {
    page(app, request, |visit| async move {
        visit.verify_browser_form()?;
        let Some((opened, account)) = find(&visit).await? else {
            return Ok(dead(&visit, Some(MailPurpose::Reset)));
        };
        let user = &account.user;
        match typed::new_password(visit.one("password")?, &[user.address(), &user.name]) {
            Ok(password) => replace(&visit, opened, &account, password).await,
            Err(mistake) => {
                form(&visit, &opened, user, Again { mistake: Some(mistake), ..Again::default() }).await
            }
        }
    })
    .await
}

/// The link and its person, as long as nothing about them has changed since it was sent.
async fn find(visit: &Visit) -> Result<Option<(Opened, Account)>, PageError> {
    let Some(opened) = Opened::find(visit, Purpose::Reset).await? else { return Ok(None) };
    let Some(id) = &opened.link.user_id else { return Ok(None) };
    let account = users::by_id(visit.app.db(), id).await?;
    let account = account.filter(|Account { user, .. }| {
        user.disabled_at.is_none()
            && Some(user.epoch) == opened.link.user_epoch
            && user.email.as_ref() == Some(&opened.link.email)
    });
    Ok(account.map(|account| (opened, account)))
}

/// Why the form is shown again.
#[derive(Clone, Copy, Default)]
struct Again {
    mistake: Option<PasswordMistake>,
    /// There is a way in that was not on it.
    new_way: bool,
}

async fn form(visit: &Visit, opened: &Opened, user: &User, again: Again) -> Result<Response, PageError> {
    let Again { mistake, new_way } = again;
    let page = password::NewPassword {
        token: opened.token.clone(),
        csrf: visit.browser_form_token(),
        email: Shown::sentence(user.address()),
        mistake,
        rule: typed::PASSWORD_RULE,
        ways: other_ways(visit, user).await?.iter().map(|way| shown(visit, way)).collect(),
        new_way,
        target: opened.target(),
    };
    let status = match (mistake, new_way) {
        (Some(_), _) => StatusCode::UNPROCESSABLE_ENTITY,
        (None, true) => StatusCode::CONFLICT,
        (None, false) => StatusCode::OK,
    };
    Ok((status, visit.show(&page, opened.step.as_ref())).into_response())
}

/// By what somebody comes in beside the password. Whoever had the account before may have made one of them (LK-02).
async fn other_ways(visit: &Visit, user: &User) -> Result<Vec<Identity>, Fault> {
    Ok(identities::of_user(visit.app.db(), &user.id).await?)
}

fn shown(visit: &Visit, way: &Identity) -> OtherWay {
    let label = visit.app.upstreams().label_of(&way.upstream, visit.locale(None));
    OtherWay {
        id: way.id.clone(),
        provider: Shown::name(&label),
        account: Shown::name(&way.label),
        goes: visit.params.all("remove").any(|id| id == way.id),
    }
}

/// Sets the password, which ends every session and grant of the person, and notes that mail reaches them:
/// whoever may have made the account before without that proof is locked out (LK-02). The ways in that the person does not
/// know go with it.
async fn replace(
    visit: &Visit,
    opened: Opened,
    account: &Account,
    password: NewPassword,
) -> Result<Response, PageError> {
    let user = &account.user;
    let hash = visit.passwords().hash(password).await?;
    let now = visit.app.now();
    let mut gone = other_ways(visit, user).await?;
    // Whoever is still signed in may have made one since the page was shown.
    if gone.iter().any(|way| !visit.params.all("shown").any(|id| id == way.id)) {
        return form(visit, &opened, user, Again { new_way: true, ..Again::default() }).await;
    }
    gone.retain(|way| visit.params.all("remove").any(|id| id == way.id));
    let unit = Unit::from(links::consume(&opened.digest(), Purpose::Reset, now))
        .with(links::retire(&opened.link.email, Purpose::Reset, now))
        .with(users::reset_password(account, &hash.into(), now))
        .with(users::verify_email(&user.id, &opened.link.email, now))
        .with_all(gone.iter().map(|way| identities::remove(&way.id, &user.id, None, now)));
    // Under the epoch that this unit makes: whoever raises it again ends this session, too.
    let proven = Proven { user_id: &user.id, epoch: user.epoch + 1 };
    let (begun, session) = session::fresh(&visit.app, proven, visit.session.as_ref(), &visit.headers)?;
    let mut notice = notice(visit, user)?;
    match visit.app.commit(unit.with(session).with(notice.keep(now))).await {
        Ok(_) => {
            About::user(&user.id).note(Event::PasswordReset);
            About::user(&user.id).note(Event::SignedIn);
            for way in &gone {
                About::user(&user.id).note(Event::WayRemoved);
                ways::tell_of(&visit.app, way);
            }
            visit.app.post_office().hand_over(notice);
        }
        Err(CommitError::Conflict { .. }) => return overtaken(visit, account).await,
        Err(error) => return Err(error.into()),
    }
    opened.go_on(visit, begun).await
}

/// Something happened between what was read and what was to be written: the link was used, everything ended, or there is a way
/// in that was not on the page.
async fn overtaken(visit: &Visit, before: &Account) -> Result<Response, PageError> {
    let Some((opened, account)) = find(visit).await? else {
        return Ok(dead(visit, Some(MailPurpose::Reset)));
    };
    let new_way = account.ways_added != before.ways_added;
    form(visit, &opened, &account.user, Again { new_way, ..Again::default() }).await
}

/// The mail that lets the person know that their password was changed.
pub(crate) fn notice(visit: &Visit, user: &User) -> Result<Order, Fault> {
    let email =
        EmailAddress::parse_with_localhost(user.address()).map_err(Fault::corrupt(Artefact::Email))?;
    Ok(Order::new(Matter::PasswordChanged, &email, visit.locale(None), None))
}
