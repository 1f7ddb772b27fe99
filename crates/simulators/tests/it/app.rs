//! What an app of any provider does: ask for a code, with the default app's credentials.

use reqwest::Response;
use serde_json::Value;

use crate::{
    browser::{Browser, Page},
    scene::{CALLBACK, Scene, agree, sign_in},
};

impl Scene {
    /// An authorization request of the default app, with other parameters in place of its own; empty ones are left out.
    pub(crate) fn request(&self, path: &str, more: &[(&str, &str)]) -> String {
        let app = self.simulator.app();
        let mut parameters = vec![
            ("client_id", app.client_id.as_str()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("state", "a state"),
        ];
        replace(&mut parameters, more);
        self.address(path, &parameters)
    }

    /// Signs somebody in who agrees to these optional items, as far as there is a page.
    pub(crate) async fn visit(&self, address: &str, person: &str, items: &[&str]) -> Page {
        let browser = Browser::new();
        let page = sign_in(&browser, address, person).await;
        if page.has("consent-approve") { agree(&browser, &page, items).await } else { page }
    }

    /// A token request of the default app, with other fields in place of its own; empty ones are left out.
    pub(crate) async fn ask(&self, path: &str, more: &[(&str, &str)]) -> Response {
        let app = self.simulator.app();
        let secret = app.client_secret.unwrap_or_default();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("client_id", app.client_id.as_str()),
            ("client_secret", secret.as_str()),
            ("redirect_uri", CALLBACK),
        ];
        replace(&mut form, more);
        self.post(path, &form).await
    }
}

fn replace<'a>(fields: &mut Vec<(&'a str, &'a str)>, more: &[(&'a str, &'a str)]) {
    fields.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    fields.extend(more.iter().filter(|(_, value)| !value.is_empty()));
}

/// A text member.
pub(crate) fn text<'a>(json: &'a Value, name: &str) -> &'a str {
    json[name].as_str().unwrap_or_else(|| panic!("no {name} in {json}"))
}
