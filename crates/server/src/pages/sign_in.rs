//! Sign in with e-mail and password — OIDC Core §3.1.2.3.

use std::borrow::Cow;

use mapae_client::{ButtonUse, Definition};
use mapae_protocol::locale::Locale;

use crate::pages::{
    Page, at,
    brands::{self, Brand},
    example,
    look::AppCard,
    policy::FormTarget,
    shown::Shown,
    texts::Texts,
};

/// The sign-in page.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// The pending step, sealed.
    pub step: String,
    /// The app for which the person signs in; `None` for this server's own pages.
    pub app: Option<AppCard>,
    /// The e-mail address typed or hinted (`login_hint`).
    pub email: String,
    /// Why somebody who is signed in must do it again.
    pub again: Option<SignInAgain>,
    /// What went wrong.
    pub problem: Option<SignInProblem>,
    /// What went wrong on the way to a provider and back.
    pub trouble: Option<TroubleWith>,
    /// Who came from a provider and becomes another way into the account that is proved here.
    pub linking: Option<Linking>,
    /// Providers to sign in with, last used first.
    pub upstreams: Vec<UpstreamButton>,
    /// What people call the providers that let nobody in who uses the browser inside another app.
    pub kept_out: Vec<Shown>,
    /// Whether whoever must do it again has no password.
    pub passwordless: bool,
    /// Where the answer may redirect.
    pub target: FormTarget,
}

/// A provider to sign in with.
#[derive(Debug, Clone)]
pub struct UpstreamButton {
    /// What it is called in addresses.
    pub id: String,
    /// Where the button leads.
    pub address: String,
    /// How it looks; `None`: like any other button.
    pub brand: Option<Brand>,
    /// What it says to whoever comes for the first time, or not.
    pub start: Words,
    /// What it says to whoever has signed in before.
    pub sign_in: Words,
    /// What people call the provider.
    pub provider: Shown,
    /// Whether it was used last in this browser.
    pub last: bool,
}

/// What a button says, in each language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    korean: Shown,
    english: Shown,
}

impl Words {
    /// What is said in a language.
    pub fn of<'w>(said: impl Fn(Locale) -> Cow<'w, str>) -> Self {
        Self { korean: Shown::name(&said(Locale::Ko)), english: Shown::name(&said(Locale::En)) }
    }

    const fn read(&self, locale: Locale) -> &Shown {
        match locale {
            Locale::Ko => &self.korean,
            Locale::En => &self.english,
        }
    }
}

impl UpstreamButton {
    /// What the button says where a provider is added to an account.
    pub(in crate::pages) fn add_text(&self, t: &Texts) -> String {
        t.with("account.way_add", "provider", &self.provider)
    }

    /// Its class.
    pub(in crate::pages) fn class(&self) -> &str {
        self.brand.as_ref().map_or("plain-brand", Brand::class)
    }

    /// The address of the style sheet that the buttons need.
    pub(in crate::pages) fn sheet(buttons: &[Self]) -> Option<&str> {
        buttons.iter().find_map(|button| button.brand.as_ref()).map(Brand::sheet)
    }

    /// A button as it is where its provider is set up under the name of its definition.
    #[expect(clippy::expect_used, reason = "a constant, which every test of the samples reads")]
    pub(in crate::pages) fn sample(id: &str) -> Self {
        let definition = Definition::named(id).expect("a definition that is compiled in");
        let words = |of| Words::of(|locale| definition.button_words(of, locale));
        Self {
            id: id.to_owned(),
            address: at::upstream_start(id, example::STEP),
            brand: brands::SAMPLES.brand(id).cloned(),
            start: words(ButtonUse::Start),
            sign_in: words(ButtonUse::SignIn),
            provider: Shown::name(definition.label(Locale::Ko)),
            last: false,
        }
    }
}

/// Who waits to be linked.
#[derive(Debug, Clone)]
pub struct Linking {
    /// What people call the provider.
    pub provider: Shown,
    /// What the person is called there.
    pub account: Shown,
    /// There is an account of the address that the provider has verified: that one is meant.
    pub named: bool,
}

/// What went wrong, and with which provider.
#[derive(Debug, Clone)]
pub struct TroubleWith {
    /// What.
    pub trouble: UpstreamTrouble,
    /// What people call the provider.
    pub provider: Shown,
}

/// What went wrong on the way to a provider and back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpstreamTrouble {
    /// The person said no there. Nothing is wrong.
    Cancelled,
    /// This attempt is over; another may well work.
    Again,
    /// It does not answer at this moment.
    Unavailable,
    /// It wants fewer requests.
    Busy,
    /// It refuses this server: a setting is wrong.
    Configuration,
    /// It does not let this person in.
    Refused,
    /// The account that it opens is closed.
    Closed,
    /// It opens another account already.
    Taken,
    /// Who signs in or is given a way in must first prove anew who they are.
    Stale,
    /// Another account is signed in than the one that began.
    OtherAccount,
    /// It was set up anew, and has other names for people.
    OtherApp,
}

impl UpstreamTrouble {
    /// The key of what is wrong.
    pub(in crate::pages) const fn key(self) -> &'static str {
        match self {
            Self::Cancelled => "upstream.cancelled",
            Self::Again => "upstream.again",
            Self::Unavailable => "upstream.unavailable",
            Self::Busy => "upstream.busy",
            Self::Configuration => "upstream.configuration",
            Self::Refused => "upstream.refused",
            Self::Closed => "upstream.closed",
            Self::Taken => "upstream.taken",
            Self::Stale => "upstream.stale",
            Self::OtherAccount => "upstream.other_account",
            Self::OtherApp => "upstream.other_app",
        }
    }

    /// The key of what to do.
    pub(in crate::pages) const fn advice_key(self) -> &'static str {
        match self {
            Self::Cancelled => "upstream.cancelled_advice",
            Self::Again => "upstream.again_advice",
            Self::Unavailable => "upstream.unavailable_advice",
            Self::Busy => "upstream.busy_advice",
            Self::Configuration => "upstream.configuration_advice",
            Self::Refused => "upstream.refused_advice",
            Self::Closed => "upstream.closed_advice",
            Self::Taken => "upstream.taken_advice",
            Self::Stale => "upstream.stale_advice",
            Self::OtherAccount => "upstream.other_account_advice",
            Self::OtherApp => "upstream.other_app_advice",
        }
    }
}

/// Why a signed-in person signs in again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInAgain {
    /// The app asked for it (`prompt=login`).
    Asked,
    /// The last time is longer ago than the app accepts (`max_age`).
    TooLongAgo,
    /// The app wants a surer sign-in than the one that there is (`acr_values`).
    NotSureEnough,
    /// The app expects another person (`id_token_hint`).
    OtherAccount,
    /// A page of ours gives or takes a way in.
    ToConfirm,
}

impl SignInAgain {
    /// Whether it is the person who is signed in who is asked.
    pub const fn is_of_the_same_person(self) -> bool {
        matches!(self, Self::Asked | Self::TooLongAgo | Self::NotSureEnough | Self::ToConfirm)
    }
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInProblem {
    /// Unknown address, wrong password, disabled account: one text, so that nobody learns who has an account.
    WrongCredentials,
    /// Too many attempts; the next one is possible in this many minutes.
    TooManyAttempts {
        /// Minutes to wait.
        minutes: u32,
    },
}

impl SignIn {
    /// Whether the address cannot be changed.
    fn fixed(&self) -> bool {
        self.again.is_some_and(SignInAgain::is_of_the_same_person)
    }

    /// Whether there is anything to type: who has no address signs in again with their provider.
    fn by_password(&self) -> bool {
        let cannot = self.passwordless || self.email.is_empty();
        !(self.fixed() && cannot && !self.upstreams.is_empty())
    }

    /// What stands on a provider's button: who signs in again or proves an account is no newcomer.
    fn words<'a>(&self, button: &'a UpstreamButton, t: &Texts) -> &'a Shown {
        let is_known = self.fixed() || self.linking.is_some();
        let words = if is_known { &button.sign_in } else { &button.start };
        words.read(t.locale())
    }

    /// Whether the keyboard belongs to the first empty field: what went wrong is read first, and asks for it by itself.
    fn nothing_went_wrong(&self) -> bool {
        self.problem.is_none() && self.trouble.is_none()
    }

    /// Whether the fields themselves are to blame.
    fn refused(&self) -> bool {
        self.problem == Some(SignInProblem::WrongCredentials)
    }
}

impl SignIn {
    /// A sample of which the others differ in something.
    fn plain() -> Self {
        Self {
            step: example::STEP.to_owned(),
            app: None,
            email: String::new(),
            again: None,
            problem: None,
            trouble: None,
            linking: None,
            upstreams: Vec::new(),
            kept_out: Vec::new(),
            passwordless: false,
            target: FormTarget::OwnOrigin,
        }
    }
}

impl Page for SignIn {
    const NAME: &'static str = "sign-in";

    template!(SignIn, "pages/sign_in.html");

    fn address(&self) -> Option<String> {
        Some(at::step(at::SIGN_IN, &self.step))
    }

    fn form_target(&self) -> FormTarget {
        self.target
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let own = Self::plain();
        let with_providers = Self { upstreams: buttons(), ..own.clone() };
        let app = Self { app: Some(example::app()), target: FormTarget::App, ..own.clone() };
        let email = || "mapae.kim@example.com".to_owned();
        let problem = |problem| Self { email: email(), problem: Some(problem), ..app.clone() };
        let again = |again| Self { email: email(), again: Some(again), ..app.clone() };
        vec![
            ("own", own.clone()),
            ("app", app.clone()),
            ("wrong", problem(SignInProblem::WrongCredentials)),
            ("too-many", problem(SignInProblem::TooManyAttempts { minutes: 15 })),
            ("again-asked", again(SignInAgain::Asked)),
            ("again-old", again(SignInAgain::TooLongAgo)),
            ("again-surer", again(SignInAgain::NotSureEnough)),
            ("other-account", Self { again: Some(SignInAgain::OtherAccount), ..app.clone() }),
            ("providers", with_providers.clone()),
            ("providers-app", Self { upstreams: buttons(), ..app.clone() }),
            (
                "in-app",
                Self {
                    upstreams: buttons().into_iter().filter(|button| button.id != "google").collect(),
                    kept_out: vec![Shown::name("Google")],
                    ..own
                },
            ),
            (
                "linking",
                Self {
                    email: email(),
                    linking: Some(Linking {
                        provider: Shown::name("카카오"),
                        account: Shown::name("ryan@example.test"),
                        named: true,
                    }),
                    ..app.clone()
                },
            ),
            ("cancelled", troubled(&with_providers, UpstreamTrouble::Cancelled)),
            ("unavailable", troubled(&with_providers, UpstreamTrouble::Unavailable)),
            (
                "confirm",
                Self { email: email(), again: Some(SignInAgain::ToConfirm), ..with_providers.clone() },
            ),
            (
                "confirm-passwordless",
                Self {
                    email: email(),
                    again: Some(SignInAgain::ToConfirm),
                    passwordless: true,
                    ..with_providers.clone()
                },
            ),
            ("long", Self { app: Some(example::long_app()), ..app }),
        ]
    }
}

fn troubled(page: &SignIn, trouble: UpstreamTrouble) -> SignIn {
    let trouble = Some(TroubleWith { trouble, provider: Shown::name("카카오") });
    SignIn { trouble, ..page.clone() }
}

fn buttons() -> Vec<UpstreamButton> {
    let known = ["kakao", "naver", "google", "facebook", "apple", "github"];
    let mut buttons: Vec<_> = known.into_iter().map(UpstreamButton::sample).collect();
    buttons.iter_mut().for_each(|button| button.last = button.id == "kakao");
    let company = "우리 회사";
    let words = |of: ButtonUse| Words::of(|locale| Cow::Owned(of.words(company, locale)));
    buttons.push(UpstreamButton {
        id: "company".to_owned(),
        address: at::upstream_start("company", example::STEP),
        brand: None,
        start: words(ButtonUse::Start),
        sign_in: words(ButtonUse::SignIn),
        provider: Shown::name(company),
        last: false,
    });
    buttons
}
