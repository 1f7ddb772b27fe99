//! What an app chooses about its secret, PKCE and refresh tokens — RFC 6749 §2.3, RFC 9700 §2.1.1, §4.14.2.

use crate::{
    cli::{AuthMethodName, PkceRule, RefreshTokenRule, SecurityChoices},
    commands::refusals::{INVALID, Refusals},
    store::apps::AppSettings,
};

/// These settings with what was chosen; what was not named stays.
pub(super) fn choose(choices: &SecurityChoices, before: AppSettings) -> AppSettings {
    let method = match choices.auth_method {
        None => before.token_endpoint_auth_method.clone(),
        Some(AuthMethodName::Any) => None,
        Some(AuthMethodName::Basic) => Some("client_secret_basic".to_owned()),
        Some(AuthMethodName::Post) => Some("client_secret_post".to_owned()),
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
