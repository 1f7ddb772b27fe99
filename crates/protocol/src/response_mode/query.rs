//! `query`: parameters in the redirect URI's query — OAuth 2.0 Multiple Response Types §2.1, RFC 6749 §4.1.2.

use super::{Delivery, ResponseMode};
use crate::redirect_uri::TrustedRedirect;

pub(super) struct Query;

impl ResponseMode for Query {
    fn name(&self) -> &'static str {
        "query"
    }

    fn deliver(&self, to: &TrustedRedirect, parameters: &[(&'static str, String)]) -> Delivery {
        Delivery::Redirect(to.uri().append_query(parameters.iter().map(|(name, value)| (*name, value))))
    }
}
