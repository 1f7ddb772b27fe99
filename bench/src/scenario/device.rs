//! A device begins, and asks whether somebody has answered — RFC 8628 §3.1, §3.4.

use anyhow::bail;

use crate::{
    crowd::{Script, Step},
    form,
    http::{self, Answer},
    target::Target,
};

/// A device that nobody answers: two requests that count as one.
pub(super) struct Device {
    begin: Vec<u8>,
    /// The head of the token request up to the form's length.
    head: String,
    /// Its form up to the device code.
    form: String,
    code: Option<String>,
}

impl Device {
    pub(super) fn new(target: &Target) -> anyhow::Result<Self> {
        let (app, endpoints) = (&target.device, &target.prepared()?.endpoints);
        let basic = http::basic(&app.id, &app.secret);
        let form = form::encode([("scope", &*app.scope), ("resource", &*app.resource)]);
        let begin = http::request_head("POST", &endpoints.device_authorization, &target.host)
            + &basic
            + &http::form_head(form.len())
            + &form;
        Ok(Self {
            begin: begin.into_bytes(),
            head: http::request_head("POST", &endpoints.token, &target.host) + &basic,
            form: form::encode([("grant_type", "urn:ietf:params:oauth:grant-type:device_code")])
                + "&device_code=",
            code: None,
        })
    }
}

impl Script for Device {
    fn request(&mut self, out: &mut Vec<u8>) -> bool {
        match &self.code {
            None => out.extend_from_slice(&self.begin),
            Some(code) => {
                let length = self.form.len() + code.len();
                let request = format!("{}{}{}{code}", self.head, http::form_head(length), self.form);
                out.extend_from_slice(request.as_bytes());
            }
        }
        true
    }

    fn judge(&mut self, answer: &Answer<'_>) -> anyhow::Result<Step> {
        if self.code.take().is_some() {
            let waits =
                answer.status == 400 && http::find(answer.body, b"\"authorization_pending\"").is_some();
            return if waits { Ok(Step::Done) } else { Err(answer.unexpected()) };
        }
        let Some(code) = http::between(answer.good()?, b"\"device_code\":\"", b"\"") else {
            bail!(answer.unexpected())
        };
        self.code = Some(String::from_utf8_lossy(code).into_owned());
        Ok(Step::More)
    }
}
