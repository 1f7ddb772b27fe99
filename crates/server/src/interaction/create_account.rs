//! When a person is led to signing up first — OIDC Prompt Create §4 (`prompt=create`). The page is the one of
//! [`ask`](crate::mailed::ask).

use mapae_protocol::{authorization::Prompt as Requested, error::ErrorCode};

use super::{Check, Prompt};
use crate::pages::at;

pub(super) const CREATE_ACCOUNT: Prompt = Prompt {
    asked_by: Requested::Create,
    path: at::SIGN_UP,
    checks: &[Check {
        name: "prompt=create",
        error: ErrorCode::LoginRequired,
        // Whoever has an account after all, and signs in from there, has answered, too.
        applies: |facts| facts.request.prompts.contains(Requested::Create) && !facts.signed_in_now,
    }],
};
