//! The terms of whoever runs the server, and who agreed to which. The rules are those of [`mapae_client::terms`].

mod form;
pub(crate) mod renewal;

pub(crate) use form::{Answered, boxes, read};

use mapae_client::terms::Agreed;
use mapae_protocol::time::Timestamp;

use crate::store::{Unit, term_agreements};

/// Keeps what somebody agreed to.
pub(crate) fn keeping(unit: Unit, user_id: &str, agreed: &[Agreed], now: Timestamp) -> Unit {
    let agree = |agreed: &Agreed| term_agreements::agree(user_id, (&agreed.term, &agreed.version), now);
    unit.with_all(agreed.iter().map(agree))
}
