//! As much of a browser as it takes to sign in once: cookies, redirects, forms.

use std::{collections::BTreeMap, net::SocketAddr};

use anyhow::{Context as _, bail};
use url::Url;

use crate::{
    form::{self, PageForm},
    http::{self, Connection},
};

/// More pages than these are a circle.
const MOST_STEPS: usize = 20;

/// Fields by which a form that matters is known: of signing in, of agreeing, and of all pages of the peer.
const KNOWN_FIELDS: &[&str] = &["password", "decision", "prompt"];

/// A browser of one person at one server.
pub(crate) struct Browser {
    connection: Connection,
    origin: Url,
    cookies: BTreeMap<String, Cookie>,
}

/// What a browser keeps under a name.
#[derive(Debug, PartialEq, Eq)]
struct Cookie {
    value: String,
    /// For the whole server; the others are for the pages of one sign-in.
    everywhere: bool,
}

/// Who signs in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person<'a> {
    pub(crate) email: &'a str,
    pub(crate) password: &'a str,
}

/// A page or a redirect.
struct Page {
    status: u16,
    location: Option<String>,
    text: String,
}

impl Browser {
    /// Opens it.
    ///
    /// # Errors
    /// When the server does not listen.
    pub(crate) async fn open(address: SocketAddr, host: &str) -> anyhow::Result<Self> {
        let origin = Url::parse(&format!("http://{host}")).context("not a host")?;
        Ok(Self { connection: Connection::open(address).await?, origin, cookies: BTreeMap::new() })
    }

    /// Goes to an address, signs in and agrees on the pages that come, until the app is reached.
    ///
    /// # Errors
    /// When a page comes on which there is nothing to do, or the app is told of an error.
    pub(crate) async fn visit(&mut self, address: &str, app: &str, person: Person<'_>) -> anyhow::Result<()> {
        let mut at = self.origin.join(address)?;
        let mut page = self.request("GET", &at, None).await?;
        for _ in 0..MOST_STEPS {
            if let Some(location) = &page.location {
                let next = at.join(location)?;
                if next.as_str().starts_with(app) {
                    return arrived(&next);
                }
                at = next;
                page = self.request("GET", &at, None).await?;
                continue;
            }
            let Some(mut form) = PageForm::with_one_of(&page.text, KNOWN_FIELDS) else {
                bail!("nothing to do on a page at {at}: {} {}", page.status, page.text);
            };
            fill(&mut form, person);
            at = at.join(&form.action)?;
            let pairs = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            page = self.request("POST", &at, Some(&form::encode(pairs))).await?;
        }
        bail!("too many pages, the last one at {at}")
    }

    /// What this browser will say of itself in a `Cookie` header, wherever it goes.
    pub(crate) fn lasting_cookies(&self) -> String {
        cookie_line(self.cookies.iter().filter(|(_, cookie)| cookie.everywhere))
    }

    async fn request(&mut self, method: &str, at: &Url, form: Option<&str>) -> anyhow::Result<Page> {
        if at.origin() != self.origin.origin() {
            bail!("the server leads to {at}");
        }
        let path = at.query().map_or_else(|| at.path().to_owned(), |query| format!("{}?{query}", at.path()));
        let host = self.origin.authority();
        let mut request = http::request_head(method, &path, host) + "accept-language: en\r\n";
        // Whatever page a cookie is for: names differ, and one that is not asked about does no harm.
        request += &format!("cookie: {}\r\n", cookie_line(&self.cookies));
        match form {
            Some(form) => {
                request += &format!("origin: http://{host}\r\nsec-fetch-site: same-origin\r\n");
                request += &http::form_head(form.len());
                request += form;
            }
            None => request += "\r\n",
        }
        let answer = self.connection.exchange(request.as_bytes()).await?;
        for (_, line) in answer.fields().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")) {
            keep(&mut self.cookies, line);
        }
        let location = answer.field("location").filter(|_| (300..400).contains(&answer.status));
        Ok(Page { status: answer.status, location: location.map(str::to_owned), text: answer.text() })
    }
}

fn fill(form: &mut PageForm, person: Person<'_>) {
    for name in ["email", "login"] {
        form.fill(name, person.email);
    }
    form.fill("password", person.password);
    form.fill("all", "1");
    form.fill("decision", "approve");
}

fn arrived(at: &Url) -> anyhow::Result<()> {
    if at.query_pairs().any(|(name, _)| name == "code") {
        Ok(())
    } else {
        bail!("the app gets no code: {at}")
    }
}

/// A cookie is kept, or forgotten when its server says that it ended long ago (RFC 6265 §5.3).
fn keep(cookies: &mut BTreeMap<String, Cookie>, line: &str) {
    let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
    let Some((name, value)) = pair.split_once('=') else { return };
    let attributes = attributes.to_ascii_lowercase();
    if value.is_empty() || attributes.contains("max-age=0") || attributes.contains(" 1970 ") {
        cookies.remove(name);
    } else {
        let everywhere = attributes.split(';').any(|attribute| attribute.trim() == "path=/");
        cookies.insert(name.to_owned(), Cookie { value: value.to_owned(), everywhere });
    }
}

fn cookie_line<'a>(cookies: impl IntoIterator<Item = (&'a String, &'a Cookie)>) -> String {
    let pairs = cookies.into_iter().map(|(name, cookie)| format!("{name}={}", cookie.value));
    pairs.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_come_and_go() {
        let mut cookies = BTreeMap::new();
        keep(&mut cookies, "a=1; Path=/; HttpOnly");
        keep(&mut cookies, "b=2");
        keep(&mut cookies, "a=3; path=/; httponly");
        keep(&mut cookies, "c=4; path=/sign-in");
        assert_eq!(cookie_line(&cookies), "a=3; b=2; c=4");
        assert_eq!(cookie_line(cookies.iter().filter(|(_, cookie)| cookie.everywhere)), "a=3");
        keep(&mut cookies, "a=; Max-Age=0");
        keep(&mut cookies, "b=x; expires=Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(cookie_line(&cookies), "c=4");
    }
}
