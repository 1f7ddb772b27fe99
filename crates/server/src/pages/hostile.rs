//! Names that attack: whatever people and developers write stays text.

use mapae_protocol::{locale::Locale, redirect_uri::RedirectUri};
use scraper::Html as Document;

use crate::pages::{
    Page,
    account::AccountHome,
    connected_service::{Disconnect, ServicePage},
    consent::{Consent, ConsentItem},
    console::{app::AppPage, delete_app::DeleteApp, secret::SecretOnce},
    every_page::all,
    form_post::FormPost,
    input::Input,
    look::{AppCard, Person},
    mailed::MailSent,
    render,
    scope_text::{ScopeText, ScopeTitle},
    select_account::SelectAccount,
    shown::Shown,
    sign_in::SignIn,
    sign_up::{FinishSignUp, SignUp},
};

const ATTACKS: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' autofocus onfocus='alert(1)",
    "</title></textarea><svg/onload=alert(1)>",
    "safe\u{202E}txt.exe\u{2066}\u{200B}{{7*7}}{app}",
    "&lt;script&gt;&#x3c;b&#x3e;",
];

/// Element and attribute names in order: what markup there is, apart from any text and value.
fn skeleton(html: &str) -> Vec<String> {
    let document = Document::parse_document(html);
    let name = |element: &scraper::ElementRef<'_>| {
        let attributes: Vec<_> = element.value().attrs().map(|(name, _)| name).collect();
        format!("{} {attributes:?}", element.value().name())
    };
    all(&document, "*").iter().map(name).collect()
}

/// The page must have the same markup with the attack as with a harmless name.
fn stays_text<P: Page>(page: impl Fn(&str) -> P) {
    let long = "<b>가</b>".repeat(1_000);
    for attack in ATTACKS.into_iter().chain([long.as_str()]) {
        for locale in Locale::ALL.iter().copied() {
            let harmless = skeleton(&render(&page("harmless"), locale).body);
            assert_eq!(skeleton(&render(&page(attack), locale).body), harmless, "{} {attack:.60}", P::NAME);
        }
    }
}

/// Names are shown without what hides or reorders, and cut.
fn is_cleaned<P: Page>(page: impl Fn(&str) -> P) {
    let body = |name: &str| render(&page(name), Locale::Ko).body;
    assert!(!body(ATTACKS[4]).contains(['\u{202E}', '\u{2066}', '\u{200B}']), "{}", P::NAME);
    let growth = body(&"가".repeat(5_000)).len() - body("가").len();
    assert!(growth < 16 * 64 * 3, "{} grew by {growth}", P::NAME);
}

fn sample<P: Page>() -> P {
    P::samples().into_iter().next().expect("a sample").1
}

fn app(name: &str) -> AppCard {
    AppCard { leads_to: Some(Shown::place(name)), ..AppCard::named(name) }
}

/// An address with the value in it, as far as one that is registered can have it.
fn redirect_uri(value: &str) -> RedirectUri {
    let query: String = value.bytes().take(600).map(|byte| format!("%{byte:02X}")).collect();
    RedirectUri::parse(&format!("https://app.example/?{query}")).expect("an address")
}

fn item(name: &str) -> ConsentItem {
    let title = ScopeTitle::Own(Shown::name(name));
    ConsentItem { scope: ScopeText { scope: name.to_owned(), title }, purpose: Some(Shown::sentence(name)) }
}

#[test]
fn se_09_names_of_apps_and_people_stay_text() {
    let person = |name: &str| Person::new(name, name);
    let sign_in = |name: &str| SignIn { app: Some(app(name)), ..sample() };
    stays_text(sign_in);
    is_cleaned(sign_in);
    let select = |name: &str| SelectAccount { app: Some(app(name)), person: person(name), ..sample() };
    stays_text(select);
    is_cleaned(select);
    let disconnect = |name: &str| Disconnect { app: app(name), ..sample() };
    stays_text(disconnect);
    is_cleaned(disconnect);
    stays_text(|name| ServicePage { app: app(name), ..sample() });
    stays_text(|name| {
        let mut page: AccountHome = sample();
        page.desk.person = person(name);
        page.services.iter_mut().for_each(|service| service.app = app(name));
        page
    });
    stays_text(|name| {
        let mut page: SecretOnce = sample();
        page.app.card = app(name);
        page
    });
}

#[test]
fn se_09_what_an_app_asks_for_stays_text() {
    let consent = |name: &str| Consent {
        app: app(name),
        person: Person::new(name, name),
        required: vec![item(name)],
        optional: vec![item(name)],
        agreed: vec![item(name).scope],
        ..sample()
    };
    stays_text(consent);
}

#[test]
fn az_34_hints_and_steps_stay_text() {
    stays_text(|hint| SignIn { email: format!("a{hint}"), step: hint.to_owned(), ..sample() });
    stays_text(|typed| SignUp { email: Input::holding(typed), step: typed.to_owned(), ..sample() });
    stays_text(|typed| MailSent { email: typed.to_owned(), step: typed.to_owned(), ..sample() });
    stays_text(|typed| FinishSignUp {
        token: typed.to_owned(),
        name: Input::holding(typed),
        email: Shown::name(typed),
        ..sample()
    });
}

#[test]
fn az_20_a_posted_response_stays_text() {
    stays_text(|value| FormPost {
        redirect_uri: redirect_uri(value),
        fields: vec![("state".to_owned(), value.to_owned()), (value.to_owned(), "x".to_owned())],
        app: Shown::name(value),
    });
}

#[test]
fn what_developers_type_stays_text() {
    stays_text(|typed| {
        let mut page: AppPage = sample();
        page.name = Input::holding(typed);
        page.redirect_uris = Input::holding(typed);
        page.origins = Input::holding(typed);
        page.app.id = typed.to_owned();
        page.app.card = app(typed);
        page.quick_start.redirect_uri = typed.to_owned();
        for row in &mut page.items {
            row.purpose_ko = Input::holding(typed);
        }
        for shown in page.forms.iter_mut().flat_map(|form| &mut form.fields) {
            shown.input = Input::holding(typed);
        }
        page
    });
    stays_text(|typed| DeleteApp { typed: Input::holding(typed), ..sample() });
}

#[test]
fn a_text_area_keeps_its_first_line() {
    let mut page: AppPage = sample();
    page.redirect_uris = Input::holding("\nhttps://a.example");
    let document = Document::parse_document(&render(&page, Locale::En).body);
    let kept: Vec<_> =
        all(&document, "#redirect_uris").iter().map(|area| area.text().collect::<String>()).collect();
    assert_eq!(kept, ["\nhttps://a.example"]);
}
