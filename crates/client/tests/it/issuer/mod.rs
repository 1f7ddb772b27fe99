//! An issuer that does as it is told: obedient until a test asks for mischief.

mod behaviour;
mod endpoints;
mod signing;
mod under_way;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use mapae_protocol::{
    base64url,
    jose::{Algorithm, HeaderType, Jwk, SigningKey},
    params::{Limits, Params},
    pkce::{self, CodeChallenge, CodeVerifier},
    random,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Semaphore};

pub(crate) use self::{
    behaviour::{Behaviour, Edit, Hit, Reply, Signing},
    under_way::UnderWay,
};
use crate::website::TestClock;

/// How long the same successor is given again, in seconds.
const WINDOW: i64 = 10;

struct Code {
    challenge: CodeChallenge,
    nonce: String,
    redirect_uri: String,
    subject: String,
}

struct RefreshToken {
    subject: String,
    successor: Option<(Value, i64)>,
}

pub(crate) struct Issuer(Arc<Inner>);

struct Inner {
    url: String,
    clock: TestClock,
    behaviour: Mutex<Behaviour>,
    key: Mutex<SigningKey>,
    published: Mutex<Vec<Jwk>>,
    codes: Mutex<HashMap<String, Code>>,
    refresh_tokens: Mutex<HashMap<String, RefreshToken>>,
    subjects: Mutex<HashMap<String, String>>,
    hits: Mutex<Vec<Hit>>,
    arrived: Semaphore,
}

impl Issuer {
    pub(crate) async fn start(clock: &TestClock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let inner = Arc::new(Inner {
            url: format!("http://{}", listener.local_addr().unwrap()),
            clock: clock.clone(),
            behaviour: Mutex::default(),
            published: Mutex::new(vec![key.public_jwk().clone()]),
            key: Mutex::new(key),
            codes: Mutex::default(),
            refresh_tokens: Mutex::default(),
            subjects: Mutex::default(),
            hits: Mutex::default(),
            arrived: Semaphore::new(0),
        });
        let router = endpoints::router().with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self(inner)
    }

    pub(crate) fn url(&self) -> &str {
        &self.0.url
    }

    pub(crate) fn behave(&self) -> MutexGuard<'_, Behaviour> {
        self.0.behaviour.lock().unwrap()
    }

    /// Says from now on that it takes revocations.
    pub(crate) fn takes_revocations(&self) {
        let revocation = format!("{}/revoke", self.url());
        self.behave().metadata =
            Some(Arc::new(move |document| document["revocation_endpoint"] = revocation.clone().into()));
    }

    pub(crate) fn edit_claims(&self, edit: impl Fn(&mut Value) + Send + Sync + 'static) {
        self.behave().claims = Some(Arc::new(edit));
    }

    pub(crate) fn reply(&self, path: &'static str, reply: Reply) {
        self.behave().replies.insert(path, reply);
    }

    pub(crate) fn obey(&self) {
        *self.behave() = Behaviour::default();
    }

    /// Signs with a new key from now on, which is published beside the old one.
    pub(crate) fn rotate_key(&self) {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        self.0.published.lock().unwrap().push(key.public_jwk().clone());
        *self.0.key.lock().unwrap() = key;
    }

    /// A token of this issuer.
    pub(crate) fn sign(&self, kind: HeaderType, claims: &Value) -> String {
        self.0.key.lock().unwrap().sign(kind, claims).unwrap()
    }

    /// The person agrees: the query that the browser brings back.
    pub(crate) fn approve(&self, authorization_url: &str, subject: &str) -> String {
        let (address, query) = authorization_url.split_once('?').unwrap();
        assert_eq!(address, format!("{}/authorize", self.url()));
        let params = Params::parse(query.as_bytes(), Limits::REQUEST).unwrap();
        let one =
            |name: &str| params.one(name).unwrap().unwrap_or_else(|| panic!("{name} in {query}")).to_owned();
        assert_eq!(one("response_type"), "code");
        assert_eq!(one("code_challenge_method"), "S256");
        let code = random::token();
        let approved = Code {
            challenge: CodeChallenge::parse(&one("code_challenge")).unwrap(),
            nonce: one("nonce"),
            redirect_uri: one("redirect_uri"),
            subject: subject.to_owned(),
        };
        self.0.codes.lock().unwrap().insert(code.clone(), approved);
        format!("code={code}&state={}&iss={}", one("state"), self.url())
    }

    /// Every request for `path` so far.
    pub(crate) fn hits(&self, path: &str) -> Vec<Hit> {
        self.0.hits.lock().unwrap().iter().filter(|hit| hit.path == path).cloned().collect()
    }

    /// How many refreshes have come in.
    pub(crate) fn refreshes(&self) -> usize {
        let is_refresh = |hit: &Hit| hit.form.get("grant_type").is_some_and(|grant| grant == "refresh_token");
        self.hits("/token").into_iter().filter(is_refresh).count()
    }

    /// Waits until one more refresh has come in.
    pub(crate) async fn refresh_arrives(&self) {
        self.0.arrived.acquire().await.unwrap().forget();
    }
}

impl Inner {
    fn behaviour<T>(&self, read: impl FnOnce(&mut Behaviour) -> T) -> T {
        read(&mut self.behaviour.lock().unwrap())
    }

    /// Writes a request down and takes its time; what is answered instead of the truth.
    async fn note(&self, hit: Hit) -> Option<Reply> {
        let path = hit.path;
        self.hits.lock().unwrap().push(hit);
        let takes = self.behaviour(|behaviour| behaviour.takes);
        if !takes.is_zero() {
            tokio::time::sleep(takes).await;
        }
        let held = self.behaviour(|behaviour| behaviour.held.get(path).cloned());
        if let Some(held) = held {
            held.acquire().await.unwrap().forget();
        }
        self.behaviour(|behaviour| behaviour.replies.get(path).cloned())
    }

    fn edited(&self, mut value: Value, edit: impl FnOnce(&Behaviour) -> Option<Edit>) -> Value {
        if let Some(edit) = self.behaviour(|behaviour| edit(behaviour)) {
            edit(&mut value);
        }
        value
    }

    fn id_token(&self, subject: &str, nonce: Option<&str>, access_token: &str) -> String {
        let now = self.clock.unix();
        let mut claims = json!({
            "iss": self.url, "sub": subject, "aud": "client-1", "exp": now + 300, "iat": now, "auth_time": now,
            "at_hash": mapae_protocol::id_token::at_hash(Algorithm::Es256, access_token), "amr": ["pwd"],
        });
        if let Some(nonce) = nonce {
            claims["nonce"] = json!(nonce);
        }
        let claims = self.edited(claims, |behaviour| behaviour.claims.clone());
        let key = self.key.lock().unwrap();
        match self.behaviour(|behaviour| behaviour.signing) {
            Signing::Properly => key.sign(HeaderType::Jwt, &claims).unwrap(),
            Signing::AlgNone => unsigned(&json!({"alg": "none", "typ": "JWT"}), &claims, ""),
            Signing::Hmac => unsigned(&json!({"alg": "HS256", "kid": key.kid()}), &claims, "AAAA"),
            Signing::UnknownKey => {
                SigningKey::generate(Algorithm::Es256).unwrap().sign(HeaderType::Jwt, &claims).unwrap()
            }
            Signing::AsAccessToken => key.sign(HeaderType::AccessToken, &claims).unwrap(),
            Signing::BrokenSignature => {
                let token = key.sign(HeaderType::Jwt, &claims).unwrap();
                let (signed, _) = token.rsplit_once('.').unwrap();
                format!("{signed}.{}", base64url::encode([7; 64]))
            }
        }
    }

    fn tokens(&self, subject: &str) -> Value {
        let (access_token, refresh_token) = (random::token(), random::token());
        self.subjects.lock().unwrap().insert(access_token.clone(), subject.to_owned());
        let kept = RefreshToken { subject: subject.to_owned(), successor: None };
        self.refresh_tokens.lock().unwrap().insert(refresh_token.clone(), kept);
        json!({
            "access_token": access_token, "token_type": "Bearer", "expires_in": 60, "refresh_token": refresh_token,
            "scope": "openid profile",
        })
    }

    fn redeem(&self, form: &HashMap<String, String>) -> Result<Value, &'static str> {
        let code = self.codes.lock().unwrap().remove(&form["code"]).ok_or("invalid_grant")?;
        let verifier = CodeVerifier::parse(&form["code_verifier"]).unwrap();
        pkce::verify(Some(&code.challenge), Some(&verifier)).map_err(|_| "invalid_grant")?;
        if form["redirect_uri"] != code.redirect_uri {
            return Err("invalid_grant");
        }
        let mut tokens = self.tokens(&code.subject);
        let access_token = tokens["access_token"].as_str().unwrap().to_owned();
        tokens["id_token"] = json!(self.id_token(&code.subject, Some(&code.nonce), &access_token));
        Ok(self.edited(tokens, |behaviour| behaviour.tokens.clone()))
    }

    fn refresh(&self, form: &HashMap<String, String>) -> Result<Value, &'static str> {
        if self.behaviour(|behaviour| behaviour.refreshes_are_dead) {
            return Err("invalid_grant");
        }
        let now = self.clock.unix();
        let (subject, earlier) = {
            let tokens = self.refresh_tokens.lock().unwrap();
            let kept = tokens.get(&form["refresh_token"]).ok_or("invalid_grant")?;
            (kept.subject.clone(), kept.successor.clone())
        };
        if let Some((successor, at)) = earlier {
            return if now < at + WINDOW { Ok(successor) } else { Err("invalid_grant") };
        }
        let mut successor = self.tokens(&subject);
        if self.behaviour(|behaviour| behaviour.refreshes_bring_id_tokens) {
            let access_token = successor["access_token"].as_str().unwrap().to_owned();
            successor["id_token"] = json!(self.id_token(&subject, None, &access_token));
        }
        let successor = self.edited(successor, |behaviour| behaviour.tokens.clone());
        let mut tokens = self.refresh_tokens.lock().unwrap();
        tokens.get_mut(&form["refresh_token"]).unwrap().successor = Some((successor.clone(), now));
        Ok(successor)
    }
}

fn unsigned(header: &Value, claims: &Value, signature: &str) -> String {
    let part = |value: &Value| base64url::encode(value.to_string().as_bytes());
    format!("{}.{}.{signature}", part(header), part(claims))
}
