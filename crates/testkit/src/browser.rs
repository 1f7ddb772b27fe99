//! A browser without a screen: cookies, redirects one at a time, and forms as the page has them.

use std::sync::Arc;

use reqwest::{
    Certificate, Client, ClientBuilder, Response, StatusCode,
    cookie::{CookieStore as _, Jar},
    header,
    redirect::Policy,
};
use scraper::{Html, Selector};
use url::Url;

/// A browser with cookies of its own.
#[derive(Clone, Debug)]
pub struct Browser {
    client: Client,
    jar: Arc<Jar>,
    language: &'static str,
}

/// A page, or a redirect, as it arrived.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its address.
    pub address: Url,
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: header::HeaderMap,
    /// Its text.
    pub body: String,
}

impl Default for Browser {
    fn default() -> Self {
        Self::speaking("ko")
    }
}

impl Browser {
    /// A browser that prefers a language.
    pub fn speaking(language: &'static str) -> Self {
        Self::made(language, Client::builder())
    }

    /// A browser that trusts this certificate authority (PEM), too.
    pub fn trusting(authority: &[u8], language: &'static str) -> Self {
        let authority = Certificate::from_pem(authority).expect("it is a certificate");
        Self::made(language, Client::builder().tls_certs_merge([authority]))
    }

    fn made(language: &'static str, builder: ClientBuilder) -> Self {
        let jar = Arc::new(Jar::default());
        // Nothing is kept open: a test that ends a process and starts it again would ask the one that has ended.
        let builder = builder.pool_max_idle_per_host(0);
        let client = builder.cookie_provider(Arc::clone(&jar)).redirect(Policy::none()).build();
        Self { client: client.expect("a client can be made"), jar, language }
    }

    /// The cookies that this browser sends to an address, as it sends them.
    pub fn cookies(&self, address: &str) -> String {
        let address = address.parse().expect("it is an address");
        let cookies = self.jar.cookies(&address).expect("it has some");
        cookies.to_str().expect("they are text").to_owned()
    }

    /// Keeps the cookies of a page that another browser was sent to.
    pub fn keep(&self, page: &Page) {
        let mut cookies = page.headers.get_all(header::SET_COOKIE).iter();
        self.jar.set_cookies(&mut cookies, &page.address);
    }

    /// Keeps a cookie that a neighbouring port or path of this host has planted.
    pub fn plant(&self, cookie: &str, address: &str) {
        self.jar.add_cookie_str(cookie, &address.parse().expect("it is an address"));
    }

    /// The client with this browser's cookies, for requests that no page of ours makes.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Opens an address; redirects are not followed.
    pub async fn open(&self, address: &str) -> Page {
        let request = self.client.get(address).header(header::ACCEPT_LANGUAGE, self.language);
        read(request.send().await.expect("the server answers")).await
    }

    /// Opens an address and follows redirects as long as they stay on its host and port.
    pub async fn visit(&self, address: &str) -> Page {
        let page = self.open(address).await;
        self.follow(page).await
    }

    /// Follows the redirects of a page as long as they stay on its host and port.
    pub async fn follow(&self, mut page: Page) -> Page {
        for _ in 0..10 {
            let Some(next) = page.location() else { return page };
            if next.origin() != page.address.origin() {
                return page;
            }
            page = self.open(next.as_str()).await;
        }
        panic!("redirects in a circle at {}", page.address);
    }

    /// Submits the form with the button of this id, with some fields filled in; redirects are not followed.
    pub async fn submit(&self, page: &Page, button: &str, fields: &[(&str, &str)]) -> Page {
        let (action, mut values) = page.form(button);
        for (name, value) in fields {
            values.retain(|(present, _)| present != name);
            values.push(((*name).to_owned(), (*value).to_owned()));
        }
        self.post(&action, page, &values).await
    }

    /// Sends whatever a test likes, with this browser's cookies.
    pub async fn send(&self, method: &str, address: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Page {
        let method = method.parse().expect("it is a method");
        let mut request = self.client.request(method, address).header(header::ACCEPT_LANGUAGE, self.language);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(request.body(body).send().await.expect("the server answers")).await
    }

    /// Posts fields as the form of a page would.
    pub async fn post(&self, action: &str, page: &Page, values: &[(String, String)]) -> Page {
        let address = page.address.join(action).expect("the form leads somewhere");
        let origin = page.address.origin().ascii_serialization();
        let request = self.client.post(address).header(header::ORIGIN, origin).form(values);
        let request =
            request.header("sec-fetch-site", "same-origin").header(header::ACCEPT_LANGUAGE, self.language);
        read(request.send().await.expect("the server answers")).await
    }
}

impl Page {
    /// Where a redirect leads.
    pub fn location(&self) -> Option<Url> {
        let location = self.headers.get(header::LOCATION)?.to_str().expect("it is text");
        Some(self.address.join(location).expect("it is an address"))
    }

    /// A parameter of the address to which a redirect leads.
    pub fn answered(&self, name: &str) -> Option<String> {
        let location = self.location()?;
        location.query_pairs().find(|(present, _)| present == name).map(|(_, value)| value.into_owned())
    }

    /// Whether the page has an element with this id.
    pub fn has(&self, id: &str) -> bool {
        Html::parse_document(&self.body).select(&selector(&format!("[id=\"{id}\"]"))).next().is_some()
    }

    /// The text of the first element that a CSS selector finds.
    pub fn text(&self, css: &str) -> Option<String> {
        let document = Html::parse_document(&self.body);
        let element = document.select(&selector(css)).next()?;
        Some(element.text().collect::<String>().trim().to_owned())
    }

    /// The texts of all elements that a CSS selector finds, in the order of the page.
    pub fn texts(&self, css: &str) -> Vec<String> {
        let document = Html::parse_document(&self.body);
        let text = |element: scraper::ElementRef<'_>| element.text().collect::<String>().trim().to_owned();
        document.select(&selector(css)).map(text).collect()
    }

    /// The values of an attribute of all elements that a CSS selector finds.
    pub fn values(&self, css: &str, attribute: &str) -> Vec<String> {
        let document = Html::parse_document(&self.body);
        document
            .select(&selector(css))
            .filter_map(|element| element.attr(attribute).map(str::to_owned))
            .collect()
    }

    /// The action and the fields of the form around a button, the button's own among them.
    pub fn form(&self, button: &str) -> (String, Vec<(String, String)>) {
        let document = Html::parse_document(&self.body);
        let css = selector(&format!("[id=\"{button}\"]"));
        let Some(element) = document.select(&css).next() else {
            panic!("no button {button} at {} ({}):\n{}", self.address, self.status, self.body)
        };
        let form =
            element.ancestors().filter_map(scraper::ElementRef::wrap).find(|e| e.value().name() == "form");
        let form = form.expect("the button stands in a form");
        let mut fields = Vec::new();
        for input in form.select(&selector("input[name], textarea[name]")) {
            let kind = input.attr("type").unwrap_or("text");
            let ticked = !matches!(kind, "checkbox" | "radio") || input.attr("checked").is_some();
            if ticked && !matches!(kind, "submit" | "file") && input.attr("disabled").is_none() {
                let value = match input.value().name() {
                    "textarea" => input.text().collect(),
                    _ => input.attr("value").unwrap_or_default().to_owned(),
                };
                fields.push((input.attr("name").unwrap_or_default().to_owned(), value));
            }
        }
        if let (Some(name), Some(value)) = (element.attr("name"), element.attr("value")) {
            fields.push((name.to_owned(), value.to_owned()));
        }
        (form.attr("action").unwrap_or_default().to_owned(), fields)
    }
}

fn selector(css: &str) -> Selector {
    Selector::parse(css).expect("it is a selector")
}

async fn read(response: Response) -> Page {
    Page {
        address: response.url().clone(),
        status: response.status(),
        headers: response.headers().clone(),
        body: response.text().await.expect("the answer is text"),
    }
}
