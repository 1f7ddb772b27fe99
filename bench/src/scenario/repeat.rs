//! The same request again and again.

use anyhow::bail;

use crate::{
    crowd::{Script, Step},
    form,
    http::{self, Answer},
    target::Target,
};

/// The same request again and again, and what every answer has in it.
pub(super) struct Repeat {
    request: Vec<u8>,
    expected: &'static [u8],
}

impl Repeat {
    /// A machine asks for a token (RFC 6749 §4.4.2).
    pub(super) fn client_credentials(target: &Target) -> anyhow::Result<Self> {
        let machine = &target.machine;
        let form = form::encode([
            ("grant_type", "client_credentials"),
            ("scope", machine.scope.as_str()),
            ("resource", &machine.resource),
        ]);
        let request = http::request_head("POST", &target.prepared()?.endpoints.token, &target.host)
            + &http::basic(&machine.id, &machine.secret)
            + &http::form_head(form.len())
            + &form;
        Ok(Self { request: request.into_bytes(), expected: b"\"access_token\":\"ey" })
    }

    /// A public document.
    pub(super) fn document(target: &Target, path: &str) -> Self {
        let request = http::request_head("GET", path, &target.host) + "\r\n";
        Self { request: request.into_bytes(), expected: b"{\"" }
    }
}

impl Script for Repeat {
    fn request(&mut self, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(&self.request);
        true
    }

    fn judge(&mut self, answer: &Answer<'_>) -> anyhow::Result<Step> {
        if http::find(answer.good()?, self.expected).is_none() {
            bail!(answer.unexpected());
        }
        Ok(Step::Done)
    }
}
