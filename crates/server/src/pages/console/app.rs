//! One app: its name and icon, keys, addresses, consent items, and the switch.

use crate::pages::{
    Page, at,
    console::{
        ConsoleApp,
        addresses::{AddressMistake, AddressProblem},
        items::{self, ItemRow, PurposeMistake},
        snippet::QuickStart,
    },
    example,
    input::{FoundMistake, Input, Mistake, Mistakes, NameMistake},
    look::Desk,
    moment::Moment,
    texts::Texts,
};

/// The page of an app. Each part is a form of its own: `general`, `icon`, `addresses`, `items`, `secrets`, `state`.
#[derive(Debug, Clone)]
pub struct AppPage {
    /// Who is signed in, and the token of the forms.
    pub desk: Desk,
    /// The app.
    pub app: ConsoleApp,
    /// Its name (`name`), as it is or as it was refused.
    pub name: Input<NameMistake>,
    /// Address of its site (`homepage`), which people see.
    pub homepage: Input<AddressMistake>,
    /// Why the icon that was sent cannot be used.
    pub icon_problem: Option<IconProblem>,
    /// Redirect URIs, one per line (`redirect_uris`).
    pub redirect_uris: Input<AddressMistake>,
    /// Origins of browser apps, one per line (`origins`).
    pub origins: Input<AddressMistake>,
    /// Its live secrets, newest first; none for a public app.
    pub secrets: Vec<LiveSecret>,
    /// What it may ask people for.
    pub items: Vec<ItemRow>,
    /// Its values in code.
    pub quick_start: QuickStart,
    /// What has just been done.
    pub notice: Option<AppNotice>,
}

/// A secret that works.
#[derive(Debug, Clone)]
pub struct LiveSecret {
    /// When it was made.
    pub since: Moment,
    /// When it stops to work; `None` for the present one.
    pub until: Option<Moment>,
}

/// Why an icon cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IconProblem {
    /// No file was chosen.
    Missing,
    /// Larger than this many KiB.
    TooLarge(u32),
    /// Not a picture of a kind that is accepted, or a broken one.
    NotAPicture,
}

impl Mistake for IconProblem {
    fn text(&self, t: &Texts) -> String {
        match self {
            Self::Missing => t.of("app.icon_missing").to_owned(),
            Self::TooLarge(limit) => t.count("app.icon_too_large", limit),
            Self::NotAPicture => t.of("app.icon_not_a_picture").to_owned(),
        }
    }
}

/// What has just been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppNotice {
    /// The app was registered.
    Registered,
    /// Changes were saved.
    Saved,
    /// The older secret was stopped.
    SecretEnded,
    /// The app was switched off.
    Disabled,
    /// The app was switched on again.
    Enabled,
}

impl AppNotice {
    fn key(self) -> &'static str {
        match self {
            Self::Registered => "app.done_registered",
            Self::Saved => "app.done_saved",
            Self::SecretEnded => "app.done_secret_ended",
            Self::Disabled => "app.done_disabled",
            Self::Enabled => "app.done_enabled",
        }
    }
}

impl AppPage {
    fn mistakes(&self, t: &Texts) -> Vec<FoundMistake> {
        let mut mistakes = Mistakes::new(t)
            .field("redirect_uris", "app.redirect_uris", self.redirect_uris.mistake.as_ref())
            .field("origins", "app.origins", self.origins.mistake.as_ref());
        for (index, item) in (1..).zip(&self.items) {
            mistakes = mistakes
                .field(&format!("item-{index}-ko"), "app.purpose_ko", item.purpose_ko.mistake.as_ref())
                .field(&format!("item-{index}-en"), "app.purpose_en", item.purpose_en.mistake.as_ref());
        }
        mistakes
            .field("name", "app.name", self.name.mistake.as_ref())
            .field("homepage", "app.homepage", self.homepage.mistake.as_ref())
            .field("icon-file", "app.icon", self.icon_problem.as_ref())
            .found()
    }
}

impl Page for AppPage {
    const NAME: &'static str = "console-app";

    template!(AppPage, "pages/console_app.html");

    fn address(&self) -> Option<String> {
        Some(at::app(&self.app.id))
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let usual = usual();
        let notice = |notice| Self { notice: Some(notice), ..usual.clone() };
        let public = Self {
            app: ConsoleApp { public: true, ..example::console_app() },
            secrets: Vec::new(),
            origins: Input::holding("http://localhost:5173"),
            quick_start: QuickStart { public: true, ..usual.quick_start.clone() },
            ..notice(AppNotice::Registered)
        };
        let disabled = Self {
            app: ConsoleApp { disabled: true, card: example::long_app(), ..example::console_app() },
            ..notice(AppNotice::Disabled)
        };
        let rotated = Self {
            secrets: vec![
                LiveSecret { since: example::minutes_ago(3), until: None },
                LiveSecret { since: example::minutes_ago(90_000), until: Some(example::minutes_ago(-1_400)) },
            ],
            ..notice(AppNotice::Saved)
        };
        vec![
            ("usual", usual.clone()),
            ("public", public),
            ("disabled", disabled),
            ("rotated", rotated),
            ("enabled", notice(AppNotice::Enabled)),
            ("secret-ended", notice(AppNotice::SecretEnded)),
            ("refused", refused(usual)),
        ]
    }
}

fn usual() -> AppPage {
    AppPage {
        desk: example::desk(),
        app: example::console_app(),
        name: Input::holding("나의 서비스"),
        homepage: Input::holding("https://calendar.example.com"),
        icon_problem: None,
        redirect_uris: Input::holding(
            "http://localhost:3000/callback\nhttps://calendar.example.com/callback",
        ),
        origins: Input::default(),
        secrets: vec![LiveSecret { since: example::minutes_ago(8_000), until: None }],
        items: items::samples(),
        quick_start: QuickStart {
            issuer: "http://localhost:9000".to_owned(),
            client_id: example::APP_ID.to_owned(),
            public: false,
            redirect_uri: example::REDIRECT.to_owned(),
            scope: "openid profile email".to_owned(),
        },
        notice: None,
    }
}

fn refused(usual: AppPage) -> AppPage {
    let wrong = |line, why| AddressMistake { line, why };
    let mut items = usual.items.clone();
    if let Some(email) = items.get_mut(2) {
        email.purpose_ko = Input::refused("", PurposeMistake::Missing);
        email.purpose_en = Input::refused("too long ".repeat(20), PurposeMistake::TooLong(120));
    }
    AppPage {
        name: Input::refused("", NameMistake::Missing),
        homepage: Input::refused("calendar", wrong(0, AddressProblem::NotAbsolute)),
        icon_problem: Some(IconProblem::TooLarge(256)),
        redirect_uris: Input::refused("https://a.example/*", wrong(1, AddressProblem::Characters)),
        origins: Input::refused("https://a.example/path", wrong(1, AddressProblem::NotAnOrigin)),
        items,
        ..usual
    }
}
