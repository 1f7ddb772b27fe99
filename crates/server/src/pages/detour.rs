//! The page before an unverified app is told of an error — RFC 9700 §4.11.2.

use mapae_protocol::{
    error::{ErrorCode, OAuthError},
    redirect_uri::RedirectUri,
};

use crate::pages::{Page, example, look::AppCard, policy::FormTarget};

/// Says where the way leads, and leaves it to the person to go there.
#[derive(Debug, Clone)]
pub struct Detour {
    /// The app that asked.
    pub app: AppCard,
    /// How it is told, should the person wish to go on.
    pub onward: Onward,
    /// What it is told.
    pub error: OAuthError,
}

/// The rest of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Onward {
    /// An address with the answer in it.
    Link(String),
    /// A form with the answer in it (OAuth 2.0 Form Post Response Mode §2).
    Form {
        /// The app's redirect URI, registered and matched.
        redirect_uri: RedirectUri,
        /// Parameters of the response.
        fields: Vec<(String, String)>,
    },
}

impl Page for Detour {
    const NAME: &'static str = "detour";

    template!(Detour, "pages/detour.html");

    fn address(&self) -> Option<String> {
        None
    }

    fn form_target(&self) -> FormTarget {
        match &self.onward {
            Onward::Link(_) => FormTarget::OwnOrigin,
            Onward::Form { .. } => FormTarget::App,
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let error = OAuthError::new(ErrorCode::InvalidScope, "none of the scopes is known");
        let address = format!("{}?error=invalid_scope&state=%22%3E%3Cscript%3E", example::REDIRECT);
        let link = Self { app: example::long_app(), onward: Onward::Link(address), error };
        let fields = vec![
            ("error".to_owned(), "invalid_scope".to_owned()),
            ("state".to_owned(), "\"><script>alert(1)</script>".to_owned()),
        ];
        let onward = Onward::Form { redirect_uri: example::redirect(), fields };
        vec![("link", link.clone()), ("form", Self { onward, ..link })]
    }
}
