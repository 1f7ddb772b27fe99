//! Quick start: what to put where, with the app's own values — OIDC Core §3.1.2.1, RFC 6749 §4.1.3, RFC 7636 §4,
//! RFC 8628 §3.

use mapae_protocol::{client_assertion::ASSERTION_TYPE, device::DEVICE_CODE};

use crate::pages::at;

/// The values of an app that its code needs.
#[derive(Debug, Clone)]
pub struct QuickStart {
    /// The server's issuer.
    pub issuer: String,
    /// The app's `client_id`.
    pub client_id: String,
    /// Whether it has no secret.
    pub public: bool,
    /// Whether it proves itself by a JWT that it signs.
    pub signs: bool,
    /// Whether it runs on a device without a browser, and sends nobody here.
    pub device: bool,
    /// One of its redirect URIs; empty if it has none.
    pub redirect_uri: String,
    /// The scopes that it may ask for.
    pub scope: String,
}

impl QuickStart {
    /// For any OpenID Connect library.
    pub(in crate::pages) fn environment(&self) -> String {
        let secret = if self.public { "" } else { "OIDC_CLIENT_SECRET=••••••••\n" };
        let redirect_uri = match self.redirect_uri.as_str() {
            "" => String::new(),
            uri => format!("OIDC_REDIRECT_URI={uri}\n"),
        };
        format!(
            "OIDC_ISSUER={}\nOIDC_CLIENT_ID={}\n{secret}{redirect_uri}OIDC_SCOPE=\"{}\"",
            self.issuer, self.client_id, self.scope
        )
    }

    /// Where the browser is sent.
    pub(in crate::pages) fn authorization(&self) -> String {
        let parameters = [
            ("response_type", self.encoded("code")),
            ("client_id", self.encoded(&self.client_id)),
            ("redirect_uri", self.encoded(&self.redirect_uri)),
            ("scope", self.encoded(&self.scope)),
            ("state", "$STATE".to_owned()),
            ("code_challenge", "$CODE_CHALLENGE".to_owned()),
            ("code_challenge_method", self.encoded("S256")),
        ];
        let lines = parameters.map(|(name, value)| format!("{name}={value}"));
        format!("{}/authorize?\n  {}", self.issuer, lines.join("&\n  "))
    }

    /// How the code becomes tokens.
    pub(in crate::pages) fn token(&self) -> String {
        let client = self.client();
        format!(
            "curl {}/token \\\n  {client} \\\n  -d grant_type=authorization_code \\\n  -d code=\"$CODE\" \\\n  \
             -d code_verifier=\"$CODE_VERIFIER\" \\\n  --data-urlencode redirect_uri='{}'",
            self.issuer, self.redirect_uri
        )
    }

    /// How a device asks for the code that people type (RFC 8628 §3.1).
    pub(in crate::pages) fn device_authorization(&self) -> String {
        format!(
            "curl {}/device_authorization \\\n  {} \\\n  --data-urlencode scope='{}'",
            self.issuer,
            self.client(),
            self.scope
        )
    }

    /// How it asks whether somebody has (RFC 8628 §3.4).
    pub(in crate::pages) fn device_token(&self) -> String {
        format!(
            "curl {}/token \\\n  {} \\\n  -d grant_type={DEVICE_CODE} \\\n  -d device_code=\"$DEVICE_CODE\"",
            self.issuer,
            self.client()
        )
    }

    /// How it proves itself.
    fn client(&self) -> String {
        if self.signs {
            format!(
                "-d client_assertion_type={ASSERTION_TYPE} \\\n  -d client_assertion=\"$CLIENT_ASSERTION\""
            )
        } else if self.public {
            format!("-d client_id={}", self.client_id)
        } else {
            format!("-u \"{}:$CLIENT_SECRET\"", self.client_id)
        }
    }

    /// The discovery document of this server.
    pub(in crate::pages) fn discovery(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.issuer)
    }

    fn encoded(&self, value: &str) -> String {
        at::with("", "v", value).split_off("?v=".len())
    }
}
