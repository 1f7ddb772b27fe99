//! What was just done, told on the page to which a form leads: a word of a fixed set in the address.

use crate::{
    interaction::{PageError, Visit},
    pages::{account::AccountNotice, at, connected_service::ItemNotice},
};

/// The parameter that carries it.
const DONE: &str = "done";

const WORDS: &[(&str, AccountNotice)] = &[
    ("disconnected", AccountNotice::Disconnected),
    ("browser-ended", AccountNotice::BrowserEnded),
    ("browsers-ended", AccountNotice::OtherBrowsersEnded),
    ("password-changed", AccountNotice::PasswordChanged),
];

/// Of a service's page.
const ITEM_WORDS: &[(&str, ItemNotice)] = &[("dropped", ItemNotice::Dropped), ("agreed", ItemNotice::Agreed)];

/// The account's address, with what to tell there.
pub(super) fn account(notice: AccountNotice) -> String {
    let word = WORDS.iter().find(|(_, of)| *of == notice);
    word.map_or_else(|| at::ACCOUNT.to_owned(), |(word, _)| at::with(at::ACCOUNT, DONE, word))
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
