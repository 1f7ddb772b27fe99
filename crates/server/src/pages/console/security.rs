//! How an app that keeps a secret or a key proves itself, and how its requests and tokens behave.

use mapae_protocol::fapi::Profile;

use crate::pages::{
    input::{Input, Mistake},
    texts::Texts,
};

/// The form `security`: `auth_method`, `jwks`, `jwks_uri`, `tokens` and `profile`, and of an app that signs people in also
/// `pkce`, `refresh_tokens` and `requests`. Of a public app: `tokens` alone.
#[derive(Debug, Clone)]
pub struct Security {
    /// It has nothing to prove itself with, and its codes and refresh tokens have their rules.
    pub public: bool,
    /// The only way in which it may prove itself; `None`: any in which it sends its secret.
    pub auth_method: Option<String>,
    /// The ways that there are.
    pub methods: Vec<MethodChoice>,
    /// There is a secret to send or to sign with.
    pub keeps_secret: bool,
    /// Its public keys, as JSON.
    pub jwks: Input<SecurityMistake>,
    /// Where its public keys stand.
    pub jwks_uri: Input<SecurityMistake>,
    /// It must use PKCE.
    pub pkce_required: bool,
    /// Each refresh brings a new refresh token.
    pub rotate_refresh: bool,
    /// Every request comes signed.
    pub signs_requests: bool,
    /// It gets tokens only with a proof of possession.
    pub binds_tokens: bool,
    /// The FAPI profile that it is on.
    pub profile: Option<Profile>,
    /// It sends people here, and so has codes and refresh tokens.
    pub signs_people_in: bool,
    /// What does not fit together.
    pub mistake: Option<SecurityMistake>,
}

/// A way in which an app may prove itself.
#[derive(Debug, Clone, Copy)]
pub struct MethodChoice {
    /// Its registered name.
    pub name: &'static str,
    /// Its words and its id, if there are any.
    words: Option<(&'static str, &'static str)>,
}

impl MethodChoice {
    /// The one of this registered name.
    pub fn new(name: &'static str) -> Self {
        Self { name, words: words(name) }
    }

    /// The end of its id on the page.
    pub(in crate::pages) fn id(&self) -> &'static str {
        self.words.map_or(self.name, |(id, _)| id)
    }

    /// What to know of it.
    pub(in crate::pages) fn hint(&self, t: &Texts) -> &'static str {
        self.words.map_or("", |(_, hint)| t.of(hint))
    }
}

/// The end of the id of a method, and the key of its hint.
pub(crate) fn words(method: &str) -> Option<(&'static str, &'static str)> {
    let words = match method {
        "client_secret_basic" => ("basic", "app.auth_basic_hint"),
        "client_secret_post" => ("post", "app.auth_post_hint"),
        "client_secret_jwt" => ("secret-jwt", "app.auth_secret_jwt_hint"),
        "private_key_jwt" => ("key-jwt", "app.auth_key_jwt_hint"),
        _ => return None,
    };
    Some(words)
}

/// Those that there are today.
pub(super) fn sample_methods() -> Vec<MethodChoice> {
    ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"]
        .map(MethodChoice::new)
        .into()
}

/// Why a choice is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecurityMistake {
    /// The keys are no JSON.
    NotJson,
    /// The keys are no set of this many keys at most.
    NotKeys(usize),
    /// One of the keys is private, shared or weak.
    NotPublic,
    /// Keys, and an address of keys.
    KeysTwice,
    /// A method or a profile that needs keys, without keys.
    NoKeys,
    /// The address of the keys is not one that can be fetched safely.
    NotHttps,
    /// Its assertions or requests are registered for an algorithm that does not fit the method.
    ForeignAlgorithm,
    /// A profile, of an app that is to be public.
    ProfilePublic,
    /// A profile, with this redirect URI, counted from 1.
    ProfileRedirectUri(usize),
    /// A profile, with another method than `private_key_jwt`.
    ProfileMethod,
    /// A profile, with an algorithm that it forbids.
    ProfileAlgorithm,
    /// A profile, with something registered as off that it has on.
    ProfileSwitch,
}

impl Mistake for SecurityMistake {
    fn text(&self, t: &Texts) -> String {
        let key = match self {
            Self::NotKeys(limit) => return t.count("app.jwks_not_keys", limit),
            Self::ProfileRedirectUri(line) => return t.with("app.profile_redirect_uri", "n", line),
            Self::NotJson => "app.jwks_not_json",
            Self::NotPublic => "app.jwks_not_public",
            Self::KeysTwice => "app.jwks_twice",
            Self::NoKeys => "app.jwks_missing",
            Self::NotHttps => "app.jwks_uri_not_https",
            Self::ForeignAlgorithm => "app.auth_foreign_algorithm",
            Self::ProfilePublic => "app.profile_public",
            Self::ProfileMethod => "app.profile_method",
            Self::ProfileAlgorithm => "app.profile_algorithm",
            Self::ProfileSwitch => "app.profile_switch",
        };
        t.of(key).to_owned()
    }
}

impl Security {
    /// Whether this is the chosen method.
    pub(in crate::pages) fn sends_by(&self, method: &str) -> bool {
        self.auth_method.as_deref().unwrap_or("any") == method
    }

    /// Whether this is its profile; `none`: it is on none.
    pub(in crate::pages) fn is_on(&self, profile: &str) -> bool {
        self.profile.map_or("none", Profile::as_str) == profile
    }
}
