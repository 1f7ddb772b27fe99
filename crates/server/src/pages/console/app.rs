//! One app: its name and icon, keys, addresses, consent items, and the switch.

mod samples;

use self::samples::{bank, detailed, machine, refused, secret, television, usual, usual_security};
use crate::{
    accounts::NameMistake,
    pages::{
        Page, at,
        console::{
            AppStatus, ConsoleApp,
            addresses::{AddressMistake, AddressMistakes, AddressProblem},
            grants::{self, GrantsForm},
            items::{self, ItemRow, ItemsMistake, PurposeMistake},
            members::{self, MemberForm},
            security::{self, Security, SecurityMistake},
            snippet::QuickStart,
        },
        example,
        input::{FoundMistake, Input, Mistake, Mistakes},
        look::Desk,
        moment::Moment,
        texts::Texts,
    },
};

/// The page of an app. Each part is a form of its own: `general`, `icon`, `addresses`, `items`, `secrets`, `security`,
/// `grants`, those of [`members`](super::members), and `state`.
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
    /// Whether it is to be a public client (`kind`: `confidential`, `public`).
    pub public: bool,
    /// Why the icon that was sent cannot be used.
    pub icon_problem: Option<IconProblem>,
    /// Redirect URIs, one per line (`redirect_uris`).
    pub redirect_uris: Input<AddressMistakes>,
    /// Origins of browser apps, one per line (`origins`).
    pub origins: Input<AddressMistakes>,
    /// Its live secrets, newest first; none for a public app.
    pub secrets: Vec<LiveSecret>,
    /// How it proves itself, where it has a choice, and how its requests and tokens behave.
    pub security: Security,
    /// By which grant types it gets tokens.
    pub grants: GrantsForm,
    /// What else it registers.
    pub forms: Vec<MemberForm>,
    /// What it may ask people for.
    pub items: Vec<ItemRow>,
    /// What is wrong with all of these together.
    pub items_mistake: Option<ItemsMistake>,
    /// Its values in code.
    pub quick_start: QuickStart,
    /// What has just been done.
    pub notice: Option<AppNotice>,
}

/// A secret that works.
#[derive(Debug, Clone)]
pub struct LiveSecret {
    /// Names it; it is not the secret.
    pub id: String,
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
    TooLarge(usize),
    /// More than this many pixels wide or high.
    TooWide(u32),
    /// Not a picture of a kind that is accepted, or a broken one.
    NotAPicture,
}

impl Mistake for IconProblem {
    fn text(&self, t: &Texts) -> String {
        match self {
            Self::Missing => t.of("app.icon_missing").to_owned(),
            Self::TooLarge(limit) => t.count("app.icon_too_large", limit),
            Self::TooWide(limit) => t.count("app.icon_too_wide", limit),
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
    /// No secret was stopped: they were others by then than on the page.
    SecretsChanged,
    /// The form that makes a secret was sent again: that secret is not shown again.
    SecretShown,
    /// The app was switched off.
    Disabled,
    /// The app was switched on again.
    Enabled,
    /// The app was not switched: the operator has it switched off.
    Blocked,
}

impl AppNotice {
    const ALL: [Self; 8] = [
        Self::Registered,
        Self::Saved,
        Self::SecretEnded,
        Self::SecretsChanged,
        Self::SecretShown,
        Self::Disabled,
        Self::Enabled,
        Self::Blocked,
    ];

    /// Its name in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Saved => "saved",
            Self::SecretEnded => "secret-ended",
            Self::SecretsChanged => "secrets-changed",
            Self::SecretShown => "secret-shown",
            Self::Disabled => "disabled",
            Self::Enabled => "enabled",
            Self::Blocked => "blocked",
        }
    }

    /// The notice of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notice| notice.name() == name)
    }

    /// Whether it tells of something that did not go as wished.
    fn cares(self) -> bool {
        matches!(self, Self::SecretsChanged | Self::SecretShown | Self::Blocked)
    }

    fn key(self) -> &'static str {
        match self {
            Self::Registered => "app.done_registered",
            Self::Saved => "app.done_saved",
            Self::SecretEnded => "app.done_secret_ended",
            Self::SecretsChanged => "app.done_secrets_changed",
            Self::SecretShown => "app.done_secret_shown",
            Self::Disabled => "app.done_disabled",
            Self::Enabled => "app.done_enabled",
            Self::Blocked => "app.done_blocked",
        }
    }
}

impl AppPage {
    /// A public app has no secret, and one that signs with a key of its own needs none.
    fn keeps_secret(&self) -> bool {
        !self.app.public && self.security.keeps_secret
    }

    /// The names of its secrets that are about to end, but the newest: what the page offers to stop is what it shows.
    fn former(&self) -> String {
        let former = self.secrets.iter().skip(1).filter(|secret| secret.until.is_some());
        former.map(|secret| secret.id.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// Nobody writes such requests by hand.
    fn is_on_profile(&self) -> bool {
        self.security.profile.is_some()
    }

    fn mistakes(&self, t: &Texts) -> Vec<FoundMistake> {
        let mut mistakes = Mistakes::new(t)
            .field("redirect_uris", "app.redirect_uris", self.redirect_uris.mistake.as_ref())
            .field("origins", "app.origins", self.origins.mistake.as_ref());
        mistakes = mistakes.field("items", "app.items", self.items_mistake.as_ref());
        for (index, item) in (1..).zip(&self.items) {
            mistakes = mistakes
                .field(&format!("item-{index}-ko"), "app.purpose_ko", item.purpose_ko.mistake.as_ref())
                .field(&format!("item-{index}-en"), "app.purpose_en", item.purpose_en.mistake.as_ref());
        }
        mistakes = mistakes
            .field("name", "app.name", self.name.mistake.as_ref())
            .field("homepage", "app.homepage", self.homepage.mistake.as_ref())
            .field("icon-file", "app.icon", self.icon_problem.as_ref());
        mistakes = mistakes
            .field("jwks", "app.jwks", self.security.jwks.mistake.as_ref())
            .field("jwks_uri", "app.jwks_uri", self.security.jwks_uri.mistake.as_ref())
            .field("security", "app.security", self.security.mistake.as_ref());
        mistakes = self.grants.mistakes(mistakes);
        self.forms.iter().fold(mistakes, |mistakes, form| form.mistakes(mistakes)).found()
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
            public: true,
            secrets: Vec::new(),
            security: Security { public: true, keeps_secret: false, ..usual_security() },
            origins: Input::holding("http://localhost:5173"),
            quick_start: QuickStart { public: true, ..usual.quick_start.clone() },
            ..notice(AppNotice::Registered)
        };
        let disabled = Self {
            app: ConsoleApp { status: AppStatus::Off, card: example::long_app(), ..example::console_app() },
            ..notice(AppNotice::Disabled)
        };
        let blocked = Self {
            app: ConsoleApp { status: AppStatus::Blocked, ..example::console_app() },
            ..notice(AppNotice::Blocked)
        };
        let soon = Some(example::minutes_ago(-1_400));
        let rotated = Self {
            secrets: vec![secret("sec_2", 3, None), secret("sec_1", 90_000, soon)],
            ..notice(AppNotice::Saved)
        };
        vec![
            ("usual", usual.clone()),
            ("bank", bank(&usual)),
            ("television", television(&public)),
            ("public", public),
            ("detailed", detailed(&usual)),
            ("disabled", disabled),
            ("blocked", blocked),
            ("rotated", rotated),
            ("enabled", notice(AppNotice::Enabled)),
            ("secret-ended", notice(AppNotice::SecretEnded)),
            ("secrets-changed", notice(AppNotice::SecretsChanged)),
            ("secret-shown", notice(AppNotice::SecretShown)),
            ("machine", machine(&usual)),
            ("refused", refused(usual)),
        ]
    }
}
