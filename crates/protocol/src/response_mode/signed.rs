//! `jwt`, `query.jwt`, `fragment.jwt` and `form_post.jwt`: the response as one signed parameter, carried as another mode
//! carries it — JARM §2.3.

use super::{Delivery, ResponseMode, form_post::FormPost, fragment::Fragment, query::Query};
use crate::redirect_uri::TrustedRedirect;

/// What carries the parameter, and the mode's name.
pub(super) struct Signed {
    name: &'static str,
    carrier: &'static dyn ResponseMode,
}

impl Signed {
    pub(super) const QUERY: Self = Self { name: "query.jwt", carrier: &Query };
    pub(super) const FRAGMENT: Self = Self { name: "fragment.jwt", carrier: &Fragment };
    pub(super) const FORM_POST: Self = Self { name: "form_post.jwt", carrier: &FormPost };
    /// The default of the response type: for a code, the query (JARM §2.3.4).
    pub(super) const DEFAULT: Self = Self { name: "jwt", carrier: &Query };
}

impl ResponseMode for Signed {
    fn name(&self) -> &'static str {
        self.name
    }

    fn is_signed(&self) -> bool {
        true
    }

    fn deliver(&self, to: &TrustedRedirect, parameters: &[(&'static str, String)]) -> Delivery {
        self.carrier.deliver(to, parameters)
    }
}
