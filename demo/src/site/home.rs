//! The start page: what this is, or the calendar.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};
use jiff::civil::Date;
use mapae_client::{AccessError, AccessToken, CallError, EndUser, SignedIn};
use mapae_protocol::params::{Limits, Params};

use super::{
    ApiAnswer, Ask, Desk, NoAnswer, Texts,
    departures::Departure,
    member,
    month::{self, Day, Month},
    social::Button,
    trouble::{self, Frame, html},
};
use crate::{
    api::{READ, WRITE},
    database::{Entry, User},
    settings::APP_SCOPES,
    today::day_of,
};

/// For whoever is not signed in.
#[derive(Template)]
#[template(path = "welcome.html")]
pub(super) struct WelcomePage {
    pub(super) t: Texts,
    pub(super) frame: Frame,
    pub(super) buttons: Vec<Button>,
    /// Who lets nobody sign in in this browser, because it is one inside another app.
    pub(super) kept_out: Vec<&'static str>,
    pub(super) through_mapae: Vec<Button>,
}

/// The calendar.
#[derive(Template)]
#[template(path = "calendar.html")]
pub(super) struct CalendarPage {
    pub(super) t: Texts,
    pub(super) frame: Frame,
    pub(super) user: User,
    pub(super) subject: String,
    pub(super) month: Month,
    pub(super) today: String,
    pub(super) items: Vec<Item>,
    pub(super) can_read: bool,
    pub(super) can_write: bool,
    pub(super) seconds_left: Option<i64>,
    pub(super) notice: Option<Notice>,
    pub(super) account: String,
}

/// What the service asked for, and whether it got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) scope: &'static str,
    pub(super) granted: bool,
}

/// How the last form went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// The entry is in.
    Added,
    /// The API wants another scope.
    NoScope,
    /// The API does not take the entry.
    Invalid,
    /// The API does not answer, or not well.
    Failed,
}

impl Notice {
    const ALL: &'static [Self] = &[Self::Added, Self::NoScope, Self::Invalid, Self::Failed];

    /// In the address.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::NoScope => "scope",
            Self::Invalid => "invalid",
            Self::Failed => "failed",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|notice| notice.as_str() == text)
    }
}

pub(super) async fn home(
    State(desk): State<Desk>,
    t: Texts,
    signed_in: Option<SignedIn<User>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let frame = Frame::new("/", query.as_deref());
    let Some(SignedIn { user, person }) = signed_in else {
        return match desk.session(&headers) {
            Some(session) => trouble::session_ended(&desk, t, frame, session),
            None => welcome(&desk, t, frame, &headers),
        };
    };
    if let Some(session) = desk.session(&headers) {
        desk.departures().seen(session, &person);
    }
    if let Some(provider) = desk.provider_of(&person) {
        let member = SignedIn { user, person: person.clone() };
        return match member::show(&desk, (t, frame.clone()), member, provider).await {
            Ok(page) => page,
            Err(error) => {
                desk.departures().gone(&person, Departure::Over);
                match desk.session(&headers) {
                    Some(session) => trouble::session_ended(&desk, t, frame, session),
                    None => trouble::no_access(t, frame, &error),
                }
            }
        };
    }
    let query = Params::parse(query.unwrap_or_default().as_bytes(), Limits::REQUEST).unwrap_or_default();
    let one = |name| query.one(name).ok().flatten();
    let today = day_of(desk.stage().now());
    let month = month::wanted(one("month"), today);
    match look(&desk, &person, t, &month).await {
        Ok(look) => {
            let notice = one("notice").and_then(Notice::parse).or(look.trouble);
            html(StatusCode::OK, &page(&desk, Visit { t, frame, user, person, month, today, notice }, &look))
        }
        Err(error) => trouble::no_access(t, frame, &error),
    }
}

fn welcome(desk: &Desk, t: Texts, frame: Frame, headers: &HeaderMap) -> Response {
    let (refusing, welcoming): (Vec<_>, Vec<_>) =
        desk.offered().iter().partition(|offered| desk.refuses_browser(offered, headers));
    let buttons = welcoming.iter().map(|offered| offered.button(&t, &frame)).collect();
    let kept_out = refusing.iter().map(|offered| offered.label(&t)).collect();
    let through_mapae = desk.offered().iter().map(|offered| offered.through_mapae(&t, &frame)).collect();
    html(StatusCode::OK, &WelcomePage { t, frame, buttons, kept_out, through_mapae })
}

/// What the page is made from.
struct Visit {
    t: Texts,
    frame: Frame,
    user: User,
    person: EndUser,
    month: String,
    today: Date,
    notice: Option<Notice>,
}

/// What the API gave.
struct Look {
    token: AccessToken,
    entries: Vec<Entry>,
    trouble: Option<Notice>,
}

/// Reads the calendar, if that was agreed to.
async fn look(desk: &Desk, person: &EndUser, t: Texts, month: &str) -> Result<Look, AccessError> {
    let token = desk.client().access_token(person).await?;
    if !token.scopes().contains(READ) {
        return Ok(Look { token, entries: Vec::new(), trouble: None });
    }
    let ask = Ask::Read { month: Some(month.to_owned()), locale: t.locale() };
    let call = |token: AccessToken| {
        let ask = &ask;
        async move { desk.api().attempt(ask, token.expose()).await }
    };
    match desk.client().call_with_token(person, call).await {
        Ok(answer) => {
            let trouble = (!answer.status.is_success()).then_some(Notice::Failed);
            // It may have been refreshed on the way.
            let token = desk.client().access_token(person).await?;
            Ok(Look { token, entries: answer.entries(), trouble })
        }
        Err(CallError::Call(NoAnswer)) => {
            Ok(Look { token, entries: Vec::new(), trouble: Some(Notice::Failed) })
        }
        Err(CallError::Access(error)) => Err(error),
    }
}

fn page(desk: &Desk, visit: Visit, look: &Look) -> CalendarPage {
    let Visit { t, frame, user, person, month, today, notice } = visit;
    let scopes = look.token.scopes();
    let items = APP_SCOPES.iter().map(|item| Item { scope: item.name, granted: scopes.contains(item.name) });
    let left = look.token.expires_at().map(|end| end.since(desk.stage().now()).get());
    CalendarPage {
        t,
        frame,
        user,
        subject: person.subject().to_owned(),
        month: Month::new(&month, today, &look.entries),
        today: today.to_string(),
        items: items.collect(),
        can_read: scopes.contains(READ),
        can_write: scopes.contains(WRITE),
        seconds_left: left,
        notice,
        account: format!("{}/account", desk.issuer()),
    }
}

impl CalendarPage {
    /// The month's name in this language.
    pub(super) fn title(&self) -> String {
        let Month { year, number, .. } = self.month;
        self.t
            .choose(&format!("{year}년 {number}월"), &format!("{} {year}", english_month(number)))
            .to_owned()
    }

    /// A day of the agenda in this language.
    pub(super) fn day(&self, day: &Day) -> String {
        let weekday = self.t.of(&format!("weekday.{}", day.weekday));
        let korean = format!("{}일 {weekday}요일", day.number);
        let english = format!("{weekday} {}", day.number);
        self.t.choose(&korean, &english).to_owned()
    }

    /// The name of an interest.
    pub(super) fn interest(&self) -> Option<&'static str> {
        let interest = self.user.interest.as_deref()?;
        self.t.find(&format!("interest.{interest}"))
    }

    /// What a scope means.
    pub(super) fn scope(&self, item: &Item) -> &'static str {
        self.t.of(&format!("scope.{}", item.scope.replace('.', "_")))
    }

    /// The first letter of the nickname, for the face.
    pub(super) fn initial(&self) -> String {
        self.user.nickname.chars().take(1).collect()
    }

    /// Where one may type a day that lies in this month.
    pub(super) fn suggested_day(&self) -> String {
        if self.today.starts_with(&self.month.name) {
            self.today.clone()
        } else {
            format!("{}-01", self.month.name)
        }
    }
}

fn english_month(number: i8) -> &'static str {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    usize::try_from(number - 1).ok().and_then(|at| NAMES.get(at)).copied().unwrap_or_default()
}

/// What the API's answer to a new entry means for the person.
pub(super) fn notice_of(answer: &ApiAnswer) -> Notice {
    match answer.status {
        StatusCode::CREATED => Notice::Added,
        StatusCode::FORBIDDEN => Notice::NoScope,
        StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST => Notice::Invalid,
        _ => Notice::Failed,
    }
}
