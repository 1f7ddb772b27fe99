//! What is wrong with what an app registers, as the page says it beside each field.

use serde_json::Value;

use super::{app_page::Typed, facts::Facts, wording};
use crate::{
    accounts::{EmailAddress, session::ACR_VALUES},
    pages::console::{
        addresses::{AddressMistake, AddressMistakes, AddressProblem},
        members::{FIELDS, Field, ID_TOKEN_ALG, MemberMistake},
    },
    registration::{
        AuthenticationProblem, Draft, MemberMistake as Refused, MemberProblem, Mistake, ProfileProblem,
        Surroundings, homepage_problem, nearest_redirect_uri, redirect_uri_problem,
    },
};

/// Whether a form of the page can have caused this: a field is there, and it says so.
pub(super) fn can_be_told(draft: &Draft, around: Surroundings<'_>, refused: Refused) -> bool {
    let name = draft.metadata.name(refused.position);
    // The form of security tells of its own fields.
    matches!(name, "jwks" | "jwks_uri")
        || FIELDS.iter().any(|field| field.name == name)
            && of_member(name, draft, around, refused.problem).is_some()
}

/// What is wrong with a field.
pub(super) fn mistake(
    field: &Field,
    draft: &Draft,
    (facts, typed): (&Facts, &Typed),
    mistakes: &[Mistake],
) -> Option<MemberMistake> {
    let refused = mistakes.iter().find_map(|mistake| match mistake {
        Mistake::Member(wrong) if draft.metadata.name(wrong.position) == field.name => {
            of_member(field.name, draft, facts.around(), wrong.problem)
        }
        Mistake::Profile(problem) => of_profile(field, *problem),
        _ => None,
    });
    refused.or_else(|| typed.authentication.and_then(|problem| of_authentication(field, problem)))
}

fn of_profile(field: &Field, problem: ProfileProblem) -> Option<MemberMistake> {
    let about = match problem {
        ProfileProblem::Algorithm(member) => member,
        ProfileProblem::IdTokenAlgorithm => ID_TOKEN_ALG,
        ProfileProblem::Public
        | ProfileProblem::RedirectUri { .. }
        | ProfileProblem::Method
        | ProfileProblem::Pkce
        | ProfileProblem::Rotation
        | ProfileProblem::Contradicted(_) => return None,
    };
    (field.name == about).then_some(MemberMistake::ProfileAlgorithm)
}

fn of_authentication(field: &Field, problem: AuthenticationProblem) -> Option<MemberMistake> {
    let about = match problem {
        AuthenticationProblem::ForeignAlgorithm => "token_endpoint_auth_signing_alg",
        AuthenticationProblem::NoSecret => "request_object_signing_alg",
        AuthenticationProblem::Profile(problem) => return of_profile(field, problem),
        AuthenticationProblem::NoKeys => return None,
    };
    (field.name == about).then_some(MemberMistake::ForeignAlgorithm)
}

/// What must be https everywhere may be http for a homepage on this machine.
fn why_no_address(typed: &str, around: Surroundings<'_>) -> AddressProblem {
    let otherwise =
        if typed.starts_with("http:") { AddressProblem::NotHttps } else { AddressProblem::Characters };
    homepage_problem(typed, around.development).map_or(otherwise, wording::of_homepage)
}

/// `None`: no field of the page can cause it.
fn of_member(
    name: &str,
    draft: &Draft,
    around: Surroundings<'_>,
    problem: MemberProblem,
) -> Option<MemberMistake> {
    let value = draft.metadata.value(name);
    let typed = value.as_ref().and_then(Value::as_str).unwrap_or_default();
    let lines: Vec<&str> =
        value.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let told = match problem {
        MemberProblem::NotAddress => {
            let why = why_no_address(typed, around);
            MemberMistake::Addresses(AddressMistakes(vec![AddressMistake::whole(why)]))
        }
        MemberProblem::NotRedirectUris(most)
        | MemberProblem::NotAddresses(most)
        | MemberProblem::NotEmails(most)
            if lines.len() > most =>
        {
            MemberMistake::TooMany(most)
        }
        MemberProblem::NotRedirectUris(_) => {
            let at = (around.development, draft.public);
            let wrong = (0..).zip(&lines).filter_map(|(position, line)| {
                let error = redirect_uri_problem(line, at)?;
                let nearest = nearest_redirect_uri(line, error, at);
                Some(wording::line(position, wording::of_registration(error), nearest))
            });
            MemberMistake::Addresses(AddressMistakes(wrong.collect()))
        }
        MemberProblem::NotAddresses(_) => {
            let wrong = (0..).zip(&lines).filter_map(|(position, line)| {
                // The part after the sign is the version of what stands there.
                let address = line.split_once('#').map_or(*line, |(address, _)| address);
                let problem = homepage_problem(address, around.development)?;
                Some(wording::line(position, wording::of_homepage(problem), None))
            });
            MemberMistake::Addresses(AddressMistakes(wrong.collect()))
        }
        MemberProblem::NotEmails(_) => {
            let wrong = lines.iter().position(|line| EmailAddress::parse_with_localhost(line).is_err());
            MemberMistake::NotEmail(wrong.unwrap_or_default() + 1)
        }
        MemberProblem::NotNumber(most) => MemberMistake::NotNumber(most),
        MemberProblem::NotAcrValues => MemberMistake::NotAcrValues(ACR_VALUES.join(", ")),
        MemberProblem::NotOwnOrigin => MemberMistake::NotOwnOrigin,
        MemberProblem::NotOwnHost => MemberMistake::NotOwnHost,
        MemberProblem::Unknown
        | MemberProblem::NotText
        | MemberProblem::NotBoolean
        | MemberProblem::NotAlgorithm
        | MemberProblem::NotClientAlgorithm
        | MemberProblem::NotLine(_)
        | MemberProblem::NotApplicationType
        | MemberProblem::NotName
        | MemberProblem::NotKeys(_)
        | MemberProblem::NotPublicKey
        | MemberProblem::KeysTwice
        | MemberProblem::NotProfile
        | MemberProblem::NotFetchedHere => return None,
    };
    Some(told)
}
