//! Scopes of a new app: those that the command line names, and what is wrong with them in its words.

use crate::{
    cli::{CreateApp, ItemText, UpdateApp},
    commands::refusals::{INVALID, Refusals},
    registration::{
        Draft, Grants, ItemsProblem, KnownScopes, PurposeProblem, ScopeProblem, Surroundings, usual_items,
    },
    store::apps::AppScope,
};

const REQUIRED: &str = "--required-scope";
const OPTIONAL: &str = "--optional-scope";

/// One that the command line names.
fn item(ItemText(item): &ItemText, required: bool) -> AppScope {
    AppScope {
        scope: item.scope.clone(),
        required,
        purpose_ko: item.korean.clone(),
        purpose_en: item.english.clone(),
    }
}

/// The items that are asked for after a change: each kind that is named is replaced, the other stays.
pub(super) fn changed(args: &UpdateApp, before: &[AppScope]) -> Vec<AppScope> {
    let kind = |named: &[ItemText], replaced: bool, required: bool| -> Vec<AppScope> {
        if replaced || !named.is_empty() {
            return named.iter().map(|scope| item(scope, required)).collect();
        }
        let other = if required { &args.optional_scopes } else { &args.required_scopes };
        let moved = |kept: &&AppScope| other.iter().all(|ItemText(named)| named.scope != kept.scope);
        before.iter().filter(|kept| kept.required == required).filter(moved).cloned().collect()
    };
    let required = kind(&args.required_scopes, false, true);
    let optional = kind(&args.optional_scopes, args.no_optional_scope, false);
    required.into_iter().chain(optional).collect()
}

/// The items that were asked for; the usual ones when none was.
pub(super) fn items(args: &CreateApp, grants: Grants) -> Vec<AppScope> {
    let required = args.required_scopes.iter().map(|scope| item(scope, true));
    let optional = args.optional_scopes.iter().map(|scope| item(scope, false));
    let named: Vec<AppScope> = required.chain(optional).collect();
    if named.is_empty() && !grants.is_machine_only() { usual_items() } else { named }
}

pub(super) fn tell(problem: ItemsProblem, draft: &Draft, around: Surroundings<'_>, refusals: &mut Refusals) {
    match problem {
        ItemsProblem::Missing => {
            let instead = "Name what it may ask for, such as --required-scope calendar.read.";
            refusals.add(INVALID, REQUIRED, "A machine that may ask for no scope gets no token.", instead);
        }
        ItemsProblem::TooMany(limit) => {
            refusals.add(INVALID, REQUIRED, format!("An app has at most {limit} scopes."), "Leave some out.");
        }
        ItemsProblem::Scope { position, why } => {
            if let Some(item) = draft.items.get(position) {
                tell_scope(item, why, around.scopes, refusals);
            }
        }
        ItemsProblem::Purpose { position, language: _, why } => {
            if let Some(item) = draft.items.get(position) {
                tell_purpose(item, why, refusals);
            }
        }
    }
}

const fn option_of(item: &AppScope) -> &'static str {
    if item.required { REQUIRED } else { OPTIONAL }
}

fn tell_purpose(item: &AppScope, why: PurposeProblem, refusals: &mut Refusals) {
    let scope = &item.scope;
    let (wrong, instead) = match why {
        PurposeProblem::Missing => (
            format!("The purpose of {scope:?} is there in one language only."),
            format!("Write {scope}=KOREAN|ENGLISH."),
        ),
        PurposeProblem::TooLong(limit) => (
            format!("A purpose of {scope:?} is too long for the page."),
            format!("Write at most {limit} characters in each language."),
        ),
        PurposeProblem::Malformed => {
            (format!("A purpose of {scope:?} has a line break or a tab."), "Write it on one line.".to_owned())
        }
    };
    refusals.add(INVALID, option_of(item), wrong, instead);
}

fn tell_scope(item: &AppScope, why: ScopeProblem, known: &KnownScopes, refusals: &mut Refusals) {
    let scope = &item.scope;
    let mut add = |code, wrong: String, instead: &str| refusals.add(code, option_of(item), wrong, instead);
    match why {
        ScopeProblem::Contradiction => {
            add(INVALID, format!("{scope:?} is both required and optional."), "Name it in one of the two.");
        }
        ScopeProblem::Malformed(error) => {
            let instead = "Write one scope, such as calendar.read; repeat the option for more.";
            add(INVALID, format!("{scope:?} is no scope: {error}."), instead);
        }
        ScopeProblem::Unknown => {
            add("unknown_scope", format!("There is no scope {scope:?}."), &instead_of(scope, known));
        }
        ScopeProblem::AboutAPerson => {
            let wrong =
                format!("{scope:?} is about a person, and there is none when a machine acts for itself.");
            add(INVALID, wrong, "Name scopes of APIs, or add --grant authorization_code.");
        }
        ScopeProblem::OpenIdIsRequired => {
            let wrong = "openid cannot be left out by people: it only says who has signed in.".to_owned();
            add(INVALID, wrong, "Write --required-scope openid, or leave it out: it is always there.");
        }
        ScopeProblem::NothingToRefresh => {
            let wrong = "offline_access is of no use without refresh tokens.".to_owned();
            add(INVALID, wrong, "Add --grant refresh_token, or leave it out.");
        }
    }
}

/// Names all known ones, the one that was probably meant first.
fn instead_of(wrong: &str, known: &KnownScopes) -> String {
    let names: Vec<&str> = known.iter().collect();
    let listed = match names.split_last() {
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    };
    match crate::config::nearest(wrong, known.iter()) {
        Some(nearest) => format!("Write {nearest}. Known are {listed}."),
        None => format!("Known are {listed}; `mapae api create` makes more."),
    }
}
