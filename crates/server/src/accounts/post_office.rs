//! Mails that pages ask for, written behind their back — threats SE-15, SE-16, OP-12.
//!
//! Whether an address is known must not show in an answer or its time. So a page only drops an order into
//! a bounded queue, the same for every address; the task behind it looks the address up, keeps the link and
//! writes the letter, in the person's own language and to the address that is stored.

use mapae_protocol::{locale::Locale, time::Seconds};
use tokio::sync::{mpsc, oneshot};

use super::{
    Email, Letter,
    mailed_link::{self, Recipient},
};
use crate::{
    app::{App, WeakApp},
    fault::Fault,
    pages::{at, letters, mailed::MailPurpose},
    store::{
        Concealed, links,
        users::{self, Account, User},
    },
};

/// Orders that may wait. A flood beyond that is dropped: each order was throttled before it came here.
const MAX_WAITING: usize = 256;
/// Links to one address and for one purpose in an hour, counted over all nodes.
const MAX_LINKS_PER_HOUR: i64 = 3;

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Matter {
    /// Somebody wants an account with this address.
    SignUp,
    /// Somebody has forgotten the password.
    Reset,
    /// The password was changed.
    PasswordChanged,
}

/// A mail to be written, if there is one to be written to this address.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) matter: Matter,
    pub(crate) email: Email,
    /// The language of the page that asked; the one of a person who is known goes before.
    pub(crate) locale: Locale,
    /// The step with which the person goes on afterwards, sealed for the browser that asked.
    pub(crate) step: Option<Concealed>,
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

impl PostOffice {
    pub(crate) fn open() -> (Self, Waiting) {
        let (sender, receiver) = mpsc::channel(MAX_WAITING);
        (Self(sender), Waiting(receiver))
    }

    /// Takes an order; takes no time, and says nothing about its outcome.
    pub(crate) fn take(&self, order: Order) {
        if self.0.try_send(Entry::Order(Box::new(order))).is_err() {
            tracing::warn!("a mail was dropped: too many are waiting");
        }
    }

    /// Waits until every order that was taken before has been carried out.
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

/// Carries out orders until the app is dropped.
pub(crate) async fn run(app: WeakApp, mut waiting: Waiting) {
    while let Some(entry) = waiting.0.recv().await {
        let Some(app) = app.upgrade() else { return };
        match entry {
            Entry::Order(order) => {
                if let Err(error) = carry_out(&app, *order).await {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, "a mail was not written");
                }
            }
            // Who asked may have gone away meanwhile.
            Entry::Mark(done) => drop(done.send(())),
        }
    }
}

async fn carry_out(app: &App, order: Order) -> Result<(), Undelivered> {
    let account = users::by_email(app.db(), order.email.as_str()).await.map_err(Fault::from)?;
    let letter = match (order.matter, account) {
        (Matter::SignUp, None) => invite(app, &order).await?,
        (Matter::SignUp, Some(Account { user, .. })) => {
            let link = mailed_link::whole_address(app, at::SIGN_IN);
            Some(write(&letters::Matter::AlreadyMember { link: &link }, own_locale(&user, &order)))
        }
        (Matter::Reset, Some(Account { user, .. })) if user.disabled_at.is_none() => {
            offer_reset(app, &order, &user).await?
        }
        (Matter::Reset, _) | (Matter::PasswordChanged, None) => None,
        (Matter::PasswordChanged, Some(Account { user, .. })) => {
            let link = mailed_link::whole_address(app, at::FORGOT_PASSWORD);
            Some(write(&letters::Matter::PasswordChanged { link: &link }, own_locale(&user, &order)))
        }
    };
    let Some(letters::Letter { subject, body }) = letter else { return Ok(()) };
    // An account's address is unique and canonical: the one looked up by is the one that is stored.
    let letter = Letter { to: order.email, subject, text: body };
    let (mailbox, now) = (app.mailbox().clone(), app.now());
    let written = tokio::task::spawn_blocking(move || mailbox.deliver(&letter, now)).await;
    written.map_err(std::io::Error::other)??;
    Ok(())
}

/// A link that proves the address of somebody new.
async fn invite(app: &App, order: &Order) -> Result<Option<letters::Letter>, Fault> {
    let recipient = Recipient { email: order.email.as_str(), account: None, payload: order.step.clone() };
    let Some(link) = issue(app, MailPurpose::SignUp, recipient).await? else { return Ok(None) };
    let matter = letters::Matter::SignUp { link: &link, minutes: mailed_link::minutes(MailPurpose::SignUp) };
    Ok(Some(write(&matter, order.locale)))
}

/// A link to a new password, worth nothing once anything else has ended the person's sessions.
async fn offer_reset(app: &App, order: &Order, user: &User) -> Result<Option<letters::Letter>, Fault> {
    let recipient = Recipient { email: &user.email, account: Some(user), payload: order.step.clone() };
    let Some(link) = issue(app, MailPurpose::Reset, recipient).await? else { return Ok(None) };
    let matter = letters::Matter::Reset { link: &link, minutes: mailed_link::minutes(MailPurpose::Reset) };
    Ok(Some(write(&matter, own_locale(user, order))))
}

/// A new link, unless this address had enough of them within the hour.
async fn issue(
    app: &App,
    mailed_for: MailPurpose,
    recipient: Recipient<'_>,
) -> Result<Option<String>, Fault> {
    let purpose = mailed_link::purpose(mailed_for);
    let since = app.now().minus(Seconds::hours(1));
    if links::sent_since(app.db(), recipient.email, purpose, since).await? >= MAX_LINKS_PER_HOUR {
        return Ok(None);
    }
    mailed_link::issue(app, mailed_for, recipient).await.map(Some)
}

fn write(matter: &letters::Matter<'_>, locale: Locale) -> letters::Letter {
    letters::Letter::write(matter, locale)
}

fn own_locale(user: &User, order: &Order) -> Locale {
    user.locale.as_deref().and_then(Locale::parse).unwrap_or(order.locale)
}
