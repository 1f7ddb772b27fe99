//! The same flow for an app that signs and is bound: pushed request, code, tokens, each proven — RFC 9126, RFC 7523, RFC 9449.

use anyhow::{Context as _, anyhow, bail};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::code_flow::{self, VERIFIER, authorization};
use crate::{
    crowd::{Script, Step},
    form,
    http::{self, Answer},
    jws::{self, KEY_ID, Key},
    target::Target,
};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Seconds that an assertion may be used.
const LIFE: u64 = 60;

/// One browser and its app, which do the whole flow over one connection.
pub(super) struct BoundFlow {
    app: App,
    stage: Stage,
    /// What to push, but for the assertion.
    push: String,
    /// What to redeem, but for the code and the assertion.
    redeem: String,
    /// The authorization request up to the parameter that names what was pushed, and what follows it.
    ask: (String, String),
    par: Endpoint,
    token: Endpoint,
}

/// What comes next.
enum Stage {
    Push,
    /// With this parameter, which names what was pushed.
    Ask(String),
    Redeem(String),
}

struct Endpoint {
    head: String,
    address: String,
}

/// Who signs.
struct App {
    id: String,
    key: Key,
    issuer: String,
    redirect_uri: String,
    /// The server's newest (RFC 9449 §8).
    nonce: Option<String>,
    /// Nothing that is signed has the same id, in no process.
    salt: String,
    signed: u64,
}

impl BoundFlow {
    /// The flow of one of the people.
    ///
    /// # Errors
    /// When nobody is signed in at the server.
    pub(super) fn new(target: &Target, number: usize) -> anyhow::Result<Self> {
        let prepared = target.prepared()?;
        let (app, endpoints) = (&target.bound, &prepared.endpoints);
        let cookies = &prepared.cookies;
        let cookie = cookies.get(number % cookies.len().max(1)).context("nobody is signed in")?;
        let issuer = format!("http://{}", target.host);
        let endpoint = |path: &str| Endpoint {
            head: http::request_head("POST", path, &target.host),
            address: format!("{issuer}{path}"),
        };
        let asked = authorization(&app.id, &app.redirect_uri, &target.signed);
        let resource = target.signed.resource.as_deref().map(|resource| ("resource", resource));
        let redeemed = [
            ("grant_type", "authorization_code"),
            ("redirect_uri", &*app.redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        let lines = http::request_head("GET", "", &target.host);
        let client = form::encode([("client_id", &*app.id)]);
        let mut salt = [0; 9];
        aws_lc_rs::rand::fill(&mut salt).map_err(|_| anyhow!("no randomness"))?;
        Ok(Self {
            stage: Stage::Push,
            push: form::encode(asked.chain([("nonce", "n"), ("state", "s")])),
            redeem: form::encode(redeemed.into_iter().chain(resource)),
            ask: (
                format!("GET {}?{client}&", endpoints.authorize),
                format!("{}cookie: {cookie}\r\n\r\n", lines.strip_prefix("GET ").unwrap_or_default()),
            ),
            par: endpoint(&endpoints.pushed_request),
            token: endpoint(&endpoints.token),
            app: App {
                id: app.id.clone(),
                key: Key::read(&app.key)?,
                issuer,
                redirect_uri: app.redirect_uri.clone(),
                nonce: None,
                salt: URL_SAFE_NO_PAD.encode(salt),
                signed: 0,
            },
        })
    }

    fn write(&mut self) -> anyhow::Result<String> {
        match &self.stage {
            Stage::Push => self.app.post(&self.par, &self.push),
            Stage::Ask(pushed) => Ok(format!("{}{pushed}{}", self.ask.0, self.ask.1)),
            Stage::Redeem(code) => self.app.post(&self.token, &format!("{}&code={code}", self.redeem)),
        }
    }
}

impl App {
    /// A form with the app's assertion, and a proof beside it.
    fn post(&mut self, to: &Endpoint, form: &str) -> anyhow::Result<String> {
        let (assertion, proof) = (self.assertion()?, self.proof(&to.address)?);
        let signed = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", &*assertion)];
        let form = format!("{form}&{}", form::encode(signed));
        Ok(format!("{}dpop: {proof}\r\n{}{form}", to.head, http::form_head(form.len())))
    }

    fn assertion(&mut self) -> anyhow::Result<String> {
        let (now, jti) = (jws::now()?, self.next_id());
        let Self { id, issuer, .. } = &*self;
        let claims =
            json!({ "iss": id, "sub": id, "aud": issuer, "iat": now, "exp": now + LIFE, "jti": jti });
        self.key.jwt(&json!({ "alg": "ES256", "kid": KEY_ID }), &claims)
    }

    fn proof(&mut self, address: &str) -> anyhow::Result<String> {
        let mut claims = json!({ "htm": "POST", "htu": address, "iat": jws::now()?, "jti": self.next_id() });
        if let (Some(claims), Some(nonce)) = (claims.as_object_mut(), &self.nonce) {
            claims.insert("nonce".to_owned(), nonce.as_str().into());
        }
        self.key.jwt(&json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.key.jwk() }), &claims)
    }

    fn next_id(&mut self) -> Value {
        self.signed += 1;
        format!("{}-{}", self.salt, self.signed).into()
    }

    /// Whether the server only wants its nonce in the proof (RFC 9449 §8).
    fn is_asked_for_nonce(&mut self, answer: &Answer<'_>) -> bool {
        let told = answer.field("dpop-nonce");
        if let Some(nonce) = told {
            self.nonce = Some(nonce.to_owned());
        }
        told.is_some()
            && matches!(answer.status, 400 | 401)
            && http::find(answer.body, b"\"use_dpop_nonce\"").is_some()
    }
}

impl Script for BoundFlow {
    fn request(&mut self, out: &mut Vec<u8>) -> bool {
        let Ok(request) = self.write() else { return false };
        out.extend_from_slice(request.as_bytes());
        true
    }

    fn judge(&mut self, answer: &Answer<'_>) -> anyhow::Result<Step> {
        if self.app.is_asked_for_nonce(answer) {
            return Ok(Step::More);
        }
        let text = |found: &[u8]| String::from_utf8_lossy(found).into_owned();
        match self.stage {
            Stage::Push => {
                let found = http::between(answer.body, b"\"request_uri\":\"", b"\"");
                let Some(uri) = found.filter(|_| answer.status == 201) else { bail!(answer.unexpected()) };
                self.stage = Stage::Ask(form::encode([("request_uri", &*text(uri))]));
            }
            Stage::Ask(_) => {
                let code = code_flow::code(answer, &self.app.redirect_uri)?;
                self.stage = Stage::Redeem(text(&code));
            }
            Stage::Redeem(_) => {
                let body = answer.good()?;
                let wanted =
                    [&b"\"token_type\":\"DPoP\""[..], b"\"access_token\":\"ey", b"\"id_token\":\"ey"];
                if wanted.iter().any(|member| http::find(body, member).is_none()) {
                    bail!(answer.unexpected());
                }
                self.stage = Stage::Push;
                return Ok(Step::Done);
            }
        }
        Ok(Step::More)
    }
}
