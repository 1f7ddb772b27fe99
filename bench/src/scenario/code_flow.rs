//! A signed-in person who has agreed before comes again: authorization request, code, tokens — RFC 6749 §4.1, RFC 7636.

use std::{
    io::Write as _,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::{Context as _, bail};

use crate::{
    crowd::{Script, Step},
    form,
    http::{self, Answer},
    target::{Api, Target},
};

/// A code verifier and its S256 challenge (RFC 7636 Appendix B). A server cannot know that they are always the same ones.
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// One browser and its app, which do the whole flow over one connection.
pub(crate) struct CodeFlow {
    /// Which of all flows this is, for `state` and `nonce`.
    number: usize,
    begun: u64,
    /// The authorization request up to the number, and what follows the number.
    ask: (String, String),
    /// The token request up to the form's length, and the form up to the code.
    redeem: (String, String),
    redirect_uri: String,
    code: Option<Vec<u8>>,
    harvest: Option<Arc<Harvest>>,
}

impl CodeFlow {
    /// The flow of one of the people, for a token of one API.
    ///
    /// # Errors
    /// When nobody is signed in at the server.
    pub(crate) fn new(target: &Target, api: &Api, number: usize) -> anyhow::Result<Self> {
        let prepared = target.prepared()?;
        let web = &target.web;
        let cookie =
            prepared.cookies.get(number % prepared.cookies.len().max(1)).context("nobody is signed in")?;
        let resource = api.resource.as_deref().map(|resource| ("resource", resource));
        let asked = authorization(&web.id, &web.redirect_uri, api).chain([("nonce", "n"), ("state", "s")]);
        let path = format!("{}?{}", prepared.endpoints.authorize, form::encode(asked));
        let (before, _) = path.rsplit_once("nonce=n&state=s").context("the request ends with them")?;
        let lines = http::request_head("GET", "", &target.host);
        let after = format!("{}cookie: {cookie}\r\n\r\n", lines.strip_prefix("GET ").unwrap_or_default());
        let given = [
            ("grant_type", "authorization_code"),
            ("redirect_uri", &*web.redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        let head = http::request_head("POST", &prepared.endpoints.token, &target.host);
        Ok(Self {
            number,
            begun: 0,
            ask: (format!("GET {before}"), after),
            redeem: (
                head + &http::basic(&web.id, &web.secret),
                form::encode(given.into_iter().chain(resource)) + "&code=",
            ),
            redirect_uri: web.redirect_uri.clone(),
            code: None,
            harvest: None,
        })
    }

    /// Ends when enough tokens are gathered, and keeps them.
    pub(crate) fn into_harvest(self, harvest: &Arc<Harvest>) -> Self {
        Self { harvest: Some(Arc::clone(harvest)), ..self }
    }

    fn write_request(&mut self, out: &mut Vec<u8>) -> std::io::Result<()> {
        match self.code.take() {
            Some(code) => {
                let (head, form) = &self.redeem;
                let length = form.len() + code.len();
                write!(out, "{head}{}{form}", http::form_head(length))?;
                out.write_all(&code)
            }
            None => {
                self.begun += 1;
                let (before, after) = &self.ask;
                let (number, begun) = (self.number, self.begun);
                write!(out, "{before}nonce=n-{number:03}-{begun:09}&state=s-{number:03}-{begun:09}{after}")
            }
        }
    }
}

/// The code in a redirect to the app.
pub(super) fn code(answer: &Answer<'_>, redirect_uri: &str) -> anyhow::Result<Vec<u8>> {
    let location = answer.field("location").filter(|location| location.starts_with(redirect_uri));
    let query = location.and_then(|location| location.split_once('?')).map(|(_, query)| query);
    let code = query.and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("code=")));
    match code {
        Some(code) => Ok(code.as_bytes().to_vec()),
        None => bail!("no code: {} {:?} {}", answer.status, answer.field("location"), answer.text()),
    }
}

/// The authorization request of an app for a token of one API, without what differs each time.
pub(crate) fn authorization<'a>(
    client_id: &'a str,
    redirect_uri: &'a str,
    api: &'a Api,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let always = [
        ("response_type", "code"),
        ("client_id", client_id),
        ("redirect_uri", redirect_uri),
        ("scope", &*api.scope),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    always.into_iter().chain(api.resource.as_deref().map(|resource| ("resource", resource)))
}

impl Script for CodeFlow {
    fn request(&mut self, out: &mut Vec<u8>) -> bool {
        let begins = self.code.is_none();
        if begins && self.harvest.as_ref().is_some_and(|harvest| !harvest.wants_another()) {
            return false;
        }
        // A vector takes everything.
        self.write_request(out).is_ok()
    }

    fn judge(&mut self, answer: &Answer<'_>) -> anyhow::Result<Step> {
        if matches!(answer.status, 302 | 303) {
            self.code = Some(code(answer, &self.redirect_uri)?);
            return Ok(Step::More);
        }
        let body = answer.good()?;
        let token = http::between(body, b"\"access_token\":\"", b"\"");
        let (Some(token), Some(_)) = (token, http::find(body, b"\"id_token\":\"ey")) else {
            bail!(answer.unexpected());
        };
        if let Some(harvest) = &self.harvest {
            harvest.put(String::from_utf8_lossy(token).into_owned());
        }
        Ok(Step::Done)
    }
}

/// Tokens that are gathered until there are enough.
#[derive(Debug)]
pub(crate) struct Harvest {
    missing: AtomicUsize,
    gathered: Mutex<Vec<String>>,
}

impl Harvest {
    /// Wants so many.
    pub(crate) fn of(count: usize) -> Arc<Self> {
        Arc::new(Self { missing: AtomicUsize::new(count), gathered: Mutex::default() })
    }

    /// What was gathered so far.
    pub(crate) fn gathered(&self) -> Vec<String> {
        std::mem::take(&mut self.gathered.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn wants_another(&self) -> bool {
        let less = |missing: usize| missing.checked_sub(1);
        self.missing.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }

    fn put(&self, token: String) {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner).push(token);
    }
}
