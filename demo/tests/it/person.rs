//! Somebody before a browser, who goes from page to page and presses buttons.

use mapae_client::Locale;
use mapae_demo::Running;
use mapae_testkit::words;
use reqwest::{Client, Response, header, redirect::Policy};
use scraper::{ElementRef, Html, Selector};
use url::Url;

/// Nobody follows more redirects.
const MOST: usize = 10;

/// A browser with cookies. Every page that it is shown is in the person's language and in no other.
pub(crate) struct Person {
    http: Client,
    service: String,
    pub(crate) language: Locale,
}

/// A page that was reached.
pub(crate) struct Page {
    pub(crate) address: Url,
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Person {
    pub(crate) fn new(running: &Running) -> Self {
        Self::speaking(running, Locale::Ko)
    }

    pub(crate) fn speaking(running: &Running, language: Locale) -> Self {
        let http = Client::builder().cookie_store(true).redirect(Policy::none()).no_proxy().build().unwrap();
        Self { http, service: running.service_url.clone(), language }
    }

    /// A page of the service.
    pub(crate) async fn visit(&self, path: &str) -> Page {
        self.open(&self.at(path)).await
    }

    /// An address of the service.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.service)
    }

    /// An address, and wherever it leads.
    pub(crate) async fn open(&self, address: &str) -> Page {
        self.follow(self.get(address).await).await
    }

    /// An answer as it comes.
    pub(crate) async fn get(&self, address: &str) -> Response {
        self.http.get(address).header(header::ACCEPT_LANGUAGE, self.language.as_str()).send().await.unwrap()
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

    /// The same, and the answer as it comes.
    pub(crate) async fn press_only(&self, page: &Page, button: &str) -> Response {
        let (action, sent) = page.form(button);
        self.sent(page.address.join(&action).unwrap(), &sent).await
    }

    /// A form of the service that no page has.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.send(Url::parse(&format!("{}{path}", self.service)).unwrap(), &fields).await
    }

    async fn send(&self, address: Url, fields: &impl serde::Serialize) -> Page {
        self.follow(self.sent(address, fields).await).await
    }

    async fn sent(&self, address: Url, fields: &impl serde::Serialize) -> Response {
        let request = self.http.post(address).header(header::ACCEPT_LANGUAGE, self.language.as_str());
        let request = request.header(header::ACCEPT, "text/html").header("sec-fetch-site", "same-origin");
        request.form(fields).send().await.unwrap()
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
        self.sign_up(&form).await
    }

    /// Answers the sign-up form; the member's page.
    pub(crate) async fn sign_up(&self, form: &Page) -> Page {
        assert!(form.has("sign-up-submit"), "{}", form.body);
        let answers = [("nickname", "라이언"), ("birthday", ""), ("terms", "on")];
        self.press(form, "sign-up-submit", &answers).await
    }

    /// Wherever an answer leads.
    pub(crate) async fn follow(&self, mut response: Response) -> Page {
        for _ in 0..MOST {
            let address = response.url().clone();
            let location = response.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
            let Some(location) = location else {
                let status = response.status().as_u16();
                let page = Page { address, status, body: response.text().await.unwrap() };
                words::alone(&page.body, self.language);
                if !page.has("hand-over-submit") {
                    return page;
                }
                words::says(&page.body, self.language, ("서비스로 돌아가요", "Back to the service"));
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

    /// The text of the element with this id.
    pub(crate) fn paragraph(&self, id: &str) -> String {
        let page = Html::parse_document(&self.body);
        page.select(&by_id(id)).flat_map(|element| element.text()).collect::<String>().trim().to_owned()
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
