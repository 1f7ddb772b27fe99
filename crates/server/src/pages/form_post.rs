//! The page that posts an authorization response to an app — OAuth 2.0 Form Post Response Mode §2.

use mapae_protocol::redirect_uri::RedirectUri;

use crate::pages::{Page, example, policy::FormTarget, shown::Shown};

/// A form that a script sends at once, and a person where there is no script.
#[derive(Debug, Clone)]
pub struct FormPost {
    /// The app's redirect URI, registered and matched.
    pub redirect_uri: RedirectUri,
    /// Parameters of the response.
    pub fields: Vec<(String, String)>,
    /// The app's name.
    pub app: Shown,
}

impl Page for FormPost {
    const NAME: &'static str = "form-post";

    template!(FormPost, "pages/form_post.html");

    fn address(&self) -> Option<String> {
        None
    }

    fn form_target(&self) -> FormTarget {
        FormTarget::App
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let page =
            |fields| Self { redirect_uri: example::redirect(), fields, app: Shown::name("나의 서비스") };
        vec![
            (
                "code",
                page(vec![
                    field("code", "cod_Zt0q"),
                    field("state", "xyz"),
                    field("iss", "http://localhost:9000"),
                ]),
            ),
            (
                "error",
                page(vec![field("error", "access_denied"), field("state", "\"><script>alert(1)</script>")]),
            ),
        ]
    }
}
