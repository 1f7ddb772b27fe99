//! What a request says about the sign-in and about the person, as far as this app may have it — OIDC Core §3.1.2.1, §5.5.

use mapae_protocol::{
    authorization::AuthorizationRequest,
    claims::scope_of,
    claims_request::ClaimsRequest,
    scope::{ScopeToken, Scopes},
};
use serde::{Deserialize, Serialize};

use super::{IdTokenHint, acr::AcrWish};
use crate::{app::App, catalog::Client};

/// Wishes beyond the scopes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wishes {
    /// Whom the app expects.
    pub(crate) hint: Option<IdTokenHint>,
    /// How surely they must have signed in.
    pub(crate) acr: Option<AcrWish>,
    /// What it wants to be told, claim by claim.
    pub(crate) claims: ClaimsRequest,
}

impl Wishes {
    /// Reads a request of this app. Claims that it may not ask about are left out, be they essential: that is no error
    /// (OIDC Core §5.5.1).
    pub(crate) fn of(request: &AuthorizationRequest, client: &Client, app: &App) -> Self {
        Self {
            hint: expected(request, app),
            acr: AcrWish::of(request, &client.metadata().default_acr_values),
            claims: request.claims.clone().covered_by(client.allowed()),
        }
    }

    /// The items that cover the claims which are asked for: whoever agreed to one of them has agreed to its claims.
    pub(crate) fn items(&self) -> Scopes {
        let scopes = self.claims.names().filter_map(scope_of);
        scopes.filter_map(|scope| ScopeToken::parse(scope).ok()).collect()
    }

    /// The claims that these items cover.
    pub(crate) fn claims_of(&self, items: &Scopes) -> ClaimsRequest {
        self.claims.clone().covered_by(items)
    }
}

/// A subject that the request asks for by its value must be the one who signs in (OIDC Core §5.5.1); a hint says the same
/// less strictly.
fn expected(request: &AuthorizationRequest, app: &App) -> Option<IdTokenHint> {
    let subject = request.claims.id_token.of("sub").filter(|claim| !claim.values.is_empty());
    match subject {
        Some(claim) => Some(IdTokenHint::OneOf(claim.texts().map(str::to_owned).collect())),
        None => {
            let keys = app.keys().current();
            request.id_token_hint.as_deref().map(|token| IdTokenHint::read(token, app, &keys))
        }
    }
}
