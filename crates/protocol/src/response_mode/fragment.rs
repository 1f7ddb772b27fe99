//! `fragment`: parameters behind the `#` of the redirect URI, where no server sees them — OAuth 2.0 Multiple Response
//! Types §2.1.

use super::{Delivery, ResponseMode};
use crate::params;
use crate::redirect_uri::TrustedRedirect;

pub(super) struct Fragment;

impl ResponseMode for Fragment {
    fn name(&self) -> &'static str {
        "fragment"
    }

    fn deliver(&self, to: &TrustedRedirect, parameters: &[(&'static str, String)]) -> Delivery {
        // A registered redirect URI has no fragment of its own (RFC 6749 §3.1.2).
        let fragment = params::encode(parameters.iter().map(|(name, value)| (*name, value)));
        Delivery::Redirect(format!("{}#{fragment}", to.uri().as_str()))
    }
}
