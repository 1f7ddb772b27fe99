//! A real Chromium, used as a person uses it: addresses, clicks, keys, and what is to be seen.
//!
//! It knows `localhost` and `127.0.0.1` only: a page that needs anything from elsewhere does not get it.

mod driver;
mod screen;
mod windows;

use std::{env, ffi::OsString, fmt, fs, sync::Arc, time::Duration};

use mapae_protocol::base64url;
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::{
    By, ChromiumLikeCapabilities as _, DesiredCapabilities, Key, LoggingPrefsLogLevel, WebDriver, WebElement,
    error::WebDriverResult, extensions::query::ElementQueryable as _,
};
use tokio::time::timeout;

use driver::Driver;
pub use screen::Screen;
pub use windows::Window;

/// Another Chromium than the system's.
const SETTING: &str = "MAPAE_TEST_CHROMIUM";
const USUAL: &str = "/usr/bin/chromium";

/// A page that needs longer does not come.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked whether it has come.
const GLANCE: Duration = Duration::from_millis(20);
/// Nobody presses the same key more often to get somewhere.
const MOST_TABS: usize = 60;

const ARGUMENTS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
];

/// A browser with a profile of its own.
pub struct Chromium {
    web: WebDriver,
    // In the order in which they end: what is still open ends with the driver.
    _driver: Arc<Driver>,
    _profile: TempDir,
    agent: String,
    screen: Screen,
}

/// A request of the browser, and how it was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    id: String,
    /// Its address.
    pub address: String,
    /// The status of the answer; `None`: there was none.
    pub status: Option<u64>,
    /// `Document`, `Stylesheet`, `Script`, `Image`, …
    pub kind: String,
}

impl fmt::Debug for Chromium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chromium").field("screen", &self.screen).finish_non_exhaustive()
    }
}

/// Opens a browser, as on a telephone in Korean.
///
/// # Panics
/// It cannot be opened.
pub async fn open() -> Chromium {
    let driver = Driver::shared();
    let profile = tempfile::tempdir().expect("a folder can be made");
    let web = WebDriver::new(driver.address(), capabilities(&profile).expect("they are well formed")).await;
    let web = web.expect("Chromium starts");
    let version = web.cdp().send_raw("Browser.getVersion", json!({})).await.expect("Chromium answers");
    let agent = version.get("userAgent").and_then(Value::as_str).unwrap_or_default();
    let agent = agent.replace("HeadlessChrome", "Chrome");
    let screen = Screen::phone("ko");
    let mut browser = Chromium { web, _driver: driver, _profile: profile, agent, screen };
    browser.hand_over(screen).await;
    // Of its own first page nothing is said.
    browser.exchanges().await;
    browser
}

fn capabilities(profile: &TempDir) -> WebDriverResult<thirtyfour::Capabilities> {
    let program = env::var_os(SETTING).unwrap_or_else(|| OsString::from(USUAL));
    let mut capabilities = DesiredCapabilities::chrome();
    capabilities.set_binary(&program.to_string_lossy())?;
    for argument in ARGUMENTS {
        capabilities.add_arg(argument)?;
    }
    capabilities.add_arg(&format!("--user-data-dir={}", profile.path().display()))?;
    capabilities.set_logging_prefs("browser", LoggingPrefsLogLevel::All)?;
    capabilities.set_logging_prefs("performance", LoggingPrefsLogLevel::All)?;
    Ok(capabilities.into())
}

impl Chromium {
    /// What it is looked at with.
    pub fn screen(&self) -> Screen {
        self.screen
    }

    /// Another language and size, from the next page on.
    pub async fn show_on(&mut self, screen: Screen) {
        self.screen = screen;
        self.resize(screen).await;
        let speaker = json!({ "userAgent": self.agent, "acceptLanguage": screen.language });
        self.command("Network.setUserAgentOverride", speaker).await;
    }

    /// Another screen for another person: nothing of what was before is known.
    pub async fn hand_over(&mut self, screen: Screen) {
        self.goto("about:blank").await;
        self.command("Network.clearBrowserCookies", json!({})).await;
        self.show_on(screen).await;
    }

    /// Pages run no scripts any longer, or run them again.
    pub async fn run_scripts(&self, run: bool) {
        self.command("Emulation.setScriptExecutionDisabled", json!({ "value": !run })).await;
    }

    /// Opens an address.
    pub async fn goto(&self, address: &str) {
        self.web.goto(address).await.unwrap_or_else(|error| panic!("{address}: {error}"));
    }

    /// The address of the page.
    pub async fn address(&self) -> String {
        self.web.current_url().await.expect("there is a page").into()
    }

    /// Waits for the element with this id.
    pub async fn wait_for(&self, id: &str) -> WebElement {
        let found = self.web.query(By::Id(id)).wait(PATIENCE, GLANCE).first().await;
        match found {
            Ok(found) => found,
            Err(_) => panic!("no #{id} at {}:\n{}", self.address().await, self.text("body").await),
        }
    }

    /// Whether the page has the element with this id now.
    pub async fn has(&self, id: &str) -> bool {
        self.web.find(By::Id(id)).await.is_ok()
    }

    /// Waits for a page that has no element with this id: the answer to the form whose button was pressed has come.
    pub async fn wait_without(&self, id: &str) {
        let gone = "return document.readyState === 'complete' && !document.getElementById";
        self.wait_until(&format!("{gone}('{id}');")).await;
    }

    /// Clicks the element with this id as soon as it is there.
    pub async fn click(&self, id: &str) {
        let element = self.wait_for(id).await;
        self.click_on(&element, &format!("#{id}")).await;
    }

    /// Clicks the first element that a CSS selector finds, as soon as it is there.
    pub async fn click_first(&self, css: &str) {
        let found = self.web.query(By::Css(css)).wait(PATIENCE, GLANCE).first().await;
        match found {
            Ok(element) => self.click_on(&element, css).await,
            Err(_) => panic!("no {css} at {}:\n{}", self.address().await, self.text("body").await),
        }
    }

    async fn click_on(&self, element: &WebElement, name: &str) {
        // Where a person moves it: off the bars at the edges.
        let middle = "arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' });";
        self.ask(middle, vec![element.to_json().expect("it is an element")]).await;
        element.click().await.unwrap_or_else(|error| panic!("{name} cannot be clicked: {error}"));
    }

    /// Types into the field with this id, in place of what it holds.
    pub async fn fill(&self, id: &str, text: &str) {
        let field = self.wait_for(id).await;
        field.clear().await.expect("it is a field");
        field.send_keys(text).await.expect("it takes text");
    }

    /// Whether the box with this id is ticked.
    pub async fn is_ticked(&self, id: &str) -> bool {
        self.wait_for(id).await.is_selected().await.expect("it is a box")
    }

    /// Types at the place where the keyboard's focus is.
    pub async fn keys(&self, text: &str) {
        self.web.action_chain().send_keys(text).perform().await.expect("keys can be pressed");
    }

    /// Presses one key.
    pub async fn press(&self, key: Key) {
        self.keys(&String::from(key.value())).await;
    }

    /// Presses the tabulator backwards.
    pub async fn press_shift_tab(&self) {
        let keys = self.web.action_chain().key_down(Key::Shift).key_down(Key::Tab);
        keys.key_up(Key::Tab).key_up(Key::Shift).perform().await.expect("keys can be pressed");
    }

    /// Presses the tabulator until the focus is on the element with this id.
    pub async fn tab_to(&self, id: &str) {
        for _ in 0..MOST_TABS {
            if self.focused().await == id {
                return;
            }
            self.press(Key::Tab).await;
        }
        panic!("#{id} cannot be reached with the keyboard at {}", self.address().await);
    }

    /// The id of the element on which the focus is; empty if it has none.
    pub async fn focused(&self) -> String {
        self.read("return document.activeElement ? document.activeElement.id : '';").await
    }

    /// The text of the first element that a CSS selector finds, as it is to be seen; empty if there is none.
    pub async fn text(&self, css: &str) -> String {
        match self.web.find(By::Css(css)).await {
            Ok(element) => element.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Runs a script beside the page's own, with arguments, and returns what it returns.
    pub async fn ask(&self, script: &str, arguments: Vec<Value>) -> Value {
        let answer = self.web.execute(script, arguments).await;
        answer.unwrap_or_else(|error| panic!("{script}: {error}")).json().clone()
    }

    /// Runs a script that says when it is done, with its last argument, and returns what it says.
    pub async fn ask_later(&self, script: &str, arguments: Vec<Value>) -> Value {
        let answer = self.web.execute_async(script, arguments).await;
        answer.unwrap_or_else(|error| panic!("{script}: {error}")).json().clone()
    }

    /// Waits until a script says that it is so.
    pub async fn wait_until(&self, script: &str) {
        let so = async {
            let mut glance = tokio::time::interval(GLANCE);
            while self.ask(script, Vec::new()).await != true {
                glance.tick().await;
            }
        };
        if timeout(PATIENCE, so).await.is_err() {
            panic!("never so at {}: {script}", self.address().await);
        }
    }

    /// Waits until the console complains of something.
    pub async fn complains_of(&self, what: &str) {
        let mut heard = Vec::new();
        let complaint = async {
            let mut glance = tokio::time::interval(GLANCE);
            while !heard.iter().any(|complaint: &String| complaint.contains(what)) {
                glance.tick().await;
                heard.extend(self.complaints().await);
            }
        };
        let came = timeout(PATIENCE, complaint).await;
        assert!(came.is_ok(), "no complaint of {what}: {heard:?}");
    }

    /// The text that a script returns.
    pub async fn read(&self, script: &str) -> String {
        self.ask(script, Vec::new()).await.as_str().unwrap_or_default().to_owned()
    }

    /// The values of all its cookies.
    pub async fn cookies(&self) -> Vec<String> {
        let all = self.command("Network.getAllCookies", json!({})).await;
        let cookies = all.get("cookies").and_then(Value::as_array).into_iter().flatten();
        cookies.map(|cookie| text(cookie, "/value").to_owned()).collect()
    }

    /// Goes into the first frame of the page, or back to the page.
    pub async fn enter_frame(&self, inside: bool) {
        let entered =
            if inside { self.web.enter_frame(0).await } else { self.web.enter_default_frame().await };
        entered.expect("there is such a frame");
    }

    /// Keeps a picture of the whole page, as on a screen that is high enough for it.
    pub async fn shot(&self, name: &str) {
        let metrics = self.command("Page.getLayoutMetrics", json!({})).await;
        let height = metrics.pointer("/cssContentSize/height").and_then(Value::as_u64).unwrap_or_default();
        let high_enough = Screen {
            height: u32::try_from(height).unwrap_or_default().max(self.screen.height),
            ..self.screen
        };
        // Bars that stay at the edge of the screen would stand in the middle of the page otherwise.
        self.resize(high_enough).await;
        self.glimpse(name).await;
        self.resize(self.screen).await;
    }

    /// Keeps a picture of what is on the screen now.
    pub async fn glimpse(&self, name: &str) {
        let picture = self.command("Page.captureScreenshot", json!({ "format": "png" })).await;
        let data = text(&picture, "/data").trim_end_matches('=').replace('+', "-").replace('/', "_");
        let data = base64url::decode(&data).expect("a picture is base64");
        fs::write(self.screen.picture(name), data).expect("the picture can be kept");
    }

    /// What the console has complained about since it was asked last; that a page is a refusal is no complaint.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.web.browser_log().await.expect("there is a log");
        let complaints = log.into_iter().map(|entry| entry.message);
        complaints.filter(|message| !message.contains("the server responded with a status of 4")).collect()
    }

    /// Everything that this browser has asked for over the network since it was asked last, in order.
    pub async fn exchanges(&self) -> Vec<Exchange> {
        let log = self.web.get_log("performance").await.expect("there is a log");
        let events = log.iter().filter_map(|entry| serde_json::from_str::<Value>(&entry.message).ok());
        let mut exchanges: Vec<Exchange> = Vec::new();
        for event in events {
            match text(&event, "/message/method") {
                "Network.requestWillBeSent" => {
                    answered(&mut exchanges, &event, "/message/params/redirectResponse/status");
                    exchanges.push(Exchange::of(&event));
                }
                "Network.responseReceived" => {
                    answered(&mut exchanges, &event, "/message/params/response/status");
                }
                _ => {}
            }
        }
        exchanges.retain(|exchange| exchange.address.starts_with("http"));
        exchanges
    }

    async fn resize(&self, screen: Screen) {
        let held = screen.in_the_hand();
        let size = json!({
            "width": screen.width,
            "height": screen.height,
            "deviceScaleFactor": if held { 2 } else { 1 },
            "mobile": held,
        });
        self.command("Emulation.setDeviceMetricsOverride", size).await;
    }

    async fn command(&self, method: &str, parameters: Value) -> Value {
        let answer = self.web.cdp().send_raw(method, parameters).await;
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Closes it.
    pub async fn close(self) {
        self.web.clone().quit().await.expect("Chromium ends");
    }
}

impl Exchange {
    fn of(event: &Value) -> Self {
        Self {
            id: text(event, "/message/params/requestId").to_owned(),
            address: text(event, "/message/params/request/url").to_owned(),
            kind: text(event, "/message/params/type").to_owned(),
            status: None,
        }
    }
}

/// Gives the status to the newest exchange to which an event belongs.
fn answered(exchanges: &mut [Exchange], event: &Value, path: &str) {
    let id = text(event, "/message/params/requestId");
    let status = event.pointer(path).and_then(Value::as_u64);
    if let Some(exchange) = exchanges.iter_mut().rev().find(|exchange| exchange.id == id) {
        exchange.status = exchange.status.or(status);
    }
}

fn text<'v>(value: &'v Value, path: &str) -> &'v str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // A browser that was closed is closed; another one ends with the driver, not while a test is unwound.
        let _ = self.web.clone().leak();
    }
}
