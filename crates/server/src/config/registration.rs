//! `[registration]`: apps that register themselves.

use mapae_protocol::{scope::ScopeToken, time::Seconds};

use super::{
    setting::{Fallback, Setting},
    source::{Given, Source},
};

const SECTION: &str = "registration";

const POLICY: Setting = Setting {
    section: SECTION,
    key: "policy",
    flag: None,
    default: Fallback::Literal("\"closed\""),
    meaning: "Who may register an app at `/register`: `closed`, nobody; `initial_access_token`, whoever has a token of \
              `mapae registration token create`; `open`, everybody.",
    reason: "Apps are registered in the console; whoever needs the address switches it on.",
};

const SCOPES: Setting = Setting {
    section: SECTION,
    key: "scopes",
    flag: None,
    default: Fallback::Literal("[]"),
    meaning: "Scopes of APIs that apps that register themselves may ask for, besides those about the person.",
    reason: "What your APIs give is given to apps that somebody has looked at.",
};

const REQUIRE_PKCE: Setting = Setting {
    section: SECTION,
    key: "require_pkce",
    flag: None,
    default: Fallback::Literal("true"),
    meaning: "Whether apps that register themselves and keep a secret must use PKCE; those without a secret always must.",
    reason: "It protects codes whatever the app does wrong (RFC 9700 §2.1.1); legacy clients may need it off.",
};

const VOUCH: Setting = Setting {
    section: SECTION,
    key: "vouch",
    flag: None,
    default: Fallback::Literal("false"),
    meaning: "Whether you stand behind every app that registers itself: people are not told that nobody has checked it, its \
              errors and sign-outs lead on to it without a page between, and mails to people who sign up for it name it. What \
              it may cost this server stays what strangers may.",
    reason: "Nobody has.",
};

const CLIENT_DOCUMENTS: Setting = Setting {
    section: SECTION,
    key: "client_documents",
    flag: None,
    default: Fallback::Literal("false"),
    meaning: "Whether an app may be an address: its `client_id` is an https address at which a document says the rest, and \
              nobody registers it. `scopes`, `vouch`, `unused_seconds` and `most_unused` hold for these apps, too.",
    reason: "Whoever has a web site could send people here.",
};

const UNUSED: Setting = Setting {
    section: SECTION,
    key: "unused_seconds",
    flag: None,
    default: Fallback::Literal("604_800"),
    meaning: "An app that registered itself is deleted when nobody has agreed to it for this long, in seconds; 3600 to \
              31536000.",
    reason: "A week: apps register when somebody is about to use them, and whoever comes later registers again.",
};

const MOST_UNUSED: Setting = Setting {
    section: SECTION,
    key: "most_unused",
    flag: None,
    default: Fallback::Literal("10_000"),
    meaning: "Most apps that registered themselves and to which nobody has agreed yet, and as many that are addresses; 1 to \
              1000000. When there are as many, the next one takes the place of the oldest from where most of them came.",
    reason: "A flood of registrations ends there and makes room for itself; those in use are not counted.",
};

const SECRET: Setting = Setting {
    section: SECTION,
    key: "secret_seconds",
    flag: None,
    default: Fallback::Literal("0"),
    meaning: "Life of the secret of an app that registered itself, in seconds; 3600 to 157680000, or 0: for ever. From half \
              of it on, an update of the registration gives a new one.",
    reason: "Most clients register once and never again.",
};

const ROTATE_TOKEN: Setting = Setting {
    section: SECTION,
    key: "rotate_token",
    flag: None,
    default: Fallback::Literal("false"),
    meaning: "Whether each update of a registration gives a new token to manage it with.",
    reason: "Who loses the answer would lose the registration.",
};

pub(super) const SETTINGS: &[Setting] =
    &[POLICY, SCOPES, REQUIRE_PKCE, VOUCH, CLIENT_DOCUMENTS, UNUSED, MOST_UNUSED, SECRET, ROTATE_TOKEN];

/// Who may register an app at the registration endpoint (RFC 7591 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationPolicy {
    /// Nobody: there is no such endpoint.
    Closed,
    /// Whoever has a token of the operator's (RFC 7591 §1.2).
    InitialAccessToken,
    /// Everybody.
    Open,
}

impl RegistrationPolicy {
    const ALL: [(&'static str, Self); 3] =
        [("closed", Self::Closed), ("initial_access_token", Self::InitialAccessToken), ("open", Self::Open)];

    /// Whether anybody at all may register an app.
    pub const fn lets_register(self) -> bool {
        !matches!(self, Self::Closed)
    }

    /// As it is written in the file.
    pub fn as_str(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, policy)| *policy == self).map_or("", |(name, _)| name)
    }
}

/// Apps that register themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Who may register one.
    pub policy: RegistrationPolicy,
    /// Scopes of APIs that they may ask for.
    pub scopes: Vec<String>,
    /// Whether one that keeps a secret must use PKCE.
    pub require_pkce: bool,
    /// Whether the operator stands behind each of them.
    pub vouch: bool,
    /// Whether an address may be an app, by the document at it.
    pub client_documents: bool,
    /// How long one lives to which nobody agrees.
    pub unused: Seconds,
    /// Most of them to which nobody has agreed.
    pub most_unused: i64,
    /// The life of their secrets; `None`: for ever.
    pub secret: Option<Seconds>,
    /// Whether each update gives a new token.
    pub rotate_token: bool,
}

impl Registration {
    pub(super) fn read(source: &mut Source<'_>) -> Self {
        Self {
            policy: read_policy(source),
            scopes: read_scopes(source),
            require_pkce: source.switch(&REQUIRE_PKCE),
            vouch: source.switch(&VOUCH),
            client_documents: source.switch(&CLIENT_DOCUMENTS),
            unused: source.seconds(&UNUSED, 3_600..=31_536_000),
            most_unused: source.number(&MOST_UNUSED, 1..=1_000_000),
            secret: read_secret_life(source),
            rotate_token: source.switch(&ROTATE_TOKEN),
        }
    }
}

fn read_policy(source: &mut Source<'_>) -> RegistrationPolicy {
    let Some(Given { value, place }) = source.text(&POLICY) else { return RegistrationPolicy::Closed };
    let named = RegistrationPolicy::ALL.into_iter().find(|(name, _)| *name == value);
    named.map_or_else(
        || {
            let wrong = format!("{value:?} is no policy.");
            source.mistake(place, wrong, "Write \"closed\", \"initial_access_token\" or \"open\".");
            RegistrationPolicy::Closed
        },
        |(_, policy)| policy,
    )
}

fn read_scopes(source: &mut Source<'_>) -> Vec<String> {
    let Some(Given { value, place }) = source.list(&SCOPES) else { return Vec::new() };
    for text in value.iter().filter(|text| ScopeToken::parse(text).is_err()) {
        source.mistake(
            place.clone(),
            format!("{text:?} is not a scope."),
            "Write scopes as `mapae api list` shows them, each between quotation marks.",
        );
    }
    value
}

fn read_secret_life(source: &mut Source<'_>) -> Option<Seconds> {
    let life = source.seconds(&SECRET, 0..=157_680_000);
    match life.get() {
        0 => None,
        1..3_600 => {
            let place = source.place_of(&SECRET);
            source.mistake(place, format!("{life} is too short for a secret."), "Write 3600 or more, or 0.");
            None
        }
        _ => Some(life),
    }
}
