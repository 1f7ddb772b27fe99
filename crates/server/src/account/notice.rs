//! What was just done, told on the page to which a form leads: a word of a fixed set in the address.

use crate::{
    interaction::{PageError, Visit},
    pages::{
        account::{AccountNotice, AccountTrouble},
        at,
        connected_service::ItemNotice,
        shown::Shown,
        sign_in::TroubleWith,
    },
    upstream,
};

/// The parameter that carries it.
const DONE: &str = "done";

const WORDS: &[(&str, AccountNotice)] = &[
    ("disconnected", AccountNotice::Disconnected),
    ("browser-ended", AccountNotice::BrowserEnded),
    ("browsers-ended", AccountNotice::OtherBrowsersEnded),
    ("password-changed", AccountNotice::PasswordChanged),
    ("connected", AccountNotice::WayAdded),
    ("way-removed", AccountNotice::WayRemoved),
    ("term-withdrawn", AccountNotice::TermWithdrawn),
    ("term-agreed", AccountNotice::TermAgreed),
];

/// Of a service's page.
const ITEM_WORDS: &[(&str, ItemNotice)] = &[("dropped", ItemNotice::Dropped), ("agreed", ItemNotice::Agreed)];

/// The account's address, with what to tell there.
pub(super) fn account(notice: AccountNotice) -> String {
    let word = WORDS.iter().find(|(_, of)| *of == notice);
    word.map_or_else(|| at::ACCOUNT.to_owned(), |(word, _)| at::with(at::ACCOUNT, DONE, word))
}

/// The parameter that carries what was not done.
const NOT_DONE: &str = "not-done";
/// Of the account's page: the last way in cannot be removed.
const LAST_WAY: &str = "last-way";

/// The account's address, where it is told that the last way in stays.
pub(super) fn last_way() -> String {
    at::with(at::ACCOUNT, NOT_DONE, LAST_WAY)
}

/// What the address of the account's page tells of what was not done.
pub(super) fn trouble_of_account(visit: &Visit) -> Result<Option<AccountTrouble>, PageError> {
    if visit.one(NOT_DONE)? == Some(LAST_WAY) {
        return Ok(Some(AccountTrouble::LastWay));
    }
    let Some(told) = upstream::told(visit)? else { return Ok(None) };
    let known = visit.app.upstreams().enabled(&told.upstream);
    Ok(known.map(|known| {
        let provider = Shown::name(known.label(visit.locale(None)));
        AccountTrouble::Upstream(TroubleWith { trouble: told.trouble, provider })
    }))
}

/// A service's address, with what to tell there.
pub(super) fn service(id: &str, notice: ItemNotice) -> String {
    let word = ITEM_WORDS.iter().find(|(_, of)| *of == notice);
    word.map_or_else(|| at::service(id), |(word, _)| at::with(&at::service(id), DONE, word))
}

/// What the address of the account's page tells.
pub(super) fn of_account(visit: &Visit) -> Result<Option<AccountNotice>, PageError> {
    let told = visit.one(DONE)?;
    Ok(WORDS.iter().find(|(word, _)| Some(*word) == told).map(|(_, notice)| *notice))
}

/// What the address of a service's page tells.
pub(super) fn of_service(visit: &Visit) -> Result<Option<ItemNotice>, PageError> {
    let told = visit.one(DONE)?;
    Ok(ITEM_WORDS.iter().find(|(word, _)| Some(*word) == told).map(|(_, notice)| *notice))
}
