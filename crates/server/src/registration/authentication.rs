//! Whether the way in which an app proves itself, and what it signs, fit together — OIDC Registration §2, RFC 7591 §2.

use mapae_protocol::client_jwt::ClientAlgorithm;

use super::profile::{ProfileProblem, settings_problem};
use crate::{
    client_auth::{self, Means},
    store::apps::{AppLists, AppSettings},
};

/// What does not fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuthenticationProblem {
    #[error("private_key_jwt needs the app's public keys: jwks, or jwks_uri")]
    NoKeys,
    #[error(
        "token_endpoint_auth_signing_alg does not belong to the method: HS256 to client_secret_jwt, all others to private_key_jwt"
    )]
    ForeignAlgorithm,
    /// Nothing could sign its request objects.
    #[error("request_object_signing_alg HS256 is for apps that keep a secret")]
    NoSecret,
    /// The FAPI profile of the app wants another one.
    #[error(transparent)]
    Profile(#[from] ProfileProblem),
}

/// Judges the whole app, however it came about.
pub(crate) fn judge(settings: &AppSettings, lists: &AppLists) -> Result<(), AuthenticationProblem> {
    if let Some(problem) = settings_problem(settings, &lists.metadata) {
        return Err(problem.into());
    }
    let algorithm = algorithm(lists, "token_endpoint_auth_signing_alg");
    let has_keys = ["jwks", "jwks_uri"].iter().any(|name| lists.metadata.contains_key(*name));
    match means(settings) {
        Means::SigningKey if !has_keys => Err(AuthenticationProblem::NoKeys),
        Means::SigningKey if algorithm == Some(ClientAlgorithm::Shared) => {
            Err(AuthenticationProblem::ForeignAlgorithm)
        }
        Means::SigningSecret if matches!(algorithm, Some(ClientAlgorithm::Private(_))) => {
            Err(AuthenticationProblem::ForeignAlgorithm)
        }
        means if signs_requests_with_secret(lists) && !means.keeps_secret() => {
            Err(AuthenticationProblem::NoSecret)
        }
        Means::Nothing | Means::SentSecret | Means::SigningSecret | Means::SigningKey => Ok(()),
    }
}

/// By what the app proves itself: one that is not public and fixed no method sends its secret.
pub(crate) fn means(settings: &AppSettings) -> Means {
    if settings.public {
        return Means::Nothing;
    }
    let registered = settings.token_endpoint_auth_method.as_deref().and_then(client_auth::named);
    registered.map_or(Means::SentSecret, |method| method.means())
}

/// Whether the app has a secret. One that signs with a private key has nothing to send.
pub(crate) fn keeps_secret(settings: &AppSettings) -> bool {
    means(settings).keeps_secret()
}

/// Whether the app signs with its secret, which this server then must know, too.
pub(crate) fn signs_with_secret(settings: &AppSettings, lists: &AppLists) -> bool {
    let means = means(settings);
    means == Means::SigningSecret || (means.keeps_secret() && signs_requests_with_secret(lists))
}

fn signs_requests_with_secret(lists: &AppLists) -> bool {
    algorithm(lists, "request_object_signing_alg") == Some(ClientAlgorithm::Shared)
}

/// A registered algorithm; it was JSON when it was kept.
fn algorithm(lists: &AppLists, member: &str) -> Option<ClientAlgorithm> {
    let name: String = serde_json::from_str(lists.metadata.get(member)?).ok()?;
    ClientAlgorithm::parse(&name)
}
