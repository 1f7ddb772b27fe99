//! Another way in: whose it is, before it is one.

use crate::pages::{Page, at, example, shown::Shown};

/// Asks the owner of an account whether somebody at a provider is them.
#[derive(Debug, Clone)]
pub struct UpstreamConnect {
    /// The pending step, sealed.
    pub step: String,
    /// What people call the provider.
    pub provider: Shown,
    /// What the person is called there.
    pub account: Shown,
}

impl Page for UpstreamConnect {
    const NAME: &'static str = "upstream-connect";

    template!(UpstreamConnect, "pages/upstream_connect.html");

    fn address(&self) -> Option<String> {
        Some(at::step(at::UPSTREAM_CONNECT, &self.step))
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let usual = Self {
            step: example::STEP.to_owned(),
            provider: Shown::name("네이버"),
            account: Shown::name("yuna@example.test"),
        };
        let long = "a.very.long.address.of.somebody.else@a-company-with-a-long-name.example";
        vec![("long", Self { account: Shown::name(long), ..usual.clone() }), ("usual", usual)]
    }
}
