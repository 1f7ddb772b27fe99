//! Ways to sign in: seen, added, removed, never the last one, and each only by who has just proved who they are —
//! threats LK-03, LK-04, LK-10.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};
use mapae_client::{EndUser, Tokens};

use super::notice;
use crate::{
    app::App,
    audit::{About, Event},
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
        users,
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
    let account = users::by_id(app.db(), &signed_in.user.id).await?;
    let password = account.is_some_and(|account| account.password_hash.is_some());
    let counts = usize::from(password && signed_in.user.email.is_some()) + linked.len();
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
        linked: linked.iter().map(|way| shown_way(visit, way, counts > 1)).collect(),
        addable: if fresh { addable.buttons } else { Vec::new() },
        confirm: (!fresh).then_some(at::step(at::SIGN_IN, &visit.seal(&confirm).await?)),
    }))
}

fn shown_way(visit: &Visit, way: &Identity, removable: bool) -> LinkedWay {
    let now = visit.app.now();
    let known = visit.app.upstreams().registered(&way.upstream);
    let label = known.as_ref().map_or(way.upstream.as_str(), |upstream| upstream.label(visit.locale(None)));
    LinkedWay {
        id: way.id.clone(),
        provider: Shown::name(label),
        account: Shown::name(&way.label),
        last_used: Moment::new(way.last_used_at.unix(), now.unix()),
        removable,
    }
}

/// `POST /account/sign-in-methods/{id}/remove`.
pub(crate) async fn remove(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    person_page(app, request, |visit, signed_in| async move {
        let ways = identities::of_user(visit.app.db(), &signed_in.user.id).await?;
        let way = ways.into_iter().find(|way| way.id == id).ok_or(PageError::NotFound)?;
        let now = visit.app.now();
        if !upstream::is_fresh(&signed_in, now) {
            let step = Step::new(Errand::Confirm(at::ACCOUNT.to_owned()), now);
            return Ok(see_other(&at::step(at::SIGN_IN, &visit.seal(&step).await?))?);
        }
        // Who takes a way off may do so because somebody else has it: they are signed out with it.
        let user = &signed_in.user;
        let living = sessions::list(visit.app.db(), &user.id, now).await?;
        let others = living.iter().filter(|session| session.id != signed_in.session.id);
        let unit = Unit::from(users::guard(&user.id, user.epoch))
            .with(identities::remove(&way.id, &user.id, now))
            .with_all(others.map(|other| sessions::end(&other.id, &user.id, now)));
        let letter = letters::way_changed(&visit, user, (Matter::WayRemoved, &way.upstream))?;
        match visit.app.commit(letters::keeping(&visit, unit, letter.as_ref())).await {
            Ok(_) => {
                About::user(&user.id).note(Event::WayRemoved);
                letters::send(&visit, letter);
                tell(&visit.app, &way)?;
                Ok(see_other(&notice::account(AccountNotice::WayRemoved))?)
            }
            Err(CommitError::Conflict { .. }) => Ok(see_other(&notice::last_way())?),
            Err(error) => Err(error.into()),
        }
    })
    .await
}

/// Tells the provider, behind the request's back: whether it hears changes nothing here.
fn tell(app: &App, way: &Identity) -> Result<(), Fault> {
    let person = EndUser::new(way.issuer.clone(), way.subject.clone());
    let Some(upstream) = app.upstreams().registered(&way.upstream) else { return Ok(()) };
    let Some(tokens) = &way.tokens else { return Ok(()) };
    let tokens = upstream::unwrap_tokens(app, &person, tokens)?;
    tokio::spawn(unlink(app.clone(), upstream, person, tokens));
    Ok(())
}

async fn unlink(app: App, upstream: std::sync::Arc<Upstream>, person: EndUser, tokens: Tokens) {
    if let Err(error) = upstream.provider.unlink(&person, &tokens, app.now()).await {
        tracing::info!(upstream = upstream.name(), %error, "the provider was not told of a removed link");
    }
}
