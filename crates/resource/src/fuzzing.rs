//! Ways in for the crate `mapae-fuzz`, to parsers that are nobody else's business. Nothing here is promised.

use http::Uri;

use crate::{introspection, query_token};

/// Whether a token is active, as an introspection endpoint answers.
#[must_use]
pub fn introspection_answer(body: &[u8]) -> Option<bool> {
    introspection::is_active(body)
}

/// The tokens in a query, and the address without them.
#[must_use]
pub fn query_token(query: &str, address: &Uri) -> (Option<Vec<String>>, Option<Uri>) {
    let params = query_token::parse(query).ok();
    let tokens = params.map(|params| params.all("access_token").map(str::to_owned).collect());
    (tokens, query_token::without_token(address))
}
