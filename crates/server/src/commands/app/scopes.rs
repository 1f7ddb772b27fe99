//! Scopes of a new app — RFC 6749 §3.3, OIDC Core §5.4, §11.

use mapae_protocol::scope::{EMAIL, MAX_TOKENS, OFFLINE_ACCESS, OPENID, PROFILE, ScopeToken};

use super::draft::Grants;
use crate::{
    cli::CreateApp,
    commands::refusals::{INVALID, Refusals},
    store::{apis::Api, apps::AppScope},
};

const REQUIRED: &str = "--required-scope";
const OPTIONAL: &str = "--optional-scope";

/// The scopes that are about a person, whatever API there is.
pub(in crate::commands) const STANDARD_SCOPES: [&str; 4] = [OPENID, PROFILE, EMAIL, OFFLINE_ACCESS];

/// Every scope that an app may be given.
#[derive(Debug)]
pub(super) struct KnownScopes(Vec<String>);

impl KnownScopes {
    /// The standard ones and those of these APIs.
    pub(super) fn of(apis: &[Api]) -> Self {
        Self::standard_and(apis.iter().flat_map(|api| &api.scopes).map(|scope| scope.scope.as_str()))
    }

    pub(super) fn standard_and<'a>(scopes: impl IntoIterator<Item = &'a str>) -> Self {
        Self(STANDARD_SCOPES.into_iter().chain(scopes).map(str::to_owned).collect())
    }

    fn contains(&self, scope: &str) -> bool {
        self.0.iter().any(|known| known == scope)
    }

    /// Names all of them, the one that was probably meant first.
    fn instead(&self, wrong: &str) -> String {
        let listed = match self.0.split_last() {
            Some((last, others)) => format!("{} and {last}", others.join(", ")),
            None => String::new(),
        };
        match crate::config::nearest(wrong, self.0.iter().map(String::as_str)) {
            Some(nearest) => format!("Write {nearest}. Known are {listed}."),
            None => format!("Known are {listed}; `mapae api create` makes more."),
        }
    }
}

/// The scopes that may be registered, each once, in the order in which people see them.
pub(super) fn parse(
    args: &CreateApp,
    grants: Grants,
    known: &KnownScopes,
    refusals: &mut Refusals,
) -> Vec<AppScope> {
    let named = args.required_scopes.iter().map(|scope| (REQUIRED, scope));
    let named = named.chain(args.optional_scopes.iter().map(|scope| (OPTIONAL, scope)));
    let mut items: Vec<AppScope> = Vec::new();
    for (option, scope) in named {
        let required = option == REQUIRED;
        match items.iter().find(|item| item.scope == *scope) {
            Some(item) if item.required == required => {}
            Some(_) => {
                let wrong = format!("{scope:?} is both required and optional.");
                refusals.add(INVALID, option, wrong, "Name it in one of the two.");
            }
            None => {
                verify(option, scope, grants, known, refusals);
                items.push(item(scope, required));
            }
        }
    }
    if items.is_empty() {
        items = defaults(grants, refusals);
    } else if grants.code && items.iter().all(|item| item.scope != OPENID) {
        items.insert(0, item(OPENID, true));
    }
    if items.len() > MAX_TOKENS {
        refusals.add(INVALID, REQUIRED, format!("An app has at most {MAX_TOKENS} scopes."), "Leave some out.");
    }
    items
}

/// Who the person is, and what to call them; a machine must say what it is for.
fn defaults(grants: Grants, refusals: &mut Refusals) -> Vec<AppScope> {
    if grants.is_machine_only() {
        let wrong = "A machine that may ask for no scope gets no token.";
        refusals.add(INVALID, REQUIRED, wrong, "Name what it may ask for, such as --required-scope calendar.read.");
        return Vec::new();
    }
    vec![item(OPENID, true), item(PROFILE, false), item(EMAIL, false)]
}

fn verify(option: &'static str, scope: &str, grants: Grants, known: &KnownScopes, refusals: &mut Refusals) {
    let mut wrong = |code, wrong: String, instead: String| refusals.add(code, option, wrong, instead);
    if let Err(error) = ScopeToken::parse(scope) {
        let instead = "Write one scope, such as calendar.read; repeat the option for more.";
        wrong(INVALID, format!("{scope:?} is no scope: {error}."), instead.to_owned());
    } else if !known.contains(scope) {
        wrong("unknown_scope", format!("There is no scope {scope:?}."), known.instead(scope));
    } else if grants.is_machine_only() && STANDARD_SCOPES.contains(&scope) {
        let text = format!("{scope:?} is about a person, and there is none when a machine acts for itself.");
        wrong(INVALID, text, "Name scopes of APIs, or add --grant authorization_code.".to_owned());
    } else if scope == OPENID && option == OPTIONAL {
        let text = "openid cannot be left out by people: it only says who has signed in.";
        wrong(INVALID, text.to_owned(), "Write --required-scope openid, or leave it out: it is always there.".to_owned());
    } else if scope == OFFLINE_ACCESS && !grants.refresh {
        let text = "offline_access is of no use without refresh tokens.";
        wrong(INVALID, text.to_owned(), "Add --grant refresh_token, or leave it out.".to_owned());
    }
}

fn item(scope: &str, required: bool) -> AppScope {
    AppScope { scope: scope.to_owned(), required, purpose_ko: String::new(), purpose_en: String::new() }
}
