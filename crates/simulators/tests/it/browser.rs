//! A browser without a screen: cookies, redirects one at a time, and forms as the page has them.

use reqwest::{Client, Response, StatusCode, header, redirect::Policy};
use scraper::{ElementRef, Html, Selector};
use url::Url;

/// A browser with cookies of its own.
pub(crate) struct Browser {
    pub(crate) client: Client,
    language: &'static str,
}

/// A page, or a redirect, as it arrived.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) address: Url,
    pub(crate) status: StatusCode,
    pub(crate) headers: header::HeaderMap,
    pub(crate) body: String,
}

impl Browser {
    pub(crate) fn new() -> Self {
        Self::speaking("ko")
    }

    pub(crate) fn speaking(language: &'static str) -> Self {
        let client =
            Client::builder().cookie_store(true).redirect(Policy::none()).no_proxy().build().unwrap();
        Self { client, language }
    }

    pub(crate) async fn open(&self, address: &str) -> Page {
        let request = self.client.get(address).header(header::ACCEPT_LANGUAGE, self.language);
        read(request.send().await.unwrap()).await
    }

    /// Presses the button of this id, with other values for some fields; a field may be given several times.
    pub(crate) async fn press(&self, page: &Page, button: &str, fields: &[(&str, &str)]) -> Page {
        let (action, mut values) = page.form(button);
        values.retain(|(present, _)| fields.iter().all(|(name, _)| name != present));
        values.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let address = page.address.join(&action).unwrap();
        let request =
            self.client.post(address).header(header::ORIGIN, page.address.origin().ascii_serialization());
        let request = request
            .header("sec-fetch-site", "same-origin")
            .header(header::ACCEPT, "text/html")
            .header(header::ACCEPT_LANGUAGE, self.language);
        read(request.form(&values).send().await.unwrap()).await
    }
}

impl Page {
    /// Where a redirect leads.
    pub(crate) fn location(&self) -> Url {
        let Some(location) = self.headers.get(header::LOCATION) else {
            panic!("no redirect but {}: {}", self.status, self.body)
        };
        self.address.join(location.to_str().unwrap()).unwrap()
    }

    /// A parameter of the address to which a redirect leads.
    pub(crate) fn answered(&self, name: &str) -> Option<String> {
        self.location()
            .query_pairs()
            .find(|(present, _)| present == name)
            .map(|(_, value)| value.into_owned())
    }

    pub(crate) fn has(&self, id: &str) -> bool {
        Html::parse_document(&self.body).select(&selector(&format!("[id=\"{id}\"]"))).next().is_some()
    }

    /// The values of an attribute of all elements that a CSS selector finds.
    pub(crate) fn values(&self, css: &str, attribute: &str) -> Vec<String> {
        let document = Html::parse_document(&self.body);
        let wanted = selector(css);
        let found = document.select(&wanted).filter_map(|element| element.attr(attribute));
        found.map(str::to_owned).collect()
    }

    pub(crate) fn text(&self, css: &str) -> String {
        let document = Html::parse_document(&self.body);
        let Some(element) = document.select(&selector(css)).next() else { panic!("no {css}: {}", self.body) };
        element.text().collect::<String>().trim().to_owned()
    }

    /// The action and the fields of the form around a button, the button's own among them.
    pub(crate) fn form(&self, button: &str) -> (String, Vec<(String, String)>) {
        let document = Html::parse_document(&self.body);
        let Some(element) = document.select(&selector(&format!("[id=\"{button}\"]"))).next() else {
            panic!("no button {button} at {} ({}):\n{}", self.address, self.status, self.body)
        };
        let form =
            element.ancestors().filter_map(ElementRef::wrap).find(|e| e.value().name() == "form").unwrap();
        let mut fields = Vec::new();
        for input in form.select(&selector("input[name]")) {
            let kind = input.attr("type").unwrap_or("text");
            let ticked = !matches!(kind, "checkbox" | "radio") || input.attr("checked").is_some();
            if ticked && input.attr("disabled").is_none() {
                let (name, value) = (input.attr("name").unwrap(), input.attr("value").unwrap_or_default());
                fields.push((name.to_owned(), value.to_owned()));
            }
        }
        if let (Some(name), Some(value)) = (element.attr("name"), element.attr("value")) {
            fields.push((name.to_owned(), value.to_owned()));
        }
        (form.attr("action").unwrap().to_owned(), fields)
    }
}

fn selector(css: &str) -> Selector {
    Selector::parse(css).unwrap()
}

pub(crate) async fn read(response: Response) -> Page {
    Page {
        address: response.url().clone(),
        status: response.status(),
        headers: response.headers().clone(),
        body: response.text().await.unwrap(),
    }
}
