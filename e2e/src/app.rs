//! Apps and APIs as their servers behave: they redeem, refresh, revoke and introspect, and note what they were told.

use http::StatusCode;
use mapae_protocol::pkce::CodeVerifier;

use crate::{
    history::{Act, Digest, Journal, Moment, Outcome},
    process::Installation,
    wire::{Field, Lost, Reply, Wire},
};

/// Where the apps of these tests live. Nobody ever goes there.
const REDIRECT_URI: &str = "https://app.example/callback";
/// What every app asks for: the person's identity and their calendar.
pub const SCOPE: &str = "openid calendar.read";

/// A confidential app whose refresh tokens rotate.
#[derive(Clone, Debug)]
pub struct App {
    /// As people see it; no two have the same.
    pub name: String,
    /// `app_…`
    pub client_id: String,
    client_secret: String,
}

/// The API for which all tokens are.
#[derive(Clone, Debug)]
pub struct Api {
    client_id: String,
    client_secret: String,
}

/// A code, and the verifier that belongs to it.
#[derive(Clone, Debug)]
pub struct Code {
    /// The code.
    pub text: String,
    /// The secret half of PKCE (RFC 7636 §4.1).
    pub verifier: String,
}

/// What an app got for a code or a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
}

impl App {
    /// Registers an app on the command line.
    pub async fn create(installation: &Installation, journal: &Journal, name: &str) -> Self {
        let words =
            ["app", "create", "--name", name, "--redirect-uri", REDIRECT_URI, "--id-token-alg", "ES256"];
        let scopes = ["--required-scope", "openid", "--required-scope", "calendar.read"];
        let began = journal.now();
        let made = installation.run(&[&words[..], &scopes].concat(), "").await;
        let made = made.unwrap_or_else(|complaint| panic!("{complaint}"));
        let text =
            |name: &str| made.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        let app = Self {
            name: name.to_owned(),
            client_id: text("client_id"),
            client_secret: text("client_secret"),
        };
        journal.note(began, Act::CreateApp { app: app.digest() }, Outcome::Done);
        app
    }

    /// Switches the app off on the command line.
    pub async fn disable(&self, installation: &Installation, journal: &Journal) {
        let began = journal.now();
        let done = installation.run(&["app", "disable", &self.client_id], "").await;
        done.unwrap_or_else(|complaint| panic!("{complaint}"));
        journal.note(began, Act::DisableApp { app: self.digest() }, Outcome::Done);
    }

    /// As the history calls it.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.client_id)
    }

    /// The address to which it sends a browser (path and query), and the verifier that belongs to it.
    pub fn authorization(&self) -> (String, String) {
        let verifier = CodeVerifier::generate();
        let challenge = verifier.challenge().to_string();
        let query = mapae_protocol::params::encode([
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", REDIRECT_URI),
            ("scope", SCOPE),
            ("state", "0"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        (format!("/authorize?{query}"), verifier.expose().to_owned())
    }

    /// Redeems a code; `None`: refused.
    ///
    /// # Errors
    /// [`Lost`]
    pub async fn redeem(
        &self,
        wire: &mut Wire,
        journal: &Journal,
        code: &Code,
    ) -> Result<Option<Tokens>, Lost> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code.text),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", &code.verifier),
        ];
        let act = Act::Redeem { code: Digest::of(&code.text) };
        self.exchange(wire, journal, act, &form).await
    }

    /// Refreshes; `None`: refused.
    ///
    /// # Errors
    /// [`Lost`]
    pub async fn refresh(
        &self,
        wire: &mut Wire,
        journal: &Journal,
        token: &str,
    ) -> Result<Option<Tokens>, Lost> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        let act = Act::Refresh { token: Digest::of(token) };
        self.exchange(wire, journal, act, &form).await
    }

    /// Revokes an access token.
    ///
    /// # Errors
    /// [`Lost`]
    pub async fn revoke_access(&self, wire: &mut Wire, journal: &Journal, access: &str) -> Result<(), Lost> {
        self.revoke(wire, journal, Act::RevokeAccess { access: Digest::of(access) }, access).await
    }

    /// Revokes a refresh token with everything of its grant.
    ///
    /// # Errors
    /// [`Lost`]
    pub async fn revoke_grant(&self, wire: &mut Wire, journal: &Journal, token: &str) -> Result<(), Lost> {
        self.revoke(wire, journal, Act::RevokeGrant { token: Digest::of(token) }, token).await
    }

    async fn exchange(
        &self,
        wire: &mut Wire,
        journal: &Journal,
        act: Act,
        form: &[Field<'_>],
    ) -> Result<Option<Tokens>, Lost> {
        let began = journal.now();
        let reply = wire.post("/token", &[], &self.signed(form)).await;
        let reply = noting_loss(journal, began, &act, reply)?;
        let tokens = match reply.status {
            StatusCode::OK => Some(Tokens::read(&reply)),
            // A disabled app is not even known any more.
            StatusCode::UNAUTHORIZED => None,
            StatusCode::BAD_REQUEST if error(&reply) == "invalid_grant" => None,
            _ => panic!("{act:?}: {} {}", reply.status, reply.text()),
        };
        let outcome = tokens.as_ref().map_or(Outcome::Refused, Tokens::outcome);
        journal.note(began, act, outcome);
        Ok(tokens)
    }

    async fn revoke(&self, wire: &mut Wire, journal: &Journal, act: Act, token: &str) -> Result<(), Lost> {
        let began = journal.now();
        let reply = wire.post("/revoke", &[], &self.signed(&[("token", token)])).await;
        let reply = noting_loss(journal, began, &act, reply)?;
        match reply.status {
            StatusCode::OK => journal.note(began, act, Outcome::Done),
            StatusCode::UNAUTHORIZED => {}
            _ => panic!("{act:?}: {} {}", reply.status, reply.text()),
        }
        Ok(())
    }

    /// A form with the app's own credential.
    fn signed<'a>(&'a self, form: &[Field<'a>]) -> Vec<Field<'a>> {
        let credential =
            [("client_id", self.client_id.as_str()), ("client_secret", self.client_secret.as_str())];
        [form, &credential].concat()
    }
}

impl Api {
    /// Registers the API on the command line.
    pub async fn create(installation: &Installation) -> Self {
        let words = ["api", "create", "--identifier", "https://calendar.example", "--name", "일정"];
        let scope = ["--scope", "calendar.read=일정 보기|See your calendar"];
        let made = installation.run(&[&words[..], &scope].concat(), "").await;
        let made = made.unwrap_or_else(|complaint| panic!("{complaint}"));
        let text =
            |name: &str| made.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        Self { client_id: text("client_id"), client_secret: text("client_secret") }
    }

    /// Asks the server whether a token is good (RFC 7662).
    ///
    /// # Errors
    /// [`Lost`]
    pub async fn introspect(&self, wire: &mut Wire, journal: &Journal, access: &str) -> Result<bool, Lost> {
        let form =
            [("token", access), ("client_id", &self.client_id), ("client_secret", &self.client_secret)];
        let began = journal.now();
        let reply = wire.post("/introspect", &[], &form).await?;
        let active = reply.json().get("active").and_then(serde_json::Value::as_bool);
        let active = active.unwrap_or_else(|| panic!("introspection: {} {}", reply.status, reply.text()));
        note_sight(journal, began, access, active);
        Ok(active)
    }
}

/// Uses an access token at userinfo (OIDC Core §5.3).
///
/// # Errors
/// [`Lost`]
pub async fn userinfo(wire: &mut Wire, journal: &Journal, access: &str) -> Result<bool, Lost> {
    let began = journal.now();
    let reply = wire.get("/userinfo", &[(http::header::AUTHORIZATION, format!("Bearer {access}"))]).await?;
    let good = match reply.status {
        StatusCode::OK => true,
        StatusCode::UNAUTHORIZED => false,
        _ => panic!("userinfo: {} {}", reply.status, reply.text()),
    };
    note_sight(journal, began, access, good);
    Ok(good)
}

/// Notes that an act was lost on its way, if it was on its way at all.
pub(crate) fn noting_loss<T>(
    journal: &Journal,
    began: Moment,
    act: &Act,
    answer: Result<T, Lost>,
) -> Result<T, Lost> {
    if matches!(answer, Err(Lost::Unknown)) {
        journal.note(began, act.clone(), Outcome::Unknown);
    }
    answer
}

fn note_sight(journal: &Journal, began: Moment, access: &str, good: bool) {
    let outcome = if good { Outcome::Alive } else { Outcome::Refused };
    journal.note(began, Act::Introspect { access: Digest::of(access) }, outcome);
}

impl Tokens {
    fn read(reply: &Reply) -> Self {
        let json = reply.json();
        let text = |name: &str| {
            let text = json.get(name).and_then(serde_json::Value::as_str);
            text.unwrap_or_else(|| panic!("tokens without {name}")).to_owned()
        };
        Self { access: text("access_token"), refresh: text("refresh_token") }
    }

    fn outcome(&self) -> Outcome {
        Outcome::Tokens { access: Digest::of(&self.access), refresh: Digest::of(&self.refresh) }
    }
}

fn error(reply: &Reply) -> String {
    reply.json().get("error").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}
