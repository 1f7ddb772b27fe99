//! Consent items of an app: the scopes that it may ask for — RFC 6749 §3.3, OIDC Core §5.4, §11.

use mapae_protocol::{
    locale::Locale,
    scope::{self, EMAIL, MAX_TOKENS, OFFLINE_ACCESS, OPENID, PROFILE, ScopeToken},
};

use super::{Draft, Grants};
use crate::{store::apps::AppScope, upstream};

/// Most characters of a purpose.
const MAX_PURPOSE: usize = 120;

/// The scopes that are about a person, whatever API there is.
pub(crate) use mapae_protocol::scope::STANDARD as STANDARD_SCOPES;

/// Every scope that an app may be given: the standard ones, those that an API owns, and those of providers whose tokens
/// the operator lets it have.
#[derive(Clone, Debug)]
pub(crate) struct KnownScopes(Vec<String>);

/// What is wrong with the items of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ItemsProblem {
    /// A machine that may ask for nothing gets no token.
    Missing,
    /// More than this many.
    TooMany(usize),
    /// This scope cannot be asked for like this.
    Scope {
        /// Where it stands.
        position: usize,
        /// Why not.
        why: ScopeProblem,
    },
    /// What is said about it cannot be shown.
    Purpose {
        /// Where it stands.
        position: usize,
        /// In which language.
        language: Locale,
        /// Why not.
        why: PurposeProblem,
    },
}

/// Why an app cannot be given a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScopeProblem {
    /// Not a scope (RFC 6749 §3.3).
    Malformed(scope::Error),
    /// No API owns it.
    Unknown,
    /// A machine has no person about whom it could ask.
    AboutAPerson,
    /// `openid` says who has signed in: people cannot leave it out.
    OpenIdIsRequired,
    /// `offline_access` is of no use without refresh tokens.
    NothingToRefresh,
    /// It stands there as required and as optional.
    Contradiction,
}

/// Why a purpose cannot be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PurposeProblem {
    /// It is there in the other language only: some people would be told nothing.
    Missing,
    /// It has more than this many characters.
    TooLong(usize),
    /// It has a control character, such as the end of a line.
    Malformed,
}

impl KnownScopes {
    /// The standard ones and these.
    pub(crate) fn standard_and<'a>(scopes: impl IntoIterator<Item = &'a str>) -> Self {
        Self(STANDARD_SCOPES.into_iter().chain(scopes).map(str::to_owned).collect())
    }

    /// Each of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    fn contains(&self, scope: &str) -> bool {
        self.iter().any(|known| known == scope)
    }
}

/// What a new app may ask for unless somebody says otherwise: who the person is, and what to call them.
pub(crate) fn usual_items() -> Vec<AppScope> {
    vec![item(OPENID, true), item(PROFILE, false), item(EMAIL, false)]
}

/// The items that may be registered, each once, in the order in which people see them.
pub(super) fn parse(
    draft: &Draft,
    known: &KnownScopes,
    mut refuse: impl FnMut(ItemsProblem),
) -> Vec<AppScope> {
    let mut items: Vec<AppScope> = Vec::new();
    for (position, typed) in draft.items.iter().enumerate() {
        let scope_problem = match items.iter().find(|earlier| earlier.scope == typed.scope) {
            Some(earlier) if earlier.required == typed.required => continue,
            Some(_) => Some(ScopeProblem::Contradiction),
            None => problem(typed, draft.grants, known),
        };
        if let Some(why) = scope_problem {
            refuse(ItemsProblem::Scope { position, why });
        }
        for (language, why) in purpose_problems(typed) {
            refuse(ItemsProblem::Purpose { position, language, why });
        }
        let purpose = |text: &str| text.trim().to_owned();
        let (purpose_ko, purpose_en) = (purpose(&typed.purpose_ko), purpose(&typed.purpose_en));
        items.push(AppScope { purpose_ko, purpose_en, ..typed.clone() });
    }
    if draft.grants.for_persons() && items.iter().all(|item| item.scope != OPENID) {
        items.insert(0, item(OPENID, true));
    }
    match items.len() {
        0 if draft.grants.is_machine_only() => refuse(ItemsProblem::Missing),
        count if count > MAX_TOKENS => refuse(ItemsProblem::TooMany(MAX_TOKENS)),
        _ => {}
    }
    items
}

/// What is left of these items for an app that has these grant types from now on.
pub(crate) fn left_under(grants: Grants, items: Vec<AppScope>) -> Vec<AppScope> {
    let stays = |item: &AppScope| {
        (!grants.is_machine_only() || !is_about_a_person(&item.scope))
            && (item.scope != OFFLINE_ACCESS || grants.refresh())
    };
    items.into_iter().filter(stays).collect()
}

fn problem(item: &AppScope, grants: Grants, known: &KnownScopes) -> Option<ScopeProblem> {
    let scope = item.scope.as_str();
    if let Err(error) = ScopeToken::parse(scope) {
        return Some(ScopeProblem::Malformed(error));
    }
    let found = [
        (!known.contains(scope), ScopeProblem::Unknown),
        (grants.is_machine_only() && is_about_a_person(scope), ScopeProblem::AboutAPerson),
        (scope == OPENID && !item.required, ScopeProblem::OpenIdIsRequired),
        (scope == OFFLINE_ACCESS && !grants.refresh(), ScopeProblem::NothingToRefresh),
    ];
    found.into_iter().find(|(wrong, _)| *wrong).map(|(_, problem)| problem)
}

fn is_about_a_person(scope: &str) -> bool {
    STANDARD_SCOPES.contains(&scope) || upstream::named_by(scope).is_some()
}

fn purpose_problems(item: &AppScope) -> impl Iterator<Item = (Locale, PurposeProblem)> {
    let (korean, english) = (item.purpose_ko.trim(), item.purpose_en.trim());
    let problem = |text: &str, other: &str| match text.chars().count() {
        0 if !other.is_empty() => Some(PurposeProblem::Missing),
        length if length > MAX_PURPOSE => Some(PurposeProblem::TooLong(MAX_PURPOSE)),
        _ if text.contains(char::is_control) => Some(PurposeProblem::Malformed),
        _ => None,
    };
    let found = [(Locale::Ko, problem(korean, english)), (Locale::En, problem(english, korean))];
    found.into_iter().filter_map(|(language, problem)| Some((language, problem?)))
}

fn item(scope: &str, required: bool) -> AppScope {
    AppScope { scope: scope.to_owned(), required, purpose_ko: String::new(), purpose_en: String::new() }
}
