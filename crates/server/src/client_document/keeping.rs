//! What is written of a document: an app that comes, one that changes, and the one that gives way.

use mapae_protocol::time::Timestamp;

use super::{Unread, present, refused};
use crate::{
    app::App,
    audit::{About, Event},
    fault::Fault,
    registration::{
        becomes_another,
        described::{Asked, Described, NotDescribed},
        ends_what_was_made, has_its_picture_at_last, shows_otherwise,
    },
    store::{
        CommitError, Concealed, Unit, app_icons,
        apps::{self, AppSettings, NewApp, RegisteredApp},
        consents, counters,
        registrations::{self, Change, Networks, NewRegistration, Way},
        verification,
    },
};

/// As what an app is kept after its document was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// As the document says, or switched off.
    AsSaid,
    /// As somebody else has written it since before the document was fetched.
    AsOthersSay,
}

/// Keeps what the document says, unless the app has become another one since before it was fetched: another node that
/// fetched it later may have kept what is newer. `None`: something changed meanwhile.
pub(super) async fn keep(
    app: &App,
    (id, fetched_for): (&str, Option<&RegisteredApp>),
    asked: &Asked,
    networks: &Networks,
) -> Result<Option<Kept>, Unread> {
    let generation = counters::read(app.db()).await.map_err(Fault::from)?.catalog;
    let before = apps::find(app.db(), id).await.map_err(Fault::from)?;
    if before.as_ref().is_some_and(|before| before.app.off_by().is_some()) {
        // It stays switched off, whatever it says.
        return Ok(Some(Kept::AsSaid));
    }
    // One that has given way meanwhile comes again by what is here.
    let overtaken = present(before.as_ref()).is_some() && state(before.as_ref()) != state(fetched_for);
    let described = match asked.describe(app, id, present(before.as_ref())) {
        Err(NotDescribed::Refused(_)) if overtaken => return Ok(Some(Kept::AsOthersSay)),
        described => described.map_err(refused)?,
    };
    let now = app.issuing_time().map_err(Fault::from)?;
    let written = match &before {
        None => Unit::new(),
        Some(before) => changed(before, &described, now),
    };
    // Whoever was faster with the same document has left nothing to write.
    let is_already = written.is_empty() && present(before.as_ref()).is_some();
    if overtaken && !is_already {
        return Ok(Some(Kept::AsOthersSay));
    }
    let (coming, gone) = match present(before.as_ref()) {
        Some(_) => (Unit::new(), None),
        None => come(app, (id, before.is_some(), networks), &described, now).await?,
    };
    let unit = coming.with(written);
    if !unit.is_empty() {
        match app.commit(Unit::from(counters::guard_catalog(generation)).with(unit)).await {
            Ok(_) => {}
            Err(CommitError::Conflict { .. }) => return Ok(None),
            Err(error) => return Err(Fault::from(error).into()),
        }
    }
    About::app(id).note(Event::ClientDocumentRead);
    if let Some(gone) = &gone {
        About::app(gone).note(Event::AppGaveWay);
        app.fresh_documents().forget(gone);
    }
    Ok(Some(Kept::AsSaid))
}

/// What of an app changes with everything that is written of its document.
fn state(found: Option<&RegisteredApp>) -> Option<(i64, bool)> {
    found.map(|found| (found.app.revision, found.app.deleted_at.is_some()))
}

/// Registers an app that comes, for the first time or again, and the one that must go for that.
async fn come(
    app: &App,
    (id, again, networks): (&str, bool, &Networks),
    described: &Described,
    now: Timestamp,
) -> Result<(Unit, Option<String>), Fault> {
    let policy = &app.config().registration;
    let registration = NewRegistration {
        way: Way::Document,
        networks: networks.clone(),
        // Nobody manages it but by changing the document: no token has this digest.
        token_hash: "".into(),
        sector: described.sector.clone(),
        initial_token_id: None,
        expires_at: now.plus(policy.unused),
    };
    let room = registrations::room(app.db(), Way::Document, policy.most_unused).await?;
    let gone = registrations::in_the_way(app.db(), &registration, room).await?;
    let unit = if again {
        registrations::renew(id, &registration, room, now)
    } else {
        inserted((id, &registration, room), described, now)
    };
    Ok((unit.with_all(gone.as_deref().map(|gone| registrations::give_up(gone, now))), gone))
}

fn inserted(
    (id, registration, room): (&str, &NewRegistration, i64),
    described: &Described,
    now: Timestamp,
) -> Unit {
    let (settings, lists) = (described.settings.clone(), described.lists.clone());
    let new = NewApp { id: id.to_owned(), owner_id: None, settings, lists, secret: None };
    registrations::register(&new, registration, room, now)
        .with_all(described.logo.as_ref().map(|logo| app_icons::put(id, &logo.digest, &logo.png)))
}

/// Another document in the place of the one that people have seen: what they gave that one ends, and they are asked anew.
fn changed(before: &RegisteredApp, described: &Described, now: Timestamp) -> Unit {
    let id = before.app.id.as_str();
    let Described { settings, lists, sector, logo } = described;
    let kept = &before.app.settings;
    let sector_before = before.registered.as_ref().and_then(|registered| registered.sector.as_deref());
    let gone = before.app.deleted_at.is_some();
    if !gone && (settings, lists) == (kept, &before.lists) && sector.as_deref() == sector_before {
        return Unit::new();
    }
    let news = shows_otherwise(before, settings, lists);
    let at_last = has_its_picture_at_last(before, settings, lists);
    let seen = AppSettings { icon: kept.icon.clone(), ..settings.clone() };
    let other = (if at_last { shows_otherwise(before, &seen, lists) } else { news })
        || becomes_another(before, settings, sector.as_deref())
        // One that comes again had none meanwhile.
        || sector.as_deref() != sector_before;
    let ends = other || ends_what_was_made(before, (settings, lists), sector.as_deref());
    let nobody = Concealed::from("");
    let change = Change { seen: &nobody, token_hash: &nobody, sector: sector.as_deref() };
    Unit::new()
        .with_all((!gone).then(|| registrations::change(id, &change)))
        .with_all(gone.then(|| apps::revive(id, now)))
        .with(apps::update(id, settings, lists, now))
        .with_all(logo.as_ref().map(|logo| app_icons::put(id, &logo.digest, &logo.png)))
        .with_all(settings.icon.is_none().then(|| app_icons::remove(id)))
        .with_all(other.then(|| consents::withdraw_all(id, now)))
        .with_all(ends.then(|| apps::revoke(id, now)))
        // Also if only its picture came: whoever verified it has not seen that.
        .with_all(news.then(|| verification::withdraw(id, now)))
}
