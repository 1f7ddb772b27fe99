//! One connected service: what was agreed, what can be dropped, and how to disconnect it.

use crate::pages::{
    Page, at, example,
    look::{AppCard, Desk},
    moment::Moment,
    scope_text::ScopeText,
    shown::Shown,
};

/// A connected service.
#[derive(Debug, Clone)]
pub struct ServicePage {
    /// Who is signed in, and the token of the forms.
    pub desk: Desk,
    /// Name of the connection in addresses.
    pub id: String,
    /// The app.
    pub app: AppCard,
    /// Where it begins a login, if it can be opened from here.
    pub opens: Option<String>,
    /// What was agreed.
    pub items: Vec<AgreedItem>,
    /// Optional items that were left out, and that can be agreed to here.
    pub refused: Vec<AgreedItem>,
    /// When it was connected.
    pub since: Moment,
    /// When it was last used; `None` when never.
    pub last_used: Option<Moment>,
    /// What was done just now.
    pub notice: Option<ItemNotice>,
}

/// What was done with an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemNotice {
    /// It was taken back.
    Dropped,
    /// It was agreed to.
    Agreed,
}

impl ItemNotice {
    /// The key of its text.
    pub fn text(self) -> &'static str {
        match self {
            Self::Dropped => "service.done_dropped",
            Self::Agreed => "service.done_agreed",
        }
    }
}

/// An item that was agreed, or left out.
#[derive(Debug, Clone)]
pub struct AgreedItem {
    /// What it lets the app see or do.
    pub scope: ScopeText,
    /// What for, in the app's own words.
    pub purpose: Option<Shown>,
    /// Whether the app works without it, so that it can be dropped alone.
    pub optional: bool,
}

impl Page for ServicePage {
    const NAME: &'static str = "service";

    template!(ServicePage, "pages/service.html");

    fn address(&self) -> Option<String> {
        Some(at::service(&self.id))
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let item = |scope, title, purpose: &str, optional| AgreedItem {
            scope: example::scope(scope, title),
            purpose: (!purpose.is_empty()).then(|| Shown::sentence(purpose)),
            optional,
        };
        let usual = Self {
            desk: example::desk(),
            id: "con_1".to_owned(),
            app: example::app(),
            opens: Some("https://calendar.example/login?iss=https%3A%2F%2Fmapae.example".to_owned()),
            items: vec![
                item("openid", "", "", false),
                item("profile", "", "일정에 참석자로 표시돼요.", false),
                item("email", "", "일정 알림과 초대장을 보내 드려요.", true),
                item("calendar.read", "일정 보기", "", true),
            ],
            refused: Vec::new(),
            since: example::minutes_ago(60 * 1_440),
            last_used: Some(example::minutes_ago(12)),
            notice: None,
        };
        vec![
            ("usual", usual.clone()),
            (
                "dropped",
                Self {
                    notice: Some(ItemNotice::Dropped),
                    items: usual.items.iter().take(3).cloned().collect(),
                    refused: usual.items.iter().skip(3).cloned().collect(),
                    ..usual.clone()
                },
            ),
            ("agreed", Self { notice: Some(ItemNotice::Agreed), ..usual.clone() }),
            ("address", Self { app: example::app_at_address(), opens: None, ..usual.clone() }),
            ("unused", Self { app: example::long_app(), opens: None, last_used: None, ..usual }),
        ]
    }
}

/// Asks once more before a service is disconnected.
#[derive(Debug, Clone)]
pub struct Disconnect {
    /// Who is signed in, and the token of the form.
    pub desk: Desk,
    /// Name of the connection in addresses.
    pub id: String,
    /// The app.
    pub app: AppCard,
    /// Whether the app is told, so that it can sign the person out, too (OIDC Back-Channel Logout §2.5).
    pub told: bool,
}

impl Page for Disconnect {
    const NAME: &'static str = "service-disconnect";

    template!(Disconnect, "pages/disconnect.html");

    fn address(&self) -> Option<String> {
        Some(at::service_part(&self.id, "disconnect"))
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let usual = Self { desk: example::desk(), id: "con_1".to_owned(), app: example::app(), told: true };
        vec![("usual", usual.clone()), ("long", Self { app: example::long_app(), told: false, ..usual })]
    }
}
