//! What experiments have in common: the service's own means, used as somebody with bad intentions would.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use mapae_client::{AccessError, AccessToken, Attempt, CallError, Class, EndUser};
use mapae_protocol::{issuer::Issuer, locale::Locale, secret::Secret, server_metadata::ServerMetadata};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};

use crate::{
    api::READ,
    experiments::outgoing::{self, Answer, Outgoing, Sender},
    flow::{Endpoint, Grant, SERVICE_AGENT, SpentCode},
    site::{ApiAnswer, Ask, Desk, NoAnswer},
};

/// The person's part of a table in the laboratory.
#[derive(Clone, Debug)]
pub(crate) struct Lab {
    desk: Desk,
    person: Option<EndUser>,
    /// What a browser was sent for.
    code: Option<SpentCode>,
}

/// Why an experiment cannot be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Setback {
    /// Nobody is signed in.
    #[error("nobody is signed in")]
    NotSignedIn,
    /// The session has ended meanwhile.
    #[error("the person must sign in again")]
    SignInAgain,
    /// The code or the refresh token is not known.
    #[error("nothing was overheard of this login")]
    NothingOverheard,
    /// A server does not answer.
    #[error("a server does not answer")]
    NoAnswer,
}

/// What the service saw when it called the API in its usual way. Times are milliseconds, at least one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ServiceCall {
    /// The API let it through in the end; when the first try was refused, if it was.
    Served { refused_after: Option<i64> },
    /// The API refused in the end.
    Refused,
    /// The refresh token is dead; when the first try was refused, if it came to that.
    SignInAgain { refused_after: Option<i64> },
}

/// What the first try of a call is made with.
#[derive(Clone, Copy)]
enum First<'a> {
    Usual,
    Instead(&'a str),
    UntilRefused,
}

/// How often a token is tried until it is refused, and for how long.
const PAUSE: Duration = Duration::from_millis(40);
const PATIENCE: Duration = Duration::from_secs(3);

impl Lab {
    pub(super) fn new(desk: &Desk, person: Option<EndUser>) -> Self {
        Self { desk: desk.clone(), person, code: None }
    }

    /// With a code that is not redeemed yet.
    pub(super) fn with_code(self, code: SpentCode) -> Self {
        Self { code: Some(code), ..self }
    }

    /// The code for which a browser was sent.
    pub(super) fn code(&self) -> Result<&SpentCode, Setback> {
        self.code.as_ref().ok_or(Setback::SignInAgain)
    }

    pub(super) const fn desk(&self) -> &Desk {
        &self.desk
    }

    /// The person with whose tokens it is done.
    pub(super) fn person(&self) -> Result<&EndUser, Setback> {
        self.person.as_ref().ok_or(Setback::NotSignedIn)
    }

    /// The access token that the service would use now.
    pub(super) async fn token(&self) -> Result<AccessToken, Setback> {
        Ok(self.desk.client().access_token(self.person()?).await?)
    }

    /// Another access token than this one, by the refresh token.
    pub(super) async fn refreshed(&self, token: &AccessToken) -> Result<AccessToken, Setback> {
        Ok(self.desk.client().after_unauthorized(self.person()?, token).await?)
    }

    /// What was overheard of the person's grant. A login that began before this process is overheard at its next
    /// refresh.
    pub(super) async fn grant(&self) -> Result<Grant, Setback> {
        let overheard = self.desk.stage().overheard();
        if let Some(grant) = overheard.newest_of(self.person()?.subject()) {
            return Ok(grant);
        }
        let token = self.token().await?;
        let token = self.refreshed(&token).await?;
        overheard.grant_of(token.expose()).ok_or(Setback::NothingOverheard)
    }

    /// One call of the API with this very token.
    pub(super) async fn call(&self, ask: &Ask, token: &str) -> Result<ApiAnswer, Setback> {
        Ok(self.desk.api().call(ask, token).await?)
    }

    /// The service's usual call.
    pub(super) async fn as_the_service(&self) -> Result<ServiceCall, Setback> {
        self.service_call(First::Usual).await
    }

    /// The service's usual call, except that the first try uses another token.
    pub(super) async fn as_the_service_with(&self, first: &str) -> Result<ServiceCall, Setback> {
        self.service_call(First::Instead(first)).await
    }

    /// The service's usual call with a token that is dead but perhaps not yet known to be: the first try is repeated
    /// until it is refused.
    pub(super) async fn as_the_service_once_refused(&self) -> Result<ServiceCall, Setback> {
        self.service_call(First::UntilRefused).await
    }

    async fn service_call(&self, first: First<'_>) -> Result<ServiceCall, Setback> {
        let tried = AtomicBool::new(false);
        let refused_after = Mutex::new(None);
        let call = |token: AccessToken| {
            let first = if tried.swap(true, Ordering::Relaxed) { First::Usual } else { first };
            let refused_after = &refused_after;
            async move {
                let text = match first {
                    First::Instead(text) => text,
                    First::Usual | First::UntilRefused => token.expose(),
                };
                let begun = Instant::now();
                let attempt = match first {
                    First::UntilRefused => self.attempt_until_refused(text).await?,
                    First::Usual | First::Instead(_) => self.attempt(text).await?,
                };
                if matches!(attempt, Attempt::Unauthorized(_)) {
                    refused_after.lock().await.get_or_insert_with(|| milliseconds(begun));
                }
                Ok(attempt)
            }
        };
        let called = self.desk.client().call_with_token(self.person()?, call).await;
        let refused_after = refused_after.into_inner();
        match called {
            Ok(ApiAnswer { status, .. }) if status.is_success() => Ok(ServiceCall::Served { refused_after }),
            Ok(_) => Ok(ServiceCall::Refused),
            Err(CallError::Call(NoAnswer)) => Err(Setback::NoAnswer),
            Err(CallError::Access(error)) => match Setback::from(error) {
                Setback::SignInAgain => Ok(ServiceCall::SignInAgain { refused_after }),
                other => Err(other),
            },
        }
    }

    /// When the API refuses this token, which is dead but perhaps not yet known to be; `None`: it does not.
    pub(super) async fn refused_after(&self, token: &Secret<String>) -> Result<Option<i64>, Setback> {
        let begun = Instant::now();
        let attempt = self.attempt_until_refused(token.expose()).await?;
        Ok(matches!(attempt, Attempt::Unauthorized(_)).then(|| milliseconds(begun)))
    }

    async fn attempt_until_refused(&self, token: &str) -> Result<Attempt<ApiAnswer>, NoAnswer> {
        let begun = Instant::now();
        loop {
            let attempt = self.attempt(token).await?;
            if matches!(attempt, Attempt::Unauthorized(_)) || begun.elapsed() >= PATIENCE {
                return Ok(attempt);
            }
            sleep(PAUSE).await;
        }
    }

    async fn attempt(&self, token: &str) -> Result<Attempt<ApiAnswer>, NoAnswer> {
        self.desk.api().attempt(&Self::read(), token).await
    }

    /// The service, as the authorization server knows it.
    pub(super) fn sender(&self) -> Sender<'_> {
        let parts = self.desk.parts();
        Sender { client_id: &parts.client_id, client_secret: &parts.client_secret }
    }

    /// The program that acts for itself.
    pub(super) fn back_end(&self) -> Sender<'_> {
        let others = &self.desk.parts().others;
        Sender { client_id: &others.back_end_id, client_secret: &others.back_end_secret }
    }

    /// Nobody's secret.
    pub(super) fn wrong_secret() -> Secret<String> {
        Secret::new("not-the-secret".to_owned())
    }

    /// A form for an endpoint of the authorization server, with the service's credentials.
    pub(super) async fn post(&self, endpoint: Endpoint, form: &[(&str, &str)]) -> Result<Answer, Setback> {
        let address = self.address_of(endpoint).await?;
        let outgoing = Outgoing { endpoint, address: &address, form, sender: self.sender(), because: None };
        outgoing::post(&self.desk, &outgoing).await
    }

    /// A form with other credentials, or with something else wrong: `because` is the word by which the refusal is
    /// explained.
    pub(super) async fn post_as(
        &self,
        sender: Sender<'_>,
        endpoint: Endpoint,
        form: &[(&str, &str)],
        because: &'static str,
    ) -> Result<Answer, Setback> {
        let address = self.address_of(endpoint).await?;
        let outgoing = Outgoing { endpoint, address: &address, form, sender, because: Some(because) };
        outgoing::post(&self.desk, &outgoing).await
    }

    async fn address_of(&self, endpoint: Endpoint) -> Result<String, Setback> {
        let metadata = self.metadata().await?;
        let address = match endpoint {
            Endpoint::Revocation => metadata.revocation_endpoint,
            _ => metadata.token_endpoint,
        };
        Ok(address.ok_or(Setback::NoAnswer)?.as_str().to_owned())
    }

    /// Where the authorization server has its endpoints (RFC 8414 §3).
    pub(super) async fn metadata(&self) -> Result<ServerMetadata, Setback> {
        let issuer = Issuer::parse(self.desk.issuer()).map_err(|_| Setback::NoAnswer)?;
        let address = issuer.openid_configuration();
        let request =
            self.desk.parts().http.get(address.as_str()).header(http::header::USER_AGENT, SERVICE_AGENT);
        let answer = request.timeout(PATIENCE).send().await.map_err(|_| Setback::NoAnswer)?;
        let body = answer.bytes().await.map_err(|_| Setback::NoAnswer)?;
        ServerMetadata::parse(&body, &issuer).map_err(|_| Setback::NoAnswer)
    }

    /// What the experiments ask of the API.
    pub(super) const fn read() -> Ask {
        Ask::Read { month: None, locale: Locale::En }
    }

    /// Whether the person agreed to what most experiments need.
    pub(super) fn may_read(token: &AccessToken) -> bool {
        token.scopes().contains(READ)
    }
}

/// Never nothing: a clock of milliseconds that shows 0 has seen less than one.
fn milliseconds(begun: Instant) -> i64 {
    i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX).max(1)
}

impl From<AccessError> for Setback {
    fn from(error: AccessError) -> Self {
        match error.class() {
            Class::SignInAgain
            | Class::Restart
            | Class::Cancelled
            | Class::Reconsent
            | Class::InteractionNeeded
            | Class::Denied => Self::SignInAgain,
            Class::Configuration(_) | Class::Unavailable | Class::RateLimited => Self::NoAnswer,
        }
    }
}

impl From<NoAnswer> for Setback {
    fn from(NoAnswer: NoAnswer) -> Self {
        Self::NoAnswer
    }
}
