//! Who did what: one line of the log for each sign-in, refusal and change — threats SE-20, SE-30.
//!
//! A line names people, apps and APIs by their ids, which this server made itself: nothing that was typed or sent
//! is in it, so that it holds no personal data in clear and nobody can write lines of their own.

use crate::http::RequestId;

/// Whom and what a line is about, by id.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct About<'a> {
    user: Option<&'a str>,
    app: Option<&'a str>,
    api: Option<&'a str>,
}

impl<'a> About<'a> {
    /// Somebody whose account is known.
    pub(crate) const fn user(id: &'a str) -> Self {
        Self { user: Some(id), app: None, api: None }
    }

    /// An app, whoever acted.
    pub(crate) const fn app(id: &'a str) -> Self {
        Self { user: None, app: Some(id), api: None }
    }

    /// An API.
    pub(crate) const fn api(id: &'a str) -> Self {
        Self { user: None, app: None, api: Some(id) }
    }

    /// The same, and this app.
    pub(crate) const fn with_app(self, id: &'a str) -> Self {
        Self { app: Some(id), ..self }
    }

    /// The same, and this API.
    pub(crate) const fn with_api(self, id: &'a str) -> Self {
        Self { api: Some(id), ..self }
    }

    /// Writes the line under the name of the request that is being answered.
    pub(crate) fn note(self, event: Event) {
        let Self { user, app, api } = self;
        tracing::info!(request_id = RequestId::current(), user, app, api, "{}", event.text());
    }
}

/// Declares the events with what the log says of them.
macro_rules! events {
    ($($name:ident = $text:literal;)+) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Event { $(#[doc = $text] $name,)+ }

        impl Event {
            const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

events! {
    SignedIn = "signed in";
    WrongPassword = "wrong password";
    Throttled = "throttled: too many wrong passwords";
    SignedOut = "signed out";
    SignedOutElsewhere = "signed out in another browser";
    AccountMade = "account made";
    OperatorMade = "operator made";
    LogoutTold = "an app was told of the logout";
    LogoutNotTold = "an app could not be told of the logout: given up";
    WayAdded = "a way to sign in was added";
    WayRemoved = "a way to sign in was removed";
    PasswordChanged = "password changed";
    PasswordReset = "password reset";
    TermsAgreed = "terms agreed to";
    TermWithdrawn = "a term withdrawn";
    ConsentGiven = "consent given";
    ConsentRefused = "consent refused";
    ConsentItemGiven = "consent to an item given";
    ConsentItemWithdrawn = "consent to an item withdrawn";
    ConsentWithdrawn = "consent withdrawn: the app is disconnected";
    DeviceAllowed = "a device allowed";
    DeviceRefused = "a device refused";
    TokenExchanged = "a token exchanged";
    ExchangePermitted = "an app permitted to exchange tokens of an API";
    ExchangeForbidden = "an app forbidden to exchange tokens of an API";
    AuthenticationRefused = "client authentication refused";
    AppRegistered = "app registered";
    ClientDocumentRead = "document of an app read";
    AppRegisteredItself = "app registered itself";
    AppGaveWay = "app that nobody used made room for another";
    AppChangedItself = "app changed its registration";
    AppDeletedItself = "app deleted its registration";
    AppChanged = "app changed";
    AppSecretRotated = "app secret rotated";
    AppSecretReplaced = "app secret replaced: the former is void";
    AppSecretEnded = "former app secret ended";
    AppDisabled = "app disabled";
    AppEnabled = "app enabled";
    AppDeleted = "app deleted";
}
