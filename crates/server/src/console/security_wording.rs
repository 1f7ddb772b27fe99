//! What is wrong with what was chosen for an app's security, as the page says it.

use crate::{
    pages::console::security::{Security, SecurityMistake},
    registration::{AuthenticationProblem, Draft, MemberProblem, Mistake, ProfileProblem},
};

/// The form as it was sent, with everything that is wrong with it.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) security: Security,
    pub(super) draft: Draft,
    /// What is wrong elsewhere on the page.
    pub(super) others: Vec<Mistake>,
}

impl Wrong {
    pub(super) fn of_draft(chosen: &Security, draft: &Draft, mistakes: Vec<Mistake>) -> Box<Self> {
        let mut security = chosen.clone();
        let mut others = Vec::new();
        for mistake in mistakes {
            match mistake {
                Mistake::Member(wrong) if draft.metadata.name(wrong.position) == "jwks_uri" => {
                    security.jwks_uri.mistake = Some(of_member(wrong.problem));
                }
                Mistake::Member(wrong) if draft.metadata.name(wrong.position) == "jwks" => {
                    let json = serde_json::from_str::<serde_json::Value>(&chosen.jwks.value).is_ok();
                    let why = if json { of_member(wrong.problem) } else { SecurityMistake::NotJson };
                    security.jwks.mistake = Some(why);
                }
                other => others.push(other),
            }
        }
        Box::new(Self { security, draft: draft.clone(), others })
    }

    pub(super) fn of_method(chosen: &Security, draft: Draft, problem: AuthenticationProblem) -> Box<Self> {
        let mut security = chosen.clone();
        match problem {
            AuthenticationProblem::NoKeys => security.jwks.mistake = Some(SecurityMistake::NoKeys),
            AuthenticationProblem::ForeignAlgorithm | AuthenticationProblem::NoSecret => {
                security.mistake = Some(SecurityMistake::ForeignAlgorithm);
            }
            AuthenticationProblem::Profile(problem) => security.mistake = Some(of_profile(problem)),
        }
        Box::new(Self { security, draft, others: Vec::new() })
    }
}

/// What of a change the profile of the app does not allow.
pub(super) fn profile(mistakes: &[Mistake]) -> Option<SecurityMistake> {
    mistakes.iter().find_map(|mistake| match mistake {
        Mistake::Profile(problem) => Some(of_profile(*problem)),
        _ => None,
    })
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
