//! The callback: from the authorization response to a proven identity — RFC 6749 §4.1.2, OIDC Core §3.1.2.5.
//!
//! In this order, and nothing later happens when something earlier fails:
//!
//! | # | check | where | against |
//! |---|---|---|---|
//! | 1 | the parameters can be read, none is repeated | RFC 6749 §3.1 | parameter pollution |
//! | 2 | `state` is this browser's, this provider's, in time, and was never used; for errors too | RFC 6749 §10.12, RFC 9700 §4.7 | login CSRF, replay |
//! | 3 | where signed answers were asked for: signature, `iss`, `aud`, `exp`; all that follows stands inside | JARM §2.4 | tampering, downgrade |
//! | 4 | `iss` is the provider's; required where its metadata promises it | RFC 9207 §2.4 | mix-up, RFC 9700 §4.4 |
//! | 5 | `error` ends the login | RFC 6749 §4.1.2.1 | |
//! | 6 | the code is redeemed with the verifier, at the provider that was asked | RFC 6749 §4.1.3, RFC 7636 §4.5 | code injection, RFC 9700 §4.5 |
//! | 7 | the token response has the types that it must have | RFC 6749 §5.1 | |
//! | 8 | the ID token: signature, `iss`, `aud`, `azp`, `exp`, `iat`, `nonce`, `at_hash`, `auth_time` | OIDC Core §3.1.3.7, OIDC Core §3.1.3.8 | token substitution |
//! | 9 | UserInfo speaks of the same `sub` | OIDC Core §5.3.2 | token substitution |
//!
//! A provider without OpenID Connect has no 8; who the person is, it then says to the token that check 6 brought. Whether
//! an answer is signed as was asked is seen before 2, and uses nothing up.

use mapae_protocol::{
    authorization::response::{self, Outcome},
    error::{Endpoint, ErrorCode},
    id_token::IdTokenClaims,
    scope::Scopes,
    secret::Secret,
    time::Timestamp,
};
use serde_json::Value;

pub use crate::callback_response::{CallbackError, CallbackResponse};
use crate::{
    back_channel::within,
    callback_response::{Answer, Brought},
    definition::{Document, Place},
    error::Error,
    identity::{EndUser, Identity},
    pending::PendingLogin,
    provider::{IdTokenContext, Provider, ProviderError},
    return_to::ReturnTo,
    tokens::Tokens,
};

/// A login waits as long at most as so many requests may take.
const REQUESTS: u32 = 2;

/// A login that succeeded.
#[derive(Debug)]
pub struct CompletedLogin {
    /// Who signed in.
    pub identity: Identity,
    /// What the provider gave.
    pub tokens: Tokens,
    /// Where the person wanted to go.
    pub return_to: ReturnTo,
}

impl Provider {
    /// Finishes a login that [`start`](Self::start) began: checks 2 to 9 of the [table](crate::callback).
    ///
    /// That a `state` is used once is the caller's part: a pending login is taken by value. For web services
    /// [`Client::callback`](crate::Client::callback) does all of it.
    ///
    /// A person waits in front of the screen: for everything that the provider is asked here together for ten seconds at most,
    /// or twice what [`answering_within`](crate::ProviderSettings::answering_within) says. What others wait for as well, metadata
    /// and keys, is fetched on without this login.
    ///
    /// # Errors
    /// The first check that fails.
    pub async fn finish(
        &self,
        pending: PendingLogin,
        response: &CallbackResponse,
        now: Timestamp,
    ) -> Result<CompletedLogin, Error> {
        let time = self.settings().answer_within * REQUESTS;
        within(time, self.finished(pending, response, now)).await
    }

    async fn finished(
        &self,
        pending: PendingLogin,
        response: &CallbackResponse,
        now: Timestamp,
    ) -> Result<CompletedLogin, Error> {
        self.expects(response)?;
        pending.answered_by(response.state(), now)?;
        if pending.provider != self.name() || pending.asked != self.mark() {
            return Err(CallbackError::ProviderMismatch.into());
        }
        let signed;
        let answer = match &response.0 {
            Brought::Plain(answer) => answer,
            Brought::Signed { token, .. } => {
                signed = self.answer(token, &pending, now).await?;
                &signed
            }
        };
        self.check_issuer(answer.response.iss.as_deref(), now).await?;
        let code = self.code(answer)?;
        let tokens = self.redeem(code, &pending, now).await?;
        let claims = self.proof(&pending, &tokens, now).await?;
        let mut document = Document::default();
        if let Some(claims) = &claims {
            document = document.with("id_token", serde_json::to_value(claims).unwrap_or_default());
        }
        if let Some(brought) = &answer.brought {
            document = document.with("callback", brought.clone());
        }
        let document = self.add_user_info(document, &tokens, now).await?;
        let document = self.add_terms(document, &tokens, now).await?;
        self.check_hosted_domain(&document)?;
        let mut identity = self.identity(claims, &document, (&pending.scopes, &tokens.scopes))?;
        identity = identity.with_beginning(pending.begun_at());
        identity = identity.with_app(self.names_people_for());
        if !self.settings().trusts_emails {
            identity.distrust_emails();
        }
        Ok(CompletedLogin { identity, tokens, return_to: pending.return_to })
    }

    /// What a signed answer says. Its `state` is compared once more, now that it is the provider's word.
    async fn answer(
        &self,
        token: &Secret<String>,
        pending: &PendingLogin,
        now: Timestamp,
    ) -> Result<Answer, Error> {
        let answer = Answer::of(&self.verify_answer(token, now).await?)?;
        pending.answered_by(answer.response.state.as_deref(), now)?;
        Ok(answer)
    }

    /// RFC 9207 §2.4: a client that gets an `iss` compares it, and misses it where it was promised.
    async fn check_issuer(&self, iss: Option<&str>, now: Timestamp) -> Result<(), Error> {
        let own = match &self.definition().schema().authorization.iss {
            Some(iss) => self.definition().address(iss)?,
            None => self.issuer().to_string(),
        };
        let promised = self.metadata(now).await?.authorization_response_iss_parameter_supported;
        match iss {
            Some(iss) if iss == own => Ok(()),
            Some(_) => Err(CallbackError::IssuerMismatch.into()),
            None if promised || self.registration().fapi => Err(CallbackError::IssuerMissing.into()),
            None => Ok(()),
        }
    }

    /// By the signed claim, however the address ends that was asked for (RP-13).
    fn check_hosted_domain(&self, document: &Document) -> Result<(), ProviderError> {
        let Some(domain) = &self.settings().hosted_domain else { return Ok(()) };
        let rule = self.definition().schema().authorization.hosted_domain.as_ref();
        let said = rule.and_then(|rule| document.text_at(&rule.claim));
        let same = said.is_some_and(|said| said.eq_ignore_ascii_case(domain));
        same.then_some(()).ok_or(ProviderError::HostedDomain)
    }

    /// The verified ID token; `None` where the provider issues none.
    async fn proof(
        &self,
        pending: &PendingLogin,
        tokens: &Tokens,
        now: Timestamp,
    ) -> Result<Option<IdTokenClaims>, Error> {
        if !self.definition().is_openid() {
            return Ok(None);
        }
        let checks_age = self.definition().schema().authorization.auth_time;
        let id_token = tokens.id_token.as_ref().ok_or_else(|| self.without_id_token())?;
        let context = IdTokenContext {
            nonce: Some(pending.nonce.expose()),
            access_token: Some(tokens.access_token.expose()),
            // The sign-in lies after the start of this login, however long the person then took to agree.
            max_age: (checks_age && pending.intent.must_be_fresh()).then(|| now.since(pending.begun_at())),
        };
        self.verify_id_token(id_token.expose(), &context, now).await.map(Some)
    }

    /// What it means that no ID token came: where the provider's console decides, it is switched otherwise than the definition.
    fn without_id_token(&self) -> ProviderError {
        let error = if self.definition().leaves_openid_open() {
            ProviderError::OpenIdSwitchedOff
        } else {
            ProviderError::IdTokenMissing
        };
        self.advise(error.class());
        error
    }

    /// Who this is, in the neutral form, and what they granted of what was asked.
    fn identity(
        &self,
        claims: Option<IdTokenClaims>,
        document: &Document,
        (asked, given): (&Scopes, &Scopes),
    ) -> Result<Identity, Error> {
        let rules = &self.definition().schema().identity;
        // OIDC Core §5.3.2: without an equal `sub` the answer must not be used (token substitution).
        let sub = claims.as_ref().map(|claims| claims.sub.as_str());
        if rules.standard_claims && document.has("user_info") && document.subject_of_user_info() != sub {
            return Err(ProviderError::UserInfoSubject.into());
        }
        let mut mapped = self.definition().identify(document).ok_or(ProviderError::NoSubject)?;
        self.definition().add_scopes(&mut mapped, asked, given);
        if sub.is_some_and(|sub| sub != mapped.subject) {
            if rules.same_as_sub {
                return Err(ProviderError::UserInfoSubject.into());
            }
            tracing::warn!(
                provider = self.name(),
                "the subject of the ID token is another than that of the profile"
            );
        }
        // One person has one key, however the issuer is spelt in the ID token.
        let person = EndUser::new(self.issuer().as_str(), mapped.subject.clone());
        Ok(Identity::new(self.name(), person, claims, mapped))
    }

    fn code<'a>(&self, answer: &'a Answer) -> Result<&'a Secret<String>, Error> {
        let known = |code: &str| ErrorCode::ALL.iter().copied().find(|known| known.as_str() == code);
        // Descriptions are the sender's texts: they are shown to nobody (RFC 9700 §4.11.2), and only the rules of a
        // definition look into them.
        let refused = |code: Option<ErrorCode>| -> Error {
            let refused = ProviderError::Refused { at: Endpoint::Authorization, code };
            self.ruled(Place::Authorization, &answer.said).unwrap_or(refused).into()
        };
        match (&answer.response.outcome, self.refuses(&answer.said)) {
            (Outcome::Code(code), false) => Ok(code),
            (Outcome::Code(_), true) => Err(CallbackError::Response(response::Error::Contradictory).into()),
            (Outcome::Refused { code, .. }, _) => Err(refused(known(code))),
            (Outcome::Neither, true) => Err(refused(None)),
            (Outcome::Neither, false) => Err(CallbackError::Response(response::Error::Empty).into()),
        }
    }

    /// Whether an answer says in words of this provider alone that it refuses.
    fn refuses(&self, said: &Value) -> bool {
        let names = &self.definition().schema().authorization.refused;
        names.iter().any(|name| said.get(name).is_some())
    }
}
