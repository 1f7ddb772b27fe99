//! What an app chooses about its secret, PKCE and refresh tokens — RFC 6749 §2.3, RFC 9700 §2.1.1, §4.14.2.

use crate::{
    cli::{ANY_METHOD, PkceRule, RefreshTokenRule, SecurityChoices},
    client_auth::PRIVATE_KEY_JWT,
    commands::{
        failure::Failure,
        refusals::{INVALID, Refusals},
    },
    registration::{AuthenticationProblem, ProfileProblem, judge_authentication},
    store::apps::{AppLists, AppSettings},
};

/// These settings with what was chosen; what was not named stays.
pub(super) fn choose(choices: &SecurityChoices, before: AppSettings) -> AppSettings {
    let method = match choices.auth_method.as_deref() {
        None => before.token_endpoint_auth_method.clone(),
        Some(ANY_METHOD) => None,
        Some(method) => Some(method.to_owned()),
    };
    AppSettings {
        token_endpoint_auth_method: method,
        pkce_required: choices.pkce.map_or(before.pkce_required, |rule| rule == PkceRule::Required),
        rotate_refresh: choices
            .refresh_tokens
            .map_or(before.rotate_refresh, |rule| rule == RefreshTokenRule::Rotate),
        ..before
    }
}

/// These settings and lists, unless what proves the app does not fit what else it registers.
pub(super) fn judged(app: (AppSettings, AppLists)) -> Result<(AppSettings, AppLists), Failure> {
    let mut refusals = Refusals::default();
    let judged = judge_authentication(&app.0, &app.1).map_err(|problem| {
        let instead = match problem {
            AuthenticationProblem::Profile(problem) => return tell_profile(problem, &mut refusals),
            AuthenticationProblem::NoKeys => "Add --jwks-file or --jwks-uri.",
            AuthenticationProblem::NoSecret => {
                "Write --metadata request_object_signing_alg= to take it back, or choose a method with a secret."
            }
            AuthenticationProblem::ForeignAlgorithm => {
                "Write --metadata token_endpoint_auth_signing_alg= to take it back, or choose the other method."
            }
        };
        refusals.add(INVALID, "--auth-method", format!("{problem}."), instead);
    });
    refusals.or(judged.ok())?;
    Ok(app)
}

/// What the app's profile does not allow, and what to write for that.
pub(super) fn tell_profile(problem: ProfileProblem, refusals: &mut Refusals) {
    let instead = match problem {
        ProfileProblem::Public => {
            "Leave --public out, or take the profile back with --profile none.".to_owned()
        }
        ProfileProblem::RedirectUri { .. } => {
            "Write --redirect-uri with https addresses alone: localhost is none either.".to_owned()
        }
        ProfileProblem::Method => format!("Add --auth-method {PRIVATE_KEY_JWT}."),
        ProfileProblem::Pkce => "Leave --pkce out.".to_owned(),
        ProfileProblem::Rotation => "Leave --refresh-tokens out.".to_owned(),
        ProfileProblem::IdTokenAlgorithm => "Add --id-token-alg ES256.".to_owned(),
        ProfileProblem::Algorithm(member) => {
            format!("Write --metadata {member}=ES256, or {member}= to take it back.")
        }
        ProfileProblem::Contradicted(member) => format!("Write --metadata {member}=true."),
    };
    refusals.add(INVALID, "--profile", format!("{problem}."), instead);
}

/// What a public app cannot choose.
pub(super) fn tell(choices: &SecurityChoices, public: bool, refusals: &mut Refusals) {
    let SecurityChoices { auth_method, pkce, refresh_tokens } = choices;
    let refused = [
        (auth_method.is_some(), "--auth-method", "A public app has no secret to send."),
        (*pkce == Some(PkceRule::Optional), "--pkce", "Without a secret only PKCE protects its codes."),
        (
            *refresh_tokens == Some(RefreshTokenRule::Keep),
            "--refresh-tokens",
            "A public app's refresh tokens rotate, because a copy would be as good as the original.",
        ),
    ];
    for (_, option, wrong) in refused.into_iter().filter(|(chosen, ..)| public && *chosen) {
        refusals.add(INVALID, option, wrong, "Leave it out.");
    }
}
