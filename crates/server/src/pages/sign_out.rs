//! Signing out.

use mapae_protocol::{params, redirect_uri::RedirectUri};

use crate::{
    pages::{
        Page, at, example,
        look::{AppCard, Person},
        policy::FormTarget,
        shown::Shown,
    },
    paths,
};

/// Asks before signing out: a link from elsewhere must not do it alone.
#[derive(Debug, Clone)]
pub struct SignOut {
    /// Token of the form.
    pub csrf: String,
    /// Who is signed in.
    pub person: Person,
    /// The app that asked, if one did.
    pub app: Option<AppCard>,
    /// What it asked, to be sent again with the form: names and values.
    pub asked: Vec<(&'static str, String)>,
    /// Where the answer to the form may lead.
    pub target: FormTarget,
}

impl Page for SignOut {
    const NAME: &'static str = "sign-out";

    template!(SignOut, "pages/sign_out.html");

    fn address(&self) -> Option<String> {
        if self.asked.is_empty() {
            return Some(at::SIGN_OUT.to_owned());
        }
        Some(format!(
            "{}?{}",
            paths::LOGOUT,
            params::encode(self.asked.iter().map(|(name, value)| (*name, value)))
        ))
    }

    fn form_target(&self) -> FormTarget {
        self.target
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let own = Self {
            csrf: example::CSRF.to_owned(),
            person: example::person(),
            app: None,
            asked: Vec::new(),
            target: FormTarget::OwnOrigin,
        };
        let app = Self {
            app: Some(example::app()),
            asked: vec![("post_logout_redirect_uri", example::redirect().as_str().to_owned())],
            target: FormTarget::App,
            ..own.clone()
        };
        vec![("own", own), ("app", app)]
    }
}

/// Says that the person is signed out.
#[derive(Debug, Clone)]
pub struct SignedOut {
    /// Where the person may go on, on this origin.
    pub next: &'static str,
    /// The app that asked, which nobody has verified: the person chooses whether to go on there.
    pub back: Option<Back>,
    /// Pages of apps that sign the person out there.
    pub frames: Vec<LogoutFrame>,
    /// Where the browser goes by itself once these have answered, or after a moment.
    pub onwards: Option<String>,
}

/// A page of an app, to be framed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutFrame {
    /// Its address.
    pub address: String,
    /// The narrowest that a policy can say of it.
    source: String,
}

impl LogoutFrame {
    /// The page that was registered, at the address where it is opened. `None` where a policy has no way to name its host.
    pub fn new(registered: &RedirectUri, address: String) -> Option<Self> {
        let origin = registered.policy_source();
        if !origin.contains("://") {
            return None;
        }
        let rest = registered.as_str().strip_prefix(&origin).unwrap_or_default();
        let path = rest.split('?').next().unwrap_or_default();
        // A path may hold what separates sources and policies.
        let plain = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte));
        let source = if plain { format!("{origin}{path}") } else { origin };
        Some(Self { address, source })
    }
}

/// The way back to an app.
#[derive(Debug, Clone)]
pub struct Back {
    /// The app's name.
    pub app: Shown,
    /// Where it really leads: an origin, or a private scheme.
    pub leads_to: Shown,
    /// An address that it registered.
    pub address: String,
}

impl SignedOut {
    /// With nothing to go on to but signing in again.
    pub(crate) fn here() -> Self {
        Self { next: at::SIGN_IN, back: None, frames: Vec::new(), onwards: None }
    }
}

impl Page for SignedOut {
    const NAME: &'static str = "signed-out";

    template!(SignedOut, "pages/signed_out.html");

    fn framed(&self) -> Vec<String> {
        self.frames.iter().map(|frame| frame.source.clone()).collect()
    }

    fn address(&self) -> Option<String> {
        None
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let back = Back {
            app: example::app().name,
            leads_to: Shown::place(&example::redirect().origin()),
            address: example::redirect().as_str().to_owned(),
        };
        let registered = RedirectUri::parse("https://app.example/logout").ok();
        let frame = |uri: RedirectUri| {
            LogoutFrame::new(&uri, uri.append_query([("iss", "http://localhost:9000"), ("sid", "s")]))
        };
        let frames: Vec<LogoutFrame> = registered.and_then(frame).into_iter().collect();
        let onwards = Some(example::redirect().as_str().to_owned());
        vec![
            ("done", Self::here()),
            ("back", Self { back: Some(back), ..Self::here() }),
            ("frames", Self { frames: frames.clone(), ..Self::here() }),
            ("onwards", Self { frames, onwards, ..Self::here() }),
        ]
    }
}
