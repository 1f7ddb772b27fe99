//! Many tokens, each shown once.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use anyhow::{Context as _, bail};

use super::{CodeFlow, Harvest, Scenario};
use crate::{
    crowd::{Crowd, Script, Step},
    form,
    http::{self, Answer},
    target::{Api, Target},
};

/// For the beginning, which is not measured.
const WARM_UP: usize = 500;

/// Access tokens that nobody has shown yet, each different. Cloning shares them.
#[derive(Clone, Debug)]
pub(crate) struct Tokens(Arc<Queue>);

#[derive(Debug)]
struct Queue {
    all: Vec<String>,
    next: AtomicUsize,
    offered: AtomicUsize,
}

impl Tokens {
    /// Has as many tokens made as the scenario will show, by people who sign in again, and some for the beginning.
    ///
    /// # Errors
    /// When a flow goes wrong.
    pub(crate) async fn made_by(target: &Target, scenario: Scenario, count: usize) -> anyhow::Result<Self> {
        let all = match scenario.shown(target) {
            Some(api) => make(target, api, count + WARM_UP).await?,
            None => Vec::new(),
        };
        Ok(Self(Arc::new(Queue { all, next: AtomicUsize::new(0), offered: AtomicUsize::new(0) })))
    }

    /// Offers those that are for the beginning.
    pub(crate) fn offer_some(&self) {
        self.0.offered.store(WARM_UP.min(self.0.all.len()), Ordering::Relaxed);
    }

    /// Offers all others.
    pub(crate) fn offer_rest(&self) {
        self.0.offered.store(self.0.all.len(), Ordering::Relaxed);
    }

    /// Whether a scenario ends because its tokens do.
    pub(crate) fn are_none(&self) -> bool {
        self.0.all.is_empty()
    }

    fn take(&self) -> Option<&str> {
        let Queue { all, next, offered } = &*self.0;
        let number = next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| {
            (next < offered.load(Ordering::Relaxed)).then_some(next + 1)
        });
        all.get(number.ok()?).map(String::as_str)
    }
}

async fn make(target: &Target, api: &Api, count: usize) -> anyhow::Result<Vec<String>> {
    let harvest = Harvest::of(count);
    let flow = |number| -> anyhow::Result<Box<dyn Script>> {
        Ok(Box::new(CodeFlow::new(target, api, number)?.into_harvest(&harvest)))
    };
    let scripts = (0..target.people).map(flow).collect::<anyhow::Result<Vec<_>>>()?;
    Crowd::gather(target.address, scripts).await?.work(None).await?;
    let tokens = harvest.gathered();
    if tokens.len() != count {
        bail!("{} tokens were made instead of {count}", tokens.len());
    }
    Ok(tokens)
}

/// Shows the tokens one after the other.
pub(super) struct ShowTokens {
    tokens: Tokens,
    shown: Shown,
    expected: &'static [u8],
}

/// Where in a request the token is.
enum Shown {
    /// At the end of the form: what comes before the form's length is always the same, and so is what comes before the token.
    Form { head: String, form: String },
    /// In the head, after this.
    Header { before: String },
}

impl ShowTokens {
    /// An API asks what a token is worth (RFC 7662 §2.1).
    pub(super) fn introspection(target: &Target, api: &Api, tokens: &Tokens) -> anyhow::Result<Self> {
        let head = http::request_head("POST", &target.prepared()?.endpoints.introspect, &target.host)
            + &http::basic(&api.id, &api.secret);
        Ok(Self {
            tokens: tokens.clone(),
            shown: Shown::Form { head, form: "token=".to_owned() },
            expected: b"\"active\":true",
        })
    }

    /// A service gets a token of its own for that of whoever called it (RFC 8693 §2.1).
    pub(super) fn exchange(target: &Target, tokens: &Tokens) -> anyhow::Result<Self> {
        let app = target.exchange.as_ref().context("nobody exchanges tokens there")?;
        let head = http::request_head("POST", &target.prepared()?.endpoints.token, &target.host)
            + &http::basic(&app.id, &app.secret);
        let form = form::encode([
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("scope", &*app.scope),
            ("resource", &*app.resource),
        ]);
        let shown = Shown::Form { head, form: form + "&subject_token=" };
        Ok(Self { tokens: tokens.clone(), shown, expected: b"\"access_token\":\"ey" })
    }

    /// An app asks who a person is (OIDC Core §5.3.1).
    pub(super) fn userinfo(target: &Target, tokens: &Tokens) -> anyhow::Result<Self> {
        let head = http::request_head("GET", &target.prepared()?.endpoints.userinfo, &target.host);
        let before = head + "authorization: Bearer ";
        Ok(Self { tokens: tokens.clone(), shown: Shown::Header { before }, expected: b"\"sub\":\"" })
    }
}

impl Script for ShowTokens {
    fn request(&mut self, out: &mut Vec<u8>) -> bool {
        let Some(token) = self.tokens.take() else { return false };
        let mut write = |text: &str| out.extend_from_slice(text.as_bytes());
        match &self.shown {
            Shown::Form { head, form } => {
                write(head);
                write(&http::form_head(form.len() + token.len()));
                write(form);
                write(token);
            }
            Shown::Header { before } => {
                write(before);
                write(token);
                write("\r\n\r\n");
            }
        }
        true
    }

    fn judge(&mut self, answer: &Answer<'_>) -> anyhow::Result<Step> {
        if http::find(answer.good()?, self.expected).is_none() {
            bail!(answer.unexpected());
        }
        Ok(Step::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_token_is_shown_once_and_the_beginning_has_its_own() {
        let all: Vec<String> = (0..WARM_UP + 2).map(|number| number.to_string()).collect();
        let queue = Queue { all, next: AtomicUsize::new(0), offered: AtomicUsize::new(0) };
        let tokens = Tokens(Arc::new(queue));
        assert_eq!(tokens.take(), None);
        tokens.offer_some();
        assert_eq!(std::iter::from_fn(|| tokens.take()).count(), WARM_UP);
        tokens.offer_rest();
        assert_eq!(tokens.take(), Some(WARM_UP.to_string().as_str()));
        assert_eq!(tokens.take(), Some((WARM_UP + 1).to_string().as_str()));
        assert_eq!(tokens.take(), None);
    }
}
