//! `form_post`: parameters in a form that the browser posts — OAuth 2.0 Form Post Response Mode §2.

use super::{Delivery, ResponseMode};
use crate::redirect_uri::TrustedRedirect;

pub(super) struct FormPost;

impl ResponseMode for FormPost {
    fn name(&self) -> &'static str {
        "form_post"
    }

    fn deliver(&self, to: &TrustedRedirect, parameters: &[(&'static str, String)]) -> Delivery {
        Delivery::Form { action: to.uri().as_str().to_owned(), fields: parameters.to_vec() }
    }
}
