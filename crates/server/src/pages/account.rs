//! The person's account: connected services, browsers signed in, password.

use crate::pages::{
    Page, at,
    browser::Browser,
    example,
    input::{FoundMistake, Mistake, Mistakes, PasswordMistake, PasswordRule},
    look::{AppCard, Desk},
    moment::Moment,
    scope_text::ScopeText,
    shown::Shown,
    sign_in::{TroubleWith, UpstreamButton, UpstreamTrouble},
    texts::Texts,
};

/// The account's first page.
#[derive(Debug, Clone)]
pub struct AccountHome {
    /// Who is signed in, and the token of the forms.
    pub desk: Desk,
    /// Services connected to the account, last used first.
    pub services: Vec<ConnectedService>,
    /// Browsers signed in, this one first.
    pub browsers: Vec<SignedInBrowser>,
    /// Ways to sign in; `None` where there is none but the password.
    pub ways: Option<Ways>,
    /// What was agreed to with the server itself; empty where there are no terms.
    pub terms: Vec<AgreedTerm>,
    /// What was not done.
    pub trouble: Option<AccountTrouble>,
    /// Whether there is a password to change.
    pub has_password: bool,
    /// What is wrong with the change of password that was tried.
    pub password: Option<ChangePasswordProblem>,
    /// What a password must be.
    pub rule: PasswordRule,
    /// What has just been done.
    pub notice: Option<AccountNotice>,
}

/// A service connected to the account.
#[derive(Debug, Clone)]
pub struct ConnectedService {
    /// Name of the connection in addresses.
    pub id: String,
    /// The app.
    pub app: AppCard,
    /// What was agreed.
    pub items: Vec<ScopeText>,
    /// When it was last used; `None` when never.
    pub last_used: Option<Moment>,
}

/// A browser signed in.
#[derive(Debug, Clone)]
pub struct SignedInBrowser {
    /// Name of the session in addresses.
    pub id: String,
    /// What it calls itself.
    pub browser: Browser,
    /// When it signed in.
    pub since: Moment,
    /// When it was last seen.
    pub seen: Moment,
    /// Whether it is the one that looks at the page.
    pub current: bool,
}

/// Ways to sign in.
#[derive(Debug, Clone)]
pub struct Ways {
    /// Whether there is a password.
    pub password: bool,
    /// Providers.
    pub linked: Vec<LinkedWay>,
    /// Providers that can be added.
    pub addable: Vec<UpstreamButton>,
    /// Where the person must confirm who they are before anything can be changed.
    pub confirm: Option<String>,
}

/// A provider by which the person can sign in.
#[derive(Debug, Clone)]
pub struct LinkedWay {
    /// Name of it in addresses.
    pub id: String,
    /// What people call the provider.
    pub provider: Shown,
    /// What the person is called there.
    pub account: Shown,
    /// When somebody last signed in with it.
    pub last_used: Moment,
    /// Whether it can be removed: it is not the last one.
    pub removable: bool,
}

/// A term of the server's, in a version that was agreed to or can be.
#[derive(Debug, Clone)]
pub struct AgreedTerm {
    /// Name of it in addresses.
    pub id: String,
    /// What people read.
    pub title: Shown,
    /// Which version.
    pub version: Shown,
    /// Where the text is.
    pub address: Option<String>,
    /// When it was agreed to; `None` when it was not, or not any more.
    pub agreed: Option<Moment>,
    /// What can be done about it.
    pub button: Option<TermButton>,
}

/// What can be done about an optional term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TermButton {
    /// Not to agree to it any more.
    Withdraw,
    /// To agree to it after all.
    Agree,
}

/// What was not done, and why.
#[derive(Debug, Clone)]
pub enum AccountTrouble {
    /// Nobody could sign in any more.
    LastWay,
    /// A provider was not added.
    Upstream(TroubleWith),
}

/// What is wrong with a change of password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangePasswordProblem {
    /// The present password is not the one given.
    WrongPresent,
    /// Too many attempts; the next one is possible in this many minutes.
    TooManyAttempts {
        /// Minutes to wait.
        minutes: u32,
    },
    /// The new one cannot be used.
    New(PasswordMistake),
}

/// What has just been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountNotice {
    /// A service was disconnected.
    Disconnected,
    /// A browser was signed out.
    BrowserEnded,
    /// All other browsers were signed out.
    OtherBrowsersEnded,
    /// The password was changed and all other browsers signed out.
    PasswordChanged,
    /// A provider was added.
    WayAdded,
    /// A provider was removed and all other browsers signed out.
    WayRemoved,
    /// An optional term was withdrawn.
    TermWithdrawn,
    /// An optional term was agreed to.
    TermAgreed,
}

impl AccountNotice {
    fn key(self) -> &'static str {
        match self {
            Self::Disconnected => "account.done_disconnected",
            Self::BrowserEnded => "account.done_browser",
            Self::OtherBrowsersEnded => "account.done_browsers",
            Self::PasswordChanged => "account.done_password",
            Self::WayAdded => "account.done_way_added",
            Self::WayRemoved => "account.done_way_removed",
            Self::TermWithdrawn => "account.done_term_withdrawn",
            Self::TermAgreed => "account.done_term_agreed",
        }
    }
}

impl AccountHome {
    fn other_browsers(&self) -> bool {
        self.browsers.iter().any(|browser| !browser.current)
    }

    fn wrong_present(&self) -> bool {
        self.password == Some(ChangePasswordProblem::WrongPresent)
    }

    fn mistakes(&self, t: &Texts) -> Vec<FoundMistake> {
        let wrong_present = self.wrong_present().then_some(WrongPresentPassword);
        Mistakes::new(t)
            .field("present_password", "account.password_present", wrong_present.as_ref())
            .field("new_password", "password.new_label", self.new_password_mistake().as_ref())
            .found()
    }

    fn new_password_mistake(&self) -> Option<PasswordMistake> {
        match self.password {
            Some(ChangePasswordProblem::New(mistake)) => Some(mistake),
            Some(ChangePasswordProblem::WrongPresent | ChangePasswordProblem::TooManyAttempts { .. })
            | None => None,
        }
    }
}

/// The present password is not the one given.
struct WrongPresentPassword;

impl Mistake for WrongPresentPassword {
    fn text(&self, t: &Texts) -> String {
        t.of("account.password_wrong").to_owned()
    }
}

impl Page for AccountHome {
    const NAME: &'static str = "account";

    template!(AccountHome, "pages/account.html");

    fn address(&self) -> Option<String> {
        Some(at::ACCOUNT.to_owned())
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let usual = Self {
            desk: example::desk(),
            services: services(),
            browsers: browsers(),
            ways: None,
            terms: Vec::new(),
            trouble: None,
            has_password: true,
            password: None,
            rule: PasswordRule { min: 10 },
            notice: None,
        };
        let done = |notice| Self { notice: Some(notice), ..usual.clone() };
        let wrong = |problem| Self { password: Some(problem), ..usual.clone() };
        vec![
            ("usual", usual.clone()),
            (
                "new",
                Self {
                    services: Vec::new(),
                    browsers: browsers().into_iter().take(1).collect(),
                    ..usual.clone()
                },
            ),
            ("ways", Self { ways: Some(ways(None)), ..usual.clone() }),
            (
                "ways-confirm",
                Self { ways: Some(ways(Some(at::step(at::SIGN_IN, example::STEP)))), ..usual.clone() },
            ),
            ("terms", Self { terms: terms(), ..usual.clone() }),
            ("term-withdrawn", Self { terms: terms(), ..done(AccountNotice::TermWithdrawn) }),
            ("last-way", Self { trouble: Some(AccountTrouble::LastWay), ..usual.clone() }),
            ("taken", Self { ways: Some(ways(None)), trouble: Some(taken()), ..usual.clone() }),
            ("way-removed", done(AccountNotice::WayRemoved)),
            ("disconnected", done(AccountNotice::Disconnected)),
            ("browser-ended", done(AccountNotice::BrowserEnded)),
            ("browsers-ended", done(AccountNotice::OtherBrowsersEnded)),
            ("password-changed", done(AccountNotice::PasswordChanged)),
            ("wrong-password", wrong(ChangePasswordProblem::WrongPresent)),
            ("unchanged", wrong(ChangePasswordProblem::New(PasswordMistake::Unchanged))),
            ("too-many", wrong(ChangePasswordProblem::TooManyAttempts { minutes: 15 })),
        ]
    }
}

fn ways(confirm: Option<String>) -> Ways {
    let linked = |id: &str, provider: &str, account: &str, used, removable| LinkedWay {
        id: id.to_owned(),
        provider: Shown::name(provider),
        account: Shown::name(account),
        last_used: example::minutes_ago(used),
        removable,
    };
    let naver = UpstreamButton::sample("naver");
    Ways {
        password: true,
        linked: vec![
            linked("idn_1", "카카오", "ryan@example.test", 12, true),
            linked("idn_2", "Google", "mapae.kim@example.com", 9_000, true),
        ],
        addable: if confirm.is_none() { vec![naver] } else { Vec::new() },
        confirm,
    }
}

fn terms() -> Vec<AgreedTerm> {
    let term = |id: &str, title: &str, version: &str, agreed, button| AgreedTerm {
        id: id.to_owned(),
        title: Shown::sentence(title),
        version: Shown::name(version),
        address: (id != "old").then(|| format!("https://id.example/{id}")),
        agreed,
        button,
    };
    let (withdraw, agree) = (Some(TermButton::Withdraw), Some(TermButton::Agree));
    vec![
        term("service", "마패 이용약관", "2026-11-01", Some(example::minutes_ago(9_000)), None),
        term("news", "새 소식을 이메일로 받아 보기", "3", Some(example::minutes_ago(12)), withdraw),
        term(
            "night",
            "밤 9시부터 아침 8시 사이에도 소식을 받고, 그 밖의 혜택 안내를 문자로 받아 보기",
            "1",
            None,
            agree,
        ),
        term("old", "old", "2024-01-01", Some(example::minutes_ago(900_000)), None),
    ]
}

fn taken() -> AccountTrouble {
    let provider = Shown::name("네이버");
    AccountTrouble::Upstream(TroubleWith { trouble: UpstreamTrouble::Taken, provider })
}

fn services() -> Vec<ConnectedService> {
    let service =
        |id: &str, app, items, last_used| ConnectedService { id: id.to_owned(), app, items, last_used };
    vec![
        service(
            "con_1",
            example::app(),
            vec![
                example::scope("profile", ""),
                example::scope("email", ""),
                example::scope("calendar.read", "일정 보기"),
            ],
            Some(example::minutes_ago(12)),
        ),
        service("con_2", AppCard::named("Haru Notes"), vec![example::scope("openid", "")], None),
        service(
            "con_3",
            example::long_app(),
            vec![example::scope("profile", ""), example::scope("offline_access", "")],
            Some(example::minutes_ago(90 * 1_440)),
        ),
    ]
}

fn browsers() -> Vec<SignedInBrowser> {
    let browser = |id: &str, agent: &str, since, seen| SignedInBrowser {
        id: id.to_owned(),
        browser: Browser::of(agent),
        since: example::minutes_ago(since),
        seen: example::minutes_ago(seen),
        current: seen == 0,
    };
    vec![
        browser(
            "ses_1",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
            40,
            0,
        ),
        browser(
            "ses_2",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1",
            9_000,
            300,
        ),
        browser("ses_3", "curl/8.1", 20_000, 4_000),
    ]
}
