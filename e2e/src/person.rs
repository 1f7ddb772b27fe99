//! People and their browsers: they sign in, agree, disconnect, sign out, change passwords, and note what they saw.

use std::collections::BTreeMap;

use http::{
    HeaderName, StatusCode,
    header::{COOKIE, ORIGIN, SET_COOKIE},
};
use mapae_testkit::Page;
use scraper::{Html, Selector};
use tokio::sync::Semaphore;
use url::Url;

use crate::{
    app::{App, Code, noting_loss},
    history::{Act, Digest, Journal, Moment, Outcome},
    process::Installation,
    wire::{Field, Lost, Node, Reply, Wire},
};

/// One password at a time: a server that has more of them to check than cores refuses some, which is not the
/// question here.
static PASSWORDS: Semaphore = Semaphore::const_new(1);

/// A person with an account.
#[derive(Clone, Debug)]
pub struct Person {
    email: String,
    /// The present one, as far as the person knows.
    pub password: String,
}

/// A browser, with cookies of its own, and who sits before it.
#[derive(Debug)]
pub struct Browser {
    wire: Wire,
    cookies: BTreeMap<String, String>,
    journal: Journal,
}

/// Where an app's request led.
#[derive(Clone, Debug)]
pub enum Led {
    /// Back to the app with a code.
    Back(Code),
    /// To the page for signing in.
    ToSignIn,
    /// To the page for agreeing, at this address.
    ToConsent(String),
    /// To a page that says no.
    Nowhere,
}

/// A form of an account, opened and not yet sent.
#[derive(Clone, Debug)]
pub struct Form {
    page: Page,
    button: &'static str,
}

impl Person {
    /// Makes an account on the command line.
    pub async fn create(installation: &Installation, journal: &Journal, name: &str, password: &str) -> Self {
        let email = format!("{name}@example.com");
        let words =
            ["user", "create", "--email", &email, "--name", name, "--email-verified", "--password-stdin"];
        let began = journal.now();
        let made = installation.run(&words, password).await;
        made.unwrap_or_else(|complaint| panic!("{complaint}"));
        let person = Self { email, password: password.to_owned() };
        let act = Act::CreateUser { user: person.digest(), password: person.known_by(password) };
        journal.note(began, act, Outcome::Done);
        person
    }

    /// As the history calls them.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.email)
    }

    /// As the history calls a password of theirs: of two people with the same one, each has their own.
    fn known_by(&self, password: &str) -> Digest {
        Digest::of(&format!("{} {password}", self.email))
    }
}

impl Browser {
    /// A new browser, in which nobody has signed in.
    pub fn new(node: &Node, journal: &Journal) -> Self {
        Self { wire: Wire::to(node), cookies: BTreeMap::new(), journal: journal.clone() }
    }

    /// As the history calls its session; somebody must have signed in.
    pub fn session(&self) -> Digest {
        let cookie = self.cookies.iter().find(|(name, _)| name.contains("mapae_session"));
        Digest::of(cookie.map_or("nobody", |(_, value)| value.as_str()))
    }

    /// Signs a person in who comes from an app, in a browser where nobody is; `None`: the password is not accepted.
    ///
    /// # Errors
    /// [`Lost`]
    pub async fn sign_in(&mut self, person: &Person, password: &str, app: &App) -> Result<Option<Led>, Lost> {
        let (address, verifier) = app.authorization();
        let asked = self.journal.now();
        let page = self.open(&address).await?;
        let arrived = self.arrived(asked, app, &page, &verifier);
        if !matches!(arrived, Led::ToSignIn) {
            return Ok(Some(arrived));
        }
        let page = self.open_next(page).await?;
        assert!(page.has("login-submit"), "no page for signing in: {} {}", page.status, page.body);
        let act = Act::SignIn { user: person.digest(), password: person.known_by(password) };
        let _turn = PASSWORDS.acquire().await;
        let began = self.journal.now();
        let fields = [("email", person.email.as_str()), ("password", password)];
        let submitted = self.submit(&page, "login-submit", &fields).await;
        let page = noting_loss(&self.journal, began, &act, submitted)?;
        match page.status {
            StatusCode::SEE_OTHER => {}
            StatusCode::UNPROCESSABLE_ENTITY => {
                self.journal.note(began, act, Outcome::Refused);
                return Ok(None);
            }
            _ => panic!("signing in: {} {}", page.status, page.body),
        }
        self.journal.note(began, act, Outcome::Session(self.session()));
        let onward = self.journal.now();
        let page = self.open_next(page).await?;
        Ok(Some(self.arrived(onward, app, &page, &verifier)))
    }

    /// Comes from an app.
    ///
    /// # Errors
    /// [`Lost`]
    pub async fn authorize(&mut self, app: &App) -> Result<Led, Lost> {
        let (address, verifier) = app.authorization();
        let began = self.journal.now();
        let page = self.open(&address).await?;
        Ok(self.arrived(began, app, &page, &verifier))
    }

    /// Comes from an app and agrees to everything that it asks, if it asks anything.
    ///
    /// # Errors
    /// [`Lost`]
    pub async fn agree(&mut self, app: &App) -> Result<Led, Lost> {
        let (address, verifier) = app.authorization();
        let began = self.journal.now();
        let page = self.open(&address).await?;
        let arrived = self.arrived(began, app, &page, &verifier);
        let Led::ToConsent(consent) = arrived else { return Ok(arrived) };
        let page = self.open(&consent).await?;
        let act = Act::Agree { session: self.session(), app: app.digest() };
        let began = self.journal.now();
        let submitted = self.submit(&page, "consent-approve", &[("all", "1")]).await;
        let page = noting_loss(&self.journal, began, &act, submitted)?;
        let back = led(&page, &verifier);
        let Led::Back(code) = &back else { panic!("agreeing: {} {}", page.status, page.body) };
        self.journal.note(began, act, Outcome::Code(Digest::of(&code.text)));
        Ok(back)
    }

    /// Opens the form that disconnects an app; `None`: it is not connected, or nobody is signed in.
    ///
    /// # Errors
    /// [`Lost`]
    pub async fn disconnecting(&mut self, app: &App) -> Result<Option<Form>, Lost> {
        let account = self.open("/account").await?;
        let Some(service) = link_to(&account, &app.name) else { return Ok(None) };
        let page = self.open(&format!("{service}/disconnect")).await?;
        Ok(Form::on(page, "disconnect-confirm"))
    }

    /// Opens the form that signs out; `None`: nobody is signed in.
    ///
    /// # Errors
    /// [`Lost`]
    pub async fn signing_out(&mut self) -> Result<Option<Form>, Lost> {
        let page = self.open("/sign-out").await?;
        Ok(Form::on(page, "logout-confirm"))
    }

    /// Opens the form that changes the password; `None`: nobody is signed in.
    ///
    /// # Errors
    /// [`Lost`]
    pub async fn changing_password(&mut self) -> Result<Option<Form>, Lost> {
        let page = self.open("/account").await?;
        Ok(Form::on(page, "change-password"))
    }

    /// Disconnects an app for good.
    ///
    /// # Errors
    /// [`Lost`]
    pub async fn disconnect(&mut self, form: &Form, person: &Person, app: &App) -> Result<(), Lost> {
        self.end(form, Act::Disconnect { user: person.digest(), app: app.digest() }).await
    }

    /// Signs out.
    ///
    /// # Errors
    /// [`Lost`]
    pub async fn sign_out(&mut self, form: &Form) -> Result<(), Lost> {
        self.end(form, Act::SignOut { session: self.session() }).await
    }

    /// Changes the password.
    ///
    /// # Errors
    /// [`Lost`]
    pub async fn change_password(&mut self, form: &Form, person: &mut Person, to: &str) -> Result<(), Lost> {
        let act = Act::ChangePassword {
            user: person.digest(),
            from: person.known_by(&person.password),
            to: person.known_by(to),
            in_session: self.session(),
        };
        let _turn = PASSWORDS.acquire().await;
        let began = self.journal.now();
        let fields = [("present_password", person.password.as_str()), ("new_password", to)];
        self.confirm(form, began, &act, &fields).await?;
        // The browser has a new cookie for its session.
        self.journal.note(began, act, Outcome::Session(self.session()));
        to.clone_into(&mut person.password);
        Ok(())
    }

    async fn end(&mut self, form: &Form, act: Act) -> Result<(), Lost> {
        let began = self.journal.now();
        self.confirm(form, began, &act, &[]).await?;
        self.journal.note(began, act, Outcome::Done);
        Ok(())
    }

    async fn confirm(
        &mut self,
        form: &Form,
        began: Moment,
        act: &Act,
        fields: &[Field<'_>],
    ) -> Result<(), Lost> {
        let submitted = self.submit(&form.page, form.button, fields).await;
        let page = noting_loss(&self.journal, began, act, submitted)?;
        let done = page.status.is_success() || page.status == StatusCode::SEE_OTHER;
        assert!(done, "{act:?}: {} {}", page.status, page.body);
        Ok(())
    }

    /// Where a request of an app has led, noted down.
    fn arrived(&self, began: Moment, app: &App, page: &Page, verifier: &str) -> Led {
        let led = led(page, verifier);
        let outcome = match &led {
            Led::Back(code) => Outcome::Code(Digest::of(&code.text)),
            Led::ToSignIn => Outcome::SignInWanted,
            Led::ToConsent(_) => Outcome::ConsentWanted,
            Led::Nowhere => Outcome::Refused,
        };
        self.journal.note(began, Act::Authorize { session: self.session(), app: app.digest() }, outcome);
        led
    }

    /// Follows one redirect.
    async fn open_next(&mut self, page: Page) -> Result<Page, Lost> {
        let to = page.location().unwrap_or_else(|| panic!("no redirect: {} {}", page.status, page.body));
        self.open(&target_of(&to)).await
    }

    async fn open(&mut self, target: &str) -> Result<Page, Lost> {
        let reply = self.wire.get(target, &self.headers()).await?;
        Ok(self.take(target, reply))
    }

    async fn submit(&mut self, page: &Page, button: &str, fields: &[Field<'_>]) -> Result<Page, Lost> {
        let (action, mut values) = page.form(button);
        values.retain(|(present, _)| fields.iter().all(|(name, _)| name != present));
        let present = values.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let form: Vec<Field<'_>> = present.chain(fields.iter().copied()).collect();
        let own = [
            (ORIGIN, self.wire.node().issuer.clone()),
            (HeaderName::from_static("sec-fetch-site"), "same-origin".to_owned()),
        ];
        let headers = [&self.headers()[..], &own].concat();
        let reply = self.wire.post(&action, &headers, &form).await?;
        Ok(self.take(&action, reply))
    }

    fn headers(&self) -> Vec<(HeaderName, String)> {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if cookies.is_empty() { Vec::new() } else { vec![(COOKIE, cookies.join("; "))] }
    }

    /// Takes over the cookies of an answer.
    fn take(&mut self, target: &str, reply: Reply) -> Page {
        for cookie in reply.headers.get_all(SET_COOKIE) {
            let text = cookie.to_str().expect("a cookie is text");
            let pair = text.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie has a name");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let address = Url::parse(&self.wire.node().issuer).and_then(|issuer| issuer.join(target));
        Page {
            address: address.expect("the address is one"),
            status: reply.status,
            body: reply.text(),
            headers: reply.headers,
        }
    }
}

fn led(page: &Page, verifier: &str) -> Led {
    let Some(to) = page.location() else {
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{}", page.body);
        return Led::Nowhere;
    };
    match to.path() {
        "/sign-in" => Led::ToSignIn,
        "/consent" => Led::ToConsent(target_of(&to)),
        _ => {
            let code = page.answered("code").unwrap_or_else(|| panic!("no code in {to}"));
            Led::Back(Code { text: code, verifier: verifier.to_owned() })
        }
    }
}

/// Path and query.
fn target_of(address: &Url) -> String {
    let query = address.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}{query}", address.path())
}

impl Form {
    fn on(page: Page, button: &'static str) -> Option<Self> {
        page.has(button).then_some(Self { page, button })
    }
}

/// The address of the connected service of this name, on the page of an account.
fn link_to(account: &Page, name: &str) -> Option<String> {
    let links = Selector::parse("#services a").expect("it is a selector");
    let document = Html::parse_document(&account.body);
    let link = document.select(&links).find(|link| link.text().collect::<String>().trim() == name)?;
    link.attr("href").map(str::to_owned)
}
