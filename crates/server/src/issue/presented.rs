//! An access token that somebody presents, of either format, and whether it is alive.

use mapae_protocol::{
    access_token::AccessTokenClaims,
    audience::Audience,
    dpop::Confirmation,
    jose::{HeaderType, Unverified},
    scope::Scopes,
    time::Timestamp,
    token_exchange::Actor,
};

use super::{Handle, OpaqueAccessToken};
use crate::{
    app::App,
    fault::Fault,
    keys::KeySet,
    store::{
        grant_states::{self, GrantState, Person},
        revocations::Kind,
        tokens,
    },
};

/// The claims without which a token is none of ours.
const REQUIRED: &[&str] = &["iss", "sub", "aud", "exp", "iat", "jti", "client_id"];

/// A token that this server made; whether it is still good is asked of the store.
#[derive(Debug)]
pub(crate) struct PresentedToken {
    pub(crate) jti: String,
    pub(crate) grant_id: Option<String>,
    pub(crate) client_id: String,
    pub(crate) subject: String,
    pub(crate) audience: Audience,
    pub(crate) scopes: Scopes,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) auth_time: Option<Timestamp>,
    pub(crate) acr: Option<String>,
    /// The key to which it is bound.
    pub(crate) cnf: Option<Confirmation>,
    pub(crate) amr: Vec<String>,
    /// Who acts for the subject, now first (RFC 8693 §4.1).
    pub(crate) actors: Vec<String>,
    /// To which app the grant was given, where another one has the token by an exchange.
    given_to: Option<String>,
    app: AppProof,
}

/// How a token says under which epoch of the app that has it, and of those that had it before by an exchange, it was made.
#[derive(Debug)]
enum AppProof {
    Epochs { holder: i64, before: Vec<i64> },
    Handles(Vec<String>),
}

/// A living token, with its grant when it has one.
#[derive(Debug)]
pub(crate) struct Living {
    pub(crate) token: PresentedToken,
    pub(crate) grant: Option<Box<GrantState>>,
}

impl PresentedToken {
    /// Opens a token of either format; `None` for everything that is not an access token of this server.
    pub(crate) fn open(text: &str, app: &App, keys: &KeySet) -> Option<Self> {
        match OpaqueAccessToken::open(text, &keys.seals.access_tokens) {
            Some(token) => Self::from_opaque(token),
            None => Self::from_jwt(text, app, keys),
        }
    }

    /// What a sealed token says; `None` of one whose texts are none of ours.
    pub(crate) fn from_opaque(token: OpaqueAccessToken) -> Option<Self> {
        Some(Self {
            audience: token.audience()?,
            scopes: Scopes::restore(&token.scope).ok()?,
            jti: token.jti,
            grant_id: token.grant_id,
            client_id: token.client_id,
            subject: token.subject,
            issued_at: token.issued_at,
            expires_at: token.expires_at,
            auth_time: None,
            acr: None,
            cnf: token.cnf,
            amr: Vec::new(),
            actors: token.actors,
            given_to: token.given_to,
            app: AppProof::Epochs { holder: token.app_epoch, before: token.epochs_before },
        })
    }

    fn from_jwt(text: &str, app: &App, keys: &KeySet) -> Option<Self> {
        let unverified =
            Unverified::parse(text).ok().filter(|token| token.is_typed(HeaderType::AccessToken))?;
        let verified = unverified.verify_with(keys.published()).ok()?;
        let claims: AccessTokenClaims = verified.claims(REQUIRED).ok()?;
        if claims.iss != app.issuer().as_str() {
            return None;
        }
        Some(Self {
            scopes: Scopes::restore(claims.scope.as_deref().unwrap_or_default()).ok()?,
            jti: claims.jti,
            grant_id: claims.gid,
            client_id: claims.client_id,
            subject: claims.sub,
            audience: claims.aud,
            issued_at: claims.iat,
            expires_at: claims.exp,
            auth_time: claims.auth_time,
            acr: claims.acr,
            cnf: claims.cnf,
            amr: claims.amr,
            actors: claims.act.as_ref().map(Actor::all).unwrap_or_default(),
            given_to: claims.gcl,
            app: AppProof::Handles(claims.rvh),
        })
    }

    /// Asks the store; `None` once anything that the token depends on has ended.
    pub(crate) async fn living(self, app: &App, keys: &KeySet) -> Result<Option<Living>, Fault> {
        let now = app.now();
        if self.expires_at <= now {
            return Ok(None);
        }
        let grant = match &self.grant_id {
            None => None,
            Some(grant_id) => {
                let state = grant_states::of_token(app.db(), grant_id, &self.jti).await?;
                let Some(state) = state.filter(|state| self.is_given_by(state, now)) else { return Ok(None) };
                Some(Box::new(state))
            }
        };
        // The grant knows the app to which the person gave it, and none by which the token went on from there.
        let lives = (grant.is_some() && self.given_to.is_none()) || self.apps_live(app, keys).await?;
        Ok(lives.then_some(Living { token: self, grant }))
    }

    /// The app to which a person gave the grant.
    pub(crate) fn given_to(&self) -> &str {
        self.given_to.as_deref().unwrap_or(&self.client_id)
    }

    /// The handles under which the revocation feed can end it; none of a sealed one.
    pub(crate) fn handles(&self) -> &[String] {
        match &self.app {
            AppProof::Epochs { .. } => &[],
            AppProof::Handles(handles) => handles,
        }
    }

    /// The epochs of all who act, now first, for a token that comes of this one; none of one that has handles.
    pub(crate) fn epochs_of_actors(&self) -> Vec<i64> {
        match &self.app {
            AppProof::Epochs { holder, before } if !self.actors.is_empty() => {
                std::iter::once(holder).chain(before).copied().collect()
            }
            AppProof::Epochs { .. } | AppProof::Handles(_) => Vec::new(),
        }
    }

    /// Asks the store also for the person; `None` for a token that is of no person, too.
    pub(crate) async fn living_person(self, app: &App) -> Result<Option<(Self, Person)>, Fault> {
        let now = app.now();
        // What was exchanged is for an API alone.
        let own = now < self.expires_at && self.given_to.is_none();
        let Some(grant_id) = self.grant_id.as_ref().filter(|_| own) else {
            return Ok(None);
        };
        let found = grant_states::with_person(app.db(), grant_id, &self.jti).await?;
        let living = found.filter(|(state, _)| self.is_given_by(state, now));
        Ok(living.map(|(_, person)| (self, person)))
    }

    /// Whether this grant is alive and of the app to which the token says that it was given.
    fn is_given_by(&self, state: &GrantState, now: Timestamp) -> bool {
        state.app_id == self.given_to() && state.alive(self.expires_at, now).is_ok()
    }

    /// Whether the app that has it, and those that passed it on to that one, are what they were, and the token is not revoked
    /// by itself: what came through an app ends with it, as the feed has it (TX-02).
    async fn apps_live(&self, app: &App, keys: &KeySet) -> Result<bool, Fault> {
        let passed_on = self.actors.iter().skip(1).map(String::as_str);
        let ids: Vec<&str> = std::iter::once(self.client_id.as_str()).chain(passed_on).collect();
        let facts = tokens::facts(app.db(), &ids, &self.jti).await?;
        let is_current = |(at, id): (usize, &&str)| {
            facts.epoch_of(id).is_some_and(|epoch| match (&self.app, at.checked_sub(1)) {
                (AppProof::Epochs { holder, .. }, None) => *holder == epoch,
                // One that was sealed by a server that did not write them has none.
                (AppProof::Epochs { before, .. }, Some(at)) => before.get(at).is_none_or(|one| *one == epoch),
                (AppProof::Handles(handles), _) => self.has_handle(handles, keys, (*id, epoch)),
            })
        };
        Ok(facts.stands(self.expires_at) && ids.iter().enumerate().all(is_current))
    }

    fn has_handle(&self, handles: &[String], keys: &KeySet, (app_id, epoch): (&str, i64)) -> bool {
        self.audience.iter().any(|audience| {
            let handle = Handle { key: keys.handle_key(), audience };
            handles.contains(&handle.of(Kind::App, app_id, epoch))
        })
    }
}

#[cfg(test)]
mod tests {
    use mapae_protocol::jose::Algorithm;
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        clock::Clock,
        jobs::tests::server,
        store::alive::{Epochs, Span, States},
    };

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    /// What this server says in a token, with some of it changed.
    fn claims(app: &App, changed: &Value) -> Value {
        let mut claims = json!({
            "iss": app.issuer().as_str(), "sub": "sub_1", "aud": "https://calendar.example", "exp": NOW.unix() + 300,
            "iat": NOW.unix(), "jti": "jti_1", "client_id": "app_1", "scope": "calendar.read", "gid": "gra_1",
        });
        claims.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        claims
    }

    #[tokio::test]
    async fn in_03_of_all_that_our_keys_have_signed_only_our_own_access_tokens_are_access_tokens() {
        let (app, _folder) = server(Clock::manual(NOW)).await;
        let keys = app.keys().current();
        let open = |kind: HeaderType, claims: &Value| {
            let text = keys.signing_key(Algorithm::Es256).unwrap().sign(kind, claims).unwrap();
            PresentedToken::open(&text, &app, &keys)
        };
        let own = open(HeaderType::AccessToken, &claims(&app, &json!({}))).unwrap();
        assert_eq!((own.jti.as_str(), own.client_id.as_str()), ("jti_1", "app_1"));
        assert_eq!(own.grant_id.as_deref(), Some("gra_1"));
        for &kind in HeaderType::ALL {
            let opened = open(kind, &claims(&app, &json!({}))).is_some();
            assert_eq!(opened, kind == HeaderType::AccessToken, "{}", kind.as_str());
        }
        let issuer = app.issuer().as_str();
        for changed in [
            json!({ "iss": "https://other.example" }),
            json!({ "iss": format!("{issuer}/") }),
            json!({ "iss": "" }),
            json!({ "iss": [issuer] }),
            json!({ "scope": "a\"b" }),
            json!({ "client_id": 1 }),
        ] {
            assert!(open(HeaderType::AccessToken, &claims(&app, &changed)).is_none(), "{changed}");
        }
        for missing in REQUIRED {
            let mut claims = claims(&app, &json!({}));
            claims.as_object_mut().unwrap().remove(*missing);
            assert!(open(HeaderType::AccessToken, &claims).is_none(), "{missing}");
        }
    }

    #[tokio::test]
    async fn in_03_a_token_is_given_by_a_grant_of_its_own_app_alone() {
        let (app, _folder) = server(Clock::manual(NOW)).await;
        let keys = app.keys().current();
        let epochs = Epochs { user: 1, app: 1, consent: 1, session: Some(1) };
        let until = NOW.plus(mapae_protocol::time::Seconds::hours(1));
        let state = GrantState {
            app_id: "app_1".to_owned(),
            auth_time: NOW,
            acr: None,
            span: Span {
                offline: false,
                epochs,
                expires_at: until,
                idle_expires_at: until,
                revoked_at: None,
            },
            states: States::living(epochs, until),
            token_revoked: false,
            swept_until: NOW.minus(mapae_protocol::time::Seconds::hours(2)),
        };
        for (client_id, given) in [("app_1", true), ("app_2", false), ("", false), ("APP_1", false)] {
            let claims = claims(&app, &json!({ "client_id": client_id }));
            let key = keys.signing_key(Algorithm::Es256).unwrap();
            let text = key.sign(HeaderType::AccessToken, &claims).unwrap();
            let token = PresentedToken::from_jwt(&text, &app, &keys).unwrap();
            assert_eq!(token.is_given_by(&state, NOW), given, "{client_id}");
        }
    }
}
