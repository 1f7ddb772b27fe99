//! What a request is for, told by who is asked, how and where.

use http::Method;
use mapae_client::observe::Purpose;
use serde::{Deserialize, Serialize};

use super::{Lifeline, StoryKind};

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
    // the service, about a social provider
    /// The button of a provider.
    SocialLogin,
    /// The redirect URI of a provider.
    SocialCallback,
    /// The service's sign-up form, for somebody whom a provider knows.
    SocialSignUpForm,
    /// The answers to it.
    SocialSignUp,
    /// What a provider has to tell.
    Notice,
    /// The start page, for somebody whose link to a provider has just ended.
    SignedOut,
    /// The person ends the link to a provider, here.
    Unlinking,
    /// The service looks for somebody among its own users.
    OwnDatabase,
    // a social provider, asked by the browser; its other pages have the names of the authorization server's
    /// What the person can do with the account there.
    ProviderSettings,
    /// The person ends the link to the service, there.
    Unlink,
    /// The authorization endpoint of a provider, to which the authorization server sent the browser.
    UpstreamAuthorize,
    /// The sign-in there.
    UpstreamSignIn,
    /// What the person decided there.
    UpstreamConsent,
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
    /// The button of a provider on the sign-in page.
    UpstreamLogin,
    /// The redirect URI that the authorization server has at a provider.
    UpstreamCallback,
    /// The sign-up form for somebody whom a provider knows.
    UpstreamSignUpForm,
    /// The answers to it.
    UpstreamSignUp,
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
        Self::SocialLogin,
        Self::SocialCallback,
        Self::SocialSignUpForm,
        Self::SocialSignUp,
        Self::Notice,
        Self::SignedOut,
        Self::Unlinking,
        Self::OwnDatabase,
        Self::ProviderSettings,
        Self::Unlink,
        Self::UpstreamAuthorize,
        Self::UpstreamSignIn,
        Self::UpstreamConsent,
        Self::Authorize,
        Self::SignInPage,
        Self::SignIn,
        Self::Continue,
        Self::ConsentPage,
        Self::Consent,
        Self::Disconnect,
        Self::UpstreamLogin,
        Self::UpstreamCallback,
        Self::UpstreamSignUpForm,
        Self::UpstreamSignUp,
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
            Lifeline::Provider => Self::of_provider(method, path),
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
            // No client of the demo pushes its requests.
            Purpose::PushedRequest => Self::ServerPage,
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

    /// A login with a provider that the address names is a social one.
    #[must_use]
    pub(crate) const fn with_provider(self, provider: Option<&str>) -> Self {
        match (self, provider) {
            (Self::Login, Some(_)) => Self::SocialLogin,
            (other, _) => other,
        }
    }

    /// What a button on a provider's settings does.
    #[must_use]
    pub(crate) fn with_command(self, command: Option<&str>) -> Self {
        match (self, command) {
            (Self::ProviderSettings, Some("unlink")) => Self::Unlink,
            (other, _) => other,
        }
    }

    /// Pages of a provider to which the authorization server sent the browser, in the middle of its own login.
    #[must_use]
    pub(crate) const fn at_provider_within(self, story: StoryKind) -> Self {
        match (self, story) {
            (Self::Authorize, StoryKind::Login) => Self::UpstreamAuthorize,
            (Self::SignIn, StoryKind::Login) => Self::UpstreamSignIn,
            (Self::Consent, StoryKind::Login) => Self::UpstreamConsent,
            (other, _) => other,
        }
    }

    /// Some pages have one address, and another meaning in another story.
    #[must_use]
    pub(crate) const fn within(self, story: StoryKind) -> Self {
        match (self, story) {
            (Self::SignUpForm, StoryKind::SocialLogin) => Self::SocialSignUpForm,
            (Self::SignUp, StoryKind::SocialLogin) => Self::SocialSignUp,
            (Self::Home, StoryKind::Unlinking) => Self::SignedOut,
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
            "/unlink" => Some(Self::Unlinking),
            _ if path.starts_with("/callback/") => Some(Self::SocialCallback),
            _ if path.starts_with("/notices/") || path.starts_with(LOGOUT_NOTICES) => Some(Self::Notice),
            "/browser-app" => Some(Self::BrowserApp),
            _ if is_scenery(path) || is_of_the_frame(path) => None,
            _ => Some(Self::ServicePage),
        }
    }

    /// Each provider has paths of its own, and all of them the same pages.
    fn of_provider(method: &Method, path: &str) -> Option<Self> {
        let is_post = method == Method::POST;
        match path {
            "/simulator/sign-in" => Some(Self::SignIn),
            "/simulator/consent" => Some(Self::Consent),
            "/" | "/control" => Some(Self::ProviderSettings),
            _ if path.starts_with("/simulator/") || path.starts_with("/control/") => None,
            _ if is_scenery(path) => None,
            _ if !is_post && AUTHORIZATION_PATHS.iter().any(|end| path.ends_with(end)) => {
                Some(Self::Authorize)
            }
            _ => Some(Self::ServerPage),
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
            _ if path.starts_with("/upstream/") => Some(Self::of_broker(is_post, path)),
            _ if is_scenery(path) => None,
            _ => Some(Self::ServerPage),
        }
    }

    /// What the authorization server does as the client of a provider.
    fn of_broker(is_post: bool, path: &str) -> Self {
        match path {
            "/upstream/sign-up" if is_post => Self::UpstreamSignUp,
            "/upstream/sign-up" => Self::UpstreamSignUpForm,
            _ if path.ends_with("/start") => Self::UpstreamLogin,
            _ if path.ends_with("/callback") => Self::UpstreamCallback,
            _ if path.contains("/notices/") => Self::Notice,
            _ => Self::ServerPage,
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

/// Where the authorization server tells the service that somebody has signed out.
pub(crate) const LOGOUT_NOTICES: &str = "/login/backchannel-logout/";

/// How the paths of the providers' authorization endpoints end.
const AUTHORIZATION_PATHS: &[&str] = &["/authorize", "/auth", "/dialog/oauth"];

/// Whether this is the diagram itself, or something around a page.
fn is_of_the_frame(path: &str) -> bool {
    path.starts_with("/flow") || path.starts_with("/session/") || path == "/language"
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
            (Lifeline::Client, Method::GET, "/session/events", None),
            (Lifeline::Client, Method::GET, "/callback/kakao", Some(Endpoint::SocialCallback)),
            (Lifeline::Client, Method::POST, "/notices/kakao/unlink", Some(Endpoint::Notice)),
            (Lifeline::Client, Method::POST, "/login/backchannel-logout/mapae", Some(Endpoint::Notice)),
            (Lifeline::Provider, Method::GET, "/oauth/authorize", Some(Endpoint::Authorize)),
            (Lifeline::Provider, Method::GET, "/oauth2.0/authorize", Some(Endpoint::Authorize)),
            (Lifeline::Provider, Method::GET, "/o/oauth2/v2/auth", Some(Endpoint::Authorize)),
            (Lifeline::Provider, Method::GET, "/v25.0/dialog/oauth", Some(Endpoint::Authorize)),
            (Lifeline::Provider, Method::POST, "/simulator/sign-in", Some(Endpoint::SignIn)),
            (Lifeline::Provider, Method::GET, "/simulator/style.css", None),
            (Lifeline::Provider, Method::POST, "/control", Some(Endpoint::ProviderSettings)),
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

    #[test]
    fn what_an_address_does_not_say_the_rest_of_the_request_or_its_story_does() {
        assert_eq!(Endpoint::Login.with_provider(Some("kakao")), Endpoint::SocialLogin);
        assert_eq!(Endpoint::Login.with_provider(None), Endpoint::Login);
        assert_eq!(Endpoint::ProviderSettings.with_command(Some("unlink")), Endpoint::Unlink);
        assert_eq!(Endpoint::ProviderSettings.with_command(Some("expire")), Endpoint::ProviderSettings);
        assert_eq!(Endpoint::SignUp.within(StoryKind::SocialLogin), Endpoint::SocialSignUp);
        assert_eq!(Endpoint::SignUp.within(StoryKind::Login), Endpoint::SignUp);
        assert_eq!(Endpoint::Home.within(StoryKind::Unlinking), Endpoint::SignedOut);
    }
}
