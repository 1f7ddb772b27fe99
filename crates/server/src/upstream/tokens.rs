//! What a provider gave, as it is kept: wrapped under the master key, for one person and nobody else.

use mapae_client::{EndUser, Tokens};

use crate::{
    app::App,
    fault::{Artefact, Fault},
    store::Concealed,
};

/// What wraps the tokens of one person: those of another do not open in their place.
fn label(person: &EndUser) -> Vec<u8> {
    format!("upstream tokens {} {}", person.issuer(), person.subject()).into_bytes()
}

pub(super) fn wrap(app: &App, person: &EndUser, tokens: &Tokens) -> String {
    app.master_key().wrap_key(&tokens.to_bytes(), &label(person))
}

pub(crate) fn unwrap(app: &App, person: &EndUser, wrapped: &Concealed) -> Result<Tokens, Fault> {
    let plain = app.master_key().unwrap_key(wrapped.expose(), &label(person));
    let plain = plain.map_err(Fault::corrupt(Artefact::UpstreamTokens))?;
    Tokens::from_bytes(plain.expose()).ok_or(Fault::Corrupt(Artefact::UpstreamTokens, None))
}
