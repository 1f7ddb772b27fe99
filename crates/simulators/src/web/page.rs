//! The pages that every provider has. Each says that it is a simulation.

use askama::Template;
use axum::{
    extract::State,
    response::{Html, IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use mapae_protocol::locale::Locale;

use crate::{Person, Provider, engine::Engine, rules::Asked, web};

/// What stands around every page.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) locale: Locale,
    /// `kakao`, which chooses the colours.
    pub(crate) provider: &'static str,
    /// The name of the provider in this language.
    pub(crate) brand: &'static str,
}

impl Frame {
    pub(crate) fn new(engine: &Engine, locale: Locale) -> Self {
        Self {
            locale,
            provider: engine.provider().as_str(),
            brand: engine.rules().description().name(locale),
        }
    }

    /// One text in both languages, side by side.
    pub(crate) const fn say<'a>(&self, ko: &'a str, en: &'a str) -> &'a str {
        match self.locale {
            Locale::Ko => ko,
            Locale::En => en,
        }
    }
}

/// A person as pages show them.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) name: String,
    pub(crate) nickname: String,
    pub(crate) account: String,
    pub(crate) password: String,
}

impl Shown {
    pub(crate) fn of(person: &Person) -> Self {
        Self {
            name: person.name.clone(),
            nickname: if person.nickname.is_empty() { person.login.clone() } else { person.nickname.clone() },
            account: person.email.clone().unwrap_or_else(|| person.login.clone()),
            password: person.password.clone(),
        }
    }
}

/// Signing in.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignInPage {
    pub(crate) frame: Frame,
    pub(crate) visit: String,
    pub(crate) app: String,
    pub(crate) hint: String,
    pub(crate) people: Vec<Shown>,
    pub(crate) complaint: Option<&'static str>,
}

/// Choosing what to agree to.
#[derive(Template)]
#[template(path = "consent.html")]
pub(crate) struct ConsentPage {
    pub(crate) frame: Frame,
    pub(crate) visit: String,
    pub(crate) app: String,
    pub(crate) person: Shown,
    pub(crate) asked: Vec<Asked>,
    /// Whether there is anything that can be left out.
    pub(crate) has_choice: bool,
    pub(crate) hides_email: bool,
}

impl ConsentPage {
    fn has_terms(&self) -> bool {
        self.asked.iter().any(|item| item.term().is_some())
    }

    fn has_items(&self) -> bool {
        self.asked.iter().any(|item| item.term().is_none())
    }
}

/// A form that goes to the app by itself — OAuth 2.0 Form Post Response Mode §2.
#[derive(Template)]
#[template(path = "hand_over.html")]
pub(crate) struct HandOver {
    pub(crate) frame: Frame,
    pub(crate) to: String,
    pub(crate) fields: Vec<(&'static str, String)>,
}

/// Something that never goes back to the app.
#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage {
    frame: Frame,
    code: &'static str,
    text: &'static str,
    detail: Vec<(String, String)>,
}

impl TroublePage {
    /// The real console's way to mend it stands in the text; the simulator's own is shorter.
    fn is_of_redirect_uri(&self) -> bool {
        self.detail.iter().any(|(name, _)| name == "redirect_uri")
    }
}

/// What is wrong, and what to do.
pub(crate) struct Trouble {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) ko: &'static str,
    pub(crate) en: &'static str,
    /// What helps the developer: a name and a value each.
    pub(crate) detail: Vec<(String, String)>,
}

impl Trouble {
    pub(crate) fn page(self, frame: Frame) -> Response {
        let text = frame.say(self.ko, self.en);
        let page = TroublePage { frame, code: self.code, text, detail: self.detail };
        (self.status, render(&page)).into_response()
    }
}

/// The only way in which rendering fails is a writer that refuses, and a string does not.
pub(crate) fn render(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

impl IntoResponse for SignInPage {
    fn into_response(self) -> Response {
        let status = if self.complaint.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
        (status, render(&self)).into_response()
    }
}

impl IntoResponse for ConsentPage {
    fn into_response(self) -> Response {
        render(&self)
    }
}

impl IntoResponse for HandOver {
    fn into_response(self) -> Response {
        render(&self)
    }
}

pub(crate) async fn not_found(State(engine): State<Engine>, headers: HeaderMap) -> Response {
    let frame = Frame::new(&engine, web::locale(&engine, None, &headers));
    let trouble = Trouble {
        status: StatusCode::NOT_FOUND,
        code: "404",
        ko: "시뮬레이터에는 이 주소가 없어요. 실제 주소의 경로를 그대로 쓰고 호스트만 바꿔 주세요.",
        en: "The simulator has no such address. Use the paths of the real addresses and replace only the host.",
        detail: Vec::new(),
    };
    trouble.page(frame)
}

pub(crate) async fn style() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    (kind, include_str!("../../assets/style.css"))
}

/// What stands on the browser's tab: a square in the provider's colour.
pub(crate) async fn icon(State(engine): State<Engine>) -> impl IntoResponse {
    let colour = match engine.provider() {
        Provider::Kakao => "#fee500",
        Provider::Naver => "#03a94d",
        Provider::Google => "#1a56c4",
        Provider::Facebook => "#1877f2",
        Provider::Apple => "#000",
    };
    let kind = [(header::CONTENT_TYPE, "image/svg+xml")];
    let square = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\"><rect width=\"32\" height=\"32\" rx=\"8\" fill=\"{colour}\"/></svg>"
    );
    (kind, square)
}

pub(crate) async fn hand_over() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")];
    (kind, include_str!("../../assets/hand-over.js"))
}
