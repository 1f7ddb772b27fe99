//! What every point needs: the demo, its diagram in one window, the service in another, and people.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use mapae_e2e::{
    chromium::{self, Chromium, Screen, Window},
    demo::{Demo, Party},
    diagram::{Diagram, Message},
    records,
    wire::{Reply, Wire},
};
use tokio::time::interval;

/// Everybody's password; no part of anything else.
pub(super) const PASSWORD: &str = "correct-horse-battery-staple";

/// What takes longer does not happen.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked whether it has.
pub(super) const GLANCE: Duration = Duration::from_millis(20);

/// Everything.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) chromium: Chromium,
    pub(super) demo: Demo,
    /// The messages of the diagram as they are sent.
    pub(super) diagram: Diagram,
    flow: Window,
    service: Window,
    people: AtomicU32,
    /// Where the browser may go besides.
    elsewhere: Vec<String>,
}

/// What the page says came of an experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// `as_expected`, `waiting`, …
    pub(super) name: String,
    /// In the page's language.
    pub(super) text: String,
}

impl Stage {
    /// Sets it up, on a screen.
    pub(super) async fn set(screen: Screen) -> Self {
        let (demo, mut chromium) = tokio::join!(Demo::start(), chromium::open());
        chromium.show_on(screen).await;
        let diagram = Diagram::of(&demo.node(Party::Client)).await;
        let flow = chromium.window().await;
        chromium.goto(&format!("{}/flow", demo.at(Party::Client))).await;
        chromium.wait_until(SETTLED).await;
        let service = chromium.open_window().await;
        let people = AtomicU32::new(0);
        Self { chromium, demo, diagram, flow, service, people, elsewhere: Vec::new() }
    }

    /// Another person at another screen; the diagram stays.
    pub(super) async fn hand_over(&mut self, screen: Screen) -> String {
        self.look_at_flow().await;
        self.chromium.hand_over(screen).await;
        self.open("/flow").await;
        self.look_at_service().await;
        self.chromium.show_on(screen).await;
        self.somebody().await
    }

    /// Somebody new with an account at the server, by their e-mail address.
    pub(super) async fn somebody(&self) -> String {
        let email = format!("gildong{}@example.com", self.people.fetch_add(1, Ordering::Relaxed));
        let words =
            ["user", "create", "--email", &email, "--name", "홍길동", "--email-verified", "--password-stdin"];
        self.demo.run(&words, &format!("{PASSWORD}\n")).await;
        email
    }

    /// An address at the service.
    pub(super) fn client(&self, path: &str) -> String {
        format!("{}{path}", self.demo.at(Party::Client))
    }

    /// Opens a page of the service; that of the diagram comes to rest first.
    pub(super) async fn open(&self, path: &str) {
        self.chromium.goto(&self.client(path)).await;
        if path == "/flow" {
            self.chromium.wait_until(SETTLED).await;
        }
    }

    /// An address at the authorization server.
    pub(super) fn server(&self, path: &str) -> String {
        format!("{}{path}", self.demo.at(Party::AuthorizationServer))
    }

    /// A connection to a party, past the browser.
    pub(super) fn wire(&self, party: Party) -> Wire {
        Wire::to(&self.demo.node(party))
    }

    /// What the API answers to a token in the `Authorization` header.
    pub(super) async fn events(&self, token: &str) -> Reply {
        let bearer = (http::header::AUTHORIZATION, format!("Bearer {token}"));
        self.wire(Party::ResourceServer).get("/events", &[bearer]).await.expect("the API answers")
    }

    /// The first refusal of the API, for a token that has just died.
    pub(super) async fn events_until_refused(&self, token: &str) -> Reply {
        let (began, mut glance) = (Instant::now(), interval(GLANCE));
        loop {
            let reply = self.events(token).await;
            if !reply.status.is_success() {
                return reply;
            }
            assert!(began.elapsed() < PATIENCE, "the token never dies");
            glance.tick().await;
        }
    }

    /// Rows of the authorization server's database.
    pub(super) fn server_rows(&self, query: &str) -> records::Rows {
        records::rows(&self.demo.file("server/mapae.db"), query, &[])
    }

    /// Rows of the service's own users.
    pub(super) fn user_rows(&self, query: &str) -> records::Rows {
        records::rows(&self.demo.file("service/service.db"), query, &[])
    }

    /// Rows of the service's vault.
    pub(super) fn vault_rows(&self, query: &str) -> records::Rows {
        records::rows(&self.demo.file("service/vault.db"), query, &[])
    }

    /// From here on the diagram is read; what was drawn before is past.
    pub(super) async fn mark_here(&mut self) -> Message {
        let mark = format!("/mark-{}", self.people.fetch_add(1, Ordering::Relaxed));
        self.wire(Party::Client).get(&mark, &[]).await.expect("the service answers");
        let asked = self.diagram.next(&mark, |message| message.text("address").ends_with(&mark)).await;
        self.diagram.answer(&asked).await
    }

    /// Looks at the window with the diagram.
    pub(super) async fn look_at_flow(&self) {
        self.chromium.turn_to(&self.flow).await;
    }

    /// Looks at the window with the service.
    pub(super) async fn look_at_service(&self) {
        self.chromium.turn_to(&self.service).await;
    }

    /// A window that a page has opened besides.
    pub(super) async fn look_at_another(&self) -> Window {
        let other = self.chromium.another_window(&[&self.flow, &self.service]).await;
        self.chromium.turn_to(&other).await;
        other
    }

    /// Closes such a window.
    pub(super) async fn close_this(&self, window: &Window) {
        self.chromium.turn_to(window).await;
        self.chromium.close_window(&self.service).await;
    }

    /// From the service's start page to the server's sign-in page.
    pub(super) async fn go_to_sign_in(&self) {
        self.look_at_service().await;
        self.chromium.goto(&self.client("/")).await;
        self.chromium.click("login").await;
        self.chromium.wait_for("login-submit").await;
    }

    /// Signs in at the page that is shown.
    pub(super) async fn sign_in(&self, email: &str) {
        self.chromium.fill("email", email).await;
        self.chromium.fill("password", PASSWORD).await;
        self.chromium.click("login-submit").await;
    }

    /// Agrees to all that is asked at the page that is shown.
    pub(super) async fn agree(&self) {
        self.chromium.click("agree-all").await;
        self.chromium.click("consent-approve").await;
    }

    /// Answers the service's sign-up form.
    pub(super) async fn sign_up(&self, nickname: &str) {
        self.chromium.fill("nickname", nickname).await;
        self.chromium.click("terms").await;
        self.chromium.click("sign-up-submit").await;
        self.chromium.wait_for("me-heading").await;
    }

    /// Somebody's whole first way into the service; it ends at the calendar.
    pub(super) async fn join(&self, email: &str) {
        self.go_to_sign_in().await;
        self.sign_in(email).await;
        self.agree().await;
        self.sign_up("길동").await;
    }

    /// Waits until the app in the browser says this.
    pub(super) async fn said(&self, text: &str) {
        let script = format!("return document.getElementById('said').textContent.includes({text:?});");
        self.chromium.wait_until(&script).await;
    }

    /// Presses a button beside the diagram, and waits for what the page says came of it.
    pub(super) async fn press(&self, experiment: &str) -> Finding {
        self.look_at_flow().await;
        let title = self.chromium.text(&format!("#experiment-{experiment} b")).await;
        self.chromium.click(&format!("experiment-{experiment}")).await;
        self.outcome(experiment, &title).await
    }

    /// Presses a button that sends the browser for a code and back to the diagram.
    pub(super) async fn press_and_come_back(&self, experiment: &str) -> Finding {
        let finding = self.press(experiment).await;
        self.chromium.wait_until(SETTLED).await;
        finding
    }

    async fn outcome(&self, experiment: &str, title: &str) -> Finding {
        let settled = format!(
            "const button = document.getElementById('experiment-{experiment}');
             const said = document.querySelector('#outcome b');
             return Boolean(button && said) && !button.hasAttribute('aria-busy') && said.textContent === {title:?};"
        );
        self.chromium.wait_until(&settled).await;
        let name =
            self.chromium.read("return document.querySelector('#outcome .outcome').classList[1];").await;
        Finding { name, text: self.chromium.text("#outcome span").await }
    }

    /// Whether a message is drawn on the page as it should be, live; the text that stands on its arrow.
    pub(super) async fn is_drawn(&self, message: &Message) -> String {
        self.look_at_flow().await;
        let (id, title) =
            (message.text("id"), message.text(self.chromium.screen().says("title_ko", "title_en")));
        // It draws itself in, so it is not to be seen at once.
        self.chromium
            .wait_until(&format!(
                "return Boolean(document.getElementById({id:?})?.innerText.includes({title:?}));"
            ))
            .await;
        let row = self.chromium.read(&format!("return document.getElementById({id:?}).innerText;")).await;
        let refused = format!("return document.getElementById({id:?}).classList.contains('is-refused');");
        let red = self.chromium.ask(&refused, Vec::new()).await == true;
        assert_eq!(red, message.text("verdict") == "refused", "a refusal is red: {message:?}");
        row
    }

    /// Presses an arrow, and reads what it opens to.
    pub(super) async fn opened(&self, message: &Message) -> String {
        self.is_drawn(message).await;
        let row = format!("#{}", message.text("id"));
        self.chromium.click_first(&format!("{row} > button")).await;
        let details = format!("return document.querySelector('{row} .details')?.innerText;");
        let details = self.chromium.read(&details).await;
        assert!(!details.is_empty(), "the arrow opens: {message:?}");
        details
    }

    /// The browser may also go to this origin.
    pub(super) fn allow(&mut self, origin: &str) {
        self.elsewhere.push(origin.to_owned());
    }

    /// Nothing was loaded from elsewhere, nothing was against the policy of a page, and the demo had no fault.
    pub(super) async fn clear(self) {
        let mut complaints = self.chromium.complaints().await;
        // A program that has got what it waited for is gone before its icon is asked for.
        complaints.retain(|complaint| {
            !self.elsewhere.iter().any(|origin| complaint.starts_with(origin.as_str()))
                || !complaint.contains("/favicon.ico")
        });
        assert_eq!(complaints, Vec::<String>::new());
        let parties = [Party::AuthorizationServer, Party::Client, Party::ResourceServer];
        let own = parties.into_iter().map(|party| self.demo.at(party)).chain(self.demo.providers());
        let own: Vec<String> = own.collect();
        for exchange in self.chromium.exchanges().await {
            let known = own.iter().chain(&self.elsewhere).any(|origin| exchange.address.starts_with(origin));
            assert!(known, "nothing is loaded from elsewhere: {exchange:?}");
        }
        assert_eq!(self.demo.faults(), Vec::<String>::new());
        self.chromium.close().await;
    }
}

/// The page of the diagram is listening, and shows all that was drawn before.
const SETTLED: &str = "return document.getElementById('live')?.dataset.state === 'live'
    && 'settled' in document.documentElement.dataset;";
