//! Pages that end a request: what is wrong, what to do, and an id for support — RFC 6749 §4.1.2.1.

use crate::pages::{Page, at, shown::Shown};

/// Says why it does not go on here.
#[derive(Debug, Clone)]
pub struct Blocked {
    /// Why.
    pub reason: BlockedReason,
    /// Id under which the log has it; `None` where nothing was logged.
    pub support_id: Option<Shown>,
}

/// Why a request ends with a page. None of them says anything that came with the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockedReason {
    /// No such app, or one that is disabled or deleted: one text for all.
    UnknownApp,
    /// The redirect URI is none of the app's.
    WrongRedirectUri,
    /// The address after signing out is none of the app's.
    WrongLogoutUri,
    /// Nothing says which app asks to sign out.
    NoLogoutHint,
    /// The request cannot be understood.
    BadRequest,
    /// The step took too long, or was finished already.
    StepOver,
    /// The step began in another browser, or this one keeps no cookies.
    OtherBrowser,
    /// The form did not come from our page.
    ForgedForm,
    /// Another browser answers the device.
    DeviceTaken,
    /// Not for this person.
    Forbidden,
    /// No such page.
    NotFound,
    /// Too many requests.
    TooMany,
    /// Something is broken here.
    Fault,
    /// The server cannot answer now.
    Busy,
}

impl BlockedReason {
    const ALL: [(&'static str, Self); 14] = [
        ("unknown-app", Self::UnknownApp),
        ("wrong-redirect-uri", Self::WrongRedirectUri),
        ("wrong-logout-uri", Self::WrongLogoutUri),
        ("no-logout-hint", Self::NoLogoutHint),
        ("bad-request", Self::BadRequest),
        ("step-over", Self::StepOver),
        ("other-browser", Self::OtherBrowser),
        ("forged-form", Self::ForgedForm),
        ("device-taken", Self::DeviceTaken),
        ("forbidden", Self::Forbidden),
        ("not-found", Self::NotFound),
        ("too-many", Self::TooMany),
        ("fault", Self::Fault),
        ("busy", Self::Busy),
    ];

    fn title(self) -> &'static str {
        match self {
            Self::UnknownApp => "blocked.unknown_app",
            Self::WrongRedirectUri => "blocked.wrong_redirect_uri",
            Self::WrongLogoutUri => "blocked.wrong_logout_uri",
            Self::NoLogoutHint => "blocked.no_logout_hint",
            Self::BadRequest => "blocked.bad_request",
            Self::StepOver => "blocked.step_over",
            Self::OtherBrowser => "blocked.other_browser",
            Self::ForgedForm => "blocked.forged_form",
            Self::DeviceTaken => "blocked.device_taken",
            Self::Forbidden => "blocked.forbidden",
            Self::NotFound => "blocked.not_found",
            Self::TooMany => "blocked.too_many",
            Self::Fault => "blocked.fault",
            Self::Busy => "blocked.busy",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::UnknownApp => "blocked.unknown_app_advice",
            Self::WrongRedirectUri => "blocked.wrong_redirect_uri_advice",
            Self::WrongLogoutUri => "blocked.wrong_logout_uri_advice",
            // Here, too, nobody was signed out.
            Self::NoLogoutHint => "blocked.wrong_logout_uri_advice",
            Self::BadRequest => "blocked.bad_request_advice",
            Self::StepOver => "blocked.step_over_advice",
            Self::OtherBrowser => "blocked.other_browser_advice",
            Self::ForgedForm => "blocked.forged_form_advice",
            Self::DeviceTaken => "blocked.device_taken_advice",
            Self::Forbidden => "blocked.forbidden_advice",
            Self::NotFound => "blocked.not_found_advice",
            Self::TooMany => "blocked.too_many_advice",
            Self::Fault => "blocked.fault_advice",
            Self::Busy => "blocked.busy_advice",
        }
    }

    /// What the app's developer has to look at.
    fn for_developers(self) -> Option<&'static str> {
        match self {
            Self::UnknownApp => Some("blocked.unknown_app_developer"),
            Self::WrongRedirectUri => Some("blocked.wrong_redirect_uri_developer"),
            Self::WrongLogoutUri => Some("blocked.wrong_logout_uri_developer"),
            Self::NoLogoutHint => Some("blocked.no_logout_hint_developer"),
            Self::BadRequest => Some("blocked.bad_request_developer"),
            Self::StepOver
            | Self::OtherBrowser
            | Self::ForgedForm
            | Self::DeviceTaken
            | Self::Forbidden
            | Self::NotFound
            | Self::TooMany
            | Self::Fault
            | Self::Busy => None,
        }
    }

    /// Where there is something of ours to go on with.
    fn way_out(self) -> Option<&'static str> {
        matches!(self, Self::NotFound | Self::Forbidden | Self::ForgedForm).then_some(at::ACCOUNT)
    }
}

impl Page for Blocked {
    const NAME: &'static str = "blocked";

    template!(Blocked, "pages/blocked.html");

    fn address(&self) -> Option<String> {
        None
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |(state, reason)| {
            let logged = reason != BlockedReason::NotFound;
            (state, Self { reason, support_id: logged.then(|| Shown::name("7K3M-Q9TX")) })
        };
        BlockedReason::ALL.map(page).into()
    }
}
