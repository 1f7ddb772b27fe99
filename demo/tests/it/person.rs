//! Somebody before a browser, who goes from page to page and presses buttons.

use mapae_demo::Running;
use reqwest::{Client, Response, header, redirect::Policy};
use scraper::{ElementRef, Html, Selector};
use url::Url;

/// Nobody follows more redirects.
const MOST: usize = 10;

/// A browser with cookies.
pub(crate) struct Person {
    http: Client,
    service: String,
}

/// A page that was reached.
pub(crate) struct Page {
    pub(crate) address: Url,
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Person {
    pub(crate) fn new(running: &Running) -> Self {
        let http = Client::builder().cookie_store(true).redirect(Policy::none()).no_proxy().build().unwrap();
        Self { http, service: running.service_url.clone() }
    }

    /// A page of the service.
    pub(crate) async fn visit(&self, path: &str) -> Page {
        self.open(&format!("{}{path}", self.service)).await
    }

    /// An address, and wherever it leads.
    pub(crate) async fn open(&self, address: &str) -> Page {
        self.follow(self.get(address).await).await
    }

    /// An answer as it comes.
    pub(crate) async fn get(&self, address: &str) -> Response {
        self.http.get(address).header(header::ACCEPT_LANGUAGE, "ko").send().await.unwrap()
    }

    /// The stream that tells of the end of the session.
    pub(crate) async fn listen(&self) -> Response {
        self.get(&format!("{}/session/events", self.service)).await
    }

    /// Presses a button of a page; the form's ticked boxes are those of `items`.
    pub(crate) async fn press(&self, page: &Page, button: &str, fields: &[(&str, &str)]) -> Page {
        let (action, mut sent) = page.form(button);
        for (name, value) in fields {
            sent.retain(|(present, _)| present != name);
            sent.push(((*name).to_owned(), (*value).to_owned()));
        }
        self.send(page.address.join(&action).unwrap(), &sent).await
    }

    /// A form of the service that no page has.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.send(Url::parse(&format!("{}{path}", self.service)).unwrap(), &fields).await
    }

    async fn send(&self, address: Url, fields: &impl serde::Serialize) -> Page {
        let request = self.http.post(address).header(header::ACCEPT_LANGUAGE, "ko").form(fields);
        self.follow(request.header("sec-fetch-site", "same-origin").send().await.unwrap()).await
    }

    /// From the button of a provider to the first page of the service, signing in as `name` where that is asked.
    pub(crate) async fn sign_in(&self, provider: &str, name: &str) -> Page {
        let page = self.visit(&format!("/login?provider={provider}&return_to=/")).await;
        if page.has("consent-approve") || !page.has("login-submit") {
            return self.agree(page).await;
        }
        let page = self.press(&page, "login-submit", &[("login", name), ("password", "simulation")]).await;
        self.agree(page).await
    }

    /// Says yes where the provider asks for that.
    pub(crate) async fn agree(&self, page: Page) -> Page {
        if page.has("consent-approve") { self.press(&page, "consent-approve", &[]).await } else { page }
    }

    /// The whole first way in; the member's page.
    pub(crate) async fn join(&self, provider: &str, name: &str) -> Page {
        let form = self.sign_in(provider, name).await;
        assert!(form.has("sign-up-submit"), "{}", form.body);
        self.press(&form, "sign-up-submit", &[("nickname", "라이언"), ("terms", "on")]).await
    }

    async fn follow(&self, mut response: Response) -> Page {
        for _ in 0..MOST {
            let address = response.url().clone();
            let location = response.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
            let Some(location) = location else {
                let status = response.status().as_u16();
                let page = Page { address, status, body: response.text().await.unwrap() };
                if !page.has("hand-over-submit") {
                    return page;
                }
                // Apple's page posts itself to the service. Another port is another origin of the same site.
                let (action, sent) = page.form("hand-over-submit");
                let posted = self.http.post(&action).header("sec-fetch-site", "same-site").form(&sent);
                response = posted.send().await.unwrap();
                continue;
            };
            response = self.get(address.join(&location).unwrap().as_str()).await;
        }
        panic!("round and round")
    }
}

impl Page {
    pub(crate) fn has(&self, id: &str) -> bool {
        Html::parse_document(&self.body).select(&by_id(id)).next().is_some()
    }

    pub(crate) fn heading(&self) -> String {
        let page = Html::parse_document(&self.body);
        page.select(&Selector::parse("h1").unwrap()).flat_map(|heading| heading.text()).collect()
    }

    fn form(&self, button: &str) -> (String, Vec<(String, String)>) {
        let page = Html::parse_document(&self.body);
        let pressed =
            page.select(&by_id(button)).next().unwrap_or_else(|| panic!("no {button}: {}", self.body));
        let mut around = pressed.ancestors().filter_map(ElementRef::wrap);
        let form = around.find(|element| element.value().name() == "form").unwrap();
        let boxes = |input: &ElementRef<'_>| {
            input.attr("type") != Some("checkbox") || input.attr("checked").is_some()
        };
        let pair = |element: ElementRef<'_>| {
            Some((element.attr("name")?.to_owned(), element.attr("value").unwrap_or_default().to_owned()))
        };
        let inputs = Selector::parse("input[name]").unwrap();
        let fields = form.select(&inputs).filter(boxes).chain([pressed]).filter_map(pair);
        (form.attr("action").unwrap_or_default().to_owned(), fields.collect())
    }
}

fn by_id(id: &str) -> Selector {
    Selector::parse(&format!("[id=\"{id}\"]")).unwrap()
}
