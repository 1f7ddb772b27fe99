//! Ways to sign in: seen, added, removed, never the last one, and each only by who has just proved who they are —
//! threats LK-03, LK-04, LK-10.

use axum::{
    extract::{Path, Request, State},
    http::header,
    response::Response,
};
use mapae_client::{EndUser, Tokens};

use super::notice;
use crate::{
    accounts::session,
    app::App,
    audit::{About, Event},
    contention::until_done,
    fault::Fault,
    interaction::{Errand, PageError, Step, Visit, person_page, see_other},
    pages::{
        account::{AccountNotice, LinkedWay, Ways},
        at,
        moment::Moment,
        shown::Shown,
    },
    store::{
        CommitError, Unit,
        identities::{self, Identity},
        mail_orders::Matter,
        sessions::{self, SignedIn},
        users::{self, User},
    },
    upstream::{self, Upstream, letters},
};

/// What stands on the account's page; `None` where nobody can sign in but by password.
pub(super) async fn shown(visit: &Visit, signed_in: &SignedIn) -> Result<Option<Ways>, PageError> {
    let (app, now) = (&visit.app, visit.app.now());
    let linked = identities::of_user(app.db(), &signed_in.user.id).await?;
    let all = app.upstreams().all();
    if linked.is_empty() && all.iter().all(|upstream| upstream.disabled) {
        return Ok(None);
    }
    let password = has_password(app, &signed_in.user).await?;
    let by_password = password && signed_in.user.email.is_some();
    let opens_beside =
        |way: &Identity| linked.iter().any(|other| other.id != way.id && upstream::opens(app, other));
    let fresh = upstream::is_fresh(signed_in, now);
    let connect = Step::new(Errand::Connect(signed_in.user.id.clone()), now);
    let connect = visit.seal(&connect).await?;
    let mut addable =
        upstream::offer(visit, &Step::new(Errand::Visit(at::ACCOUNT.to_owned()), now), &connect);
    addable.buttons.retain(|button| linked.iter().all(|way| way.upstream != button.id));
    addable.buttons.iter_mut().for_each(|button| button.last = false);
    let confirm = Step::new(Errand::Confirm(at::ACCOUNT.to_owned()), now);
    Ok(Some(Ways {
        password,
        linked: linked.iter().map(|way| shown_way(visit, way, by_password || opens_beside(way))).collect(),
        addable: if fresh { addable.buttons } else { Vec::new() },
        confirm: (!fresh).then_some(at::step(at::SIGN_IN, &visit.seal(&confirm).await?)),
    }))
}

fn shown_way(visit: &Visit, way: &Identity, removable: bool) -> LinkedWay {
    let now = visit.app.now();
    let label = visit.app.upstreams().label_of(&way.upstream, visit.locale(None));
    LinkedWay {
        id: way.id.clone(),
        provider: Shown::name(&label),
        account: Shown::name(&way.label),
        last_used: Moment::new(way.last_used_at.unix(), now.unix()),
        removable,
    }
}

/// `POST /account/sign-in-methods/{id}/remove`.
pub(crate) async fn remove(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    person_page(app, request, |visit, signed_in| async move {
        until_done(|| take_off(&visit, &signed_in, &id)).await
    })
    .await
}

async fn take_off(visit: &Visit, signed_in: &SignedIn, id: &str) -> Result<Option<Response>, PageError> {
    let (app, now, user) = (&visit.app, visit.app.now(), &signed_in.user);
    let ways = identities::of_user(app.db(), &user.id).await?;
    let way = ways.iter().find(|way| way.id == id).ok_or(PageError::NotFound)?;
    if !upstream::is_fresh(signed_in, now) {
        let step = Step::new(Errand::Confirm(at::ACCOUNT.to_owned()), now);
        return Ok(Some(see_other(&at::step(at::SIGN_IN, &visit.seal(&step).await?))?));
    }
    // One whose provider is gone or switched off opens nothing: it is not what stays.
    let stays = ways.iter().find(|other| other.id != way.id && upstream::opens(app, other));
    let by_password = user.email.is_some() && has_password(app, user).await?;
    if stays.is_none() && !by_password {
        return Ok(Some(see_other(&notice::last_way())?));
    }
    // Who takes a way off may do so because somebody else has it: they are signed out with it. Read after the way, which says
    // whether anybody came by it since.
    let living = sessions::list(app.db(), &user.id, now).await?;
    let others = living.iter().filter(|session| session.id != signed_in.session.id);
    let unit = Unit::from(users::guard(&user.id, user.epoch))
        .with(sessions::guard(&signed_in.session.id, signed_in.session.epoch))
        .with(identities::guard(way))
        .with(identities::remove(&way.id, &user.id, stays.map(|other| other.id.as_str()), now))
        .with_all(others.map(|other| sessions::end(&other.id, &user.id, now)));
    let mut letter = letters::way_changed(visit, user, (Matter::WayRemoved, &way.upstream))?;
    match app.commit(letters::keeping(visit, unit, letter.as_mut())).await {
        Ok(_) => {
            About::user(&user.id).note(Event::WayRemoved);
            letters::send(visit, letter);
            tell_of(app, way);
            let mut response = see_other(&notice::account(AccountNotice::WayRemoved))?;
            // It is not what this browser signs in with any more.
            let last = &app.cookies().upstream;
            if last.read(&visit.headers) == Some(&way.upstream) {
                response.headers_mut().append(header::SET_COOKIE, last.remove());
            }
            Ok(Some(response))
        }
        Err(CommitError::Conflict { .. }) => match session::current(app, &visit.headers).await? {
            Some(now) if now.session.epoch == signed_in.session.epoch && now.user == *user => Ok(None),
            // Whoever was here is not any more: the page says so.
            _ => Ok(Some(see_other(at::ACCOUNT)?)),
        },
        Err(error) => Err(error.into()),
    }
}

async fn has_password(app: &App, user: &User) -> Result<bool, PageError> {
    let account = users::by_id(app.db(), &user.id).await?;
    Ok(account.is_some_and(|account| account.password_hash.is_some()))
}

/// Tells the provider of a way that was removed. Nothing of this changes what is done.
pub(crate) fn tell_of(app: &App, way: &Identity) {
    if let Err(fault) = tell(app, way) {
        let error = &fault as &dyn std::error::Error;
        tracing::warn!(upstream = way.upstream, error, "the provider is not told of a removed link");
    }
}

/// Tells the provider, behind the request's back: whether it hears changes nothing here.
fn tell(app: &App, way: &Identity) -> Result<(), Fault> {
    let person = EndUser::new(way.issuer.clone(), way.subject.clone());
    // A token goes to the issuer that gave it, as the client that it was given to, whatever is called by that name today.
    let registered = app.upstreams().registered(&way.upstream);
    let Some(upstream) = registered.filter(|upstream| upstream.is_of(&way.issuer)) else { return Ok(()) };
    let Some(tokens) = &way.tokens else { return Ok(()) };
    let tokens = upstream::unwrap_tokens(app, &person, tokens)?;
    if upstream.provider.gave(&tokens) {
        tokio::spawn(unlink(app.clone(), upstream, person, tokens));
    }
    Ok(())
}

async fn unlink(app: App, upstream: std::sync::Arc<Upstream>, person: EndUser, mut tokens: Tokens) {
    let (now, provider) = (app.now(), &upstream.provider);
    if tokens.due(now) && tokens.can_be_refreshed() {
        match provider.refresh(&person, &tokens, now).await {
            Ok(fresh) => tokens = fresh,
            Err(error) => tracing::info!(upstream = upstream.name(), %error, "tokens were not refreshed"),
        }
    }
    if let Err(error) = provider.unlink(&person, &tokens, now).await {
        tracing::warn!(upstream = upstream.name(), %error, "the provider was not told of a removed link");
    }
}
