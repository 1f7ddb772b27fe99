//! Links that let a person go on elsewhere: one purpose, one use, a short life — threats SE-20, SE-22.
//!
//! The store knows a token's digest only. Looking at a link's page changes nothing, because programs that
//! read people's mail look at it, too; only the form on it uses the link up.

use mapae_protocol::{digest::sha256_base64url, random, time::Seconds};

use crate::{
    app::App,
    fault::Fault,
    pages::{at, mailed::MailPurpose},
    store::{
        Concealed, Unit,
        links::{self, Link, Purpose},
        users::User,
    },
};

/// How long a link lives, in minutes.
pub(crate) const fn minutes(mailed_for: MailPurpose) -> u32 {
    match mailed_for {
        MailPurpose::SignUp => 24 * 60,
        MailPurpose::Reset => 15,
    }
}

/// The page to which it leads.
const fn page(mailed_for: MailPurpose) -> &'static str {
    match mailed_for {
        MailPurpose::SignUp => at::FINISH_SIGN_UP,
        MailPurpose::Reset => at::NEW_PASSWORD,
    }
}

/// What it is for, in the store's words.
pub(crate) const fn purpose(mailed_for: MailPurpose) -> Purpose {
    match mailed_for {
        MailPurpose::SignUp => Purpose::SignUp,
        MailPurpose::Reset => Purpose::Reset,
    }
}

/// For whom a link is.
#[derive(Debug)]
pub(crate) struct Recipient<'a> {
    /// Their address.
    pub(crate) email: &'a str,
    /// Their account, if the link is about one.
    pub(crate) account: Option<&'a User>,
    /// What it carries besides.
    pub(crate) payload: Option<Concealed>,
}

/// The whole address of a new link, under the issuer that is configured, whatever host a request named (SE-21); and
/// the unit that keeps it in place of all earlier ones.
pub(crate) fn issue(app: &App, mailed_for: MailPurpose, recipient: Recipient<'_>) -> (String, Unit) {
    let purpose = purpose(mailed_for);
    let Recipient { email, account, payload } = recipient;
    let (token, now) = (random::token(), app.now());
    let link = Link {
        email: email.to_owned(),
        user_id: account.map(|user| user.id.clone()),
        user_epoch: account.map(|user| user.epoch),
        payload,
        expires_at: now.plus(Seconds::minutes(minutes(mailed_for))),
    };
    let insert = links::insert(&Concealed::from(digest(&token)), purpose, &link, now);
    let unit = Unit::from(links::retire(email, purpose, now)).with(insert);
    (whole_address(app, &at::with(page(mailed_for), "token", &token)), unit)
}

/// The link with this token, as long as it may be used.
pub(crate) async fn find(app: &App, token: &str, purpose: Purpose) -> Result<Option<Link>, Fault> {
    Ok(links::find(app.db(), &digest(token), purpose, app.now()).await?)
}

/// What the store knows of a token.
pub(crate) fn digest(token: &str) -> String {
    sha256_base64url(token)
}

/// A page of ours as it is written into a mail.
pub(crate) fn whole_address(app: &App, path: &str) -> String {
    format!("{}{path}", app.config().site.issuer())
}
