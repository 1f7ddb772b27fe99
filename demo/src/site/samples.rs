//! Every page in every state, for previews and for the tests that look at all of them.

use askama::Template;
use jiff::civil::date;
use mapae_client::{Answers, EndUser, Identity, MethodToAdd, Problem, ReturnTo, SignUpForm};
use mapae_protocol::locale::Locale;
use serde_json::json;

use super::{
    INTERESTS, Offered, Texts,
    browser_app::BrowserAppPage,
    client_pages::SignUpPage,
    departures::Departure,
    fields,
    flow_page::{FlowPage, Outcome, Parties, native_command},
    home::{CalendarPage, Item, Notice, WelcomePage},
    member::MemberPage,
    month::Month,
    trouble::{Frame, TroublePage},
    ways::AddingPage,
};
use crate::{
    database::{Entry, User},
    experiments::{EXPERIMENTS, Finding, OTHER_CLIENTS},
    flow::textbook::Book,
    settings::APP_SCOPES,
};

/// Every page in every state: `page.state.language`, and the document.
pub(crate) fn samples() -> Vec<(String, String)> {
    let mut samples = Vec::new();
    for t in Locale::ALL.iter().map(|locale| Texts::new(*locale)) {
        let mut add = |name: &str, page: &dyn DynTemplate| {
            samples.push((format!("{name}.{}", t.lang()), page.rendered()));
        };
        add("welcome.plain", &welcome(t, &[], Vec::new()));
        add("welcome.social", &welcome(t, &offered(), Vec::new()));
        add("welcome.inside", &welcome(t, &offered(), vec!["Google"]));
        for provider in offered() {
            add(&format!("member.{}", provider.name), &member(t, provider));
        }
        add(
            "calendar.full",
            &calendar(t, &["openid", "profile", "email", "calendar.read", "calendar.write"], None),
        );
        add(
            "calendar.added",
            &calendar(t, &["openid", "calendar.read", "calendar.write"], Some(Notice::Added)),
        );
        add("calendar.read_only", &calendar(t, &["openid", "profile", "calendar.read"], None));
        add("calendar.refused", &calendar(t, &["openid"], Some(Notice::NoScope)));
        for problems in [vec![], problems()] {
            let state = if problems.is_empty() { "sign_up.plain" } else { "sign_up.problems" };
            if let Some(form) = &sign_up_form("mapae", problems) {
                add(state, &SignUpPage { t, frame: frame("/sign-up"), form, interests: INTERESTS });
            }
        }
        if let Some(form) = &sign_up_form("kakao", Vec::new()) {
            add("sign_up.kakao", &SignUpPage { t, frame: frame("/sign-up"), form, interests: INTERESTS });
        }
        add("adding.named", &adding(t, &method_to_add(Some("유나"), Some("yu***@example.test"))));
        add("adding.nameless", &adding(t, &method_to_add(None, None)));
        for departure in Departure::ALL {
            let page = TroublePage::departed(t, frame("/"), *departure, "kakao");
            add(&format!("departure.{}", departure.as_str()), &page);
        }
        add("trouble.cancelled_at_naver", &TroublePage::at("naver", t, frame("/"), "cancelled", true));
        for (id, sign_in) in [
            ("sign_in_again", true),
            ("restart", true),
            ("cancelled", true),
            ("no_such_way", true),
            ("sign_in_unavailable", true),
            ("unavailable", false),
            ("configuration", false),
            ("not_found", false),
        ] {
            add(&format!("trouble.{id}"), &TroublePage::of(t, frame("/?month=2026-11"), id, sign_in));
        }
        add("flow.signed_in", &flow(t, true, Some(Finding::AsExpected(Some(12)))));
        add("flow.signed_out", &flow(t, false, None));
        add("browser_app.plain", &browser_app(t));
    }
    samples
}

/// Templates of any type in one list.
trait DynTemplate {
    fn rendered(&self) -> String;
}

impl<T: Template> DynTemplate for T {
    fn rendered(&self) -> String {
        self.render().unwrap_or_default()
    }
}

fn frame(path: &str) -> Frame {
    Frame::new(path, None)
}

fn member(t: Texts, provider: Offered) -> MemberPage {
    let (user, subject) = (User { email: None, ..user() }, "1376016924429759228".to_owned());
    MemberPage { t, frame: frame("/"), user, subject, provider, seconds_left: Some(21_599) }
}

fn calendar(t: Texts, granted: &[&str], notice: Option<Notice>) -> CalendarPage {
    let scope = |scope: &str| granted.contains(&scope);
    let items = APP_SCOPES.iter().map(|item| Item { scope: item.name, granted: scope(item.name) });
    let entries = if scope("calendar.read") { entries(t) } else { Vec::new() };
    CalendarPage {
        t,
        frame: frame("/"),
        user: User {
            name: user().name.filter(|_| scope("profile")),
            email: user().email.filter(|_| scope("email")),
            ..user()
        },
        subject: "pw_7Qm2kV9xT4nB8cR1".to_owned(),
        month: Month::new("2026-11", date(2026, 11, 21), &entries),
        today: "2026-11-21".to_owned(),
        items: items.collect(),
        can_read: scope("calendar.read"),
        can_write: scope("calendar.write"),
        seconds_left: Some(42),
        notice,
        account: "http://localhost:9000/account".to_owned(),
    }
}

fn user() -> User {
    User {
        nickname: "민지".to_owned(),
        birthday: Some("1999-12-31".to_owned()),
        interest: Some("travel".to_owned()),
        name: Some("김민지".to_owned()),
        email: Some("minji@example.com".to_owned()),
    }
}

fn welcome(t: Texts, offered: &[Offered], kept_out: Vec<&'static str>) -> WelcomePage {
    let frame = frame("/");
    let buttons = offered.iter().map(|offered| offered.button(&t, &frame)).collect();
    let through_mapae = offered.iter().map(|offered| offered.through_mapae(&t, &frame)).collect();
    WelcomePage { t, frame, buttons, kept_out, through_mapae }
}

fn offered() -> Vec<Offered> {
    let at = |name, address| Offered::of(name, address);
    let all = [
        at("kakao", "http://localhost:9100"),
        at("naver", "http://localhost:9101"),
        at("google", "http://localhost:9102"),
        at("facebook", "http://localhost:9103"),
        at("apple", "http://localhost:9104"),
    ];
    all.into_iter().flatten().collect()
}

fn entries(t: Texts) -> Vec<Entry> {
    let entry = |day: u8, time: Option<&str>, ko: &str, en: &str| Entry {
        id: format!("e{day}{ko}"),
        title: t.choose(ko, en).to_owned(),
        date: format!("2026-11-{day:02}"),
        time: time.map(str::to_owned),
    };
    vec![
        entry(4, Some("10:00"), "팀 회의", "Team meeting"),
        entry(12, None, "엄마 생신", "Mum’s birthday"),
        entry(21, None, "캘린더를 시작한 날", "First day of this calendar"),
        entry(21, Some("15:00"), "치과", "Dentist"),
        entry(21, Some("19:00"), "저녁 식사 <b>약속</b>", "Dinner <b>with</b> friends"),
        entry(23, Some("12:30"), "점심 약속", "Lunch"),
        entry(26, Some("19:00"), "산책하기", "A walk"),
    ]
}

fn sign_up_form(provider: &str, problems: Vec<Problem>) -> Option<SignUpForm> {
    let identity = json!({
        "person": {"issuer": "http://localhost:9000", "subject": "pw_7Qm2kV9x"}, "provider": provider,
        "auth_time": null, "acr": null, "amr": [],
        "claims": {"name": "김민지", "email": "minji@example.com", "email_verified": true},
        "emails": [
            {"address": "minji@example.com", "verification": "by_provider", "is_relay": false},
        ],
        "granted": ["openid", "profile", "email"], "refused": [],
    });
    let identity: Identity = serde_json::from_value(identity).ok()?;
    Some(SignUpForm {
        identity,
        fields: super::sign_up_fields().to_vec(),
        terms: Vec::new(),
        answers: Answers::default(),
        problems,
    })
}

fn adding(t: Texts, method: &MethodToAdd) -> AddingPage<'_> {
    AddingPage { t, frame: frame("/sign-in-methods/confirm"), method }
}

fn method_to_add(name: Option<&str>, hint: Option<&str>) -> MethodToAdd {
    MethodToAdd {
        provider: "naver".to_owned(),
        person: EndUser::new("https://nid.naver.com", "yuna"),
        name: name.map(str::to_owned),
        hint: hint.map(str::to_owned),
        mark: "m4rkOfWhoIsShown".to_owned(),
        return_to: ReturnTo::or_start(Some("/sign-in-methods")),
    }
}

fn problems() -> Vec<Problem> {
    vec![
        Problem { field: fields::NICKNAME.to_owned(), kind: mapae_client::ProblemKind::Missing },
        Problem::refused(fields::BIRTHDAY, "problem.birthday"),
        Problem::refused(fields::INTEREST, "problem.interest"),
        Problem { field: fields::TERMS.to_owned(), kind: mapae_client::ProblemKind::Missing },
    ]
}

fn browser_app(t: Texts) -> BrowserAppPage {
    BrowserAppPage {
        t,
        frame: frame("/browser-app"),
        issuer: "http://localhost:9000".to_owned(),
        client_id: "app_8kYmN4vQ".to_owned(),
        api: "http://localhost:4000".to_owned(),
        scope: "openid profile calendar.read".to_owned(),
    }
}

fn flow(t: Texts, signed_in: bool, finding: Option<Finding>) -> FlowPage {
    FlowPage {
        t,
        frame: frame("/flow"),
        books: Book::ALL,
        providers: offered().iter().map(|offered| offered.name).collect(),
        experiments: EXPERIMENTS,
        other_clients: OTHER_CLIENTS,
        native_command: native_command("http://localhost:9000", "app_8kYmN4vQ"),
        signed_in,
        account: "http://localhost:9000/account".to_owned(),
        console: "http://localhost:9000/console".to_owned(),
        outcome: finding.map(|finding| Outcome { experiment: "revoked_access_token", finding }),
        parties: Parties {
            client: "localhost:3000".to_owned(),
            server: "localhost:9000".to_owned(),
            api: "localhost:4000".to_owned(),
        },
    }
}
