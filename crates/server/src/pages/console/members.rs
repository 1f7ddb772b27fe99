//! What an app registers beyond what every app has, as its page asks for it — OIDC Registration §2, RFC 7591 §2.
//!
//! One line each in [`FIELDS`]: where it is asked, how it is typed, and in which words. Each part is a form of its own.

pub(super) mod samples;

use mapae_protocol::{client_jwt::ClientAlgorithm, jose::Algorithm};

use crate::pages::{
    console::addresses::AddressMistakes,
    input::{Input, Mistake, Mistakes},
    texts::Texts,
};

/// A part of an app's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What happens when somebody signs out.
    SigningOut,
    /// How people are sent here.
    Requests,
    /// What tokens and answers are signed with.
    Tokens,
    /// Where people are led, and who answers for the app.
    Links,
}

impl Part {
    /// All, in the order of the page.
    pub const ALL: [Self; 4] = [Self::SigningOut, Self::Requests, Self::Tokens, Self::Links];

    /// Its id on the page, and the last part of its form's address.
    pub const fn id(self) -> &'static str {
        match self {
            Self::SigningOut => "signing-out",
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::Links => "links",
        }
    }

    const fn title_key(self) -> &'static str {
        match self {
            Self::SigningOut => "member.signing_out",
            Self::Requests => "member.requests",
            Self::Tokens => "member.tokens",
            Self::Links => "member.links",
        }
    }

    const fn lead_key(self) -> &'static str {
        match self {
            Self::SigningOut => "member.signing_out_lead",
            Self::Requests => "member.requests_lead",
            Self::Tokens => "member.tokens_lead",
            Self::Links => "member.links_lead",
        }
    }
}

/// How a value is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One address.
    Address,
    /// One a line.
    Lines,
    /// A whole number of seconds.
    Seconds,
    /// Words with blanks between them.
    Words,
    /// On or off.
    Switch,
    /// Something that this server signs with; the text is for none of them.
    Algorithm(Option<&'static str>),
    /// Something that an app signs with; the text is for none of them.
    ClientAlgorithm(&'static str),
}

/// Which apps have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// All.
    Nothing,
    /// Those that get tokens for people.
    People,
    /// Those that send people here.
    Requests,
}

/// A field of the page.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The registered name of the member, also of the field and its id.
    pub name: &'static str,
    /// Where it is asked.
    pub part: Part,
    /// How it is typed.
    pub kind: Kind,
    /// Which apps have it.
    pub needs: Needs,
    /// Keys of its words: what it is, and what to know of it.
    words: [&'static str; 2],
    /// What a value looks like.
    example: &'static str,
}

/// What ID tokens are signed with: every app has that, so it is no member.
pub const ID_TOKEN_ALG: &str = "id_token_signed_response_alg";

/// Every field, in the order of the page.
pub const FIELDS: &[Field] = &[
    field("post_logout_redirect_uris", Part::SigningOut, Kind::Lines, Needs::People)
        .says(["member.post_logout", "member.post_logout_hint"], "https://example.com/bye"),
    field("backchannel_logout_uri", Part::SigningOut, Kind::Address, Needs::People)
        .says(["member.back_channel", "member.back_channel_hint"], "https://example.com/logout/back-channel"),
    field("backchannel_logout_session_required", Part::SigningOut, Kind::Switch, Needs::People)
        .says(["member.back_channel_session", "member.back_channel_session_hint"], ""),
    field("frontchannel_logout_uri", Part::SigningOut, Kind::Address, Needs::People)
        .says(["member.front_channel", "member.front_channel_hint"], "https://example.com/logout/frame"),
    field("frontchannel_logout_session_required", Part::SigningOut, Kind::Switch, Needs::People)
        .says(["member.front_channel_session", "member.front_channel_session_hint"], ""),
    field("require_pushed_authorization_requests", Part::Requests, Kind::Switch, Needs::Requests)
        .says(["member.pushed", "member.pushed_hint"], ""),
    field("request_object_signing_alg", Part::Requests, ANY_CLIENT_ALGORITHM, Needs::Requests)
        .says(["member.request_alg", "member.request_alg_hint"], ""),
    field("request_uris", Part::Requests, Kind::Lines, Needs::Requests)
        .says(["member.request_uris", "member.request_uris_hint"], "https://example.com/requests/1"),
    field("default_max_age", Part::Requests, Kind::Seconds, Needs::Requests)
        .says(["member.max_age", "member.max_age_hint"], "3600"),
    field("default_acr_values", Part::Requests, Kind::Words, Needs::Requests)
        .says(["member.acr", "member.acr_hint"], "1"),
    field(ID_TOKEN_ALG, Part::Tokens, Kind::Algorithm(None), Needs::People)
        .says(["member.id_token_alg", "member.id_token_alg_hint"], ""),
    field("userinfo_signed_response_alg", Part::Tokens, Kind::Algorithm(Some("member.plain")), Needs::People)
        .says(["member.userinfo_alg", "member.userinfo_alg_hint"], ""),
    field("authorization_signed_response_alg", Part::Tokens, LIKE_ID_TOKENS, Needs::Requests)
        .says(["member.response_alg", "member.response_alg_hint"], ""),
    field("token_endpoint_auth_signing_alg", Part::Tokens, ANY_CLIENT_ALGORITHM, Needs::Nothing)
        .says(["member.assertion_alg", "member.assertion_alg_hint"], ""),
    field("policy_uri", Part::Links, Kind::Address, Needs::People)
        .says(["member.policy", "member.policy_hint"], "https://example.com/privacy"),
    field("tos_uri", Part::Links, Kind::Address, Needs::People)
        .says(["member.terms", "member.terms_hint"], "https://example.com/terms"),
    field("initiate_login_uri", Part::Links, Kind::Address, Needs::People)
        .says(["member.initiate", "member.initiate_hint"], "https://example.com/login"),
    field("contacts", Part::Links, Kind::Lines, Needs::Nothing)
        .says(["member.contacts", "member.contacts_hint"], "dev@example.com"),
];

const ANY_CLIENT_ALGORITHM: Kind = Kind::ClientAlgorithm("member.any_algorithm");
const LIKE_ID_TOKENS: Kind = Kind::Algorithm(Some("member.like_id_tokens"));

const fn field(name: &'static str, part: Part, kind: Kind, needs: Needs) -> Field {
    Field { name, part, kind, needs, words: [""; 2], example: "" }
}

impl Field {
    const fn says(self, words: [&'static str; 2], example: &'static str) -> Self {
        Self { words, example, ..self }
    }

    /// Those of a part.
    pub fn of(part: Part) -> impl Iterator<Item = &'static Self> {
        FIELDS.iter().filter(move |field| field.part == part)
    }
}

impl Kind {
    /// What can be chosen, and the words for it; empty for what is typed.
    pub fn choices(self, t: Option<&Texts>) -> Vec<(&'static str, &'static str)> {
        let word = |key: &str| t.map_or("", |t| t.of(key));
        let none = |key: &str| (NONE, word(key));
        let same = |name| (name, name);
        match self {
            Self::Address | Self::Lines | Self::Seconds | Self::Words => Vec::new(),
            Self::Switch => vec![(OFF, word("member.switch_off")), (ON, word("member.switch_on"))],
            Self::Algorithm(absent) => {
                let named = Algorithm::ALL.iter().map(|algorithm| same(algorithm.as_str()));
                absent.map(none).into_iter().chain(named).collect()
            }
            Self::ClientAlgorithm(absent) => {
                let named = ClientAlgorithm::all().map(|algorithm| same(algorithm.as_str()));
                [none(absent)].into_iter().chain(named).collect()
            }
        }
    }
}

/// The value of a switch that is on.
pub const ON: &str = "on";
/// The value of a switch that is off.
pub const OFF: &str = "off";
/// Chosen when none of the others is registered.
pub const NONE: &str = "none";

/// The form of one part.
#[derive(Debug, Clone)]
pub struct MemberForm {
    /// Which.
    pub part: Part,
    /// Its fields that this app has.
    pub fields: Vec<ShownField>,
}

/// A field with what it holds.
#[derive(Debug, Clone)]
pub struct ShownField {
    /// Which.
    pub field: &'static Field,
    /// What was typed or chosen.
    pub input: Input<MemberMistake>,
    /// The app's profile has it on, and nobody chooses.
    pub fixed: bool,
}

/// Why a value is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberMistake {
    /// An address, or some of several.
    Addresses(AddressMistakes),
    /// On none of the app's own origins.
    NotOwnOrigin,
    /// At none of the app's own hosts.
    NotOwnHost,
    /// Not a whole number up to this one.
    NotNumber(u32),
    /// Not a list of these.
    NotAcrValues(String),
    /// This line, counted from 1, is no e-mail address.
    NotEmail(usize),
    /// More than this many lines.
    TooMany(usize),
    /// It does not fit the way in which the app proves itself.
    ForeignAlgorithm,
    /// The app's profile forbids it.
    ProfileAlgorithm,
}

impl Mistake for MemberMistake {
    fn text(&self, t: &Texts) -> String {
        let key = match self {
            Self::Addresses(addresses) => return addresses.text(t),
            Self::NotNumber(most) => return t.count("member.not_number", most),
            Self::NotAcrValues(known) => return t.with("member.not_acr_values", "values", known),
            Self::NotEmail(line) => {
                return format!("{} {}", t.count("mistake.line", line), t.of("mistake.email_malformed"));
            }
            Self::TooMany(most) => return t.count("mistake.address_too_many", most),
            Self::NotOwnOrigin => "member.not_own_origin",
            Self::NotOwnHost => "member.not_own_host",
            Self::ForeignAlgorithm => "member.foreign_algorithm",
            Self::ProfileAlgorithm => "member.profile_algorithm",
        };
        t.of(key).to_owned()
    }
}

impl MemberForm {
    /// Whether something in it is wrong; then it is not folded.
    pub fn is_wrong(&self) -> bool {
        self.fields.iter().any(|shown| shown.input.mistake.is_some())
    }

    /// Its heading.
    pub(in crate::pages) fn title(&self, t: &Texts) -> &'static str {
        t.of(self.part.title_key())
    }

    /// What it is for.
    pub(in crate::pages) fn lead(&self, t: &Texts) -> &'static str {
        t.of(self.part.lead_key())
    }

    pub(super) fn mistakes<'t>(&self, mistakes: Mistakes<'t>) -> Mistakes<'t> {
        self.fields.iter().fold(mistakes, |mistakes, ShownField { field, input, .. }| {
            let [label, _] = field.words;
            mistakes.field(field.name, label, input.mistake.as_ref())
        })
    }
}

impl ShownField {
    /// What it is.
    pub(in crate::pages) fn label(&self, t: &Texts) -> &'static str {
        let [label, _] = self.field.words;
        t.of(label)
    }

    /// What to know of it.
    pub(in crate::pages) fn hint(&self, t: &Texts) -> &'static str {
        let [_, hint] = self.field.words;
        t.of(hint)
    }

    /// What a value looks like.
    pub(in crate::pages) const fn example(&self) -> &'static str {
        self.field.example
    }

    /// What can be chosen.
    pub(in crate::pages) fn choices(&self, t: &Texts) -> Vec<(&'static str, &'static str)> {
        self.field.kind.choices(Some(t))
    }

    /// It is chosen and not typed.
    pub(in crate::pages) fn is_chosen(&self) -> bool {
        !self.field.kind.choices(None).is_empty()
    }

    /// Whether this is the chosen one.
    pub(in crate::pages) fn holds(&self, value: &str) -> bool {
        self.input.value == value
    }

    /// It has two choices.
    pub(in crate::pages) fn is_switch(&self) -> bool {
        self.field.kind == Kind::Switch
    }

    /// It has a line for each value.
    pub(in crate::pages) fn is_lines(&self) -> bool {
        self.field.kind == Kind::Lines
    }

    /// The kind of its field in HTML.
    pub(in crate::pages) const fn input_type(&self) -> &'static str {
        match self.field.kind {
            Kind::Address => "url",
            Kind::Lines
            | Kind::Seconds
            | Kind::Words
            | Kind::Switch
            | Kind::Algorithm(_)
            | Kind::ClientAlgorithm(_) => "text",
        }
    }

    /// The keys that a phone shows for it.
    pub(in crate::pages) const fn keyboard(&self) -> &'static str {
        match self.field.kind {
            Kind::Address | Kind::Lines => "url",
            Kind::Seconds => "numeric",
            Kind::Words | Kind::Switch | Kind::Algorithm(_) | Kind::ClientAlgorithm(_) => "text",
        }
    }
}
