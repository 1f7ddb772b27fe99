//! The name of an app in one language — RFC 7591 §2.2 (`client_name#ko`, `client_name#en`). What the app is called where no
//! such name is registered is no member: every app has that, and it is what our pages show in either language. These are
//! kept and told again, as they were registered.

use mapae_protocol::locale::Locale;
use serde_json::Value;

use super::{Member, MemberProblem, MemberRules, Metadata, text};
use crate::registration::name;

/// `client_name` in a language of the pages.
#[derive(Debug)]
pub(super) struct ClientName(pub(super) Locale);

impl Member for ClientName {
    fn name(&self) -> &'static str {
        match self.0 {
            Locale::Ko => "client_name#ko",
            Locale::En => "client_name#en",
        }
    }

    fn read(&self, value: &Value, _: MemberRules, _: &mut Metadata) -> Result<(), MemberProblem> {
        name::parse(text(value)?).map(drop).map_err(|_| MemberProblem::NotName)
    }
}
