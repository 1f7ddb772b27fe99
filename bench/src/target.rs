//! A server that is measured, and what is registered there for it.

use std::{fs::File, net::SocketAddr, path::Path};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// A server that is measured: written by whoever started it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Target {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// What it is called: the `Host` of requests.
    pub(crate) host: String,
    /// Its process.
    pub(crate) pid: u32,
    /// An app that acts for itself, with a signed token for one API.
    pub(crate) machine: Caller,
    /// An app that people sign in to.
    pub(crate) web: Web,
    /// An app that people sign in to, which signs what it says and whose tokens are bound to its key.
    pub(crate) bound: Bound,
    /// An app on devices without a browser.
    pub(crate) device: Caller,
    /// An app that exchanges tokens; none where tokens are not exchanged.
    pub(crate) exchange: Option<Caller>,
    /// The API whose tokens are JWTs.
    pub(crate) signed: Api,
    /// The API whose tokens are opaque.
    pub(crate) opaque: Api,
    /// How many people have an account.
    pub(crate) people: usize,
    /// The password of each.
    pub(crate) password: String,
    /// What [`prepare`](crate::prepare) found out; absent before.
    #[serde(flatten)]
    pub(crate) prepared: Option<Prepared>,
}

/// What is known of a server once everybody is signed in.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Prepared {
    /// Its addresses.
    pub(crate) endpoints: Endpoints,
    /// The `Cookie` header of each person's browser.
    pub(crate) cookies: Vec<String>,
}

/// Paths on the server, from its discovery document.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Endpoints {
    pub(crate) authorize: String,
    pub(crate) token: String,
    pub(crate) pushed_request: String,
    pub(crate) device_authorization: String,
    pub(crate) introspect: String,
    pub(crate) userinfo: String,
    pub(crate) jwks: String,
}

/// Where every OpenID provider has its metadata (OIDC Discovery §4).
pub(crate) const DISCOVERY: &str = "/.well-known/openid-configuration";

/// An app that asks by itself, and what for.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Caller {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) scope: String,
    pub(crate) resource: String,
}

/// An app that people sign in to.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Web {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) redirect_uri: String,
}

/// An app that people sign in to, and the key with which it signs.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Bound {
    pub(crate) id: String,
    /// PKCS #8, in base64url.
    pub(crate) key: String,
    pub(crate) redirect_uri: String,
}

/// An API, and what the app asks for in order to get a token for it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Api {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) scope: String,
    /// None: the token is for the server itself.
    pub(crate) resource: Option<String>,
}

impl Target {
    /// Reads a description.
    ///
    /// # Errors
    /// The file, or what is in it.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| path.display().to_string())?;
        serde_json::from_reader(file).with_context(|| path.display().to_string())
    }

    /// What was found out when everybody signed in.
    ///
    /// # Errors
    /// When nobody has.
    pub(crate) fn prepared(&self) -> anyhow::Result<&Prepared> {
        self.prepared.as_ref().context("nobody is signed in there: run `prepare` first")
    }

    /// The address at which the person of that number has an account.
    pub(crate) fn email(number: usize) -> String {
        format!("person-{number}@example.com")
    }
}
