//! Mails that pages ask for, written behind their back — threats SE-15, SE-16, OP-12.
//!
//! Whether an address is known must not show in an answer or its time. So a page only keeps an order, the same row
//! for every address; the task behind it looks the address up, keeps the link and writes the letter, in the person's
//! own language and to the address that is stored. An order is forgotten when its letter is on disk: whatever ends
//! the process before that, the next one carries it out.

use std::time::Duration;

use mapae_protocol::{
    locale::Locale,
    time::{Seconds, Timestamp},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::MissedTickBehavior,
};

use super::{
    EmailAddress, Letter,
    mailed_link::{self, Recipient},
};
use crate::{
    app::{App, WeakApp},
    fault::{Artefact, Fault},
    ids::Kind,
    pages::{at, letters, mailed::MailPurpose, shown::Shown},
    store::{
        CommitError, Concealed, Unit,
        apps::Standing,
        db::Statement,
        links,
        mail_orders::{self, MailOrder, Matter},
        users::{self, Account, User},
    },
};

/// Orders handed over that may wait in memory. Those beyond are found in the store.
const MAX_WAITING: usize = 256;
/// Links to one address and for one purpose in an hour, counted over all nodes.
const MAX_LINKS_PER_HOUR: i64 = 3;
/// How often a look is taken for orders that nobody carries out.
const ROUND: Duration = Duration::from_secs(5);
/// How many of them are taken in one round.
const MAX_TAKEN: i64 = 64;
/// How long an order belongs to the process whose page took it.
const FIRST_LEASE: Seconds = Seconds::seconds(10);
/// It is begun only while at least this much of it is left: what waited longer, somebody else may be about to take.
const ENOUGH: Seconds = Seconds::seconds(5);
/// How long it belongs to whoever tries again; also the time between two tries.
const LEASE: Seconds = Seconds::minutes(1);

/// A mail to be written, if there is one to be written to this address.
#[derive(Debug)]
pub(crate) struct Order {
    order: MailOrder,
    /// Nobody else carries it out before this; nobody does at all until it is kept.
    ours_until: Option<Timestamp>,
}

impl Order {
    /// `locale` is the language of the page that asked; the one of a person who is known goes before. `step` is the
    /// one with which the person goes on afterwards, sealed for the browser that asked.
    pub(crate) fn new(matter: Matter, email: &EmailAddress, locale: Locale, step: Option<Concealed>) -> Self {
        let (email, locale) = (email.to_string(), locale.as_str().to_owned());
        let id = Kind::MailOrder.fresh();
        let order = MailOrder { id, matter, email, locale, step, app_id: None, upstream: None };
        Self { order, ours_until: None }
    }

    /// The same, for somebody who came from this app.
    pub(crate) fn coming_from(self, app_id: Option<String>) -> Self {
        Self { order: MailOrder { app_id, ..self.order }, ..self }
    }

    /// The same, about this provider.
    pub(crate) fn about(self, upstream: &str) -> Self {
        Self { order: MailOrder { upstream: Some(upstream.to_owned()), ..self.order }, ..self }
    }

    /// Keeps it; returns a row unless too many wait.
    pub(crate) fn keep(&mut self, now: Timestamp) -> Statement {
        let until = now.plus(FIRST_LEASE);
        self.ours_until = Some(until);
        mail_orders::put(&self.order, until, now)
    }

    /// Whether there is time to carry it out before somebody else takes it.
    fn is_ours(&self, now: Timestamp) -> bool {
        self.ours_until.is_some_and(|until| now.plus(ENOUGH) <= until)
    }
}

#[derive(Debug)]
enum Entry {
    Order(Box<Order>),
    /// Tells when everything before it is done.
    Mark(oneshot::Sender<()>),
}

/// Takes orders.
#[derive(Debug)]
pub(crate) struct PostOffice(mpsc::Sender<Entry>);

/// The orders that wait for [`run`].
#[derive(Debug)]
pub(crate) struct Waiting(mpsc::Receiver<Entry>);

/// Keeps an order and has it carried out. When this returns it is on disk; what comes of it is not said.
pub(crate) async fn take(app: &App, mut order: Order) -> Result<(), Fault> {
    let kept = app.commit(Unit::from(order.keep(app.now()))).await?;
    if kept.iter().all(Vec::is_empty) {
        return Err(Fault::Contention);
    }
    app.post_office().hand_over(order);
    Ok(())
}

impl PostOffice {
    pub(crate) fn open() -> (Self, Waiting) {
        let (sender, receiver) = mpsc::channel(MAX_WAITING);
        (Self(sender), Waiting(receiver))
    }

    /// Has an order carried out that is kept; takes no time.
    pub(crate) fn hand_over(&self, order: Order) {
        if self.0.try_send(Entry::Order(Box::new(order))).is_err() {
            tracing::warn!("a mail is late: too many are waiting");
        }
    }

    /// Waits until every order that was handed over before, or that nobody carries out, has been tried; but for those that
    /// waited so long that they are about to be anybody's.
    pub(crate) async fn caught_up(&self) {
        let (done, told) = oneshot::channel();
        if self.0.send(Entry::Mark(done)).await.is_ok() {
            // An error means that the office has closed: then nothing waits any more.
            let _ = told.await;
        }
    }
}

/// Why a letter was not written.
#[derive(Debug, thiserror::Error)]
enum Undelivered {
    #[error(transparent)]
    Fault(#[from] Fault),
    #[error("the mailbox folder cannot be written")]
    Mailbox(#[from] std::io::Error),
}

impl From<CommitError> for Undelivered {
    fn from(error: CommitError) -> Self {
        Self::Fault(error.into())
    }
}

/// A letter, and what must be in the store before anybody reads it.
struct Written {
    text: letters::Letter,
    unit: Unit,
}

/// Carries out orders until the app is dropped: those handed over, and those that another process has left.
pub(crate) async fn run(app: WeakApp, mut waiting: Waiting) {
    let mut rounds = tokio::time::interval(ROUND);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let entry = tokio::select! {
            entry = waiting.0.recv() => entry,
            _ = rounds.tick() => {
                let Some(app) = app.upgrade() else { return };
                look_around(&app).await;
                continue;
            }
        };
        let (Some(entry), Some(app)) = (entry, app.upgrade()) else { return };
        match entry {
            Entry::Order(order) if order.is_ours(app.now()) => attend(&app, &order.order).await,
            // It waited for too long: whoever looks around next carries it out.
            Entry::Order(_) => {}
            Entry::Mark(done) => {
                look_around(&app).await;
                // Who asked may have gone away meanwhile.
                let _ = done.send(());
            }
        }
    }
}

/// Carries out what nobody does: its process has ended, or could not write it.
async fn look_around(app: &App) {
    if let Err(fault) = take_over(app).await {
        tracing::warn!(error = &fault as &dyn std::error::Error, "cannot look for mails yet");
    }
}

async fn take_over(app: &App) -> Result<(), Fault> {
    for order in mail_orders::waiting(app.db(), MAX_TAKEN, app.now()).await? {
        let now = app.now();
        match app.commit(Unit::from(mail_orders::lease(&order.id, now.plus(LEASE), now))).await {
            Ok(_) => attend(app, &order).await,
            // Another process has it.
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

async fn attend(app: &App, order: &MailOrder) {
    if let Err(error) = carry_out(app, order).await {
        let error = &error as &dyn std::error::Error;
        tracing::error!(error, "a mail was not written; it will be tried again for a day");
    }
}

/// Writes the letter in three steps, each of which may be the last: the file, under a name that nobody reads; the
/// link in it; the name that people read. Only then the order is forgotten.
async fn carry_out(app: &App, order: &MailOrder) -> Result<(), Undelivered> {
    // An account's address is unique and canonical: the one looked up by is the one that is stored.
    let to = EmailAddress::parse_with_localhost(&order.email).map_err(Fault::corrupt(Artefact::Email))?;
    if let Some(Written { text: letters::Letter { subject, body }, unit }) = compose(app, order).await? {
        let authority = app.config().site.authority().to_owned();
        let letter = Letter { authority, to, subject, text: body };
        let (mailbox, now) = (app.mailbox().clone(), app.now());
        let draft = tokio::task::spawn_blocking(move || mailbox.draft(&letter, now)).await;
        let draft = draft.map_err(std::io::Error::other)??;
        app.commit(unit).await?;
        let delivered = tokio::task::spawn_blocking(move || draft.deliver()).await;
        delivered.map_err(std::io::Error::other)??;
    }
    app.commit(Unit::from(mail_orders::done(&order.id))).await?;
    Ok(())
}

/// The letter that this order asks for; none when its address must not be written to.
async fn compose(app: &App, order: &MailOrder) -> Result<Option<Written>, Fault> {
    let account = users::by_email(app.db(), &order.email).await?;
    let notice = |user: &User, page, matter: fn(&str) -> letters::Matter<'_>| {
        let link = mailed_link::whole_address(app, page);
        let text = letters::Letter::write(&matter(&link), own_locale(user, order));
        Ok(Some(Written { text, unit: Unit::new() }))
    };
    match (order.matter, account) {
        (Matter::SignUp, None) => invite(app, order).await,
        (Matter::SignUp, Some(Account { user, .. })) => {
            notice(&user, at::SIGN_IN, |link| letters::Matter::AlreadyMember { link })
        }
        (Matter::Reset, Some(Account { user, .. })) if user.disabled_at.is_none() => {
            offer_reset(app, order, &user).await
        }
        (Matter::Reset, _) | (Matter::PasswordChanged | Matter::WayAdded | Matter::WayRemoved, None) => {
            Ok(None)
        }
        (Matter::PasswordChanged, Some(Account { user, .. })) => {
            notice(&user, at::FORGOT_PASSWORD, |link| letters::Matter::PasswordChanged { link })
        }
        (Matter::WayAdded | Matter::WayRemoved, Some(Account { user, .. })) => {
            Ok(Some(tell_of_way(app, order, &user)))
        }
    }
}

/// That there is a way into the account more, or one less.
fn tell_of_way(app: &App, order: &MailOrder, user: &User) -> Written {
    let locale = own_locale(user, order);
    let name = order.upstream.as_deref().unwrap_or_default();
    let known = app.upstreams().registered(name);
    let provider = Shown::name(known.as_ref().map_or(name, |upstream| upstream.label(locale)));
    let link = mailed_link::whole_address(app, at::ACCOUNT);
    let matter = if order.matter == Matter::WayAdded {
        letters::Matter::WayAdded { link: &link, provider: &provider }
    } else {
        letters::Matter::WayRemoved { link: &link, provider: &provider }
    };
    Written { text: letters::Letter::write(&matter, locale), unit: Unit::new() }
}

/// A link that proves the address of somebody new.
async fn invite(app: &App, order: &MailOrder) -> Result<Option<Written>, Fault> {
    let recipient = Recipient { email: &order.email, account: None, payload: order.step.clone() };
    let Some((link, unit)) = new_link(app, MailPurpose::SignUp, recipient).await? else { return Ok(None) };
    let service = service(app, order).await?;
    let minutes = mailed_link::minutes(MailPurpose::SignUp);
    let matter = letters::Matter::SignUp { link: &link, minutes, service: service.as_ref() };
    Ok(Some(Written { text: letters::Letter::write(&matter, page_locale(order)), unit }))
}

/// The app for which somebody signs up, by its name. Only one that is verified: nobody else writes
/// into mails to strangers.
async fn service(app: &App, order: &MailOrder) -> Result<Option<Shown>, Fault> {
    let Some(id) = &order.app_id else { return Ok(None) };
    let client = app.catalog().client(id).await?;
    let verified = client.filter(|client| !client.is_disabled() && client.standing() == Standing::Verified);
    Ok(verified.map(|client| Shown::name(&client.record().settings.name)))
}

/// A link to a new password, worth nothing once anything else has ended the person's sessions.
async fn offer_reset(app: &App, order: &MailOrder, user: &User) -> Result<Option<Written>, Fault> {
    let recipient = Recipient { email: user.address(), account: Some(user), payload: order.step.clone() };
    let Some((link, unit)) = new_link(app, MailPurpose::Reset, recipient).await? else { return Ok(None) };
    let matter = letters::Matter::Reset { link: &link, minutes: mailed_link::minutes(MailPurpose::Reset) };
    Ok(Some(Written { text: letters::Letter::write(&matter, own_locale(user, order)), unit }))
}

/// A new link, unless this address had enough of them within the hour.
async fn new_link(
    app: &App,
    mailed_for: MailPurpose,
    recipient: Recipient<'_>,
) -> Result<Option<(String, Unit)>, Fault> {
    let purpose = mailed_link::purpose(mailed_for);
    let since = app.now().minus(Seconds::hours(1));
    if links::sent_since(app.db(), recipient.email, purpose, since).await? >= MAX_LINKS_PER_HOUR {
        return Ok(None);
    }
    Ok(Some(mailed_link::issue(app, mailed_for, recipient)))
}

fn own_locale(user: &User, order: &MailOrder) -> Locale {
    user.locale.as_deref().and_then(Locale::parse).unwrap_or_else(|| page_locale(order))
}

fn page_locale(order: &MailOrder) -> Locale {
    Locale::parse(&order.locale).unwrap_or(Locale::Ko)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Clock, jobs::tests::server};

    /// Behind a disk that hangs, an order can wait in memory until another process has carried it out. A second letter
    /// would take the link in the first one away.
    #[tokio::test]
    async fn op_12_what_another_process_has_written_meanwhile_is_not_written_again() {
        let clock = Clock::manual(Timestamp::from_unix(1_800_000_000));
        let (app, _folder) = server(clock.clone()).await;
        let letters = || std::fs::read_dir(app.mailbox().folder()).unwrap().count();
        let email = EmailAddress::parse_with_localhost("hong@example.com").unwrap();
        for (waited, written) in [(Seconds::ZERO, 1), (FIRST_LEASE, 1)] {
            let mut order = Order::new(Matter::SignUp, &email, Locale::Ko, None);
            app.commit(Unit::from(order.keep(app.now()))).await.unwrap();
            if waited > Seconds::ZERO {
                app.commit(Unit::from(mail_orders::done(&order.order.id))).await.unwrap();
            }
            clock.advance(waited);
            app.post_office().hand_over(order);
            app.mails_written().await;
            assert_eq!(letters(), written, "{waited:?}");
        }
    }
}
