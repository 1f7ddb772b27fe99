//! What a request is for, told by who is asked, how and where.

use http::Method;
use mapae_client::observe::Purpose;
use serde::{Deserialize, Serialize};

use super::Lifeline;

/// What a request is for. The sentences of the diagram are found by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    // the service
    /// The start page of the service: the calendar.
    Home,
    /// The sign-in button.
    Login,
    /// The redirect URI.
    Callback,
    /// The service's sign-up form.
    SignUpForm,
    /// The answers to it.
    SignUp,
    /// The service's sign-out.
    SignOut,
    /// The form that adds an event.
    AddEvent,
    /// The page that is a client by itself.
    BrowserApp,
    /// Any other page of the service.
    ServicePage,
    // the authorization server, asked by the browser
    /// The authorization endpoint.
    Authorize,
    /// The sign-in page.
    SignInPage,
    /// E-mail address and password.
    SignIn,
    /// From one step to the next.
    Continue,
    /// The consent page.
    ConsentPage,
    /// What the person decided.
    Consent,
    /// The person ends an app's access.
    Disconnect,
    /// Any other page of the authorization server.
    ServerPage,
    // the authorization server, asked by programs
    /// The token endpoint: a code for tokens.
    Redemption,
    /// The token endpoint: a refresh token for a new access token.
    Refresh,
    /// The token endpoint, another grant.
    Token,
    /// Who the person is.
    UserInfo,
    /// The revocation endpoint.
    Revocation,
    /// Metadata.
    Discovery,
    /// Signing keys.
    Keys,
    /// The introspection endpoint.
    Introspection,
    /// The revocation feed.
    RevocationFeed,
    // the API
    /// Reads the calendar.
    ReadEvents,
    /// Writes into the calendar.
    WriteEvents,
    /// A browser asks whether a page of another origin may call.
    Preflight,
    /// The API describes itself.
    ApiMetadata,
    /// Anything else at the API.
    ApiOther,
    // nobody
    /// A word of the demo itself about an experiment.
    Experiment,
}

impl Endpoint {
    /// Every endpoint.
    pub const ALL: &'static [Self] = &[
        Self::Home,
        Self::Login,
        Self::Callback,
        Self::SignUpForm,
        Self::SignUp,
        Self::SignOut,
        Self::AddEvent,
        Self::BrowserApp,
        Self::ServicePage,
        Self::Authorize,
        Self::SignInPage,
        Self::SignIn,
        Self::Continue,
        Self::ConsentPage,
        Self::Consent,
        Self::Disconnect,
        Self::ServerPage,
        Self::Redemption,
        Self::Refresh,
        Self::Token,
        Self::UserInfo,
        Self::Revocation,
        Self::Discovery,
        Self::Keys,
        Self::Introspection,
        Self::RevocationFeed,
        Self::ReadEvents,
        Self::WriteEvents,
        Self::Preflight,
        Self::ApiMetadata,
        Self::ApiOther,
        Self::Experiment,
    ];

    /// What a request to `party` is for; `None` if it is not worth drawing (style sheets, the diagram itself).
    #[must_use]
    pub fn of(party: Lifeline, method: &Method, path: &str) -> Option<Self> {
        match party {
            Lifeline::Browser => None,
            Lifeline::Client => Self::of_service(method, path),
            Lifeline::AuthorizationServer => Self::of_server(method, path),
            Lifeline::ResourceServer => Some(Self::of_api(method, path)),
        }
    }

    /// What an exchange of the client's back channel is for.
    #[must_use]
    pub const fn of_purpose(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Discovery => Self::Discovery,
            Purpose::Keys => Self::Keys,
            Purpose::Redemption => Self::Redemption,
            Purpose::Refresh => Self::Refresh,
            Purpose::UserInfo => Self::UserInfo,
            Purpose::Unlink => Self::Revocation,
        }
    }

    /// The grant of a request to the token endpoint (RFC 6749 §4).
    #[must_use]
    pub fn with_grant_type(self, grant_type: Option<&str>) -> Self {
        match (self, grant_type) {
            (Self::Token, Some("authorization_code")) => Self::Redemption,
            (Self::Token, Some("refresh_token")) => Self::Refresh,
            (other, _) => other,
        }
    }

    fn of_service(method: &Method, path: &str) -> Option<Self> {
        let is_post = method == Method::POST;
        match path {
            "/" => Some(Self::Home),
            "/login" | "/login.json" => Some(Self::Login),
            "/callback" => Some(Self::Callback),
            "/sign-up" if is_post => Some(Self::SignUp),
            "/sign-up" => Some(Self::SignUpForm),
            "/sign-out" => Some(Self::SignOut),
            "/events" => Some(Self::AddEvent),
            "/browser-app" => Some(Self::BrowserApp),
            _ if is_scenery(path) || path.starts_with("/flow") || path == "/language" => None,
            _ => Some(Self::ServicePage),
        }
    }

    fn of_server(method: &Method, path: &str) -> Option<Self> {
        if method == Method::OPTIONS {
            return Some(Self::Preflight);
        }
        let is_post = method == Method::POST;
        match path {
            "/authorize" => Some(Self::Authorize),
            "/sign-in" if is_post => Some(Self::SignIn),
            "/sign-in" => Some(Self::SignInPage),
            "/continue" => Some(Self::Continue),
            "/consent" if is_post => Some(Self::Consent),
            "/consent" => Some(Self::ConsentPage),
            "/token" => Some(Self::Token),
            "/userinfo" => Some(Self::UserInfo),
            "/revoke" => Some(Self::Revocation),
            "/introspect" => Some(Self::Introspection),
            "/revocations" => Some(Self::RevocationFeed),
            "/jwks" => Some(Self::Keys),
            _ if path.starts_with("/.well-known/") => Some(Self::Discovery),
            _ if is_post && path.ends_with("/disconnect") => Some(Self::Disconnect),
            _ if is_scenery(path) => None,
            _ => Some(Self::ServerPage),
        }
    }

    fn of_api(method: &Method, path: &str) -> Self {
        match (method, path) {
            (&Method::OPTIONS, _) => Self::Preflight,
            (&Method::GET | &Method::HEAD, "/events") => Self::ReadEvents,
            (_, "/events") => Self::WriteEvents,
            (_, path) if path.starts_with("/.well-known/") => Self::ApiMetadata,
            _ => Self::ApiOther,
        }
    }
}

/// Whether only the look of a page is asked for.
fn is_scenery(path: &str) -> bool {
    path.starts_with("/assets/") || path == "/favicon.ico" || path == "/robots.txt"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_path_means_different_things_at_different_parties() {
        for (party, method, path, expected) in [
            (Lifeline::Client, Method::POST, "/events", Some(Endpoint::AddEvent)),
            (Lifeline::ResourceServer, Method::POST, "/events", Some(Endpoint::WriteEvents)),
            (Lifeline::ResourceServer, Method::GET, "/events", Some(Endpoint::ReadEvents)),
            (Lifeline::ResourceServer, Method::OPTIONS, "/events", Some(Endpoint::Preflight)),
            (Lifeline::AuthorizationServer, Method::OPTIONS, "/userinfo", Some(Endpoint::Preflight)),
            (Lifeline::Client, Method::GET, "/sign-up", Some(Endpoint::SignUpForm)),
            (Lifeline::AuthorizationServer, Method::GET, "/sign-up", Some(Endpoint::ServerPage)),
            (Lifeline::AuthorizationServer, Method::POST, "/sign-in", Some(Endpoint::SignIn)),
            (
                Lifeline::AuthorizationServer,
                Method::POST,
                "/account/services/a/disconnect",
                Some(Endpoint::Disconnect),
            ),
            (Lifeline::Client, Method::GET, "/flow/events", None),
            (Lifeline::Client, Method::GET, "/assets/x.css", None),
            (Lifeline::Browser, Method::GET, "/", None),
        ] {
            assert_eq!(Endpoint::of(party, &method, path), expected, "{party:?} {method} {path}");
        }
    }

    #[test]
    fn the_token_endpoint_is_told_apart_by_its_grant() {
        assert_eq!(Endpoint::Token.with_grant_type(Some("refresh_token")), Endpoint::Refresh);
        assert_eq!(Endpoint::Token.with_grant_type(Some("authorization_code")), Endpoint::Redemption);
        assert_eq!(Endpoint::Token.with_grant_type(Some("password")), Endpoint::Token);
        assert_eq!(Endpoint::Home.with_grant_type(Some("refresh_token")), Endpoint::Home);
    }
}
