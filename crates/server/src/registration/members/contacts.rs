//! Who answers for an app — RFC 7591 §2 (`contacts`). The operator sees it.

use serde_json::Value;

use super::{Member, MemberProblem, MemberRules, Metadata};
use crate::accounts::EmailAddress;

/// `contacts`.
#[derive(Debug)]
pub(super) struct Contacts;

/// Most contacts of an app.
const MOST: usize = 8;

impl Member for Contacts {
    fn name(&self) -> &'static str {
        "contacts"
    }

    fn read(&self, value: &Value, _: MemberRules, _: &mut Metadata) -> Result<(), MemberProblem> {
        let listed = value.as_array().filter(|listed| listed.len() <= MOST);
        let are_addresses = |listed: &Vec<Value>| {
            listed.iter().all(|item| {
                item.as_str().is_some_and(|text| EmailAddress::parse_with_localhost(text).is_ok())
            })
        };
        if listed.is_some_and(are_addresses) { Ok(()) } else { Err(MemberProblem::NotEmails(MOST)) }
    }
}
