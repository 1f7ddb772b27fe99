//! What is wrong with what was chosen for an app's security, as the page says it.

use crate::{
    pages::console::security::{Security, SecurityMistake},
    registration::{AuthenticationProblem, Draft, MemberProblem, Mistake, ProfileProblem},
};

/// The form with everything that is wrong with it.
pub(super) fn told(
    security: Security,
    draft: &Draft,
    mistakes: &[Mistake],
    authentication: Option<AuthenticationProblem>,
) -> Security {
    let mut security = security;
    for mistake in mistakes {
        match mistake {
            Mistake::Member(wrong) if draft.metadata.name(wrong.position) == "jwks_uri" => {
                security.jwks_uri.mistake = Some(of_member(wrong.problem));
            }
            Mistake::Member(wrong) if draft.metadata.name(wrong.position) == "jwks" => {
                let json = serde_json::from_str::<serde_json::Value>(&security.jwks.value).is_ok();
                let why = if json { of_member(wrong.problem) } else { SecurityMistake::NotJson };
                security.jwks.mistake = Some(why);
            }
            Mistake::Profile(problem) => {
                security.mistake = security.mistake.or_else(|| Some(of_profile(*problem)));
            }
            Mistake::Member(_)
            | Mistake::Name(_)
            | Mistake::Homepage(_)
            | Mistake::Grants(_)
            | Mistake::RedirectUris(_)
            | Mistake::Origins(_)
            | Mistake::Items(_) => {}
        }
    }
    match authentication {
        None => {}
        Some(AuthenticationProblem::NoKeys) => security.jwks.mistake = Some(SecurityMistake::NoKeys),
        Some(AuthenticationProblem::ForeignAlgorithm | AuthenticationProblem::NoSecret) => {
            security.mistake = Some(SecurityMistake::ForeignAlgorithm);
        }
        Some(AuthenticationProblem::Profile(problem)) => security.mistake = Some(of_profile(problem)),
    }
    security
}

const fn of_member(problem: MemberProblem) -> SecurityMistake {
    match problem {
        MemberProblem::NotKeys(most) => SecurityMistake::NotKeys(most),
        MemberProblem::KeysTwice => SecurityMistake::KeysTwice,
        MemberProblem::NotAddress => SecurityMistake::NotHttps,
        _ => SecurityMistake::NotPublic,
    }
}

const fn of_profile(problem: ProfileProblem) -> SecurityMistake {
    match problem {
        ProfileProblem::Public => SecurityMistake::ProfilePublic,
        ProfileProblem::RedirectUri { position } => SecurityMistake::ProfileRedirectUri(position + 1),
        ProfileProblem::Method => SecurityMistake::ProfileMethod,
        ProfileProblem::IdTokenAlgorithm | ProfileProblem::Algorithm(_) => SecurityMistake::ProfileAlgorithm,
        ProfileProblem::Pkce | ProfileProblem::Rotation | ProfileProblem::Contradicted(_) => {
            SecurityMistake::ProfileSwitch
        }
    }
}
