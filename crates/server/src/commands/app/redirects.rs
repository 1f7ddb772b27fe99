//! What is wrong with the redirect URIs of a new app, in the words of the command line.

use mapae_protocol::redirect_uri::RegistrationError;

use crate::{
    commands::refusals::{INVALID, Refusals},
    registration::{Draft, RedirectUrisProblem, Surroundings, nearest_redirect_uri},
};

const OPTION: &str = "--redirect-uri";
const EXAMPLE: &str = "https://app.example.com/callback";

pub(super) fn tell(
    problem: RedirectUrisProblem,
    draft: &Draft,
    around: Surroundings<'_>,
    refusals: &mut Refusals,
) {
    let (code, wrong, instead) = match problem {
        RedirectUrisProblem::OfMachine => (
            INVALID,
            "An app without the grant authorization_code sends nobody here, so nobody is sent back to it."
                .to_owned(),
            "Leave it out, or add --grant authorization_code.".to_owned(),
        ),
        RedirectUrisProblem::Missing => (
            "invalid_redirect_uri",
            "People who agree must be sent back to the app, and no address was named.".to_owned(),
            format!("Write for example --redirect-uri {EXAMPLE}."),
        ),
        RedirectUrisProblem::TooMany(limit) => (
            "invalid_redirect_uri",
            format!("An app has at most {limit} redirect URIs."),
            "Register another app for the rest.".to_owned(),
        ),
        RedirectUrisProblem::Refused { position, error } => {
            let text = draft.redirect_uris.get(position).map_or("", String::as_str);
            let nearest = nearest_redirect_uri(text, error, (around.development, draft.public));
            ("invalid_redirect_uri", format!("{text:?}: {error}."), instead(nearest.as_deref(), error))
        }
    };
    refusals.add(code, OPTION, wrong, instead);
}

/// What to write: the nearest address that is possible, where there is one.
fn instead(nearest: Option<&str>, error: RegistrationError) -> String {
    let write = format!("Write {}.", nearest.unwrap_or(EXAMPLE));
    match error {
        RegistrationError::LoopbackNotAllowed | RegistrationError::PrivateUseSchemeNotAllowed => {
            format!("{write} A native app, which has no secret, is registered with --public.")
        }
        _ => write,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_registered_comes_with_what_can() {
        assert_eq!(
            instead(Some("https://a.example/cb"), RegistrationError::PlainHttp),
            "Write https://a.example/cb."
        );
        assert_eq!(instead(None, RegistrationError::Wildcard), "Write https://app.example.com/callback.");
        assert_eq!(
            instead(None, RegistrationError::PrivateUseSchemeNotAllowed),
            "Write https://app.example.com/callback. A native app, which has no secret, is registered with --public."
        );
    }
}
